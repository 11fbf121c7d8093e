//! Rules on the clusters that bridge makes itself.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::code::Code;
use crate::profile::address;
use crate::profile::decode::decoder::Decoder;
use crate::profile::location::Location;
use crate::profile::names::KindName;
use crate::profile::node::{Node, Value};
use crate::profile::paths;
use crate::profile::rules::{duplicates, items};

/// Where containerd looks for mirrors.
const MIRRORS: &str = "/etc/containerd/certs.d";

/// Checks the rules of this file.
pub(super) fn check(root: &Node, d: &mut Decoder) {
    let clusters = items(root, "clusters");
    for cluster in clusters {
        settings_are_used(cluster, d);
        no_connection(cluster, d);
        mounts_differ(cluster, d);
    }
    hub_is_made_too(clusters, d);
    names_differ(clusters, d);
    nothing_else_is_one(clusters, d);
    ports_differ(clusters, d);
    argo_cd_is_installed(root, clusters, d);
}

/// Whether bridge makes the cluster.
pub(super) fn is_made(cluster: &Node) -> bool {
    cluster.get("provider").and_then(Node::text) == Some("kind")
}

/// The API server of a cluster as the hub reaches it, where the profile says, or it follows from what it says.
pub(super) fn server(cluster: &Node) -> Option<String> {
    match (is_made(cluster), is_hub(cluster)) {
        (true, true) => None,
        (true, false) => name(cluster).map(|(_, name)| name.server()),
        (false, _) => cluster.at(&["connection", "server"]).and_then(Node::text).map(str::to_owned),
    }
}

fn is_hub(cluster: &Node) -> bool {
    cluster.get("role").and_then(Node::text) == Some("hub")
}

/// kind's name for a cluster that bridge makes, and where it stands.
fn name(cluster: &Node) -> Option<(&Node, KindName)> {
    let node = cluster.at(&["kind", "name"]).or_else(|| cluster.get("name"))?;
    let name = node.text()?.parse().ok()?;
    is_made(cluster).then_some((node, name))
}

fn settings_are_used(cluster: &Node, d: &mut Decoder) {
    let Some(settings) = cluster.get("kind").filter(|_| cluster.get("provider").is_none()) else { return };
    // Anything else was reported, and may be meant for `type`.
    if !matches!(settings.value, Value::Mapping(_)) {
        return;
    }
    let message = "`kind` does nothing without `provider: kind`";
    d.error(Code::KIND_WITHOUT_PROVIDER, &settings.location, message, "add `provider: kind`, or remove it");
}

fn no_connection(cluster: &Node, d: &mut Decoder) {
    let Some(connection) = cluster.get("connection").filter(|_| is_made(cluster)) else { return };
    let message = match name(cluster) {
        Some((_, name)) => {
            format!("bridge makes the cluster, and reaches it by the context `{}`", name.context())
        }
        None => "bridge makes the cluster, and knows how it is reached".to_owned(),
    };
    let fix = "remove `connection`; where a base says it, write `connection: null`";
    d.error(Code::PROVIDER_CONNECTION, &connection.location, message, fix);
}

/// Only containers of the engine's network resolve the name of another one.
fn hub_is_made_too(clusters: &[Node], d: &mut Decoder) {
    let Some(hub) = clusters.iter().find(|cluster| is_hub(cluster)) else { return };
    // What stands there and is no provider was reported.
    if hub.get("provider").is_some() {
        return;
    }
    for spoke in clusters.iter().filter(|cluster| !is_hub(cluster) && is_made(cluster)) {
        let at = spoke.get("provider").map_or(&spoke.location, |provider| &provider.location);
        let message = "the hub is no kind cluster, so its pods cannot reach this one: only containers of one machine resolve the name of its container";
        let fix = format!(
            "add `provider: kind` to the hub at {}, or give this one a `connection` instead",
            hub.location
        );
        d.error(Code::KIND_HUB, at, message, fix);
    }
}

fn names_differ(clusters: &[Node], d: &mut Decoder) {
    // Clusters of one name were reported, and are no less one for kind.
    let mut seen = HashSet::new();
    let clusters = clusters.iter().filter(|cluster| seen.insert(cluster.get("name").and_then(Node::text)));
    let names = clusters.filter_map(|cluster| Some(name(cluster)?.0));
    let fix = "add `kind: { name: NAME }` with another one";
    duplicates::report(names, str::to_owned, "the kind cluster", (Code::KIND_NAME_TWICE, fix), d);
}

