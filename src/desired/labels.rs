//! Labels and annotations of cluster Secrets: the contract with the ecosystem's ApplicationSets.
//!
//! Labels are what ApplicationSets select on, annotations what their templates read. Where GitOps Bridge and DoKa Seca
//! call one thing by two names, both are written.

use std::collections::BTreeMap;

use crate::profile::model::{Cluster, GitOps, GitSource, Role};

/// Marks the Secret as a cluster.
pub const SECRET_TYPE: &str = "argocd.argoproj.io/secret-type";

/// Tells the hub from spokes by its value `hub`; spokes have no such label.
///
/// The root ApplicationSets select by it. They must not select by anything that an edit changes: between the writes of the
/// Secret and of the set nothing would be selected, and Argo CD deletes what a set does not generate any more.
pub const ROLE: &str = "bridge.gitops/role";

/// The labels of a cluster's Secret, in order of their keys.
#[must_use]
pub fn labels(cluster: &Cluster) -> BTreeMap<String, String> {
    let mut labels: BTreeMap<String, String> =
        cluster.labels.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect();
    labels.extend(cluster.teams.iter().map(|team| (team.to_string(), "true".to_owned())));
    labels.extend(cluster.addons.iter().map(|(addon, on)| (format!("enable_{addon}"), on.to_string())));
    // The fixed ones last: nothing that a profile says may hide a cluster from Argo CD or give it two names.
    labels.insert(SECRET_TYPE.to_owned(), "cluster".to_owned());
    labels.insert("cluster_name".to_owned(), cluster.name.to_string());
    labels.insert("type".to_owned(), cluster.kind.to_string());
    if cluster.role == Role::Hub {
        labels.insert(ROLE.to_owned(), "hub".to_owned());
    }
    let optional = [
        ("environment", &cluster.env),
        ("env", &cluster.env),
        ("region", &cluster.region),
        ("cloud", &cluster.cloud),
        ("kubernetes_version", &cluster.kubernetes_version),
    ];
    for (key, value) in optional {
        labels.extend(value.as_ref().map(|value| (key.to_owned(), value.to_string())));
    }
    labels
}

/// The annotations of a cluster's Secret, in order of their keys.
///
/// Free metadata may give a cluster another repository, revision or path than the rest; both dialects follow it.
#[must_use]
pub fn annotations(cluster: &Cluster, gitops: &GitOps) -> BTreeMap<String, String> {
    let mut annotations = repositories(gitops);
    for (key, value) in &cluster.metadata {
        if let Some(other) = other_dialect(key.as_str()) {
            annotations.insert(other, value.clone());
        }
    }
    annotations.extend(cluster.metadata.iter().map(|(key, value)| (key.to_string(), value.clone())));
    annotations.insert("cluster_name".to_owned(), cluster.name.to_string());
    annotations.extend(cluster.env.as_ref().map(|env| ("environment".to_owned(), env.to_string())));
    annotations
}

/// `addons_repo_url` and its like, for every declared repository.
fn repositories(gitops: &GitOps) -> BTreeMap<String, String> {
    let GitOps { addons, addons_extras, workloads, clusters } = gitops;
    let dialects = [
        ("addons_repo", addons),
        ("addons_extras_repo", addons_extras),
        ("workloads_repo", workloads),
        ("workload_repo", workloads),
        ("clusters_repo", clusters),
    ];
    let declared = dialects.into_iter().filter_map(|(prefix, source)| Some((prefix, source.as_ref()?)));
    declared.flat_map(|(prefix, source)| repository(prefix, source)).collect()
}

fn repository(prefix: &str, source: &GitSource) -> [(String, String); 4] {
    let GitSource { url, base_path, path, revision } = source;
    [("url", url), ("basepath", base_path), ("path", path), ("revision", revision)]
        .map(|(field, value)| (format!("{prefix}_{field}"), value.clone()))
}

/// `workload_repo_url` is the same thing as `workloads_repo_url` in the other dialect.
fn other_dialect(key: &str) -> Option<String> {
    let plural = key.strip_prefix("workloads_repo_").map(|field| format!("workload_repo_{field}"));
    plural.or_else(|| key.strip_prefix("workload_repo_").map(|field| format!("workloads_repo_{field}")))
}
