//! One desired object and what was seen of it, to one change.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::desired::id::{GroupKind, ObjectId};
use crate::desired::object::Object;
use crate::desired::ownership::{FIELD_MANAGER, PART_OF};
use crate::plan::change::{
    Change, Check, ConflictReason, Contested, FieldChange, FieldConflict, Remedy, Unchanged,
};
use crate::plan::consent::Consent;
use crate::plan::diff;
use crate::plan::fields;
use crate::plan::live::{Live, ManagedFields};
use crate::plan::prune::is_container;
use crate::plan::refusal::Refusal;
use crate::plan::replace;

/// Which ApplySets an object may be a member of.
#[derive(Debug, Clone, Copy)]
pub struct Sets<'a> {
    /// The id of ours.
    pub ours: &'a str,
    /// The ids of bridge's own sets that record nothing any more, as a destroy leaves them behind.
    pub abandoned: &'a BTreeSet<String>,
    /// The kinds that ours records: of any other nothing is deleted.
    pub recorded: &'a BTreeSet<GroupKind>,
}

/// A desired object and what was seen of it.
#[derive(Debug, Clone)]
pub enum Seen {
    /// An apply is certain to change nothing.
    Unchanged(Unchanged),
    /// The server was asked, or could not be.
    Asked(Object, Observation),
}

impl Seen {
    /// What apply would do.
    #[must_use]
    pub fn decide(self, consent: &Consent, sets: Sets<'_>) -> Change {
        match self {
            Self::Unchanged(unchanged) => Change::Unchanged(unchanged),
            Self::Asked(desired, observation) => decide(desired, observation, consent, sets),
        }
    }

    /// Which object.
    #[must_use]
    pub fn id(&self) -> &ObjectId {
        match self {
            Self::Unchanged(unchanged) => &unchanged.id,
            Self::Asked(desired, _) => desired.id(),
        }
    }
}

/// What the server said of a desired object.
#[derive(Debug, Clone)]
pub enum Observation {
    /// It does not exist.
    Absent(Check),
    /// It does not exist, and the server refuses to create it as it is asked for.
    Refused(String),
    /// It exists.
    Present {
        /// What is there.
        live: Live,
        /// What a dry run of the apply answered.
        trial: Trial,
    },
}

/// The answer to a dry run on an existing object.
#[derive(Debug, Clone)]
pub enum Trial {
    /// The object as it would be.
    Accepted(Live),
    /// The object as it would be after the fields in conflict were taken from their owners, as the user allowed.
    Forced(Live, Vec<FieldConflict>),
    /// Fields are owned by others.
    Conflict(Vec<FieldConflict>),
    /// The server refuses the object as it is asked for.
    Refused(Refusal),
}

/// Whether the user allowed all conflicts of one object to be resolved by force.
///
/// `--adopt MANAGER` is about objects that somebody else made. Hand edits of an object that is bridge's already are taken
/// back one by one, with `--force-conflicts`.
#[must_use]
pub fn may_force(id: &ObjectId, live: Option<&Live>, conflicts: &[FieldConflict], consent: &Consent) -> bool {
    let is_named = |conflict: &FieldConflict| {
        consent.force_conflicts.iter().any(|field| field.matches(id, &conflict.field))
    };
    let is_foreign = live.is_none_or(|live| !is_ours(live));
    let is_adopted = |conflict: &FieldConflict| is_foreign && consent.adopt.contains(&conflict.manager);
    conflicts.iter().all(|conflict| is_named(conflict) || is_adopted(conflict))
}

/// Whether bridge has applied the object before.
#[must_use]
pub fn is_applied(live: &Live) -> bool {
    applied(live).is_some()
}

/// Whether it is of this ApplySet, and bridge has applied it: a copy of such an object has the label, too.
#[must_use]
pub fn is_member(live: &Live, applyset: &str) -> bool {
    live.label(PART_OF) == Some(applyset) && is_applied(live)
}

