//! `projects`.
#![expect(dead_code, reason = "the types exist for their schema; nothing is read through them")]

use schemars::JsonSchema;

use super::value::{Flag, OrVariable};

/// An AppProject of Argo CD.
#[derive(JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Project {
    /// Its name.
    name: String,
    /// What it is for.
    description: Option<String>,
    /// Addresses of repositories that may be deployed from; `*` is any text, a `!` in front forbids.
    source_repos: Option<Vec<String>>,
    /// Namespaces besides Argo CD's own that Applications may be in.
    source_namespaces: Option<Vec<String>>,
    /// Clusters and namespaces that may be deployed to.
    destinations: Option<Vec<Destination>>,
    /// Cluster-scoped kinds that may be deployed; none unless listed.
    cluster_resource_whitelist: Option<Vec<GroupKind>>,
    /// Cluster-scoped kinds that may not be deployed.
    cluster_resource_blacklist: Option<Vec<GroupKind>>,
    /// Namespaced kinds that may be deployed; all unless listed.
    namespace_resource_whitelist: Option<Vec<GroupKind>>,
    /// Namespaced kinds that may not be deployed.
    namespace_resource_blacklist: Option<Vec<GroupKind>>,
    /// Report resources in the project's namespaces that no Application owns.
    orphaned_resources: Option<OrphanedResources>,
    /// Roles with policies of their own.
    roles: Option<Vec<ProjectRole>>,
    /// When Applications may be synced, and when not.
    sync_windows: Option<Vec<SyncWindow>>,
    /// Whether only clusters that belong to the project may be deployed to.
    permit_only_project_scoped_clusters: Option<Flag>,
    /// Service accounts that Argo CD impersonates, by destination.
    destination_service_accounts: Option<Vec<DestinationServiceAccount>>,
}

/// Clusters, by `name` or by `server`, and namespaces.
#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
struct Destination {
    /// Address of the API server; a pattern.
    server: Option<String>,
    /// Name of the cluster; a pattern.
    name: Option<String>,
    /// Namespace; a pattern.
    namespace: String,
}

/// A resource kind; both are patterns.
#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
struct GroupKind {
    /// API group; empty for core objects.
    group: String,
    /// Kind.
    kind: String,
}

/// What happens with resources that no Application owns.
#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
struct OrphanedResources {
    /// Show a warning on the project's Applications.
    warn: Option<Flag>,
    /// Resources that are left out.
    ignore: Option<Vec<OrphanedKey>>,
}

/// Resources that are left out; patterns.
#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
struct OrphanedKey {
    /// API group.
    group: Option<String>,
    /// Kind.
    kind: Option<String>,
    /// Name.
    name: Option<String>,
}

/// A role of the project.
#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
struct ProjectRole {
    /// Its name.
    name: String,
    /// What it is for.
    description: Option<String>,
    /// `p, proj:<project>:<role>, <resource>, <action>, <project>/<object>, allow|deny`.
    policies: Option<Vec<String>>,
    /// Groups of the single sign-on that have the role.
    groups: Option<Vec<String>>,
}

/// When Applications may be synced, or may not.
#[derive(JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SyncWindow {
    /// Whether the window allows or denies.
    kind: OrVariable<WindowKind>,
    /// When it opens: minute, hour, day of the month, month, day of the week.
    schedule: String,
    /// How long it is open, such as `1h30m`.
    duration: String,
    /// Names of Applications; patterns.
    applications: Option<Vec<String>>,
    /// Namespaces of destinations; patterns.
    namespaces: Option<Vec<String>>,
    /// Names of clusters; patterns.
    clusters: Option<Vec<String>>,
    /// Allow syncs by hand while it denies.
    manual_sync: Option<Flag>,
    /// Time zone of the schedule, such as `Europe/Berlin`. Default UTC.
    time_zone: Option<String>,
    /// Select what matches all of applications, namespaces and clusters, not any.
    and_operator: Option<Flag>,
    /// Let a sync that has begun go on after the window closes.
    sync_overrun: Option<Flag>,
    /// What it is for.
    description: Option<String>,
}

/// Whether a window allows or denies.
#[derive(JsonSchema)]
#[serde(rename_all = "lowercase")]
enum WindowKind {
    /// Syncs are allowed while it is open, and denied otherwise.
    Allow,
    /// Syncs are denied while it is open.
    Deny,
}

/// The service account that Argo CD impersonates at a destination.
#[derive(JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct DestinationServiceAccount {
    /// Address of the API server; a pattern.
    server: String,
    /// Namespace; a pattern.
    namespace: String,
    /// The service account, as `name` or `namespace:name`.
    default_service_account: String,
}
