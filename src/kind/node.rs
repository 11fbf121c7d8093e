//! A node of a kind cluster: a container, as the engine's `inspect` shows it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::kind::engine::CLUSTER_LABEL;

/// A container that is a node of some kind cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// The container's own id: a name may be another container's a moment later.
    pub id: String,
    /// The container's name, which is the node's.
    pub name: String,
    /// kind's name of the cluster.
    pub cluster: String,
    /// How the container is.
    pub status: Status,
    /// The folder of the machine that is mounted where bridge mounts its record.
    pub record: Option<PathBuf>,
    /// Ports of the engine's machine that lead to it.
    pub published: BTreeSet<u16>,
    /// The volume that all its state is on: etcd, images, logs.
    pub(super) volume: Option<String>,
}

/// How a container is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It runs.
    Running,
    /// Somebody froze it.
    Paused,
    /// It is there and does not run.
    Stopped,
}

/// Where bridge's record is on a node.
pub(super) const RECORD: &str = "/etc/bridge";
/// Where kind mounts a volume of its own.
const STATE: &str = "/var";

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Inspected {
    id: String,
    name: String,
    state: State,
    config: Config,
    #[serde(default)]
    mounts: Vec<Mounted>,
    #[serde(default)]
    host_config: HostConfig,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct HostConfig {
    /// Of each port of the container, or null.
    #[serde(default)]
    port_bindings: Option<BTreeMap<String, Option<Vec<Binding>>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Binding {
    #[serde(default)]
    host_port: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct State {
    status: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Config {
    #[serde(default)]
    labels: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Mounted {
    /// Of a volume.
    #[serde(default)]
    name: String,
    #[serde(default)]
    source: PathBuf,
    destination: PathBuf,
}

/// Reads what `inspect` answers.
///
/// # Errors
/// When it is no list of containers.
pub(super) fn nodes(text: &str) -> Result<Vec<Node>, serde_json::Error> {
    let all: Vec<Inspected> = serde_json::from_str(text)?;
    Ok(all.into_iter().filter_map(node).collect())
}

fn node(Inspected { id, name, state, config, mounts, host_config }: Inspected) -> Option<Node> {
    let cluster = config.labels.get(CLUSTER_LABEL)?.clone();
    let status = match state.status.as_str() {
        "running" => Status::Running,
        "paused" => Status::Paused,
        _ => Status::Stopped,
    };
    let at = |place: &str| mounts.iter().find(|mount| mount.destination == Path::new(place));
    let record = at(RECORD).map(|mount| mount.source.clone());
    let volume = at(STATE).map(|mount| mount.name.clone()).filter(|name| !name.is_empty());
    let bindings = host_config.port_bindings.unwrap_or_default().into_values().flatten().flatten();
    let published = bindings.filter_map(|binding| binding.host_port.parse().ok()).collect();
    let name = name.trim_start_matches('/').to_owned();
    Some(Node { id, name, cluster, status, record, published, volume })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_paused_node_still_says_whose_it_is() {
        let text = r#"[
          {"Id": "a1", "Name": "/hub-control-plane",
           "HostConfig": {"PortBindings": {"30443/tcp": [{"HostIp": "127.0.0.1", "HostPort": "8443"}], "80/tcp": null}},
           "State": {"Status": "paused"},
           "Config": {"Labels": {"io.x-k8s.kind.cluster": "hub", "io.x-k8s.kind.role": "control-plane"}},
           "Mounts": [{"Type": "volume", "Name": "x", "Source": "/var/lib/docker/volumes/x", "Destination": "/var"},
                      {"Type": "bind", "Source": "/state/a", "Destination": "/etc/bridge"}]},
          {"Id": "b2", "Name": "other-control-plane", "State": {"Status": "exited"},
           "Config": {"Labels": {"io.x-k8s.kind.cluster": "other"}}},
          {"Id": "c3", "Name": "/registry", "State": {"Status": "running"}, "Config": {}}]"#;
        let found = nodes(text).unwrap();
        let [hub, other] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!((hub.name.as_str(), hub.cluster.as_str()), ("hub-control-plane", "hub"));
        assert_eq!((hub.status, hub.record.clone()), (Status::Paused, Some(PathBuf::from("/state/a"))));
        assert_eq!((hub.id.as_str(), &hub.published), ("a1", &BTreeSet::from([8443])));
        assert_eq!((other.status, &other.record), (Status::Stopped, &None));
        assert_eq!((hub.volume.as_deref(), &other.volume), (Some("x"), &None));
        assert!(nodes("{}").is_err());
    }
}
