//! `connection`: how bridge reaches the hub, and how the hub's Argo CD reaches a spoke.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::code::Code;
use crate::profile::address;
use crate::profile::decode::decoder::{Decoder, Fields};
use crate::profile::decode::{authentication, keys};
use crate::profile::model::{ByContext, Connection, Remote, Role, Tls};
use crate::profile::node::Node;

/// Keys that only mean something for a spoke.
const REMOTE_KEYS: [&str; 13] = [
    "server",
    "caData",
    "insecure",
    "serverName",
    "token",
    "clientCertificate",
    "basic",
    "awsAuth",
    "exec",
    "serviceAccount",
    "proxyUrl",
    "disableCompression",
    "allowLoopback",
];

/// Decodes the connection of a cluster.
pub(crate) fn connection(cluster: &Fields<'_>, role: Role, d: &mut Decoder) -> Option<Connection> {
    let node = cluster.get("connection");
    match role {
        Role::Hub => hub(node, d),
        Role::Spoke => spoke(node, cluster, d),
    }
}

fn hub(node: Option<&Node>, d: &mut Decoder) -> Option<Connection> {
    let Some(node) = node else { return Some(Connection::InCluster) };
    let fields = d.fields(node, keys::CONNECTION)?;
    check_context(&fields, d);
    for key in fields.present(&REMOTE_KEYS) {
        let Some(node) = fields.get(key) else { continue };
        // Argo CD's rule (`RawRestConfig`): of `config` only a token or a user count for the cluster that it runs in.
        let message = match key {
            "token" | "basic" => format!("with `{key}` Argo CD would not use its own account on the hub"),
            _ => format!("`{key}` does nothing for the hub, whose Argo CD reaches it from inside"),
        };
        let fix = "remove it; bridge itself reaches the hub by `context`";
        d.error(Code::HUB_CONNECTION, &node.location, message, fix);
    }
    Some(Connection::InCluster)
}

fn check_context(fields: &Fields<'_>, d: &mut Decoder) {
    if let Some(node) = fields.get("context") {
        d.filled_text(node, "`context`");
    }
}

fn spoke(node: Option<&Node>, cluster: &Fields<'_>, d: &mut Decoder) -> Option<Connection> {
    let fix = "add `connection: { context: NAME }`, or `{ server: https://..., caData: ..., token: { env: NAME } }`";
    let Some(node) = node else {
        d.error(Code::NO_CONNECTION, cluster.at, "the spoke has no `connection`", fix);
        return None;
    };
    let fields = d.fields(node, keys::CONNECTION)?;
    if let Some(context) = fields.get("context") {
        return by_context(context, &fields, d).map(|by| Connection::Context(Box::new(by)));
    }
    if fields.get("server").is_none() {
        d.error(Code::NO_CONNECTION, &node.location, "the connection has no `server`", fix);
    }
    remote(&fields, d).map(|remote| Connection::Remote(Box::new(remote)))
}

fn remote(fields: &Fields<'_>, d: &mut Decoder) -> Option<Remote> {
    let server = fields.get("server").map(|node| server(node, fields, d));
    let tls = tls(fields, d);
    // Who forgot the server is told of that alone.
    let auth = server.is_some().then(|| authentication::given(fields, d));
    let proxy_url = proxy_url(fields, d);
    let disable_compression = d.flag(fields, "disableCompression", false);
    let tls = tls?.unwrap_or(Tls::SystemRoots { server_name: None });
    Some(Remote { server: server??, tls, auth: auth??, proxy_url, disable_compression })
}

fn by_context(node: &Node, fields: &Fields<'_>, d: &mut Decoder) -> Option<ByContext> {
    let context = d.filled_text(node, "`context`");
    let server = fields.get("server").map(|node| server(node, fields, d));
    let tls = tls(fields, d);
    let auth = authentication::by_context(fields, d);
    let proxy_url = proxy_url(fields, d);
    let disable_compression = d.flag(fields, "disableCompression", false);
    let allow_loopback = d.flag(fields, "allowLoopback", false);
    let server = match server {
        None => None,
        Some(server) => Some(server?),
    };
    Some(ByContext {
        context: context?,
        server,
        tls: tls?,
        auth: auth?,
        proxy_url,
        disable_compression,
        allow_loopback,
        at: node.location.clone(),
    })
}

fn proxy_url(fields: &Fields<'_>, d: &mut Decoder) -> Option<String> {
    fields.get("proxyUrl").and_then(|node| address::proxy(d, node, "`proxyUrl`"))
}

fn server(node: &Node, fields: &Fields<'_>, d: &mut Decoder) -> Option<String> {
    let text = address::http(d, node, Code::SERVER_URL, "`server`")?;
    let server = text.trim_end_matches('/').to_owned();
    let host = address::parse(&server)?.host;
    if address::is_in_cluster(host) {
        let message = format!("`{server}` is the hub's own address, seen from inside");
        let fix = "write the address that the hub reaches this spoke by; the hub itself has `role: hub`";
        d.error(Code::IN_CLUSTER_SPOKE, &node.location, message, fix);
    }
    if address::is_loopback(host) && !d.flag(fields, "allowLoopback", false) {
        let message =
            format!("`{server}` is a loopback address: in the hub's Argo CD it leads to its own pod");
        let fix = "write the address that the hub's pods reach, or `allowLoopback: true` in a test";
        d.error(Code::LOOPBACK_SERVER, &node.location, message, fix);
    }
    Some(server)
}

/// The inner `None` where the profile says nothing of it.
fn tls(fields: &Fields<'_>, d: &mut Decoder) -> Option<Option<Tls>> {
    let is_insecure = d.flag(fields, "insecure", false);
    let server_name = fields.get("serverName").map(|node| d.filled_text(node, "`serverName`"));
    let ca = fields.get("caData").map(|node| (node, pem(node, "`caData`", Code::CA_DATA, d)));
    let server_name = server_name.flatten();
    match ca {
        Some((node, _)) if is_insecure => {
            let message = "`caData` and `insecure: true` exclude each other";
            let fix = "remove `insecure`, so that the certificate is checked";
            d.error(Code::CA_WITH_INSECURE, &node.location, message, fix);
            None
        }
        Some((_, data)) => Some(Some(Tls::Ca { data: data?, server_name })),
        None if is_insecure => Some(Some(Tls::Insecure { server_name })),
        None => Some(server_name.map(|name| Tls::SystemRoots { server_name: Some(name) })),
    }
}

/// base64 of a PEM certificate, as kubeconfigs and ClusterConfigs have it.
pub(crate) fn pem(node: &Node, what: &str, code: Code, d: &mut Decoder) -> Option<String> {
    let text = d.filled_text(node, what)?;
    let bare: String = text.split_whitespace().collect();
    let decoded = STANDARD.decode(&bare).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let is_certificate = decoded.is_some_and(|text| {
        text.contains("-----BEGIN CERTIFICATE-----") && text.contains("-----END CERTIFICATE-----")
    });
    if is_certificate {
        return Some(bare);
    }
    let fix = if text.contains("-----BEGIN") {
        "this is the PEM itself: write the output of `base64 -w0 FILE`"
    } else {
        "write the output of `base64 -w0 FILE` for a file that starts with `-----BEGIN CERTIFICATE-----`"
    };
    d.error(code, &node.location, format!("{what} is not the base64 of a PEM certificate"), fix);
    None
}
