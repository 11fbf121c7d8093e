//! `config` of a cluster Secret: the JSON that Argo CD's own `ClusterConfig` marshals to, byte for byte.
//!
//! Argo CD writes the Secret anew from its structs when somebody edits the cluster in its UI or CLI. The same bytes from
//! both mean that such a rewrite is no drift. Source of the field order: `ClusterConfig`, `TLSClientConfig`,
//! `AWSAuthConfig` and `ExecProviderConfig` in argo-cd's pkg/apis/application/v1alpha1/types.go.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::desired::secret_data::{canonical, encode};
use crate::desired::secrets::Secrets;
use crate::profile::model::{Auth, ClusterInfo, Connection, ExecProvider, Remote, Text, Tls};
use crate::profile::sensitive::Sensitive;

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct ClusterConfig<'a> {
    #[serde(skip_serializing_if = "String::is_empty")]
    username: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    password: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    bearer_token: String,
    tls_client_config: TlsClientConfig<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    aws_auth_config: Option<AwsAuthConfig<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exec_provider_config: Option<ExecProviderConfig<'a>>,
    #[serde(skip_serializing_if = "is_false")]
    disable_compression: bool,
    #[serde(skip_serializing_if = "str::is_empty")]
    proxy_url: &'a str,
}

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct TlsClientConfig<'a> {
    insecure: bool,
    #[serde(skip_serializing_if = "str::is_empty")]
    server_name: &'a str,
    #[serde(skip_serializing_if = "String::is_empty")]
    cert_data: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    key_data: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    ca_data: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AwsAuthConfig<'a> {
    #[serde(skip_serializing_if = "str::is_empty")]
    cluster_name: &'a str,
    #[serde(rename = "roleARN", skip_serializing_if = "str::is_empty")]
    role_arn: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    profile: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ExecProviderConfig<'a> {
    #[serde(skip_serializing_if = "str::is_empty")]
    command: &'a str,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    args: &'a [String],
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    env: BTreeMap<&'a str, String>,
    #[serde(skip_serializing_if = "str::is_empty")]
    api_version: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    install_hint: &'a str,
    #[serde(skip_serializing_if = "is_false")]
    provide_cluster_info: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    config: Option<&'a serde_json::Value>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's skip_serializing_if passes a reference")]
fn is_false(value: &bool) -> bool {
    !value
}

/// The JSON of a connection, with its credentials.
#[must_use]
pub fn json(connection: &Connection, secrets: &Secrets) -> Sensitive {
    let unread;
    let config = match connection {
        Connection::InCluster => ClusterConfig::default(),
        Connection::Remote(remote) => remote_config(remote, secrets),
        Connection::Context(by) => {
            unread = by.unread();
            remote_config(&unread, secrets)
        }
    };
    Sensitive::new(go_json(&config))
}

/// Whether the JSON of a connection may be shown. The values of an `exec` environment may be secrets of a cloud, and
/// an address may hold a password.
#[must_use]
pub fn is_public(connection: &Connection) -> bool {
    match connection {
        Connection::InCluster => true,
        Connection::Remote(remote) => is_public_remote(remote),
        Connection::Context(by) => is_public_remote(&by.unread()),
    }
}

fn is_public_remote(remote: &Remote) -> bool {
    let auth_is_public = match &remote.auth {
        Auth::Token(_) | Auth::Basic { .. } | Auth::ClientCertificate { .. } => false,
        Auth::Aws { .. } => true,
        Auth::Exec(exec) => exec.env.is_empty() && exec.cluster_info == ClusterInfo::Withheld,
    };
    auth_is_public && remote.proxy_url.as_deref().is_none_or(|url| !url.contains('@'))
}

fn remote_config<'a>(remote: &'a Remote, secrets: &Secrets) -> ClusterConfig<'a> {
    let Remote { server: _, tls, auth, proxy_url, disable_compression } = remote;
    let mut config = ClusterConfig {
        tls_client_config: tls_config(tls),
        disable_compression: *disable_compression,
        proxy_url: proxy_url.as_deref().unwrap_or_default(),
        ..ClusterConfig::default()
    };
    authenticate(&mut config, auth, secrets);
    config
}

fn tls_config(tls: &Tls) -> TlsClientConfig<'_> {
    match tls {
        Tls::Ca { data, server_name } => TlsClientConfig {
            ca_data: canonical(data),
            server_name: server_name.as_deref().unwrap_or_default(),
            ..TlsClientConfig::default()
        },
        Tls::SystemRoots { server_name } => TlsClientConfig {
            server_name: server_name.as_deref().unwrap_or_default(),
            ..TlsClientConfig::default()
        },
        Tls::Insecure { server_name } => TlsClientConfig {
            insecure: true,
            server_name: server_name.as_deref().unwrap_or_default(),
            ..TlsClientConfig::default()
        },
    }
}

fn authenticate<'a>(config: &mut ClusterConfig<'a>, auth: &'a Auth, secrets: &Secrets) {
    let value = |source| secrets.value(source).expose().to_owned();
    match auth {
        Auth::Token(reference) => config.bearer_token = value(&reference.source),
        Auth::Basic { username, password } => {
            config.username = text(username, secrets);
            config.password = value(&password.source);
        }
        Auth::ClientCertificate { certificate, key } => {
            config.tls_client_config.cert_data = canonical(certificate);
            config.tls_client_config.key_data = encode(value(&key.source).as_bytes());
        }
        Auth::Aws { cluster_name, role_arn, profile } => {
            config.aws_auth_config = Some(AwsAuthConfig {
                cluster_name,
                role_arn: role_arn.as_deref().unwrap_or_default(),
                profile: profile.as_deref().unwrap_or_default(),
            });
        }
        Auth::Exec(exec) => config.exec_provider_config = Some(exec_config(exec, secrets)),
    }
}

fn exec_config<'a>(exec: &'a ExecProvider, secrets: &Secrets) -> ExecProviderConfig<'a> {
    let ExecProvider { command, args, env, api_version, install_hint, cluster_info } = exec;
    let (provide_cluster_info, config) = match cluster_info {
        ClusterInfo::Withheld => (false, None),
        ClusterInfo::Provided { config } => (true, config.as_ref()),
    };
    ExecProviderConfig {
        command,
        args,
        env: env.iter().map(|(name, value)| (name.as_str(), text(value, secrets))).collect(),
        api_version,
        install_hint: install_hint.as_deref().unwrap_or_default(),
        provide_cluster_info,
        config,
    }
}

/// A text, resolved where it stands elsewhere.
#[must_use]
pub fn text(text: &Text, secrets: &Secrets) -> String {
    match text {
        Text::Plain(text) => text.clone(),
        Text::Reference(reference) => secrets.value(&reference.source).expose().to_owned(),
    }
}

/// JSON as Go's `json.Marshal` writes it: serde's, with `<`, `>`, `&` and the two line separators escaped.
///
/// Those five can only stand inside strings, so replacing them in the text is safe.
fn go_json(config: &ClusterConfig<'_>) -> String {
    let json = serde_json::to_string(config).unwrap_or_default();
    let escapes = [
        ('<', "\\u003c"),
        ('>', "\\u003e"),
        ('&', "\\u0026"),
        ('\u{2028}', "\\u2028"),
        ('\u{2029}', "\\u2029"),
    ];
    escapes
        .into_iter()
        .fold(json, |text, (from, to)| if text.contains(from) { text.replace(from, to) } else { text })
}
