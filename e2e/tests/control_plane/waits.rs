//! Waiting for workloads: nothing runs pods here, so the test plays the controllers by writing their status.

use std::time::Duration;

use crate::support::{self, Profile, World};
use anyhow::{Result, ensure};
use serde_json::{Value, json};

const DEPLOYMENT: &str = "/apis/apps/v1/namespaces/argocd/deployments/server";
const STATEFUL_SET: &str = "/apis/apps/v1/namespaces/argocd/statefulsets/argocd-application-controller";
const APPLICATION_SETS: &str = "/apis/argoproj.io/v1alpha1/namespaces/argocd/applicationsets";

async fn become_ready(world: &World) -> Result<()> {
    let counts = json!({"observedGeneration": 1, "replicas": 1, "updatedReplicas": 1, "readyReplicas": 1, "availableReplicas": 1});
    let mut of_set = counts.clone();
    of_set["currentRevision"] = "one".into();
    of_set["updateRevision"] = "one".into();
    for (path, status) in [(DEPLOYMENT, counts), (STATEFUL_SET, of_set)] {
        world.patch_as("controller", &format!("{path}/status"), &json!({ "status": status })).await?;
    }
    Ok(())
}

/// What Argo CD's controller says of an ApplicationSet once it has made its Applications.
async fn application_sets_become_ready(world: &World) -> Result<()> {
    let condition = |kind: &str, status: &str| json!({"type": kind, "status": status, "lastTransitionTime": "2036-01-01T00:00:00Z"});
    let status = json!({"conditions": [condition("ErrorOccurred", "False"), condition("ParametersGenerated", "True"), condition("ResourcesUpToDate", "True")]});
    for name in ["addons", "workloads"] {
        let path = format!("{APPLICATION_SETS}/{name}");
        while world.get(&path).await? == Value::Null {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        world.patch_as("controller", &path, &json!({ "status": status })).await?;
    }
    Ok(())
}

#[tokio::test]
async fn an_apply_that_is_not_ready_in_time_says_what_is_missing_and_a_second_one_goes_on_waiting()
-> Result<()> {
    let world = World::start().await?;
    world.profile(&Profile::small())?;
    let late = world.expect(6, &["apply", "--auto-approve", "--timeout", "1s"])?;
    ensure!(late.stderr.contains("Deployment/argocd/server") && late.stderr.contains("BRG3008"), "{late}");
    // What does not need running workloads was applied all the same.
    ensure!(world.get(&support::secret("spoke-dev")).await? != Value::Null);
    world.proxy.reset();
    world.expect(6, &["apply", "--auto-approve", "--timeout", "1s"])?;
    ensure!(world.proxy.writes().is_empty(), "waiting writes nothing");
    become_ready(&world).await?;
    application_sets_become_ready(&world).await?;
    world.expect(0, &["apply", "--auto-approve", "--timeout", "20s"])?;
    Ok(())
}

#[tokio::test]
async fn an_apply_ends_as_soon_as_everything_is_ready() -> Result<()> {
    let world = World::start().await?;
    world.profile(&Profile::small())?;
    let running = world.bridge(&["apply", "--auto-approve", "--timeout", "60s"])?.spawn()?;
    while world.get(STATEFUL_SET).await? == Value::Null || world.get(DEPLOYMENT).await? == Value::Null {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    while !running.stderr_so_far().contains("waiting") {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    become_ready(&world).await?;
    application_sets_become_ready(&world).await?;
    let outcome = running.wait()?;
    ensure!(outcome.code == Some(0), "{outcome}");
    Ok(())
}

#[tokio::test]
async fn a_profile_that_installs_nothing_waits_for_the_argo_cd_of_somebody_else() -> Result<()> {
    let world = World::start().await?;
    let argocd = "  install: existing\n".to_owned();
    world.profile(&Profile { argocd, ..Profile::small() })?;
    let absent = world.expect(1, &["apply", "--auto-approve", "--timeout", "1s"])?;
    ensure!(absent.stderr.contains("BRG3011"), "{absent}");
    ensure!(world.proxy.writes().is_empty());
    let running = world.bridge(&["apply", "--auto-approve", "--timeout", "60s"])?.spawn()?;
    let manifest = include_str!("support/small.yaml");
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "argocd"}});
    world.send("POST", "/api/v1/namespaces", "application/json", &namespace).await?;
    let definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    for document in
        manifest.split("---\n").filter(|document| document.contains("kind: CustomResourceDefinition"))
    {
        world.send_yaml("POST", definitions, document).await?;
    }
    application_sets_become_ready(&world).await?;
    let outcome = running.wait()?;
    ensure!(outcome.code == Some(0), "{outcome}");
    world.expect_no_changes()
}
