//! A plan as one JSON document: `bridge plan --output json`.
//!
//! The document is a mirror of its own, so that the types of the engine can change without it. Its JSON schema is
//! `bridge schema plan`; a field is never removed or given another meaning within one `format`.

mod cause;
mod change;
mod field;

use schemars::JsonSchema;
use serde::Serialize;

use crate::converge::spoke::Spoke;
use crate::desired::id::ObjectId;
use crate::plan::change::Change;
use crate::plan::gate::NeedsConsent;
use crate::plan::summary::{ClusterIdentity, Counts, Plan};
use crate::report::spoke_json::{self, SpokeDocument};
use crate::report::workloads_json::{self, WorkloadsDocument};

pub use cause::Cause;
pub use change::{Action, ChangeDocument, change};
pub use field::{ConflictDocument, FieldChangeDocument, FieldDocument, Sides, ValueDocument};

/// The name and version of the document.
pub const FORMAT: &str = "bridge.plan/v1";

/// A plan.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PlanDocument {
    /// The name and version of the document.
    #[schemars(extend("const" = FORMAT))]
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
    /// What it does to Applications; `workloads` of a change says which.
    pub workloads: WorkloadsDocument,
    /// The spokes that bridge registers, in the order of the profile.
    pub spokes: Vec<SpokeDocument>,
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
pub fn document<'a>(
    plan: &Plan,
    needs: Option<&NeedsConsent>,
    spokes: impl Iterator<Item = &'a Spoke>,
) -> PlanDocument {
    let (spokes, with_changes): (Vec<_>, Vec<bool>) =
        spokes.map(|spoke| (spoke_json::document(spoke), spoke.has_changes())).unzip();
    PlanDocument {
        format: FORMAT,
        bridge_version: env!("CARGO_PKG_VERSION"),
        profile: plan.owner.profile.clone(),
        cluster: plan.cluster.as_ref().map(cluster),
        has_changes: !plan.is_empty() || with_changes.contains(&true),
        changes: changes(plan),
        summary: summary(&plan.counts()),
        workloads: workloads_json::summary(plan),
        spokes,
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
    let with_workloads = |one| {
        let workloads = workloads_json::effects(plan.workloads.of_change(Change::id(one)));
        Some(ChangeDocument { workloads, ..change(one, plan.cluster.as_ref())? })
    };
    plan.changes.iter().filter_map(with_workloads).collect()
}

#[cfg(test)]
mod tests;
