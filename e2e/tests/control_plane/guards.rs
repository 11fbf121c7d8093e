//! What bridge must never do: delete or overwrite what it does not own, or more than was meant.

use crate::support::{Profile, World, secret};
use anyhow::Result;
use serde_json::{Value, json};

#[tokio::test]
async fn a_cluster_that_left_the_profile_is_pruned_and_nothing_else() -> Result<()> {
    let world = World::start().await?;
    world.profile(&Profile::small())?;
    world.apply(&[])?;
    let foreign = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "foreign", "labels": {"argocd.argoproj.io/secret-type": "cluster"}}});
    world.send("POST", "/api/v1/namespaces/argocd/secrets", "application/json", &foreign).await?;
    world.profile(&Profile::small().without_spoke("spoke-dev"))?;
    let plan = world.expect(2, &["plan", "--detailed-exitcode"])?;
    assert!(plan.stdout.contains("Plan: 0 to add, 0 to change, 1 to destroy."), "{plan}");
    assert!(
        plan.stdout
            .contains("- Secret/argocd/spoke-dev server=https://dev.example.com:6443 cluster_name=spoke-dev"),
        "{plan}"
    );
    world.apply(&[])?;
    assert_eq!(world.get(&secret("spoke-dev")).await?, Value::Null);
    assert_ne!(world.get(&secret("spoke-prod")).await?, Value::Null);
    assert_ne!(world.get(&secret("foreign")).await?, Value::Null);
    world.expect_no_changes()
}

#[tokio::test]
async fn a_wrong_profile_does_not_empty_the_fleet() -> Result<()> {
    let world = World::start().await?;
    world.profile(&Profile::small())?;
    world.apply(&[])?;
    let before = world.versions().await?;
    world.proxy.reset();
    world.profile(&Profile::small().without_spoke("spoke-dev").without_spoke("spoke-prod"))?;
    let plan = world.expect(0, &["plan"])?;
    assert!(plan.stdout.contains("--auto-approve needs --allow-delete 2 beside it"), "{plan}");
    let outcome = world.expect(5, &["apply", "--auto-approve", "--no-wait"])?;
    assert!(outcome.stderr.contains("--allow-delete 2"), "{outcome}");
    assert!(world.proxy.writes().is_empty());
    assert_eq!(world.versions().await?, before);
    world.apply(&["--allow-delete", "2"])?;
    assert_eq!(world.get(&secret("spoke-prod")).await?, Value::Null);
    world.expect_foreign_untouched()
}

#[tokio::test]
async fn a_second_profile_on_the_same_hub_writes_nothing() -> Result<()> {
    let world = World::start().await?;
    world.profile(&Profile::small())?;
    world.apply(&[])?;
    world.proxy.reset();
    world.profile(&Profile { name: "other".to_owned(), ..Profile::small() })?;
    let outcome = world.expect(5, &["apply", "--auto-approve", "--no-wait"])?;
    assert!(outcome.stderr.contains("acme") && outcome.stderr.contains("--rename-from acme"), "{outcome}");
    assert!(world.proxy.writes().is_empty());
    world.apply(&["--rename-from", "acme"])?;
    world.expect_no_changes()
}

#[tokio::test]
async fn targets_disable_prune_and_touch_nothing_else() -> Result<()> {
    let world = World::start().await?;
    world.profile(&Profile::small())?;
    world.apply(&[])?;
    let labels = "    labels: { tier: gold }\n";
    world.profile(&Profile::small().without_spoke("spoke-dev").spoke("spoke-prod", labels))?;
    let plan = world.expect(2, &["plan", "--detailed-exitcode", "--target", "Secret/spoke-prod"])?;
    assert!(plan.stdout.contains("Plan: 0 to add, 1 to change, 0 to destroy."), "{plan}");
    world.apply(&["--target", "Secret/spoke-prod"])?;
    let again = world.expect(0, &["plan", "--detailed-exitcode", "--target", "Secret/spoke-prod"])?;
    assert!(again.stdout.contains("No changes to the targets."), "{again}");
    assert_ne!(world.get(&secret("spoke-dev")).await?, Value::Null);
    assert_eq!(world.get(&secret("spoke-prod")).await?["metadata"]["labels"]["tier"], "gold");
    world.expect(3, &["plan", "--target", "Secret/nobody"]).map(|_| ())
}

