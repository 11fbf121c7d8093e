//! Whole clusters that go away: paused, restarted, and another one at the same address.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use bridge_e2e::bridge_cmd::{Outcome, Running};
use bridge_e2e::cluster::User;
use bridge_e2e::container::ContainerCluster;
use bridge_e2e::kubeconfig::Access;

use super::world::{Projects, World, eventually, joined, seconds, timed};
use crate::wire::Wire;

/// What the machine takes beside the time that bridge waits.
const SLACK: Duration = Duration::from_secs(8);
/// docs/output.md: a probe.
const PROBE: Duration = Duration::from_secs(10);
/// docs/faults.md: a connection that nobody accepts ends after 10 s, and is tried three times.
const CONNECTS: Duration = Duration::from_secs(31);

type Step = fn(&mut World, &Wire) -> Result<()>;

const STEPS: [(&str, Step); 6] = [
    ("from nothing", from_nothing),
    ("a spoke is paused", a_spoke_is_paused),
    ("the hub is restarted during an apply", the_hub_is_restarted_during_an_apply),
    ("the hub is away during an apply", the_hub_is_away_during_an_apply),
    ("another cluster has the spoke's address", another_cluster_has_the_spokes_address),
    ("another cluster has the hub's address", another_cluster_has_the_hubs_address),
];

#[test]
fn clusters_go_away_and_come_back() -> Result<()> {
    let wire = Wire::start("hub")?;
    let mut world = World::start(&["dev", "prod"], &[("hub", &wire)])?;
    wire.lead(&world.hub, Duration::ZERO)?;
    for (name, step) in STEPS {
        let started = Instant::now();
        step(&mut world, &wire).map_err(|error| error.context(format!("step: {name}")))?;
        eprintln!("{:4.0} s  {name}", seconds(started));
    }
    Ok(())
}

fn from_nothing(world: &mut World, _: &Wire) -> Result<()> {
    world.declare()?;
    world.apply()?;
    world.expect_green()
}

fn a_spoke_is_paused(world: &mut World, _: &Wire) -> Result<()> {
    world.spoke("prod")?.pause()?;
    world.wish.projects = 2;
    world.declare()?;
    let plan = world.bridge(&["plan", "--detailed-exitcode"])?;
    let plan = std::thread::spawn(move || timed(plan));
    let (status, took) = world.expect(0, &["status"])?;
    ensure!(is_silent(&status), "{status}");
    ensure!(took < PROBE + SLACK, "after {took:?}: {status}");
    eprintln!("a paused spoke: status after {took:.1?}");
    // The plan goes on meanwhile, and sees nothing of what is applied: it is ten seconds ahead.
    a_paused_spoke_fails_alone(world)?;
    let (plan, took) = joined(plan.join())?;
    ensure!(plan.code == Some(2), "{plan}");
    ensure!(plan.stdout.contains("spoke prod (context prod): not looked at: "), "{plan}");
    ensure!(plan.stdout.contains(" does not answer: no connection within 10 s"), "{plan}");
    ensure!(plan.stdout.contains("AppProject/argocd/team-001"), "{plan}");
    ensure!(took < CONNECTS + SLACK, "after {took:?}: {plan}");
    eprintln!("a paused spoke: plan after {took:.1?}");
    world.spoke("prod")?.unpause()?;
    // It answers again at once, and the same command ends what it was away for.
    let (status, _) = world.expect(0, &["status"])?;
    ensure!(!status.stdout.contains("does not answer"), "{status}");
    world.apply()?;
    world.expect_green()
}

/// The limit of a probe and that of a connection end at the same time.
fn is_silent(status: &Outcome) -> bool {
    status
        .stdout
        .lines()
        .any(|line| line.contains("does not answer from here: ") && line.contains(" within 10 s"))
}

/// One that has to be written to, beside another one that has to be, too.
fn a_paused_spoke_fails_alone(world: &mut World) -> Result<()> {
    let before = [world.token("dev")?, world.token("prod")?];
    world.wish.account = "second";
    world.declare()?;
    let (apply, took) = world.expect(1, &["apply", "--auto-approve"])?;
    ensure!(apply.stderr.contains("the spoke could not be registered: the API server https://"), "{apply}");
    ensure!(world.projects()?.len() == 2, "the hub did not converge: {apply}");
    ensure!(world.token("dev")? != before[0], "the other spoke did not converge: {apply}");
    ensure!(world.token("prod")? == before[1], "the Secret of the paused spoke moved: {apply}");
    ensure!(took < CONNECTS + SLACK, "after {took:?}: {apply}");
    eprintln!("a paused spoke: apply after {took:.1?}");
    Ok(())
}

/// A short absence is bridged, or told of.
fn the_hub_is_restarted_during_an_apply(world: &mut World, wire: &Wire) -> Result<()> {
    let running = begin(world, wire)?;
    let seen = world.projects()?;
    world.hub.restart()?;
    let outcome = running.wait()?;
    ensure!(outcome.code == Some(0) || has_no_hub(&outcome), "{outcome}");
    expect_mended(world, wire, &seen)
}

