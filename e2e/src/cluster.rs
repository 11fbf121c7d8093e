//! A throwaway control plane: etcd, and one or more kube-apiservers on it.
//!
//! There is no controller manager: a deleted Namespace stays `Terminating`, and nothing becomes ready, unless
//! [`crate::controllers`] run on it.

use crate::apiserver::{Files, Place};
use crate::certificates::Authority;
use crate::etcd::Etcd;
use crate::kubeconfig::{Access, Credential, Kubeconfig};
use crate::process::{Server, free_port};
use crate::scratch::Scratch;
use crate::tools::Binaries;
use anyhow::{Context, Result, bail};
use k8s_openapi::api::core::v1::Namespace;
use kube::{Api, Client, Config};
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Generous, because a machine that also compiles is slow; a healthy start takes 3 seconds.
const START_TIMEOUT: Duration = Duration::from_secs(120);
const POLL: Duration = Duration::from_millis(50);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Keeps an assertion from hanging; a slow write of a big manifest takes a second.
const READ_TIMEOUT: Duration = Duration::from_secs(60);
/// How often another port is tried when somebody else took the one that was free.
const ATTEMPTS: usize = 3;

/// Who a bearer token stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum User {
    /// `bridge-admin` in the group system:masters: may do everything.
    Admin,
    /// `bridge-restricted`, without a group: may do what a test's RBAC grants, and discovery.
    Restricted,
}

impl User {
    /// The user's name, as RBAC subjects name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Admin => "bridge-admin",
            Self::Restricted => "bridge-restricted",
        }
    }
}

/// A running apiserver with an etcd behind it; both are killed when it is dropped.
///
/// Readiness, certificates, tokens, RBAC and admission are real. Two control planes share an etcd only
/// through [`ControlPlane::sibling`], and then nothing but the process: each has its own key prefix and authority.
pub struct ControlPlane {
    // In the order of their drop: the apiserver, its etcd if nobody else uses it, then the folder.
    apiserver: Server,
    etcd: Arc<Etcd>,
    files: Files,
    url: String,
    kube_system_uid: String,
    scratch: Scratch,
}

impl fmt::Debug for ControlPlane {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("ControlPlane").field("url", &self.url).finish_non_exhaustive()
    }
}

impl ControlPlane {
    /// Starts etcd and an apiserver, getting the binaries first where this machine has none.
    pub async fn start() -> Result<Self> {
        crate::install_crypto();
        let binaries = tokio::task::spawn_blocking(Binaries::obtain).await??;
        let etcd = Arc::new(Etcd::start(&binaries).await?);
        Self::on(etcd, &[]).await
    }

    /// Starts another, independent apiserver on the same etcd: a spoke, in a second instead of three.
    pub async fn sibling(&self) -> Result<Self> {
        self.sibling_with(&[]).await
    }

    /// The same, with more flags for its apiserver.
    pub async fn sibling_with(&self, flags: &[&str]) -> Result<Self> {
        Self::on(Arc::clone(&self.etcd), flags).await
    }

    async fn on(etcd: Arc<Etcd>, flags: &[&str]) -> Result<Self> {
        let scratch = Scratch::new("apiserver")?;
        let files = Files::write(scratch.path(), &["127.0.0.1"])?;
        let log = scratch.path().join("kube-apiserver.log");
        let prefix = etcd.next_prefix();
        for attempt in 1.. {
            let port = free_port()?;
            let url = format!("https://127.0.0.1:{port}");
            let place = Place { etcd: etcd.url(), prefix: &prefix, address: "127.0.0.1", port };
            let mut command = Command::new(etcd.kube_apiserver());
            command.current_dir(scratch.path()).args(place.flags()).args(flags);
            let mut apiserver = Server::start(&mut command, &log, scratch.doomed())?;
            let client = connect(files.admin_access(&url)).await?;
            match wait_until_ready(&client, || ended(&mut apiserver)).await {
                Ok(kube_system_uid) => {
                    return Ok(Self { apiserver, etcd, files, url, kube_system_uid, scratch });
                }
                Err(error)
                    if attempt >= ATTEMPTS || !apiserver.log_tail().contains("address already in use") =>
                {
                    let said = apiserver.log_tail();
                    let log = scratch.keep_folder().join("kube-apiserver.log");
                    return Err(error.context(format!(
                        "kube-apiserver did not start; its log: {}:\n{said}",
                        log.display()
                    )));
                }
                Err(_port_taken) => {}
            }
        }
        unreachable!("the last attempt returns")
    }

    /// The apiserver's address.
    pub fn apiserver_url(&self) -> &str {
        &self.url
    }

    /// The authority that signed the apiserver's certificate, as PEM.
    pub fn ca_pem(&self) -> String {
        self.files.authority.pem()
    }

    /// The authority itself, for client certificates of a test's own.
    pub fn authority(&self) -> &Authority {
        &self.files.authority
    }

    /// The uid of the Namespace kube-system: the identity of a cluster.
    pub fn kube_system_uid(&self) -> &str {
        &self.kube_system_uid
    }

