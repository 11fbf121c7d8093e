//! What is there: Applications, pods, and the versions of what bridge wrote.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, ensure};
use serde_json::Value;

use super::world::{Cluster, Fleet, eventually};

/// An Application at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Application {
    pub uid: String,
    pub sync: String,
    pub health: String,
    pub message: String,
}

pub fn text<'a>(object: &'a Value, pointer: &str) -> &'a str {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// All Applications by name.
pub fn applications(fleet: &Fleet) -> Result<BTreeMap<String, Application>> {
    let all = fleet.list(Cluster::Hub, &["--namespace", "argocd", "applications.argoproj.io"])?;
    Ok(all.iter().map(|one| (text(one, "/metadata/name").to_owned(), application(one))).collect())
}

fn application(one: &Value) -> Application {
    Application {
        uid: text(one, "/metadata/uid").to_owned(),
        sync: text(one, "/status/sync/status").to_owned(),
        health: text(one, "/status/health/status").to_owned(),
        message: format!("{} {}", one["status"]["conditions"], text(one, "/status/operationState/message")),
    }
}

/// The Applications that the wish and the repositories ask for.
fn wanted(fleet: &Fleet) -> BTreeSet<String> {
    let always = ["addons", "workloads", "clusters", "settings-hub", "settings-spoke", "cache-spoke"];
    let mut wanted: BTreeSet<String> = always.into_iter().map(str::to_owned).collect();
    wanted.insert("notices-team-a-spoke".to_owned());
    let toggles = [(fleet.wish.hub_toggle, "hub"), (fleet.wish.spoke_toggle, "spoke")];
    wanted
        .extend(toggles.iter().filter(|(is_on, _)| *is_on).map(|(_, name)| format!("metrics-server-{name}")));
    wanted
}

/// Waits until exactly these are there, each Synced and Healthy, and bridge's own status says the same.
pub fn converged(fleet: &Fleet) -> Result<BTreeMap<String, Application>> {
    let wanted = wanted(fleet);
    let all = eventually("every Application Synced and Healthy", || {
        let all = applications(fleet)?;
        let names: BTreeSet<String> = all.keys().cloned().collect();
        ensure!(names == wanted, "there are {names:?}, wanted are {wanted:?}");
        for (name, one) in &all {
            ensure!((one.sync.as_str(), one.health.as_str()) == ("Synced", "Healthy"), "{name}: {one:?}");
        }
        Ok(all)
    })?;
    eventually("bridge status", || fleet.expect(0, &["status"]))?;
    Ok(all)
}

/// Everything that bridge writes, with its version: `CLUSTER KIND NAMESPACE/NAME`.
pub fn versions(fleet: &Fleet) -> Result<BTreeMap<String, String>> {
    const EVERYWHERE: &str =
        "secrets,configmaps,serviceaccounts,clusterroles,clusterrolebindings,roles,rolebindings";
    const ON_THE_HUB: &str = "services,deployments,statefulsets,networkpolicies,customresourcedefinitions,\
        applicationsets.argoproj.io,appprojects.argoproj.io";
    const MEMBER: &str = "applyset.kubernetes.io/part-of";
    const PARENT: &str = "applyset.kubernetes.io/id";
    let mut all = BTreeMap::new();
    for (cluster, kinds) in
        [(Cluster::Hub, format!("{EVERYWHERE},{ON_THE_HUB}")), (Cluster::Spoke, EVERYWHERE.to_owned())]
    {
        for label in [MEMBER, PARENT] {
            for object in fleet
                .list(cluster, &[&kinds, "--all-namespaces", "--selector", label, "--show-managed-fields"])?
            {
                let [kind, namespace, name] = ["/kind", "/metadata/namespace", "/metadata/name"]
                    .map(|pointer| text(&object, pointer).to_owned());
                all.insert(format!("{cluster:?} {kind} {namespace}/{name}"), version(&object));
            }
        }
    }
    let lease = fleet.get(Cluster::Hub, &["--namespace", "argocd", "lease", "bridge"])?;
    all.insert("the lock".to_owned(), text(&lease, "/metadata/resourceVersion").to_owned());
    Ok(all)
}

/// The resourceVersion; where controllers write a status, which moves it whenever a probe is late, who wrote the rest and when.
fn version(object: &Value) -> String {
    if object["status"].is_null() {
        return text(object, "/metadata/resourceVersion").to_owned();
    }
    let writers = object.pointer("/metadata/managedFields").and_then(Value::as_array);
    let writers = writers.into_iter().flatten().filter(|writer| writer["subresource"] != "status");
    writers
        .map(|writer| format!("{} {} {};", writer["manager"], writer["operation"], writer["time"]))
        .collect()
}
