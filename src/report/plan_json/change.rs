//! What apply would do to one object.

use schemars::JsonSchema;
use serde::Serialize;

use crate::desired::id::ObjectId;
use crate::plan::change::{Change, Check, ConflictReason, NotChecked, Remedy};
use crate::plan::replace::other_managers;
use crate::plan::summary::ClusterIdentity;
use crate::report::plan_json::cause::Cause;
use crate::report::plan_json::field::{ConflictDocument, FieldDocument, contested, fields, taken};
use crate::report::plan_json::{ObjectDocument, object};
use crate::report::plan_text::{
    TERMINATING, commands, consequence, fate, keep_reason, not_checked, not_replaced,
};
use crate::report::workloads_json::EffectDocument;

/// What is done to an object, or stands in the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Action {
    /// It is created.
    Create,
    /// It is updated in place.
    Update,
    /// It is taken over.
    Adopt,
    /// It is deleted and created anew.
    Replace,
    /// It is deleted.
    Delete,
    /// Somebody else owns what the profile asks to be different.
    Conflict,
    /// The server refuses it as it is asked for.
    Refused,
    /// It is being deleted, and can be created again once it is gone.
    Terminating,
    /// Nobody asks for it any more, and it stays.
    Keep,
}

/// What apply would do to one object.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChangeDocument {
    /// What is done, or that nothing can be.
    pub action: Action,
    /// Which object.
    pub object: ObjectDocument,
    /// The fields that will differ; empty for what is created or deleted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<FieldDocument>,
    /// Fields of other managers: in the way of a `conflict`, or taken by an `update`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conflicts: Vec<ConflictDocument>,
    /// Managers that the object is adopted from, or could be; of a `replace` those whose fields go with the object.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub managers: Vec<String>,
    /// Fields that cannot be changed in place: why it is replaced, or is `refused`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub immutable: Vec<String>,
    /// Commands that replace it by hand, where bridge does not do that.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<String>,
    /// Why it is blocked or kept, or why the server has not checked it, in a word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
    /// The same in a sentence for people, or what a deletion takes along.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Whether a dry run on the server was accepted.
    pub checked_by_server: bool,
    /// What it does to Applications, the worst first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub workloads: Vec<EffectDocument>,
}

/// One change; nothing for an object that stays as it is.
#[must_use]
pub fn change(change: &Change, cluster: Option<&ClusterIdentity>) -> Option<ChangeDocument> {
    let of = |action| document(action, change.id());
    Some(match change {
        Change::Create { desired: _, check } => ChangeDocument {
            checked_by_server: *check == Check::ByServer,
            cause: unchecked(check).map(Cause::from),
            reason: unchecked(check).map(not_checked),
            ..of(Action::Create)
        },
        Change::Update { desired: _, live: _, fields: changed, forced } => ChangeDocument {
            fields: fields(changed),
            conflicts: forced.iter().map(taken).collect(),
            ..of(Action::Update)
        },
        Change::Adopt { desired: _, live: _, fields: changed, from } => ChangeDocument {
            fields: fields(changed),
            managers: from.iter().cloned().collect(),
            ..of(Action::Adopt)
        },
        Change::Replace { desired: _, live, fields: changed, immutable, check } => ChangeDocument {
            fields: fields(changed),
            managers: other_managers(live).into_iter().collect(),
            immutable: immutable.clone(),
            checked_by_server: *check == Check::ByServer,
            cause: unchecked(check).map(Cause::from),
            reason: Some(match unchecked(check) {
                None => consequence(live.id()).to_owned(),
                Some(why) => {
                    format!("{}; not checked by the server: {}", consequence(live.id()), not_checked(why))
                }
            }),
            ..of(Action::Replace)
        },
        Change::Delete { live } => {
            ChangeDocument { reason: fate(live).map(str::to_owned), ..of(Action::Delete) }
        }
        Change::Unchanged(_) => return None,
        Change::Conflict { live: _, reason } => conflict(reason, of(Action::Conflict)),
        Change::Refused { id, message, remedy } => {
            refused((id, message), remedy, cluster, of(Action::Refused))
        }
        Change::Terminating { live: _ } => because(
            Cause::BeingDeleted,
            &format!("it is being deleted; {TERMINATING}"),
            of(Action::Terminating),
        ),
        Change::Keep { live, reason } => {
            because(reason.into(), &keep_reason(live.id(), reason), of(Action::Keep))
        }
    })
}

fn document(action: Action, id: &ObjectId) -> ChangeDocument {
    ChangeDocument {
        action,
        object: object(id),
        fields: Vec::new(),
        conflicts: Vec::new(),
        managers: Vec::new(),
        immutable: Vec::new(),
        steps: Vec::new(),
        cause: None,
        reason: None,
        checked_by_server: true,
        workloads: Vec::new(),
    }
}

/// The reason as it is on a terminal, without its colours.
fn because(cause: Cause, reason: &str, document: ChangeDocument) -> ChangeDocument {
    let reason = anstream::adapter::strip_str(reason).to_string();
    ChangeDocument { cause: Some(cause), reason: Some(reason), ..document }
}

fn refused(
    (id, message): (&ObjectId, &str),
    remedy: &Remedy,
    cluster: Option<&ClusterIdentity>,
    document: ChangeDocument,
) -> ChangeDocument {
    let document = because(remedy.into(), message, document);
    match remedy {
        Remedy::Correct => document,
        Remedy::Replace { immutable } => ChangeDocument { immutable: immutable.clone(), ..document },
        Remedy::ByHand { why, immutable } => ChangeDocument {
            immutable: immutable.clone(),
            steps: commands(cluster, id).to_vec(),
            ..because(remedy.into(), &format!("{message}; {}", not_replaced(id, why)), document)
        },
    }
}

fn unchecked(check: &Check) -> Option<&NotChecked> {
    match check {
        Check::ByServer | Check::OnWrite => None,
        Check::NotChecked(why) => Some(why),
    }
}

fn conflict(reason: &ConflictReason, document: ChangeDocument) -> ChangeDocument {
    let document = ChangeDocument { cause: Some(reason.into()), ..document };
    match reason {
        ConflictReason::Fields(fields) => {
            ChangeDocument { conflicts: fields.iter().map(contested).collect(), ..document }
        }
        ConflictReason::NotOurs(managers) => ChangeDocument {
            managers: managers.iter().cloned().collect(),
            reason: Some("the object exists and bridge did not make it".to_owned()),
            ..document
        },
        ConflictReason::AnotherApplySet(id) => {
            ChangeDocument { reason: Some(format!("it belongs to the ApplySet `{id}`")), ..document }
        }
    }
}
