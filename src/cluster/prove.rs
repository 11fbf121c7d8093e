//! What an API server says to the holder of a token, asked before Argo CD is given it.

use std::time::Duration;

use kube::Config;
use kube::config::{KubeConfigOptions, Kubeconfig};
use secrecy::SecretString;
use serde_json::json;

use crate::cluster::connect::{ConnectOptions, open};
use crate::cluster::error::ClusterError;
use crate::cluster::transport::{Call, Transport};
use crate::cluster::{Cluster, probe};
use crate::profile::model::{Remote, Tls};
use crate::profile::sensitive::Sensitive;

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    /// It knows the holder; its version.
    Accepted(String),
    /// It does not (401), and has proved by its certificate that it is the server that was meant.
    Refused,
    /// Its certificate is not the authority's: why.
    Untrusted(String),
    /// It could not be asked from here, which says nothing about the token.
    NotAsked,
}

/// Shows a token to the server that it is for, and to no other: one that does not prove who it is, by a certificate, never
/// sees it. A proxy of the profile is the hub's way and not bridge's.
pub async fn prove(remote: &Remote, token: &Sensitive, limit: Duration) -> Proof {
    if !remote.server.starts_with("https://") || remote.proxy_url.is_some() {
        return Proof::NotAsked;
    }
    let Some(kubeconfig) = kubeconfig(remote) else { return Proof::NotAsked };
    match tokio::time::timeout(limit, ask(kubeconfig, token, limit)).await {
        Ok(Ok(Some(version))) => Proof::Accepted(version),
        Ok(Err(ClusterError::Unauthorized { .. })) => Proof::Refused,
        // A handshake may fail for other reasons, which are this machine's as likely as the server's.
        Ok(Err(ClusterError::Tls { cause, .. })) if cause.contains("invalid peer certificate") => {
            Proof::Untrusted(cause)
        }
        Ok(Ok(None) | Err(_)) | Err(_) => Proof::NotAsked,
    }
}

const NAME: &str = "spoke";

/// Without the token; nothing for a server whose certificate is not checked.
fn kubeconfig(remote: &Remote) -> Option<Kubeconfig> {
    let (authority, name) = match &remote.tls {
        Tls::Ca { data, server_name } => (Some(data), server_name),
        Tls::SystemRoots { server_name } => (None, server_name),
        Tls::Insecure { .. } => return None,
    };
    let cluster = json!({
        "server": remote.server, "certificate-authority-data": authority, "tls-server-name": name,
    });
    let kubeconfig = json!({
        "clusters": [{ "name": NAME, "cluster": cluster }],
        "users": [{ "name": NAME, "user": {} }],
        "contexts": [{ "name": NAME, "context": { "cluster": NAME, "user": NAME } }],
        "current-context": NAME,
    });
    serde_json::from_value(kubeconfig).ok()
}

/// Nothing where a proxy of the environment stands between: it may open what is sent through it, and then its certificate says
/// nothing about the server.
async fn ask(
    kubeconfig: Kubeconfig,
    token: &Sensitive,
    limit: Duration,
) -> Result<Option<String>, ClusterError> {
    let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await;
    let mut config =
        config.map_err(|_| ClusterError::Kubeconfig("its authority makes no sense".to_owned()))?;
    if config.proxy_url.is_some() {
        return Ok(None);
    }
    config.auth_info.token = Some(SecretString::from(token.expose()));
    let (transport, _) = open(config, NAME, &ConnectOptions::default()).await?;
    version(&transport, limit).await.map(Some)
}

/// Everybody may ask for the version, but who shows a token that is unknown is told so.
async fn version(transport: &Transport, limit: Duration) -> Result<String, ClusterError> {
    let call =
        Call { at_once: Some(limit), repeatable: false, ..Call::get("/version", "get", "/version", None) };
    Ok(probe::git_version(&transport.send(&call).await?.body))
}

impl Cluster {
    /// The version of Kubernetes; nothing where the server does not say it in time.
    pub async fn version(&self, limit: Duration) -> Option<String> {
        version(&self.transport, limit).await.ok()
    }
}
