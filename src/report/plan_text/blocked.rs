//! What cannot be applied, why, and the exact option that would allow it; and what is kept.

use std::collections::BTreeSet;

use crate::desired::id::ObjectId;
use crate::plan::change::{Change, ConflictReason, Contested, FieldConflict, KeepReason, Shown, ValueChange};
use crate::plan::summary::Plan;
use crate::profile::shell::shell_word;
use crate::report::diff_text::inline;
use crate::report::plan_text::{heading, indented, named, replace};
use crate::report::style::{self, paint, plain};

/// What to do about an object that is being deleted.
pub(in crate::report) const TERMINATING: &str =
    "run bridge again once it is gone; its finalizers say what it waits for";

/// Every change that is blocked.
pub(super) fn section(plan: &Plan) -> String {
    plan.changes.iter().filter_map(|change| blocked(plan, change)).collect()
}

fn blocked(plan: &Plan, change: &Change) -> Option<String> {
    match change {
        Change::Conflict { live, reason } => Some(conflict(live.id(), reason)),
        Change::Refused { id, message, remedy } => {
            let mut lines = vec![plain(message).replace('\n', "\n      ")];
            lines.extend(replace::remedy(plan, id, remedy));
            Some(text(id, "is refused by the server", lines))
        }
        Change::Terminating { live } => {
            Some(text(live.id(), "is being deleted", vec![TERMINATING.to_owned()]))
        }
        Change::Create { .. }
        | Change::Update { .. }
        | Change::Adopt { .. }
        | Change::Replace { .. }
        | Change::Delete { .. }
        | Change::Unchanged { .. }
        | Change::Keep { .. } => None,
    }
}

fn conflict(id: &ObjectId, reason: &ConflictReason) -> String {
    match reason {
        ConflictReason::Fields(fields) => {
            let lines = fields.iter().flat_map(|field| field_conflict(id, field)).collect();
            text(id, "has fields that somebody else owns and the profile wants different", lines)
        }
        ConflictReason::NotOurs(managers) => {
            text(id, "exists, and bridge did not make it", adoption(managers))
        }
        ConflictReason::AnotherApplySet(owner) => {
            let line = format!("it belongs to the ApplySet `{}`; remove it there first", plain(owner));
            text(id, "belongs to somebody else's inventory", vec![line])
        }
    }
}

fn field_conflict(id: &ObjectId, contested: &Contested) -> [String; 2] {
    let Contested { conflict: FieldConflict { field, manager }, change } = contested;
    let values = change.as_ref().map_or(String::new(), |change| format!(": {}", both_values(change)));
    let object = format!("{}/{}", id.group_kind.kind, id.name);
    let option = hint(&format!("--force-conflicts {}", quoted(&format!("{object}:{field}"))));
    [format!("{} is owned by `{}`{values}", plain(field), plain(manager)), format!("  take it with {option}")]
}

/// What is there, and what the profile wants instead.
fn both_values(change: &ValueChange) -> String {
    match change {
        ValueChange::Added(after) => format!("absent; the profile says {}", inline(after)),
        ValueChange::Removed(before) => format!("{}; the profile does not set it", inline(before)),
        ValueChange::Changed(Shown::Sensitive, Shown::Sensitive) => "(sensitive, changed)".to_owned(),
        ValueChange::Changed(before, after) => {
            format!("{}; the profile says {}", inline(before), inline(after))
        }
    }
}

fn adoption(managers: &BTreeSet<String>) -> Vec<String> {
    let options: Vec<String> =
        managers.iter().map(|manager| format!("--adopt {}", quoted(manager))).collect();
    if options.is_empty() {
        return vec!["nobody owns its fields; take it over with --adopt unknown".to_owned()];
    }
    vec![
        format!("it is managed by {}", named(managers)),
        format!("take it over with {}", hint(&options.join(" "))),
    ]
}

