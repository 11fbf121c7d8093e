//! What happens between the plan and its writes: bridge looks again, and does only what was shown.

use crate::support::{Patch, Profile, World, run_while, secret};
use anyhow::Result;
use bridge_e2e::bridge_cmd::Victim;
use bridge_e2e::proxy::{Fault, Matcher};
use serde_json::{Value, json};

/// The address leads to another cluster from its n-th question for the uid on.
fn moves_to_another_cluster(world: &World, nth: usize) {
    let other = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "kube-system", "uid": "another"}});
    let headers = vec![("Content-Type".to_owned(), "application/json".to_owned())];
    let fault = Fault::Status { code: 200, headers, body: other.to_string() };
    world.proxy.fail(Matcher::any().method("GET").path("/api/v1/namespaces/kube-system").nth(nth), fault);
}

#[tokio::test]
async fn a_cluster_that_is_another_one_by_the_first_write_is_not_written() -> Result<()> {
    let world = World::start().await?;
    world.profile(&Profile::small())?;
    moves_to_another_cluster(&world, 2);
    let first = world.expect(5, &["apply", "--auto-approve", "--no-wait"])?;
    assert!(first.stderr.contains("BRG3016") && first.stderr.contains("another"), "{first}");
    assert!(world.proxy.writes().is_empty());
    world.proxy.reset();
    world.apply(&[])?;
    let before = world.versions().await?;
    world.profile(&Profile::small().without_spoke("spoke-dev"))?;
    for args in [["apply", "--auto-approve", "--no-wait"].as_slice(), &["destroy", "--auto-approve"]] {
        world.proxy.reset();
        moves_to_another_cluster(&world, 2);
        world.expect(5, args)?;
        assert!(world.proxy.writes().is_empty(), "{args:?}");
    }
    assert_eq!(world.versions().await?, before);
    world.expect_foreign_untouched()
}

/// The namespace and a cluster Secret that Terraform made.
async fn made_by_terraform(world: &World) -> Result<()> {
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "argocd"}});
    world
        .send("POST", "/api/v1/namespaces?fieldManager=kubectl-create", "application/json", &namespace)
        .await?;
    let labels =
        json!({"argocd.argoproj.io/secret-type": "cluster", "theirs": "yes", "cluster_name": "spoke-dev"});
    let metadata = json!({"name": "spoke-dev", "labels": labels});
    let made =
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": {"config": "e30="}});
    world
        .send("POST", "/api/v1/namespaces/argocd/secrets?fieldManager=HashiCorp", "application/json", &made)
        .await?;
    Ok(())
}

/// The fields that a manager owns.
fn share(live: &Value, manager: &str) -> Value {
    let entries = live["metadata"]["managedFields"].as_array().into_iter().flatten();
    entries.filter(|entry| entry["manager"] == manager).map(|entry| entry["fieldsV1"].clone()).collect()
}

#[tokio::test]
async fn an_adoption_that_is_killed_between_its_writes_is_finished_by_a_plain_apply() -> Result<()> {
    let whole = World::start().await?;
    whole.profile(&Profile::small())?;
    made_by_terraform(&whole).await?;
    let adopt = ["apply", "--auto-approve", "--no-wait", "--parallelism", "1", "--adopt", "HashiCorp"];
    whole.expect(0, &adopt)?;
    let expected = whole.get(&secret("spoke-dev")).await?;
    let theirs = share(&expected, "HashiCorp");
    assert!(theirs[0].pointer("/f:metadata/f:labels/f:theirs").is_some(), "{theirs}");
    for taken in ["/f:metadata/f:labels/f:cluster_name", "/f:data/f:config", "/f:type"] {
        assert!(theirs[0].pointer(taken).is_none(), "{taken} in {theirs}");
    }
    let writes: Vec<String> = whole.proxy.object_writes().iter().map(|write| write.path.clone()).collect();
    let first = writes.iter().position(|path| *path == secret("spoke-dev")).unwrap() + 1;
    assert_eq!(writes[first], secret("spoke-dev"), "an adoption is two writes");
    let world = World::on(whole.hub.sibling().await?).await?;
    world.profile(&Profile::small())?;
    made_by_terraform(&world).await?;
    let victim = Victim::default();
    let hook = victim.clone();
    world.proxy.on_write(first, move || {
        hook.kill();
    });
    let killed = world.bridge(&adopt)?.victim(&victim).run()?;
    assert_eq!(killed.signal, Some(9), "{killed}");
    let plan = world.expect(2, &["plan", "--detailed-exitcode"])?;
    assert!(plan.stdout.contains("spoke-dev"), "the plan shows what is left: {plan}");
    world.apply(&[])?;
    let live = world.get(&secret("spoke-dev")).await?;
    for manager in ["bridge", "HashiCorp"] {
        assert_eq!(share(&live, manager), share(&expected, manager), "{manager}");
    }
    assert_eq!(live["metadata"]["labels"], expected["metadata"]["labels"]);
    world.expect_no_changes()
}

#[tokio::test]
async fn an_object_that_lost_its_managers_is_adopted_whole() -> Result<()> {
    let world = World::start().await?;
    made_by_terraform(&world).await?;
    let stripped = json!({"metadata": {"managedFields": [{}]}});
    world.patch_as("x", &secret("spoke-dev"), &stripped).await?;
    world.profile(&Profile::small())?;
    world.apply(&["--adopt", "before-first-apply"])?;
    let live = world.get(&secret("spoke-dev")).await?;
    let theirs = share(&live, "before-first-apply");
    assert!(theirs[0].pointer("/f:metadata/f:labels/f:theirs").is_some(), "{theirs}");
    assert!(theirs[0].pointer("/f:data/f:config").is_none(), "{theirs}");
    world.expect_no_changes()
}

