//! Rules on the installation and the root ApplicationSets.

use crate::code::Code;
use crate::profile::decode::decoder::Decoder;
use crate::profile::node::Node;
use crate::profile::rules::items;

/// Checks the rules of this file.
pub(super) fn check(root: &Node, d: &mut Decoder) {
    if root.at(&["argocd", "flavor"]).and_then(Node::text) == Some("namespaced") {
        cluster_wide(root, d);
    }
    for set in ["addons", "workloads", "clusters"] {
        per_cluster_needs_source(root, set, d);
    }
}

/// `namespaced` has no ClusterRole, so Argo CD cannot manage anything cluster-wide on its own cluster.
fn cluster_wide(root: &Node, d: &mut Decoder) {
    let hubs = items(root, "clusters")
        .iter()
        .filter(|cluster| cluster.get("role").and_then(Node::text) == Some("hub"));
    let resources = hubs.filter_map(|hub| hub.get("clusterResources"));
    for node in resources.filter(|node| node.text() == Some("true")) {
        warn(node, "the hub's `clusterResources: true`", d);
    }
    let lists = items(root, "projects").iter().filter_map(|project| project.get("clusterResourceWhitelist"));
    for node in lists.filter(|node| !node.items().is_empty()) {
        warn(node, "this `clusterResourceWhitelist`", d);
    }
}

fn warn(node: &Node, what: &str, d: &mut Decoder) {
    let message =
        format!("{what} does nothing on a hub with `flavor: namespaced`, which has no cluster-wide rights");
    let fix = "remove it if it is meant for the hub, or choose `flavor: standard`";
    d.warning(Code::NAMESPACED_CLUSTER_WIDE, &node.location, message, fix);
}

fn per_cluster_needs_source(root: &Node, set: &str, d: &mut Decoder) {
    let Some(settings) = root.at(&["applicationSets", set]) else { return };
    if root.at(&["gitops", set]).is_none() {
        let message =
            format!("the root ApplicationSet `{set}` has settings, but `gitops.{set}` is not declared");
        let fix = format!("declare `gitops.{set}`, or remove `applicationSets.{set}`");
        d.error(Code::SET_WITHOUT_SOURCE, &settings.location, message, fix);
    }
}