/// An argument as a shell takes it, and a terminal shows it.
pub(super) fn quoted(argument: &str) -> String {
    plain(&shell_word(argument))
}

pub(super) fn hint(text: &str) -> String {
    paint(style::HINT, text)
}

fn text(id: &ObjectId, what: &str, lines: Vec<String>) -> String {
    let symbol = paint(style::ERROR, "!");
    let head = format!("  {symbol} {}\n", paint(style::STRONG, &format!("{id} {what}")));
    head + &indented(lines.into_iter()) + "\n"
}

/// Every object that nobody asks for any more and that stays all the same, together with those of the same reason.
pub(super) fn kept(plan: &Plan) -> String {
    let kept: Vec<(&ObjectId, &KeepReason)> = plan.changes.iter().filter_map(kept_object).collect();
    let mut reasons: Vec<&KeepReason> = Vec::new();
    for (_, reason) in &kept {
        if !reasons.contains(reason) {
            reasons.push(reason);
        }
    }
    let of = |reason: &KeepReason| -> Vec<&ObjectId> {
        kept.iter().filter(|(_, own)| *own == reason).map(|(id, _)| *id).collect()
    };
    reasons.into_iter().map(|reason| kept_together(&of(reason), reason)).collect()
}

fn kept_object(change: &Change) -> Option<(&ObjectId, &KeepReason)> {
    match change {
        Change::Keep { live, reason } => Some((live.id(), reason)),
        Change::Create { .. }
        | Change::Update { .. }
        | Change::Adopt { .. }
        | Change::Replace { .. }
        | Change::Delete { .. }
        | Change::Unchanged { .. }
        | Change::Conflict { .. }
        | Change::Refused { .. }
        | Change::Terminating { .. } => None,
    }
}

/// One object in a heading of its own; of several a list, and the reason once.
fn kept_together(ids: &[&ObjectId], reason: &KeepReason) -> String {
    if let [id] = ids {
        return heading(&format!("{id} is kept"))
            + &indented(std::iter::once(keep_reason(id, reason)))
            + "\n";
    }
    let options: Vec<String> = ids.iter().map(|id| allow_delete(id)).collect();
    let why = match reason {
        KeepReason::NeedsConsent => {
            format!("everything in them would go along; delete them with {}", hint(&options.join(" ")))
        }
        KeepReason::LeftAlone
        | KeepReason::Annotated
        | KeepReason::NotApplied
        | KeepReason::OwnedByAnother(_)
        | KeepReason::NotRecorded
        | KeepReason::HoldsForeign(_) => ids.first().map_or(String::new(), |id| keep_reason(id, reason)),
    };
    let lines = ids.iter().map(ToString::to_string).chain(std::iter::once(why));
    heading(&format!("{} objects are kept", ids.len())) + &indented(lines) + "\n"
}

fn allow_delete(id: &ObjectId) -> String {
    format!("--allow-delete {}", quoted(&format!("{}/{}", id.group_kind.kind, id.name)))
}

/// Why an object is kept, and how it could go.
pub(in crate::report) fn keep_reason(id: &ObjectId, reason: &KeepReason) -> String {
    match reason {
        KeepReason::NeedsConsent => {
            format!("everything in it would go along; delete it with {}", hint(&allow_delete(id)))
        }
        KeepReason::LeftAlone => {
            "the profile leaves Argo CD to somebody else (`argocd.install: existing`)".to_owned()
        }
        KeepReason::Annotated => "it carries the annotation `bridge.gitops/keep`".to_owned(),
        KeepReason::NotApplied => "bridge never applied it: somebody copied its label".to_owned(),
        KeepReason::OwnedByAnother(owner) => format!("it belongs to {}", plain(owner)),
        KeepReason::NotRecorded => "its kind is not in bridge's inventory".to_owned(),
        KeepReason::HoldsForeign(what) => format!("{} would go with it", plain(what)),
    }
}
