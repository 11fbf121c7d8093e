//! What the tests of the main job share: a hub behind the recording proxy, a profile, and the binary.
#![expect(dead_code, reason = "each test binary uses another part of it")]

mod foreign;
pub mod replacing;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use bridge_e2e::bridge_cmd::{Bridge, Outcome};
use bridge_e2e::cluster::{ControlPlane, User};
use bridge_e2e::manifests::seed_cache;
use bridge_e2e::proxy::{Matcher, Proxy};
use serde_json::Value;
use tempfile::TempDir;

pub use foreign::TOKEN;

/// A hub, a folder for the profile, and everything between.
pub struct World {
    pub hub: ControlPlane,
    pub proxy: Proxy,
    pub kubeconfig: PathBuf,
    pub folder: TempDir,
    /// What is somebody else's, as it was made.
    foreign: Vec<Value>,
}

/// One spoke in a profile: name and server.
pub const SPOKES: [(&str, &str); 2] =
    [("spoke-dev", "https://dev.example.com:6443"), ("spoke-prod", "https://prod.example.com")];

impl World {
    /// A fresh hub, reached through the proxy with an administrator's token.
    pub async fn start() -> Result<Self> {
        Self::on(ControlPlane::start().await?).await
    }

    /// A world on this hub.
    pub async fn on(hub: ControlPlane) -> Result<Self> {
        let proxy = Proxy::start(&hub).await?;
        let kubeconfig = proxy.kubeconfig("hub", User::Admin)?;
        let folder = tempfile::Builder::new().prefix("bridge-e2e-profile-").tempdir()?;
        seed_cache(&folder.path().join("cache"))?;
        let foreign = foreign::make(&hub).await?;
        let world = Self { hub, proxy, kubeconfig, folder, foreign };
        world.write("small.yaml", include_str!("small.yaml"))?;
        Ok(world)
    }

    pub fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }

    pub fn write(&self, file: &str, text: &str) -> Result<()> {
        std::fs::write(self.path(file), text).with_context(|| format!("write {file}"))
    }

    /// Writes `bridge.yaml`.
    pub fn profile(&self, profile: &Profile) -> Result<()> {
        self.write("bridge.yaml", &profile.text())
    }

    /// The binary in the profile's folder, with the proxy's kubeconfig.
    pub fn bridge(&self, args: &[&str]) -> Result<Bridge> {
        let bridge = Bridge::new()?.current_dir(self.folder.path()).kubeconfig(&self.kubeconfig);
        Ok(bridge.cache(&self.path("cache")).env("PLANTED_TOKEN", TOKEN).args(args))
    }

    /// Runs, and expects that no secret is shown.
    pub fn run(&self, args: &[&str]) -> Result<Outcome> {
        let outcome = self.bridge(args)?.run()?;
        self.expect_no_secret(&outcome)?;
        Ok(outcome)
    }

    /// Applies, and expects it to end well.
    pub fn apply(&self, more: &[&str]) -> Result<Outcome> {
        let outcome = self.expect(0, &[&["apply", "--auto-approve", "--no-wait"], more].concat())?;
        ensure!(outcome.stdout.contains("Apply complete!"), "{outcome}");
        Ok(outcome)
    }

    /// Runs, and expects an exit code.
    pub fn expect(&self, code: i32, args: &[&str]) -> Result<Outcome> {
        let outcome = self.run(args)?;
        ensure!(outcome.code == Some(code), "expected exit code {code} of {args:?}\n{outcome}");
        Ok(outcome)
    }

    /// Expects that nothing is left to do, and that nothing foreign was touched on the way here.
    pub fn expect_no_changes(&self) -> Result<()> {
        let outcome = self.expect(0, &["plan", "--detailed-exitcode"])?;
        ensure!(outcome.stdout.contains("No changes."), "{outcome}");
        self.expect_foreign_untouched()
    }

    /// kubectl's view: GET a path of the API, as JSON.
    pub async fn get(&self, path: &str) -> Result<Value> {
        get(&self.hub, path).await
    }

    /// Sends a request as somebody else, past the proxy.
    pub async fn send(&self, method: &str, path: &str, content_type: &str, body: &Value) -> Result<Value> {
        let request = http::Request::builder().method(method).uri(path).header("content-type", content_type);
        let request = request.body(serde_json::to_vec(body)?)?;
        Ok(self.hub.client().await?.request(request).await?)
    }

    /// The same with a YAML document.
    pub async fn send_yaml(&self, method: &str, path: &str, body: &str) -> Result<Value> {
        let request =
            http::Request::builder().method(method).uri(path).header("content-type", "application/yaml");
        Ok(self.hub.client().await?.request(request.body(body.as_bytes().to_vec())?).await?)
    }

    /// Sets fields as another client would: a merge patch under that client's name.
    pub async fn patch_as(&self, manager: &str, path: &str, patch: &Value) -> Result<Value> {
        self.send("PATCH", &format!("{path}?fieldManager={manager}"), "application/merge-patch+json", patch)
            .await
    }

    /// uid and resourceVersion of everything that bridge owns.
    pub async fn versions(&self) -> Result<Vec<(String, String)>> {
        let mut versions = Vec::new();
        for path in OWNED {
            for item in self.get(path).await?["items"].as_array().into_iter().flatten() {
                let labels = &item["metadata"]["labels"];
                if labels.get("applyset.kubernetes.io/part-of").is_some()
                    || labels.get("applyset.kubernetes.io/id").is_some()
                {
                    let text = |key: &str| item["metadata"][key].as_str().unwrap_or_default().to_owned();
                    versions.push((format!("{path}/{}", text("name")), text("resourceVersion")));
                }
            }
        }
        Ok(versions)
    }

    /// The resourceVersion of each object that there is of the kinds that bridge makes, by uid.
    pub async fn resource_versions(&self) -> Result<BTreeMap<String, String>> {
        let mut versions = BTreeMap::new();
        for path in OWNED {
            for item in self.get(path).await?["items"].as_array().into_iter().flatten() {
                let text = |key: &str| item["metadata"][key].as_str().unwrap_or_default().to_owned();
                versions.insert(text("uid"), text("resourceVersion"));
            }
        }
        Ok(versions)
    }

    /// The state that this profile leaves when it is applied to a fresh cluster in one go.
    pub async fn state_of(&self, profile: &Profile) -> Result<Vec<Value>> {
        let whole = Self::on(self.hub.sibling().await?).await?;
        whole.profile(profile)?;
        whole.apply(&[])?;
        whole.state().await
    }

    /// Everything that bridge owns, without what differs from run to run.
    pub async fn state(&self) -> Result<Vec<Value>> {
        let mut state = Vec::new();
        for path in OWNED {
            for item in self.get(path).await?["items"].as_array().into_iter().flatten() {
                let labels = &item["metadata"]["labels"];
                if labels.get("applyset.kubernetes.io/part-of").is_some()
                    || labels.get("applyset.kubernetes.io/id").is_some()
                {
                    state.push(stable(item, path));
                }
            }
        }
        Ok(state)
    }
}

