//! A hub, spokes, a profile, and the binary.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bridge_e2e::bridge_cmd::{Bridge, Outcome};
use bridge_e2e::cluster::User;
use bridge_e2e::container::ContainerCluster;
use bridge_e2e::kubeconfig::Kubeconfig;
use serde_json::Value;
use tempfile::TempDir;

use crate::wire::Wire;

/// Longer than anything here may take.
const LIMIT: Duration = Duration::from_secs(150);
const PATIENCE: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(10);
const PROJECTS: &str = "/apis/argoproj.io/v1alpha1/namespaces/argocd/appprojects";
const MANIFEST: &str = include_str!("../../../control_plane/support/small.yaml");

/// uid and resourceVersion of projects, by name.
pub type Projects = BTreeMap<String, [String; 2]>;

/// What the profile says; everything else of it stays the same.
pub struct Wish {
    /// How many projects there are.
    pub projects: usize,
    /// The account that Argo CD has on each spoke: another one needs another token, and so a spoke that answers.
    pub account: &'static str,
}

/// Argo CD is somebody else's here, so that nothing has to run in these clusters.
pub struct World {
    pub hub: ContainerCluster,
    pub spokes: BTreeMap<&'static str, ContainerCluster>,
    pub wish: Wish,
    folder: TempDir,
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

impl World {
    /// Starts all clusters side by side. Bridge reaches those that are named with a wire by that wire.
    pub fn start(spokes: &[&'static str], wires: &[(&str, &Wire)]) -> Result<Self> {
        let started = Instant::now();
        let wire_of = |name: &str| wires.iter().find(|(spoke, _)| *spoke == name).map(|(_, wire)| *wire);
        let start = |name: &str| {
            let before = wire_of(name).map(Wire::address);
            ContainerCluster::start(name, &before.as_deref().into_iter().collect::<Vec<_>>())
        };
        let (hub, spokes) = std::thread::scope(|scope| -> Result<_> {
            let hub = scope.spawn(|| start("hub"));
            let begun: Vec<_> = spokes.iter().map(|name| (*name, scope.spawn(move || start(name)))).collect();
            let spokes = begun.into_iter().map(|(name, one)| Ok((name, joined(one.join())?)));
            let spokes = spokes.collect::<Result<BTreeMap<_, _>>>();
            Ok((joined(hub.join())?, spokes?))
        })?;
        eprintln!("{} control planes are ready after {:.1} s", spokes.len() + 1, seconds(started));
        let folder = tempfile::Builder::new().prefix("bridge-e2e-outages-").tempdir()?;
        let wish = Wish { projects: 1, account: "first" };
        let world = Self { hub, spokes, wish, folder };
        world.write_kubeconfig(wire_of)?;
        for definition in MANIFEST.split("\n---\n").filter(|text| text.contains("CustomResourceDefinition")) {
            let path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
            world.hub.send("POST", path, definition)?;
        }
        let namespace = r#"{ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": "argocd" } }"#;
        world.hub.send("POST", "/api/v1/namespaces", namespace)?;
        Ok(world)
    }

    fn write_kubeconfig<'w>(&self, wire_of: impl Fn(&str) -> Option<&'w Wire>) -> Result<()> {
        let mut kubeconfig = Kubeconfig::new();
        for (name, cluster) in
            [("hub", &self.hub)].into_iter().chain(self.spokes.iter().map(|(n, c)| (*n, c)))
        {
            let url = wire_of(name).map_or_else(|| cluster.url(), Wire::url);
            kubeconfig = kubeconfig.context(name, cluster.access_by_token(&url, User::Admin));
        }
        kubeconfig.write(&self.folder.path().join("kubeconfig"))
    }

    pub fn spoke(&self, name: &str) -> Result<&ContainerCluster> {
        self.spokes.get(name).with_context(|| format!("no spoke {name}"))
    }

