//! Level L2: Argo CD's own servers as processes of this machine, on a [`ControlPlane`] where Argo CD is installed.
//!
//! Each process acts as the ServiceAccount that its pod would have, so the installed RBAC is real. What its init
//! containers do is done, too: the password of redis is made by Argo CD itself. There is no Dex and no UI.

mod parts;
mod redis;

pub use parts::Part;

use crate::cluster::ControlPlane;
use crate::debian::succeeds;
use crate::kubeconfig::{Credential, Kubeconfig};
use crate::process::{Server, free_port};
use crate::scratch::Scratch;
use anyhow::{Context, Result, bail, ensure};
use http::StatusCode;
use parts::{Addresses, Launch};
use std::ffi::OsString;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

/// Generous, because a machine that also compiles is slow; a healthy start takes 4 seconds.
const START_TIMEOUT: Duration = Duration::from_secs(180);
const POLL: Duration = Duration::from_millis(50);
/// How often other ports are tried when somebody else took one of those that were free.
const ATTEMPTS: usize = 3;
/// The folders that an image of Argo CD has, by the variables that name them.
const FOLDERS: [(&str, &str); 6] = [
    ("HOME", "home"),
    ("TMPDIR", "tmp"),
    ("ARGOCD_TLS_DATA_PATH", "tls"),
    ("ARGOCD_SSH_DATA_PATH", "ssh"),
    ("ARGOCD_GNUPGHOME", "gnupg"),
    ("ARGOCD_GPG_DATA_PATH", "gpg"),
];

/// Argo CD's servers; killed when they are dropped.
#[derive(Debug)]
pub struct ArgoCd {
    // Before the folder, in which they write.
    servers: Vec<(&'static str, Server)>,
    binary: PathBuf,
    addresses: Addresses,
    redis_password: String,
    scratch: Scratch,
}

impl ArgoCd {
    /// Starts all parts on a hub, building the binary first where this machine has none.
    ///
    /// As pods would, they come up once their Deployments and StatefulSets exist, which this waits for: whoever
    /// installs Argo CD may still be at it.
    pub async fn start(hub: &ControlPlane, namespace: &str) -> Result<Self> {
        Self::start_parts(hub, namespace, &Part::ALL).await
    }

    /// Starts some parts only; redis is always there.
    pub async fn start_parts(hub: &ControlPlane, namespace: &str, parts: &[Part]) -> Result<Self> {
        crate::install_crypto();
        let binary = tokio::task::spawn_blocking(prepare).await??;
        for path in parts.iter().map(|part| part.workload(namespace)).chain([redis::workload(namespace)]) {
            wait_for_object(hub, &path).await?;
        }
        for attempt in 1.. {
            let scratch = Scratch::new("argocd")?;
            let mut argocd = Self {
                servers: Vec::new(),
                binary: binary.clone(),
                addresses: Addresses::free()?,
                redis_password: String::new(),
                scratch,
            };
            match argocd.bring_up(hub, namespace, parts).await {
                Ok(()) => return Ok(argocd),
                Err(error)
                    if attempt >= ATTEMPTS || !format!("{error:#}").contains("address already in use") =>
                {
                    argocd.servers.clear();
                    let folder = argocd.scratch.path().to_owned();
                    argocd.scratch.keep();
                    return Err(
                        error.context(format!("Argo CD did not start; its logs: {}", folder.display()))
                    );
                }
                Err(_port_taken) => {}
            }
        }
        unreachable!("the last attempt returns")
    }

    async fn bring_up(&mut self, hub: &ControlPlane, namespace: &str, parts: &[Part]) -> Result<()> {
        self.write_folders()?;
        self.redis_password = self.make_redis_password(hub, namespace).await?;
        let mut redis = redis::command(self.addresses.redis, &self.redis_password);
        self.launch(redis.current_dir(self.scratch.path()), "redis")?;
        redis::wait_until_ready(self.addresses.redis, &self.redis_password, START_TIMEOUT).await?;
        for part in parts {
            let Launch { args, probe } = part.launch(&self.addresses)?;
            let mut command = self.command(part.name());
            command.args(args).args(["--namespace", namespace].iter().filter(|_| part.asks_the_hub()));
            if part.asks_the_hub() {
                command.env("KUBECONFIG", self.kubeconfig(hub, namespace, part.name()).await?);
            }
            self.launch(&mut command, part.name())?;
            self.wait_until_ready(&probe).await?;
        }
        Ok(())
    }

    /// A command of the one binary in this role, in an environment that holds nothing of whoever runs the tests.
    fn command(&self, role: &str) -> Command {
        let mut command = Command::new(&self.binary);
        command.env_clear().current_dir(self.scratch.path()).stdin(Stdio::null());
        command.env("ARGOCD_BINARY_NAME", role).env("PATH", self.path_variable());
        for (variable, folder) in FOLDERS {
            command.env(variable, self.scratch.path().join(folder));
        }
        // `https://kubernetes.default.svc` is then the cluster of KUBECONFIG.
        command.env("ARGOCD_FAKE_IN_CLUSTER", "true").env("ARGOCD_GPG_ENABLED", "false");
        command
            .env("REDIS_PASSWORD", &self.redis_password)
            .env("HOSTNAME", "argocd-application-controller-0");
        command
    }

    fn path_variable(&self) -> OsString {
        let mut path = self.scratch.path().join("bin").into_os_string();
        path.push(":");
        path.push(std::env::var_os("PATH").unwrap_or_default());
        path
    }

