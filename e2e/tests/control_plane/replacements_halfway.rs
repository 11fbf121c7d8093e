//! A replacement that does not go through: answers that are lost, people who interrupt it, a lock that is taken over.

use std::sync::mpsc;
use std::time::{Duration, Instant};

use crate::support::replacing::{
    APPLY, BINDING, DEPLOYMENT, ROLE, RULES, SELECTOR, edited, pods_are_gone, replace, says, uid, writes,
};
use crate::support::{Patch, World, run_while};
use anyhow::{Result, ensure};
use bridge_e2e::bridge_cmd::Running;
use bridge_e2e::proxy::{Fault, Matcher, Moment, Recorded};
use serde_json::{Value, json};

const LEASE: &str = "/apis/coordination.k8s.io/v1/namespaces/argocd/leases/bridge";

fn deletions() -> Matcher {
    Matcher::any().method("DELETE")
}

fn lost() -> Fault {
    Fault::Reset(Moment::BeforeAnswer)
}

#[tokio::test]
async fn a_deletion_whose_answer_was_lost_is_known_as_its_own() -> Result<()> {
    // The second attempt finds it going, and after that it goes; or it finds nothing any more.
    for (fault, k) in [(lost(), 2), (lost(), 1), (Fault::Truncate, 2)] {
        let world = edited(&[SELECTOR]).await?;
        let before = uid(&world, DEPLOYMENT).await?;
        world.proxy.fail(deletions().first(1), fault.clone());
        let outcome = run_while(&world, &replace("Deployment/server"), k, &pods_are_gone()).await?;
        ensure!(outcome.code == Some(0), "{fault:?}, {k}: {outcome}");
        says(&outcome, &["Deployment/argocd/server replaced", "1 added, 0 changed, 1 destroyed"])?;
        let delete = format!("DELETE {DEPLOYMENT}");
        ensure!(writes(&world) == [delete.clone(), delete, format!("PATCH {DEPLOYMENT}")], "{outcome}");
        ensure!(uid(&world, DEPLOYMENT).await? != before);
        world.expect_no_changes()?;
    }
    Ok(())
}

#[tokio::test]
async fn a_deletion_that_nobody_ever_answers_is_looked_for() -> Result<()> {
    let world = edited(&[SELECTOR]).await?;
    world.proxy.fail(deletions(), lost());
    let outcome = run_while(&world, &replace("Deployment/server"), 5, &pods_are_gone()).await?;
    ensure!(outcome.code == Some(0), "{outcome}");
    says(&outcome, &["1 added, 0 changed, 1 destroyed"])?;
    world.expect_no_changes()
}

#[tokio::test]
async fn a_deletion_that_was_never_carried_out_deleted_nothing() -> Result<()> {
    let world = edited(&[SELECTOR]).await?;
    let before = uid(&world, DEPLOYMENT).await?;
    world.proxy.fail(deletions(), Fault::status(503, "ServiceUnavailable", "no leader"));
    let outcome = world.expect(1, &replace("Deployment/server"))?;
    says(&outcome, &["no leader", "0 added, 0 changed, 0 destroyed"])?;
    ensure!(!format!("{outcome}").contains("to be replaced"), "{outcome}");
    ensure!(uid(&world, DEPLOYMENT).await? == before);
    Ok(())
}

#[tokio::test]
async fn where_nobody_knows_whether_it_was_deleted_that_is_said() -> Result<()> {
    let world = edited(&[ROLE]).await?;
    world.proxy.fail(deletions(), lost());
    world.proxy.fail(Matcher::any().method("GET").path(BINDING), Fault::status(500, "InternalError", "x"));
    let outcome = world.expect(4, &replace("RoleBinding/controller"))?;
    says(&outcome, &["it may have been deleted to be replaced", "where it is gone, it creates it"])?;
    says(&outcome, &["0 added, 0 changed, 0 destroyed"])?;
    world.proxy.reset();
    says(&world.expect(0, &APPLY)?, &["1 added, 0 changed, 0 destroyed"])?;
    world.expect_no_changes()
}

#[tokio::test]
async fn what_somebody_else_deleted_is_made_and_not_counted_as_destroyed() -> Result<()> {
    let world = edited(&[RULES, ROLE]).await?;
    let (client, handle) = (world.hub.client().await?, tokio::runtime::Handle::current());
    let (send, done) = mpsc::channel();
    world.proxy.on_write(1, move || {
        handle.spawn(async move {
            let request = http::Request::delete(BINDING).body(Vec::new()).map_err(anyhow::Error::from);
            let gone = match request {
                Ok(request) => client.request::<Value>(request).await.map_err(anyhow::Error::from),
                Err(error) => Err(error),
            };
            let _ = send.send(gone.map(drop));
        });
        // The Role's write is answered only when the binding is gone.
        let _ = done.recv();
    });
    let args = [&["--parallelism", "1"], &replace("RoleBinding/controller")[..]].concat();
    let bridge = world.bridge(&args)?;
    let outcome = tokio::task::spawn_blocking(move || bridge.run()).await??;
    ensure!(outcome.code == Some(0), "{outcome}");
    says(&outcome, &["RoleBinding/argocd/controller created", "1 added, 1 changed, 0 destroyed"])?;
    world.expect_no_changes()
}

