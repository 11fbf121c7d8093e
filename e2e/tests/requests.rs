//! How much a plan asks of the API server: when nothing changed, one question for each kind.

mod support;

use std::collections::BTreeSet;

use anyhow::Result;
use bridge::cluster::CORE_KINDS;
use bridge_e2e::proxy::Recorded;
use serde_json::Value;
use support::{Profile, World};

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
