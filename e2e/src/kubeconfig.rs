//! Kubeconfig files: which apiserver, as whom.

use crate::certificates::Identity;
use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// How one client reaches one apiserver.
#[derive(Clone, Debug)]
pub struct Access {
    /// The address, such as `https://127.0.0.1:6443`.
    pub server: String,
    /// The authority that signed the server's certificate, as PEM.
    pub ca_pem: String,
    /// Who asks.
    pub credential: Credential,
}

/// Who asks.
#[derive(Clone, Debug)]
pub enum Credential {
    /// By a client certificate.
    Certificate(Identity),
    /// By a bearer token.
    Token(String),
}

impl Access {
    fn user(&self) -> Value {
        match &self.credential {
            Credential::Token(token) => json!({ "token": token }),
            Credential::Certificate(identity) => json!({
                "client-certificate-data": STANDARD.encode(&identity.certificate),
                "client-key-data": STANDARD.encode(&identity.key),
            }),
        }
    }
}

/// A kubeconfig file; its first context is the current one.
#[derive(Clone, Debug, Default)]
pub struct Kubeconfig {
    contexts: Vec<(String, Access)>,
}

impl Kubeconfig {
    /// A kubeconfig without any context.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a context, with a cluster and a user of the same name.
    pub fn context(mut self, name: &str, access: Access) -> Self {
        self.contexts.push((name.to_owned(), access));
        self
    }

    /// The document; JSON, which every reader of YAML reads.
    pub fn document(&self) -> Value {
        let list = |entry: fn(&str, &Access) -> Value| -> Vec<Value> {
            self.contexts.iter().map(|(name, access)| entry(name, access)).collect()
        };
        json!({
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": self.contexts.first().map_or("", |(name, _)| name),
            "clusters": list(|name, access| json!({ "name": name, "cluster": {
                "server": access.server,
                "certificate-authority-data": STANDARD.encode(&access.ca_pem),
            }})),
            "users": list(|name, access| json!({ "name": name, "user": access.user() })),
            "contexts": list(|name, _| json!({ "name": name, "context": { "cluster": name, "user": name } })),
        })
    }

    /// Writes the file for its owner's eyes only: it holds credentials.
    pub fn write(&self, path: &Path) -> Result<()> {
        let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path);
        let mut file = file.with_context(|| format!("cannot write {}", path.display()))?;
        file.write_all(serde_json::to_string_pretty(&self.document())?.as_bytes())?;
        Ok(())
    }
}
