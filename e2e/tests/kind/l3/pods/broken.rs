//! What keeps pods from starting, all at once: the apply ends when the first of them is certain, and tells all.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use bridge_e2e::bridge_cmd::Outcome;

use super::world::{World, expect_harmless, says, told_of};

const PATCHES: &str = include_str!("broken.yaml");
const CONTROLLER: &str = "StatefulSet/argocd-application-controller";
const NOTIFICATIONS: &str = "Deployment/argocd-notifications-controller";
/// Far below the timeout: somebody waits.
const LONGEST: Duration = Duration::from_secs(60);

/// What is told of each that started and ended, or could not be placed.
const TOLD: [(&str, &[&str]); 5] = [
    (
        "Deployment/argocd-applicationset-controller",
        &[
            "container argocd-applicationset-controller",
            "ended with exit code 7 (Error: refused: (sensitive))",
            "    last lines of container argocd-applicationset-controller",
            "      | the password is (sensitive)",
            "      | in base64 (sensitive)",
            r"      | \u{1b}]0;owned\u{7}\u{1b}[2J\rgone\u{8}",
            "      | (a line of 30",
            "      | panic: no disk",
        ],
    ),
    (
        "Deployment/argocd-repo-server",
        &[
            "container copyutil",
            "ended with exit code 3 (Error)",
            "    last lines of container copyutil",
            "      | cp: no space left",
        ],
    ),
    ("Deployment/argocd-server", &["container argocd-server", "ended with exit code 137 (OOMKilled)"]),
    // The kubelet ends it politely, so its exit code tells nothing: the event does.
    (
        "Deployment/argocd-redis",
        &[
            "container redis",
            "    last warning: Unhealthy: Liveness probe failed: the disk is full (",
            "    last lines of container redis",
        ],
    ),
    (
        "Deployment/argocd-dex-server",
        &[
            "  pod argocd-dex-server-",
            ": Unschedulable: 0/1 nodes are available",
            "    last warning: FailedScheduling: 0/1 nodes are available",
        ],
    ),
];

pub fn seven_workloads_fail_in_seven_ways(world: &World) -> Result<()> {
    world.patch(PATCHES)?;
    let started = Instant::now();
    let late = world.expect(6, &["--timeout", "240s"])?;
    let took = started.elapsed();
    ensure!(took < LONGEST, "it took {took:?}: {late}");
    // Of the two, one may have been seen a moment later.
    says(&late.stderr, &[" does not come up by itself: its image could not be had for ", "error[BRG3008]"])?;
    for workload in [CONTROLLER, NOTIFICATIONS] {
        expect_no_image(&late, workload)?;
    }
    for (workload, texts) in TOLD {
        says(&told_of(&late, workload)?, texts)?;
    }
    Ok(())
}

fn expect_no_image(late: &Outcome, workload: &str) -> Result<()> {
    let told = told_of(late, workload)?;
    let (_, name) = workload.split_once('/').context("KIND/NAME")?;
    says(
        &told,
        &[
            &format!("  pod {name}-"),
            &format!(": container {name}: "),
            "    last warning: Failed: Failed to pull image \"quay.io/argoproj/argocd:no-such-version\": ",
        ],
    )?;
    ensure!(told.contains(": ErrImagePull: ") || told.contains(": ImagePullBackOff: "), "{told}");
    ensure!(!told.contains("last lines"), "what never ran has no log: {told}");
    Ok(())
}

/// The pod of a StatefulSet may be in the way of its own replacement. Should Kubernetes ever clear it by itself, nothing is left
/// to do.
pub fn the_profile_is_corrected(world: &World) -> Result<()> {
    world.patch("")?;
    let outcome = world.apply(&["--timeout", "10s"])?.run()?;
    expect_harmless(&outcome)?;
    if outcome.code != Some(0) {
        ensure!(outcome.code == Some(6), "{outcome}");
        let told = told_of(&outcome, CONTROLLER)?;
        says(&told, &["it is of an earlier revision, and is not replaced before it is ready: kubectl "])?;
        let line = told.lines().find_map(|line| line.split_once("kubectl ")).context("no command")?.1;
        ensure!(line == "delete pod --namespace argocd argocd-application-controller-0", "{outcome}");
        world.kubectl(&line.split_whitespace().collect::<Vec<_>>())?;
    }
    world.expect(0, &["--timeout", "120s"])?;
    Ok(())
}