    fn write_folders(&self) -> Result<()> {
        for (_, folder) in FOLDERS {
            fs::create_dir_all(self.scratch.path().join(folder))?;
        }
        // The image has it; without it no manifest is generated ("permission denied"), also where nothing is verified.
        let script = self.scratch.path().join("bin/git-verify-wrapper.sh");
        fs::create_dir_all(self.scratch.path().join("bin"))?;
        fs::write(&script, "#!/bin/sh\nexit 0\n")?;
        Ok(fs::set_permissions(&script, Permissions::from_mode(0o755))?)
    }

    /// A kubeconfig with a token of the ServiceAccount that the part's pods have.
    async fn kubeconfig(&self, hub: &ControlPlane, namespace: &str, account: &str) -> Result<PathBuf> {
        let token = hub.service_account_token(namespace, account).await;
        let token = token.with_context(|| format!("no token for the ServiceAccount {account}"))?;
        let path = self.scratch.fresh_path("kubeconfig");
        Kubeconfig::new().context("hub", hub.access(Credential::Token(token))).write(&path)?;
        Ok(path)
    }

    /// What the init container of redis does: its password is in a Secret that Argo CD makes.
    async fn make_redis_password(&self, hub: &ControlPlane, namespace: &str) -> Result<String> {
        let mut command = self.command("argocd");
        command.args(["admin", "redis-initial-password", "--namespace", namespace]);
        command.env("KUBECONFIG", self.kubeconfig(hub, namespace, "argocd-redis").await?);
        let output = tokio::task::spawn_blocking(move || command.output()).await??;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "argocd admin redis-initial-password failed: {said}");
        redis::password(hub, namespace).await
    }

    fn launch(&mut self, command: &mut Command, name: &'static str) -> Result<()> {
        let log = self.scratch.path().join(format!("{name}.log"));
        self.servers.push((name, Server::start(command, &log, self.scratch.doomed())?));
        Ok(())
    }

    /// Ready is what the probe of the pod would say.
    async fn wait_until_ready(&mut self, probe: &str) -> Result<()> {
        let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(5)).build()?;
        let deadline = Instant::now() + START_TIMEOUT;
        while !client.get(probe).send().await.is_ok_and(|answer| answer.status() == StatusCode::OK) {
            self.check_alive()?;
            ensure!(Instant::now() < deadline, "{probe} does not answer after {START_TIMEOUT:?}");
            tokio::time::sleep(POLL).await;
        }
        self.check_alive()
    }

    /// Fails with the end of its log if one of the servers has ended.
    fn check_alive(&mut self) -> Result<()> {
        for (name, server) in &mut self.servers {
            if let Some(status) = server.exited() {
                bail!("{name} ended with {status}:\n{}", server.log_tail());
            }
        }
        Ok(())
    }

    /// Ends a part, as happens to its pods when their workload is deleted.
    pub fn end(&mut self, part: Part) {
        self.servers.retain(|(name, _)| *name != part.name());
    }

    /// The address of Argo CD's API and UI; it asks for no login.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.addresses.server)
    }

    /// Runs `argocd` against this API server.
    pub fn cli(&self, args: &[&str]) -> Result<Output> {
        let mut command = self.command("argocd");
        command.args(args).arg("--server").arg(format!("127.0.0.1:{}", self.addresses.server));
        command.args(["--plaintext", "--config", "cli.yaml"]).output().context("cannot start argocd")
    }
}

impl ArgoCd {
    /// The kubeconfig that Argo CD itself makes of a cluster Secret: all that it connects by.
    pub async fn kubeconfig_of(
        &self,
        hub: &ControlPlane,
        namespace: &str,
        server: &str,
    ) -> Result<kube::config::Kubeconfig> {
        let made = self.scratch.path().join("made.kubeconfig");
        let mut command = self.command("argocd");
        command.args(["admin", "cluster", "kubeconfig", server]).arg(&made).args(["--namespace", namespace]);
        command.env("KUBECONFIG", self.kubeconfig(hub, namespace, Part::Server.name()).await?);
        let output = command.output().context("cannot start argocd")?;
        ensure!(output.status.success(), "{server}: {}", String::from_utf8_lossy(&output.stderr));
        Ok(kube::config::Kubeconfig::read_from(made)?)
    }
}

impl Drop for ArgoCd {
    fn drop(&mut self) {
        self.servers.clear();
        // The repo server takes from its owner the right to list it, and what cannot be listed cannot be removed.
        let clones = self.scratch.path().join("tmp/_argocd-repo");
        let _never_made = fs::set_permissions(clones, Permissions::from_mode(0o700));
    }
}

/// The binary from the cache, built first where it is missing, and redis installed where that may be done.
pub fn prepare() -> Result<PathBuf> {
    crate::debian::require(
        "redis-server",
        || succeeds(Command::new("redis-server").arg("--version")),
        "redis-server is missing: `apt-get install redis-server`",
    )?;
    crate::tools::argocd()
}

async fn wait_for_object(hub: &ControlPlane, path: &str) -> Result<()> {
    let client = hub.client().await?;
    let deadline = Instant::now() + START_TIMEOUT;
    loop {
        match client.request::<serde_json::Value>(http::Request::get(path).body(Vec::new())?).await {
            Ok(_exists) => return Ok(()),
            Err(kube::Error::Api(status)) if status.code == 404 => {}
            Err(error) => return Err(error.into()),
        }
        ensure!(Instant::now() < deadline, "nobody has installed {path} after {START_TIMEOUT:?}");
        tokio::time::sleep(POLL).await;
    }
}

/// As many different free ports as are asked for.
fn free_ports<const N: usize>() -> Result<[u16; N]> {
    let mut ports = [0; N];
    for index in 0..N {
        while ports[index] == 0 || ports[..index].contains(&ports[index]) {
            ports[index] = free_port()?;
        }
    }
    Ok(ports)
}
