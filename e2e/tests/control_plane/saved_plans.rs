//! A plan that was saved is applied exactly, or refused with exit code 5 before anything is written.

use std::os::unix::fs::PermissionsExt;

use crate::support::{Profile, World, secret};
use anyhow::{Result, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bridge_e2e::bridge_cmd::Outcome;
use serde_json::{Value, json};

const TOKEN: &str = "planted-t0ken-value";
const APPLY: [&str; 3] = ["apply", "--no-wait", "it"];

fn tiered(tier: &str) -> Profile {
    Profile::small().spoke("spoke-dev", &format!("    labels: {{ tier: {tier} }}\n"))
}

/// A hub on which one label of a cluster was applied, and the saved plan of another value for it.
async fn planned() -> Result<World> {
    let world = World::start().await?;
    world.profile(&tiered("silver"))?;
    world.apply(&[])?;
    world.profile(&tiered("gold"))?;
    world.expect(0, &["plan", "--out", "it"])?;
    world.proxy.reset();
    Ok(world)
}

/// Refused with these words, and nothing was written.
fn is_refused(world: &World, outcome: &Outcome, words: &[&str]) -> Result<()> {
    ensure!(outcome.code == Some(5), "{outcome}");
    ensure!(words.iter().all(|word| outcome.stderr.contains(word)), "{words:?}: {outcome}");
    ensure!(outcome.stderr.contains("nothing was written"), "{outcome}");
    ensure!(world.proxy.writes().is_empty(), "{:?}", world.proxy.writes());
    Ok(())
}

async fn tier(world: &World) -> Result<Value> {
    Ok(world.get(&secret("spoke-dev")).await?["metadata"]["labels"]["tier"].clone())
}

#[tokio::test]
async fn a_saved_plan_holds_no_secret_and_is_applied_once() -> Result<()> {
    let world = World::start().await?;
    world.profile(&Profile::small())?;
    let plan = world.expect(0, &["plan", "--out", "it"])?;
    ensure!(plan.stderr.contains("bridge apply it"), "{plan}");
    ensure!(world.proxy.writes().is_empty(), "a plan writes nothing");
    let mode = std::fs::metadata(world.path("it"))?.permissions().mode();
    ensure!(mode & 0o777 == 0o600, "{mode:o}");
    let text = std::fs::read_to_string(world.path("it"))?;
    let config = json!({ "bearerToken": TOKEN }).to_string();
    for hidden in
        [TOKEN.to_owned(), STANDARD.encode(TOKEN), STANDARD.encode(config), "bearerToken".to_owned()]
    {
        ensure!(!text.contains(hidden.trim_end_matches('=')), "{hidden} is in the plan file");
    }
    let saved: Value = serde_json::from_str(&text)?;
    let created = saved["changes"].as_array().map(Vec::len);
    ensure!(created > Some(10), "{created:?}");
    let other = world.bridge(&APPLY)?.env("PLANTED_TOKEN", "another-t0ken-value").run()?;
    is_refused(&world, &other, &["BRG3019", "env PLANTED_TOKEN"])?;
    let applied = world.expect(0, &APPLY)?;
    ensure!(applied.stdout.contains(&format!("{} added", created.unwrap_or_default())), "{applied}");
    world.expect_no_changes()?;
    world.proxy.reset();
    is_refused(&world, &world.run(&APPLY)?, &["BRG3005", "was to be created, and now it is not"])
}

/// What the document says otherwise than the committed schema.
fn follows(of: &str, document: &Value) -> Result<()> {
    let path = format!("{}/../docs/schemas/{of}.json", env!("CARGO_MANIFEST_DIR"));
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(path)?)?;
    let validator = jsonschema::validator_for(&schema)?;
    let errors: Vec<String> = validator.iter_errors(document).map(|error| error.to_string()).collect();
    ensure!(errors.is_empty(), "{of}: {errors:?}\n{document:#}");
    Ok(())
}

