//! Every fault of the table, injected between bridge and a real API server: the run ends with the exit code and the words of
//! its row, and one more run without the fault leaves what a run in one go leaves. Nothing foreign is touched, and no secret
//! is shown.

mod inject;
mod rows;
mod surroundings;
mod table;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::support::{Profile, World, secret};
use anyhow::{Context, Result, ensure};
use bridge_e2e::bridge_cmd::Outcome;
use inject::{Rules, Runs};
use serde_json::{Value, json};
use table::{Row, Shown, Verdict, rows};
use tokio::task::JoinSet;

const APPLY: [&str; 3] = ["apply", "--auto-approve", "--no-wait"];
const DESTROY: [&str; 2] = ["destroy", "--auto-approve"];
/// Longer than a server may hang.
const PATIENCE: Duration = Duration::from_secs(180);

fn run(world: &World, args: &[&str]) -> Result<Outcome> {
    let outcome = world.bridge(args)?.timeout(PATIENCE).run()?;
    world.expect_no_secret(&outcome)?;
    Ok(outcome)
}

/// Runs under a fault, checks what its row says, and runs again without it.
async fn survives(world: &World, row: &Row, rules: Rules, args: &[&str], expected: &[Value]) -> Result<()> {
    let before = world.versions().await?;
    world.proxy.reset();
    let rules_count = rules.len();
    for (matcher, fault) in rules {
        world.proxy.fail(matcher, fault);
    }
    let outcome = run(world, args)?;
    let requests = world.proxy.requests();
    let broken = requests.iter().filter(|request| request.broken).count();
    ensure!(broken >= rules_count, "only {broken} requests were hit: {outcome}");
    ensure!(outcome.code == Some(row.exit), "expected exit code {}: {outcome}", row.exit);
    ensure!(format!("{}{}", outcome.stdout, outcome.stderr).contains(row.reads), "{outcome}");
    let was_written = world.versions().await? != before;
    match row.verdict {
        Verdict::Done => ensure!(world.state().await? == expected, "it did not do all: {outcome}"),
        Verdict::Partly => {
            ensure!(was_written && world.state().await? != expected, "not one part of it: {outcome}");
            ensure!(outcome.stderr.contains("not tried"), "{outcome}");
        }
        Verdict::Nothing => {
            let written = world.proxy.object_writes().len();
            ensure!(!was_written && written == 0, "{written} writes: {outcome}");
        }
        Verdict::Other(_) => {}
    }
    world.proxy.reset();
    let again = run(world, args)?;
    ensure!(again.code == Some(0), "the rerun: {again}");
    let state = world.state().await?;
    ensure!(state == expected, "another state: {state:#?} after {outcome} and {again}");
    world.expect_foreign_untouched()
}

/// The runs of rows of one sort.
fn runs(of: fn(&Shown) -> Option<Runs>) -> Vec<(&'static Row, Rules)> {
    let with_rules =
        |row: &'static Row| of(&row.shown).map(|rules| rules().into_iter().map(move |rules| (row, rules)));
    rows().filter_map(with_rules).flatten().collect()
}

