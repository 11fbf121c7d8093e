//! One apply at a time: the Lease in Argo CD's namespace.

use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use crate::support::{Profile, World, secret};
use anyhow::{Result, ensure};
use bridge_e2e::bridge_cmd::{Outcome, Running, Victim};
use bridge_e2e::proxy::{Fault, Matcher, Moment};
use serde_json::{Value, json};

const LEASE: &str = "/apis/coordination.k8s.io/v1/namespaces/argocd/leases/bridge";
const LEASES: &str = "/apis/coordination.k8s.io/v1/namespaces/argocd/leases";

fn apply<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&["apply", "--auto-approve", "--no-wait"], more].concat()
}

/// An apply that stands still in its 8th write until the sender is used or dropped.
fn held_up(world: &World) -> Result<(Running, std::sync::mpsc::Sender<()>)> {
    let ((reached, wait), (go_on, may_go_on)) = (channel(), channel());
    world.proxy.on_write(8, move || {
        reached.send(()).expect("the test waits");
        // A test that failed has dropped its end, and is waited for no longer.
        may_go_on.recv().unwrap_or_default();
    });
    let running = world.bridge(&apply(&[]))?.spawn()?;
    wait.recv()?;
    Ok((running, go_on))
}

async fn holder(world: &World) -> Result<Value> {
    Ok(world.get(LEASE).await?["spec"]["holderIdentity"].clone())
}

#[tokio::test]
async fn a_second_apply_is_told_who_holds_the_lock_and_writes_nothing() -> Result<()> {
    let world = World::start().await?;
    world.profile(&Profile::small())?;
    let (first, go_on) = held_up(&world)?;
    let before = world.proxy.object_writes().len();
    let second = world.expect(5, &apply(&["--lock-timeout", "1s"]))?;
    let name = holder(&world).await?.as_str().unwrap_or_default().to_owned();
    ensure!(name.contains("process"), "{name}");
    ensure!(second.stderr.contains("BRG3017") && second.stderr.contains(&name), "{second}");
    ensure!(world.proxy.object_writes().len() == before, "the second wrote something");
    go_on.send(())?;
    let first = first.wait()?;
    ensure!(first.code == Some(0), "{first}");
    ensure!(holder(&world).await? == Value::Null, "the lock is not free");
    world.expect_no_changes()
}

#[tokio::test]
async fn a_second_apply_waits_and_finds_everything_done() -> Result<()> {
    let world = World::start().await?;
    world.profile(&Profile::small())?;
    let (first, go_on) = held_up(&world)?;
    let second = world.bridge(&apply(&[]))?.spawn()?;
    while !second.stderr_so_far().contains("the lock, held by") {
        ensure!(second.stderr_so_far().lines().count() < 100, "{}", second.stderr_so_far());
        tokio::task::yield_now().await;
    }
    go_on.send(())?;
    for outcome in [first.wait()?, second.wait()?] {
        ensure!(outcome.code == Some(0) && outcome.stdout.contains("Apply complete!"), "{outcome}");
        world.expect_no_secret(&outcome)?;
    }
    world.expect_no_changes()
}

#[tokio::test]
async fn the_lock_of_a_killed_apply_expires_by_itself() -> Result<()> {
    let world = World::start().await?;
    world.profile(&Profile::small())?;
    let victim = Victim::default();
    let hook = victim.clone();
    world.proxy.on_write(4, move || {
        hook.kill();
    });
    let killed = world.bridge(&apply(&[]))?.victim(&victim).run()?;
    ensure!(killed.signal == Some(9), "{killed}");
    ensure!(holder(&world).await? != Value::Null, "it was killed without the lock");
    let started = Instant::now();
    world.apply(&[])?;
    ensure!(
        started.elapsed() >= Duration::from_secs(9),
        "the lock was taken at once: {:?}",
        started.elapsed()
    );
    world.expect_no_changes()
}

/// A Lease of a holder whose clock is wrong by so many seconds.
fn lease(wrong_by: i64) -> Value {
    let now =
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let at = k8s_openapi::jiff::Timestamp::from_second(i64::try_from(now).unwrap_or(0) + wrong_by);
    let renewed = at.map(|at| format!("{at:.6}")).unwrap_or_default();
    let spec = json!({ "holderIdentity": "a-colleague", "leaseDurationSeconds": 10, "renewTime": renewed });
    json!({ "apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": { "name": "bridge" }, "spec": spec })
}