#[tokio::test]
async fn what_machines_read_follows_the_committed_schemas() -> Result<()> {
    let world = World::start().await?;
    world.profile(&tiered("silver"))?;
    for is_first in [true, false] {
        let plan = world.expect(0, &["plan", "--out", "it", "--output", "json"])?;
        follows("plan", &serde_json::from_str(&plan.stdout)?)?;
        let saved: Value = serde_json::from_str(&std::fs::read_to_string(world.path("it"))?)?;
        follows("plan-file", &saved)?;
        let has_fields = saved["changes"][0]["fields"][0]["after"]["value"] == "gold";
        ensure!(has_fields != is_first, "{saved:#}");
        let applied = world.expect(0, &["apply", "--no-wait", "it", "--output", "json"])?;
        ensure!(applied.stdout.lines().count() > 3, "{applied}");
        for line in applied.stdout.lines() {
            follows("apply", &serde_json::from_str(line)?)?;
        }
        world.profile(&tiered("gold"))?;
    }
    Ok(())
}

#[tokio::test]
async fn what_others_change_beside_the_plan_does_not_matter() -> Result<()> {
    let world = planned().await?;
    let patch = json!({ "metadata": { "labels": { "theirs": "yes" } } });
    world.patch_as("kubectl-edit", &secret("spoke-dev"), &patch).await?;
    let applied = world.expect(0, &APPLY)?;
    ensure!(applied.stdout.contains("0 added, 1 changed, 0 destroyed"), "{applied}");
    ensure!(
        tier(&world).await? == "gold"
            && world.get(&secret("spoke-dev")).await?["metadata"]["labels"]["theirs"] == "yes"
    );
    world.expect_no_changes()
}

#[tokio::test]
async fn what_was_planned_and_moved_is_refused() -> Result<()> {
    let world = planned().await?;
    let patch = json!({ "metadata": { "labels": { "tier": "hand" } } });
    world.patch_as("bridge", &secret("spoke-dev"), &patch).await?;
    let outcome = world.run(&APPLY)?;
    is_refused(&world, &outcome, &["BRG3005", "Secret/argocd/spoke-dev"])?;
    ensure!(tier(&world).await? == "hand");
    // Another object than the planned one, too.
    let name = json!({ "metadata": { "labels": { "cluster_name": "hand" } } });
    world.patch_as("kubectl-edit", &secret("spoke-prod"), &name).await?;
    is_refused(&world, &world.run(&APPLY)?, &["2 of the objects", "Secret/argocd/spoke-prod: it belongs"])?;
    world.send("DELETE", &secret("spoke-dev"), "application/json", &json!({})).await?;
    is_refused(&world, &world.run(&APPLY)?, &["was to be updated, and is to be created now"])
}

#[tokio::test]
async fn another_profile_secret_or_cluster_is_refused() -> Result<()> {
    let world = planned().await?;
    let other = world.bridge(&APPLY)?.env("PLANTED_TOKEN", "another-t0ken-value").run()?;
    is_refused(&world, &other, &["BRG3005", "with another value", "env PLANTED_TOKEN"])?;
    ensure!(!other.stderr.contains("t0ken-value") && !other.stdout.contains("t0ken-value"), "{other}");
    world.profile(&tiered("platinum"))?;
    is_refused(&world, &world.run(&APPLY)?, &["BRG3019", "the profile is not the one"])?;
    world.profile(&tiered("gold"))?;
    let elsewhere = World::on(world.hub.sibling().await?).await?;
    elsewhere.profile(&tiered("gold"))?;
    std::fs::copy(world.path("it"), elsewhere.path("it"))?;
    is_refused(&elsewhere, &elsewhere.run(&APPLY)?, &["BRG3016", "another cluster"])?;
    ensure!(tier(&world).await? == "silver");
    world.expect(0, &APPLY)?;
    world.expect_no_changes()
}

