//! Clusters that bridge makes itself, with kind, on the machine that it runs on.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;

use crate::profile::location::Location;
use crate::profile::names::{KindName, LabelKey, LabelValue};

/// A cluster of one node that `bridge up` makes and `bridge down` removes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KindCluster {
    /// kind's name for it; the cluster's own unless the profile says otherwise.
    pub name: KindName,
    /// Image of the node; `None` leaves it to kind, whose every release has one of its own.
    pub image: Option<String>,
    /// Ports of the node that this machine publishes.
    pub ports: Vec<PortMapping>,
    /// What containerd asks before a registry itself, in this order: the registry as image names start with it, or `_default`
    /// for each that has no entry, to http and https addresses without a trailing slash. The path of one is that of its API as
    /// a whole; without one it is `/v2`. A registry may have a port, which no folder that an engine mounts can have in its
    /// name: containerd also looks for `HOST_PORT_` (`hostDirectory`).
    pub mirrors: BTreeMap<String, Vec<String>>,
    /// Files and folders of this machine that the node sees.
    pub mounts: Vec<Mount>,
    /// Labels of the Kubernetes node.
    pub labels: BTreeMap<LabelKey, LabelValue>,
    /// Where the profile says that bridge makes the cluster.
    pub at: Location,
}

/// A port of the node that is reachable from this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortMapping {
    /// Port of this machine; never 0.
    pub host: u16,
    /// Port of the node; never 0.
    pub node: u16,
    /// Address of this machine to listen on; 127.0.0.1 unless the profile says otherwise.
    pub address: IpAddr,
    /// What is spoken there; TCP unless the profile says otherwise.
    pub protocol: Protocol,
    /// Where the profile says so.
    pub at: Location,
}

/// A transport protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
    /// SCTP.
    Sctp,
}

impl Protocol {
    /// Each of them.
    pub const ALL: [Self; 3] = [Self::Tcp, Self::Udp, Self::Sctp];

    /// The protocol as Kubernetes and kind write it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tcp => "TCP",
            Self::Udp => "UDP",
            Self::Sctp => "SCTP",
        }
    }
}

/// A file or folder of this machine that the node sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// Where it is on this machine. A path that is not absolute starts where that of the profile does: in the folder that
    /// bridge runs in, not in that of the file that says it, whose folder is in the path already.
    pub host: PathBuf,
    /// Where the node sees it: an absolute path without `.`, `..` and doubled slashes.
    pub node: String,
    /// Whether the node may not write to it; so unless the profile says otherwise.
    pub read_only: bool,
    /// Where the profile says so.
    pub at: Location,
}
