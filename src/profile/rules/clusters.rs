//! Rules on the fleet: one hub, and names and servers that are unique.

use crate::code::Code;
use crate::profile::address;
use crate::profile::decode::decoder::Decoder;
use crate::profile::node::{Node, Value};
use crate::profile::rules::{duplicates, items, kind, labels};

/// Checks the rules of this file.
pub(super) fn check(root: &Node, d: &mut Decoder) {
    let clusters = items(root, "clusters");
    one_hub(root, clusters, d);
    let fix = "give each cluster a name of its own; Argo CD drops all but one of the same name";
    duplicates::names(clusters, "the cluster", (Code::DUPLICATE_NAME, fix), d);
    // A connection beside a provider is to go, so that nothing more is said of it.
    let connected: Vec<&Node> = clusters.iter().filter(|cluster| !kind::is_made(cluster)).collect();
    duplicate_servers(&connected, d);
    contexts_differ(&connected, d);
    // The hub of a namespaced installation gets its namespaces from bridge.
    let is_namespaced = root.at(&["argocd", "flavor"]).and_then(Node::text) == Some("namespaced");
    for cluster in clusters.iter().filter(|cluster| !(is_namespaced && is_hub(cluster))) {
        namespaces_fit(cluster, d);
    }
    labels::check(root, d);
}

fn is_hub(cluster: &Node) -> bool {
    cluster.get("role").and_then(Node::text) == Some("hub")
}

fn one_hub(root: &Node, clusters: &[Node], d: &mut Decoder) {
    let mut hubs = clusters.iter().filter(|cluster| is_hub(cluster));
    let Some(first) = hubs.next() else {
        no_hub(root, d);
        return;
    };
    for other in hubs {
        let at = other.get("role").map_or(&other.location, |role| &role.location);
        let message = format!("there is a second hub; the first is at {}", first.location);
        let fix = "keep `role: hub` on the cluster that runs Argo CD, and write a profile for each other hub";
        d.error(Code::SEVERAL_HUBS, at, message, fix);
    }
}

/// Reported only where there is a list to judge; a missing one was reported itself.
fn no_hub(root: &Node, d: &mut Decoder) {
    let Some(list) = root.get("clusters") else { return };
    let has_unread_role = list
        .items()
        .iter()
        .any(|cluster| cluster.get("role").is_some_and(|role| role.text() != Some("spoke")));
    if matches!(list.value, Value::Sequence(_)) && !has_unread_role {
        let message = "no cluster is the hub";
        let fix = "add `role: hub` to the cluster that runs Argo CD";
        d.error(Code::NO_HUB, &list.location, message, fix);
    }
}

/// Argo CD trims the slash, and its merge generators fail on two Secrets of one server.
fn duplicate_servers(clusters: &[&Node], d: &mut Decoder) {
    let servers = clusters.iter().filter_map(|cluster| cluster.at(&["connection", "server"]));
    let fix = "keep one cluster for each API server";
    duplicates::report(servers, address::canonical, "the server", (Code::DUPLICATE_SERVER, fix), d);
}

/// Each context is another cluster, and none of the spokes is the hub.
fn contexts_differ(clusters: &[&Node], d: &mut Decoder) {
    let context = |cluster: &'_ Node| cluster.at(&["connection", "context"]).cloned();
    let hub = clusters.iter().copied().find(|cluster| is_hub(cluster)).and_then(context);
    let spokes = clusters.iter().copied().filter(|cluster| !is_hub(cluster)).filter_map(context);
    let (own, others): (Vec<Node>, Vec<Node>) =
        spokes.partition(|node| hub.as_ref().is_some_and(|hub| hub.text() == node.text()));
    for node in own.iter().filter(|node| node.text().is_some()) {
        let message = format!("the context `{}` is the hub's", node.text().unwrap_or_default());
        let fix = "name the spoke's own context; the hub needs no entry as a spoke";
        d.error(Code::SPOKE_CONTEXT, &node.location, message, fix);
    }
    let fix = "keep one cluster for each context";
    duplicates::report(others.iter(), str::to_owned, "the context", (Code::DUPLICATE_SERVER, fix), d);
}

fn namespaces_fit(cluster: &Node, d: &mut Decoder) {
    let Some(node) = cluster.get("clusterResources") else { return };
    if cluster.get("namespaces").is_none_or(|namespaces| namespaces.items().is_empty()) {
        let message = "`clusterResources` does nothing without `namespaces`";
        d.warning(Code::UNUSED_SETTING, &node.location, message, "add `namespaces`, or remove it");
    }
}
