//! The comparison that spares dry runs, against what a real API server does: histories of applies and edits by bridge and
//! by others, and then one more apply. What is called unchanged must not move the resourceVersion.

mod contents;

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::support;
use anyhow::{Context, Result, ensure};
use bridge::desired::normalize::normalize;
use bridge::desired::object::Object;
use bridge::plan::live::Live;
use bridge::plan::unchanged::{ATOMIC_MAPS, BUILT_IN_GROUPS, is_unchanged};
use bridge_e2e::cluster::ControlPlane;
use kube::Client;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use tokio::task::JoinSet;

/// Histories of each kind; more of them find more, and take longer.
const HISTORIES: usize = 150;
/// How many of them run at once.
const AT_ONCE: usize = 8;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_called_unchanged_is_left_alone_by_the_server() -> Result<()> {
    let hub = ControlPlane::start().await?;
    let server = Arc::new(Server { client: hub.client().await? });
    server.define_thing().await?;
    let mut tally = Tally::default();
    let mut runner = TestRunner::deterministic();
    for (kind, content) in contents::all() {
        let mut running = JoinSet::new();
        for number in 0..HISTORIES {
            let history = draw(&history(&content), &mut runner)?;
            if running.len() == AT_ONCE {
                tally.count(running.join_next().await.context("nothing runs")???)?;
            }
            let server = Arc::clone(&server);
            running.spawn(async move { server.play(kind, number, history).await });
        }
        while let Some(verdict) = running.join_next().await {
            tally.count(verdict??)?;
        }
        println!("after {}: {tally:?}", kind.kind);
    }
    ensure!(
        tally.called_unchanged > tally.histories / 5,
        "the histories hardly ever end unchanged: {tally:?}"
    );
    ensure!(
        tally.plain_recognised * 100 >= tally.plain * 99,
        "less than 99 in 100 of bridge's own objects are recognised: {tally:?}"
    );
    ensure!(tally.moved > tally.histories / 10, "the histories hardly ever end in a change: {tally:?}");
    Ok(())
}

#[tokio::test]
async fn the_maps_that_are_held_for_one_value_are_so_everywhere() -> Result<()> {
    let hub = ControlPlane::start().await?;
    let mut seen = BTreeSet::new();
    for group in BUILT_IN_GROUPS {
        let path = if group.is_empty() { "api/v1".to_owned() } else { format!("apis/{group}/v1") };
        let document = support::get(&hub, &format!("/openapi/v3/{path}")).await?;
        let schemas = document["components"]["schemas"].as_object().context("no schemas")?;
        for (kind, schema) in schemas {
            for (field, property) in schema["properties"].as_object().into_iter().flatten() {
                let Some(field) = ATOMIC_MAPS.iter().find(|name| *name == field) else { continue };
                // A list of maps speaks of each of its items.
                let value = if property["type"] == "array" { &property["items"] } else { property };
                let name = [&value["$ref"], &value["allOf"][0]["$ref"]].into_iter().find_map(Value::as_str);
                let referred =
                    name.and_then(|name| schemas.get(name.rsplit('/').next()?)).unwrap_or(&Value::Null);
                let is_map = [value, referred].iter().any(|one| one["type"] == "object");
                let is_atomic = [value, referred].iter().any(|one| one["x-kubernetes-map-type"] == "atomic");
                ensure!(is_atomic || !is_map, "{kind}.{field} is merged field by field");
                if is_atomic {
                    seen.insert(*field);
                }
            }
        }
    }
    assert_eq!(seen, BTreeSet::from(ATOMIC_MAPS), "each of them is there");
    Ok(())
}

/// What the histories came to.
#[derive(Debug, Default)]
struct Tally {
    histories: usize,
    called_unchanged: usize,
    moved: usize,
    /// The server changed nothing and a dry run would have been needed to know.
    not_recognised: usize,
    /// The server wrote the same object anew. It does so after somebody put `annotations: {}` on a custom resource: what
    /// it stores then differs from what it reads back, whoever writes next.
    rewritten: usize,
    /// Nobody but bridge had a part in it, it asks for nothing empty, and the server changed nothing.
    plain: usize,
    /// That many of these were recognised.
    plain_recognised: usize,
}

