//! The top of the profile.
#![expect(dead_code, reason = "the types exist for their schema; nothing is read through them")]

use std::collections::BTreeMap;

use schemars::JsonSchema;

use super::argocd::ArgoCd;
use super::clusters::Cluster;
use super::projects::Project;
use super::repositories::{GitOps, Repository};
use super::value::{Flag, Scalar};

/// Everything that one hub and its fleet should be.
#[derive(JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Profile {
    /// Version of this format.
    api_version: ApiVersion,
    /// Always `Profile` for a file that is applied.
    kind: Kind,
    /// What the profile is called.
    metadata: Metadata,
    /// Bases below this file, relative to it. Maps merge deeply; `clusters`, `repositories`, `projects` and `roles`
    /// merge by `name`; everything else replaces. A `null` takes away what a base says.
    extends: Option<Vec<String>>,
    /// What `${var.NAME}` stands for. Values come from BRIDGE_VAR_NAME, `--var-file` and `--var`; the last wins.
    variables: Option<BTreeMap<String, Option<Variable>>>,
    /// How Argo CD comes to the hub.
    argocd: Option<ArgoCd>,
    /// How Argo CD reads repositories: addresses and credentials.
    repositories: Option<Vec<Repository>>,
    /// The repositories that the root ApplicationSets pull.
    gitops: Option<GitOps>,
    /// Argo CD's AppProjects.
    projects: Option<Vec<Project>>,
    /// The hub and the clusters it deploys to.
    clusters: Option<Vec<Cluster>>,
    /// Settings of the root ApplicationSets.
    application_sets: Option<ApplicationSets>,
}

/// Version of the format.
#[derive(JsonSchema)]
#[schemars(inline)]
enum ApiVersion {
    #[serde(rename = "bridge.gitops/v1alpha1")]
    V1Alpha1,
}

/// Kind of the file.
#[derive(JsonSchema)]
#[schemars(inline)]
enum Kind {
    Profile,
}

/// What the profile is called.
#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
struct Metadata {
    /// Identity of the inventory on the hub: at most 63 lower-case letters, digits and `-`.
    name: String,
}

/// A variable.
#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
struct Variable {
    /// What it is for.
    description: Option<String>,
    /// The value when none is given. Without a default, a value is needed.
    default: Option<Scalar>,
    /// Never shown, refused on the command line, and allowed in credentials only.
    sensitive: Option<bool>,
}

/// Settings of the root ApplicationSets.
#[derive(JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ApplicationSets {
    /// Whether Applications leave their resources behind when their ApplicationSet goes. Default true.
    preserve_resources_on_deletion: Option<Flag>,
    /// Folder, relative to this file, whose `*.yaml.tera` replace built-in templates and add others.
    templates: Option<String>,
    /// The root ApplicationSet `addons`.
    addons: Option<RootApplicationSet>,
    /// The root ApplicationSet `workloads`.
    workloads: Option<RootApplicationSet>,
    /// The root ApplicationSet `clusters`.
    clusters: Option<RootApplicationSet>,
}

/// Settings of one root ApplicationSet.
#[derive(JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RootApplicationSet {
    /// Generate one Application for each cluster, named `<set>-<cluster>`, instead of one for the hub. Default false.
    per_cluster: Option<Flag>,
}