const OWNED: [&str; 17] = [
    "/api/v1/namespaces",
    "/api/v1/secrets",
    "/api/v1/configmaps",
    "/api/v1/services",
    "/api/v1/serviceaccounts",
    "/apis/apps/v1/deployments",
    "/apis/apps/v1/statefulsets",
    "/apis/networking.k8s.io/v1/networkpolicies",
    "/apis/rbac.authorization.k8s.io/v1/roles",
    "/apis/rbac.authorization.k8s.io/v1/rolebindings",
    "/apis/rbac.authorization.k8s.io/v1/clusterroles",
    "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
    "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
    "/apis/argoproj.io/v1alpha1/applicationsets",
    "/apis/argoproj.io/v1alpha1/appprojects",
    "/apis/argoproj.io/v1alpha1/applications",
    "/apis/autoscaling/v2/horizontalpodautoscalers",
];

/// An object without uid, versions, times and addresses.
fn stable(item: &Value, path: &str) -> Value {
    let mut item = item.clone();
    item["path"] = path.into();
    item["status"] = Value::Null;
    if let Some(metadata) = item["metadata"].as_object_mut() {
        metadata.retain(|key, _| matches!(key.as_str(), "name" | "namespace" | "labels" | "annotations"));
    }
    if let Some(spec) = item["spec"].as_object_mut() {
        spec.retain(|key, _| !matches!(key.as_str(), "clusterIP" | "clusterIPs"));
    }
    item
}

/// A patch by somebody else: its path with the manager, how it is meant, and what it says.
pub struct Patch<'a> {
    pub path: String,
    pub content_type: &'a str,
    pub body: Value,
}

/// Runs with one request at a time while a patch by somebody else comes in right after its k-th write.
pub async fn run_while(world: &World, args: &[&str], k: usize, patch: &Patch<'_>) -> Result<Outcome> {
    run_patched(world, args, patch, |action| world.proxy.on_write(k, action)).await
}

/// The same with a patch that comes in right before the first request that the matcher accepts.
pub async fn run_until(world: &World, args: &[&str], request: Matcher, patch: &Patch<'_>) -> Result<Outcome> {
    run_patched(world, args, patch, |action| world.proxy.on_arrival(request, action)).await
}

