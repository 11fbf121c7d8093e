//! Another version of Argo CD: what it deployed runs on.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::process::{Child, Stdio};

use anyhow::{Context, Result, ensure};
use bridge_e2e::manifests::{OLDER, VERSION};

use super::edits::expect_moved;
use super::seen::{converged, text};
use super::world::{Cluster, Fleet};

/// By one patch level, as users do it: in the profile.
pub fn argo_cd_is_upgraded(fleet: &mut Fleet) -> Result<()> {
    let (before, pods) = (converged(fleet)?, workload(fleet)?);
    ensure!(!pods.is_empty(), "nothing runs in the spoke");
    let watch = Watch::start(fleet)?;
    fleet.wish.version = VERSION;
    fleet.declare()?;
    let plan = fleet.expect(2, &["plan", "--detailed-exitcode"])?;
    ensure!(plan.stdout.contains(OLDER) && plan.stdout.contains(VERSION), "{plan}");
    fleet.expect(0, &["up"])?;
    expect_moved(&before, &converged(fleet)?, &[], &[])?;
    expect_pods_of(fleet, VERSION)?;
    let after = workload(fleet)?;
    ensure!(pods == after, "what Argo CD deployed did not run on: {pods:?}, {after:?}");
    let health = watch.stop()?;
    for name in before.keys() {
        ensure!(health.contains_key(name), "the watch saw nothing of {name}: {health:?}");
    }
    ensure!(!health.values().flatten().any(|health| health == "Missing"), "it flapped: {health:?}");
    Ok(())
}

/// By what the pods ask for: a kubelet tells any name of an image, and here both versions are the same one.
fn expect_pods_of(fleet: &Fleet, version: &str) -> Result<()> {
    let pods = fleet.list(Cluster::Hub, &["--namespace", "argocd", "pods"])?;
    let images: BTreeSet<&str> = pods.iter().map(|pod| text(pod, "/spec/containers/0/image")).collect();
    let argo_cd = |image: &&&str| image.starts_with("quay.io/argoproj/argocd:");
    let (official, of) = (format!("quay.io/argoproj/argocd:{version}"), images.iter().filter(argo_cd));
    ensure!(of.eq([&official.as_str()]), "the pods run {images:?}, not {official} alone");
    Ok(())
}

/// The pods that Argo CD deployed into the spoke: uid, and how often their containers were started again.
fn workload(fleet: &Fleet) -> Result<BTreeMap<String, String>> {
    let pods = fleet.list(Cluster::Spoke, &["--namespace", "cache", "pods"])?;
    let restarts =
        |pod: &serde_json::Value| pod["status"]["containerStatuses"][0]["restartCount"].to_string();
    Ok(pods.iter().map(|pod| (text(pod, "/metadata/uid").to_owned(), restarts(pod))).collect())
}

/// Every health that an Application has meanwhile, also for a moment.
struct Watch {
    kubectl: Child,
    seen: tempfile::NamedTempFile,
}

impl Watch {
    fn start(fleet: &Fleet) -> Result<Self> {
        let seen = tempfile::NamedTempFile::new()?;
        let mut command = fleet.kubectl(Cluster::Hub)?;
        command.args(["--namespace", "argocd", "get", "applications.argoproj.io", "--watch", "--output"]);
        command.arg(r#"jsonpath={.metadata.name} {.status.health.status}{"\n"}"#);
        command.stdin(Stdio::null()).stdout(File::create(seen.path())?).stderr(Stdio::null());
        Ok(Self { kubectl: command.spawn().context("kubectl cannot be started")?, seen })
    }

    /// By name.
    fn stop(mut self) -> Result<BTreeMap<String, BTreeSet<String>>> {
        ensure!(self.kubectl.try_wait()?.is_none(), "the watch ended before its time");
        self.kubectl.kill()?;
        self.kubectl.wait()?;
        let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for line in std::fs::read_to_string(self.seen.path())?.lines() {
            let (name, health) = line.split_once(' ').unwrap_or((line, ""));
            all.entry(name.to_owned()).or_default().insert(health.to_owned());
        }
        Ok(all)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _already_ended = self.kubectl.kill();
        let _reaped = self.kubectl.wait();
    }
}
