//! What bridge deletes: only in the state in which it was judged, and forgotten only once it is gone.

use crate::support::{Patch, Profile, World, run_until, secret};
use anyhow::{Context, Result, ensure};
use bridge_e2e::proxy::{Matcher, Recorded};
use serde_json::{Value, json};

const APPLY: [&str; 3] = ["apply", "--auto-approve", "--no-wait"];
const KINDS: &str = "applyset.kubernetes.io/contains-group-kinds";

/// Prunes a cluster Secret that somebody protects after the plan, right before the DELETE comes in.
async fn is_kept_where_somebody_sets(metadata: Value) -> Result<()> {
    let world = World::start().await?;
    world.profile(&Profile::small())?;
    world.apply(&[])?;
    let before = world.get(&secret("spoke-dev")).await?;
    world.profile(&Profile::small().without_spoke("spoke-dev"))?;
    let protects = Patch {
        path: format!("{}?fieldManager=somebody", secret("spoke-dev")),
        content_type: "application/merge-patch+json",
        body: json!({ "metadata": metadata }),
    };
    let deletion = Matcher::any().method("DELETE").path(&secret("spoke-dev"));
    let outcome = run_until(&world, &APPLY, deletion, &protects).await?;
    ensure!(outcome.code == Some(5), "{outcome}");
    ensure!(outcome.stderr.contains("conflict: Secret/argocd/spoke-dev"), "{outcome}");
    let kept = world.get(&secret("spoke-dev")).await?;
    ensure!(kept["metadata"]["uid"] == before["metadata"]["uid"], "it was deleted: {kept}");
    ensure!(kept["metadata"].get("deletionTimestamp").is_none(), "{kept}");
    // The next plan sees what protects it.
    world.apply(&[])?;
    ensure!(world.get(&secret("spoke-dev")).await? == kept, "it was touched");
    world.expect_no_changes()
}

#[tokio::test]
async fn what_is_marked_to_be_kept_since_the_plan_is_not_pruned() -> Result<()> {
    is_kept_where_somebody_sets(json!({"annotations": {"bridge.gitops/keep": "true"}})).await
}

#[tokio::test]
async fn what_has_another_owner_since_the_plan_is_not_pruned() -> Result<()> {
    let owner = json!({"apiVersion": "v1", "kind": "ConfigMap", "name": "theirs", "uid": "5e1f"});
    is_kept_where_somebody_sets(json!({ "ownerReferences": [owner] })).await
}

#[tokio::test]
async fn what_is_in_another_apply_set_since_the_plan_is_not_pruned() -> Result<()> {
    let theirs = "applyset-theirs-v1";
    is_kept_where_somebody_sets(json!({"labels": {"applyset.kubernetes.io/part-of": theirs}})).await
}

fn deletions(world: &World) -> Vec<Recorded> {
    world.proxy.requests().into_iter().filter(|request| request.method == "DELETE").collect()
}

/// The uid and the resourceVersion that a deletion expects of its object.
fn preconditions(deletion: &Recorded) -> Result<(String, String)> {
    let options: Value = serde_json::from_slice(&deletion.body).context(deletion.line())?;
    let text = |key: &str| options["preconditions"][key].as_str().unwrap_or_default().to_owned();
    let (uid, version) = (text("uid"), text("resourceVersion"));
    ensure!(!uid.is_empty() && !version.is_empty(), "{}: {options}", deletion.line());
    Ok((uid, version))
}

#[tokio::test]
async fn every_deletion_names_the_object_that_was_planned_and_its_state() -> Result<()> {
    let world = World::start().await?;
    world.profile(&Profile::small())?;
    world.apply(&[])?;
    let pruned = world.get(&secret("spoke-dev")).await?["metadata"].clone();
    world.profile(&Profile::small().without_spoke("spoke-dev"))?;
    world.proxy.reset();
    world.apply(&[])?;
    let prune = deletions(&world);
    ensure!(prune.len() == 1 && prune[0].path == secret("spoke-dev"), "{prune:?}");
    let (uid, version) = preconditions(&prune[0])?;
    ensure!(pruned["uid"] == uid && pruned["resourceVersion"] == version, "{pruned}");

    let versions = world.resource_versions().await?;
    let names = ["applications", "applicationsets", "appprojects"]
        .map(|name| format!("CustomResourceDefinition/{name}.argoproj.io"));
    let mut args = vec!["destroy", "--auto-approve", "--timeout", "1s", "--allow-delete", "Namespace/argocd"];
    args.extend(names.iter().flat_map(|name| ["--allow-delete", name.as_str()]));
    world.proxy.reset();
    // Without its controller the namespace stays.
    world.expect(6, &args)?;
    let destroy = deletions(&world);
    for path in
        ["/api/v1/namespaces/argocd/configmaps/bridge", "/api/v1/namespaces/argocd", &secret("spoke-prod")]
    {
        ensure!(destroy.iter().any(|deletion| deletion.path == path), "{path} is not deleted");
    }
    for deletion in &destroy {
        let (uid, version) = preconditions(deletion)?;
        // The lock moves with each of its renewals.
        let is_lock = deletion.path.ends_with("/leases/bridge");
        ensure!(is_lock || versions.get(&uid) == Some(&version), "{}: {version}", deletion.line());
    }
    world.expect_foreign_untouched()
}

#[tokio::test]
async fn a_kind_is_recorded_until_its_last_object_is_gone() -> Result<()> {
    let world = World::start().await?;
    world.profile(&Profile::small())?;
    world.apply(&[])?;
    let policy = "/apis/networking.k8s.io/v1/namespaces/argocd/networkpolicies/server";
    let finalizers = |names: Value| json!({ "metadata": { "finalizers": names } });
    world.patch_as("controller", policy, &finalizers(json!(["example.com/stuck"]))).await?;
    let others =
        include_str!("support/small.yaml").split("---\n").filter(|text| !text.contains("NetworkPolicy"));
    world.write("small.yaml", &others.collect::<Vec<_>>().join("---\n"))?;
    let inventory = "/api/v1/namespaces/argocd/configmaps/bridge";
    let outcome = world.expect(6, &[&APPLY[..], &["--timeout", "1s"]].concat())?;
    ensure!(outcome.stderr.contains("held by the finalizer example.com/stuck"), "{outcome}");
    let records =
        |inventory: Value| inventory["metadata"]["annotations"][KINDS].to_string().contains("NetworkPolicy");
    ensure!(records(world.get(inventory).await?), "it is there and not recorded");
    world.patch_as("controller", policy, &finalizers(Value::Null)).await?;
    ensure!(world.get(policy).await?.is_null());
    world.apply(&[])?;
    ensure!(!records(world.get(inventory).await?), "it is gone and still recorded");
    world.expect_no_changes()
}