#[tokio::test]
async fn a_secret_that_moved_on_the_hub_is_refused_although_the_plan_looks_the_same() -> Result<()> {
    let world = World::start().await?;
    world.profile(&Profile::small())?;
    world.apply(&[])?;
    let with = |token: &str, args: &[&str]| world.bridge(args)?.env("PLANTED_TOKEN", token).run();
    let plan = with("second-t0ken-value", &["plan", "--out", "it"])?;
    ensure!(plan.code == Some(0) && plan.stdout.contains("(sensitive, changed)"), "{plan}");
    let third = with("third-t0ken-value", &["apply", "--auto-approve", "--no-wait"])?;
    ensure!(third.code == Some(0), "{third}");
    world.proxy.reset();
    is_refused(&world, &with("second-t0ken-value", &APPLY)?, &["BRG3019", "replaces on the hub"])?;
    let again = with("second-t0ken-value", &["plan", "--out", "it"])?;
    ensure!(again.code == Some(0), "{again}");
    let applied = with("second-t0ken-value", &APPLY)?;
    ensure!(applied.code == Some(0) && applied.stdout.contains("2 changed"), "{applied}");
    Ok(())
}

#[tokio::test]
async fn what_is_masked_in_the_profile_counts_too() -> Result<()> {
    let world = World::start().await?;
    let of = |user: &str| {
        let repository =
            "repositories:\n  - name: platform\n    url: https://git.example.com/acme/platform.git\n    ";
        let credentials =
            format!("credentials: {{ username: {user}, password: {{ env: PLANTED_TOKEN }} }}\n");
        Profile::small().with(&format!("{repository}{credentials}"))
    };
    world.profile(&of("bob"))?;
    world.expect(0, &["plan", "--out", "it"])?;
    world.profile(&of("eve"))?;
    is_refused(&world, &world.run(&APPLY)?, &["BRG3005", "data.username is another one"])?;
    world.profile(&of("bob"))?;
    world.expect(0, &APPLY)?;
    world.expect_no_changes()
}

#[tokio::test]
async fn a_plan_file_brings_its_variables_and_its_consents() -> Result<()> {
    let world = World::start().await?;
    let profile = tiered("\"${var.tier}\"").with("variables: { tier: { description: x } }\n");
    world.profile(&profile)?;
    world.expect(0, &["plan", "--out", "it", "--var", "tier=gold"])?;
    world.expect(0, &APPLY)?;
    ensure!(tier(&world).await? == "gold");
    world.profile(&Profile::small().without_spoke("spoke-dev").without_spoke("spoke-prod"))?;
    let plan = world.expect(0, &["plan", "--out", "it"])?;
    ensure!(plan.stderr.contains("--allow-delete 2"), "{plan}");
    world.proxy.reset();
    is_refused(&world, &world.run(&APPLY)?, &["BRG3004", "bridge plan --out"])?;
    world.expect(0, &["plan", "--out", "it", "--allow-delete", "2"])?;
    let applied = world.expect(0, &APPLY)?;
    ensure!(applied.stdout.contains("2 destroyed"), "{applied}");
    world.expect_no_changes()
}

#[tokio::test]
async fn a_deletion_is_of_what_was_shown() -> Result<()> {
    let world = World::start().await?;
    let (both, one) = (Profile::small(), Profile::small().without_spoke("spoke-dev"));
    world.profile(&both)?;
    world.apply(&[])?;
    world.profile(&one)?;
    world.expect(0, &["plan", "--out", "it"])?;
    // A colleague keeps the cluster, and changes it.
    world.profile(&tiered("gold"))?;
    world.apply(&[])?;
    world.profile(&one)?;
    world.proxy.reset();
    is_refused(
        &world,
        &world.run(&APPLY)?,
        &["BRG3005", "Secret/argocd/spoke-dev", "metadata.labels.tier is new"],
    )?;
    world.expect(0, &["plan", "--destroy", "--out", "it"])?;
    let patch = json!({ "metadata": { "labels": { "mine": "yes" } } });
    world.patch_as("kubectl-edit", &secret("spoke-prod"), &patch).await?;
    is_refused(
        &world,
        &world.run(&["apply", "it"])?,
        &["Secret/argocd/spoke-prod", "metadata.labels.mine is new"],
    )?;
    world.expect(0, &["plan", "--destroy", "--out", "it"])?;
    let destroyed = world.expect(0, &["apply", "it"])?;
    ensure!(destroyed.stdout.contains("Destroy complete!"), "{destroyed}");
    ensure!(world.get(&secret("spoke-prod")).await?.is_null());
    Ok(())
}
