//! Level L1+: kube-controller-manager, kube-scheduler and one node that kwok plays, on a [`ControlPlane`].
//!
//! Deployments get pods, pods get a node, and kwok says how they fare (`kwok/stages.yaml`). Nothing of a pod is run; its
//! logs are a file, which the API server fetches from kwok as it does from a kubelet.

use crate::cluster::ControlPlane;
use crate::kubeconfig::{Credential, Kubeconfig};
use crate::process::{Server, free_port};
use crate::scratch::Scratch;
use crate::tools::ControllerBinaries;
use anyhow::{Context, Result, bail};
use k8s_openapi::api::core::v1::Node;
use kube::api::{Api, PostParams};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

const STAGES: &str = include_str!("kwok/stages.yaml");
/// The only node. It has 4 CPUs.
const NODE: &str = "kwok-0";
/// Generous, because a machine that also compiles is slow; a healthy start takes 2 seconds.
const START_TIMEOUT: Duration = Duration::from_secs(120);
const POLL: Duration = Duration::from_millis(50);
const ATTEMPTS: usize = 3;

/// The controllers of one control plane; killed when they are dropped.
#[derive(Debug)]
pub struct Controllers {
    // Before the folder, in which they write.
    servers: Vec<Server>,
    scratch: Scratch,
}

impl Controllers {
    /// Starts them on a hub, building the binaries first where this machine has none, and waits until pods can be placed.
    ///
    /// `log` is what every container has written before it ended, and what it writes now.
    pub async fn start(hub: &ControlPlane, log: &[&str]) -> Result<Self> {
        let binaries = tokio::task::spawn_blocking(ControllerBinaries::obtain).await??;
        let mut controllers = Self { servers: Vec::new(), scratch: Scratch::new("controllers")? };
        controllers.start_manager(hub, &binaries.controller_manager, "*")?;
        controllers.start_scheduler(hub, &binaries.scheduler)?;
        controllers.start_kwok(hub, &binaries.kwok, log).await?;
        create_node(hub).await?;
        controllers.wait_until_ready(hub).await?;
        Ok(controllers)
    }

    /// Starts the garbage collector alone: without it, what is deleted in the foreground, as Argo CD does, never goes.
    pub async fn garbage_collector(cluster: &ControlPlane) -> Result<Self> {
        let binaries = tokio::task::spawn_blocking(ControllerBinaries::obtain).await??;
        let mut controllers = Self { servers: Vec::new(), scratch: Scratch::new("controllers")? };
        controllers.start_manager(cluster, &binaries.controller_manager, "garbage-collector-controller")?;
        Ok(controllers)
    }

    /// Starts the token controller alone, which fills Secrets of the type `kubernetes.io/service-account-token`.
    pub async fn token_controller(cluster: &ControlPlane) -> Result<Self> {
        let binaries = tokio::task::spawn_blocking(ControllerBinaries::obtain).await??;
        let mut controllers = Self { servers: Vec::new(), scratch: Scratch::new("controllers")? };
        controllers.start_manager(
            cluster,
            &binaries.controller_manager,
            "serviceaccount-token-controller",
        )?;
        Ok(controllers)
    }

    fn start_manager(&mut self, hub: &ControlPlane, binary: &Path, controllers: &str) -> Result<()> {
        let mut command = Command::new(binary);
        command.arg(format!("--controllers={controllers}"));
        // Its port answers probes only, and nobody asks.
        command.args(["--leader-elect=false", "--secure-port=0", "--use-service-account-credentials=true"]);
        command.args(["--profiling=false", "--node-monitor-grace-period=10m"]);
        for (flag, file) in
            [("service-account-private-key-file", "service-account.key"), ("root-ca-file", "ca.crt")]
        {
            command.arg(format!("--{flag}={}", hub.folder().join(file).display()));
        }
        self.launch(hub, command, "system:kube-controller-manager", "kube-controller-manager")
    }

    fn start_scheduler(&mut self, hub: &ControlPlane, binary: &Path) -> Result<()> {
        let mut command = Command::new(binary);
        command.args(["--leader-elect=false", "--secure-port=0", "--profiling=false"]);
        self.launch(hub, command, "system:kube-scheduler", "kube-scheduler")
    }

