//! The Secret by which Argo CD knows a cluster.

use serde_json::json;

use crate::desired::cluster_config;
use crate::desired::labels;
use crate::desired::object::{NotAnObject, Object};
use crate::desired::secret_data::SecretData;
use crate::desired::secrets::Secrets;
use crate::profile::model::{Cluster, Flavor, Install, Profile, Role};
use crate::template::context;

/// Secrets in Argo CD's namespace that are Argo CD's own, whether the manifest declares them or Argo CD creates them.
///
/// A cluster's Secret is called like the cluster, as GitOps Bridge does it, so these cannot be names of clusters.
const RESERVED: &[&str] = &[
    "argocd-commit-server-tls",
    "argocd-dex-server-tls",
    "argocd-initial-admin-secret",
    "argocd-notifications-secret",
    "argocd-redis",
    "argocd-repo-server-mtls",
    "argocd-repo-server-tls",
    "argocd-secret",
    "argocd-server-tls",
];

/// Whether a Secret of this name is Argo CD's own.
#[must_use]
pub fn is_reserved(name: &str) -> bool {
    RESERVED.contains(&name)
}

/// The Secret of a cluster of the profile.
///
/// # Errors
/// Never for a cluster of a valid profile: every name is checked there.
pub fn object(profile: &Profile, cluster: &Cluster, secrets: &Secrets) -> Result<Object, NotAnObject> {
    let data = data(profile, cluster, secrets);
    let body = json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": cluster.name.as_str(),
            "namespace": profile.argocd.namespace.as_str(),
            "labels": labels::labels(cluster),
            "annotations": labels::annotations(cluster, &profile.gitops),
        },
        "type": "Opaque",
        "data": data.to_value(),
    });
    Ok(Object::new(body)?.with_public_data(data.public_keys().iter().copied()))
}

fn data(profile: &Profile, cluster: &Cluster, secrets: &Secrets) -> SecretData {
    let mut data = SecretData::default();
    data.public("name", cluster.name.as_str());
    data.public("server", context::server(&cluster.connection));
    let config = cluster_config::json(&cluster.connection, secrets);
    if cluster_config::is_public(&cluster.connection) {
        data.public("config", config.expose());
    } else {
        data.secret("config", config.expose());
    }
    restrict(&mut data, profile, cluster);
    data
}

fn restrict(data: &mut SecretData, profile: &Profile, cluster: &Cluster) {
    let namespaces = namespaces(profile, cluster);
    if !namespaces.is_empty() {
        data.public("namespaces", &namespaces.join(","));
    }
    if let Some(cluster_resources) = cluster.cluster_resources {
        data.public("clusterResources", &cluster_resources.to_string());
    }
    if let Some(project) = &cluster.project {
        data.public("project", project.as_str());
    }
    if let Some(shard) = cluster.shard {
        data.public("shard", &shard.to_string());
    }
}

/// An Argo CD that was installed for its own namespace may read nothing else on the hub, and must be told so.
fn namespaces<'a>(profile: &'a Profile, cluster: &'a Cluster) -> Vec<&'a str> {
    let is_hub = cluster.role == Role::Hub;
    if is_hub && cluster.namespaces.is_empty() && is_namespaced(&profile.argocd.install) {
        return vec![profile.argocd.namespace.as_str()];
    }
    cluster.namespaces.iter().map(AsRef::as_ref).collect()
}

fn is_namespaced(install: &Install) -> bool {
    match install {
        Install::Existing => false,
        Install::Manifests(manifests) => manifests.flavor == Flavor::Namespaced,
    }
}
