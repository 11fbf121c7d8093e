//! A run that is killed after any of its requests is finished by the next one.

use std::sync::Arc;

use crate::support::{Profile, World};
use anyhow::{Context, Result, ensure};
use bridge_e2e::bridge_cmd::Victim;
use bridge_e2e::proxy::Recorded;
use serde_json::Value;
use tokio::task::JoinSet;

/// How many API servers are killed at a time.
const AT_ONCE: usize = 4;
const APPLY: [&str; 3] = ["apply", "--auto-approve", "--no-wait"];
const DESTROY: [&str; 2] = ["destroy", "--auto-approve"];

/// What is killed.
#[derive(Clone)]
struct Scenario {
    /// What was applied before, in one go.
    before: Option<Profile>,
    profile: Profile,
    args: &'static [&'static str],
    /// What the next run says.
    says: &'static str,
    /// How many writes it has at least.
    writes: usize,
}

impl Scenario {
    fn first_apply(profile: Profile) -> Self {
        Self { before: None, profile, args: &APPLY, says: "Apply complete!", writes: 15 }
    }

    fn prepare(&self, world: &World) -> Result<()> {
        if let Some(before) = &self.before {
            world.profile(before)?;
            world.apply(&[])?;
        }
        world.profile(&self.profile)?;
        world.proxy.reset();
        Ok(())
    }

    fn run_again(&self, world: &World) -> Result<()> {
        let outcome = world.expect(0, self.args)?;
        ensure!(outcome.stdout.contains(self.says), "{outcome}");
        Ok(())
    }

    fn expect_nothing_left(&self, world: &World) -> Result<()> {
        if self.args != DESTROY {
            return world.expect_no_changes();
        }
        world.expect(0, &["plan", "--destroy", "--detailed-exitcode"])?;
        world.expect_foreign_untouched()
    }
}

/// After which answers a run is killed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum After {
    /// Each one from the last before the first write on.
    Answers,
    /// Every `.0`-th of those to writes.
    Writes(usize),
}

/// Kills a run right after its k-th answer, each on a fresh API server; runs it again, and expects the state that a run in
/// one go leaves.
///
/// A few at a time: most of the time a rerun waits for the lock of the killed one to expire.
async fn survives(scenario: Scenario, after: After) -> Result<()> {
    let whole = Arc::new(World::start().await?);
    scenario.prepare(&whole)?;
    scenario.run_again(&whole)?;
    let expected = whole.state().await?;
    let writes = whole.proxy.object_writes().len();
    ensure!(writes >= scenario.writes, "only {writes} writes");
    let requests = whole.proxy.requests();
    // Before the first write there is nothing that a kill could leave: its last read stands for all of them.
    let first_write = requests.iter().position(Recorded::is_write).context("nothing is written")?;
    let (first, all, step) = match after {
        After::Answers => (first_write.max(1), requests.len(), 1),
        After::Writes(step) => (1, writes, step),
    };
    let mut running = JoinSet::new();
    for k in (first..=all).step_by(step) {
        if running.len() == AT_ONCE {
            running.join_next().await.context("nothing runs")???;
        }
        let (whole, scenario, expected) = (Arc::clone(&whole), scenario.clone(), expected.clone());
        running.spawn(async move { survives_at(&whole, &scenario, (k, after), &expected).await });
    }
    while let Some(survived) = running.join_next().await {
        survived??;
    }
    Ok(())
}

async fn survives_at(
    whole: &World,
    scenario: &Scenario,
    (k, after): (usize, After),
    expected: &[Value],
) -> Result<()> {
    let world = World::on(whole.hub.sibling().await?).await?;
    scenario.prepare(&world)?;
    killed_at(&world, scenario, k, after)?;
    scenario.run_again(&world).with_context(|| format!("killed after answer {k}"))?;
    let state = world.state().await?;
    ensure!(state == expected, "another state after a kill at answer {k}: {state:#?}");
    scenario.expect_nothing_left(&world)
}

fn killed_at(world: &World, scenario: &Scenario, k: usize, after: After) -> Result<()> {
    let victim = Victim::default();
    let hook = victim.clone();
    let kill = move || {
        hook.kill();
    };
    match after {
        After::Answers => world.proxy.on_answer(k, kill),
        After::Writes(_) => world.proxy.on_write(k, kill),
    }
    let outcome = world.bridge(scenario.args)?.victim(&victim).run()?;
    ensure!(outcome.signal == Some(9), "it was not killed at answer {k}: {outcome}");
    world.expect_no_secret(&outcome)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 5)]
async fn each_write_on_one_object_of_each_kind() -> Result<()> {
    survives(Scenario::first_apply(Profile::small()), After::Writes(1)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 5)]
async fn every_tenth_write_on_the_official_manifest() -> Result<()> {
    survives(Scenario::first_apply(Profile::official()), After::Writes(10)).await
}

/// Between any two of its requests, too.
#[tokio::test(flavor = "multi_thread", worker_threads = 5)]
async fn each_answer_to_an_update_with_a_prune() -> Result<()> {
    let before = Some(Profile::fleet(0));
    let first = Scenario::first_apply(Profile::fleet(1));
    survives(Scenario { before, writes: 3, ..first }, After::Answers).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 5)]
async fn each_deletion_of_a_destroy() -> Result<()> {
    let (before, profile) = (Some(Profile::small()), Profile::small());
    survives(
        Scenario { before, profile, args: &DESTROY, says: "Destroy complete!", writes: 15 },
        After::Writes(1),
    )
    .await
}
