//! A plan as it is kept in a file: what was shown, and all that says whether it is still the same. No secret is in it.
//!
//! Its JSON schema is `bridge schema plan-file`. An apply never takes an object from the file: it plans again, and
//! [`crate::plan::stale`] says whether that is the plan in the file.

use std::collections::BTreeSet;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::desired::id::ObjectId;
use crate::desired::object::Object;
use crate::plan::change::{Change, FieldChange, FieldConflict, Shown, ValueChange};
use crate::plan::consent::{Consent, InvalidSelector};
use crate::plan::decide;
use crate::plan::gate::is_cluster_secret;
use crate::plan::live::Live;
use crate::plan::masked::masked;
use crate::plan::summary::{ClusterIdentity, Plan};
use crate::profile::sensitive::Sensitive;

/// The name and version of the format.
pub const FORMAT: &str = "bridge.plan-file/v1";

/// A plan that was saved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct SavedPlan {
    /// Always `bridge.plan-file/v1`.
    pub format: String,
    /// The version of bridge that wrote it.
    pub bridge_version: String,
    /// When, in RFC 3339.
    pub time: String,
    /// The profile's `metadata.name`.
    pub profile: String,
    /// Whether it removes everything.
    pub is_destroy: bool,
    /// The cluster that it was made for.
    pub cluster: SavedCluster,
    /// What the command line said.
    pub given: Given,
    /// What the user allowed.
    pub consent: SavedConsent,
    /// The salt of both digests: 16 bytes in hexadecimal digits.
    pub salt: String,
    /// Argon2id of the texts of the profile and its templates, and of the variables' values that are no secret.
    pub profile_digest: String,
    /// Argon2id of all secret values together: those that the profile refers to, and those that the plan writes and replaces.
    pub secrets_digest: String,
    /// Everything that is written or deleted, in the order of the plan.
    pub changes: Vec<SavedChange>,
}

/// Which cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SavedCluster {
    /// The kubeconfig context, or `in-cluster`.
    pub context: String,
    /// Address of the API server.
    pub server: String,
    /// `metadata.uid` of the namespace kube-system.
    pub uid: String,
}

/// What the command line of `bridge plan` said about its input.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Given {
    /// The profile's path, from the folder that bridge ran in.
    pub profile: String,
    /// `--var`, each as `name=value`; never a secret, which has no such option.
    pub vars: Vec<String>,
    /// `--var-file`.
    pub var_files: Vec<String>,
    /// `--context`, or `BRIDGE_CONTEXT`.
    pub context: Option<String>,
    /// `--in-cluster`.
    pub in_cluster: bool,
}

/// What the user allowed, as it stood on the command line.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct SavedConsent {
    /// `--adopt`.
    pub adopt: BTreeSet<String>,
    /// `--force-conflicts`.
    pub force_conflicts: BTreeSet<String>,
    /// `--allow-delete KIND/NAME`.
    pub allow_delete: BTreeSet<String>,
    /// `--allow-delete N`.
    pub allow_deletes: usize,
    /// `--rename-from`.
    pub rename_from: Option<String>,
    /// `--target`.
    pub targets: BTreeSet<String>,
}

/// What is done to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Action {
    /// It is created.
    Create,
    /// It is updated.
    Update,
    /// It is taken over.
    Adopt,
    /// It is deleted.
    Delete,
}

/// One write or deletion.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct SavedChange {
    /// What is done.
    pub action: Action,
    /// To which object.
    pub object: SavedId,
    /// The live object's `metadata.uid`; absent for one that is created.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
    /// The live object's `metadata.resourceVersion`; absent for one that is created.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_version: Option<String>,
    /// The fields that will differ; empty for what is created or deleted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<SavedField>,
    /// When bridge last applied an object that is deleted: another run of it may want the object to stay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub applied_at: Option<String>,
    /// Fields that are taken from other managers, as `MANAGER: FIELD`.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub forced: BTreeSet<String>,
    /// Managers that the object is adopted from.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub from: BTreeSet<String>,
    /// The whole object as it is applied, or as it is before it is deleted; secrets are masked, and of what is deleted only
    /// the annotations count that bridge applied.
    pub body: Value,
}

/// Which object.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SavedId {
    /// API group; empty for the core group.
    pub group: String,
    /// Kind.
    pub kind: String,
    /// Namespace; absent for cluster-scoped objects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Name.
    pub name: String,
}

