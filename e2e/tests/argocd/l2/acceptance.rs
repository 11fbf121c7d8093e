//! One hub, two spokes: one apply brings up everything, and each edit afterwards moves exactly what it is about.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use bridge_e2e::controllers::Controllers;

use super::fleet::Fleet;
use super::foretold::Foretold;
use super::members::Member;

fn hub_and_two_spokes(fleet: &Fleet) -> Vec<Member> {
    vec![
        Member::hub(),
        Member::spoke("spoke-dev", "dev", &["metrics_server"], fleet.connection(0)),
        Member::spoke("spoke-prod", "prod", &["cert_manager"], fleet.connection(1)),
    ]
}

/// Nothing is left out: the official manifest's workloads become ready on a played node, the servers of Argo CD write
/// what their probes are about, and the apply ends when the root ApplicationSets are fine.
#[tokio::test]
async fn one_apply_brings_hub_and_spokes_to_where_every_application_is_synced() -> Result<()> {
    Fleet::with(2, async |fleet| {
        let _controllers = Controllers::start(&fleet.world.hub, &[]).await?;
        let members = hub_and_two_spokes(fleet);
        fleet.declare(&members)?;
        let apply = ["apply", "--auto-approve", "--timeout", "200s"];
        let apply = fleet.world.bridge(&apply)?.timeout(Duration::from_secs(300)).spawn()?;
        fleet.start_argocd().await?;
        let outcome = tokio::task::spawn_blocking(move || apply.wait()).await??;
        fleet.world.expect_no_secret(&outcome)?;
        ensure!(outcome.code == Some(0), "{outcome}");
        fleet.converged(&members, &[]).await?;
        Ok(())
    })
    .await
}

#[tokio::test]
async fn each_edit_of_the_profile_moves_exactly_what_it_is_about() -> Result<()> {
    Fleet::with(3, edits).await
}

/// Each edit begins where the one before it ends.
async fn edits(fleet: &mut Fleet) -> Result<()> {
    let mut members = hub_and_two_spokes(fleet);
    fleet.seed(&members)?;
    fleet.start_argocd().await?;
    fleet.converged(&members, &[]).await.context("the first apply")?;

    members.push(Member::spoke("spoke-new", "dev", &[], fleet.connection(2)));
    let new = ["guestbook-spoke-new", "preview-spoke-new", "settings-spoke-new"];
    step(fleet, &members, &[], (&[], &new)).await.context("a spoke is added")?;

    members[3].env = "staging";
    step(fleet, &members, &[], (&["preview-spoke-new"], &[])).await.context("a spoke's env is changed")?;

    members[0].addons.push("cert_manager");
    step(fleet, &members, &[], (&[], &["cert-manager-hub"])).await.context("a toggle is flipped on")?;
    members[0].addons.pop();
    step(fleet, &members, &[], (&["cert-manager-hub"], &[])).await.context("a toggle is flipped off")?;

    rename(fleet, &mut members).await.context("a spoke is renamed")?;

    members.remove(3);
    let names = ["guestbook-renamed", "settings-renamed"];
    // Without its cluster Secret Argo CD cannot reach it any more, and leaves there what it deployed.
    step(fleet, &members, &["spoke-new", "renamed"], (&names, &[])).await.context("a spoke is removed")?;
    ensure!(fleet.cluster_secret("renamed").await.is_err(), "its Secret is still there");
    Ok(())
}

/// Applies an edit, and expects that exactly these Applications go and come, and that the plan said of those that go what
/// then becomes of what they deployed. All others are untouched, with all that they deploy.
async fn step(fleet: &Fleet, members: &[Member], left: &[&str], moves: (&[&str], &[&str])) -> Result<()> {
    let foretold = Foretold::of(fleet, members)?;
    let before = fleet.observed().await?;
    fleet.seed(members)?;
    let after = fleet.converged(members, left).await?;
    let (went, came) = before.expect_rest_untouched(&after)?;
    ensure!(went == moves.0 && came == moves.1, "went: {went:?}, came: {came:?}");
    foretold.expect(&before, &after)
}

/// The Secret stays the same object; its Applications carry the cluster's name, so all of them are others.
async fn rename(fleet: &Fleet, members: &mut [Member]) -> Result<()> {
    let before = fleet.cluster_secret("spoke-new").await?;
    members[3].name = "renamed".to_owned();
    let went = ["guestbook-spoke-new", "settings-spoke-new"];
    let came = ["guestbook-renamed", "settings-renamed"];
    step(fleet, members, &["spoke-new"], (&went, &came)).await?;
    let after = fleet.cluster_secret("renamed").await?;
    ensure!(
        after["metadata"]["uid"] == before["metadata"]["uid"],
        "it is another Secret: {}",
        after["metadata"]
    );
    ensure!(after["data"]["server"] == before["data"]["server"]);
    let observed = fleet.observed().await?;
    ensure!(
        !observed.has_object("guestbook-spoke-new/guestbook"),
        "by its server the cluster is still reached"
    );
    Ok(())
}
