//! Clusters that do not answer for a while, and one that somebody deleted.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::edits::expect_moved;
use super::seen::{applications, converged, versions};
use super::world::{Cluster, Fleet, eventually};
use crate::engine::{docker, nodes};

/// A look gives up after 10 s, and a request of a plan is tried three times.
const STATUS: Duration = Duration::from_secs(25);
const PLAN: Duration = Duration::from_secs(60);

/// The spoke does not say a word: that is told in time, and the hub follows the profile all the same.
pub fn the_spoke_is_paused(fleet: &mut Fleet) -> Result<()> {
    let before = converged(fleet)?;
    docker(&["pause", &Cluster::Spoke.node()])?;
    within(STATUS, || {
        let said = fleet.run(&["status"])?;
        ensure!(said.stdout.contains("spoke  does not answer from here"), "{said}");
        ensure!(!said.stdout.contains("All is well."), "{said}");
        Ok(())
    })?;
    within(PLAN, || {
        let said = fleet.expect(0, &["plan", "--detailed-exitcode"])?;
        ensure!(said.stdout.contains("spoke spoke (context"), "{said}");
        ensure!(said.stdout.contains("not looked at") && said.stdout.contains("does not answer"), "{said}");
        Ok(())
    })?;
    fleet.wish.hub_toggle = false;
    fleet.declare()?;
    fleet.expect(0, &["apply", "--auto-approve", "--timeout", "30s"])?;
    eventually("the hub has followed", || {
        expect_moved(&before, &applications(fleet)?, &["metrics-server-hub"], &[])
    })
}

/// Nobody does anything about it.
pub fn the_spoke_answers_again(fleet: &mut Fleet) -> Result<()> {
    docker(&["unpause", &Cluster::Spoke.node()])?;
    converged(fleet)?;
    fleet.expect(0, &["plan", "--detailed-exitcode"])?;
    Ok(())
}

/// In the middle of its writes: the run says so and ends, and the next one gets there.
pub fn the_hub_is_restarted_during_an_apply(fleet: &mut Fleet) -> Result<()> {
    let (hub, before) = (Cluster::Hub.node(), converged(fleet)?);
    (fleet.wish.hub_toggle, fleet.wish.spoke_toggle) = (true, true);
    fleet.declare()?;
    let run = fleet.bridge(&["apply", "--auto-approve", "--timeout", "2m"])?.spawn()?;
    eventually("the apply has written", || {
        ensure!(run.stderr_so_far().contains("Clusters ("), "not yet:\n{}", run.stderr_so_far());
        Ok(())
    })?;
    docker(&["restart", "--time", "0", &hub])?;
    let first = run.wait()?;
    ensure!(matches!(first.code, Some(0 | 1 | 4 | 6)), "{first}");
    // The lock of a run that could not give it back is free after ten seconds.
    eventually("the rerun", || fleet.expect(0, &["up"]))?;
    let after = converged(fleet)?;
    expect_moved(&before, &after, &[], &["metrics-server-hub", "metrics-server-spoke"])?;
    let written = versions(fleet)?;
    fleet.expect(0, &["up"])?;
    ensure!(written == versions(fleet)?, "an up wrote that had nothing to do");
    Ok(())
}

/// `docker stop`, or a machine that was switched off.
pub fn a_node_that_was_stopped_is_started(fleet: &mut Fleet) -> Result<()> {
    let before = converged(fleet)?;
    docker(&["stop", "--time", "1", &Cluster::Spoke.node()])?;
    let said = fleet.expect(0, &["up"])?;
    ensure!(said.stderr.contains("starting its node"), "{said}");
    expect_moved(&before, &converged(fleet)?, &[], &[])
}

/// With everything in it. The profile still wants it.
pub fn a_cluster_that_was_deleted_is_made_again(fleet: &mut Fleet) -> Result<()> {
    docker(&["rm", "--force", "--volumes", &Cluster::Spoke.node()])?;
    let said = fleet.expect(0, &["up"])?;
    ensure!(!nodes(&Cluster::Spoke.name())?.is_empty(), "{said}");
    converged(fleet)?;
    fleet.expect(0, &["plan", "--detailed-exitcode"])?;
    Ok(())
}

fn within(limit: Duration, act: impl FnOnce() -> Result<()>) -> Result<()> {
    let started = Instant::now();
    act()?;
    ensure!(started.elapsed() < limit, "it took {:?}, more than {limit:?}", started.elapsed());
    Ok(())
}
