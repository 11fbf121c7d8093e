//! Whether a plan that was saved is still the plan.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::Value;

use crate::plan::change::{Change, Shown, ValueChange};
use crate::plan::diff::diff;
use crate::plan::saved::{Action, SavedChange, SavedField, SavedId, SavedValue, SavedValueChange};
use crate::plan::summary::Plan;

/// What moved of one object since the plan was saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// Which object.
    pub object: SavedId,
    /// What is different, each in a few words.
    pub what: Vec<String>,
}

impl fmt::Display for Moved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.object, self.what.join("; "))
    }
}

/// What the plan of now does otherwise than the saved one, object by object; nothing when both do the same.
///
/// A resourceVersion that moved is no difference: somebody changed what the plan does not touch.
#[must_use]
pub fn moved(saved: &[SavedChange], now: &[SavedChange]) -> Vec<Moved> {
    let (saved, now) = (by_object(saved), by_object(now));
    let objects: BTreeSet<&SavedId> = saved.keys().chain(now.keys()).copied().collect();
    let pairs = objects.into_iter().map(|object| (object, saved.get(object), now.get(object)));
    let moved = pairs.map(|(object, saved, now)| Moved { object: object.clone(), what: pair(saved, now) });
    moved.filter(|moved| !moved.what.is_empty()).collect()
}

/// What stands in the way of the plan of now. A plan of which a part is blocked is not saved, so it came up since.
#[must_use]
pub fn blocked(now: &Plan) -> Vec<Moved> {
    let what = |change: &Change| match change {
        Change::Conflict { .. } => Some("it belongs in part or whole to somebody else now".to_owned()),
        Change::Refused { message, .. } => Some(format!("the server refuses it now: {message}")),
        // What is going already does not stand in the way of a removal.
        Change::Terminating { .. } => (!now.is_destroy).then(|| "it is being deleted".to_owned()),
        Change::Create { .. }
        | Change::Update { .. }
        | Change::Adopt { .. }
        | Change::Replace { .. }
        | Change::Delete { .. }
        | Change::Unchanged { .. }
        | Change::Keep { .. } => None,
    };
    let moved = |change: &Change| Some(Moved { object: change.id().into(), what: vec![what(change)?] });
    now.changes.iter().filter_map(moved).collect()
}

fn by_object(changes: &[SavedChange]) -> BTreeMap<&SavedId, &SavedChange> {
    changes.iter().map(|change| (&change.object, change)).collect()
}

fn pair(saved: Option<&&SavedChange>, now: Option<&&SavedChange>) -> Vec<String> {
    match (saved, now) {
        (Some(saved), Some(now)) => differences(saved, now),
        (Some(saved), None) => vec![format!("it was to be {}, and now it is not", done(saved.action))],
        (None, Some(now)) => vec![format!("it was to be left alone, and is to be {} now", done(now.action))],
        (None, None) => Vec::new(),
    }
}

fn done(action: Action) -> &'static str {
    match action {
        Action::Create => "created",
        Action::Update => "updated",
        Action::Adopt => "adopted",
        Action::Replace => "replaced",
        Action::Delete => "deleted",
    }
}

fn differences(saved: &SavedChange, now: &SavedChange) -> Vec<String> {
    let SavedChange {
        action,
        object: _,
        uid,
        resource_version: _,
        applied_at,
        fields,
        forced,
        from,
        body,
        replaced,
    } = saved;
    if *action != now.action {
        return vec![format!("it was to be {}, and is to be {} now", done(*action), done(now.action))];
    }
    if *uid != now.uid {
        return vec!["it was deleted and made again".to_owned()];
    }
    let mut what = fields_that_differ(fields, &now.fields);
    if *applied_at != now.applied_at {
        what.push("another run of bridge wrote it".to_owned());
    }
    if *forced != now.forced || *from != now.from {
        what.push("its fields have other owners".to_owned());
    }
    // What the fields say already is not said twice.
    if fields.is_empty() || what.is_empty() {
        what.extend(parts_that_differ(body, &now.body));
    }
    what.extend(parts_that_differ(replaced, &now.replaced));
    what
}

fn fields_that_differ(saved: &[SavedField], now: &[SavedField]) -> Vec<String> {
    let find = |fields: &[SavedField], path: &str| fields.iter().find(|field| field.path == path).cloned();
    let paths: BTreeSet<&str> = saved.iter().chain(now).map(|field| field.path.as_str()).collect();
    let pairs = paths.into_iter().map(|path| (path, find(saved, path), find(now, path)));
    pairs.filter(|(_, saved, now)| saved != now).map(|(path, saved, now)| field(path, saved, now)).collect()
}

fn field(path: &str, saved: Option<SavedField>, now: Option<SavedField>) -> String {
    let words = |field: Option<SavedField>| match field.map(|field| field.change) {
        Some(SavedValueChange::Added(after)) => format!("nothing → {}", value(&after)),
        Some(SavedValueChange::Removed(before)) => format!("{} → nothing", value(&before)),
        Some(SavedValueChange::Changed(before, after)) => format!("{} → {}", value(&before), value(&after)),
        None => "no change".to_owned(),
    };
    format!("{path} was planned as {}, and is {} now", words(saved), words(now))
}

fn value(value: &SavedValue) -> String {
    match value {
        SavedValue::Value(value) => value.to_string(),
        SavedValue::Sensitive(_) => "(sensitive)".to_owned(),
    }
}

/// Where the whole objects differ.
fn parts_that_differ(saved: &Value, now: &Value) -> Vec<String> {
    diff(saved, now, &BTreeSet::new())
        .into_iter()
        .map(|part| match part.change {
            ValueChange::Changed(Shown::Text(before), Shown::Text(after)) => {
                format!("{} was {before:?}, and is {after:?} now", part.path)
            }
            ValueChange::Changed(..) => format!("{} is another one", part.path),
            ValueChange::Added(_) => format!("{} is new", part.path),
            ValueChange::Removed(_) => format!("{} is gone", part.path),
        })
        .collect()
}

#[cfg(test)]
mod tests;