/// What apply would do to a desired object.
fn decide(desired: Object, observation: Observation, consent: &Consent, sets: Sets<'_>) -> Change {
    match observation {
        Observation::Absent(check) => Change::Create { desired, check },
        Observation::Refused(message) => {
            Change::Refused { id: desired.id().clone(), message, remedy: Remedy::Correct }
        }
        Observation::Present { live, trial: _ } if live.is_terminating() => Change::Terminating { live },
        Observation::Present { live, trial: _ } if is_of_another_set(&live, sets) => {
            let owner = live.label(PART_OF).unwrap_or_default().to_owned();
            Change::Conflict { live, reason: ConflictReason::AnotherApplySet(owner) }
        }
        Observation::Present { live, trial: Trial::Refused(refusal) } => {
            refused(desired, live, refusal, consent, sets)
        }
        Observation::Present { live, trial: Trial::Conflict(conflicts) } => {
            conflict(&desired, live, conflicts)
        }
        Observation::Present { live, trial: Trial::Accepted(after) } => {
            present(desired, live, &after, Vec::new(), consent)
        }
        Observation::Present { live, trial: Trial::Forced(after, forced) } => {
            present(desired, live, &after, forced, consent)
        }
    }
}

fn conflict(desired: &Object, live: Live, mut conflicts: Vec<FieldConflict>) -> Change {
    // The server names them in any order.
    conflicts.sort();
    let reason = if is_ours(&live) {
        let fields = diff::diff(live.body(), desired.body(), desired.public_data());
        ConflictReason::Fields(conflicts.into_iter().map(|conflict| contested(conflict, &fields)).collect())
    } else {
        ConflictReason::NotOurs(conflicts.into_iter().map(|conflict| conflict.manager).collect())
    };
    Change::Conflict { live, reason }
}

/// The server writes a path as `.a["b"]`, and a diff as `a.b`: they are compared without what only separates.
fn contested(conflict: FieldConflict, fields: &[FieldChange]) -> Contested {
    let bare = |path: &str| path.replace(['.', '[', ']', '"'], "");
    let found = fields.iter().find(|field| bare(&field.path) == bare(&conflict.field));
    Contested { change: found.map(|field| field.change.clone()), conflict }
}

/// What a destroy leaves, Namespaces and CustomResourceDefinitions, is free for the next profile; anything else that carries
/// another id has an owner, also where that one cannot be found.
fn is_of_another_set(live: &Live, sets: Sets<'_>) -> bool {
    other_set(live, sets.ours).is_some_and(|id| !(is_left_behind(live) && sets.abandoned.contains(id)))
}

/// The ApplySet that the object carries the id of, when it is not ours.
#[must_use]
pub fn other_set<'a>(live: &'a Live, ours: &str) -> Option<&'a str> {
    live.label(PART_OF).filter(|id| *id != ours)
}

/// Whether it is one of the things that a destroy of bridge's leaves where they are.
#[must_use]
pub fn is_left_behind(live: &Live) -> bool {
    is_container(&live.id().group_kind) && is_applied(live)
}

/// Whether bridge has written the object since it was seen: another run of it, which may want the object to stay.
#[must_use]
pub fn is_rewritten(before: &Live, now: &Live) -> bool {
    let ours = |live: &Live| applied(live).map(|entry| entry.raw().clone());
    ours(before) != ours(now)
}

/// What bridge owns in the object, and since when.
#[must_use]
pub fn applied(live: &Live) -> Option<ManagedFields<'_>> {
    live.managed_fields().find(|entry| entry.is_apply() && entry.manager() == FIELD_MANAGER)
}

/// Whose an object is comes before what the server thinks of changing it.
fn refused(desired: Object, live: Live, refusal: Refusal, consent: &Consent, sets: Sets<'_>) -> Change {
    let involved = involved_managers(&live, &BTreeSet::new(), &[]);
    let missing: BTreeSet<String> = involved.difference(&consent.adopt).cloned().collect();
    if is_ours(&live) || missing.is_empty() {
        replace::verdict(desired, live, refusal, consent, sets)
    } else {
        Change::Conflict { live, reason: ConflictReason::NotOurs(missing) }
    }
}