#[tokio::test]
async fn destroy_removes_what_is_owned_and_keeps_namespace_definitions_and_foreign_objects() -> Result<()> {
    let world = World::start().await?;
    world.profile(&Profile::official())?;
    world.apply(&[])?;
    let foreign = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "foreign"}});
    world.send("POST", "/api/v1/namespaces/argocd/configmaps", "application/json", &foreign).await?;
    let plan = world.expect(2, &["plan", "--destroy", "--detailed-exitcode"])?;
    assert!(plan.stdout.contains("0 to add, 0 to change, 61 to destroy"), "{plan}");
    assert!(
        plan.stdout.contains("ApplicationSet/argocd/addons (its Applications go; the workloads"),
        "{plan}"
    );
    assert!(plan.stdout.contains("# 4 objects are kept"), "{plan}");
    world.expect(0, &["destroy", "--auto-approve"])?;
    let left = world.versions().await?;
    assert!(
        left.iter().all(|(name, _)| name.contains("namespaces/argocd")
            || name.contains("configmaps/bridge")
            || name.contains("customresourcedefinitions")),
        "{left:?}"
    );
    assert_eq!(left.len(), 5, "{left:?}");
    assert_ne!(world.get("/api/v1/namespaces/argocd/configmaps/foreign").await?, Value::Null);
    assert_ne!(
        world.get("/api/v1/namespaces/argocd/configmaps/bridge").await?,
        Value::Null,
        "it records what stays"
    );
    let definition = "CustomResourceDefinition/applications.argoproj.io";
    world.expect(0, &["destroy", "--auto-approve", "--allow-delete", definition])?;
    assert_eq!(world.versions().await?.len(), 4);
    let refused = world.run(&["destroy", "--auto-approve", "--allow-delete", "Namespace/argocd"])?;
    assert!(
        refused.stdout.contains("ConfigMap/foreign") || refused.stderr.contains("ConfigMap/foreign"),
        "{refused}"
    );
    assert_ne!(world.get("/api/v1/namespaces/argocd").await?, Value::Null);
    world.profile(&Profile::official())?;
    world.apply(&[])?;
    world.expect_no_changes()
}

#[tokio::test]
async fn copied_labels_and_other_owners_protect_an_object_from_prune() -> Result<()> {
    let world = World::start().await?;
    world.profile(&Profile::small())?;
    world.apply(&[])?;
    let label =
        world.get(&secret("spoke-dev")).await?["metadata"]["labels"]["applyset.kubernetes.io/part-of"]
            .clone();
    let copied = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "copied", "labels": {"applyset.kubernetes.io/part-of": label}}});
    world.send("POST", "/api/v1/namespaces/argocd/secrets", "application/json", &copied).await?;
    let keep = json!({"metadata": {"annotations": {"bridge.gitops/keep": "true"}}});
    world.patch_as("kubectl-annotate", &secret("spoke-dev"), &keep).await?;
    world.profile(&Profile::small().without_spoke("spoke-dev"))?;
    world.apply(&[])?;
    assert_ne!(world.get(&secret("spoke-dev")).await?, Value::Null);
    assert_ne!(world.get(&secret("copied")).await?, Value::Null);
    world.expect(0, &["destroy", "--auto-approve"])?;
    assert_ne!(world.get(&secret("copied")).await?, Value::Null);
    assert_ne!(world.get(&secret("spoke-dev")).await?, Value::Null);
    world.expect_foreign_untouched()
}

