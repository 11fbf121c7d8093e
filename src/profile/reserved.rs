//! Labels and annotations of a cluster Secret that are not the user's to write freely.

use crate::profile::node::Node;

/// Labels that bridge writes from fields of the cluster, each with its field.
const TYPED_LABELS: [(&str, &str); 7] = [
    ("cluster_name", "name"),
    ("environment", "env"),
    ("env", "env"),
    ("region", "region"),
    ("cloud", "cloud"),
    ("type", "type"),
    ("kubernetes_version", "kubernetesVersion"),
];

/// The label that makes a Secret a cluster.
const SECRET_TYPE: &str = "argocd.argoproj.io/secret-type";

/// Annotations that bridge writes from fields of the cluster, each with its field.
const TYPED_ANNOTATIONS: [(&str, &str); 2] = [("cluster_name", "name"), ("environment", "env")];

/// The sources of `gitops` by the prefixes of their annotations, longest first. `workload` is the GitOps Bridge's own
/// spelling of `workloads`.
const SOURCES: [(&str, &str); 5] = [
    ("addons_extras_repo_", "addonsExtras"),
    ("addons_repo_", "addons"),
    ("workloads_repo_", "workloads"),
    ("workload_repo_", "workloads"),
    ("clusters_repo_", "clusters"),
];

/// Why a key may not be written, and what to write instead.
pub(crate) struct Reserved {
    /// Who writes it.
    pub(crate) because: String,
    /// What to do.
    pub(crate) fix: String,
}

/// Whether bridge writes the label itself, so that an equal one in the profile is left out.
pub(crate) fn is_typed_label(key: &str) -> bool {
    key == SECRET_TYPE || TYPED_LABELS.iter().any(|(label, _)| *label == key)
}

/// Whether bridge writes the annotation itself, so that an equal one in the profile is left out.
pub(crate) fn is_typed_annotation(key: &str) -> bool {
    TYPED_ANNOTATIONS.iter().any(|(annotation, _)| *annotation == key)
}

/// Whether a label of a cluster is one that may not be written so.
pub(crate) fn label(cluster: &Node, key: &str, value: &str) -> Option<Reserved> {
    if key == SECRET_TYPE {
        return (value != "cluster").then(|| by_bridge("remove it; its value is always `cluster`"));
    }
    if let Some((_, field)) = TYPED_LABELS.iter().find(|(label, _)| *label == key) {
        return (written(cluster, field) != Some(value)).then(|| by_field(field, value));
    }
    if let Some(addon) = key.strip_prefix("enable_") {
        let fix = format!("write `addons: {{ {addon}: {value} }}`");
        return Some(Reserved { because: "bridge writes it from `addons`".to_owned(), fix });
    }
    if key == "argocd.argoproj.io/kubernetes-version" {
        return Some(by_argocd());
    }
    (is_bookkeeping(key) || key.starts_with("bridge.gitops/")).then(|| by_bridge("remove it"))
}

/// Whether an annotation of a cluster is one that may not be written so.
pub(crate) fn annotation(cluster: &Node, key: &str, value: &str) -> Option<Reserved> {
    if let Some((_, field)) = TYPED_ANNOTATIONS.iter().find(|(annotation, _)| *annotation == key) {
        return (written(cluster, field) != Some(value)).then(|| by_field(field, value));
    }
    if let Some((_, source)) = SOURCES.iter().find(|(prefix, _)| is_source_key(key, prefix)) {
        let because = format!("bridge writes it from `gitops.{source}`");
        return Some(Reserved { because, fix: format!("remove it, and declare `gitops.{source}`") });
    }
    if key == "argocd.argoproj.io/refresh" || key == "managed-by" {
        return Some(by_argocd());
    }
    if key == "kubectl.kubernetes.io/last-applied-configuration" {
        let because = "kubectl keeps a copy of the whole object in it, credentials included".to_owned();
        return Some(Reserved { because, fix: "remove it".to_owned() });
    }
    is_bookkeeping(key).then(|| by_bridge("remove it"))
}

fn is_source_key(key: &str, prefix: &str) -> bool {
    key.strip_prefix(prefix).is_some_and(|part| ["url", "basepath", "path", "revision"].contains(&part))
}

/// ApplySet's own keys, by which `kubectl` and bridge know what they own.
fn is_bookkeeping(key: &str) -> bool {
    key.starts_with("applyset.kubernetes.io/")
}

/// What the field of the cluster says, defaults included.
fn written<'n>(cluster: &'n Node, field: &str) -> Option<&'n str> {
    let default = || match (field, cluster.get("role").and_then(Node::text)) {
        ("type", Some("hub")) => Some("hub"),
        ("type", _) => Some("workload"),
        _ => None,
    };
    cluster.get(field).and_then(Node::text).or_else(default)
}

fn by_bridge(fix: &str) -> Reserved {
    Reserved { because: "bridge writes it".to_owned(), fix: fix.to_owned() }
}

fn by_field(field: &str, value: &str) -> Reserved {
    let because = format!("bridge writes it from the cluster's `{field}`");
    Reserved { because, fix: format!("remove it, and write `{field}: {value}` on the cluster") }
}

fn by_argocd() -> Reserved {
    Reserved { because: "Argo CD writes it".to_owned(), fix: "remove it".to_owned() }
}