/// Runs each on one API server after the other, from one side of the fleet to the other and back.
async fn change(world: &World, runs: Vec<(&'static Row, Rules)>) -> Result<()> {
    let mut states = Vec::new();
    for side in [0, 1] {
        world.profile(&Profile::fleet(side))?;
        world.apply(&[])?;
        states.push(world.state().await?);
    }
    for (turn, (row, rules)) in runs.into_iter().enumerate() {
        let side = turn % 2;
        world.profile(&Profile::fleet(side))?;
        survives(world, row, rules, &APPLY, &states[side]).await.context(row.fault)?;
        world.expect_no_changes().context(row.fault)?;
    }
    Ok(())
}

/// Changes side by side, on so many API servers.
async fn change_on(servers: usize, runs: Vec<(&'static Row, Rules)>) -> Result<()> {
    let first = World::start().await?;
    let mut running = JoinSet::new();
    for share in runs.chunks(runs.len().div_ceil(servers)) {
        let (world, share) = (World::on(first.hub.sibling().await?).await?, share.to_vec());
        running.spawn(async move { change(&world, share).await });
    }
    while let Some(survived) = running.join_next().await {
        survived??;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn while_a_fleet_is_changed() -> Result<()> {
    let is_change = |shown: &Shown| if let Shown::Change(rules) = shown { Some(*rules) } else { None };
    change_on(3, runs(is_change)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn while_the_server_hangs() -> Result<()> {
    let runs = runs(|shown| if let Shown::Slow(rules) = shown { Some(*rules) } else { None });
    change_on(runs.len(), runs).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn in_a_first_apply() -> Result<()> {
    let whole = World::start().await?;
    whole.profile(&Profile::small())?;
    whole.apply(&[])?;
    let expected = Arc::new(whole.state().await?);
    let mut running = JoinSet::new();
    for (row, rules) in runs(|shown| if let Shown::First(rules) = shown { Some(*rules) } else { None }) {
        let (world, expected) = (World::on(whole.hub.sibling().await?).await?, Arc::clone(&expected));
        running.spawn(async move {
            world.profile(&Profile::small())?;
            survives(&world, row, rules, &APPLY, &expected).await.context(row.fault)?;
            world.expect_no_changes().context(row.fault)
        });
    }
    while let Some(survived) = running.join_next().await {
        survived??;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn in_a_destroy() -> Result<()> {
    let world = World::start().await?;
    world.profile(&Profile::small())?;
    world.apply(&[])?;
    world.expect(0, &DESTROY)?;
    let expected = world.state().await?;
    for (row, rules) in runs(|shown| if let Shown::Destroy(rules) = shown { Some(*rules) } else { None }) {
        world.proxy.reset();
        world.apply(&[])?;
        survives(&world, row, rules, &DESTROY, &expected).await.context(row.fault)?;
    }
    Ok(())
}

#[tokio::test]
async fn a_stuck_finalizer_is_named_and_the_next_apply_ends_the_deletion() -> Result<()> {
    let world = World::start().await?;
    world.profile(&Profile::small())?;
    world.apply(&[])?;
    let finalizers = |names: Value| json!({ "metadata": { "finalizers": names } });
    let path = secret("spoke-dev");
    world.patch_as("controller", &path, &finalizers(json!(["example.com/stuck"]))).await?;
    world.profile(&Profile::small().without_spoke("spoke-dev"))?;
    let outcome = run(&world, &[&APPLY[..], &["--timeout", "1s"]].concat())?;
    ensure!(outcome.code == Some(6) && outcome.stderr.contains("BRG3010"), "{outcome}");
    ensure!(outcome.stderr.contains("held by the finalizer example.com/stuck"), "{outcome}");
    world.patch_as("controller", &path, &finalizers(Value::Null)).await?;
    ensure!(world.get(&path).await?.is_null());
    world.apply(&[])?;
    let expected = world.state_of(&Profile::small().without_spoke("spoke-dev")).await?;
    ensure!(world.state().await? == expected, "another state");
    world.expect_no_changes()
}

#[tokio::test]
async fn members_of_another_apply_set_with_the_same_label_survive() -> Result<()> {
    let world = World::start().await?;
    world.profile(&Profile::small())?;
    world.apply(&[])?;
    let part_of = "applyset.kubernetes.io/part-of";
    let ours = world.get(&secret("spoke-dev")).await?["metadata"]["labels"][part_of].clone();
    // As `kubectl apply --applyset` leaves its members: applied, with the label, by its own manager.
    let metadata =
        json!({"name": "theirs", "labels": {part_of: ours, "argocd.argoproj.io/secret-type": "cluster"}});
    let theirs = json!({"apiVersion": "v1", "kind": "Secret", "metadata": metadata});
    let path = format!("{}?fieldManager=kubectl-applyset", secret("theirs"));
    world.send("PATCH", &path, "application/apply-patch+yaml", &theirs).await?;
    let kept = world.get(&secret("theirs")).await?;
    let pruned = Profile::small().without_spoke("spoke-dev");
    world.profile(&pruned)?;
    world.apply(&[])?;
    let mut state = world.state().await?;
    state.retain(|object| object["metadata"]["name"] != "theirs");
    ensure!(state == world.state_of(&pruned).await?, "another state");
    world.expect(0, &DESTROY)?;
    ensure!(world.get(&secret("theirs")).await? == kept, "it was touched");
    world.expect_foreign_untouched()
}

#[tokio::test]
async fn an_object_without_its_managers_is_neither_overwritten_nor_deleted() -> Result<()> {
    let world = World::start().await?;
    world.profile(&Profile::small())?;
    world.apply(&[])?;
    let stripped = json!({"metadata": {"managedFields": [{}]}});
    world.patch_as("x", &secret("spoke-dev"), &stripped).await?;
    let kept = world.get(&secret("spoke-dev")).await?;
    world.profile(&Profile::small().spoke("spoke-dev", "    labels: { tier: gold }\n"))?;
    let outcome = run(&world, &APPLY)?;
    ensure!(outcome.code == Some(5), "{outcome}");
    ensure!(
        format!("{}{}", outcome.stdout, outcome.stderr).contains("--adopt before-first-apply"),
        "{outcome}"
    );
    world.profile(&Profile::small().without_spoke("spoke-dev"))?;
    world.apply(&[])?;
    ensure!(world.get(&secret("spoke-dev")).await? == kept, "it was touched");
    world.profile(&Profile::small())?;
    world.apply(&["--adopt", "before-first-apply"])?;
    ensure!(world.state().await? == world.state_of(&Profile::small()).await?, "another state");
    world.expect_no_changes()
}

const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/faults.md");
const BEGIN: &str = "<!-- faults: begin -->\n";
const END: &str = "<!-- faults: end -->";

#[test]
fn the_document_shows_the_table() -> Result<()> {
    let document = std::fs::read_to_string(DOCUMENT)?;
    let (before, rest) = document.split_once(BEGIN).context("no table")?;
    let (shown, after) = rest.split_once(END).context("no end of the table")?;
    let table = table::markdown();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(DOCUMENT, format!("{before}{BEGIN}{table}{END}{after}"))?;
        return Ok(());
    }
    ensure!(shown == table, "docs/faults.md shows another table; UPDATE_GOLDEN=1 writes this one:\n{table}");
    Ok(())
}

/// The tests that the table names elsewhere look for what it says, as far as their text and that of what they call shows it.
#[test]
fn the_tests_that_the_table_names_look_for_its_words_and_its_exit_codes() -> Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/control_plane");
    let read = |file: &str| std::fs::read_to_string(folder.join(file)).with_context(|| file.to_owned());
    let shared = ["mod.rs", "replacing.rs"].map(|file| read(&format!("support/{file}")));
    let shared = shared.into_iter().collect::<Result<String>>()?;
    for Row { exit, reads, shown, .. } in rows() {
        let Shown::By(file, test) = shown else { continue };
        let text = called(&format!("{}{shared}", read(file)?), test)?;
        ensure!(text.contains(reads), "{test} does not look for `{reads}`");
        let codes = [format!("Some({exit})"), format!("expect({exit}, "), format!(", {exit}, ")];
        ensure!(codes.iter().any(|code| text.contains(code.as_str())), "{test} does not look for {exit}");
    }
    Ok(())
}

/// The text of a function, and of every other one in the source that it calls.
fn called(source: &str, name: &str) -> Result<String> {
    // Each begins after a blank line or an attribute, and its own text follows its name.
    let functions: Vec<(&str, &str)> = source
        .split("fn ")
        .filter_map(|text| text.split_once('('))
        .filter(|(name, _)| !name.contains(' '))
        .collect();
    let mut found = Vec::from([name]);
    let mut text = String::new();
    for at in 0.. {
        let Some(name) = found.get(at).copied() else { break };
        let body = functions.iter().find(|(known, _)| *known == name).map(|(_, body)| *body);
        let body = body.with_context(|| format!("there is no function {name}"))?;
        text.push_str(body);
        // Each name that an opening parenthesis follows.
        let names =
            body.split('(').filter_map(|text| text.rsplit(|c: char| !c.is_alphanumeric() && c != '_').next());
        let calls = names.filter(|name| functions.iter().any(|(known, _)| known == name));
        for name in calls {
            if !found.contains(&name) {
                found.push(name);
            }
        }
    }
    Ok(text)
}
