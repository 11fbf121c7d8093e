//! The status of a hub and its fleet as one JSON document: `bridge status --output json`.
//!
//! Its JSON schema is `bridge schema status`; a field is never removed or given another meaning within one `format`.

mod fleet;
mod hub;
mod sets;

use schemars::JsonSchema;
use serde::Serialize;

use crate::plan::status::{Count, Status};
use crate::report::plan_json::{self, ClusterDocument};

pub use fleet::{ClusterStatusDocument, ConnectionDocument, ProbeDocument};
pub use hub::{HubDocument, InventoryDocument, WorkloadDocument};
pub use sets::{ApplicationDocument, ApplicationSetDocument, ConditionDocument};

/// The name and version of the document.
pub const FORMAT: &str = "bridge.status/v1";

/// A hub and its fleet at one moment.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StatusDocument {
    /// The name and version of the document.
    #[schemars(extend("const" = FORMAT))]
    pub format: &'static str,
    /// The version of bridge that wrote it.
    pub bridge_version: &'static str,
    /// The profile's `metadata.name`.
    pub profile: String,
    /// The hub's cluster.
    pub cluster: ClusterDocument,
    /// Whether nothing is wrong: exit code 0, else 1.
    pub is_well: bool,
    /// The hub.
    pub hub: HubDocument,
    /// The profile's clusters, the hub first, then those that the profile does not name any more.
    pub clusters: Vec<ClusterStatusDocument>,
    /// The profile's own ApplicationSets, then those that its Applications deployed.
    pub application_sets: Vec<ApplicationSetDocument>,
    /// The Applications that came of them, by name.
    pub applications: Vec<ApplicationDocument>,
    /// How many other Applications are in Argo CD's namespace.
    pub other_applications: usize,
    /// How many of each.
    pub summary: StatusSummaryDocument,
}

/// How many of each.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StatusSummaryDocument {
    /// The clusters.
    pub clusters: CountDocument,
    /// The ApplicationSets.
    pub application_sets: CountDocument,
    /// The Applications.
    pub applications: CountDocument,
}

/// How many there are.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CountDocument {
    /// All of them.
    pub total: usize,
    /// Those that are not well.
    pub not_well: usize,
}

/// The document of a status.
#[must_use]
pub fn document(status: &Status) -> StatusDocument {
    StatusDocument {
        format: FORMAT,
        bridge_version: env!("CARGO_PKG_VERSION"),
        profile: status.owner.profile.clone(),
        cluster: plan_json::cluster(&status.cluster),
        is_well: status.is_well(),
        hub: hub::document(&status.hub, &status.owner),
        clusters: status.clusters.iter().map(fleet::document).collect(),
        application_sets: status.sets.iter().map(sets::set).collect(),
        applications: status.applications.iter().map(sets::application).collect(),
        other_applications: status.others,
        summary: StatusSummaryDocument {
            clusters: count(status.count_clusters()),
            application_sets: count(status.count_sets()),
            applications: count(status.count_applications()),
        },
    }
}

fn count(Count { total, unwell }: Count) -> CountDocument {
    CountDocument { total, not_well: unwell }
}
