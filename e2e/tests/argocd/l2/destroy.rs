//! A destroy while Argo CD lives: what it deployed stays or goes as the profile says, and what is foreign stays.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use bridge_e2e::argocd::Part;
use bridge_e2e::bridge_cmd::Outcome;
use bridge_e2e::forwarder::Forwarder;
use serde_json::{Value, json};

use super::fleet::{Fleet, eventually};
use super::members::{Connection, Member, ROOTS, objects};
use super::observed::Observed;
use super::strangers::Strangers;
use crate::support::{get, patch, secret};

fn members(fleet: &Fleet) -> Vec<Member> {
    vec![
        Member::hub(),
        Member::spoke("spoke-dev", "dev", &["metrics_server"], fleet.connection(0)),
        Member::spoke("spoke-prod", "prod", &["cert_manager"], fleet.connection(1)),
    ]
}

#[tokio::test]
async fn a_destroy_leaves_the_workloads_where_they_are_preserved() -> Result<()> {
    Fleet::with(2, preserves).await
}

/// The sets that the repositories brought stay, and their controller must not see the clusters go: it would delete what
/// they deployed on the hub, whose address needs no Secret.
async fn preserves(fleet: &mut Fleet) -> Result<()> {
    let members = members(fleet);
    fleet.seed(&members)?;
    fleet.start_argocd().await?;
    fleet.converged(&members, &[]).await?;
    let strangers = Strangers::settle(fleet).await?;
    let before = fleet.observed().await?;
    let outcome = destroy_with_pods(fleet).await?;
    ensure!(outcome.code == Some(0), "{outcome}");
    ensure!(fleet.world.get(&secret("hub")).await?.is_null(), "the cluster Secrets are still there");

    let after = fleet.observed().await?;
    let (went, came) = before.expect_rest_untouched(&after)?;
    ensure!(went == ROOTS && came.is_empty(), "went: {went:?}, came: {came:?}");
    after.expect_none_is_going()?;
    strangers.expect_untouched(fleet).await?;
    comes_back(fleet, &after).await.context("an apply after that")?;
    strangers.expect_untouched(fleet).await
}

/// Applied again, the profile finds what was left, and nothing of it goes or is made anew.
async fn comes_back(fleet: &mut Fleet, left: &Observed) -> Result<()> {
    fleet.stop_argocd();
    fleet.world.apply(&[])?;
    fleet.start_argocd().await?;
    let found = eventually("the root Applications", async || {
        let found = fleet.observed().await?;
        found.expect_all_fine()?;
        let (went, came) = left.expect_rest_untouched(&found)?;
        ensure!(went.is_empty() && came == ROOTS, "went: {went:?}, came: {came:?}");
        Ok(found)
    })
    .await?;
    found.expect_none_is_going()?;
    fleet.world.expect_no_changes()
}

#[tokio::test]
async fn a_destroy_names_the_applications_that_stay_and_ends_once_they_can_go() -> Result<()> {
    Fleet::with(2, cascades).await
}

/// What deploys to spoke-prod stays while that is away, and on spoke-dev somebody holds an object.
async fn cascades(fleet: &mut Fleet) -> Result<()> {
    const HELD: &str = "/api/v1/namespaces/preview-spoke-dev/configmaps/preview";
    let mut address = Forwarder::start(&fleet.spokes[1], 1)?;
    let mut members = members(fleet);
    let away = Connection { server: address.urls()[0].clone(), ..fleet.connection(1) };
    members[2] = Member::spoke("spoke-prod", "prod", &["cert_manager"], away);
    fleet.lines("applicationSets: { preserveResourcesOnDeletion: false }\n");
    fleet.seed(&members)?;
    fleet.start_argocd().await?;
    fleet.converged(&members, &[]).await?;
    let strangers = Strangers::settle(fleet).await?;

    let held_by = |finalizers: Value| json!({"metadata": {"finalizers": finalizers}});
    patch(&fleet.spokes[0], HELD, &held_by(json!(["example.com/hold"]))).await?;
    address.close();
    let outcome = fleet.world.expect(1, &["destroy", "--auto-approve", "--timeout", "20s"])?;
    for name in
        ["guestbook-spoke-prod", "cert-manager-spoke-prod", "settings-spoke-prod", "preview-spoke-dev"]
    {
        let line =
            format!("Application/argocd/{name} is still there: held by the finalizer resources-finalizer");
        ensure!(outcome.stderr.contains(&line), "{name}: {outcome}");
    }
    ensure!(outcome.stderr.contains("connection refused"), "why it stays: {outcome}");
    for path in [secret("spoke-prod"), secret("hub"), Part::ApplicationController.workload("argocd")] {
        ensure!(!fleet.world.get(&path).await?.is_null(), "{path} is gone before the Applications");
    }
    ensure!(fleet.observed().await?.has_object("cert-manager-spoke-prod/cert-manager"));
    strangers.expect_untouched(fleet).await.context("after the first")?;

    address.reopen()?;
    patch(&fleet.spokes[0], HELD, &held_by(Value::Null)).await?;
    let outcome = destroy_with_pods(fleet).await?;
    ensure!(outcome.code == Some(0), "{outcome}");
    fleet.observed().await?.expect_none_of(&objects(&members))?;
    ensure!(fleet.world.get(&secret("spoke-prod")).await?.is_null());
    ensure!(get(&fleet.spokes[0], HELD).await?.is_null());
    strangers.expect_untouched(fleet).await
}

/// Runs a destroy, and plays the kubelet to the controller of ApplicationSets: it ends when its Deployment is deleted, and
/// what is deleted in the foreground is gone once its pods are.
async fn destroy_with_pods(fleet: &mut Fleet) -> Result<Outcome> {
    let path = Part::ApplicationSetController.workload("argocd");
    let held_by = |finalizers: Value| json!({"metadata": {"finalizers": finalizers}});
    fleet.world.patch_as("e2e", &path, &held_by(json!(["e2e/pods"]))).await?;
    let args = ["destroy", "--auto-approve", "--timeout", "90s"];
    let running = fleet.world.bridge(&args)?.timeout(Duration::from_secs(200)).spawn()?;
    eventually("the end of the controller of ApplicationSets", async || {
        let deployment = fleet.world.get(&path).await?;
        ensure!(!deployment["metadata"]["deletionTimestamp"].is_null(), "{}", running.stderr_so_far());
        Ok(())
    })
    .await?;
    fleet.end(Part::ApplicationSetController);
    fleet.world.patch_as("e2e", &path, &held_by(Value::Null)).await?;
    let outcome = tokio::task::spawn_blocking(move || running.wait()).await??;
    fleet.world.expect_no_secret(&outcome)?;
    Ok(outcome)
}
