//! `connection`: how bridge reaches the hub, and how the hub's Argo CD reaches a spoke.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::code::Code;
use crate::profile::address;
use crate::profile::decode::decoder::{Decoder, Fields};
use crate::profile::decode::{keys, secret};
use crate::profile::model::{Auth, Connection, Remote, Role, Tls};
use crate::profile::node::Node;

/// Keys that only mean something for a spoke.
const REMOTE_KEYS: [&str; 12] = [
    "server",
    "caData",
    "insecure",
    "serverName",
    "token",
    "clientCertificate",
    "basic",
    "awsAuth",
    "exec",
    "proxyUrl",
    "disableCompression",
    "allowLoopback",
];

/// The ways to authenticate.
const WAYS: [&str; 5] = ["token", "clientCertificate", "basic", "awsAuth", "exec"];

/// Decodes the connection of a cluster.
pub(crate) fn connection(cluster: &Fields<'_>, role: Role, d: &mut Decoder) -> Option<Connection> {
    let node = cluster.get("connection");
    match role {
        Role::Hub => hub(node, d),
        Role::Spoke => spoke(node, cluster, d).map(|remote| Connection::Remote(Box::new(remote))),
    }
}

fn hub(node: Option<&Node>, d: &mut Decoder) -> Option<Connection> {
    let Some(node) = node else { return Some(Connection::InCluster) };
    let fields = d.fields(node, keys::CONNECTION)?;
    check_context(&fields, d);
    for key in fields.present(&REMOTE_KEYS) {
        let Some(node) = fields.get(key) else { continue };
        let message = format!("`{key}` does nothing for the hub, whose Argo CD reaches it from inside");
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

fn spoke(node: Option<&Node>, cluster: &Fields<'_>, d: &mut Decoder) -> Option<Remote> {
    let fix = "add `connection: { server: https://..., caData: ..., token: { env: NAME } }`";
    let Some(node) = node else {
        d.error(Code::NO_CONNECTION, cluster.at, "the spoke has no `connection`", fix);
        return None;
    };
    let fields = d.fields(node, keys::CONNECTION)?;
    check_context(&fields, d);
    if !report_context(&fields, d) && fields.get("server").is_none() {
        d.error(Code::NO_CONNECTION, &node.location, "the connection has no `server`", fix);
    }
    let server = fields.get("server").map(|node| server(node, &fields, d));
    let tls = tls(&fields, d);
    let auth = auth(&fields, server.is_some(), d);
    let proxy_url = fields.get("proxyUrl").map(|node| address::http(d, node, Code::PROXY_URL, "`proxyUrl`"));
    let disable_compression = d.flag(&fields, "disableCompression", false);
    Some(Remote {
        server: server??,
        tls: tls?,
        auth: auth?,
        proxy_url: proxy_url.flatten(),
        disable_compression,
    })
}

/// Says that a spoke cannot be registered through a context. Returns whether that is why there is no server.
fn report_context(fields: &Fields<'_>, d: &mut Decoder) -> bool {
    let Some(node) = fields.get("context") else { return false };
    if fields.get("server").is_some() {
        let message = "`context` does nothing beside `server` in this version of bridge";
        d.warning(Code::SPOKE_CONTEXT, &node.location, message, "remove `context`");
        return false;
    }
    let message = "registering a spoke through a kubeconfig context is not in this version of bridge";
    let fix = "write what that context holds: `server: https://...`, `caData: BASE64`, and a way to authenticate such \
        as `token: { env: SPOKE_TOKEN }`, `clientCertificate` or `awsAuth`";
    d.error(Code::SPOKE_CONTEXT, &node.location, message, fix);
    true
}

fn server(node: &Node, fields: &Fields<'_>, d: &mut Decoder) -> Option<String> {
    let text = address::http(d, node, Code::SERVER_URL, "`server`")?;
    let server = text.trim_end_matches('/').to_owned();
    let host = address::parse(&server)?.host;
    if is_in_cluster(host) {
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

fn is_in_cluster(host: &str) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    matches!(host.as_str(), "kubernetes" | "kubernetes.default" | "kubernetes.default.svc")
        || host.starts_with("kubernetes.default.svc.")
}

fn tls(fields: &Fields<'_>, d: &mut Decoder) -> Option<Tls> {
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
        Some((_, data)) => Some(Tls::Ca { data: data?, server_name }),
        None if is_insecure => Some(Tls::Insecure),
        None => Some(Tls::SystemRoots { server_name }),
    }
}

/// base64 of a PEM certificate, as kubeconfigs and ClusterConfigs have it.
fn pem(node: &Node, what: &str, code: Code, d: &mut Decoder) -> Option<String> {
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

fn auth(fields: &Fields<'_>, has_server: bool, d: &mut Decoder) -> Option<Auth> {
    let ways = fields.present(&WAYS);
    // Each is decoded, whatever else is wrong, so that all its mistakes are told.
    let decoded: Vec<Option<Auth>> = ways.iter().map(|way| one_way(way, fields, d)).collect();
    match ways.as_slice() {
        [_] => decoded.into_iter().next().flatten(),
        [] => {
            if has_server {
                let message = "the connection does not say how Argo CD authenticates";
                let fix = format!("add one of: {}", WAYS.join(", "));
                d.error(Code::NO_AUTHENTICATION, fields.at, message, fix);
            }
            None
        }
        [_, _, ..] => {
            let message = format!("the connection has several ways to authenticate: {}", ways.join(", "));
            d.error(Code::SEVERAL_AUTHENTICATIONS, fields.at, message, "keep one of them");
            None
        }
    }
}

fn one_way(way: &str, fields: &Fields<'_>, d: &mut Decoder) -> Option<Auth> {
    let node = fields.get(way)?;
    match way {
        "token" => secret::reference(node, d).map(Auth::Token),
        "clientCertificate" => client_certificate(node, d),
        "basic" => basic(node, d),
        "awsAuth" => aws(node, d),
        _ => exec(node, d),
    }
}

fn client_certificate(node: &Node, d: &mut Decoder) -> Option<Auth> {
    let fields = d.fields(node, keys::CLIENT_CERTIFICATE)?;
    let certificate = fields.get("certData").map(|node| pem(node, "`certData`", Code::CERTIFICATE_DATA, d));
    let key = fields.get("keyData").map(|node| secret::reference(node, d));
    let missing = match (&certificate, &key) {
        (Some(_), Some(_)) => None,
        (Some(_), None) => Some(("a certificate without its key", "add `keyData: { file: client.key }`")),
        (None, _) => Some(("a client certificate without `certData`", "add `certData: BASE64`")),
    };
    if let Some((message, fix)) = missing {
        d.error(Code::CERTIFICATE_WITHOUT_KEY, &node.location, message, fix);
    }
    Some(Auth::ClientCertificate { certificate: certificate??, key: key?? })
}

fn basic(node: &Node, d: &mut Decoder) -> Option<Auth> {
    let fields = d.fields(node, keys::BASIC)?;
    let username = fields.require(d, "username").and_then(|node| secret::text(node, "`username`", d));
    let password = fields.require(d, "password").and_then(|node| secret::reference(node, d));
    Some(Auth::Basic { username: username?, password: password? })
}

fn aws(node: &Node, d: &mut Decoder) -> Option<Auth> {
    let fields = d.fields(node, keys::AWS_AUTH)?;
    let cluster_name = fields.require(d, "clusterName").and_then(|node| d.filled_text(node, "`clusterName`"));
    let role_arn = fields.get("roleArn").and_then(|node| d.filled_text(node, "`roleArn`"));
    let profile = fields.get("profile").and_then(|node| d.filled_text(node, "`profile`"));
    Some(Auth::Aws { cluster_name: cluster_name?, role_arn, profile })
}

fn exec(node: &Node, d: &mut Decoder) -> Option<Auth> {
    let fields = d.fields(node, keys::EXEC_AUTH)?;
    let command = fields.require(d, "command").and_then(|node| d.filled_text(node, "`command`"));
    let args = fields.get("args").map(|node| d.texts(node, "arguments"));
    let env = fields.get("env").map(|node| environment(node, d));
    let install_hint = fields.get("installHint").and_then(|node| d.filled_text(node, "`installHint`"));
    let versions = [
        ("client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1"),
        ("client.authentication.k8s.io/v1beta1", "client.authentication.k8s.io/v1beta1"),
    ];
    let api_version = match fields.get("apiVersion") {
        Some(node) => d.choice(node, "version of the credential API", &versions),
        None => Some(versions[1].1),
    };
    Some(Auth::Exec {
        command: command?,
        args: args.unwrap_or_default(),
        env: env.unwrap_or_default(),
        api_version: api_version?.to_owned(),
        install_hint,
    })
}

fn environment(node: &Node, d: &mut Decoder) -> BTreeMap<String, String> {
    let Some(mapping) = d.mapping(node, "a map of environment variables") else { return BTreeMap::new() };
    let texts = mapping.entries.iter().filter_map(|entry| {
        let value = d.text(&entry.value, "an environment variable")?.to_owned();
        Some((entry.key.text.clone(), value))
    });
    texts.collect()
}