fn the_hub_is_away_during_an_apply(world: &mut World, wire: &Wire) -> Result<()> {
    let running = begin(world, wire)?;
    world.hub.stop()?;
    let gone = Instant::now();
    let outcome = running.wait()?;
    ensure!(has_no_hub(&outcome), "{outcome}");
    let failed = outcome.stderr.matches("failed: AppProject/").count();
    ensure!(failed == 1, "{failed} objects found out, each anew: {outcome}");
    ensure!(outcome.stderr.contains("not tried: AppProject/"), "{outcome}");
    ensure!(gone.elapsed() < SLACK, "after {:?}: {outcome}", gone.elapsed());
    world.hub.start_again()?;
    let seen = world.projects()?;
    ensure!(seen.len() < world.wish.projects, "it was over before the hub was gone: {outcome}");
    expect_mended(world, wire, &seen)
}

/// An apply to the hub that is slow enough to have a middle, which is reached.
fn begin(world: &mut World, wire: &Wire) -> Result<Running> {
    let before = world.wish.projects;
    world.wish.projects += 50;
    world.declare()?;
    wire.lead(&world.hub, Duration::from_millis(30))?;
    let running = world.bridge(&["apply", "--auto-approve", "--parallelism", "1"])?.spawn()?;
    eventually("some projects are written", || {
        let written = world.projects()?.len();
        ensure!(written > before, "{written} are: {}", running.stderr_so_far());
        Ok(())
    })?;
    Ok(running)
}

fn has_no_hub(outcome: &Outcome) -> bool {
    outcome.code == Some(4) && outcome.stderr.contains(" does not answer: ")
}

/// The same command ends it, and nothing that was seen is written again.
fn expect_mended(world: &World, wire: &Wire, seen: &Projects) -> Result<()> {
    wire.lead(&world.hub, Duration::ZERO)?;
    world.apply()?;
    let now = world.projects()?;
    ensure!(now.len() == world.wish.projects, "only {} projects", now.len());
    let rewritten: Vec<_> = seen.iter().filter(|(name, one)| now.get(*name) != Some(one)).collect();
    ensure!(rewritten.is_empty(), "written twice: {rewritten:?}");
    world.expect_green()
}

fn another_cluster_has_the_spokes_address(world: &mut World, _: &Wire) -> Result<()> {
    let before = world.token("prod")?;
    let stranger = world.spokes.get_mut("prod").expect("there is one");
    let former = stranger.access_by_token(&stranger.url(), User::Admin);
    stranger.replace()?;
    let (status, _) = world.expect(0, &["status"])?;
    ensure!(status.stdout.contains("not probed: no TLS connection to "), "{status}");
    ensure!(status.stdout.contains("certificate"), "{status}");
    let (plan, _) = world.expect(0, &["plan", "--detailed-exitcode"])?;
    ensure!(plan.stdout.contains("not looked at: no TLS connection to "), "{plan}");
    ensure!(plan.stdout.contains("certificate"), "{plan}");
    world.wish.account = "third";
    world.declare()?;
    let (apply, _) = world.expect(1, &["apply", "--auto-approve"])?;
    ensure!(apply.stderr.contains("the spoke could not be registered: no TLS connection to "), "{apply}");
    ensure!(world.token("prod")? == before, "the Secret moved: {apply}");
    let stranger = world.spoke("prod")?;
    expect_no_token_was_seen(stranger, former)
}

fn another_cluster_has_the_hubs_address(world: &mut World, wire: &Wire) -> Result<()> {
    let former = world.hub.access_by_token(&world.hub.url(), User::Admin);
    world.hub.replace()?;
    wire.lead(&world.hub, Duration::ZERO)?;
    for args in [&["plan"][..], &["status"], &["apply", "--auto-approve"]] {
        let (outcome, _) = world.expect(4, args)?;
        ensure!(outcome.stderr.contains("BRG2002") && outcome.stderr.contains("certificate"), "{outcome}");
    }
    expect_no_token_was_seen(&world.hub, former)
}

/// An API server logs each credential that it does not know.
fn expect_no_token_was_seen(stranger: &ContainerCluster, former: Access) -> Result<()> {
    const UNKNOWN: &str = "Unable to authenticate the request";
    let log = stranger.log()?;
    ensure!(!log.contains(UNKNOWN), "a token was sent to a stranger: {log}");
    // So it would look if one were.
    let shown = Access { ca_pem: stranger.authority().pem(), ..former };
    ensure!(stranger.get_as(shown, "/version").is_err(), "the stranger knows the former token");
    eventually("the stranger's log", || {
        ensure!(stranger.log()?.contains(UNKNOWN), "does not tell of unknown tokens");
        Ok(())
    })
}