async fn run_patched(
    world: &World,
    args: &[&str],
    patch: &Patch<'_>,
    hook: impl FnOnce(Box<dyn FnOnce() + Send>),
) -> Result<Outcome> {
    let client = world.hub.client().await?;
    let request = http::Request::patch(&patch.path).header("content-type", patch.content_type);
    let request = request.body(serde_json::to_vec(&patch.body)?)?;
    let handle = tokio::runtime::Handle::current();
    let (send, done) = std::sync::mpsc::channel();
    let (report, reported) = std::sync::mpsc::channel();
    hook(Box::new(move || {
        handle.spawn(async move {
            let _ = send.send(client.request::<Value>(request).await);
        });
        let _ = report.send(done.recv());
    }));
    let bridge = world.bridge(&[&["--parallelism", "1"], args].concat())?;
    let outcome = tokio::task::spawn_blocking(move || bridge.run()).await??;
    world.expect_no_secret(&outcome)?;
    reported.recv()???;
    Ok(outcome)
}

/// GET a path of an API server; 404 answers null.
pub async fn get(cluster: &ControlPlane, path: &str) -> Result<Value> {
    let request = http::Request::get(path).body(Vec::new())?;
    match cluster.client().await?.request(request).await {
        Ok(value) => Ok(value),
        Err(kube::Error::Api(status)) if status.code == 404 => Ok(Value::Null),
        Err(error) => Err(error.into()),
    }
}

/// Sends a merge patch to an API server as somebody else.
pub async fn patch(cluster: &ControlPlane, path: &str, patch: &Value) -> Result<Value> {
    let request = http::Request::patch(path).header("content-type", "application/merge-patch+json");
    Ok(cluster.client().await?.request(request.body(serde_json::to_vec(patch)?)?).await?)
}

pub fn secret(name: &str) -> String {
    format!("/api/v1/namespaces/argocd/secrets/{name}")
}

/// A profile, built step by step.
#[derive(Clone)]
pub struct Profile {
    pub name: String,
    pub argocd: String,
    pub clusters: Vec<(String, String, String)>,
    pub more: String,
}

impl Profile {
    /// A hub and two spokes on a small manifest with one object of each kind.
    pub fn small() -> Self {
        let clusters =
            SPOKES.map(|(name, server)| (name.to_owned(), server.to_owned(), String::new())).to_vec();
        let argocd = "  manifests: { path: small.yaml }\n".to_owned();
        Self { name: "acme".to_owned(), argocd, clusters, more: gitops().to_owned() }
    }

    /// The same on the official manifest.
    pub fn official() -> Self {
        Self { argocd: "  version: v3.5.3\n".to_owned(), ..Self::small() }
    }

    /// A fleet that differs from its other side by one updated, one new and one missing cluster.
    pub fn fleet(side: usize) -> Self {
        let (name, tier) = [("spoke-flip", "silver"), ("spoke-flop", "gold")][side];
        let mut profile = Self::small().without_spoke("spoke-prod");
        profile.clusters.push((name.to_owned(), format!("https://{name}.example.com"), String::new()));
        profile.spoke("spoke-dev", &format!("    labels: {{ tier: {tier} }}\n"))
    }

    /// Adds lines to a spoke.
    #[must_use]
    pub fn spoke(mut self, name: &str, lines: &str) -> Self {
        for (_, _, extra) in self.clusters.iter_mut().filter(|(known, _, _)| known == name) {
            extra.push_str(lines);
        }
        self
    }

    #[must_use]
    pub fn without_spoke(mut self, name: &str) -> Self {
        self.clusters.retain(|(known, _, _)| known != name);
        self
    }

    #[must_use]
    pub fn with(mut self, more: &str) -> Self {
        self.more.push_str(more);
        self
    }

    pub fn text(&self) -> String {
        let Self { name, argocd, clusters, more } = self;
        let mut text = format!(
            "apiVersion: bridge.gitops/v1alpha1\nkind: Profile\nmetadata: {{ name: {name} }}\nargocd:\n{argocd}{more}\
             clusters:\n  - name: hub\n    role: hub\n    connection: {{ context: hub }}\n    env: prod\n"
        );
        for (name, server, extra) in clusters {
            text.push_str(&format!(
                "  - name: {name}\n    connection: {{ server: \"{server}\", token: {{ env: PLANTED_TOKEN }} }}\n{extra}"
            ));
        }
        text
    }
}

pub fn gitops() -> &'static str {
    "gitops:\n  addons: { url: https://git.example.com/acme/addons.git, path: appsets, revision: main }\n  \
     workloads: { url: https://git.example.com/acme/workloads.git, path: workloads, revision: main }\n"
}

/// Whether a text stands in any file of a folder.
pub fn is_in_folder(folder: &Path, text: &str) -> Result<bool> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let found = if path.is_dir() {
            is_in_folder(&path, text)?
        } else {
            String::from_utf8_lossy(&std::fs::read(&path)?).contains(text)
        };
        if found {
            return Ok(true);
        }
    }
    Ok(false)
}