    /// The apiserver's process id, for tests that pause or kill it.
    pub fn apiserver_pid(&self) -> u32 {
        self.apiserver.pid()
    }

    /// A folder for a test's files, removed with the control plane.
    pub fn folder(&self) -> &Path {
        self.scratch.path()
    }

    /// The user's bearer token.
    pub fn token(&self, user: User) -> &str {
        self.files.token(user)
    }

    /// Access as cluster administrator, by a client certificate.
    pub fn access_by_certificate(&self) -> Result<Access> {
        let identity = self.files.authority.client("kubernetes-admin", Some("system:masters"))?;
        Ok(self.access(Credential::Certificate(identity)))
    }

    /// Access by a bearer token.
    pub fn access_by_token(&self, user: User) -> Access {
        self.access(Credential::Token(self.token(user).to_owned()))
    }

    /// Access with a credential of the caller's choice.
    pub fn access(&self, credential: Credential) -> Access {
        Access { server: self.url.clone(), ca_pem: self.ca_pem(), credential }
    }

    /// A kubeconfig file with one context that has a cluster administrator's client certificate.
    pub fn kubeconfig_cert(&self, context: &str) -> Result<PathBuf> {
        self.write_kubeconfig(&Kubeconfig::new().context(context, self.access_by_certificate()?))
    }

    /// A kubeconfig file with one context that has a bearer token.
    pub fn kubeconfig_token(&self, context: &str, user: User) -> Result<PathBuf> {
        self.write_kubeconfig(&Kubeconfig::new().context(context, self.access_by_token(user)))
    }

    /// Writes a kubeconfig file (0600) that lives as long as this control plane.
    pub fn write_kubeconfig(&self, kubeconfig: &Kubeconfig) -> Result<PathBuf> {
        let path = self.scratch.fresh_path("kubeconfig");
        kubeconfig.write(&path)?;
        Ok(path)
    }

    /// A client with all rights. Each test asks for its own: a client dies with the runtime it was made in.
    pub async fn client(&self) -> Result<Client> {
        connect(self.access_by_certificate()?).await
    }
}

impl ControlPlane {
    /// A token of a ServiceAccount, as a pod of it gets one: signed by this apiserver, valid for two hours.
    pub async fn service_account_token(&self, namespace: &str, name: &str) -> Result<String> {
        let body = serde_json::json!({
            "apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": { "expirationSeconds": 7200 },
        });
        let path = format!("/api/v1/namespaces/{namespace}/serviceaccounts/{name}/token");
        let request = http::Request::post(path).header("content-type", "application/json");
        let request = request.body(serde_json::to_vec(&body)?)?;
        let answer: serde_json::Value = self.client().await?.request(request).await?;
        let token = answer["status"]["token"].as_str().context("the answer has no token")?;
        Ok(token.to_owned())
    }
}

/// A kube client for one access, without any proxy.
pub async fn connect(access: Access) -> Result<Client> {
    crate::install_crypto();
    let document = Kubeconfig::new().context("test", access).document();
    let kubeconfig: kube::config::Kubeconfig = serde_json::from_value(document)?;
    let mut config =
        Config::from_custom_kubeconfig(kubeconfig, &kube::config::KubeConfigOptions::default()).await?;
    config.proxy_url = None;
    (config.connect_timeout, config.read_timeout) = (Some(CONNECT_TIMEOUT), Some(READ_TIMEOUT));
    Ok(Client::try_from(config)?)
}

/// How a process ended, with its last words.
fn ended(server: &mut Server) -> Option<String> {
    let status = server.exited()?;
    Some(format!("it ended with {status}:\n{}", server.log_tail()))
}

/// Ready is what /readyz says, and the two Namespaces that the apiserver makes by itself a moment later. Gives the uid of
/// kube-system. `ended` says when there is nothing to wait for any more, and why.
pub(crate) async fn wait_until_ready(
    client: &Client,
    mut ended: impl FnMut() -> Option<String>,
) -> Result<String> {
    let deadline = Instant::now() + START_TIMEOUT;
    loop {
        if let Some(why) = ended() {
            bail!(why);
        }
        let attempt = tokio::time::timeout(Duration::from_secs(10), probe(client)).await;
        let why = match attempt {
            Ok(Ok(uid)) => return Ok(uid),
            Ok(Err(error)) => format!("{error:#}"),
            Err(_elapsed) => "no answer in 10 seconds".to_owned(),
        };
        if Instant::now() > deadline {
            bail!("not ready after {} seconds ({why})", START_TIMEOUT.as_secs());
        }
        tokio::time::sleep(POLL).await;
    }
}

async fn probe(client: &Client) -> Result<String> {
    client.request_text(http::Request::get("/readyz").body(Vec::new())?).await?;
    let namespaces: Api<Namespace> = Api::all(client.clone());
    namespaces.get("default").await?;
    namespaces.get("kube-system").await?.metadata.uid.context("kube-system has no uid")
}
