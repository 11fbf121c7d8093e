//! The profile as a template sees it: plain, sorted data, and never a secret.

use serde_json::{Value, json};

use crate::profile::model::{Cluster, Connection, GitSource, Install, Profile, Role};

/// What a template sees of the profile. [`crate::template::shape::CONTEXT`] documents every name.
#[must_use]
pub fn build(profile: &Profile) -> Value {
    let mut clusters: Vec<&Cluster> = profile.clusters().collect();
    clusters.sort_by(|a, b| a.name.cmp(&b.name));
    with_clusters(profile, clusters.into_iter().map(cluster).collect())
}

/// The same for templates that never ask for `clusters`: the built-in ones do not, and a fleet is large.
#[must_use]
pub fn build_without_clusters(profile: &Profile) -> Value {
    with_clusters(profile, Vec::new())
}

fn with_clusters(profile: &Profile, clusters: Vec<Value>) -> Value {
    let sets = &profile.application_sets;
    json!({
        "argocd": { "namespace": profile.argocd.namespace.as_str(), "version": version(&profile.argocd.install) },
        "clusters": Value::Array(clusters),
        "gitops": {
            "addons": source(profile.gitops.addons.as_ref()),
            "addons_extras": source(profile.gitops.addons_extras.as_ref()),
            "clusters": source(profile.gitops.clusters.as_ref()),
            "workloads": source(profile.gitops.workloads.as_ref()),
        },
        "hub": cluster(&profile.hub),
        "profile": { "name": profile.name.as_str() },
        "settings": {
            "per_cluster": {
                "addons": sets.per_cluster.addons,
                "clusters": sets.per_cluster.clusters,
                "workloads": sets.per_cluster.workloads,
            },
            "preserve_resources_on_deletion": sets.preserve_resources_on_deletion,
        },
    })
}

fn version(install: &Install) -> Option<&str> {
    match install {
        Install::Existing => None,
        Install::Manifests(manifests) => Some(manifests.version.as_str()),
    }
}

fn source(source: Option<&GitSource>) -> Value {
    source.map_or(Value::Null, |GitSource { url, base_path, path, revision }| {
        json!({ "base_path": base_path, "path": path, "revision": revision, "url": url })
    })
}

fn cluster(cluster: &Cluster) -> Value {
    let text = |value: Option<&str>| value.map_or(Value::Null, Value::from);
    let addons = cluster.addons.iter().map(|(name, on)| (name.to_string(), Value::from(*on)));
    let annotations = cluster.metadata.iter().map(|(k, v)| (k.to_string(), Value::from(v.as_str())));
    let labels = cluster.labels.iter().map(|(k, v)| (k.to_string(), Value::from(v.as_str())));
    let mut teams: Vec<&str> = cluster.teams.iter().map(AsRef::as_ref).collect();
    teams.sort_unstable();
    json!({
        "addons": addons.collect::<serde_json::Map<_, _>>(),
        "annotations": annotations.collect::<serde_json::Map<_, _>>(),
        "cloud": text(cluster.cloud.as_ref().map(AsRef::as_ref)),
        "env": text(cluster.env.as_ref().map(AsRef::as_ref)),
        "kubernetes_version": text(cluster.kubernetes_version.as_ref().map(AsRef::as_ref)),
        "labels": labels.collect::<serde_json::Map<_, _>>(),
        "name": cluster.name.as_str(),
        "region": text(cluster.region.as_ref().map(AsRef::as_ref)),
        "role": role(cluster.role),
        "server": server(&cluster.connection),
        "teams": teams,
        "type": cluster.kind.as_str(),
    })
}

fn role(role: Role) -> &'static str {
    match role {
        Role::Hub => "hub",
        Role::Spoke => "spoke",
    }
}

/// The API server as Argo CD knows it; Argo CD compares this address byte for byte.
#[must_use]
pub fn server(connection: &Connection) -> &str {
    match connection {
        Connection::InCluster => IN_CLUSTER,
        Connection::Remote(remote) => &remote.server,
        Connection::Context(by) => by.server.as_deref().unwrap_or(UNREAD),
    }
}

/// Stands for the server of a kubeconfig context that was not read.
const UNREAD: &str = "(the server of its context)";

/// The address of the cluster that Argo CD runs in.
pub const IN_CLUSTER: &str = "https://kubernetes.default.svc";