/// A namespace that somebody made beforehand is shared, never taken over: bridge does not delete namespaces by itself.
fn is_ours(live: &Live) -> bool {
    is_applied(live) || live.id().group_kind.kind == "Namespace"
}

fn present(
    desired: Object,
    live: Live,
    after: &Live,
    forced: Vec<FieldConflict>,
    consent: &Consent,
) -> Change {
    let co_owners = co_owners(after);
    let adopted = adopted_managers(&live, &co_owners, &forced, consent);
    let changed = diff::diff(live.body(), after.body(), desired.public_data());
    if !is_ours(&live) {
        let involved = involved_managers(&live, &co_owners, &forced);
        let missing: BTreeSet<String> = involved.difference(&consent.adopt).cloned().collect();
        return if missing.is_empty() {
            Change::Adopt { desired, live, fields: changed, from: involved }
        } else {
            Change::Conflict { live, reason: ConflictReason::NotOurs(missing) }
        };
    }
    if !adopted.is_empty() {
        return Change::Adopt { desired, live, fields: changed, from: adopted };
    }
    if changed.is_empty() && !ownership_changes(&live, after) {
        return Change::Unchanged(Unchanged::of(live));
    }
    Change::Update { desired, live, fields: changed, forced }
}

/// Who else owns fields that bridge would own.
fn co_owners(after: &Live) -> BTreeSet<String> {
    let Some(ours) = our_fields(after) else { return BTreeSet::new() };
    let others =
        after.managed_fields().filter(|entry| !(entry.is_apply() && entry.manager() == FIELD_MANAGER));
    others
        .filter(|entry| fields::overlap(entry.fields(), &ours))
        .map(|entry| entry.manager().to_owned())
        .collect()
}

fn our_fields(live: &Live) -> Option<Value> {
    let mut entries =
        live.managed_fields().filter(|entry| entry.is_apply() && entry.manager() == FIELD_MANAGER);
    entries.next().map(|entry| entry.fields().clone())
}

/// Everyone whose consent an adoption needs: who owns what bridge would own, else everyone who wrote the object.
fn involved_managers(
    live: &Live,
    co_owners: &BTreeSet<String>,
    forced: &[FieldConflict],
) -> BTreeSet<String> {
    let mut involved = co_owners.clone();
    involved.extend(forced.iter().map(|conflict| conflict.manager.clone()));
    if involved.is_empty() {
        involved = live.managers();
    }
    if involved.is_empty() {
        // The name under which the API server files an object whose managedFields were stripped.
        involved.insert("before-first-apply".to_owned());
    }
    involved
}

/// Managers that share fields of an object of ours and whose share the user wants moved to bridge.
fn adopted_managers(
    live: &Live,
    co_owners: &BTreeSet<String>,
    forced: &[FieldConflict],
    consent: &Consent,
) -> BTreeSet<String> {
    let in_conflict = forced.iter().map(|conflict| &conflict.manager);
    let mine = |manager: &&String| consent.adopt.contains(*manager) && live.managers().contains(*manager);
    co_owners.iter().chain(in_conflict).filter(mine).cloned().collect()
}

/// Whether the apply would only move the ownership of fields. It is a write, because a later removal depends on it.
///
/// An AppProject is left alone: its roles carry Argo CD's tokens, merged into what bridge applies, so that both own them.
fn ownership_changes(live: &Live, after: &Live) -> bool {
    live.id().group_kind.kind != "AppProject" && our_entry(live) != our_entry(after)
}

fn our_entry(live: &Live) -> Option<(String, Value)> {
    let mut entries =
        live.managed_fields().filter(|entry| entry.is_apply() && entry.manager() == FIELD_MANAGER);
    entries.next().map(|entry| (entry.api_version().to_owned(), entry.fields().clone()))
}

#[cfg(test)]
mod tests;
