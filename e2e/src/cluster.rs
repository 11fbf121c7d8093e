//! A throwaway control plane: etcd, and one or more kube-apiservers on it.
//!
//! There is no controller manager: a deleted Namespace stays `Terminating`, and nothing becomes ready, unless
//! [`crate::controllers`] run on it.

use crate::certificates::{Authority, Identity};
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
    authority: Authority,
    tokens: [(User, String); 2],
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
        let files = Files::write(&scratch)?;
        let prefix = etcd.next_prefix();
        for attempt in 1.. {
            let port = free_port()?;
            let url = format!("https://127.0.0.1:{port}");
            let mut command = files.command(&etcd, &prefix, port);
            let mut apiserver = Server::start(command.args(flags), &files.log, scratch.doomed())?;
            let client = connect(files.admin_access(&url)).await?;
            match wait_until_ready(&client, &mut apiserver).await {
                Ok(kube_system_uid) => {
                    let Files { authority, tokens, .. } = files;
                    return Ok(Self { apiserver, etcd, authority, tokens, url, kube_system_uid, scratch });
                }
                Err(error)
                    if attempt >= ATTEMPTS || !apiserver.log_tail().contains("address already in use") =>
                {
                    let log = scratch.keep_folder().join("kube-apiserver.log");
                    return Err(
                        error.context(format!("kube-apiserver did not start; its log: {}", log.display()))
                    );
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
        self.authority.pem()
    }

    /// The authority itself, for client certificates of a test's own.
    pub fn authority(&self) -> &Authority {
        &self.authority
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
        let [admin, restricted] = &self.tokens;
        match user {
            User::Admin => &admin.1,
            User::Restricted => &restricted.1,
        }
    }

    /// Access as cluster administrator, by a client certificate.
    pub fn access_by_certificate(&self) -> Result<Access> {
        let identity = self.authority.client("kubernetes-admin", Some("system:masters"))?;
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

/// Ready is what /readyz says, and the two Namespaces that the apiserver makes by itself a moment later.
async fn wait_until_ready(client: &Client, server: &mut Server) -> Result<String> {
    let deadline = Instant::now() + START_TIMEOUT;
    loop {
        if let Some(status) = server.exited() {
            bail!("it ended with {status}:\n{}", server.log_tail());
        }
        let attempt = tokio::time::timeout(Duration::from_secs(10), probe(client)).await;
        let why = match attempt {
            Ok(Ok(uid)) => return Ok(uid),
            Ok(Err(error)) => format!("{error:#}"),
            Err(_elapsed) => "no answer in 10 seconds".to_owned(),
        };
        if Instant::now() > deadline {
            bail!("not ready after {} seconds ({why}):\n{}", START_TIMEOUT.as_secs(), server.log_tail());
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

/// What an apiserver reads when it starts.
struct Files {
    authority: Authority,
    admin: Identity,
    tokens: [(User, String); 2],
    folder: PathBuf,
    log: PathBuf,
}

impl Files {
    fn write(scratch: &Scratch) -> Result<Self> {
        let folder = scratch.path().to_owned();
        let authority = Authority::new("bridge-e2e")?;
        let names = [
            "127.0.0.1",
            "localhost",
            "kubernetes",
            "kubernetes.default",
            "kubernetes.default.svc",
            "10.96.0.1",
        ];
        write_identity(&folder, "serving", &authority.server(&names)?)?;
        let front_proxy = Authority::new("bridge-e2e-front-proxy")?;
        write_identity(&folder, "proxy-client", &front_proxy.client("front-proxy-client", None)?)?;
        let tokens = [(User::Admin, random_token()?), (User::Restricted, random_token()?)];
        let (private_key, public_key) = crate::certificates::signing_keys()?;
        for (name, text) in [
            ("ca.crt", authority.pem()),
            ("front-proxy-ca.crt", front_proxy.pem()),
            ("service-account.key", private_key),
            ("service-account.pub", public_key),
            ("tokens.csv", token_file(&tokens)),
        ] {
            std::fs::write(folder.join(name), text)?;
        }
        let admin = authority.client("kubernetes-admin", Some("system:masters"))?;
        Ok(Self { authority, admin, tokens, log: folder.join("kube-apiserver.log"), folder })
    }

    fn admin_access(&self, url: &str) -> Access {
        let credential = Credential::Certificate(self.admin.clone());
        Access { server: url.to_owned(), ca_pem: self.authority.pem(), credential }
    }

    fn command(&self, etcd: &Etcd, prefix: &str, port: u16) -> Command {
        let mut command = Command::new(etcd.kube_apiserver());
        command.current_dir(&self.folder).arg(format!("--etcd-servers={}", etcd.url()));
        command.arg(format!("--etcd-prefix={prefix}")).arg(format!("--secure-port={port}")).args([
            "--bind-address=127.0.0.1",
            // Else it looks for a default route, which an isolated machine has not.
            "--advertise-address=127.0.0.1",
            "--tls-cert-file=serving.crt",
            "--tls-private-key-file=serving.key",
            "--client-ca-file=ca.crt",
            "--token-auth-file=tokens.csv",
            "--service-account-key-file=service-account.pub",
            "--service-account-signing-key-file=service-account.key",
            "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
            "--authorization-mode=Node,RBAC",
            "--enable-admission-plugins=NodeRestriction",
            // Its controller, which makes the default ServiceAccounts, does not run here.
            "--disable-admission-plugins=ServiceAccount",
            "--allow-privileged=true",
            "--service-cluster-ip-range=10.96.0.0/16",
            "--endpoint-reconciler-type=none",
            "--profiling=false",
            // Names of nodes stand in no DNS here.
            "--kubelet-preferred-address-types=InternalIP",
            "--requestheader-client-ca-file=front-proxy-ca.crt",
            "--requestheader-allowed-names=front-proxy-client",
            "--requestheader-extra-headers-prefix=X-Remote-Extra-",
            "--requestheader-group-headers=X-Remote-Group",
            "--requestheader-username-headers=X-Remote-User",
            "--proxy-client-cert-file=proxy-client.crt",
            "--proxy-client-key-file=proxy-client.key",
        ]);
        command
    }
}

fn write_identity(folder: &Path, name: &str, identity: &Identity) -> Result<()> {
    std::fs::write(folder.join(format!("{name}.crt")), &identity.certificate)?;
    std::fs::write(folder.join(format!("{name}.key")), &identity.key)?;
    Ok(())
}

fn token_file(tokens: &[(User, String)]) -> String {
    tokens
        .iter()
        .map(|(user, token)| match user {
            User::Admin => format!("{token},{name},{name},\"system:masters\"\n", name = user.name()),
            User::Restricted => format!("{token},{name},{name}\n", name = user.name()),
        })
        .collect()
}

fn random_token() -> Result<String> {
    let mut bytes = [0; 20];
    std::io::Read::read_exact(&mut std::fs::File::open("/dev/urandom")?, &mut bytes)?;
    Ok(crate::download::hex(&bytes))
}
