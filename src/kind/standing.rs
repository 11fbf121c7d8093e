//! What stands there under a cluster's name, and whose it is.

use std::collections::BTreeSet;

use crate::kind::folder::{Folder, profile_of};
use crate::kind::maker::Maker;
use crate::kind::node::Node;
use crate::kind::spec::Spec;
use crate::profile::names::KindName;

/// The kind clusters that an engine has.
#[derive(Debug, Clone, Default)]
pub struct Standing {
    nodes: Vec<Node>,
}

/// What stands under the name of a cluster that the profile wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// Nothing.
    Nothing,
    /// A cluster that bridge did not make for this profile.
    Foreign(Maker),
    /// What an interrupted run left of it.
    Unfinished,
    /// The cluster.
    Made {
        /// How its node is.
        node: Node,
        /// What the profile wants otherwise than it was made, each in a few words.
        differences: Vec<String>,
    },
}

impl Standing {
    /// Of these nodes.
    #[must_use]
    pub fn new(nodes: Vec<Node>) -> Self {
        Self { nodes }
    }

    fn nodes_of(&self, cluster: &str) -> impl Iterator<Item = &Node> {
        self.nodes.iter().filter(move |node| node.cluster == cluster)
    }

    /// What stands under this name.
    #[must_use]
    pub fn find(&self, folder: &Folder, spec: &Spec) -> Found {
        let name = spec.name.as_str();
        let nodes: Vec<&Node> = self.nodes_of(name).collect();
        let Some(first) = nodes.first() else { return Found::Nothing };
        if let Some(foreign) = nodes.iter().find(|node| digest(folder, node).is_none()) {
            return Found::Foreign(maker(foreign));
        }
        if !folder.is_finished(&spec.name) {
            return Found::Unfinished;
        }
        let digest = digest(folder, first).unwrap_or_default();
        let differences = if digest == spec.digest() {
            Vec::new()
        } else {
            spec.differences(folder.made_from(&spec.name, &digest).as_ref())
        };
        Found::Made { node: (*first).clone(), differences }
    }

    /// The clusters that bridge made for this profile, whether it still names them or not: each of their nodes says so.
    #[must_use]
    pub fn made_for(&self, folder: &Folder) -> Vec<KindName> {
        let names: BTreeSet<&str> = self.nodes.iter().map(|node| node.cluster.as_str()).collect();
        let ours = names.into_iter().filter(|name| self.is_ours(folder, name));
        ours.filter_map(|name| name.parse().ok()).collect()
    }

    /// Whether there is a cluster of this name, whoever made it.
    pub(super) fn is_there(&self, cluster: &str) -> bool {
        self.nodes_of(cluster).next().is_some()
    }

    /// The nodes of a cluster, where each of them carries the record of this profile.
    pub(super) fn nodes_of_ours(&self, folder: &Folder, cluster: &str) -> Option<Vec<Node>> {
        self.is_ours(folder, cluster).then(|| self.nodes_of(cluster).cloned().collect())
    }

    /// The ports of the engine's machine that this profile's clusters have already.
    #[must_use]
    pub fn published(&self, folder: &Folder) -> BTreeSet<u16> {
        let ours = self.nodes.iter().filter(|node| self.is_ours(folder, &node.cluster));
        ours.flat_map(|node| node.published.iter().copied()).collect()
    }

    /// Whether each node of a cluster carries the record of this profile, and there is one.
    pub(super) fn is_ours(&self, folder: &Folder, cluster: &str) -> bool {
        let mut nodes = self.nodes_of(cluster).peekable();
        nodes.peek().is_some() && nodes.all(|node| digest(folder, node).is_some())
    }
}

fn digest(folder: &Folder, node: &Node) -> Option<String> {
    folder.digest_of(&node.cluster, node.record.as_deref()?)
}

fn maker(node: &Node) -> Maker {
    match &node.record {
        Some(record) => Maker::Profile { file: profile_of(record), record: record.clone() },
        None => Maker::Somebody,
    }
}
