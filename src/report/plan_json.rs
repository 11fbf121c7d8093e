//! A plan as one JSON document: `bridge plan --output json`.
//!
//! The document is a mirror of its own, so that the types of the engine can change without it. Its JSON schema is
//! `bridge schema plan`; a field is never removed or given another meaning within one `format`.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::desired::id::ObjectId;
use crate::plan::change::{
    Change, Check, ConflictReason, Contested, FieldChange, FieldConflict, NotChecked, Remedy, Shown,
    ValueChange,
};
use crate::plan::gate::NeedsConsent;
use crate::plan::replace::other_managers;
use crate::plan::summary::{ClusterIdentity, Counts, Plan};
use crate::report::plan_text::{commands, consequence, fate, keep_reason, not_checked, not_replaced};

/// The name and version of the document.
pub const FORMAT: &str = "bridge.plan/v1";

/// A plan.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PlanDocument {
    /// Always `bridge.plan/v1`.
    pub format: &'static str,
    /// The version of bridge that wrote it.
    pub bridge_version: &'static str,
    /// The profile's `metadata.name`.
    pub profile: String,
    /// The cluster; absent for `plan --offline`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster: Option<ClusterDocument>,
    /// Whether apply would write anything.
    pub has_changes: bool,
    /// Everything that changes, is blocked or is kept, in the order in which it is applied.
    pub changes: Vec<ChangeDocument>,
    /// How many of each.
    pub summary: SummaryDocument,
    /// What `bridge apply --auto-approve` would need beside it; absent when nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub needs_consent: Option<NeedsConsentDocument>,
}

/// Deletions so large that somebody must have meant them.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NeedsConsentDocument {
    /// In a sentence.
    pub reason: String,
    /// What `--allow-delete` has to say.
    pub allow_delete: usize,
    /// The deletions that nobody consented to.
    pub objects: Vec<ObjectDocument>,
}

/// Which cluster.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ClusterDocument {
    /// The kubeconfig context, or `in-cluster`.
    pub context: String,
    /// Address of the API server.
    pub server: String,
    /// `metadata.uid` of the namespace kube-system.
    pub uid: String,
}

/// Which object.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ObjectDocument {
    /// API group; empty for the core group.
    pub group: String,
    /// Kind.
    pub kind: String,
    /// Namespace; absent for cluster-scoped objects.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Name.
    pub name: String,
}

/// What apply would do to one object.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChangeDocument {
    /// `create`, `update`, `adopt`, `replace`, `delete`, `conflict`, `refused`, `terminating` or `keep`.
    pub action: &'static str,
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
    /// Why it is blocked or kept, why the server has not checked it, or what a deletion takes along.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Whether a dry run on the server was accepted.
    pub checked_by_server: bool,
}

/// How one field changes.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FieldDocument {
    /// The field, such as `metadata.labels.env`.
    pub path: String,
    /// `add`, `change` or `remove`.
    pub action: &'static str,
    /// Its value before; absent when it is added.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<ValueDocument>,
    /// Its value afterwards; absent when it is removed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<ValueDocument>,
}

/// A value, or the word that it is a secret.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ValueDocument {
    /// The value.
    Value(Value),
    /// It is not shown; always true.
    Sensitive(bool),
}

/// A field that somebody else owns.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ConflictDocument {
    /// The field as the server writes it.
    pub field: String,
    /// Who owns it.
    pub manager: String,
    /// Its value on the cluster, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub live: Option<ValueDocument>,
    /// The value that the profile wants, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wanted: Option<ValueDocument>,
}

/// How many of each.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SummaryDocument {
    /// Created, replaced ones among them.
    pub add: usize,
    /// Updated or adopted.
    pub change: usize,
    /// Deleted, replaced ones among them.
    pub destroy: usize,
    /// Cannot be applied.
    pub blocked: usize,
    /// Already as asked for.
    pub unchanged: usize,
}

/// The document of a plan.
#[must_use]
pub fn document(plan: &Plan, needs: Option<&NeedsConsent>) -> PlanDocument {
    PlanDocument {
        format: FORMAT,
        bridge_version: env!("CARGO_PKG_VERSION"),
        profile: plan.owner.profile.clone(),
        cluster: plan.cluster.as_ref().map(cluster),
        has_changes: !plan.is_empty(),
        changes: changes(plan),
        summary: summary(&plan.counts()),
        needs_consent: needs.map(needs_consent),
    }
}

/// The consent that a plan lacks.
#[must_use]
pub fn needs_consent(needs: &NeedsConsent) -> NeedsConsentDocument {
    let NeedsConsent { reason, objects, deletions } = needs.clone();
    NeedsConsentDocument { reason, allow_delete: deletions, objects: objects.iter().map(object).collect() }
}

/// The cluster's part of a document.
#[must_use]
pub fn cluster(identity: &ClusterIdentity) -> ClusterDocument {
    let ClusterIdentity { server, context, uid, kubectl: _ } = identity.clone();
    ClusterDocument { context, server, uid }
}

/// The counts as a document.
#[must_use]
pub fn summary(counts: &Counts) -> SummaryDocument {
    let Counts { add, change, destroy, blocked, unchanged } = *counts;
    SummaryDocument { add, change, destroy, blocked, unchanged }
}

