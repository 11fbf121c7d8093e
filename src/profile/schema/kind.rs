//! `kind` of a cluster.
#![expect(dead_code, reason = "the types exist for their schema; nothing is read through them")]

use std::collections::BTreeMap;

use schemars::JsonSchema;

use super::value::{Flag, OrVariable, Scalar};

/// What bridge makes a cluster from: one node in a container. Everything has a default.
#[derive(JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct KindCluster {
    /// kind's name for it: at most 49 lower-case letters, digits, `-` and `.`. Default: the cluster's own.
    name: Option<String>,
    /// Image of the node, best with its digest: `kindest/node:v1.36.1@sha256:...`. Default: that of the kind release.
    image: Option<String>,
    /// Ports of the node that this machine publishes.
    ports: Option<Vec<PortMapping>>,
    /// What containerd asks before a registry itself, in this order: from hosts such as `docker.io`, or `_default` for each
    /// registry without an entry, to http and https addresses as the node reaches them. A path is the whole one of the
    /// mirror's API, such as `https://harbor.example/v2/proxy`; without one it is `/v2`.
    mirrors: Option<BTreeMap<String, Option<Vec<String>>>>,
    /// Files and folders of this machine that the node sees.
    mounts: Option<Vec<Mount>>,
    /// Labels of the Kubernetes node.
    labels: Option<BTreeMap<String, Scalar>>,
}

/// A port of the node that this machine publishes.
#[derive(JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PortMapping {
    /// Port of this machine.
    host: OrVariable<u16>,
    /// Port of the node, such as a NodePort.
    node: OrVariable<u16>,
    /// Address of this machine to listen on. Default `127.0.0.1`; `0.0.0.0` is every one of them.
    address: Option<String>,
    /// What is spoken there. Default `TCP`.
    protocol: Option<OrVariable<Protocol>>,
}

/// A transport protocol.
#[derive(JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
enum Protocol {
    Tcp,
    Udp,
    Sctp,
}

/// A file or folder of this machine that the node sees.
#[derive(JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Mount {
    /// Where it is on this machine, relative to this file.
    host: String,
    /// Where the node sees it: an absolute path.
    node: String,
    /// Whether the node may not write to it. Default true.
    read_only: Option<Flag>,
}