impl Tally {
    fn count(&mut self, verdict: Verdict) -> Result<()> {
        let Verdict { is_called_unchanged, is_moved, is_rewritten, is_plain, may_rewrite, story } = verdict;
        ensure!(
            !(is_called_unchanged && is_moved),
            "called unchanged, and yet the server changed it:\n{story}"
        );
        ensure!(
            !(is_called_unchanged && is_rewritten) || may_rewrite,
            "called unchanged, and yet the server wrote it anew:\n{story}"
        );
        if is_plain && !is_moved {
            self.plain += 1;
            self.plain_recognised += usize::from(is_called_unchanged);
        }
        self.histories += 1;
        self.called_unchanged += usize::from(is_called_unchanged);
        self.moved += usize::from(is_moved);
        self.rewritten += usize::from(is_rewritten);
        self.not_recognised += usize::from(!is_called_unchanged && !is_moved);
        Ok(())
    }
}

struct Verdict {
    is_called_unchanged: bool,
    /// The last apply changed the object or who owns what of it, or was refused.
    is_moved: bool,
    is_rewritten: bool,
    is_plain: bool,
    /// It is a custom resource, into which somebody may have put `annotations: {}`.
    may_rewrite: bool,
    story: String,
}

/// A kind to play with.
#[derive(Debug, Clone, Copy)]
struct Kind {
    api_version: &'static str,
    kind: &'static str,
    plural: &'static str,
    /// Whether what is asked for is completed first, as bridge does with all that it renders.
    is_normalized: bool,
}

impl Kind {
    fn object(&self, name: &str, content: &Value) -> Value {
        let mut object = json!({ "apiVersion": self.api_version, "kind": self.kind });
        let metadata = json!({ "name": name, "namespace": "default", "labels": { "part-of": "set" } });
        object["metadata"] = metadata;
        for (field, value) in content.as_object().into_iter().flatten() {
            match field.as_str() {
                "labels" | "annotations" | "finalizers" => object["metadata"][field] = value.clone(),
                field => object[field] = value.clone(),
            }
        }
        if self.is_normalized {
            normalize(&mut object);
        }
        object
    }

    fn path(&self, name: &str) -> String {
        let root = if self.api_version == "v1" { "/api" } else { "/apis" };
        format!("{root}/{}/namespaces/default/{}/{name}", self.api_version, self.plural)
    }
}

/// Who did what, and what bridge asks for in the end.
#[derive(Debug, Clone)]
struct History {
    first: Value,
    steps: Vec<Step>,
    last: Last,
}

#[derive(Debug, Clone)]
enum Step {
    Ours(Value),
    TheirApply(Value),
    TheirEdit(Value),
    TheirRemoval(prop::sample::Index),
}

#[derive(Debug, Clone)]
enum Last {
    Again,
    Another(Value),
    OneFieldOf(Value, prop::sample::Index),
}

fn history(content: &BoxedStrategy<Value>) -> impl Strategy<Value = History> + use<> {
    let step = prop_oneof![
        content.clone().prop_map(Step::Ours),
        content.clone().prop_map(Step::TheirApply),
        content.clone().prop_map(Step::TheirEdit),
        any::<prop::sample::Index>().prop_map(Step::TheirRemoval),
    ];
    let last = prop_oneof![
        3 => Just(Last::Again),
        1 => content.clone().prop_map(Last::Another),
        1 => (content.clone(), any::<prop::sample::Index>()).prop_map(|(value, index)| Last::OneFieldOf(value, index)),
    ];
    (content.clone(), vec(step, 0..3), last).prop_map(|(first, steps, last)| History { first, steps, last })
}

fn draw<T: std::fmt::Debug>(strategy: &impl Strategy<Value = T>, runner: &mut TestRunner) -> Result<T> {
    strategy
        .new_tree(runner)
        .map(|tree| tree.current())
        .map_err(|reason| anyhow::anyhow!("no history: {reason}"))
}

struct Server {
    client: Client,
}

impl Server {
    async fn send(&self, method: &str, path: &str, content_type: &str, body: &Value) -> Result<Value> {
        let request = http::Request::builder().method(method).uri(path).header("content-type", content_type);
        Ok(self.client.request(request.body(serde_json::to_vec(body)?)?).await?)
    }

    async fn apply(&self, manager: &str, force: bool, path: &str, object: &Value) -> Result<Value> {
        let path = format!("{path}?fieldManager={manager}&force={force}");
        self.send("PATCH", &path, "application/apply-patch+yaml", object).await
    }

