//! What a destroy leaves, and who may have it afterwards.

use crate::support::{Profile, World, secret};
use anyhow::Result;
use bridge_e2e::proxy::{Fault, Matcher};
use serde_json::{Value, json};

const DEFINITIONS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

/// The small profile in another namespace.
fn elsewhere() -> Profile {
    let argocd = "  manifests: { path: small.yaml }\n  namespace: elsewhere\n".to_owned();
    Profile { argocd, ..Profile::small() }
}

#[tokio::test]
async fn after_a_destroy_the_profile_may_move_to_another_namespace() -> Result<()> {
    let world = World::start().await?;
    world.profile(&Profile::small())?;
    world.apply(&[])?;
    world.expect(0, &["destroy", "--auto-approve"])?;
    world.profile(&elsewhere())?;
    world.expect(5, &["destroy", "--auto-approve"])?;
    let plan = world.expect(2, &["plan", "--detailed-exitcode"])?;
    assert!(plan.stdout.contains("applyset.kubernetes.io/part-of"), "the plan shows it: {plan}");
    world.apply(&[])?;
    world.expect_no_changes()?;
    world.expect(
        0,
        &["destroy", "--auto-approve", "--allow-delete", "CustomResourceDefinition/appprojects.argoproj.io"],
    )?;
    assert_eq!(
        world.get(&format!("{DEFINITIONS}/appprojects.argoproj.io")).await?,
        Value::Null,
        "it is owned"
    );
    Ok(())
}

#[tokio::test]
async fn what_another_profile_has_not_destroyed_is_not_taken() -> Result<()> {
    let world = World::start().await?;
    world.profile(&Profile::small())?;
    world.apply(&[])?;
    world.proxy.reset();
    world.profile(&Profile { name: "other".to_owned(), ..elsewhere() })?;
    world.expect(5, &["apply", "--auto-approve", "--no-wait"])?;
    assert!(world.proxy.writes().is_empty());
    world.profile(&Profile::small())?;
    world.expect(0, &["destroy", "--auto-approve"])?;
    // Its inventory still records the definitions, so that it can be asked to remove them.
    world.profile(&Profile { name: "other".to_owned(), ..elsewhere() })?;
    world.expect(5, &["apply", "--auto-approve", "--no-wait"]).map(|_| ())
}

/// Destroys all, with the namespace and whatever else is named, and plays the namespace controller, which does not run here.
async fn destroy_with_namespace(world: &World, more: &[&str]) -> Result<()> {
    let args = ["destroy", "--auto-approve", "--allow-delete", "Namespace/argocd"];
    let running = world.bridge(&[&args, more].concat())?.spawn()?;
    let path = "/api/v1/namespaces/argocd";
    let mut namespace = world.get(path).await?;
    while namespace["status"]["phase"] != "Terminating" && !running.stderr_so_far().contains("error") {
        tokio::task::yield_now().await;
        namespace = world.get(path).await?;
    }
    namespace["spec"]["finalizers"] = json!([]);
    world.send("PUT", &format!("{path}/finalize"), "application/json", &namespace).await?;
    let outcome = running.wait()?;
    assert_eq!(outcome.code, Some(0), "{outcome}");
    assert_eq!(world.get(path).await?, Value::Null);
    Ok(())
}

#[tokio::test]
async fn a_destroy_of_everything_that_is_named_leaves_nothing() -> Result<()> {
    let world = World::start().await?;
    world.profile(&Profile::small())?;
    world.apply(&[])?;
    let names = ["applications", "applicationsets", "appprojects"]
        .map(|name| format!("CustomResourceDefinition/{name}.argoproj.io"));
    let more: Vec<&str> = names.iter().flat_map(|name| ["--allow-delete", name.as_str()]).collect();
    destroy_with_namespace(&world, &more).await?;
    assert_eq!(world.versions().await?, Vec::new());
    world.expect_foreign_untouched()
}

#[tokio::test]
async fn the_definitions_of_an_inventory_that_went_with_its_namespace_are_taken_over() -> Result<()> {
    let world = World::start().await?;
    world.profile(&Profile::small())?;
    world.apply(&[])?;
    destroy_with_namespace(&world, &[]).await?;
    assert_ne!(world.get(&format!("{DEFINITIONS}/appprojects.argoproj.io")).await?, Value::Null);
    world.profile(&elsewhere())?;
    world.apply(&[])?;
    world.expect_no_changes()
}

#[tokio::test]
async fn a_definition_that_serves_no_version_is_not_deleted_with_what_nobody_can_see() -> Result<()> {
    let world = World::start().await?;
    world.profile(&Profile::small())?;
    world.apply(&[])?;
    world.expect(0, &["destroy", "--auto-approve"])?;
    let set = json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "ApplicationSet", "metadata": {"name": "theirs"}});
    let path = "/apis/argoproj.io/v1alpha1/namespaces/default/applicationsets";
    world.send("POST", path, "application/json", &set).await?;
    let definition = format!("{DEFINITIONS}/applicationsets.argoproj.io");
    let mut versions = world.get(&definition).await?["spec"]["versions"].clone();
    versions[0]["served"] = false.into();
    world.patch_as("kubectl-edit", &definition, &json!({"spec": {"versions": versions}})).await?;
    while world.get(path).await? != Value::Null {
        tokio::task::yield_now().await;
    }
    let args = ["--allow-delete", "CustomResourceDefinition/applicationsets.argoproj.io"];
    let outcome = world.run(&[&["destroy", "--auto-approve"], args.as_slice()].concat())?;
    assert!(outcome.stdout.contains("no served version"), "{outcome}");
    assert_eq!(world.get(&definition).await?["metadata"].get("deletionTimestamp"), None, "{outcome}");
    Ok(())
}

