//! What a cluster is made from: the profile's words as kind's configuration, and a digest to know it again by.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::kind::node::RECORD;
use crate::profile::address;
use crate::profile::model::{KindCluster, Mount, PortMapping};
use crate::profile::names::KindName;

/// Where containerd looks for what to ask before a registry (`config_path` in kind's node images from v0.27 on).
const CERTS_D: &str = "/etc/containerd/certs.d";

/// A cluster as the profile wants it. None of it can be changed once its container is there.
#[derive(Debug, Clone)]
pub struct Spec {
    /// kind's name.
    pub name: KindName,
    /// The node's image; `None` leaves it to kind.
    pub image: Option<String>,
    /// Ports of this machine.
    pub ports: Vec<PortMapping>,
    /// Folders of this machine, absolute.
    pub(super) mounts: Vec<(PathBuf, Mount)>,
    mirrors: BTreeMap<String, Vec<String>>,
    labels: BTreeMap<String, String>,
}

impl Spec {
    /// The wish of a profile.
    #[must_use]
    pub fn of(cluster: &KindCluster) -> Self {
        let KindCluster { name, image, ports, mirrors, mounts, labels, at: _ } = cluster;
        let label = |(key, value): (&_, &_)| (ToString::to_string(key), ToString::to_string(value));
        Self {
            name: name.clone(),
            image: image.clone(),
            ports: ports.clone(),
            mounts: mounts.iter().map(|mount| (absolute(&mount.host), mount.clone())).collect(),
            mirrors: mirrors.clone(),
            labels: labels.iter().map(|(key, value)| label((key, value))).collect(),
        }
    }

    /// A port of this machine that another cluster wants, too. An unspecified address is every one.
    #[must_use]
    pub fn port_of(&self, other: &Self) -> Option<&PortMapping> {
        self.ports.iter().find(|port| {
            other.ports.iter().any(|taken| {
                let (one, two) = (port.address.to_canonical(), taken.address.to_canonical());
                let is_same = one == two || one.is_unspecified() || two.is_unspecified();
                (port.host, port.protocol) == (taken.host, taken.protocol) && is_same
            })
        })
    }

    /// It for people and for comparison; the same bytes for the same wish.
    pub(super) fn summary(&self) -> Value {
        let Self { name: _, image, ports, mounts, mirrors, labels } = self;
        let ports: Vec<String> = ports.iter().map(port_words).collect();
        let mounts: Vec<String> = mounts.iter().map(mount_words).collect();
        json!({ "image": image, "ports": ports, "mounts": mounts, "mirrors": mirrors, "labels": labels })
    }

    /// What it is known again by.
    pub(super) fn digest(&self) -> String {
        short_digest(&self.summary().to_string())
    }

    /// kind's configuration (`kind.x-k8s.io/v1alpha4`), with the record of who made it.
    pub(super) fn configuration(&self, record: &Path) -> Value {
        let mut mounts = vec![mount(record, RECORD, true)];
        mounts.extend(self.mirrors.keys().map(|registry| {
            mount(&mirror_folder(record, registry), &format!("{CERTS_D}/{}", folder_name(registry)), true)
        }));
        mounts.extend(self.mounts.iter().map(|(host, wish)| mount(host, &wish.node, wish.read_only)));
        let ports: Vec<Value> = self.ports.iter().map(port).collect();
        let mut node = Map::from_iter([
            ("role".to_owned(), json!("control-plane")),
            ("extraMounts".to_owned(), json!(mounts)),
            ("extraPortMappings".to_owned(), json!(ports)),
            ("labels".to_owned(), json!(self.labels)),
        ]);
        if let Some(image) = &self.image {
            node.insert("image".to_owned(), json!(image));
        }
        json!({
            "kind": "Cluster", "apiVersion": "kind.x-k8s.io/v1alpha4", "name": self.name.as_str(), "nodes": [node]
        })
    }

    /// The files of the record: what the cluster was made from, and containerd's hosts.toml for each mirror.
    pub(super) fn files(&self, record: &Path) -> Vec<(PathBuf, String)> {
        let mirrors = self.mirrors.iter().map(|(registry, mirrors)| {
            (mirror_folder(record, registry).join("hosts.toml"), hosts_toml(mirrors))
        });
        let summary = (record.join(SUMMARY), format!("{:#}\n", self.summary()));
        std::iter::once(summary).chain(mirrors).collect()
    }

