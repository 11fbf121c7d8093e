//! Argo CD's official manifest as it is: every pod starts, and none starts again.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use bridge_e2e::kind::{Kind, KindCluster};
use bridge_e2e::manifests;
use serde_json::Value;

const PATIENCE: Duration = Duration::from_secs(300);
/// A process that ends at once is started again within this time; so is the next one, only later.
const CALM: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(500);
const PODS: usize = 7;

#[test]
fn every_pod_of_the_official_manifest_is_ready_and_stays_so() -> Result<()> {
    let started = Instant::now();
    let cluster = Kind::from_environment()?.create(&format!("bridge-e2e-{}", std::process::id()))?;
    eprintln!("a cluster is Ready after {:.0} s", started.elapsed().as_secs_f32());

    let started = Instant::now();
    let manifest = manifests::argocd_manifests(manifests::VERSION)?.join("install.yaml");
    let manifest = manifest.to_str().context("the cache has a name that is no text")?;
    cluster.kubectl(["create", "namespace", "argocd"])?;
    cluster.kubectl(["--namespace", "argocd", "apply", "--server-side", "--filename", manifest])?;
    wait_until_calm(&cluster)?;
    eprintln!(
        "the pods of Argo CD are Ready, and were not restarted, after {:.0} s",
        started.elapsed().as_secs_f32()
    );

    let images: Vec<_> = pods(&cluster)?.iter().flat_map(images_of).collect();
    let official = format!("quay.io/argoproj/argocd:{}", manifests::VERSION);
    ensure!(images.contains(&official), "no pod runs {official}: {images:?}");
    Ok(())
}

/// Returns once all pods are Ready and no container was started again for a while.
fn wait_until_calm(cluster: &KindCluster) -> Result<()> {
    let deadline = Instant::now() + PATIENCE;
    let mut calm_since = None;
    loop {
        let pods = pods(cluster)?;
        let states: Vec<_> = pods.iter().map(state).collect();
        let all_ready = pods.len() == PODS && pods.iter().all(is_ready);
        calm_since = match calm_since {
            Some((since, before)) if all_ready && before == states => Some((since, before)),
            _ if all_ready => Some((Instant::now(), states.clone())),
            _ => None,
        };
        if calm_since.as_ref().is_some_and(|(since, _)| since.elapsed() >= CALM) {
            return Ok(());
        }
        ensure!(Instant::now() < deadline, "after {PATIENCE:?}, of {PODS} pods:\n{}", states.join("\n"));
        std::thread::sleep(POLL);
    }
}

fn pods(cluster: &KindCluster) -> Result<Vec<Value>> {
    let list = cluster.kubectl(["--namespace", "argocd", "get", "pods", "--output", "json"])?;
    let mut list: Value = serde_json::from_str(&list).context("kubectl printed no JSON")?;
    Ok(list["items"].as_array_mut().map(std::mem::take).unwrap_or_default())
}

fn is_ready(pod: &Value) -> bool {
    let conditions = pod["status"]["conditions"].as_array();
    conditions.into_iter().flatten().any(|one| one["type"] == "Ready" && one["status"] == "True")
}

/// Name, restarts, and why a container waits: what tells a pod from the same one a moment later.
fn state(pod: &Value) -> String {
    let mut words = vec![pod["metadata"]["name"].as_str().unwrap_or_default().to_owned()];
    for container in pod["status"]["containerStatuses"].as_array().into_iter().flatten() {
        words.push(format!("restarts={}", container["restartCount"]));
        words.extend(container["state"]["waiting"]["reason"].as_str().map(str::to_owned));
    }
    words.join(" ")
}

fn images_of(pod: &Value) -> Vec<String> {
    let containers = pod["spec"]["containers"].as_array().into_iter().flatten();
    containers.filter_map(|container| container["image"].as_str().map(str::to_owned)).collect()
}
