//! A plan as it is kept in a file: what was shown, and all that says whether it is still the same. No secret is in it.
//!
//! Its JSON schema is `bridge schema plan-file`. An apply never takes an object from the file: it plans again, and
//! [`crate::plan::stale`] says whether that is the plan in the file.

pub mod changes;
mod field;

use std::collections::BTreeSet;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::plan::consent::{Consent, InvalidSelector};
use crate::plan::summary::ClusterIdentity;

pub use field::{SavedField, SavedValue, SavedValueChange};

/// The name and version of the format.
pub const FORMAT: &str = "bridge.plan-file/v1";

/// A plan that was saved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct SavedPlan {
    /// The name and version of the format.
    #[schemars(extend("const" = FORMAT))]
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
    /// `--replace`; absent where none was given.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub replace: BTreeSet<String>,
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
    /// It is deleted and created anew.
    Replace,
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
    /// When bridge last applied an object that is deleted or replaced: another run of it may want the object to stay.
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
    /// The whole object as it is before it is replaced, as for one that is deleted; null for other changes.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub replaced: Value,
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

impl fmt::Display for SavedId {
    /// As [`crate::desired::id::ObjectId`] does.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.namespace {
            Some(namespace) => write!(f, "{}/{namespace}/{}", self.kind, self.name),
            None => write!(f, "{}/{}", self.kind, self.name),
        }
    }
}

impl From<&ClusterIdentity> for SavedCluster {
    fn from(identity: &ClusterIdentity) -> Self {
        let ClusterIdentity { server, context, uid, kubectl: _ } = identity.clone();
        Self { context, server, uid }
    }
}

impl From<&Consent> for SavedConsent {
    fn from(consent: &Consent) -> Self {
        let Consent {
            adopt,
            force_conflicts,
            replace,
            allow_delete,
            allow_deletes,
            spent_deletes: _,
            rename_from,
            targets,
        } = consent;
        Self {
            adopt: adopt.clone(),
            force_conflicts: force_conflicts.iter().map(ToString::to_string).collect(),
            replace: replace.iter().map(ToString::to_string).collect(),
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
        let SavedConsent {
            adopt,
            force_conflicts,
            replace,
            allow_delete,
            allow_deletes,
            rename_from,
            targets,
        } = saved;
        Ok(Self {
            adopt: adopt.clone(),
            force_conflicts: force_conflicts.iter().map(|text| text.parse()).collect::<Result<_, _>>()?,
            replace: replace.iter().map(|text| text.parse()).collect::<Result<_, _>>()?,
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
            replace: ["Deployment/server".parse().unwrap()].into(),
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
