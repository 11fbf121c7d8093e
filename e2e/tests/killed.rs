//! An apply that is killed after any of its writes is finished by the next one.

mod support;

use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use bridge_e2e::bridge_cmd::Victim;
use serde_json::Value;
use support::{Profile, World};
use tokio::task::JoinSet;

/// How many API servers are killed at a time.
const AT_ONCE: usize = 4;

/// Kills an apply right after its k-th write, for every `step`-th k, each on a fresh API server; runs it again, and
/// expects the state that an apply in one go leaves.
///
/// A few at a time: most of the time a rerun waits for the lock of the killed one to expire.
async fn survives(profile: &Profile, step: usize) -> Result<()> {
    let whole = Arc::new(World::start().await?);
    whole.profile(profile)?;
    whole.apply(&[])?;
    let expected = whole.state().await?;
    let writes = whole.proxy.object_writes().len();
    ensure!(writes > 15, "only {writes} writes");
    let mut running = JoinSet::new();
    for k in (1..=writes).step_by(step) {
        if running.len() == AT_ONCE {
            running.join_next().await.context("nothing runs")???;
        }
        let (whole, profile, expected) = (Arc::clone(&whole), profile.clone(), expected.clone());
        running.spawn(async move { survives_at(&whole, &profile, k, &expected).await });
    }
    while let Some(survived) = running.join_next().await {
        survived??;
    }
    Ok(())
}

async fn survives_at(whole: &World, profile: &Profile, k: usize, expected: &[Value]) -> Result<()> {
    let world = World::on(whole.hub.sibling().await?).await?;
    world.profile(profile)?;
    killed_at(&world, k)?;
    world.apply(&[]).map_err(|error| error.context(format!("killed after write {k}")))?;
    let state = world.state().await?;
    ensure!(state == expected, "another state after a kill at write {k}: {state:#?}");
    world.expect_no_changes()
}

fn killed_at(world: &World, k: usize) -> Result<()> {
    let victim = Victim::default();
    let hook = victim.clone();
    world.proxy.on_write(k, move || {
        hook.kill();
    });
    let outcome = world.bridge(&["apply", "--auto-approve", "--no-wait"])?.victim(&victim).run()?;
    ensure!(outcome.signal == Some(9), "it was not killed at write {k}: {outcome}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 5)]
async fn each_write_on_one_object_of_each_kind() -> Result<()> {
    survives(&Profile::small(), 1).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 5)]
async fn every_tenth_write_on_the_official_manifest() -> Result<()> {
    survives(&Profile::official(), 10).await
}
