//! Which objects may be deleted and made anew, because a field that the profile changes cannot be changed in place.
//!
//! What holds for a deletion holds here (`plan/prune.rs`); beside that the user has to name the object with `--replace`, and
//! only a few kinds are replaced, because with others more goes than the object.

mod asked;
mod kinds;
mod rehearsal;

pub use kinds::{never_replaced, never_replaced_kind};
pub use rehearsal::rehearsal;

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::desired::object::Object;
use crate::desired::ownership::FIELD_MANAGER;
use crate::plan::change::{Change, FieldChange, KeepReason, NotReplaced, Remedy, ValueChange};
use crate::plan::consent::Consent;
use crate::plan::decide::{Sets, applied};
use crate::plan::diff::diff;
use crate::plan::fields::{children, is_leaf};
use crate::plan::live::Live;
use crate::plan::prune::protection;
use crate::plan::refusal::{Anew, Refusal};

use asked::is_asked_for;

/// What becomes of an object of bridge's own whose change the server refuses.
#[must_use]
pub fn verdict(desired: Object, live: Live, refusal: Refusal, consent: &Consent, sets: Sets<'_>) -> Change {
    let Refusal { message, immutable, anew } = refusal;
    let id = live.id().clone();
    if immutable.is_empty() {
        return Change::Refused { id, message, remedy: Remedy::Correct };
    }
    let fields = fields(&desired, &live);
    if !is_asked_for(&fields, &immutable) {
        let message = format!(
            "{message}; the profile asks for no change of it: something on the cluster changes this field, such as a mutating webhook"
        );
        return Change::Refused { id, message, remedy: Remedy::Correct };
    }
    if let Some(Anew::Refused(why)) = anew {
        let message = format!(
            "{message}; it would have to be replaced, and the server refuses a new object, too: {why}"
        );
        return Change::Refused { id, message, remedy: Remedy::Correct };
    }
    if let Some(why) = obstacle(&live, sets) {
        return Change::Refused { id, message, remedy: Remedy::ByHand { why, immutable } };
    }
    if !consent.replace.iter().any(|selector| selector.matches(&id)) {
        return Change::Refused { id, message, remedy: Remedy::Replace { immutable } };
    }
    match anew {
        Some(Anew::Checked(check)) => Change::Replace { desired, live, fields, immutable, check },
        // Nothing is deleted of which nobody asked whether it may be made again.
        Some(Anew::Refused(_)) | None => Change::Refused { id, message, remedy: Remedy::Correct },
    }
}

/// Why bridge does not delete the object to make it anew.
fn obstacle(live: &Live, sets: Sets<'_>) -> Option<NotReplaced> {
    if let Some(why) = never_replaced(&live.id().group_kind) {
        return Some(NotReplaced::Kind(why));
    }
    match protection(live, sets.ours) {
        Some(KeepReason::NotApplied) => return Some(NotReplaced::NotOurs),
        Some(_) | None if !sets.recorded.contains(&live.id().group_kind) => {
            return Some(NotReplaced::Protected(KeepReason::NotRecorded));
        }
        Some(reason) => return Some(NotReplaced::Protected(reason)),
        None => {}
    }
    // Its claims would be deleted with it, which are never replaced either.
    let policy = live.body().pointer("/spec/persistentVolumeClaimRetentionPolicy/whenDeleted");
    (policy.and_then(Value::as_str) == Some("Delete")).then_some(NotReplaced::TakesVolumes)
}

/// The fields that will differ, as far as bridge declares them. What the server filled in goes with the object, and is
/// filled in again.
fn fields(desired: &Object, live: &Live) -> Vec<FieldChange> {
    let between = |before: &Value| diff(before, desired.body(), desired.public_data());
    let is_removed = |field: &FieldChange| matches!(field.change, ValueChange::Removed(_));
    let mut fields = between(live.body());
    fields.retain(|field| !is_removed(field));
    let ours = applied(live).map_or(Value::Null, |entry| owned(live.body(), entry.fields()));
    fields.extend(between(&ours).into_iter().filter(is_removed));
    fields.sort_by(|a, b| a.path.cmp(&b.path));
    fields
}

/// The part of a value that is owned (`fieldsV1`).
fn owned(live: &Value, fields: &Value) -> Value {
    match live {
        _ if is_leaf(fields) => live.clone(),
        Value::Object(map) => {
            let part = |(key, fields): (&String, &Value)| {
                let name = key.strip_prefix("f:")?;
                Some((name.to_owned(), owned(map.get(name)?, fields)))
            };
            Value::Object(children(fields).filter_map(part).collect())
        }
        Value::Array(items) => {
            Value::Array(items.iter().filter_map(|item| owned_item(item, fields)).collect())
        }
        other => other.clone(),
    }
}

/// `k:<keys>` of a list that is merged by keys, `v:<value>` of a set.
fn owned_item(item: &Value, fields: &Value) -> Option<Value> {
    children(fields).find_map(|(key, fields)| match key.split_once(':')? {
        ("k", keys) => {
            let keys: Map<String, Value> = serde_json::from_str(keys).ok()?;
            keys.iter().all(|(key, value)| item.get(key) == Some(value)).then(|| owned(item, fields))
        }
        ("v", value) => (serde_json::from_str::<Value>(value).ok()? == *item).then(|| item.clone()),
        _ => None,
    })
}

/// Who else set fields in an object that is replaced: what they set goes with it. Not who writes its status.
#[must_use]
pub fn other_managers(live: &Live) -> BTreeSet<String> {
    let mut others = live.managers();
    others.remove(FIELD_MANAGER);
    others
}

#[cfg(test)]
mod tests;