/// How one field changes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SavedField {
    /// The field, such as `metadata.labels.env`.
    pub path: String,
    /// Its value before; absent when it is added.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<SavedValue>,
    /// Its value afterwards; absent when it is removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<SavedValue>,
}

/// A value, or the word that it is a secret.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum SavedValue {
    /// The value.
    Value(Value),
    /// It is not shown; always true.
    Sensitive(bool),
}

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
        | Change::Adopt { desired, live, fields, from: _ } => {
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
    }
}

fn deleted(live: &Live) -> SavedChange {
    let public: &[&str] = if is_cluster_secret(live) { &["name", "server"] } else { &[] };
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

impl From<&FieldChange> for SavedField {
    fn from(FieldChange { path, change }: &FieldChange) -> Self {
        let (before, after) = match change {
            ValueChange::Added(after) => (None, Some(after.into())),
            ValueChange::Removed(before) => (Some(before.into()), None),
            ValueChange::Changed(before, after) => (Some(before.into()), Some(after.into())),
        };
        Self { path: path.clone(), before, after }
    }
}

impl From<&Shown> for SavedValue {
    fn from(shown: &Shown) -> Self {
        let json = |json: &str| serde_json::from_str(json).unwrap_or_else(|_| Value::from(json));
        match shown {
            Shown::Text(text) => Self::Value(Value::from(text.as_str())),
            Shown::Json(text) => Self::Value(json(text)),
            Shown::Sensitive => Self::Sensitive(true),
        }
    }
}

impl From<&ObjectId> for SavedId {
    fn from(id: &ObjectId) -> Self {
        let ObjectId { group_kind, namespace, name } = id.clone();
        Self { group: group_kind.group, kind: group_kind.kind, namespace, name }
    }
}

impl fmt::Display for SavedId {
    /// As [`ObjectId`] does.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.namespace {
            Some(namespace) => write!(f, "{}/{namespace}/{}", self.kind, self.name),
            None => write!(f, "{}/{}", self.kind, self.name),
        }
    }
}

impl From<&ClusterIdentity> for SavedCluster {
    fn from(identity: &ClusterIdentity) -> Self {
        let ClusterIdentity { server, context, uid } = identity.clone();
        Self { context, server, uid }
    }
}

impl From<&Consent> for SavedConsent {
    fn from(consent: &Consent) -> Self {
        let Consent {
            adopt,
            force_conflicts,
            allow_delete,
            allow_deletes,
            spent_deletes: _,
            rename_from,
            targets,
        } = consent;
        Self {
            adopt: adopt.clone(),
            force_conflicts: force_conflicts.iter().map(ToString::to_string).collect(),
            allow_delete: allow_delete.iter().map(ToString::to_string).collect(),
            allow_deletes: *allow_deletes,
            rename_from: rename_from.clone(),
            targets: targets.iter().map(ToString::to_string).collect(),
        }
    }
}

impl TryFrom<&SavedConsent> for Consent {
    type Error = InvalidSelector;

    fn try_from(saved: &SavedConsent) -> Result<Self, InvalidSelector> {
        let SavedConsent { adopt, force_conflicts, allow_delete, allow_deletes, rename_from, targets } =
            saved;
        Ok(Self {
            adopt: adopt.clone(),
            force_conflicts: force_conflicts.iter().map(|text| text.parse()).collect::<Result<_, _>>()?,
            allow_delete: allow_delete.iter().map(|text| text.parse()).collect::<Result<_, _>>()?,
            allow_deletes: *allow_deletes,
            spent_deletes: 0,
            rename_from: rename_from.clone(),
            targets: targets.iter().map(|text| text.parse()).collect::<Result<_, _>>()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Consent, SavedConsent};

    #[test]
    fn a_consent_is_read_back() {
        let consent = Consent {
            adopt: ["HashiCorp".to_owned()].into(),
            force_conflicts: ["Secret/argocd/dev:.metadata.labels.env".parse().unwrap()].into(),
            allow_delete: ["Secret/dev".parse().unwrap()].into(),
            allow_deletes: 3,
            spent_deletes: 0,
            rename_from: Some("old".to_owned()),
            targets: ["ClusterRole/system:x".parse().unwrap()].into(),
        };
        assert_eq!(Consent::try_from(&SavedConsent::from(&consent)), Ok(consent));
        let damaged = SavedConsent { targets: ["x".to_owned()].into(), ..SavedConsent::default() };
        assert!(Consent::try_from(&damaged).is_err());
    }
}
