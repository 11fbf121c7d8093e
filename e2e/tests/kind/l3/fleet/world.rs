//! The profile of the two clusters, and the binary and kubectl on them.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use bridge_e2e::bridge_cmd::{Bridge, Outcome};
use bridge_e2e::kind::Kind;
use bridge_e2e::manifests::{OLDER, pin, seed_cache};
use bridge_e2e::process::Watchdog;
use bridge_e2e::tools;
use serde_json::Value;
use tempfile::TempDir;

use crate::beside::{GitServer, Reader};
use crate::engine::docker;

/// Far above what any single command takes on two cores.
const LIMIT: Duration = Duration::from_secs(300);
/// Argo CD looks again after three minutes where it was not told.
const PATIENCE: Duration = Duration::from_secs(240);
const POLL: Duration = Duration::from_millis(500);
/// One repository wants credentials, which the profile takes from the environment.
const READER: Reader = Reader { repository: "workloads", user: "reader", password: "e2e-git-password" };

/// What the profile says; everything else of it stays the same.
pub struct Wish {
    /// The toggle `metrics_server` of the hub and of the spoke.
    pub hub_toggle: bool,
    pub spoke_toggle: bool,
    /// Of Argo CD.
    pub version: &'static str,
}

/// Which of the two clusters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cluster {
    Hub,
    Spoke,
}

impl Cluster {
    const ALL: [Self; 2] = [Self::Hub, Self::Spoke];

    /// kind's name of it.
    pub fn name(self) -> String {
        let role = match self {
            Self::Hub => "hub",
            Self::Spoke => "spoke",
        };
        format!("bridge-e2e-{}-{role}", std::process::id())
    }

    /// The container of its only node.
    pub fn node(self) -> String {
        format!("{}-control-plane", self.name())
    }
}

pub struct Fleet {
    pub kind: Kind,
    pub wish: Wish,
    git: GitServer,
    folder: TempDir,
    #[expect(dead_code, reason = "removes the nodes after a test that was killed")]
    watchdog: Watchdog,
}

/// Asks until the answer is good; the last reason why not, when the time is up.
pub fn eventually<T>(what: &str, mut ask: impl FnMut() -> Result<T>) -> Result<T> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let why = match ask() {
            Ok(answer) => return Ok(answer),
            Err(why) => why,
        };
        if Instant::now() > deadline {
            bail!("{what}: not after {PATIENCE:?}: {why:#}");
        }
        std::thread::sleep(POLL);
    }
}