#[tokio::test]
async fn a_number_of_deletions_holds_over_all_profiles_of_a_command() -> Result<()> {
    let world = World::start().await?;
    let second = |profile: Profile| {
        let argocd = "  install: existing\n  namespace: second\n".to_owned();
        Profile { name: "second".to_owned(), argocd, ..profile }
    };
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "second"}});
    world.send("POST", "/api/v1/namespaces", "application/json", &namespace).await?;
    let write = |profile: Profile| -> Result<()> {
        world.profile(&profile)?;
        world.write("second.yaml", &second(profile).text())
    };
    let both = ["apply", "--auto-approve", "--no-wait", "-f", "bridge.yaml", "-f", "second.yaml"];
    write(Profile::small())?;
    world.expect(0, &both)?;
    write(Profile::small().without_spoke("spoke-dev").without_spoke("spoke-prod"))?;
    let outcome = world.expect(5, &[both.as_slice(), &["--allow-delete", "2"]].concat())?;
    assert!(outcome.stderr.contains("--allow-delete 4"), "{outcome}");
    assert_eq!(world.get(&secret("spoke-dev")).await?, Value::Null);
    assert_ne!(world.get("/api/v1/namespaces/second/secrets/spoke-dev").await?, Value::Null);
    world.expect(0, &[both.as_slice(), &["--allow-delete", "2"]].concat())?;
    assert_eq!(world.get("/api/v1/namespaces/second/secrets/spoke-dev").await?, Value::Null);
    Ok(())
}

#[tokio::test]
async fn an_object_that_no_webhook_lets_try_is_still_seen_to_be_somebody_elses() -> Result<()> {
    let world = World::start().await?;
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "argocd"}});
    world.send("POST", "/api/v1/namespaces", "application/json", &namespace).await?;
    let made = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "argocd-cm"}, "data": {"theirs": "yes"}});
    let path = "/api/v1/namespaces/argocd/configmaps";
    world.send("POST", &format!("{path}?fieldManager=helm"), "application/json", &made).await?;
    // Only configurations that were stored before Kubernetes 1.22 can still hold such a webhook; the words are the server's.
    let words = "admission webhook \"audit.example.com\" does not support dry run";
    let tried = Matcher::any().method("PATCH").path(&format!("{path}/argocd-cm")).dry_run(true);
    world.proxy.fail(tried, Fault::status(400, "BadRequest", words));
    world.profile(&Profile::small())?;
    let outcome = world.expect(5, &["apply", "--auto-approve", "--no-wait"])?;
    assert!(format!("{}{}", outcome.stdout, outcome.stderr).contains("--adopt helm"), "{outcome}");
    assert!(world.proxy.writes().is_empty());
    world.expect_foreign_untouched()
}

#[tokio::test]
async fn a_404_that_is_not_the_api_servers_is_no_proof_that_an_object_is_gone() -> Result<()> {
    let world = World::start().await?;
    world.profile(&Profile::small())?;
    world.apply(&[])?;
    let headers = vec![("Content-Type".to_owned(), "text/html".to_owned())];
    let page = Fault::Status { code: 404, headers, body: "<html>default backend</html>".to_owned() };
    world.proxy.fail(Matcher::any().path(&secret("spoke-dev")), page);
    world.profile(&Profile::small().without_spoke("spoke-dev"))?;
    let outcome = world.expect(1, &["apply", "--auto-approve", "--no-wait"])?;
    assert!(outcome.stdout.contains("0 destroyed"), "{outcome}");
    assert!(outcome.stderr.contains("HTTP 404 Not Found"), "{outcome}");
    world.proxy.reset();
    assert_ne!(world.get(&secret("spoke-dev")).await?, Value::Null);
    world.apply(&[])?;
    assert_eq!(world.get(&secret("spoke-dev")).await?, Value::Null);
    world.expect_no_changes()
}

#[tokio::test]
async fn a_namespace_is_not_deleted_while_a_part_of_the_api_cannot_be_asked() -> Result<()> {
    let world = World::start().await?;
    world.profile(&Profile::small())?;
    world.apply(&[])?;
    let service = json!({"apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService", "metadata": {"name": "v1.away.example.com"},
        "spec": {"group": "away.example.com", "version": "v1", "groupPriorityMinimum": 100, "versionPriority": 100,
            "insecureSkipTLSVerify": true, "service": {"name": "away", "namespace": "default"}}});
    world.send("POST", "/apis/apiregistration.k8s.io/v1/apiservices", "application/json", &service).await?;
    let args = ["--allow-delete", "Namespace/argocd"];
    let ask = || world.run(&[["plan", "--destroy"].as_slice(), &args].concat());
    let mut plan = ask()?;
    // Discovery takes a moment to notice.
    for _ in 0..100 {
        if plan.stdout.contains("away.example.com") {
            break;
        }
        plan = ask()?;
    }
    assert!(plan.stdout.contains("away.example.com/v1, which does not answer"), "{plan}");
    world.expect(0, &[["destroy", "--auto-approve"].as_slice(), &args].concat())?;
    assert_ne!(world.get("/api/v1/namespaces/argocd").await?["status"]["phase"], "Terminating");
    world.expect_foreign_untouched()
}
