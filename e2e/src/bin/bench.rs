//! `make bench`: bridge beside kubectl, on the same objects and the same API server, in one run.
//!
//! Absolute times depend on the machine; the ratios are what to read.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use bridge_e2e::bridge_cmd::bridge_binary;
use bridge_e2e::cluster::{ControlPlane, User};
use bridge_e2e::kubeconfig::Kubeconfig;
use bridge_e2e::manifests::seed_cache;
use bridge_e2e::measure::{self, Run, median};
use bridge_e2e::proxy::{Proxy, Recorded};
use tokio::task::JoinSet;

const CLUSTERS: usize = 1000;
const TOGGLES: usize = 30;
const RUNS: usize = 5;
/// Requests that the bare client has in flight, as many as bridge's `--parallelism`.
const AT_ONCE: usize = 10;
/// Numbers of clusters at which growth is shown.
const SIZES: [usize; 3] = [100, 1000, 10_000];

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some((flag, rest)) = arguments.split_first()
        && flag == measure::FLAG
    {
        println!("{}", measure::measure(rest)?);
        return Ok(());
    }
    let parts = ["offline", "kubectl", "floor", "growth"];
    if let Some(unknown) = arguments.iter().find(|part| !parts.contains(&part.as_str())) {
        anyhow::bail!("`{unknown}` is no part of the benchmark: {}", parts.join(", "));
    }
    let is_wanted = |part: &str| arguments.is_empty() || arguments.iter().any(|wanted| wanted == part);
    let bench = Bench::new(CLUSTERS)?;
    if is_wanted("offline") {
        bench.offline()?;
    }
    if is_wanted("kubectl") {
        bench.against_kubectl().await?;
    }
    if is_wanted("floor") {
        bench.against_a_bare_client().await?;
    }
    if is_wanted("growth") {
        growth().await?;
    }
    Ok(())
}

/// What a plan of no change costs as the fleet grows.
async fn growth() -> Result<()> {
    let first = ControlPlane::start().await?;
    println!("\n| clusters | requests of a plan of no change | wall | peak memory |\n|---|---|---|---|");
    for clusters in SIZES {
        let cluster = first.sibling().await?;
        let bench = Bench::new(clusters)?;
        bench.kubeconfig("bridge", &cluster)?;
        succeed(&bench.bridge(&APPLY)?)?;
        let run = several(&bench.bridge(&["plan"])?, 3)?;
        let requests = bench.requests(&cluster, &["plan"]).await?.len();
        println!("| {clusters} | {requests} | {} | {} |", wall(run), memory(run));
    }
    Ok(())
}

const APPLY: [&str; 3] = ["apply", "--auto-approve", "--no-wait"];

fn succeed(command: &Command) -> Result<Run> {
    let run = measure::run(command)?;
    ensure!(run.code == 0, "{command:?} ended with {}", run.code);
    Ok(run)
}

struct Bench {
    folder: tempfile::TempDir,
}

impl Bench {
    fn new(clusters: usize) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("bridge-bench-").tempdir()?;
        seed_cache(&folder.path().join("cache"))?;
        fs::write(folder.path().join("bridge.yaml"), profile(clusters))?;
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

    /// Lets `name` reach the cluster.
    fn kubeconfig(&self, name: &str, cluster: &ControlPlane) -> Result<()> {
        Kubeconfig::new().context("bench", cluster.access_by_token(User::Admin)).write(&self.path(name))
    }

    /// What a command asks of the API server.
    async fn requests(&self, cluster: &ControlPlane, args: &[&str]) -> Result<Vec<Recorded>> {
        let proxy = Proxy::start(cluster).await?;
        let kubeconfig = proxy.kubeconfig("bench", User::Admin)?;
        succeed(self.bridge(args)?.env("KUBECONFIG", kubeconfig))?;
        Ok(proxy.requests())
    }

    /// The same requests by a client that does nothing else with them: what bridge's own work adds.
    async fn against_a_bare_client(&self) -> Result<()> {
        let ours = ControlPlane::start().await?;
        let seen = ours.sibling().await?;
        let writes = self.requests(&seen, &APPLY).await?;
        let writes: Vec<Recorded> = writes.into_iter().filter(Recorded::is_object_write).collect();
        let reads = self.requests(&seen, &["plan"]).await?;
        println!("\n| the same requests by | a bare client | bridge | ratio |\n|---|---|---|---|");
        let (mut theirs, mut applies) = (Vec::new(), Vec::new());
        for _ in 0..3 {
            // A first apply is one only on an API server of its own, and so is its peer's.
            let (bare, fresh) = (ours.sibling().await?, ours.sibling().await?);
            theirs.push(replay(&bare, writes.clone()).await?);
            self.kubeconfig("bridge", &fresh)?;
            applies.push(succeed(&self.bridge(&APPLY)?)?);
        }
        theirs.sort();
        floor("PATCHes, first apply", theirs[1], median(applies)?);
        self.kubeconfig("bridge", &ours)?;
        succeed(&self.bridge(&APPLY)?)?;
        let mut lists = Vec::new();
        for _ in 0..RUNS {
            lists.push(read_all(&ours, &reads).await?);
        }
        lists.sort();
        let plan = several(&self.bridge(&["plan"])?, RUNS)?;
        floor(&format!("{} GETs, plan of no change", reads.len()), lists[RUNS / 2], plan);
        Ok(())
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
        self.kubeconfig("kubectl", &theirs)?;
        self.kubeconfig("bridge", &ours)?;
        println!(
            "\n| on API servers of one etcd | kubectl --server-side | bridge | ratio | bridge's memory |"
        );
        println!("|---|---|---|---|---|");
        let kubectl = self.kubectl(&["apply", "--server-side", "-f", "objects.yaml"]);
        let apply = self.bridge(&APPLY)?;
        row("first apply", self.kubectl_first_apply(&kubectl)?, measure::run(&apply)?);
        row("apply of no change", several(&kubectl, 3)?, several(&apply, 3)?);
        let diff = self.kubectl(&["diff", "--server-side", "-f", "objects.yaml"]);
        row("plan (kubectl: diff) of no change", several(&diff, 3)?, several(&self.bridge(&["plan"])?, 3)?);
        self.against_kapp(&theirs.sibling().await?)
    }

