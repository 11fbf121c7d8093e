//! A destroy while Argo CD lives: what it deployed stays or goes as the profile says, and what is foreign stays.

use std::time::Duration;

use anyhow::{Result, ensure};
use bridge_e2e::argocd::Part;
use bridge_e2e::bridge_cmd::Outcome;
use serde_json::{Value, json};

use super::fleet::{Fleet, eventually};
use super::members::{Member, ROOTS};
use super::strangers::Strangers;
use crate::support::secret;

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
