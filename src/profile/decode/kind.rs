//! `provider` and `kind`: a cluster that bridge makes itself, and how it is reached.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use crate::code::Code;
use crate::profile::decode::decoder::{Decoder, Fields};
use crate::profile::decode::{authentication, clusters, keys};
use crate::profile::location::Location;
use crate::profile::model::{
    ByContext, Connection, ContextAuth, KindCluster, Mount, PortMapping, Protocol, Role,
};
use crate::profile::names::{InvalidName, KindName, LabelKey, LabelValue};
use crate::profile::node::Node;
use crate::profile::paths;

/// Who makes a cluster, where bridge does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Provider {
    Kind,
}

/// Decodes what bridge makes a cluster from: the outer `None` where that was wrong, the inner one where bridge makes none.
pub(crate) fn cluster(cluster: &Fields<'_>, d: &mut Decoder) -> Option<Option<Box<KindCluster>>> {
    let provider = cluster.get("provider").map(|node| (node, provider(node, d)));
    let settings = cluster.get("kind").map(|node| d.fields(node, keys::KIND_CLUSTER));
    // What is written is checked, also where it is in the wrong place.
    let settings = settings.map(|fields| fields.map(|fields| self::settings(&fields, d)));
    let Some((node, provider)) = provider else { return Some(None) };
    let Provider::Kind = provider?;
    let settings = settings.unwrap_or_else(|| Some(Settings::default()))?;
    let name = match settings.name {
        Some(name) => name,
        None => own_name(cluster, d),
    };
    Some(Some(Box::new(KindCluster {
        name: name?,
        image: settings.image,
        ports: settings.ports,
        mirrors: settings.mirrors,
        mounts: settings.mounts,
        labels: settings.labels,
        at: node.location.clone(),
    })))
}

fn provider(node: &Node, d: &mut Decoder) -> Option<Provider> {
    d.choice(node, "provider of a cluster", &[("kind", Provider::Kind)])
}

/// How a cluster of bridge's own is reached: it follows from kind's conventions.
pub(crate) fn connection(kind: &KindCluster, role: Role) -> Option<Connection> {
    let by_context = |auth| ByContext {
        context: kind.name.context(),
        server: Some(kind.name.server()),
        tls: None,
        auth: ContextAuth::ServiceAccount(auth),
        proxy_url: None,
        disable_compression: false,
        allow_loopback: false,
        at: kind.at.clone(),
    };
    match role {
        Role::Hub => Some(Connection::InCluster),
        Role::Spoke => authentication::account().map(|auth| Connection::Context(Box::new(by_context(auth)))),
    }
}

#[derive(Default)]
struct Settings {
    /// The inner `None` where it is not valid.
    name: Option<Option<KindName>>,
    image: Option<String>,
    ports: Vec<PortMapping>,
    mirrors: BTreeMap<String, Vec<String>>,
    mounts: Vec<Mount>,
    labels: BTreeMap<LabelKey, LabelValue>,
}

fn settings(fields: &Fields<'_>, d: &mut Decoder) -> Settings {
    let items = |key: &str, d: &mut Decoder| fields.get(key).map_or(&[][..], |node| d.list(node, "maps"));
    Settings {
        name: fields.get("name").map(|node| d.name(node, Code::INVALID_NAME, "kind's name")),
        image: fields.get("image").and_then(|node| d.filled_text(node, "`image`")),
        ports: items("ports", d).iter().filter_map(|node| port_mapping(node, d)).collect(),
        mirrors: mirrors(fields, d),
        mounts: items("mounts", d).iter().filter_map(|node| mount(node, d)).collect(),
        labels: clusters::entries(fields, "labels", "a map of labels", d, clusters::label_entry),
    }
}

/// The cluster's name, where that can be kind's.
fn own_name(cluster: &Fields<'_>, d: &mut Decoder) -> Option<KindName> {
    let node = cluster.get("name")?;
    let name = node.text()?.parse();
    if let Err(error) = &name {
        let error: &InvalidName = error;
        d.error(Code::INVALID_NAME, &node.location, error.to_string(), "add `kind: { name: NAME }`");
    }
    name.ok()
}

fn port_mapping(node: &Node, d: &mut Decoder) -> Option<PortMapping> {
    let fields = d.fields(node, keys::PORT_MAPPING)?;
    let host = fields.require(d, "host").and_then(|node| port(node, "`host`", d));
    let port_of_node = fields.require(d, "node").and_then(|node| port(node, "`node`", d));
    let address = match fields.get("address") {
        Some(node) => address(node, d),
        None => Some(IpAddr::V4(Ipv4Addr::LOCALHOST)),
    };
    let known = [Protocol::Tcp, Protocol::Udp, Protocol::Sctp].map(|protocol| (protocol.as_str(), protocol));
    let protocol = match fields.get("protocol") {
        Some(node) => d.choice(node, "protocol of a port", &known),
        None => Some(Protocol::Tcp),
    };
    let at: Location = node.location.clone();
    Some(PortMapping { host: host?, node: port_of_node?, address: address?, protocol: protocol?, at })
}

fn port(node: &Node, what: &str, d: &mut Decoder) -> Option<u16> {
    let text = d.text(node, what)?;
    let port = text.parse().ok().filter(|port| *port > 0);
    if port.is_none() {
        let message = format!("{what} has to be a port from 1 to 65535, and `{text}` is none");
        d.error(Code::INVALID_NUMBER, &node.location, message, "write a port, such as `8443`");
    }
    port
}

fn address(node: &Node, d: &mut Decoder) -> Option<IpAddr> {
    let text = d.text(node, "`address`")?;
    let address = text.parse().ok();
    if address.is_none() {
        let message = format!("`{text}` is no IP address");
        d.error(Code::INVALID_CHOICE, &node.location, message, "write `127.0.0.1`");
    }
    address
}

fn mirrors(fields: &Fields<'_>, d: &mut Decoder) -> BTreeMap<String, Vec<String>> {
    clusters::entries(fields, "mirrors", "a map of registries to their mirrors", d, |entry, d| {
        let mirrors = d.texts(&entry.value, "the mirrors of a registry");
        Some((entry.key.text.clone(), mirrors))
    })
}

fn mount(node: &Node, d: &mut Decoder) -> Option<Mount> {
    let fields = d.fields(node, keys::MOUNT)?;
    let host = fields.require(d, "host").and_then(|node| d.path(node, "`host`"));
    let on_node = fields.require(d, "node").and_then(|node| d.filled_text(node, "`node`"));
    let read_only = d.flag(&fields, "readOnly", true);
    Some(Mount { host: host?, node: paths::tidy(&on_node?), read_only, at: node.location.clone() })
}
