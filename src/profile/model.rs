//! The validated profile. A value of these types keeps every offline rule; what is illegal cannot be written down.

mod cluster;
mod kind;
mod repository;

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::profile::location::Location;
use crate::profile::names::{ArgoCdVersion, Namespace, ObjectName, ProfileName, Sha256};

pub use cluster::{
    Auth, ByContext, Cluster, ClusterInfo, Connection, ContextAuth, Endpoint, ExecProvider, Remote, Role,
    ServiceAccount, Tls, TokenLifetime,
};
pub use kind::{KindCluster, Mount, PortMapping, Protocol};
pub use repository::{
    Credentials, Repository, RepositoryKind, RepositoryScope, SecretReference, SecretSource, Text,
};

/// Everything that the user asks for.
#[derive(Debug, Clone)]
pub struct Profile {
    /// Identity of the inventory on the hub.
    pub name: ProfileName,
    /// How Argo CD comes to the hub.
    pub argocd: ArgoCd,
    /// Repository and repository-credential Secrets.
    pub repositories: Vec<Repository>,
    /// The repositories that the root ApplicationSets pull.
    pub gitops: GitOps,
    /// Argo CD's AppProjects.
    pub projects: Vec<Project>,
    /// The cluster that runs Argo CD.
    pub hub: Cluster,
    /// How bridge reaches the hub: a kubeconfig context; `None` leaves it to `--context`.
    pub hub_context: Option<String>,
    /// The clusters that the hub deploys to, in the order of the profile.
    pub spokes: Vec<Cluster>,
    /// Settings of the root ApplicationSets.
    pub application_sets: ApplicationSets,
}

impl Profile {
    /// The hub, then the spokes.
    pub fn clusters(&self) -> impl Iterator<Item = &Cluster> {
        std::iter::once(&self.hub).chain(&self.spokes)
    }
}

/// How Argo CD comes to the hub.
#[derive(Debug, Clone)]
pub struct ArgoCd {
    /// The namespace of Argo CD, of the cluster Secrets and of the inventory.
    pub namespace: Namespace,
    /// Who installs it.
    pub install: Install,
}

/// Who installs Argo CD.
#[derive(Debug, Clone)]
pub enum Install {
    /// Somebody else; bridge waits for its CustomResourceDefinitions.
    Existing,
    /// bridge, from the official manifest.
    Manifests(Box<Manifests>),
}

/// An installation from the official manifest.
#[derive(Debug, Clone)]
pub struct Manifests {
    /// Which release.
    pub version: ArgoCdVersion,
    /// Which of its variants.
    pub flavor: Flavor,
    /// Where the manifest comes from.
    pub source: ManifestSource,
    /// Registry rewrites and pull secrets.
    pub images: Images,
    /// Changes to single objects, applied last.
    pub patches: Vec<Patch>,
    /// The place to name when something is wrong with the manifest.
    pub at: Location,
}

/// A variant of Argo CD's install manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flavor {
    /// `install.yaml`.
    Standard,
    /// `ha/install.yaml`.
    Ha,
    /// `core-install.yaml`: no API server, UI, Dex or notifications.
    Core,
    /// `namespace-install.yaml`: manages its own namespace only; the CRDs come separately.
    Namespaced,
}

/// Where the manifest comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ManifestSource {
    /// The cache by the digest in bridge.lock, else the project's official address.
    Official,
    /// A file, relative to the profile's folder; checked when a digest is given.
    Path {
        /// The file.
        path: PathBuf,
        /// What its bytes must digest to.
        sha256: Option<Sha256>,
        /// Where the profile says so.
        at: Location,
    },
    /// Another address; its digest is required.
    Url {
        /// `https://` address.
        url: String,
        /// What its bytes must digest to.
        sha256: Sha256,
    },
}

/// Where container images come from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Images {
    /// Registry (and path prefix) to its replacement: `quay.io` to `mirror.example/quay`. The longest prefix wins.
    pub registries: BTreeMap<String, Mirror>,
    /// Names of pull Secrets for every pod.
    pub pull_secrets: Vec<ObjectName>,
}

/// What stands in for a registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mirror {
    /// Its host, and perhaps a path.
    pub address: String,
    /// Where the profile says so.
    pub at: Location,
}

/// A change to objects of the manifest.
#[derive(Debug, Clone)]
pub struct Patch {
    /// Which objects.
    pub target: PatchTarget,
    /// What happens to them.
    pub operation: PatchOperation,
    /// Where the profile says so.
    pub at: Location,
}

/// Selects the objects of a patch: all the given fields must match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PatchTarget {
    /// API group; `None` matches any.
    pub group: Option<String>,
    /// Kind.
    pub kind: String,
    /// Name; `None` matches any.
    pub name: Option<String>,
    /// Labels that the object must carry.
    pub labels: BTreeMap<String, String>,
}

/// What a patch does.
#[derive(Debug, Clone)]
pub enum PatchOperation {
    /// RFC 6902, as a JSON array of operations.
    Json6902(serde_json::Value),
    /// RFC 7386.
    Merge(serde_json::Value),
}

/// The repositories of the GitOps contract.
#[derive(Debug, Clone, Default)]
pub struct GitOps {
    /// Cluster addons.
    pub addons: Option<GitSource>,
    /// Private extension of the addons: annotations only.
    pub addons_extras: Option<GitSource>,
    /// The teams' workloads.
    pub workloads: Option<GitSource>,
    /// Clusters and their settings.
    pub clusters: Option<GitSource>,
}

/// A folder of a git repository at a revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GitSource {
    /// Address of the repository.
    pub url: String,
    /// Base path, ending in `/`; an empty one is `./`. So it joins with `path` to the same relative path whether a
    /// template writes `{{base}}{{path}}` (GitOps Bridge) or `{{base}}/{{path}}` (DoKa Seca).
    pub base_path: String,
    /// Path below the base path, without a leading slash.
    pub path: String,
    /// Branch, tag or commit.
    pub revision: String,
}

/// An Argo CD AppProject.
#[derive(Debug, Clone)]
pub struct Project {
    /// Its name.
    pub name: ObjectName,
    /// The `spec` as Argo CD reads it, built from the profile's typed and checked fields.
    pub spec: serde_json::Map<String, serde_json::Value>,
    /// Where the profile says so.
    pub at: Location,
}

/// Settings of the root ApplicationSets.
#[derive(Debug, Clone)]
pub struct ApplicationSets {
    /// Whether generated Applications leave their resources behind when their ApplicationSet goes. Default true.
    pub preserve_resources_on_deletion: bool,
    /// Sets that generate one Application for each cluster instead of one for the hub.
    pub per_cluster: PerCluster,
    /// Folder, relative to the profile, whose `*.yaml.tera` replace built-in templates by name and add others.
    pub templates: Option<(PathBuf, Location)>,
}

/// Which root ApplicationSets generate one Application for each cluster.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PerCluster {
    /// The addons set.
    pub addons: bool,
    /// The workloads set.
    pub workloads: bool,
    /// The clusters set.
    pub clusters: bool,
}