    /// Plays a history on an object of its own. Steps that the server refuses change nothing, and are left out.
    async fn play(&self, kind: Kind, number: usize, history: History) -> Result<Verdict> {
        let name = format!("{}-{number}", kind.plural);
        let path = kind.path(&name);
        let mut ours = history.first.clone();
        let created = self.apply("bridge", true, &path, &kind.object(&name, &ours)).await;
        created.with_context(|| format!("{}: {}", kind.kind, history.first))?;
        for step in &history.steps {
            match step {
                Step::Ours(content) => {
                    if self.apply("bridge", true, &path, &kind.object(&name, content)).await.is_ok() {
                        ours = content.clone();
                    }
                }
                Step::TheirApply(content) => {
                    let _ = self.apply("somebody", true, &path, &kind.object(&name, content)).await;
                }
                Step::TheirEdit(content) => self.edit(&path, &kind.object(&name, content)).await,
                Step::TheirRemoval(index) => self.edit(&path, &removal(&ours, *index)).await,
            }
        }
        let wanted = kind.object(&name, &asked_for(&ours, &history.last));
        let verdict = self.compare(&path, wanted, &history).await?;
        let is_plain = kind.is_normalized
            && !has_empty(&asked_for(&ours, &history.last))
            && history.steps.iter().all(|step| matches!(step, Step::Ours(_)));
        Ok(Verdict { is_plain, may_rewrite: !kind.is_normalized, ..verdict })
    }

    async fn edit(&self, path: &str, patch: &Value) {
        let path = format!("{path}?fieldManager=somebody-editing");
        // Not every removal leaves a valid object; a refusal is no step.
        let _ = self.send("PATCH", &path, "application/merge-patch+json", patch).await;
    }

    async fn compare(&self, path: &str, wanted: Value, history: &History) -> Result<Verdict> {
        let request = http::Request::get(path).body(Vec::new())?;
        let live: Value = self.client.request(request).await?;
        let is_called_unchanged = is_unchanged(&Object::new(wanted.clone())?, &Live::new(live.clone())?);
        let after = self.apply("bridge", false, path, &wanted).await;
        let is_moved = after.as_ref().map_or(true, |after| timeless(after) != timeless(&live));
        let version = |object: &Value| object["metadata"]["resourceVersion"].clone();
        let is_rewritten = !is_moved && after.as_ref().is_ok_and(|after| version(after) != version(&live));
        let after = after.map_or_else(|error| error.to_string(), |after| format!("{after:#}"));
        let story = format!("{history:#?}\nlive: {live:#}\nasked for: {wanted:#}\nafter: {after}");
        let (is_plain, may_rewrite) = (false, false);
        Ok(Verdict { is_called_unchanged, is_moved, is_rewritten, is_plain, may_rewrite, story })
    }

    async fn define_thing(&self) -> Result<()> {
        let path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/things.tests.bridge.gitops";
        self.apply("tests", true, path, &contents::thing_definition()).await?;
        for _ in 0..300 {
            let request = http::Request::get("/apis/tests.bridge.gitops/v1/things").body(Vec::new())?;
            if self.client.request::<Value>(request).await.is_ok() {
                return Ok(());
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        anyhow::bail!("the kind Thing is not served after 30 s")
    }
}

/// Whether it asks for a list or a map of nothing, which no manifest of Argo CD does.
fn has_empty(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.is_empty() || items.iter().any(has_empty),
        Value::Object(fields) => fields.is_empty() || fields.values().any(has_empty),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// An object without its resourceVersion and the times of its managers.
fn timeless(object: &Value) -> Value {
    let mut object = object.clone();
    object["metadata"]["resourceVersion"] = Value::Null;
    for entry in object["metadata"]["managedFields"].as_array_mut().into_iter().flatten() {
        entry["time"] = Value::Null;
    }
    object
}

/// A merge patch that takes one field away.
fn removal(content: &Value, index: prop::sample::Index) -> Value {
    let mut fields = vec![];
    for (field, value) in content.as_object().into_iter().flatten() {
        match value.as_object().filter(|map| !map.is_empty()) {
            Some(inner) => fields.extend(inner.keys().map(|key| json!({ field: { key: null } }))),
            None => fields.push(json!({ field: null })),
        }
    }
    if fields.is_empty() { json!({}) } else { fields.swap_remove(index.index(fields.len())) }
}

fn asked_for(ours: &Value, last: &Last) -> Value {
    match last {
        Last::Again => ours.clone(),
        Last::Another(content) => content.clone(),
        Last::OneFieldOf(content, index) => {
            let mut mixed = ours.clone();
            let fields: Vec<(&String, &Value)> = content.as_object().into_iter().flatten().collect();
            if !fields.is_empty() {
                let (field, value) = fields[index.index(fields.len())];
                mixed[field] = value.clone();
            }
            mixed
        }
    }
}
