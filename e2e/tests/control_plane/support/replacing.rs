//! What the tests of replacements share: the small manifest, applied and then edited.

use anyhow::{Result, ensure};
use bridge_e2e::bridge_cmd::Outcome;
use serde_json::{Value, json};

use super::{Patch, Profile, World};

pub const BINDING: &str = "/apis/rbac.authorization.k8s.io/v1/namespaces/argocd/rolebindings/controller";
pub const DEPLOYMENT: &str = "/apis/apps/v1/namespaces/argocd/deployments/server";
pub const SERVICE: &str = "/api/v1/namespaces/argocd/services/server";
pub const INVENTORY: &str = "/api/v1/namespaces/argocd/configmaps/bridge";
pub const APPLY: [&str; 3] = ["apply", "--auto-approve", "--no-wait"];

/// What a part of the manifest becomes.
pub type Edit<'a> = (&'a str, &'a str);

pub const ROLE: Edit<'_> = ("kind: Role, name: controller", "kind: ClusterRole, name: small-controller");
pub const RULES: Edit<'_> =
    ("resources: [configmaps], verbs: [get]", "resources: [configmaps], verbs: [list]");
pub const SELECTOR: Edit<'_> = (
    "selector: { matchLabels: { app: server } }\n  template:\n    metadata: { labels: { app: server } }",
    "selector: { matchLabels: { app: web } }\n  template:\n    metadata: { labels: { app: web } }",
);
pub const HEADLESS: Edit<'_> =
    ("spec:\n  ports: [{ name: http", "spec:\n  clusterIP: None\n  ports: [{ name: http");
pub const TYPE: Edit<'_> = ("type: Opaque", "type: example.com/other");

/// A hub on which the small manifest was applied, and then edited.
pub async fn edited(edits: &[Edit<'_>]) -> Result<World> {
    let world = World::start().await?;
    world.profile(&Profile::small())?;
    world.apply(&[])?;
    edit(&world, edits)?;
    world.proxy.reset();
    Ok(world)
}

pub fn edit(world: &World, edits: &[Edit<'_>]) -> Result<()> {
    let mut manifest = include_str!("small.yaml").to_owned();
    for (from, to) in edits {
        ensure!(manifest.matches(from).count() == 1, "{from} does not stand once in the manifest");
        manifest = manifest.replace(from, to);
    }
    world.write("small.yaml", &manifest)
}

pub fn replace(object: &str) -> Vec<&str> {
    [&APPLY[..], &["--replace", object]].concat()
}

pub async fn uid(world: &World, path: &str) -> Result<Value> {
    Ok(world.get(path).await?["metadata"]["uid"].clone())
}

/// The object writes, as method and path.
pub fn writes(world: &World) -> Vec<String> {
    world.proxy.object_writes().iter().map(|write| format!("{} {}", write.method, write.path)).collect()
}

pub fn says(outcome: &Outcome, words: &[&str]) -> Result<()> {
    let said = format!("{}{}", outcome.stdout, outcome.stderr);
    words.iter().try_for_each(|word| {
        ensure!(said.contains(word), "`{word}` is missing: {outcome}");
        Ok(())
    })
}

/// The garbage collector's part: it removes this finalizer when the pods are gone.
pub fn pods_are_gone() -> Patch<'static> {
    let path = format!("{DEPLOYMENT}?fieldManager=kube-controller-manager");
    let body = json!({ "metadata": { "finalizers": null } });
    Patch { path, content_type: "application/merge-patch+json", body }
}
