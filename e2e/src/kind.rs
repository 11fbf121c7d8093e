//! Clusters made by kind (level L3): nodes, kubelets and pods are real.
//!
//! Which engine, which kind and which node image come from the environment that `e2e/scripts/kind` sets.

use crate::process::Watchdog;
use crate::scratch::Scratch;
use crate::tools;
use anyhow::{Context, Result, bail};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Deletes the cluster and its folder, unless a failed test wants that.
const DELETE: &str = r#""$1" delete cluster --name "$2" --kubeconfig "$3/kubeconfig"
[ -e "$3/.keep" ] || rm -rf "$3""#;

/// The kind binary and its node image.
#[derive(Clone, Debug)]
pub struct Kind {
    binary: PathBuf,
    node_image: String,
}

impl Kind {
    /// What `BRIDGE_KIND` and `BRIDGE_E2E_NODE_IMAGE` name.
    pub fn from_environment() -> Result<Self> {
        let of = |name: &str| {
            std::env::var(name).ok().filter(|value| !value.is_empty()).with_context(|| {
                format!("{name} is not set: level L3 is run by `make e2e-kind`, which finds or makes what it needs")
            })
        };
        Ok(Self { binary: of("BRIDGE_KIND")?.into(), node_image: of("BRIDGE_E2E_NODE_IMAGE")? })
    }

    /// The binary.
    pub fn binary(&self) -> &Path {
        &self.binary
    }

    /// The image that nodes are made from.
    pub fn node_image(&self) -> &str {
        &self.node_image
    }

    /// A new cluster of one node, which is Ready.
    pub fn create(&self, name: &str) -> Result<KindCluster> {
        let scratch = Scratch::new("kind")?;
        let kubeconfig = scratch.path().join("kubeconfig");
        let watchdog =
            Watchdog::start(DELETE, [self.binary.as_os_str(), name.as_ref(), scratch.path().as_os_str()])?;
        // Before the first command: what a failed creation leaves is deleted, too.
        let cluster =
            KindCluster { kind: self.clone(), name: name.to_owned(), kubeconfig, watchdog, scratch };
        let mut command = cluster.command("create");
        run(command.args(["--image", &self.node_image, "--wait", "120s"]))?;
        Ok(cluster)
    }
}

/// A cluster with a kubeconfig of its own; deleted when it is dropped.
#[derive(Debug)]
pub struct KindCluster {
    kind: Kind,
    name: String,
    kubeconfig: PathBuf,
    // Dropped after the cluster was deleted.
    #[expect(dead_code, reason = "deletes the cluster of a killed test")]
    watchdog: Watchdog,
    // For its drop, which removes the folder.
    #[expect(dead_code, reason = "holds the folder of the kubeconfig")]
    scratch: Scratch,
}

impl KindCluster {
    /// Its kubeconfig, by the port that is published on loopback.
    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// Runs the pinned kubectl on it; what it prints.
    pub fn kubectl(&self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Result<String> {
        run(Command::new(tools::kubectl()?).arg("--kubeconfig").arg(&self.kubeconfig).args(args))
    }

    fn command(&self, verb: &str) -> Command {
        let mut command = Command::new(&self.kind.binary);
        command.args([verb, "cluster", "--name", &self.name, "--kubeconfig"]).arg(&self.kubeconfig);
        command
    }
}

impl Drop for KindCluster {
    fn drop(&mut self) {
        if let Err(error) = run(&mut self.command("delete")) {
            crate::say(&format!("the cluster {} could not be deleted: {error:#}", self.name));
        }
    }
}

/// Runs to the end; a failure carries what was said.
fn run(command: &mut Command) -> Result<String> {
    let output = command.stdin(Stdio::null()).output();
    let output = output.with_context(|| format!("cannot start {:?}", command.get_program()))?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        let args: Vec<_> = command.get_args().map(OsStr::to_string_lossy).collect();
        bail!(
            "{} failed ({}):\n{said}{}",
            args.join(" "),
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(said)
}
