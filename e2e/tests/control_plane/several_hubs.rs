//! One command, several profiles, each with a hub of its own.

use std::sync::mpsc;
use std::time::Duration;

use crate::support::{Profile, World, get};
use anyhow::{Context, Result, ensure};
use bridge_e2e::cluster::User;
use bridge_e2e::kubeconfig::Kubeconfig;
use bridge_e2e::proxy::{Fault, Matcher};
use serde_json::Value;

const BASE: &str =
    "apiVersion: bridge.gitops/v1alpha1\nkind: ProfileBase\nargocd:\n  manifests: { path: ../small.yaml }\n";
const APPLY: [&str; 5] = ["apply", "--auto-approve", "--no-wait", "-f", "profiles/*.yaml"];
const DEV: &str = "/api/v1/namespaces/argocd/secrets/spoke-dev";

/// Two hubs; the profiles of both, and the base that they extend, stand in the first one's folder.
async fn hubs() -> Result<(World, World)> {
    let mut eu = World::start().await?;
    let us = World::on(eu.hub.sibling().await?).await?;
    let (eu_access, us_access) = (eu.proxy.access(User::Admin), us.proxy.access(User::Admin));
    let kubeconfig = Kubeconfig::new().context("eu", eu_access.clone()).context("eu-alias", eu_access);
    eu.kubeconfig = eu.path("kubeconfig");
    kubeconfig.context("us", us_access).write(&eu.kubeconfig)?;
    std::fs::create_dir(eu.path("profiles"))?;
    eu.write("profiles/base.yaml", BASE)?;
    eu.write("profiles/eu.yaml", &profile("eu", Profile::small()))?;
    eu.write("profiles/us.yaml", &profile("us", Profile::small()))?;
    Ok((eu, us))
}

/// The profile of the hub that this context leads to.
fn profile(context: &str, profile: Profile) -> String {
    let argocd = "  namespace: argocd\n".to_owned();
    let text = Profile { name: context.to_owned(), argocd, ..profile }.text();
    let text = text.replace("connection: { context: hub }", &format!("connection: {{ context: {context} }}"));
    text.replace("kind: Profile\n", "kind: Profile\nextends: [base.yaml]\n")
}