impl Fleet {
    /// A profile and its repositories; no cluster yet.
    pub fn new() -> Result<Self> {
        let kind = Kind::from_environment()?;
        let git = GitServer::start("fleet", Some(READER))?;
        let folder = tempfile::Builder::new().prefix("bridge-e2e-fleet-").tempdir()?;
        seed_cache(&folder.path().join("cache"))?;
        pin(OLDER, folder.path(), &folder.path().join("cache"))?;
        let wish = Wish { hub_toggle: false, spoke_toggle: true, version: OLDER };
        let nodes = Cluster::ALL.map(|cluster| cluster.node());
        let watchdog = Watchdog::start(r#"docker rm --force --volumes "$@""#, nodes)?;
        let fleet = Self { kind, wish, git, folder, watchdog };
        fleet.declare()?;
        Ok(fleet)
    }

    /// Writes the profile as it is wished for now.
    pub fn declare(&self) -> Result<()> {
        let Wish { hub_toggle, spoke_toggle, version } = &self.wish;
        let (git, image) = (self.git.url(), self.kind.node_image());
        let (hub, spoke) = (Cluster::Hub.name(), Cluster::Spoke.name());
        let text = format!(
            r#"apiVersion: bridge.gitops/v1alpha1
kind: Profile
metadata: {{ name: fleet }}
argocd:
  version: {version}
repositories:
  - name: workloads
    url: "{git}/workloads.git"
    credentials: {{ username: {{ env: GIT_USER }}, password: {{ env: GIT_PASSWORD }} }}
gitops:
  addons: {{ url: "{git}/addons.git", path: appsets, revision: main }}
  workloads: {{ url: "{git}/workloads.git", path: workloads, revision: main }}
  clusters: {{ url: "{git}/clusters.git", path: clusters, revision: main }}
clusters:
  - name: hub
    role: hub
    type: hub
    env: dev
    provider: kind
    kind: {{ name: {hub}, image: "{image}" }}
    addons: {{ metrics_server: {hub_toggle} }}
  - name: spoke
    env: dev
    provider: kind
    kind: {{ name: {spoke}, image: "{image}" }}
    teams: [team-a]
    addons: {{ metrics_server: {spoke_toggle} }}
"#
        );
        Ok(std::fs::write(self.folder.path().join("bridge.yaml"), text)?)
    }

    /// The binary in the profile's folder.
    pub fn bridge(&self, args: &[&str]) -> Result<Bridge> {
        let folder = self.folder.path();
        let bridge = Bridge::new()?.current_dir(folder).cache(&folder.join("cache")).timeout(LIMIT);
        let bridge =
            bridge.env("BRIDGE_STATE_DIR", folder.join("state")).env("BRIDGE_KIND", self.kind.binary());
        let engine = ["DOCKER_HOST", "DOCKER_CONFIG"].into_iter();
        let engine = engine.filter_map(|name| Some((name, std::env::var_os(name)?)));
        let bridge = engine.fold(bridge, |bridge, (name, value)| bridge.env(name, value));
        Ok(bridge.env("GIT_USER", READER.user).env("GIT_PASSWORD", READER.password).args(args))
    }

    /// Runs to the end; no secret may be shown.
    pub fn run(&self, args: &[&str]) -> Result<Outcome> {
        let outcome = self.bridge(args)?.run()?;
        ensure!(!outcome.stdout.contains(READER.password), "the password is shown: {outcome}");
        ensure!(!outcome.stderr.contains(READER.password), "the password is shown: {outcome}");
        Ok(outcome)
    }

    /// The same, and it has to end so.
    pub fn expect(&self, code: i32, args: &[&str]) -> Result<Outcome> {
        let outcome = self.run(args)?;
        ensure!(outcome.code == Some(code), "expected {code}: {outcome}");
        Ok(outcome)
    }

    /// The kubeconfig of both clusters, which bridge keeps.
    fn kubeconfig(&self) -> Result<PathBuf> {
        let records = self.folder.path().join("state/kind");
        let folder = std::fs::read_dir(records)?.next().context("no cluster is recorded")??;
        Ok(folder.path().join("kubeconfig"))
    }

    /// kubectl on one of the clusters.
    pub fn kubectl(&self, cluster: Cluster) -> Result<Command> {
        let context = format!("kind-{}", cluster.name());
        let mut command = Command::new(tools::kubectl()?);
        command.arg("--kubeconfig").arg(self.kubeconfig()?).args(["--context", &context]);
        Ok(command)
    }

    /// What kubectl answers about one of the clusters.
    pub fn get(&self, cluster: Cluster, args: &[&str]) -> Result<Value> {
        let mut command = self.kubectl(cluster)?;
        command.args(["--request-timeout", "20s", "get", "--output", "json"]).args(args);
        let output = command.stdin(Stdio::null()).output().context("kubectl cannot be started")?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "kubectl get {}: {said}", args.join(" "));
        Ok(serde_json::from_slice(&output.stdout)?)
    }

    /// The items of such an answer.
    pub fn list(&self, cluster: Cluster, args: &[&str]) -> Result<Vec<Value>> {
        Ok(self.get(cluster, args)?["items"].as_array_mut().map(std::mem::take).unwrap_or_default())
    }
}

impl Drop for Fleet {
    /// By name, because bridge itself may be what failed.
    fn drop(&mut self) {
        for cluster in Cluster::ALL {
            let _may_not_be_there = docker(&["rm", "--force", "--volumes", &cluster.node()]);
        }
    }
}
