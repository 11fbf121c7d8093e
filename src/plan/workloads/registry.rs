//! The clusters that Argo CD knows, and where a destination leads.

use crate::plan::status::application::Destination;
use crate::plan::status::fleet::{IN_CLUSTER_NAME, Registered};
use crate::plan::workloads::cluster::{Cluster, ClusterChange};
use crate::template::context::IN_CLUSTER;

use std::collections::BTreeMap;

/// The clusters that Argo CD knows at one moment.
#[derive(Debug, Default)]
pub(super) struct Registry {
    /// How many Secrets have a name.
    names: BTreeMap<String, usize>,
    /// How many Secrets are for a server.
    servers: BTreeMap<String, usize>,
}

impl Registry {
    /// What is there now.
    pub(super) fn now(registered: &[Registered]) -> Self {
        let mut registry = Self::default();
        for one in registered {
            registry.count(&one.name, &one.server, true);
        }
        registry
    }

    /// What is there once the plan is applied.
    pub(super) fn then(registered: &[Registered], created: &[Cluster], changes: &[ClusterChange]) -> Self {
        let mut registry = Self::now(registered);
        for change in changes {
            registry.count(&change.before.name, change.before.address(), false);
        }
        for cluster in created.iter().chain(changes.iter().filter_map(|change| change.after.as_ref())) {
            registry.count(&cluster.name, cluster.address(), true);
        }
        registry
    }

    fn count(&mut self, name: &str, server: &str, comes: bool) {
        for (counts, key) in [(&mut self.names, name), (&mut self.servers, server)] {
            let count = counts.entry(key.to_owned()).or_default();
            *count = if comes { *count + 1 } else { count.saturating_sub(1) };
        }
    }

    /// Whether a destination leads to a cluster (`GetDestinationCluster` of `util/argo`, v3.5.3): by a server that is known, or a
    /// name that exactly one has. The cluster that Argo CD runs in is known without a Secret.
    pub(super) fn resolves(&self, Destination { server, name }: &Destination) -> bool {
        match (server, name) {
            (Some(server), None) => server == IN_CLUSTER || self.servers.get(server).is_some_and(|n| *n > 0),
            (None, Some(name)) => match self.having(name) {
                0 => name == IN_CLUSTER_NAME,
                count => count == 1,
            },
            (Some(_), Some(_)) | (None, None) => false,
        }
    }

    /// How many Secrets have this name.
    pub(super) fn having(&self, name: &str) -> usize {
        self.names.get(name).copied().unwrap_or_default()
    }
}