#[tokio::test]
async fn conflicts_are_named_and_forced_only_where_allowed() -> Result<()> {
    let world = World::start().await?;
    world.profile(&Profile::small().spoke("spoke-dev", "    env: dev\n"))?;
    world.apply(&[])?;
    let path = secret("spoke-dev");
    world.patch_as("kubectl-edit", &path, &json!({"metadata": {"labels": {"env": "test"}}})).await?;
    world.proxy.reset();
    let plan = world.expect(5, &["apply", "--auto-approve", "--no-wait"])?;
    let said = format!("{}{}", plan.stdout, plan.stderr);
    assert!(said.contains("kubectl-edit") && said.contains(".metadata.labels.env"), "{plan}");
    assert!(said.contains("--force-conflicts Secret/spoke-dev:.metadata.labels.env"), "{plan}");
    assert!(said.contains("\"test\"; the profile says \"dev\""), "{plan}");
    assert!(world.proxy.writes().is_empty());
    world.apply(&["--force-conflicts", "Secret/spoke-dev:.metadata.labels.env"])?;
    assert_eq!(world.get(&path).await?["metadata"]["labels"]["env"], "dev");
    world.expect_no_changes()
}

#[tokio::test]
async fn an_object_that_somebody_else_made_is_taken_only_with_consent() -> Result<()> {
    let world = World::start().await?;
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "argocd"}});
    world
        .send("POST", "/api/v1/namespaces?fieldManager=kubectl-create", "application/json", &namespace)
        .await?;
    let made = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "spoke-dev",
        "labels": {"argocd.argoproj.io/secret-type": "cluster", "theirs": "yes", "cluster_name": "spoke-dev"}}});
    world
        .send("POST", "/api/v1/namespaces/argocd/secrets?fieldManager=HashiCorp", "application/json", &made)
        .await?;
    world.profile(&Profile::small())?;
    let refused = world.expect(5, &["apply", "--auto-approve", "--no-wait"])?;
    assert!(format!("{}{}", refused.stdout, refused.stderr).contains("--adopt HashiCorp"), "{refused}");
    let mistyped = world.expect(5, &["apply", "--auto-approve", "--no-wait", "--adopt", "Hashicorp"])?;
    assert!(mistyped.stderr.contains("--adopt Hashicorp: nothing"), "{mistyped}");
    assert!(world.proxy.writes().is_empty());
    world.apply(&["--adopt", "HashiCorp"])?;
    let live = world.get(&secret("spoke-dev")).await?;
    assert_eq!(live["metadata"]["labels"]["theirs"], "yes");
    let theirs = live["metadata"]["managedFields"]
        .as_array()
        .unwrap()
        .iter()
        .find(|entry| entry["manager"] == "HashiCorp");
    assert!(
        theirs.is_none_or(|entry| entry.pointer("/fieldsV1/f:metadata/f:labels/f:cluster_name").is_none()),
        "{theirs:?}"
    );
    world.expect_no_changes()
}

#[tokio::test]
async fn a_renamed_cluster_keeps_its_secret() -> Result<()> {
    let world = World::start().await?;
    world.profile(&Profile::small())?;
    world.apply(&[])?;
    let uid = world.get(&secret("spoke-dev")).await?["metadata"]["uid"].clone();
    let mut renamed = Profile::small();
    renamed.clusters[0].0 = "spoke-test".to_owned();
    world.profile(&renamed)?;
    world.apply(&[])?;
    let live = world.get(&secret("spoke-dev")).await?;
    assert_eq!(live["metadata"]["uid"], uid);
    assert_eq!(live["metadata"]["labels"]["cluster_name"], "spoke-test");
    assert_eq!(world.get(&secret("spoke-test")).await?, Value::Null);
    world.expect_no_changes()
}

