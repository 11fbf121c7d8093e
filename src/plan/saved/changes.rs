//! From the changes of a plan to those of a file, and to all that is masked in them.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::desired::id::ObjectId;
use crate::desired::object::Object;
use crate::plan::change::{Change, FieldChange, FieldConflict, Shown, ValueChange};
use crate::plan::decide;
use crate::plan::live::Live;
use crate::plan::masked::masked;
use crate::plan::saved::{Action, SavedChange, SavedField, SavedId};
use crate::plan::summary::Plan;
use crate::profile::sensitive::Sensitive;

/// Everything that a plan writes or deletes.
#[must_use]
pub fn changes(plan: &Plan) -> Vec<SavedChange> {
    plan.changes.iter().filter_map(saved).collect()
}

/// Everything that is masked in [`changes`]: what the plan writes into Secrets, and what it replaces there. Nobody is shown
/// when it moves.
#[must_use]
pub fn hidden(plan: &Plan) -> Vec<Sensitive> {
    plan.changes.iter().flat_map(hidden_in).collect()
}

fn hidden_in(change: &Change) -> Vec<Sensitive> {
    match change {
        Change::Create { desired, check: _ } => written(desired).into_iter().collect(),
        Change::Update { desired, live, fields, forced: _ }
        | Change::Adopt { desired, live, fields, from: _ }
        | Change::Replace { desired, live, fields, immutable: _, check: _ } => {
            written(desired).into_iter().chain(replaced(live, fields)).collect()
        }
        Change::Delete { .. }
        | Change::Unchanged { .. }
        | Change::Conflict { .. }
        | Change::Refused { .. }
        | Change::Terminating { .. }
        | Change::Keep { .. } => Vec::new(),
    }
}

fn written(desired: &Object) -> Option<Sensitive> {
    (desired.id().group_kind.kind == "Secret").then(|| sorted(desired.body()))
}

/// Only where a value that is not shown goes: what else moves in the Secret is none of the plan's.
fn replaced(live: &Live, fields: &[FieldChange]) -> Option<Sensitive> {
    let is_shown = !fields.iter().any(|field| is_hidden(&field.change));
    live.body().get("data").filter(|_| !is_shown).map(sorted)
}

/// The fields by their names, whatever order the server gives them in.
fn sorted(value: &Value) -> Sensitive {
    let mut value = value.clone();
    value.sort_all_objects();
    Sensitive::new(value.to_string())
}

fn is_hidden(change: &ValueChange) -> bool {
    match change {
        ValueChange::Added(value) | ValueChange::Removed(value) => *value == Shown::Sensitive,
        ValueChange::Changed(before, after) => [before, after].contains(&&Shown::Sensitive),
    }
}

fn saved(change: &Change) -> Option<SavedChange> {
    Some(match change {
        Change::Create { desired, check: _ } => applied(Action::Create, desired, None, &[]),
        Change::Update { desired, live, fields, forced } => SavedChange {
            forced: forced
                .iter()
                .map(|FieldConflict { field, manager }| format!("{manager}: {field}"))
                .collect(),
            ..applied(Action::Update, desired, Some(live), fields)
        },
        Change::Adopt { desired, live, fields, from } => {
            SavedChange { from: from.clone(), ..applied(Action::Adopt, desired, Some(live), fields) }
        }
        Change::Replace { desired, live, fields, immutable: _, check: _ } => {
            let SavedChange { applied_at, body: replaced, .. } = deleted(live);
            SavedChange { applied_at, replaced, ..applied(Action::Replace, desired, Some(live), fields) }
        }
        Change::Delete { live } => deleted(live),
        Change::Unchanged { .. }
        | Change::Conflict { .. }
        | Change::Refused { .. }
        | Change::Terminating { .. }
        | Change::Keep { .. } => return None,
    })
}

fn applied(action: Action, desired: &Object, live: Option<&Live>, fields: &[FieldChange]) -> SavedChange {
    SavedChange {
        action,
        object: desired.id().into(),
        uid: live.map(|live| live.uid().to_owned()),
        resource_version: live.map(|live| live.resource_version().to_owned()),
        fields: fields.iter().map(SavedField::from).collect(),
        applied_at: None,
        forced: BTreeSet::new(),
        from: BTreeSet::new(),
        body: masked(desired.body(), desired.public_data()),
        replaced: Value::Null,
    }
}

fn deleted(live: &Live) -> SavedChange {
    let public: &[&str] = if live.is_cluster_secret() { &["name", "server"] } else { &[] };
    let public = public.iter().map(|key| (*key).to_owned()).collect();
    let mut body = masked(live.body(), &public);
    keep_our_annotations(&mut body, live);
    let time = decide::applied(live).and_then(|entry| entry.raw().get("time")?.as_str());
    SavedChange {
        applied_at: time.map(str::to_owned),
        body,
        ..applied(Action::Delete, live.object(), Some(live), &[])
    }
}

/// Controllers write annotations all the time. On what is deleted they say nothing, but for `bridge.gitops/keep`, with which
/// there would be no deletion.
fn keep_our_annotations(body: &mut Value, live: &Live) {
    let ours = decide::applied(live).and_then(|entry| entry.fields().pointer("/f:metadata/f:annotations"));
    let is_ours = |key: &str| ours.is_some_and(|ours| ours.get(format!("f:{key}")).is_some());
    if let Some(metadata) = body.get_mut("metadata").and_then(Value::as_object_mut)
        && let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut)
    {
        annotations.retain(|key, _| is_ours(key));
        if annotations.is_empty() {
            metadata.shift_remove("annotations");
        }
    }
}

impl From<&ObjectId> for SavedId {
    fn from(id: &ObjectId) -> Self {
        let ObjectId { group_kind, namespace, name } = id.clone();
        Self { group: group_kind.group, kind: group_kind.kind, namespace, name }
    }
}