/// An identity as a document.
#[must_use]
pub fn object(id: &ObjectId) -> ObjectDocument {
    let ObjectId { group_kind, namespace, name } = id.clone();
    ObjectDocument { group: group_kind.group, kind: group_kind.kind, namespace, name }
}

/// Every change; nothing for an object that stays as it is.
#[must_use]
pub fn changes(plan: &Plan) -> Vec<ChangeDocument> {
    plan.changes.iter().filter_map(|one| change(one, plan.cluster.as_ref())).collect()
}

fn change(change: &Change, cluster: Option<&ClusterIdentity>) -> Option<ChangeDocument> {
    let of = |action| ChangeDocument {
        action,
        object: object(change.id()),
        fields: Vec::new(),
        conflicts: Vec::new(),
        managers: Vec::new(),
        immutable: Vec::new(),
        steps: Vec::new(),
        reason: None,
        checked_by_server: true,
    };
    Some(match change {
        Change::Create { desired: _, check } => ChangeDocument {
            checked_by_server: *check == Check::ByServer,
            reason: unchecked(check).map(not_checked),
            ..of("create")
        },
        Change::Update { desired: _, live: _, fields, forced } => {
            ChangeDocument { fields: all_fields(fields), conflicts: conflicts(forced), ..of("update") }
        }
        Change::Adopt { desired: _, live: _, fields, from } => ChangeDocument {
            fields: all_fields(fields),
            managers: from.iter().cloned().collect(),
            ..of("adopt")
        },
        Change::Replace { desired: _, live, fields, immutable, check } => ChangeDocument {
            fields: all_fields(fields),
            managers: other_managers(live).into_iter().collect(),
            immutable: immutable.clone(),
            reason: Some(match unchecked(check) {
                None => consequence(live.id()).to_owned(),
                Some(why) => {
                    format!("{}; not checked by the server: {}", consequence(live.id()), not_checked(why))
                }
            }),
            checked_by_server: *check == Check::ByServer,
            ..of("replace")
        },
        Change::Delete { live } => ChangeDocument { reason: fate(live).map(str::to_owned), ..of("delete") },
        Change::Unchanged(_) => return None,
        Change::Conflict { live: _, reason } => conflict(reason, of("conflict")),
        Change::Refused { id, message, remedy } => refused(id, message, remedy, cluster, of("refused")),
        Change::Terminating { live: _ } => of("terminating"),
        Change::Keep { live, reason } => {
            let reason = keep_reason(live.id(), reason);
            ChangeDocument { reason: Some(anstream::adapter::strip_str(&reason).to_string()), ..of("keep") }
        }
    })
}

fn refused(
    id: &ObjectId,
    message: &str,
    remedy: &Remedy,
    cluster: Option<&ClusterIdentity>,
    document: ChangeDocument,
) -> ChangeDocument {
    let of = |reason: String, immutable: &[String], steps| ChangeDocument {
        reason: Some(reason),
        immutable: immutable.to_vec(),
        steps,
        ..document
    };
    match remedy {
        Remedy::Correct => of(message.to_owned(), &[], Vec::new()),
        Remedy::Replace { immutable } => of(message.to_owned(), immutable, Vec::new()),
        Remedy::ByHand { why, immutable } => {
            let why = not_replaced(id, why);
            let reason = format!("{message}; {}", anstream::adapter::strip_str(&why));
            of(reason, immutable, commands(cluster, id).to_vec())
        }
    }
}

fn unchecked(check: &Check) -> Option<&NotChecked> {
    match check {
        Check::ByServer | Check::OnWrite => None,
        Check::NotChecked(why) => Some(why),
    }
}

fn conflict(reason: &ConflictReason, document: ChangeDocument) -> ChangeDocument {
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

fn conflicts(fields: &[FieldConflict]) -> Vec<ConflictDocument> {
    fields.iter().map(conflict_field).collect()
}

fn conflict_field(FieldConflict { field, manager }: &FieldConflict) -> ConflictDocument {
    ConflictDocument { field: field.clone(), manager: manager.clone(), live: None, wanted: None }
}

fn contested(Contested { conflict, change }: &Contested) -> ConflictDocument {
    let (live, wanted) = match change {
        Some(ValueChange::Added(after)) => (None, Some(after)),
        Some(ValueChange::Removed(before)) => (Some(before), None),
        Some(ValueChange::Changed(before, after)) => (Some(before), Some(after)),
        None => (None, None),
    };
    ConflictDocument { live: live.map(value), wanted: wanted.map(value), ..conflict_field(conflict) }
}

fn all_fields(fields: &[FieldChange]) -> Vec<FieldDocument> {
    fields.iter().map(field).collect()
}

fn field(FieldChange { path, change }: &FieldChange) -> FieldDocument {
    let (action, before, after) = match change {
        ValueChange::Added(after) => ("add", None, Some(value(after))),
        ValueChange::Removed(before) => ("remove", Some(value(before)), None),
        ValueChange::Changed(before, after) => ("change", Some(value(before)), Some(value(after))),
    };
    FieldDocument { path: path.clone(), action, before, after }
}

fn value(shown: &Shown) -> ValueDocument {
    match shown {
        Shown::Text(text) => ValueDocument::Value(Value::from(text.as_str())),
        Shown::Json(json) => {
            ValueDocument::Value(serde_json::from_str(json).unwrap_or_else(|_| Value::from(json.as_str())))
        }
        Shown::Sensitive => ValueDocument::Sensitive(true),
    }
}