#[tokio::test]
async fn a_foreign_inventory_stops_everything() -> Result<()> {
    let world = World::start().await?;
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "argocd"}});
    world.send("POST", "/api/v1/namespaces", "application/json", &namespace).await?;
    let foreign = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "bridge"}, "data": {"theirs": "yes"}});
    world.send("POST", "/api/v1/namespaces/argocd/configmaps", "application/json", &foreign).await?;
    world.profile(&Profile::small())?;
    let outcome = world.expect(5, &["apply", "--auto-approve", "--no-wait"])?;
    assert!(outcome.stderr.contains("BRG3001"), "{outcome}");
    world.expect(5, &["destroy", "--auto-approve"])?;
    assert!(world.proxy.writes().is_empty());
    world.expect_foreign_untouched()
}

#[tokio::test]
async fn an_argo_cd_that_is_handed_over_to_somebody_else_is_left_alone() -> Result<()> {
    let world = World::start().await?;
    world.profile(&Profile::small())?;
    world.apply(&[])?;
    let before = world.versions().await?;
    let argocd = "  install: existing\n".to_owned();
    world.profile(&Profile { argocd: argocd.clone(), ..Profile::small() })?;
    let plan = world.expect(0, &["plan", "--detailed-exitcode"])?;
    assert!(plan.stdout.contains("argocd.install: existing"), "{plan}");
    world.apply(&[])?;
    assert_eq!(world.versions().await?, before);
    world.profile(&Profile { argocd, ..Profile::small().without_spoke("spoke-dev") })?;
    world.apply(&[])?;
    assert_eq!(world.get(&secret("spoke-dev")).await?, Value::Null, "clusters are still bridge's");
    let plan = world.run(&["plan", "--destroy", "--allow-delete", "Namespace/argocd"])?;
    assert!(plan.stdout.contains("# Namespace/argocd is kept") && plan.stdout.contains("would go"), "{plan}");
    world.expect(0, &["destroy", "--auto-approve"])?;
    assert_ne!(world.get("/apis/apps/v1/namespaces/argocd/deployments/server").await?, Value::Null);
    assert_eq!(world.get(&secret("spoke-prod")).await?, Value::Null);
    Ok(())
}

#[tokio::test]
async fn a_second_destroy_waits_for_the_applications_that_the_first_left() -> Result<()> {
    let world = World::start().await?;
    world.profile(&Profile::small())?;
    world.apply(&[])?;
    let sets = "/apis/argoproj.io/v1alpha1/namespaces/argocd/applicationsets";
    let uid = world.get(&format!("{sets}/addons")).await?["metadata"]["uid"].clone();
    let owner =
        json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "ApplicationSet", "name": "addons", "uid": uid});
    let metadata = json!({"name": "addons", "ownerReferences": [owner], "finalizers": ["resources-finalizer.argocd.argoproj.io"]});
    let application =
        json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "metadata": metadata});
    let path = "/apis/argoproj.io/v1alpha1/namespaces/argocd/applications";
    world.send("POST", path, "application/json", &application).await?;
    for _ in 0..2 {
        let outcome = world.run(&["destroy", "--auto-approve", "--timeout", "1s"])?;
        assert!(outcome.code != Some(0), "{outcome}");
        assert!(outcome.stderr.contains("Application/argocd/addons"), "{outcome}");
        assert_ne!(world.get("/apis/apps/v1/namespaces/argocd/deployments/server").await?, Value::Null);
        assert_ne!(world.get(&secret("spoke-dev")).await?, Value::Null);
    }
    let path = format!("{path}/addons");
    world.patch_as("argocd-controller", &path, &json!({"metadata": {"finalizers": null}})).await?;
    world.send("DELETE", &path, "application/json", &json!({})).await?;
    world.expect(0, &["destroy", "--auto-approve"])?;
    assert_eq!(world.get(&secret("spoke-dev")).await?, Value::Null);
    Ok(())
}