/// A connection that leads to a cluster which bridge makes is that cluster once more.
fn nothing_else_is_one(clusters: &[Node], d: &mut Decoder) {
    let made: Vec<(&Node, KindName)> = clusters.iter().filter_map(name).collect();
    let contexts: HashMap<String, &Node> = made.iter().map(|(node, name)| (name.context(), *node)).collect();
    let servers: HashMap<String, &Node> =
        made.iter().map(|(node, name)| (address::canonical(&name.server()), *node)).collect();
    for cluster in clusters.iter().filter(|cluster| !is_made(cluster)) {
        for (key, known) in [("context", &contexts), ("server", &servers)] {
            let Some(node) = cluster.at(&["connection", key]) else { continue };
            let Some(text) = node.text() else { continue };
            let same = if key == "server" { address::canonical(text) } else { text.to_owned() };
            let Some(other) = known.get(&same) else { continue };
            let message = format!("`{same}` is the kind cluster that bridge makes at {}", other.location);
            let fix = "keep one cluster for each API server";
            d.error(Code::DUPLICATE_SERVER, &node.location, message, fix);
        }
    }
}

/// A port that this machine publishes.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Published<'n> {
    port: u16,
    protocol: &'n str,
}

/// Clusters of one profile run side by side on one machine.
fn ports_differ(clusters: &[Node], d: &mut Decoder) {
    let mut taken: HashMap<Published<'_>, BTreeMap<IpAddr, &Location>> = HashMap::new();
    let mappings = clusters.iter().filter(|cluster| is_made(cluster));
    let mappings = mappings.filter_map(|cluster| cluster.at(&["kind", "ports"])).flat_map(Node::items);
    for mapping in mappings {
        let Some((published, address, node)) = published(mapping) else { continue };
        let Published { port, protocol } = published;
        let others = taken.entry(published).or_default();
        if let Some((other, at)) = overlapping(others, address) {
            let message = format!(
                "port {port}/{protocol} of {address} is published twice; the first, on {other}, is at {at}"
            );
            d.error(Code::PORT_TWICE, &node.location, message, "write another port in `host`");
        } else {
            others.insert(address, &node.location);
        }
    }
}

/// Source: `validatePortMappings` of kind, for which `0.0.0.0` and `::` are every address.
fn overlapping<'n>(
    others: &BTreeMap<IpAddr, &'n Location>,
    address: IpAddr,
) -> Option<(IpAddr, &'n Location)> {
    let every = [Ipv4Addr::UNSPECIFIED.into(), Ipv6Addr::UNSPECIFIED.into()];
    let found = if address.is_unspecified() {
        others.first_key_value()
    } else {
        every.iter().chain([&address]).find_map(|address| others.get_key_value(address))
    };
    found.map(|(address, at)| (*address, *at))
}

fn published(mapping: &Node) -> Option<(Published<'_>, IpAddr, &Node)> {
    let node = mapping.get("host")?;
    let port = node.text()?.parse().ok().filter(|port| *port > 0)?;
    let protocol = mapping.get("protocol").map_or(Some("TCP"), Node::text)?;
    let address: IpAddr = match mapping.get("address") {
        Some(address) => address.text()?.parse().ok()?,
        None => Ipv4Addr::LOCALHOST.into(),
    };
    Some((Published { port, protocol }, address.to_canonical(), node))
}

fn mounts_differ(cluster: &Node, d: &mut Decoder) {
    let mounts = cluster.at(&["kind", "mounts"]).map_or(&[][..], Node::items);
    let paths = mounts.iter().filter_map(|mount| mount.get("node"));
    let fix = "mount one of them elsewhere";
    duplicates::report(paths.clone(), paths::tidy, "the path", (Code::MOUNT_TWICE, fix), d);
    let Some(mirrors) = cluster.at(&["kind", "mirrors"]).filter(|mirrors| !mirrors.entries().is_empty())
    else {
        return;
    };
    for node in paths {
        let Some(path) = node.text().map(paths::tidy) else { continue };
        if path == MIRRORS || path.starts_with(&format!("{MIRRORS}/")) {
            let message = format!("`{path}` is where bridge writes the `mirrors` at {}", mirrors.location);
            let fix = "keep one of the two";
            d.error(Code::MOUNT_TWICE, &node.location, message, fix);
        }
    }
}

/// The cluster is empty when `bridge up` has made it.
fn argo_cd_is_installed(root: &Node, clusters: &[Node], d: &mut Decoder) {
    let Some(install) = root.at(&["argocd", "install"]) else { return };
    let is_waited_for = install.text() == Some("existing");
    if is_waited_for && clusters.iter().any(|cluster| is_hub(cluster) && is_made(cluster)) {
        let message = "bridge makes an empty hub, and `install: existing` waits for an Argo CD that somebody else installs there";
        let fix = "write `install: manifests`, unless something installs it while `bridge up` waits";
        d.warning(Code::KIND_EXISTING, &install.location, message, fix);
    }
}
