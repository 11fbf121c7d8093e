//! Applying, and applying again: against a real API server.

use crate::support::{Profile, World, secret};
use anyhow::Result;
use serde_json::json;

#[tokio::test]
async fn apply_then_plan_is_empty_and_a_second_apply_writes_nothing() -> Result<()> {
    let world = World::start().await?;
    world.profile(&Profile::official())?;
    let outcome = world.apply(&[])?;
    assert!(
        outcome.stdout.contains("Apply complete! Resources: 65 added, 0 changed, 0 destroyed."),
        "{outcome}"
    );
    world.expect_no_changes()?;
    let before = world.versions().await?;
    assert!(before.len() > 60, "{}", before.len());
    world.proxy.reset();
    world.apply(&[])?;
    assert_eq!(
        world.proxy.writes().iter().map(|write| write.line()).collect::<Vec<_>>(),
        Vec::<String>::new()
    );
    assert_eq!(world.versions().await?, before);
    Ok(())
}

#[tokio::test]
async fn one_label_is_one_line_and_one_write() -> Result<()> {
    let world = World::start().await?;
    world.profile(&Profile::small().spoke("spoke-dev", "    env: dev\n"))?;
    world.apply(&[])?;
    world.profile(&Profile::small().spoke("spoke-dev", "    env: dev\n    labels: { tier: gold }\n"))?;
    let plan = world.expect(2, &["plan", "--detailed-exitcode"])?;
    let changed: Vec<&str> =
        plan.stdout.lines().filter(|line| line.trim_start().starts_with(['+', '~', '-'])).collect();
    assert_eq!(changed.iter().filter(|line| line.contains("tier")).count(), 1, "{plan}");
    assert!(plan.stdout.contains("Plan: 0 to add, 1 to change, 0 to destroy."), "{plan}");
    world.proxy.reset();
    world.apply(&[])?;
    assert_eq!(
        world.proxy.object_writes().len(),
        1,
        "{:?}",
        world.proxy.object_writes().iter().map(|w| w.line()).collect::<Vec<_>>()
    );
    assert_eq!(world.get(&secret("spoke-dev")).await?["metadata"]["labels"]["tier"], "gold");
    world.expect_no_changes()
}

#[tokio::test]
async fn what_others_put_on_a_secret_survives_and_a_removed_toggle_goes() -> Result<()> {
    let world = World::start().await?;
    let toggles = "    addons: { cert_manager: true, metrics_server: true }\n";
    world.profile(&Profile::small().spoke("spoke-dev", toggles))?;
    world.apply(&[])?;
    let labels = json!({"metadata": {"labels": {"argocd.argoproj.io/kubernetes-version": "v1.36.3"},
        "annotations": {"argocd.argoproj.io/refresh": "2026-01-01"}}});
    world.patch_as("argocd-controller", &secret("spoke-dev"), &labels).await?;
    world.expect_no_changes()?;
    world.profile(&Profile::small().spoke("spoke-dev", "    addons: { cert_manager: true }\n"))?;
    world.apply(&[])?;
    let metadata = world.get(&secret("spoke-dev")).await?["metadata"].clone();
    assert_eq!(metadata["labels"]["argocd.argoproj.io/kubernetes-version"], "v1.36.3");
    assert_eq!(metadata["annotations"]["argocd.argoproj.io/refresh"], "2026-01-01");
    assert_eq!(metadata["labels"]["enable_cert_manager"], "true");
    assert!(metadata["labels"].get("enable_metrics_server").is_none(), "{metadata}");
    Ok(())
}

#[tokio::test]
async fn every_flavor_installs_also_in_a_namespace_of_its_own() -> Result<()> {
    for (flavor, objects) in [("standard", 60), ("ha", 71), ("core", 36), ("namespaced", 54)] {
        let world = World::start().await?;
        let argocd = format!("  version: v3.5.3\n  flavor: {flavor}\n  namespace: gitops\n");
        world.profile(&Profile { argocd, ..Profile::official() })?;
        world.apply(&[]).map_err(|error| error.context(flavor))?;
        world.expect_no_changes()?;
        assert!(world.versions().await?.len() >= objects, "{flavor}: {}", world.versions().await?.len());
        let bindings = world.get("/apis/rbac.authorization.k8s.io/v1/clusterrolebindings").await?;
        let ours = bindings["items"].as_array().unwrap().iter();
        let ours = ours.filter(|binding| {
            binding["metadata"]["name"].as_str().unwrap_or_default().starts_with("argocd-")
        });
        for subject in ours.flat_map(|binding| binding["subjects"].as_array().cloned().unwrap_or_default()) {
            assert_eq!(subject["namespace"], "gitops", "{flavor}");
        }
        let sets = world
            .get("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/applicationsets.argoproj.io")
            .await?;
        assert_eq!(sets["spec"]["names"]["kind"], "ApplicationSet", "{flavor}");
    }
    Ok(())
}

#[tokio::test]
async fn tokens_that_argocd_minted_survive_and_are_no_drift() -> Result<()> {
    let world = World::start().await?;
    let project = |description: &str| {
        Profile::official().with(&format!(
            "projects:\n  - name: team-a\n    description: {description}\n    sourceRepos: [\"*\"]\n    \
             destinations: [{{ name: \"*\", namespace: \"team-a-*\" }}]\n    \
             roles: [{{ name: ci, policies: [\"p, proj:team-a:ci, applications, sync, team-a/*, allow\"] }}]\n"
        ))
    };
    world.profile(&project("one"))?;
    world.apply(&[])?;
    let path = "/apis/argoproj.io/v1alpha1/namespaces/argocd/appprojects/team-a";
    let mut live = world.get(path).await?;
    live["spec"]["roles"][0]["jwtTokens"] = json!([{"iat": 1_700_000_000, "id": "one"}]);
    world.send("PUT", &format!("{path}?fieldManager=argocd-server"), "application/json", &live).await?;
    world.expect_no_changes()?;
    world.profile(&project("two"))?;
    world.apply(&[])?;
    let live = world.get(path).await?;
    assert_eq!(live["spec"]["description"], "two");
    assert_eq!(live["spec"]["roles"][0]["jwtTokens"][0]["id"], "one");
    Ok(())
}

#[tokio::test]
async fn a_client_certificate_works_without_the_proxy() -> Result<()> {
    let world = World::start().await?;
    world.profile(&Profile::small())?;
    let kubeconfig = world.hub.kubeconfig_cert("hub")?;
    let outcome = world.bridge(&["apply", "--auto-approve", "--no-wait"])?.kubeconfig(&kubeconfig).run()?;
    assert_eq!(outcome.code, Some(0), "{outcome}");
    world.expect_no_changes()
}

#[tokio::test]
async fn an_object_in_another_version_than_the_preferred_one_is_no_drift() -> Result<()> {
    let world = World::start().await?;
    let scaler = "---\napiVersion: autoscaling/v1\nkind: HorizontalPodAutoscaler\nmetadata: { name: server }\nspec:\n  \
                  maxReplicas: 3\n  targetCPUUtilizationPercentage: 80\n  \
                  scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: server }\n";
    world.write("small.yaml", &format!("{}{scaler}", include_str!("support/small.yaml")))?;
    world.profile(&Profile::small())?;
    world.apply(&[])?;
    world.expect_no_changes()
}
