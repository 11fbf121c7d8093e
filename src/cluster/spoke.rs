//! What bridge asks of a spoke: a token for Argo CD, and what that token may do.

use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use kube::config::Cluster as ClusterEntry;
use serde_json::{Value, json};

use crate::cluster::Cluster;
use crate::cluster::connect::{choose_context, read};
use crate::cluster::error::ClusterError;
use crate::cluster::transport::Call;
use crate::plan::live::Live;
use crate::profile::model::{Endpoint, ServiceAccount, Tls};
use crate::profile::sensitive::Sensitive;

/// The API server of a context, as the kubeconfig files have it.
///
/// # Errors
/// When there is no such context, or its cluster says nothing usable.
pub fn endpoint(files: &[PathBuf], context: &str) -> Result<Endpoint, ClusterError> {
    let kubeconfig = read(files)?;
    choose_context(&kubeconfig, Some(context))?;
    let unusable = |why: &str| ClusterError::Kubeconfig(format!("the context `{context}` {why}"));
    let named =
        kubeconfig.contexts.iter().find(|one| one.name == context).and_then(|one| one.context.as_ref());
    let cluster = named.map(|named| named.cluster.as_str()).unwrap_or_default();
    let entry =
        kubeconfig.clusters.iter().find(|one| one.name == cluster).and_then(|one| one.cluster.as_ref());
    let entry = entry.ok_or_else(|| unusable("names a cluster that is not in the kubeconfig"))?;
    let server = entry.server.as_deref().filter(|server| !server.is_empty());
    let server = server.ok_or_else(|| unusable("has no server"))?.trim_end_matches('/').to_owned();
    let tls =
        tls(entry).map_err(|why| unusable(&format!("has an unreadable certificate authority: {why}")))?;
    Ok(Endpoint { server, tls })
}

fn tls(entry: &ClusterEntry) -> Result<Tls, String> {
    let server_name = entry.tls_server_name.clone();
    let data = match (&entry.certificate_authority_data, &entry.certificate_authority) {
        (Some(data), _) => Some(data.clone()),
        (None, Some(path)) => Some(STANDARD.encode(super::connect::read_authority(path)?)),
        (None, None) => None,
    };
    Ok(match data {
        Some(data) => Tls::Ca { data, server_name },
        None if entry.insecure_skip_tls_verify == Some(true) => Tls::Insecure { server_name },
        None => Tls::SystemRoots { server_name },
    })
}

/// What an account has to be allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent<'a> {
    /// Everything, everywhere.
    Cluster,
    /// Everything in a namespace.
    Namespace(&'a str),
}

impl Cluster {
    /// Asks for a token that is bound to a Secret.
    ///
    /// # Errors
    /// When the server refuses it, or answers without one.
    pub async fn request_token(
        &self,
        account: &ServiceAccount,
        seconds: u64,
        secret: &Live,
    ) -> Result<Sensitive, ClusterError> {
        let namespace = account.namespace.as_str();
        let path = format!("/api/v1/namespaces/{namespace}/serviceaccounts/{}/token", account.name);
        let bound = json!({
            "apiVersion": "v1", "kind": "Secret", "name": secret.id().name, "uid": secret.uid(),
        });
        let body = json!({
            "apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest",
            "spec": { "expirationSeconds": seconds, "boundObjectRef": bound },
        });
        let call = Call {
            method: Method::POST,
            body: Some(body.to_string().into_bytes()),
            // A second token does no harm: it is bound to the same Secret.
            repeatable: true,
            ..Call::get(&path, "create", "serviceaccounts/token", Some(namespace))
        };
        let answer = self.transport.send(&call).await?;
        let token =
            answer.body.pointer("/status/token").and_then(Value::as_str).filter(|token| !token.is_empty());
        let token = token.map(Sensitive::new).ok_or_else(|| ClusterError::Malformed {
            request: format!("POST {path}"),
            cause: "it has no token".to_owned(),
        })?;
        self.transport.tell(&token);
        Ok(token)
    }

    /// Makes a secret that was read known to whoever keeps secrets out of the output.
    pub fn keep_secret(&self, secret: &Sensitive) {
        self.transport.tell(secret);
    }

    /// The same API server, as the holder of a token.
    ///
    /// # Errors
    /// When the token cannot be sent.
    pub async fn as_holder(&self, token: &Sensitive) -> Result<Self, ClusterError> {
        let transport = self.transport.as_holder(token).await?;
        Ok(Self { transport, identity: self.identity.clone() })
    }

    /// Whether whoever asks may do everything there (`SelfSubjectAccessReview`).
    ///
    /// # Errors
    /// When the server does not know who asks, or does not answer.
    pub async fn may(&self, extent: Extent<'_>) -> Result<bool, ClusterError> {
        let mut attributes = json!({ "verb": "*", "group": "*", "resource": "*" });
        if let Extent::Namespace(namespace) = extent {
            attributes["namespace"] = namespace.into();
        }
        let body = json!({
            "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
            "spec": { "resourceAttributes": attributes },
        });
        let path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
        let call = Call {
            method: Method::POST,
            body: Some(body.to_string().into_bytes()),
            ..Call::get(path, "create", "selfsubjectaccessreviews.authorization.k8s.io", None)
        };
        let answer = self.transport.send(&call).await?;
        Ok(answer.body.pointer("/status/allowed").and_then(Value::as_bool) == Some(true))
    }
}