    /// Writes the profile as it is wished for now.
    pub fn declare(&self) -> Result<()> {
        let Wish { projects, account } = &self.wish;
        let mut text = "apiVersion: bridge.gitops/v1alpha1\nkind: Profile\nmetadata: { name: outages }\n\
             argocd: { install: existing }\nclusters:\n  \
             - { name: hub, role: hub, connection: { context: hub }, env: prod }\n"
            .to_owned();
        for name in self.spokes.keys() {
            text.push_str(&format!(
                "  - {{ name: {name}, connection: {{ context: {name}, serviceAccount: {{ name: {account} }} }} }}\n"
            ));
        }
        text.push_str("projects:\n");
        for index in 0..*projects {
            text.push_str(&format!(
                "  - {{ name: team-{index:03}, sourceRepos: [\"https://git.example.com/*\"], \
                 destinations: [{{ name: \"*\", namespace: \"team-{index:03}-*\" }}] }}\n"
            ));
        }
        Ok(std::fs::write(self.folder.path().join("bridge.yaml"), text)?)
    }

    /// The binary in the profile's folder.
    pub fn bridge(&self, args: &[&str]) -> Result<Bridge> {
        let folder = self.folder.path();
        let bridge = Bridge::new()?.current_dir(folder).cache(&folder.join("cache")).timeout(LIMIT);
        Ok(bridge.kubeconfig(&folder.join("kubeconfig")).args(args))
    }

    /// Runs to the end, which has to be this one; how long it took.
    pub fn expect(&self, code: i32, args: &[&str]) -> Result<(Outcome, Duration)> {
        let (outcome, took) = timed(self.bridge(args)?)?;
        self.expect_no_secret(&outcome)?;
        ensure!(outcome.code == Some(code), "expected {code} after {took:?}: {outcome}");
        Ok((outcome, took))
    }

    pub fn expect_no_secret(&self, outcome: &Outcome) -> Result<()> {
        let said = format!("{outcome}");
        for cluster in self.spokes.values().chain([&self.hub]) {
            ensure!(!said.contains(cluster.token(User::Admin)), "a token is shown: {outcome}");
        }
        Ok(())
    }

    pub fn apply(&self) -> Result<()> {
        self.expect(0, &["apply", "--auto-approve"]).map(drop)
    }

    /// Nothing is left to do, and all is well.
    pub fn expect_green(&self) -> Result<()> {
        let (plan, _) = self.expect(0, &["plan", "--detailed-exitcode"])?;
        ensure!(plan.stdout.contains("No changes."), "{plan}");
        for spoke in self.spokes.keys() {
            ensure!(
                !plan.stdout.contains(&format!("spoke {spoke}")),
                "there is something about {spoke}: {plan}"
            );
        }
        let (status, _) = self.expect(0, &["status"])?;
        ensure!(status.stdout.contains("All is well."), "{status}");
        Ok(())
    }

    /// Who holds the lock of a cluster; nobody, where it is free.
    pub fn holder(cluster: &ContainerCluster, namespace: &str) -> Result<Option<String>> {
        let path = format!("/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases/bridge");
        let lease = cluster.get(&path)?;
        let holder = lease["spec"]["holderIdentity"].as_str().filter(|holder| !holder.is_empty());
        Ok(holder.map(str::to_owned))
    }

    /// The token that Argo CD has for a spoke.
    pub fn token(&self, spoke: &str) -> Result<String> {
        let secret = self.hub.get(&format!("/api/v1/namespaces/argocd/secrets/{spoke}"))?;
        let config = STANDARD.decode(secret["data"]["config"].as_str().context("no config")?)?;
        let config: Value = serde_json::from_slice(&config)?;
        Ok(config["bearerToken"].as_str().context("no token")?.to_owned())
    }

    /// The projects of the profile that there are.
    pub fn projects(&self) -> Result<Projects> {
        let list = self.hub.get(PROJECTS)?;
        let text = |one: &Value, key: &str| one["metadata"][key].as_str().unwrap_or_default().to_owned();
        let items = list["items"].as_array().into_iter().flatten();
        let projects = items.filter(|one| text(one, "name").starts_with("team-"));
        Ok(projects
            .map(|one| (text(one, "name"), [text(one, "uid"), text(one, "resourceVersion")]))
            .collect())
    }
}

/// Runs to the end; how long it took.
pub fn timed(bridge: Bridge) -> Result<(Outcome, Duration)> {
    let started = Instant::now();
    let outcome = bridge.run()?;
    Ok((outcome, started.elapsed()))
}

pub fn seconds(since: Instant) -> f32 {
    since.elapsed().as_secs_f32()
}

/// What a thread came to.
pub fn joined<T>(result: std::thread::Result<Result<T>>) -> Result<T> {
    result.unwrap_or_else(|_| bail!("a thread of the test panicked"))
}