    /// Only where there is a kapp to measure: `KAPP` names it, or it is on PATH.
    fn against_kapp(&self, theirs: &ControlPlane) -> Result<()> {
        let kapp = match std::env::var_os("KAPP") {
            Some(path) => path,
            None if on_path("kapp") => "kapp".into(),
            None => return Ok(()),
        };
        self.kubeconfig("kapp", theirs)?;
        let deploy = |more: &[&str]| {
            let mut command = Command::new(&kapp);
            command.args(["deploy", "--app", "bench", "--namespace", "default", "--file", "objects.yaml"]);
            command.args(["--yes", "--wait=false"]).args(more);
            command.current_dir(self.folder.path()).env("KUBECONFIG", self.path("kapp"));
            command
        };
        println!(
            "\n| on API servers of one etcd | kapp | bridge | ratio | bridge's memory |\n|---|---|---|---|---|"
        );
        succeed(&deploy(&[]))?;
        let diff = several(&deploy(&["--diff-run"]), 3)?;
        row("plan (kapp: --diff-run) of no change", diff, several(&self.bridge(&["plan"])?, 3)?);
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

/// GETs one after the other on one connection, every body read to its end.
async fn read_all(cluster: &ControlPlane, requests: &[Recorded]) -> Result<Duration> {
    let client = bare_client(cluster)?;
    let started = Instant::now();
    for request in requests.iter().filter(|request| request.method == "GET") {
        let url = format!("{}{}?{}", cluster.apiserver_url(), request.path, request.query);
        client.get(url).send().await?.error_for_status()?.bytes().await?;
    }
    Ok(started.elapsed())
}

/// PATCHes, as many at once as bridge sends. Those of kinds whose definition is among them wait until it is served.
async fn replay(cluster: &ControlPlane, writes: Vec<Recorded>) -> Result<Duration> {
    let client = bare_client(cluster)?;
    let started = Instant::now();
    let mut running = JoinSet::new();
    for write in writes {
        if running.len() == AT_ONCE {
            running.join_next().await.context("nothing runs")???;
        }
        let (client, server) = (client.clone(), cluster.apiserver_url().to_owned());
        running.spawn(async move { patch(&client, &server, write).await });
    }
    while let Some(patched) = running.join_next().await {
        patched??;
    }
    Ok(started.elapsed())
}

async fn patch(client: &reqwest::Client, server: &str, write: Recorded) -> Result<()> {
    for _ in 0..200 {
        let request = client.patch(format!("{server}{}?{}", write.path, write.query));
        let request = request.header("content-type", &write.content_type).body(write.body.clone());
        let answer = request.send().await?;
        let (status, body) = (answer.status(), answer.bytes().await?);
        if status.is_success() {
            return Ok(());
        }
        // The namespace or the definition is on its way.
        ensure!(status.as_u16() == 404, "{}: {status} {}", write.line(), String::from_utf8_lossy(&body));
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    anyhow::bail!("{} is never served", write.line())
}

fn bare_client(cluster: &ControlPlane) -> Result<reqwest::Client> {
    bridge_e2e::install_crypto();
    let mut headers = reqwest::header::HeaderMap::new();
    headers.insert("authorization", format!("Bearer {}", cluster.token(User::Admin)).parse()?);
    let authority = reqwest::Certificate::from_pem(cluster.ca_pem().as_bytes())?;
    Ok(reqwest::Client::builder()
        .tls_certs_only([authority])
        .http1_only()
        .default_headers(headers)
        .build()?)
}

fn floor(what: &str, bare: Duration, ours: Run) {
    let ratio = ours.wall.as_secs_f64() / bare.as_secs_f64();
    println!("| {what} | {:.3} s | {} | {ratio:.2} x |", bare.as_secs_f64(), wall(ours));
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

fn profile(clusters: usize) -> String {
    let mut text = "apiVersion: bridge.gitops/v1alpha1\nkind: Profile\nmetadata: { name: bench }\n\
        argocd: { version: v3.5.3 }\n\
        gitops: { addons: { url: https://git.example.com/acme/addons.git, path: appsets } }\n\
        clusters:\n  - { name: hub, role: hub, connection: { context: bench }, env: prod }\n"
        .to_owned();
    for number in 1..clusters {
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