    /// What differs from what a cluster was made from, each in a few words; a record that cannot be read differs as a whole.
    pub(super) fn differences(&self, made_from: Option<&Value>) -> Vec<String> {
        let wanted = self.summary();
        let (Some(Value::Object(before)), Value::Object(after)) = (made_from, &wanted) else {
            return vec!["made from another configuration, whose record is gone".to_owned()];
        };
        let changed = after.iter().filter(|(key, value)| before.get(*key) != Some(value));
        changed
            .map(|(key, value)| format!("{key}: {} -> {value}", before.get(key).unwrap_or(&Value::Null)))
            .collect()
    }
}

/// The first 16 digits of a text's sha256.
pub(super) fn short_digest(text: &str) -> String {
    let digest = Sha256::digest(text);
    digest.iter().take(8).fold(String::new(), |mut text, byte| {
        // A String takes everything.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// kind takes relative paths for its own folder's.
fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf())
}

/// The file of a record that says what the cluster was made from.
pub(super) const SUMMARY: &str = "cluster.json";

fn mirror_folder(record: &Path, registry: &str) -> PathBuf {
    record.join("certs.d").join(folder_name(registry))
}

/// The folder of a registry: containerd looks for `registry_5000_` after `registry:5000`, whose colon would part a mount.
/// Source: `hostDirectory` and `hostPaths` in containerd's core/remotes/docker/config.
fn folder_name(registry: &str) -> String {
    registry.rsplit_once(':').map_or_else(|| registry.to_owned(), |(host, port)| format!("{host}_{port}_"))
}

fn mount(host: &Path, node: &str, read_only: bool) -> Value {
    json!({ "hostPath": host, "containerPath": node, "readOnly": read_only })
}

fn port(port: &PortMapping) -> Value {
    let PortMapping { host, node, address, protocol, at: _ } = port;
    json!({
        "containerPort": node, "hostPort": host, "listenAddress": address.to_string(), "protocol": protocol.as_str()
    })
}

fn port_words(PortMapping { host, node, address, protocol, at: _ }: &PortMapping) -> String {
    format!("{address}:{host} -> {node}/{}", protocol.as_str())
}

fn mount_words((host, mount): &(PathBuf, Mount)) -> String {
    let Mount { host: _, node, read_only, at: _ } = mount;
    format!("{} -> {node}{}", host.display(), if *read_only { " (read-only)" } else { "" })
}

/// containerd's `hosts.toml`: these are asked in their order, then the registry itself. A path is that of the registry's API as
/// it stands; containerd would put `/v2` behind it, also where it has one: `/v2/PROJECT` is how a Harbor caches a registry.
/// Source: `parseHostConfig` in containerd's core/remotes/docker/config.
fn hosts_toml(mirrors: &[String]) -> String {
    let host = |mirror: &String| {
        let path = address::parse(mirror).map_or("", |address| address.path);
        let override_path = if ["", "/v2"].contains(&path) { "" } else { "  override_path = true\n" };
        let host = Value::from(mirror.as_str());
        format!("[host.{host}]\n  capabilities = [\"pull\", \"resolve\"]\n{override_path}")
    };
    mirrors.iter().map(host).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_of_a_mirror_is_the_whole_one() {
        let of = |mirror: &str| hosts_toml(&[mirror.to_owned()]);
        let plain = "[host.\"http://mirror:5000\"]\n  capabilities = [\"pull\", \"resolve\"]\n";
        assert_eq!(of("http://mirror:5000"), plain);
        assert!(!of("https://mirror.example/v2").contains("override_path"));
        for with_path in ["https://harbor.example/v2/proxy", "https://mirror.example/api/docker/hub/v2"] {
            let wanted = format!(
                "[host.\"{with_path}\"]\n  capabilities = [\"pull\", \"resolve\"]\n  override_path = true\n"
            );
            assert_eq!(of(with_path), wanted);
        }
    }
}