/// Waits until bridge has said something.
async fn hears(running: &Running, words: &str) -> Result<()> {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !running.stderr_so_far().contains(words) {
        ensure!(Instant::now() < deadline, "`{words}` is missing: {}", running.stderr_so_far());
        tokio::task::yield_now().await;
    }
    Ok(())
}

/// A replacement of the Deployment whose pods do not stop, interrupted.
async fn interrupted(world: &World) -> Result<Running> {
    let running = world.bridge(&replace("Deployment/server"))?.spawn()?;
    hears(&running, "is going, to be created anew").await?;
    running.interrupt()?;
    hears(&running, "waiting up to 60 s more for the old one to be gone").await?;
    Ok(running)
}

#[tokio::test]
async fn an_interruption_does_not_part_it_while_pods_stop() -> Result<()> {
    let world = edited(&[SELECTOR]).await?;
    let running = interrupted(&world).await?;
    let Patch { path, content_type, body } = pods_are_gone();
    world.send("PATCH", &path, content_type, &body).await?;
    let outcome = running.wait()?;
    ensure!(outcome.code == Some(130), "{outcome}");
    says(&outcome, &["1 added, 0 changed, 1 destroyed"])?;
    world.expect_no_changes()
}

#[tokio::test]
async fn an_interruption_ends_the_wait_for_pods_after_a_minute() -> Result<()> {
    let world = edited(&[SELECTOR]).await?;
    let running = interrupted(&world).await?;
    let started = Instant::now();
    let outcome = running.wait()?;
    ensure!((50..90).contains(&started.elapsed().as_secs()), "{:?}: {outcome}", started.elapsed());
    ensure!(outcome.code == Some(130), "{outcome}");
    says(
        &outcome,
        &["its pods are still stopping", "wait until its pods are gone; then run `bridge apply`"],
    )?;
    says(&outcome, &["0 added, 0 changed, 0 destroyed"])?;
    let Patch { path, content_type, body } = pods_are_gone();
    world.send("PATCH", &path, content_type, &body).await?;
    says(&world.expect(0, &APPLY)?, &["1 added, 0 changed, 0 destroyed"])?;
    world.expect_no_changes()
}

#[tokio::test]
async fn who_lost_the_lock_makes_nothing_anew() -> Result<()> {
    let world = edited(&[ROLE]).await?;
    let (reached, wait) = mpsc::channel();
    let (go_on, hold) = mpsc::channel::<()>();
    world.proxy.on_write(1, move || {
        let _ = reached.send(());
        let _ = hold.recv();
    });
    let running = world.bridge(&replace("RoleBinding/controller"))?.spawn()?;
    wait.recv()?;
    let looks = || {
        let is_look = |one: &Recorded| one.method == "GET" && one.path == LEASE && one.status.is_some();
        world.proxy.requests().iter().filter(|one| is_look(one)).count()
    };
    let before = looks();
    world.patch_as("thief", LEASE, &json!({ "spec": { "holderIdentity": "a-colleague" } })).await?;
    let deadline = Instant::now() + Duration::from_secs(30);
    while looks() == before {
        ensure!(Instant::now() < deadline, "it did not look at its Lease");
        tokio::task::yield_now().await;
    }
    go_on.send(())?;
    let outcome = running.wait()?;
    ensure!(outcome.code == Some(5), "{outcome}");
    says(&outcome, &["it was deleted to be replaced, and it is not there anew: somebody else has the lock"])?;
    says(&outcome, &["0 added, 0 changed, 1 destroyed", "BRG3018"])?;
    ensure!(writes(&world) == [format!("DELETE {BINDING}")] && world.get(BINDING).await?.is_null());
    Ok(())
}

#[tokio::test]
async fn machines_hear_of_the_deletion_before_the_creation() -> Result<()> {
    let world = edited(&[ROLE]).await?;
    let outcome =
        world.expect(0, &[&replace("RoleBinding/controller")[..], &["--output", "json"]].concat())?;
    let lines: Vec<Value> = outcome.stdout.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    let of_it = lines.iter().filter(|line| line["object"]["kind"] == "RoleBinding");
    let types: Vec<&Value> = of_it.map(|line| &line["type"]).collect();
    ensure!(types == ["replacing", "written"], "{outcome}");
    Ok(())
}