#[tokio::test]
async fn a_target_never_takes_the_secret_that_a_renamed_cluster_keeps() -> Result<()> {
    let world = World::start().await?;
    world.profile(&Profile::small())?;
    world.apply(&[])?;
    let mut swapped = Profile::small();
    let old = swapped.clusters[0].1.clone();
    swapped.clusters[0].1 = "https://new.example.com".to_owned();
    swapped.clusters.push(("renamed".to_owned(), old.clone(), String::new()));
    world.profile(&swapped)?;
    world.apply(&["--target", "Secret/spoke-dev"])?;
    let secrets = world.get("/api/v1/namespaces/argocd/secrets").await?;
    use base64::Engine;
    let old = base64::engine::general_purpose::STANDARD.encode(old);
    let kept =
        secrets["items"].as_array().unwrap().iter().filter(|secret| secret["data"]["server"] == old.as_str());
    assert_eq!(kept.count(), 1, "no cluster was lost");
    world.apply(&[])?;
    world.expect_no_changes()
}

#[tokio::test]
async fn without_its_inventory_nothing_is_destroyed() -> Result<()> {
    let world = World::start().await?;
    world.profile(&Profile::small())?;
    world.apply(&[])?;
    world
        .send("DELETE", "/api/v1/namespaces/argocd/configmaps/bridge", "application/json", &json!({}))
        .await?;
    world.proxy.reset();
    let outcome = world.expect(5, &["destroy", "--auto-approve"])?;
    assert!(outcome.stderr.contains("BRG3015"), "{outcome}");
    assert!(world.proxy.writes().is_empty());
    world.apply(&[])?;
    world.expect(0, &["destroy", "--auto-approve"])?;
    world.expect_foreign_untouched()
}

#[tokio::test]
async fn one_profile_never_lives_in_two_namespaces() -> Result<()> {
    let world = World::start().await?;
    world.profile(&Profile::small())?;
    world.apply(&[])?;
    world.proxy.reset();
    let argocd = "  manifests: { path: small.yaml }\n  namespace: elsewhere\n".to_owned();
    world.profile(&Profile { argocd, ..Profile::small() })?;
    let outcome = world.expect(5, &["apply", "--auto-approve", "--no-wait"])?;
    assert!(outcome.stderr.contains("argocd.namespace: argocd"), "{outcome}");
    assert!(world.proxy.writes().is_empty());
    Ok(())
}

#[tokio::test]
async fn what_appears_between_plan_and_write_is_not_taken_over() -> Result<()> {
    let world = World::start().await?;
    world.profile(&Profile::small())?;
    world.apply(&[])?;
    let mut more = Profile::small();
    more.clusters.push((
        "spoke-new".to_owned(),
        "https://new.example.com".to_owned(),
        "    labels: { a: b }\n".to_owned(),
    ));
    more.clusters[0].2.push_str("    labels: { tier: gold }\n");
    world.profile(&more)?;
    // The label of spoke-dev is in the same wave; --parallelism 1 writes it first, and then somebody is faster.
    let client = world.hub.client().await?;
    let theirs = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "spoke-new"}, "data": {"theirs": "eA=="}});
    let request = http::Request::post("/api/v1/namespaces/argocd/secrets?fieldManager=kubectl-create");
    let request = request.header("content-type", "application/json").body(serde_json::to_vec(&theirs)?)?;
    let handle = tokio::runtime::Handle::current();
    let (send, done) = std::sync::mpsc::channel();
    world.proxy.on_write(1, move || {
        handle.spawn(async move {
            let _ = send.send(client.request::<Value>(request).await.is_ok());
        });
        let _ = done.recv();
    });
    let bridge = world.bridge(&["apply", "--auto-approve", "--no-wait", "--parallelism", "1"])?;
    let outcome = tokio::task::spawn_blocking(move || bridge.run()).await??;
    assert_eq!(outcome.code, Some(5), "{outcome}");
    let live = world.get(&secret("spoke-new")).await?;
    assert!(live["data"].get("server").is_none() && live["data"]["theirs"] == "eA==", "{live}");
    Ok(())
}