/// The lines of each of the two files, in their order.
fn by_file(stdout: &str) -> Result<[Vec<Value>; 2]> {
    let lines: Vec<Value> = stdout.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    let of = |file: &str| lines.iter().filter(|line| line["file"] == file).cloned().collect::<Vec<_>>();
    let both = ["profiles/eu.yaml", "profiles/us.yaml"].map(of);
    ensure!(both[0].len() + both[1].len() == lines.len(), "a line without its file: {stdout}");
    Ok(both)
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hubs_are_written_at_the_same_time() -> Result<()> {
    let (eu, us) = hubs().await?;
    // Neither hub answers its first write before the other one has been sent its own.
    let ((to_eu, from_us), (to_us, from_eu)) = (mpsc::channel::<()>(), mpsc::channel::<()>());
    let (met, meetings) = mpsc::channel::<bool>();
    let meet = |world: &World, tell: mpsc::Sender<()>, hear: mpsc::Receiver<()>| {
        let met = met.clone();
        world.proxy.on_write(1, move || {
            let _ = tell.send(());
            let _ = met.send(hear.recv_timeout(Duration::from_secs(60)).is_ok());
        });
    };
    meet(&eu, to_us, from_us);
    meet(&us, to_eu, from_eu);
    let outcome = eu.expect(0, &[APPLY.as_slice(), &["--output", "json"]].concat())?;
    ensure!(meetings.recv()? && meetings.recv()?, "one hub waited for the other: {outcome}");
    for (lines, name) in by_file(&outcome.stdout)?.iter().zip(["eu", "us"]) {
        let (first, last) = (lines.first().context("no line")?, lines.last().context("no line")?);
        ensure!(first["type"] == "version" && last["type"] == "complete" && last["exitCode"] == 0, "{last}");
        let summary = lines.iter().find(|line| line["type"] == "change_summary").context("no summary")?;
        ensure!(summary["profile"] == name && summary["cluster"]["context"] == name, "{summary}");
    }
    for world in [&eu, &us] {
        ensure!(world.get(DEV).await? != Value::Null);
        world.expect_foreign_untouched()?;
    }
    let again = eu.expect(0, &["plan", "--detailed-exitcode", "-f", "profiles/*.yaml"])?;
    ensure!(again.stdout.matches("No changes.").count() == 2, "{again}");
    Ok(())
}

#[tokio::test]
async fn what_is_said_of_one_profile_is_not_mixed_with_another() -> Result<()> {
    let (eu, _us) = hubs().await?;
    let outcome = eu.expect(0, &APPLY)?;
    ensure!(outcome.stdout.matches("\nApply complete!").count() == 2, "{outcome}");
    // Each plan in one piece, in the order of the profiles.
    let plans: Vec<&str> = outcome.stdout.split("Plan: ").collect();
    ensure!(
        plans.len() == 3 && plans[..2].iter().all(|plan| plan.contains("Secret/argocd/spoke-dev")),
        "{outcome}"
    );
    // And each line of what went on in between says whose it is.
    for path in ["profiles/eu.yaml", "profiles/us.yaml"] {
        ensure!(outcome.stderr.contains(&format!("{path}: + Secret/argocd/spoke-dev created")), "{outcome}");
        ensure!(outcome.stderr.matches(&format!("\nprofile {path}\n")).count() == 2, "{outcome}");
    }
    let created = |line: &&str| line.contains(" created (");
    ensure!(outcome.stderr.lines().filter(created).all(|line| line.starts_with("profiles/")), "{outcome}");
    Ok(())
}

#[tokio::test]
async fn a_hub_that_refuses_does_not_hold_up_the_others_and_decides_the_exit_code() -> Result<()> {
    let (eu, us) = hubs().await?;
    us.proxy.fail(Matcher::any().write(true), Fault::status(403, "Forbidden", "not you"));
    let outcome = eu.expect(4, &[APPLY.as_slice(), &["--output", "json"]].concat())?;
    let codes = by_file(&outcome.stdout)?.map(|lines| lines.last().map(|last| last["exitCode"].clone()));
    ensure!(codes == [Some(0.into()), Some(4.into())], "{outcome}");
    ensure!(eu.get(DEV).await? != Value::Null && us.get(DEV).await? == Value::Null);
    // What went well is not done again.
    us.proxy.reset();
    eu.proxy.reset();
    eu.expect(0, &APPLY)?;
    ensure!(eu.proxy.object_writes().is_empty() && us.get(DEV).await? != Value::Null);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_stops_every_hub_after_its_request_in_flight() -> Result<()> {
    let (eu, us) = hubs().await?;
    let (reached, wait) = mpsc::channel();
    let holds: Vec<mpsc::Sender<()>> = [&eu, &us]
        .into_iter()
        .map(|world| {
            let (reached, (go_on, hold)) = (reached.clone(), mpsc::channel::<()>());
            world.proxy.on_write(4, move || {
                let _ = reached.send(());
                let _ = hold.recv();
            });
            go_on
        })
        .collect();
    let running = eu.bridge(&[APPLY.as_slice(), &["--output", "json"]].concat())?.spawn()?;
    wait.recv()?;
    wait.recv()?;
    running.interrupt()?;
    while !running.stderr_so_far().contains("nterrupt") {
        tokio::task::yield_now().await;
    }
    holds.iter().try_for_each(|go_on| go_on.send(()))?;
    let outcome = running.wait()?;
    ensure!(outcome.code == Some(130), "{outcome}");
    for lines in by_file(&outcome.stdout)? {
        let last = lines.last().context("no line")?;
        ensure!(
            last["type"] == "complete" && last["exitCode"] == 130 && last["interrupted"] == true,
            "{last}"
        );
    }
    ensure!(eu.get(DEV).await? == Value::Null && us.get(DEV).await? == Value::Null, "{outcome}");
    // Both locks are free, and both are finished by the next one.
    eu.expect(0, &APPLY)?;
    ensure!(eu.get(DEV).await? != Value::Null && us.get(DEV).await? != Value::Null);
    Ok(())
}

#[tokio::test]
async fn two_profiles_for_one_argo_cd_are_refused_before_any_hub_is_written() -> Result<()> {
    let (eu, us) = hubs().await?;
    let copied = profile("eu-alias", Profile::small().without_spoke("spoke-dev"));
    eu.write("profiles/copy.yaml", &copied)?;
    let outcome = eu.expect(3, &APPLY)?;
    let both = "`profiles/copy.yaml` and `profiles/eu.yaml` are both for the Argo CD in the namespace argocd";
    ensure!(outcome.stderr.contains(both) && outcome.stderr.contains("BRG4018"), "{outcome}");
    ensure!(eu.proxy.writes().is_empty() && us.proxy.writes().is_empty(), "{outcome}");
    // The same goes for a removal, which would find nothing of its own the second time.
    eu.expect(3, &["destroy", "--auto-approve", "-f", "profiles/*.yaml"])?;
    ensure!(eu.proxy.writes().is_empty() && us.proxy.writes().is_empty());
    Ok(())
}

#[tokio::test]
async fn a_number_of_deletions_is_spent_in_the_order_of_the_profiles() -> Result<()> {
    let (eu, us) = hubs().await?;
    eu.expect(0, &APPLY)?;
    let fewer = || Profile::small().without_spoke("spoke-dev").without_spoke("spoke-prod");
    eu.write("profiles/eu.yaml", &profile("eu", fewer()))?;
    eu.write("profiles/us.yaml", &profile("us", fewer()))?;
    let outcome = eu.expect(5, &[APPLY.as_slice(), &["--allow-delete", "2"]].concat())?;
    ensure!(outcome.stderr.contains("--allow-delete 4"), "{outcome}");
    ensure!(eu.get(DEV).await? == Value::Null && us.get(DEV).await? != Value::Null);
    eu.expect(0, &[APPLY.as_slice(), &["--allow-delete", "2"]].concat())?;
    ensure!(get(&us.hub, DEV).await? == Value::Null);
    Ok(())
}
