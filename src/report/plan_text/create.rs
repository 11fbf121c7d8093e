//! What will be created: one line an object, grouped by wave, because nobody reads 343 kB of a new definition.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::desired::object::Object;
use crate::desired::wave::Wave;
use crate::plan::change::{Change, Check, NotChecked};
use crate::plan::diff::diff;
use crate::plan::summary::Plan;
use crate::report::diff_text::field_lines;
use crate::report::plan_text::{Detail, indented};
use crate::report::style::{self, paint, plain};

/// Every object that will be created.
pub(super) fn section(plan: &Plan, detail: Detail) -> String {
    let creations: Vec<(&Object, &Check)> = plan.changes.iter().filter_map(creation).collect();
    waves(&creations).iter().map(|wave| wave_text(wave, detail)).collect()
}

fn creation(change: &Change) -> Option<(&Object, &Check)> {
    match change {
        Change::Create { desired, check } => Some((desired, check)),
        Change::Update { .. }
        | Change::Adopt { .. }
        | Change::Replace { .. }
        | Change::Delete { .. }
        | Change::Unchanged { .. }
        | Change::Conflict { .. }
        | Change::Refused { .. }
        | Change::Terminating { .. }
        | Change::Keep { .. } => None,
    }
}

/// Neighbours of one wave, in the order of the plan.
fn waves<'a, 'b>(creations: &'b [(&'a Object, &'a Check)]) -> Vec<&'b [(&'a Object, &'a Check)]> {
    creations.chunk_by(|a, b| Wave::of(a.0) == Wave::of(b.0)).collect()
}

fn wave_text(wave: &[(&Object, &Check)], detail: Detail) -> String {
    let heading = wave.first().map(|(object, _)| Wave::of(object).title()).unwrap_or_default();
    let heading = paint(style::STRONG, &format!("# {heading}: {} to create", wave.len()));
    let mut out = format!("  {heading}{}\n", remarks(wave));
    out.extend(wave.iter().map(|(object, check)| object_text(object, check, detail)));
    out.push('\n');
    out
}

/// What the server has not checked yet, said once for the wave: on a first apply that is nearly everything.
fn remarks(wave: &[(&Object, &Check)]) -> String {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for (_, check) in wave {
        match check {
            Check::ByServer | Check::OnWrite | Check::NotChecked(NotChecked::Offline) => {}
            Check::NotChecked(why) => *counts.entry(not_checked(why)).or_default() += 1,
        }
    }
    let words = counts.iter().map(|(why, count)| match *count == wave.len() {
        true => format!(" (not checked by the server: {why})"),
        false => format!(" ({count} not checked by the server: {why})"),
    });
    paint(style::FAINT, &words.collect::<String>())
}

fn object_text(object: &Object, check: &Check, detail: Detail) -> String {
    let heading = format!("  {} {}", paint(style::ADD, "+"), object.id());
    match detail {
        Detail::Short => format!("{heading}{}\n", telling(object)),
        Detail::Full => {
            let fields = diff(&identity(object), object.body(), object.public_data());
            let fields = indented(fields.iter().flat_map(field_lines));
            format!("{heading}{}{}\n{fields}", telling(object), remark(check))
        }
    }
}

/// What the object consists of before anything else is said about it. Its kind decides what is masked.
fn identity(object: &Object) -> Value {
    let id = object.id();
    let mut metadata = json!({ "name": id.name });
    if let Some(namespace) = &id.namespace {
        metadata["namespace"] = namespace.as_str().into();
    }
    json!({ "apiVersion": object.api_version(), "kind": id.group_kind.kind, "metadata": metadata })
}

/// The labels of the objects that are made for their labels: cluster Secrets and ApplicationSets.
fn telling(object: &Object) -> String {
    let is_cluster = labels(object).any(|label| label == ("argocd.argoproj.io/secret-type", "cluster"));
    if !is_cluster && object.id().group_kind.kind != "ApplicationSet" {
        return String::new();
    }
    paint(style::FAINT, &plain(&telling_labels(object)))
}

/// The labels that are people's own, as ` key=value`.
pub(super) fn telling_labels(object: &Object) -> String {
    let labels: BTreeMap<&str, &str> = labels(object).filter(|(key, _)| !key.contains('/')).collect();
    labels.iter().map(|(key, value)| format!(" {key}={value}")).collect()
}

fn labels(object: &Object) -> impl Iterator<Item = (&str, &str)> {
    let labels = object.body().pointer("/metadata/labels").and_then(Value::as_object);
    labels.into_iter().flatten().filter_map(|(key, value)| Some((key.as_str(), value.as_str()?)))
}

fn remark(check: &Check) -> String {
    match check {
        Check::ByServer | Check::OnWrite | Check::NotChecked(NotChecked::Offline) => String::new(),
        Check::NotChecked(why) => {
            paint(style::FAINT, &format!(" (not checked by the server: {})", not_checked(why)))
        }
    }
}

/// Why the server has not seen an object, as the end of a sentence.
pub(in crate::report) fn not_checked(why: &NotChecked) -> String {
    match why {
        NotChecked::NamespaceIsNew => "its namespace is new".to_owned(),
        NotChecked::NamespaceIsAwaited => "somebody else makes its namespace".to_owned(),
        NotChecked::KindIsNew => "its CustomResourceDefinition is new".to_owned(),
        NotChecked::KindIsAwaited => "somebody else installs its CustomResourceDefinition".to_owned(),
        NotChecked::RoleIsNew => "the role that it refers to is new".to_owned(),
        NotChecked::Webhook(words) => format!("a webhook takes no dry runs: {}", plain(words)),
        NotChecked::Offline => "no cluster was asked".to_owned(),
    }
}