    async fn start_kwok(&mut self, hub: &ControlPlane, binary: &Path, log: &[&str]) -> Result<()> {
        let folder = self.scratch.path().to_owned();
        std::fs::write(folder.join("stages.yaml"), STAGES)?;
        std::fs::write(folder.join("logs.yaml"), self.write_logs(log)?)?;
        for attempt in 1.. {
            let port = free_port()?;
            let mut command = Command::new(binary);
            command.args(["--config=stages.yaml", "--config=logs.yaml", "--manage-all-nodes=true"]);
            command.args(["--node-ip=127.0.0.1", "--node-lease-duration-seconds=40"]);
            command.arg(format!("--node-port={port}")).arg(format!("--server-address=127.0.0.1:{port}"));
            for (flag, file) in [("tls-cert-file", "serving.crt"), ("tls-private-key-file", "serving.key")] {
                command.arg(format!("--{flag}={}", hub.folder().join(file).display()));
            }
            self.launch(hub, command, "kwok", "kwok")?;
            match self.wait_until_listening(port).await {
                Ok(()) => return Ok(()),
                Err(_port_taken) if attempt < ATTEMPTS => drop(self.servers.pop()),
                Err(error) => return Err(error),
            }
        }
        unreachable!("the last attempt returns")
    }

    /// The same log for every container, now and before, in the form in which container runtimes write logs.
    fn write_logs(&self, log: &[&str]) -> Result<String> {
        let file = self.scratch.path().join("container.log");
        let line = |text: &&str| format!("2026-01-01T00:00:00.000000000Z stdout F {text}\n");
        std::fs::write(&file, log.iter().map(line).collect::<String>())?;
        let path = file.display();
        Ok(format!(
            "apiVersion: kwok.x-k8s.io/v1alpha1\nkind: ClusterLogs\nmetadata: {{ name: all }}\nspec:\n  logs:\n  \
             - {{ logsFile: \"{path}\", previousLogsFile: \"{path}\" }}\n"
        ))
    }

    /// Starts a server as this user; kwok does a kubelet's work for any node, so it may do everything.
    fn launch(&mut self, hub: &ControlPlane, mut command: Command, user: &str, name: &str) -> Result<()> {
        let group = (user == "kwok").then_some("system:masters");
        let access = hub.access(Credential::Certificate(hub.authority().client(user, group)?));
        let kubeconfig = self.scratch.fresh_path("kubeconfig");
        Kubeconfig::new().context("hub", access).write(&kubeconfig)?;
        let folder = self.scratch.path();
        command.current_dir(folder).env("HOME", folder).arg(format!("--kubeconfig={}", kubeconfig.display()));
        let log = folder.join(format!("{name}.log"));
        self.servers.push(Server::start(&mut command, &log, self.scratch.doomed())?);
        Ok(())
    }

    async fn wait_until_listening(&mut self, port: u16) -> Result<()> {
        let deadline = Instant::now() + START_TIMEOUT;
        while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            self.check_alive()?;
            if Instant::now() > deadline {
                bail!("kwok does not listen after {} seconds", START_TIMEOUT.as_secs());
            }
            tokio::time::sleep(POLL).await;
        }
        self.check_alive()
    }

    /// Ready is a node on which the scheduler may put pods: only the controller manager takes its taints away.
    async fn wait_until_ready(&mut self, hub: &ControlPlane) -> Result<()> {
        let nodes: Api<Node> = Api::all(hub.client().await?);
        let deadline = Instant::now() + START_TIMEOUT;
        loop {
            self.check_alive()?;
            let node = nodes.get(NODE).await?;
            let taints = node.spec.and_then(|spec| spec.taints).unwrap_or_default();
            let conditions = node.status.and_then(|status| status.conditions).unwrap_or_default();
            let is_ready = conditions.iter().any(|one| one.type_ == "Ready" && one.status == "True");
            if is_ready && taints.is_empty() {
                return Ok(());
            }
            if Instant::now() > deadline {
                bail!("the node is not ready after {} seconds: {taints:?}", START_TIMEOUT.as_secs());
            }
            tokio::time::sleep(POLL).await;
        }
    }

    fn check_alive(&mut self) -> Result<()> {
        for server in &mut self.servers {
            if let Some(status) = server.exited() {
                bail!("a controller ended with {status}:\n{}", server.log_tail());
            }
        }
        Ok(())
    }

    /// The folder with their logs.
    pub fn folder(&self) -> PathBuf {
        self.scratch.path().to_owned()
    }
}

async fn create_node(hub: &ControlPlane) -> Result<()> {
    let node: Node = serde_json::from_value(serde_json::json!({
        "apiVersion": "v1", "kind": "Node",
        "metadata": {"name": NODE, "labels": {"kubernetes.io/hostname": NODE, "kubernetes.io/os": "linux"}},
    }))?;
    let nodes: Api<Node> = Api::all(hub.client().await?);
    nodes.create(&PostParams::default(), &node).await.context("cannot create the node")?;
    Ok(())
}
