//! `make bench`: bridge beside kubectl, on the same objects and the same API server, in one run.
//!
//! Absolute times depend on the machine; the ratios are what to read.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, ensure};
use bridge_e2e::bridge_cmd::bridge_binary;
use bridge_e2e::cluster::{ControlPlane, User};
use bridge_e2e::kubeconfig::Kubeconfig;
use bridge_e2e::manifests::seed_cache;
use bridge_e2e::measure::{self, Run, median};

const CLUSTERS: usize = 1000;
const TOGGLES: usize = 30;
const RUNS: usize = 5;

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some((flag, rest)) = arguments.split_first()
        && flag == measure::FLAG
    {
        println!("{}", measure::measure(rest)?);
        return Ok(());
    }
    let bench = Bench::new()?;
    bench.offline()?;
    bench.against_kubectl().await
}

struct Bench {
    folder: tempfile::TempDir,
}

impl Bench {
    fn new() -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("bridge-bench-").tempdir()?;
        seed_cache(&folder.path().join("cache"))?;
        fs::write(folder.path().join("bridge.yaml"), profile())?;
        Ok(Self { folder })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn bridge(&self, args: &[&str]) -> Result<Command> {
        let mut command = Command::new(bridge_binary()?);
        command.args(args).current_dir(self.folder.path()).env_remove("CI").env("TOKEN", "a-token");
        command.env("BRIDGE_CACHE_DIR", self.path("cache")).env("KUBECONFIG", self.path("bridge"));
        Ok(command)
    }

    fn kubectl(&self, args: &[&str]) -> Command {
        let mut command = Command::new("kubectl");
        command.args(args).current_dir(self.folder.path()).env("KUBECONFIG", self.path("kubectl"));
        command
    }

    fn offline(&self) -> Result<()> {
        println!(
            "{CLUSTERS} clusters with {TOGGLES} toggles each, on the official Argo CD manifest; median of {RUNS}\n"
        );
        println!("| command | wall | peak memory |\n|---|---|---|");
        for args in [&["--version"][..], &["validate"], &["render"]] {
            let run = several(&self.bridge(args)?, RUNS)?;
            println!("| bridge {} | {} | {} |", args.join(" "), wall(run), memory(run));
        }
        Ok(())
    }

    /// Each tool has an API server of its own, both on one etcd: on a common one each would find the other's ownership.
    async fn against_kubectl(&self) -> Result<()> {
        ensure!(
            on_path("kubectl"),
            "kubectl is not on PATH: install it (https://kubernetes.io/docs/tasks/tools) for this part"
        );
        let rendered = self.bridge(&["render", "--show-secrets"])?.output()?;
        fs::write(self.path("objects.yaml"), rendered.stdout)?;
        let theirs = ControlPlane::start().await?;
        let ours = theirs.sibling().await?;
        for (name, cluster) in [("kubectl", &theirs), ("bridge", &ours)] {
            Kubeconfig::new()
                .context("bench", cluster.access_by_token(User::Admin))
                .write(&self.path(name))?;
        }
        println!(
            "\n| on API servers of one etcd | kubectl --server-side | bridge | ratio | bridge's memory |"
        );
        println!("|---|---|---|---|---|");
        let kubectl = self.kubectl(&["apply", "--server-side", "-f", "objects.yaml"]);
        let apply = self.bridge(&["apply", "--auto-approve", "--no-wait"])?;
        row("first apply", self.kubectl_first_apply(&kubectl)?, measure::run(&apply)?);
        row("apply of no change", several(&kubectl, 3)?, several(&apply, 3)?);
        let diff = self.kubectl(&["diff", "--server-side", "-f", "objects.yaml"]);
        row("plan (kubectl: diff) of no change", several(&diff, 3)?, several(&self.bridge(&["plan"])?, 3)?);
        Ok(())
    }

    /// kubectl does not wait for a definition before it applies objects of its kind, so it takes a second run, which is
    /// not counted.
    fn kubectl_first_apply(&self, kubectl: &Command) -> Result<Run> {
        let first = measure::run(kubectl)?;
        let second = measure::run(kubectl)?;
        ensure!(second.code == 0, "{kubectl:?} ended with {}", second.code);
        Ok(first)
    }
}

fn several(command: &Command, runs: usize) -> Result<Run> {
    measure::run(command)?;
    let runs: Result<Vec<Run>> = (0..runs).map(|_| measure::run(command)).collect();
    let run = median(runs?)?;
    ensure!(run.code == 0, "{command:?} ended with {}", run.code);
    Ok(run)
}

fn row(what: &str, theirs: Run, ours: Run) {
    let ratio = theirs.wall.as_secs_f64() / ours.wall.as_secs_f64();
    println!("| {what} | {} | {} | {ratio:.1} x | {} |", wall(theirs), wall(ours), memory(ours));
}

fn wall(run: Run) -> String {
    format!("{:.3} s", run.wall.as_secs_f64())
}

fn memory(run: Run) -> String {
    format!("{} MB", run.peak_kib / 1024)
}

fn on_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder: PathBuf| Path::is_file(&folder.join(program)))
}

fn profile() -> String {
    let mut text = "apiVersion: bridge.gitops/v1alpha1\nkind: Profile\nmetadata: { name: bench }\n\
        argocd: { version: v3.5.3 }\n\
        gitops: { addons: { url: https://git.example.com/acme/addons.git, path: appsets } }\n\
        clusters:\n  - { name: hub, role: hub, connection: { context: bench }, env: prod }\n"
        .to_owned();
    for number in 1..CLUSTERS {
        let toggles: Vec<String> =
            (0..TOGGLES).map(|toggle| format!("addon_{toggle}: {}", toggle % 2 == 0)).collect();
        text.push_str(&format!(
            "  - name: spoke-{number:04}\n    connection: {{ server: \"https://spoke-{number:04}.example.com\", token: {{ env: TOKEN }} }}\n    \
             env: dev\n    region: eu-west-1\n    teams: [team-a]\n    addons: {{ {} }}\n",
            toggles.join(", ")
        ));
    }
    text
}
