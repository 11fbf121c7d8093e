//! A node of a kind cluster: a container, as the engine's `inspect` shows it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;

use crate::kind::engine::CLUSTER_LABEL;

/// A container that is a node of some kind cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// The container's name, which is the node's.
    pub name: String,
    /// kind's name of the cluster.
    pub cluster: String,
    /// How the container is.
    pub status: Status,
    /// The folder of the machine that is mounted where bridge mounts its record.
    pub record: Option<PathBuf>,
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

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Inspected {
    name: String,
    state: State,
    config: Config,
    #[serde(default)]
    mounts: Vec<Mounted>,
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

fn node(Inspected { name, state, config, mounts }: Inspected) -> Option<Node> {
    let cluster = config.labels.get(CLUSTER_LABEL)?.clone();
    let status = match state.status.as_str() {
        "running" => Status::Running,
        "paused" => Status::Paused,
        _ => Status::Stopped,
    };
    let record = mounts.into_iter().find(|mount| mount.destination == std::path::Path::new(RECORD));
    let record = record.map(|mount| mount.source);
    Some(Node { name: name.trim_start_matches('/').to_owned(), cluster, status, record })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_paused_node_still_says_whose_it_is() {
        let text = r#"[
          {"Name": "/hub-control-plane", "State": {"Status": "paused"},
           "Config": {"Labels": {"io.x-k8s.kind.cluster": "hub", "io.x-k8s.kind.role": "control-plane"}},
           "Mounts": [{"Type": "volume", "Source": "/var/lib/docker/volumes/x", "Destination": "/var"},
                      {"Type": "bind", "Source": "/state/a", "Destination": "/etc/bridge"}]},
          {"Name": "other-control-plane", "State": {"Status": "exited"},
           "Config": {"Labels": {"io.x-k8s.kind.cluster": "other"}}},
          {"Name": "/registry", "State": {"Status": "running"}, "Config": {}}]"#;
        let found = nodes(text).unwrap();
        let [hub, other] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!((hub.name.as_str(), hub.cluster.as_str()), ("hub-control-plane", "hub"));
        assert_eq!((hub.status, hub.record.clone()), (Status::Paused, Some(PathBuf::from("/state/a"))));
        assert_eq!((other.status, &other.record), (Status::Stopped, &None));
        assert!(nodes("{}").is_err());
    }
}
