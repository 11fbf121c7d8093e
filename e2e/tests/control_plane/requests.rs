//! How much a plan asks of the API server: when nothing changed, one question for each kind.

use std::collections::BTreeSet;

use crate::support::{Profile, World};
use anyhow::Result;
use bridge::cluster::CORE_KINDS;
use bridge_e2e::proxy::Recorded;
use serde_json::Value;

/// Every flavor as bridge renders it, with a hub, spokes, projects and the root ApplicationSets.
#[tokio::test]
async fn a_plan_of_no_change_tries_nothing_and_asks_once_for_each_kind() -> Result<()> {
    let first = World::start().await?;
    for flavor in ["standard", "ha", "core", "namespaced"] {
        let world = World::on(first.hub.sibling().await?).await?;
        let projects = "projects:\n  - { name: team-a, sourceRepos: [\"https://git.example.com/*\"], destinations: [{ name: \"*\", namespace: team-a }] }\n";
        let argocd = format!("  version: v3.5.3\n  flavor: {flavor}\n");
        world.profile(&Profile { argocd, ..Profile::small() }.with(projects))?;
        world.apply(&[])?;
        world.proxy.reset();
        world.expect_no_changes()?;
        let requests = world.proxy.requests();
        let lines: Vec<String> = requests.iter().map(Recorded::line).collect();
        assert!(!requests.iter().any(Recorded::is_dry_run), "{flavor}: {lines:#?}");
        let lists: Vec<&str> = paths_of_lists(&requests);
        let kinds: BTreeSet<&str> = lists.iter().copied().collect();
        // The kinds' own pages are counted once more where a kind takes several.
        let pages = lists.len() - kinds.len() + 1;
        assert!(requests.len() <= kinds.len() + pages + 3, "{flavor}: {lines:#?}");
    }
    Ok(())
}

/// What others write into bridge's objects, a status or a label of their own, is no reason to ask about them.
#[tokio::test]
async fn what_others_write_beside_bridge_costs_no_dry_run() -> Result<()> {
    let world = World::start().await?;
    let repositories =
        "repositories:\n  - { name: addons, url: \"https://git.example.com/acme/addons.git\" }\n";
    world.profile(&Profile::official().with(repositories))?;
    world.apply(&[])?;
    for (path, field) in [
        ("/api/v1/namespaces/argocd/secrets/spoke-dev", "annotations"),
        ("/apis/apps/v1/namespaces/argocd/deployments/argocd-server", "annotations"),
        ("/apis/argoproj.io/v1alpha1/namespaces/argocd/applicationsets/addons", "labels"),
    ] {
        let patch = serde_json::json!({ "metadata": { field: { "example.com/seen": "yes" } } });
        world.patch_as("argocd-controller", path, &patch).await?;
    }
    let server = "/apis/apps/v1/namespaces/argocd/deployments/argocd-server/status";
    world
        .patch_as("kube-controller-manager", server, &serde_json::json!({ "status": { "replicas": 1 } }))
        .await?;
    world.proxy.reset();
    world.expect_no_changes()?;
    let requests = world.proxy.requests();
    let dry_runs: Vec<String> =
        requests.iter().filter(|request| request.is_dry_run()).map(Recorded::line).collect();
    assert_eq!(dry_runs, Vec::<String>::new());
    Ok(())
}

/// More clusters than one page of a LIST holds, and more objects of a kind than requests run at once.
#[tokio::test]
async fn a_fleet_of_several_pages_is_created_without_dry_runs_and_read_to_its_last_page() -> Result<()> {
    let world = World::start().await?;
    world
        .send_yaml(
            "POST",
            "/api/v1/namespaces",
            "apiVersion: v1\nkind: Namespace\nmetadata: { name: argocd }",
        )
        .await?;
    let mut profile = Profile::small();
    profile.clusters.extend((0..520).map(|number| {
        (format!("fleet-{number:03}"), format!("https://fleet-{number:03}.example.com"), String::new())
    }));
    world.profile(&profile)?;
    world.apply(&[])?;
    let first = world.proxy.requests();
    let secrets = |request: &&Recorded| request.path == "/api/v1/namespaces/argocd/secrets";
    assert!(!first.iter().any(|request| request.is_dry_run() && request.path.contains("/secrets/")));
    // Whatever their labels: what is there already, and whose it is.
    let all =
        first.iter().filter(secrets).filter(|request| !request.query.contains("labelSelector=")).count();
    assert_eq!(all, 1, "one LIST tells that none of them is there");

    world.proxy.reset();
    world.expect_no_changes()?;
    let requests = world.proxy.requests();
    assert!(!requests.iter().any(Recorded::is_dry_run), "an object of a later page was not seen");
    let pages: Vec<&str> = requests.iter().filter(secrets).map(|request| request.query.as_str()).collect();
    assert!(pages.iter().any(|query| query.contains("continue=")), "{pages:#?}");
    // An unset resourceVersion is what makes a LIST consistent.
    assert!(!pages.iter().any(|query| query.contains("resourceVersion=")), "{pages:#?}");

    let last = "fleet-519";
    world.profile(&profile.clone().without_spoke(last))?;
    let outcome = world.apply(&[])?;
    assert!(outcome.stdout.contains("0 added, 0 changed, 1 destroyed"), "{}", outcome.stdout);
    let left =
        world.get("/api/v1/namespaces/argocd/secrets?labelSelector=argocd.argoproj.io/secret-type=cluster");
    let left = left.await?["items"].as_array().map(Vec::len);
    assert_eq!(left, Some(profile.clusters.len()), "the hub and all others but one are there");
    Ok(())
}

fn paths_of_lists(requests: &[Recorded]) -> Vec<&str> {
    let lists = requests.iter().filter(|request| request.query.contains("limit="));
    lists.map(|request| request.path.as_str()).collect()
}

/// The core group's kinds are known without a question; a server is asked here whether that is true.
#[tokio::test]
async fn the_core_group_has_the_kinds_that_bridge_knows() -> Result<()> {
    let world = World::start().await?;
    let list = world.get("/api/v1").await?;
    let text = |resource: &Value, field: &str| resource[field].as_str().unwrap_or_default().to_owned();
    let served: BTreeSet<(String, String, bool)> = list["resources"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|resource| resource["verbs"].as_array().is_some_and(|verbs| verbs.contains(&"list".into())))
        // Deprecated since 1.19, and nothing that anybody writes.
        .filter(|resource| resource["kind"] != "ComponentStatus")
        .map(|one| (text(one, "kind"), text(one, "name"), one["namespaced"] == true))
        .collect();
    let known = CORE_KINDS.map(|(kind, plural, namespaced)| (kind.to_owned(), plural.to_owned(), namespaced));
    assert_eq!(served, BTreeSet::from(known));
    Ok(())
}
