//! What may heal, and what seems to be well for a moment.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::world::{POLL, World, expect_harmless, says, told_of};

const PATCHES: &str = include_str!("watched.yaml");
const REPO_SERVER: &str = "Deployment/argocd-repo-server";
const DEX: &str = "Deployment/argocd-dex-server";
/// It is said after a minute.
const PATIENCE: Duration = Duration::from_secs(120);

/// While the repo-server may become ready, dex may, too: for all that is known it waits for it. When that is well, dex is given up
/// as soon as it ends once more, though its Deployment calls itself ready again and again.
pub fn waits_for_what_may_heal(world: &World) -> Result<()> {
    world.patch(PATCHES)?;
    let running = world.apply(&["--timeout", "240s"])?.spawn()?;
    let deadline = Instant::now() + PATIENCE;
    let mut dex_seemed_ready = false;
    while !running.stderr_so_far().contains("argocd-repo-server is not ready yet: ") {
        ensure!(Instant::now() < deadline, "nothing is said of it: {}", running.stderr_so_far());
        dex_seemed_ready = dex_seemed_ready || is_rolled_out(world, "argocd-dex-server")?;
        std::thread::sleep(POLL);
    }
    ensure!(dex_seemed_ready, "dex was never ready, so this shows nothing: {}", running.stderr_so_far());
    world.kubectl(&[
        "exec",
        &new_pod(world)?,
        "--container",
        "argocd-repo-server",
        "--",
        "touch",
        "/tmp/well",
    ])?;
    let late = running.wait()?;
    expect_harmless(&late)?;
    ensure!(late.code == Some(6), "{late}");

    let told = told_of(&late, REPO_SERVER)?;
    ensure!(!told.contains("did not become ready"), "it became ready: {late}");
    says(
        &told,
        &[
            "  pod argocd-repo-server-",
            ": container argocd-repo-server runs and is not ready: its readiness probe has not succeeded",
            "    last warning: Unhealthy: Readiness probe failed: not well yet (",
            "    last lines of container argocd-repo-server:",
        ],
    )?;
    says(
        &told_of(&late, DEX)?,
        &[
            "Deployment/argocd/argocd-dex-server did not become ready: ",
            "container dex of pod argocd-dex-server-",
            " does not come up by itself: it ended ",
            "ended with exit code 1 (Error)",
            "    last warning: BackOff: ",
            "      | no such connector",
        ],
    )
}

/// By the rule of `kubectl rollout status`.
fn is_rolled_out(world: &World, deployment: &str) -> Result<bool> {
    let live = world.get(&["deployment", deployment])?;
    let status = &live["status"];
    let counts = ["replicas", "updatedReplicas", "readyReplicas", "availableReplicas"];
    let patched = live.pointer("/spec/template/spec/containers/0/command/0").is_some_and(|word| word == "sh");
    Ok(patched
        && status["observedGeneration"] == live["metadata"]["generation"]
        && counts.iter().all(|count| status[count] == 1))
}

/// The pod of the repo-server whose probe fails; the one before it is still ready.
fn new_pod(world: &World) -> Result<String> {
    let pods = world.get(&["pods", "--selector", "app.kubernetes.io/name=argocd-repo-server"])?;
    let pods = pods["items"].as_array().into_iter().flatten();
    let patched = pods.clone().find(|pod| pod.pointer("/spec/containers/0/readinessProbe/exec").is_some());
    let name = patched.and_then(|pod| pod["metadata"]["name"].as_str());
    ensure!(name.is_some(), "no pod has the probe: {:?}", pods.collect::<Vec<_>>());
    Ok(name.unwrap_or_default().to_owned())
}

pub fn the_profile_is_corrected_again(world: &World) -> Result<()> {
    world.patch("")?;
    world.expect(0, &["--timeout", "120s"])?;
    Ok(())
}
