//! Ctrl-C stops after the requests in flight, says what was done, and exits 130; the next apply finishes.

use std::sync::mpsc;

use crate::support::{Profile, World};
use anyhow::{Result, ensure};

#[tokio::test]
async fn an_interrupted_apply_says_what_it_did_and_is_finished_by_the_next() -> Result<()> {
    let world = World::start().await?;
    world.profile(&Profile::official())?;
    let (reached, wait) = mpsc::channel();
    let (go_on, hold) = mpsc::channel::<()>();
    world.proxy.on_write(20, move || {
        let _ = reached.send(());
        let _ = hold.recv();
    });
    let running = world.bridge(&["apply", "--auto-approve", "--no-wait"])?.spawn()?;
    wait.recv()?;
    running.interrupt()?;
    // The request in flight is answered only after bridge was asked to stop.
    while !running.stderr_so_far().contains("nterrupt") {
        tokio::task::yield_now().await;
    }
    go_on.send(())?;
    let outcome = running.wait()?;
    ensure!(outcome.code == Some(130), "{outcome}");
    world.expect_no_secret(&outcome)?;
    ensure!(outcome.stderr.matches("the rest is not tried").count() == 1, "{outcome}");
    ensure!(outcome.stderr.matches("not tried: ").count() <= 2, "{outcome}");
    let written = world.proxy.object_writes().len();
    ensure!((20..45).contains(&written), "{written} writes: {outcome}");
    world.apply(&[])?;
    ensure!(world.state().await? == world.state_of(&Profile::official()).await?, "another state");
    world.expect_no_changes()
}