#[tokio::test]
async fn a_clock_that_is_an_hour_wrong_neither_takes_nor_keeps_the_lock() -> Result<()> {
    let world = World::start().await?;
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "argocd"}});
    world.send("POST", "/api/v1/namespaces", "application/json", &namespace).await?;
    world.profile(&Profile::small())?;
    // A dead holder whose clock was ahead: its lock expires all the same.
    world.send("POST", LEASES, "application/json", &lease(3600)).await?;
    let started = Instant::now();
    world.apply(&[])?;
    ensure!(started.elapsed() >= Duration::from_secs(9), "{:?}", started.elapsed());
    // A living one whose clock is behind: it keeps its lock for as long as it renews it.
    world.profile(&Profile::small().spoke("spoke-dev", "    labels: { tier: gold }\n"))?;
    let waiting = world.bridge(&apply(&["--lock-timeout", "14s"]))?;
    world.patch_as("test", LEASE, &lease(-3600)).await?;
    let waiting = waiting.spawn()?;
    let outcome = renewed_until_it_gives_up(&world, waiting).await?;
    ensure!(outcome.code == Some(5) && outcome.stderr.contains("a-colleague"), "{outcome}");
    ensure!(world.get(&secret("spoke-dev")).await?["metadata"]["labels"].get("tier").is_none());
    // Once it lets go, the same command ends it.
    world.patch_as("test", LEASE, &json!({ "spec": { "holderIdentity": null } })).await?;
    world.apply(&[])?;
    let expected =
        world.state_of(&Profile::small().spoke("spoke-dev", "    labels: { tier: gold }\n")).await?;
    ensure!(world.state().await? == expected, "another state");
    world.expect_no_changes()
}

/// Renews somebody else's Lease once a second until bridge has ended.
async fn renewed_until_it_gives_up(world: &World, waiting: Running) -> Result<Outcome> {
    let ended = std::thread::spawn(move || waiting.wait());
    let mut renewals = 0;
    while !ended.is_finished() {
        renewals += 1;
        world.patch_as("test", LEASE, &lease(-3600 + renewals)).await?;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    ensure!(renewals > 10, "it gave up after {renewals} renewals");
    ended.join().map_err(|_| anyhow::anyhow!("the waiting thread panicked"))?
}

#[tokio::test]
async fn an_apply_that_lost_its_lock_stops() -> Result<()> {
    let world = World::start().await?;
    world.profile(&Profile::small())?;
    let (first, go_on) = held_up(&world)?;
    // As if this one had slept for longer than its Lease lasts.
    world.patch_as("thief", LEASE, &json!({ "spec": { "holderIdentity": "a-colleague" } })).await?;
    let resource_version = world.get(LEASE).await?["metadata"]["resourceVersion"].clone();
    // It notices with its next renewal, which finds another holder.
    let deadline = Instant::now() + Duration::from_secs(30);
    let looks = |request: &bridge_e2e::proxy::Recorded| request.method == "GET" && request.path == LEASE;
    let before = world.proxy.requests().iter().filter(|request| looks(request)).count();
    while world.proxy.requests().iter().filter(|request| looks(request) && request.status.is_some()).count()
        == before
    {
        ensure!(Instant::now() < deadline, "it did not look at its Lease");
        tokio::task::yield_now().await;
    }
    go_on.send(())?;
    let outcome = first.wait()?;
    ensure!(outcome.code == Some(5) && outcome.stderr.contains("BRG3018"), "{outcome}");
    ensure!(
        world.get(LEASE).await?["metadata"]["resourceVersion"] == resource_version,
        "it touched a lock of others"
    );
    ensure!(world.get(&secret("spoke-dev")).await?.is_null(), "it went on writing");
    world.patch_as("thief", LEASE, &json!({ "spec": { "holderIdentity": null } })).await?;
    world.apply(&[])?;
    world.expect_no_changes()
}

#[tokio::test]
async fn the_lock_is_renewed_beside_a_write_and_a_renewal_that_hang() -> Result<()> {
    let world = World::start().await?;
    world.profile(&Profile::small())?;
    let ((reached, wait), (go_on, may_go_on)) = (channel(), channel());
    world.proxy.on_write(8, move || {
        reached.send(()).expect("the test waits");
        may_go_on.recv().unwrap_or_default();
    });
    let running = world.bridge(&apply(&["--parallelism", "1"]))?.spawn()?;
    wait.recv()?;
    world.proxy.fail(Matcher::any().method("PATCH").path(LEASE).first(1), Fault::Hang(Moment::BeforeAnswer));
    let renewals =
        || world.proxy.requests().into_iter().filter(|one| one.method == "PATCH" && one.path == LEASE);
    let hung = || renewals().position(|renewal| renewal.broken);
    let deadline = Instant::now() + Duration::from_secs(20);
    // One hangs, although the server did it; the next one but one is answered, well before anybody could take the lock.
    while !hung().is_some_and(|at| renewals().skip(at + 1).any(|renewal| renewal.status == Some(200))) {
        ensure!(Instant::now() < deadline, "it is not renewed: {:?}", renewals().collect::<Vec<_>>());
        tokio::task::yield_now().await;
    }
    go_on.send(())?;
    let outcome = running.wait()?;
    ensure!(outcome.code == Some(0) && outcome.stdout.contains("Apply complete!"), "{outcome}");
    world.expect_no_changes()
}

#[tokio::test]
async fn a_lock_whose_answer_was_lost_is_known_as_its_own() -> Result<()> {
    let world = World::start().await?;
    world.profile(&Profile::small())?;
    world.proxy.fail(Matcher::any().method("PATCH").path(LEASE).first(1), Fault::Reset(Moment::BeforeAnswer));
    let outcome = world.apply(&[])?;
    ensure!(world.proxy.requests().iter().any(|request| request.broken), "{outcome}");
    ensure!(!outcome.stderr.contains("the lock, held by"), "{outcome}");
    world.expect_no_changes()
}
