//! Pods that cannot start: told within seconds, and given up only when that is certain.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use bridge_e2e::bridge_cmd::Running;
use serde_json::{Value, json};

use super::{Live, deployment, says};

const PODS: &str = "/api/v1/namespaces/argocd/pods";
/// Far more than it may take to be certain.
const APPLY: [&str; 4] = ["apply", "--auto-approve", "--timeout", "150s"];

/// A second Deployment beside `extra`.
fn other(annotations: &str) -> String {
    format!("---\n{}", deployment(annotations, "").replace("extra", "other"))
}

/// The only pod of a workload, once it is there.
async fn pod(live: &Live, app: &str) -> Result<(String, Value)> {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let list = live.world.get(&format!("{PODS}?labelSelector=app%3D{app}")).await?;
        if let Some(name) = list["items"][0]["metadata"]["name"].as_str() {
            return Ok((format!("{PODS}/{name}"), list["items"][0].clone()));
        }
        ensure!(Instant::now() < deadline, "there is no pod of {app}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// What a kubelet writes of the container: how often it was started again, and whether it runs.
async fn container(live: &Live, app: &str, restarts: i64, runs: bool) -> Result<()> {
    let (path, mut pod) = pod(live, app).await?;
    let status = pod.pointer_mut("/status/containerStatuses/0").context("a container status")?;
    status["restartCount"] = restarts.into();
    if runs {
        status["ready"] = true.into();
        status["state"] = json!({"running": {}});
        // It ran for a second before.
        status["lastState"]["terminated"]["startedAt"] =
            status["lastState"]["terminated"]["finishedAt"].clone();
        pod["status"]["conditions"] = json!([
            {"type": "Ready", "status": "True", "lastTransitionTime": "2036-01-01T00:00:00Z"},
            {"type": "ContainersReady", "status": "True"},
        ]);
    }
    // The whole lists: a merge patch replaces them.
    let statuses = &pod["status"]["containerStatuses"];
    let patch = json!({"status": {"containerStatuses": statuses, "conditions": pod["status"]["conditions"], "phase": "Running"}});
    live.world.patch_as("kubelet", &format!("{path}/status"), &patch).await?;
    Ok(())
}

/// Waits until it said so often that it waits for something of which it knows all of this.
async fn waits(running: &Running, texts: &[&str], times: usize) -> Result<()> {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let so_far = running.stdout_so_far();
        let lines = so_far.lines().filter(|line| line.contains(r#""type":"waiting""#));
        if lines.filter(|line| texts.iter().all(|text| line.contains(text))).count() >= times {
            return Ok(());
        }
        ensure!(Instant::now() < deadline, "nothing said {texts:?} {times} times: {so_far}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn an_image_or_a_secret_that_does_not_exist_ends_the_wait_long_before_its_time() -> Result<()> {
    let live = Live::start(&deployment("bridge.e2e/fails: image", "")).await?;
    let fails = |texts: &[&str]| {
        let started = Instant::now();
        let late = live.world.expect(6, &APPLY)?;
        let took = started.elapsed();
        // Within the first 25 s a kubelet may not have tried again.
        ensure!(took > Duration::from_secs(25) && took < Duration::from_secs(60), "{took:?}\n{late}");
        says(&late, texts)?;
        ensure!(late.stderr.matches("did not become ready").count() == 1, "{late}");
        ensure!(!late.stderr.contains("was not waited for"), "all others were ready\n{late}");
        Ok(())
    };
    fails(&[
        "Deployment/argocd/extra did not become ready: 0 of 1 replicas are ready; container main of pod extra-",
        " does not come up by itself: its image could not be had for ",
        ": container main: ImagePullBackOff: Back-off pulling image example.com/extra:v1",
        "    last warning: Failed: Failed to pull image: not found",
        "BRG3008",
    ])?;
    live.manifest(&(deployment("", "") + &other("bridge.e2e/fails: config")))?;
    fails(&[
        "Deployment/argocd/other did not become ready: 0 of 1 replicas are ready; container main of pod other-",
        " does not come up by itself: it could not be made for ",
        ": container main: CreateContainerConfigError: secret \"nothing\" not found",
        "    last warning: Failed: Error: secret \"nothing\" not found",
    ])?;
    live.manifest(&(deployment("", "") + &other("")))?;
    live.world.expect(0, &APPLY)?;
    Ok(())
}

#[tokio::test]
async fn a_crash_loop_is_given_up_once_it_is_seen_to_fail_again() -> Result<()> {
    let live = Live::start(&deployment("bridge.e2e/fails: crash", "")).await?;
    let running = live.world.bridge(&[&APPLY[..], &["--output", "json"]].concat())?.spawn()?;
    waits(&running, &["Deployment/argocd/extra", "CrashLoopBackOff"], 1).await?;
    let started = Instant::now();
    let late = tokio::task::spawn_blocking(move || running.wait());
    let mut restarts = 3;
    while !late.is_finished() {
        restarts += 1;
        container(&live, "extra", restarts, false).await?;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let late = late.await??;
    ensure!(late.code == Some(6) && started.elapsed() < Duration::from_secs(60), "{late}");
    live.world.expect_no_secret(&late)?;
    let last: Value = serde_json::from_str(late.stdout.lines().last().unwrap_or_default())?;
    let object = &last["notReady"][0];
    ensure!(object["object"]["name"] == "extra" && object["cause"] == "failed", "{last}");
    let reason = object["reason"].as_str().unwrap_or_default();
    ensure!(reason.contains(" does not come up by itself: it ended "), "{last}");
    let log = &object["pods"][0]["log"];
    ensure!(log["isPrevious"] == true && log["lines"][1] == "token (sensitive)", "{last}");
    Ok(())
}

#[tokio::test]
async fn what_ends_while_another_workload_is_on_its_way_may_heal_and_is_waited_for() -> Result<()> {
    let both = deployment("bridge.e2e/fails: crash", "") + &other("bridge.e2e/fails: slow");
    let live = Live::start(&both).await?;
    let running = live.world.bridge(&[&APPLY[..], &["--output", "json"]].concat())?.spawn()?;
    let crashes = ["CrashLoopBackOff", "Deployment/argocd/other"];
    waits(&running, &crashes, 1).await?;
    for (restarts, times) in [(4, 8), (5, 15)] {
        container(&live, "extra", restarts, false).await?;
        // One line at least every two seconds, and a look at pods every five.
        waits(&running, &crashes, times).await?;
    }
    let (path, _) = pod(&live, "other").await?;
    let well = json!({"metadata": {"annotations": {"bridge.e2e/fails": null}}});
    live.world.patch_as("test", &path, &well).await?;
    container(&live, "extra", 6, true).await?;
    let ready = tokio::task::spawn_blocking(move || running.wait()).await??;
    ensure!(ready.code == Some(0), "{ready}");
    Ok(())
}

#[tokio::test]
async fn a_pod_in_the_way_of_its_own_replacement_is_told_with_the_line_that_clears_it() -> Result<()> {
    let set = |annotations: &str| {
        deployment(annotations, "")
            .replace("kind: Deployment", "kind: StatefulSet")
            .replace("spec:\n  selector", "spec:\n  serviceName: extra\n  selector")
    };
    let live = Live::start(&set("bridge.e2e/fails: image")).await?;
    live.expect_late(&[])?;
    live.manifest(&set(""))?;
    let late = live.expect_late(&[])?;
    says(
        &late,
        &[
            "StatefulSet/argocd/extra did not become ready: ",
            "it is of an earlier revision, and is not replaced before it is ready: kubectl delete pod --namespace argocd extra-0",
        ],
    )?;
    live.world.send("DELETE", &format!("{PODS}/extra-0"), "application/json", &json!({})).await?;
    live.world.expect(0, &APPLY)?;
    Ok(())
}
