//! One cluster, and a profile whose patches break what they are to break.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use bridge_e2e::bridge_cmd::{Bridge, Outcome};
use bridge_e2e::kind::{Kind, KindCluster};
use bridge_e2e::manifests::{VERSION, seed_cache};
use serde_json::Value;
use tempfile::TempDir;

/// Of a repository in the profile. Its Secret is read by a container that prints it.
const PASSWORD: &str = "planted-git-passw0rd";
/// Far above what any single command takes on two cores.
const LIMIT: Duration = Duration::from_secs(300);
/// How often something is asked that will come.
pub const POLL: Duration = Duration::from_millis(300);

pub struct World {
    cluster: KindCluster,
    name: String,
    folder: TempDir,
}

impl World {
    /// A cluster, and a profile without patches.
    pub fn new() -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("bridge-e2e-pods-").tempdir()?;
        seed_cache(&folder.path().join("cache"))?;
        let name = format!("bridge-e2e-{}-pods", std::process::id());
        let started = Instant::now();
        let cluster = Kind::from_environment()?.create(&name)?;
        eprintln!("{:4.0} s  a cluster is made", started.elapsed().as_secs_f32());
        let world = Self { cluster, name, folder };
        world.patch("")?;
        Ok(world)
    }

    /// Writes the profile with these patches of Argo CD's manifest.
    pub fn patch(&self, patches: &str) -> Result<()> {
        let (context, patches) = (format!("kind-{}", self.name), patches.replace("VERSION", VERSION));
        let text = format!(
            r#"apiVersion: bridge.gitops/v1alpha1
kind: Profile
metadata: {{ name: pods }}
repositories:
  - name: private
    url: https://git.example.com/acme/private.git
    credentials: {{ username: {{ env: GIT_USER }}, password: {{ env: GIT_PASSWORD }} }}
clusters:
  - {{ name: hub, role: hub, env: dev, connection: {{ context: {context} }} }}
argocd:
  version: {VERSION}
{patches}"#
        );
        Ok(std::fs::write(self.folder.path().join("bridge.yaml"), text)?)
    }

    /// An apply in the profile's folder.
    pub fn apply(&self, more: &[&str]) -> Result<Bridge> {
        let folder = self.folder.path();
        let bridge = Bridge::new()?.current_dir(folder).cache(&folder.join("cache")).timeout(LIMIT);
        let bridge = bridge.kubeconfig(self.cluster.kubeconfig()).env("GIT_USER", "reader");
        Ok(bridge.env("GIT_PASSWORD", PASSWORD).args([&["apply", "--auto-approve"], more].concat()))
    }

    /// Runs it to its end, which has to be this one.
    pub fn expect(&self, code: i32, more: &[&str]) -> Result<Outcome> {
        let outcome = self.apply(more)?.run()?;
        expect_harmless(&outcome)?;
        ensure!(outcome.code == Some(code), "expected {code}: {outcome}");
        Ok(outcome)
    }

    /// Runs kubectl in Argo CD's namespace.
    pub fn kubectl(&self, args: &[&str]) -> Result<String> {
        self.cluster.kubectl([&["--namespace", "argocd"], args].concat())
    }

    /// What it gets there.
    pub fn get(&self, args: &[&str]) -> Result<Value> {
        let printed = self.kubectl(&[&["get", "--output", "json"], args].concat())?;
        serde_json::from_str(&printed).context("kubectl printed no JSON")
    }
}

/// What containers print is shown to a person: no secret, nothing that a terminal would obey, no endless line.
pub fn expect_harmless(outcome: &Outcome) -> Result<()> {
    for stream in [&outcome.stdout, &outcome.stderr] {
        ensure!(!stream.contains(PASSWORD), "the password is shown: {outcome}");
        let obeyed = stream.chars().find(|c| c.is_control() && !['\n', '\t'].contains(c));
        ensure!(obeyed.is_none(), "a terminal would obey {obeyed:?}: {outcome}");
        let logged = stream.lines().filter_map(|line| line.trim_start().strip_prefix("| "));
        let longest = logged.map(|line| line.chars().count()).max().unwrap_or_default();
        ensure!(longest < 1200, "a line of a log is {longest} characters long: {outcome}");
    }
    Ok(())
}

/// What is said at last of one workload, `KIND/NAME`: its line, and those below it.
pub fn told_of(outcome: &Outcome, workload: &str) -> Result<String> {
    let heading = format!("warning: {} ", workload.replace('/', "/argocd/"));
    let lines: Vec<&str> = outcome.stderr.lines().collect();
    let first = lines.iter().rposition(|line| line.starts_with(&heading));
    let first = first.with_context(|| format!("nothing is said of {workload}: {outcome}"))?;
    let below = lines[first + 1..].iter().take_while(|line| line.starts_with("  "));
    Ok(below.fold(lines[first].to_owned(), |told, line| format!("{told}\n{line}")))
}

/// Expects each of the texts in what is told.
pub fn says(told: &str, texts: &[&str]) -> Result<()> {
    for text in texts {
        ensure!(told.contains(text), "nothing says {text:?}:\n{told}");
    }
    Ok(())
}
