//! `kind.ports`: what this machine publishes of a node.

use std::net::{IpAddr, Ipv4Addr};

use crate::code::Code;
use crate::profile::decode::decoder::Decoder;
use crate::profile::decode::keys;
use crate::profile::model::{PortMapping, Protocol};
use crate::profile::node::Node;

/// The port of the API server inside of the container. Source: `APIServerInternalPort` of kind.
const API_SERVER: u16 = 6443;

/// Decodes the list of ports.
pub(super) fn ports(node: &Node, d: &mut Decoder) -> Vec<PortMapping> {
    d.list(node, "ports").iter().filter_map(|node| mapping(node, d)).collect()
}

fn mapping(node: &Node, d: &mut Decoder) -> Option<PortMapping> {
    let fields = d.fields(node, keys::PORT_MAPPING)?;
    let host = fields.require(d, "host").and_then(|node| port(node, "`host`", d));
    let inner = fields.require(d, "node").and_then(|node| Some((node, port(node, "`node`", d)?)));
    let address = match fields.get("address") {
        Some(node) => address(node, d),
        None => Some(IpAddr::V4(Ipv4Addr::LOCALHOST)),
    };
    let known = Protocol::ALL.map(|protocol| (protocol.as_str(), protocol));
    let protocol = match fields.get("protocol") {
        Some(node) => d.choice(node, "protocol of a port", &known),
        None => Some(Protocol::Tcp),
    };
    let at = node.location.clone();
    let (inner_node, inner) = inner?;
    if inner == API_SERVER && protocol == Some(Protocol::Tcp) {
        // kind reads back what is published of this port, and writes the first that it finds into the kubeconfig.
        let message =
            format!("{API_SERVER} is the port of the node's API server, which kind publishes by itself");
        let fix = "remove the entry; the kubeconfig has the address";
        d.error(Code::PORT, &inner_node.location, message, fix);
    }
    Some(PortMapping { host: host?, node: inner, address: address?, protocol: protocol?, at })
}

fn port(node: &Node, what: &str, d: &mut Decoder) -> Option<u16> {
    let text = d.text(node, what)?;
    let port = text.parse().ok().filter(|port| *port > 0);
    if port.is_none() {
        let message = format!("{what} has to be a port from 1 to 65535, and `{text}` is none");
        d.error(Code::PORT, &node.location, message, "write a port, such as `8443`");
    }
    port
}

fn address(node: &Node, d: &mut Decoder) -> Option<IpAddr> {
    let text = d.text(node, "`address`")?;
    let address = text.parse().ok();
    if address.is_none() {
        let message = format!("`{text}` is no IP address of this machine");
        let fix = "write `127.0.0.1`, or `0.0.0.0` for whoever reaches this machine";
        d.error(Code::LISTEN_ADDRESS, &node.location, message, fix);
    }
    address
}
