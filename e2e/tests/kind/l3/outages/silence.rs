//! Ways to spokes that break in the middle of an apply: a reset, a refusal, silence.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use bridge_e2e::bridge_cmd::{Outcome, Running};

use super::world::{World, eventually, seconds};
use crate::wire::Wire;

/// Slow enough that an apply to a spoke has a middle.
const DELAY: Duration = Duration::from_millis(200);
/// docs/faults.md: a request that nobody answered for 60 s is not tried again.
const SILENCE: Duration = Duration::from_secs(60);
/// The lock is not freed in this time, and what the machine takes.
const SLACK: Duration = Duration::from_secs(10);

#[test]
fn ways_to_spokes_break_in_the_middle_of_an_apply() -> Result<()> {
    let (dev, prod) = (Wire::start("dev")?, Wire::start("prod")?);
    let mut world = World::start(&["dev", "prod"], &[("dev", &dev), ("prod", &prod)])?;
    dev.lead(world.spoke("dev")?, Duration::ZERO)?;
    prod.lead(world.spoke("prod")?, Duration::ZERO)?;
    world.declare()?;
    world.apply()?;
    world.expect_green()?;
    let started = Instant::now();
    one_is_reset(&mut world, &dev)?;
    eprintln!("{:4.0} s  a way is reset", seconds(started));
    let started = Instant::now();
    one_falls_silent_and_one_refuses(&mut world, &dev, &prod)?;
    eprintln!("{:4.0} s  a way falls silent, and another one refuses", seconds(started));
    Ok(())
}

/// What is repeated names the state that it expects, so a lost answer does no harm.
fn one_is_reset(world: &mut World, dev: &Wire) -> Result<()> {
    dev.lead(world.spoke("dev")?, DELAY)?;
    let running = begin(world, "second", &["dev"])?;
    dev.cut()?;
    dev.lead(world.spoke("dev")?, Duration::ZERO)?;
    let outcome = running.wait()?;
    world.expect_no_secret(&outcome)?;
    ensure!(outcome.code == Some(0), "{outcome}");
    world.expect_green()
}

fn one_falls_silent_and_one_refuses(world: &mut World, dev: &Wire, prod: &Wire) -> Result<()> {
    let before = [world.token("dev")?, world.token("prod")?];
    dev.lead(world.spoke("dev")?, DELAY)?;
    prod.lead(world.spoke("prod")?, DELAY)?;
    let running = begin(world, "third", &["dev", "prod"])?;
    let started = Instant::now();
    dev.fall_silent()?;
    prod.cut()?;
    let outcome = running.wait()?;
    let took = started.elapsed();
    world.expect_no_secret(&outcome)?;
    ensure!(outcome.code == Some(1), "{outcome}");
    ensure!(took < SILENCE + SLACK, "after {took:?}: {outcome}");
    said_of(&outcome, "dev", &[" did not answer ", " within 60 s"])?;
    said_of(&outcome, "prod", &[" does not answer: Connection refused"])?;
    ensure!(world.projects()?.len() == world.wish.projects, "the hub did not converge: {outcome}");
    ensure!(World::holder(&world.hub, "argocd")?.is_none(), "the lock of the hub is held: {outcome}");
    ensure!([world.token("dev")?, world.token("prod")?] == before, "a Secret moved: {outcome}");
    eprintln!("a way fell silent: apply after {took:.1?}");
    dev.speak()?;
    dev.lead(world.spoke("dev")?, Duration::ZERO)?;
    prod.lead(world.spoke("prod")?, Duration::ZERO)?;
    // Nobody could free the locks there: the same command says whose they are, and takes them over.
    ensure!(World::holder(world.spoke("prod")?, "kube-system")?.is_some(), "the lock is free: {outcome}");
    let (again, _) = world.expect(0, &["apply", "--auto-approve"])?;
    ensure!(again.stderr.contains("the lock, held by "), "{again}");
    world.expect_green()
}

/// An apply that gives the spokes another account, and the hub another project; returns once it is about to write to these.
fn begin(world: &mut World, account: &'static str, spokes: &[&str]) -> Result<Running> {
    world.wish.account = account;
    world.wish.projects += 1;
    world.declare()?;
    let running = world.bridge(&["apply", "--auto-approve"])?.spawn()?;
    for spoke in spokes {
        eventually("the lock of the spoke is taken", || {
            let holder = World::holder(world.spoke(spoke)?, "kube-system")?;
            ensure!(holder.is_some(), "{}", running.stderr_so_far());
            Ok(())
        })?;
    }
    Ok(running)
}

/// The line about a spoke that failed.
fn said_of(outcome: &Outcome, spoke: &str, words: &[&str]) -> Result<()> {
    let about = format!("failed: Secret/argocd/{spoke}: the spoke could not be registered: ");
    let line = outcome.stderr.lines().find(|line| line.contains(&about));
    let line = line.with_context(|| format!("nothing about {spoke}: {outcome}"))?;
    ensure!(words.iter().all(|word| line.contains(word)), "{words:?}: {line}");
    Ok(())
}