#[tokio::test]
async fn a_secret_value_that_moves_after_the_plan_is_not_overwritten_although_the_plan_looks_the_same()
-> Result<()> {
    let world = World::start().await?;
    made_by_terraform(&world).await?;
    world.profile(&Profile::small())?;
    let rotated = Patch {
        path: format!("{}?fieldManager=HashiCorp", secret("spoke-dev")),
        content_type: "application/merge-patch+json",
        body: json!({"data": {"config": "eyJhIjoxfQ=="}}),
    };
    let args = ["apply", "--auto-approve", "--no-wait", "--adopt", "HashiCorp"];
    let outcome = run_while(&world, &args, 1, &rotated).await?;
    assert_eq!(outcome.code, Some(5), "{outcome}");
    assert!(outcome.stderr.contains("somebody changed it since it was planned"), "{outcome}");
    assert_eq!(world.get(&secret("spoke-dev")).await?["data"]["config"], "eyJhIjoxfQ==");
    world.apply(&["--adopt", "HashiCorp"])?;
    world.expect_no_changes()
}

#[tokio::test]
async fn what_another_run_of_bridge_has_written_since_the_plan_is_not_pruned() -> Result<()> {
    let world = World::start().await?;
    world.profile(&Profile::small())?;
    world.apply(&[])?;
    let labels = world.get(&secret("spoke-dev")).await?["metadata"]["labels"].clone();
    let metadata = json!({"name": "spoke-dev", "labels": labels, "annotations": {"run": "another"}});
    let again = Patch {
        path: format!("{}?fieldManager=bridge", secret("spoke-dev")),
        content_type: "application/apply-patch+yaml",
        body: json!({"apiVersion": "v1", "kind": "Secret", "metadata": metadata}),
    };
    let changed = Profile::small().without_spoke("spoke-dev").spoke("spoke-prod", "    labels: { a: b }\n");
    world.profile(&changed)?;
    let outcome = run_while(&world, &["apply", "--auto-approve", "--no-wait"], 1, &again).await?;
    assert_eq!(outcome.code, Some(5), "{outcome}");
    assert_eq!(world.get(&secret("spoke-dev")).await?["metadata"]["annotations"]["run"], "another");
    world.expect_foreign_untouched()
}

#[tokio::test]
async fn an_inventory_that_another_run_has_written_since_the_plan_is_not_removed() -> Result<()> {
    let world = World::start().await?;
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "argocd"}});
    world.send("POST", "/api/v1/namespaces", "application/json", &namespace).await?;
    world.profile(&Profile::small())?;
    world.apply(&[])?;
    let inventory = "/api/v1/namespaces/argocd/configmaps/bridge";
    let kinds = "applyset.kubernetes.io/contains-group-kinds";
    let recorded = world.get(inventory).await?["metadata"]["annotations"][kinds].clone();
    let more = format!("{},Job.batch", recorded.as_str().unwrap());
    let widened = Patch {
        path: format!("{inventory}?fieldManager=bridge-applyset"),
        content_type: "application/merge-patch+json",
        body: json!({"metadata": {"annotations": {kinds: more}}}),
    };
    let definitions = ["applications", "applicationsets", "appprojects"]
        .map(|name| format!("CustomResourceDefinition/{name}.argoproj.io"));
    let mut args = vec!["destroy", "--auto-approve", "--allow-delete", "Namespace/argocd"];
    args.extend(definitions.iter().flat_map(|name| ["--allow-delete", name.as_str()]));
    // The namespace is shared, yet bridge has set a label on it; with it kept, it would still have to be recorded.
    let outcome = run_while(&world, &args, 3, &widened).await?;
    assert_eq!(outcome.code, Some(5), "{outcome}");
    assert!(outcome.stderr.contains("another run of bridge"), "{outcome}");
    assert_eq!(world.get(inventory).await?["metadata"]["annotations"][kinds], more);
    assert_ne!(world.get("/api/v1/namespaces/argocd").await?["status"]["phase"], "Terminating");
    world.expect_foreign_untouched()
}

#[tokio::test]
async fn what_bridge_makes_is_recorded_before_it_is_made() -> Result<()> {
    let world = World::start().await?;
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "argocd"}});
    world.send("POST", "/api/v1/namespaces", "application/json", &namespace).await?;
    let manifest = format!(
        "{}---\napiVersion: v1\nkind: Namespace\nmetadata: {{ name: beside }}\n",
        include_str!("support/small.yaml")
    );
    world.write("small.yaml", &manifest)?;
    world.profile(&Profile::small())?;
    world.apply(&[])?;
    let first = world.proxy.object_writes()[0].path.clone();
    assert_eq!(first, "/api/v1/namespaces/argocd/configmaps/bridge");
    let world = World::on(world.hub.sibling().await?).await?;
    world.write("small.yaml", &manifest)?;
    world.profile(&Profile::small())?;
    world.apply(&[])?;
    let paths: Vec<String> =
        world.proxy.object_writes().iter().take(3).map(|write| write.path.clone()).collect();
    let home = "/api/v1/namespaces/argocd";
    assert_eq!(paths[..2], [home.to_owned(), format!("{home}/configmaps/bridge")], "{paths:?}");
    world.expect_no_changes()
}
