//! How the clusters come to be.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use bridge_e2e::bridge_cmd::Victim;
use bridge_e2e::manifests::argocd_manifests;
use serde_json::Value;

use super::seen::{converged, text, versions};
use super::world::{Cluster, Fleet, eventually};
use crate::engine;

/// One after the other, so that there is a moment at which one is there and the other is being made.
pub fn killed_after_the_first_cluster(fleet: &mut Fleet) -> Result<()> {
    let victim = Victim::default();
    let run = fleet.bridge(&["up", "--parallelism", "1"])?.victim(&victim).spawn()?;
    let first = format!("kind: {}: ready", Cluster::Hub.name());
    eventually("the second cluster is begun", || {
        ensure!(run.stderr_so_far().contains(&first), "the first is not ready:\n{}", run.stderr_so_far());
        ensure!(!engine::nodes(&Cluster::Spoke.name())?.is_empty(), "the second is not begun");
        Ok(())
    })?;
    ensure!(victim.kill(), "it was over before it could be killed");
    let outcome = run.wait()?;
    ensure!(outcome.signal == Some(9), "{outcome}");
    Ok(())
}

pub fn the_rerun_ends_with_both(fleet: &mut Fleet) -> Result<()> {
    let first = id(Cluster::Hub)?;
    fleet.expect(0, &["up"])?;
    ensure!(id(Cluster::Hub)? == first, "the cluster that was there was made anew");
    converged(fleet)?;
    Ok(())
}

pub fn a_second_up_writes_nothing(fleet: &mut Fleet) -> Result<()> {
    let before = (versions(fleet)?, id(Cluster::Hub)?, id(Cluster::Spoke)?);
    ensure!(before.0.len() > 50, "only {} objects of bridge's", before.0.len());
    let outcome = fleet.expect(0, &["up"])?;
    let said = format!("{}{}", outcome.stdout, outcome.stderr);
    ensure!(said.contains("No changes."), "it does not say that there was nothing to do: {outcome}");
    let after = (versions(fleet)?, id(Cluster::Hub)?, id(Cluster::Spoke)?);
    let moved: Vec<_> =
        after.0.iter().filter(|(name, version)| before.0.get(*name) != Some(version)).collect();
    ensure!(before == after, "written by an up that had nothing to do: {moved:?}");
    fleet.expect(0, &["plan", "--detailed-exitcode"])?;
    Ok(())
}

/// No registry of the test's own, no tag of its own.
pub fn the_pods_run_the_official_images(fleet: &mut Fleet) -> Result<()> {
    let manifest = argocd_manifests(fleet.wish.version)?.join("install.yaml");
    let manifest = std::fs::read_to_string(manifest)?;
    let official = manifest.lines().filter_map(|line| line.trim().strip_prefix("image: "));
    let official: BTreeSet<&str> = official.collect();
    let pods = fleet.list(Cluster::Hub, &["--namespace", "argocd", "pods"])?;
    let running: BTreeSet<&str> = pods.iter().flat_map(images).collect();
    ensure!(running == official, "the pods run {running:?}, the manifest names {official:?}");
    Ok(())
}

/// As the kubelet says, not as it was asked for.
fn images(pod: &Value) -> impl Iterator<Item = &str> {
    let all = pod.pointer("/status/containerStatuses").and_then(Value::as_array);
    all.into_iter().flatten().map(|one| text(one, "/image"))
}

/// Somebody else's cluster, whose name begins as the hub's does.
pub fn down_leaves_a_cluster_of_a_similar_name(fleet: &mut Fleet) -> Result<()> {
    let name = format!("{}-2", Cluster::Hub.name());
    let foreign = fleet.kind.create(&name)?;
    let said = fleet.expect(0, &["down", "--auto-approve"])?;
    engine::expect_gone(&Cluster::Hub.name()).with_context(|| said.to_string())?;
    engine::expect_gone(&Cluster::Spoke.name()).with_context(|| said.to_string())?;
    ensure!(foreign.kubectl(["get", "--raw", "/readyz"])?.contains("ok"), "{name} suffered: {said}");
    Ok(())
}

/// And says so.
pub fn a_second_down_has_nothing_to_do(fleet: &mut Fleet) -> Result<()> {
    let said = fleet.expect(0, &["down", "--auto-approve"])?;
    ensure!(said.stderr.contains("there is no cluster that bridge made"), "{said}");
    Ok(())
}

fn id(cluster: Cluster) -> Result<String> {
    engine::docker(&["inspect", "--format", "{{.Id}}", &cluster.node()])
}
