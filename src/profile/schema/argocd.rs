//! `argocd`.
#![expect(dead_code, reason = "the types exist for their schema; nothing is read through them")]

use std::collections::BTreeMap;

use schemars::JsonSchema;

use super::value::{Anything, OrVariable, Scalar};

/// How Argo CD comes to the hub.
#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ArgoCd {
    /// A release, such as `v3.5.3`; its digest is pinned in bridge.lock.
    version: Option<String>,
    /// Who installs it. Default `manifests`.
    install: Option<OrVariable<InstallMethod>>,
    /// Which variant. Default `standard`.
    flavor: Option<OrVariable<Flavor>>,
    /// The namespace of Argo CD, its cluster Secrets and bridge's inventory. Default `argocd`.
    namespace: Option<String>,
    /// Where the manifest comes from, if not from the official address.
    manifests: Option<Manifests>,
    /// Where container images come from.
    images: Option<Images>,
    /// Changes to single objects of the manifest, applied in order.
    patches: Option<Vec<Patch>>,
}

/// Who installs Argo CD.
#[derive(JsonSchema)]
#[serde(rename_all = "lowercase")]
enum InstallMethod {
    /// bridge, from the official manifest.
    Manifests,
    /// Somebody else; bridge waits for its CustomResourceDefinitions.
    Existing,
}

/// A variant of Argo CD.
#[derive(JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Flavor {
    /// One replica of everything.
    Standard,
    /// Several replicas, and Redis with Sentinel; needs three nodes.
    Ha,
    /// Controllers only: no API server, UI, Dex or notifications.
    Core,
    /// No cluster-wide rights on the hub.
    Namespaced,
}

/// Where the manifest comes from: `path` or `url`.
#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
struct Manifests {
    /// A file, relative to this file.
    path: Option<String>,
    /// An https address; needs `sha256`.
    url: Option<String>,
    /// What the manifest digests to: 64 lower-case hexadecimal digits.
    sha256: Option<String>,
}

/// Where container images come from.
#[derive(JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Images {
    /// Registries and their replacements, such as `quay.io: mirror.example.com/quay`. The longest match wins.
    registries: Option<BTreeMap<String, String>>,
    /// Names of pull Secrets for every pod.
    pull_secrets: Option<Vec<String>>,
}

/// A change to objects of the manifest: `json6902` or `merge`.
#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
struct Patch {
    /// Which objects.
    target: PatchTarget,
    /// A list of JSON 6902 operations.
    json6902: Option<Vec<Anything>>,
    /// A merge patch.
    merge: Option<BTreeMap<String, Anything>>,
}

/// Which objects a patch changes: those that match everything given here.
#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
struct PatchTarget {
    /// API group, such as `apps`; empty for core objects.
    group: Option<String>,
    /// Kind, such as `Deployment`.
    kind: String,
    /// Name.
    name: Option<String>,
    /// Labels that the object carries.
    labels: Option<BTreeMap<String, Scalar>>,
}
