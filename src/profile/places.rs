//! Where a profile says what is compared with a checked-out repository. The model does not keep it: a fleet has tens of
//! thousands of addon toggles, and few names for them.

use std::collections::BTreeMap;

use crate::profile::location::Location;
use crate::profile::node::{Entry, Node};

/// Places in the files of a profile.
#[derive(Debug, Default)]
pub struct Places {
    /// Each addon by its name: where the first cluster that has it on says so, else the first that mentions it.
    pub toggles: BTreeMap<String, Location>,
    /// Each source of `gitops` by its key: where its path is said, as far as it is.
    pub sources: BTreeMap<String, Location>,
}

impl Places {
    /// The places in a profile over its bases.
    pub(crate) fn of(root: &Node) -> Self {
        let sources = root.get("gitops").map_or(&[][..], Node::entries).iter().map(source);
        Self { toggles: toggles(root), sources: sources.collect() }
    }
}

fn source(Entry { key, value }: &Entry) -> (String, Location) {
    let path = value.get("path").or_else(|| value.get("basePath"));
    (key.text.clone(), path.map_or(&key.location, |path| &path.location).clone())
}

fn toggles(root: &Node) -> BTreeMap<String, Location> {
    let clusters = root.get("clusters").map_or(&[][..], Node::items);
    let all = || clusters.iter().filter_map(|cluster| cluster.get("addons")).flat_map(Node::entries);
    let is_on = |entry: &&Entry| entry.value.text() == Some("true");
    let mut toggles = BTreeMap::new();
    for Entry { key, value: _ } in all().filter(is_on).chain(all()) {
        toggles.entry(key.text.clone()).or_insert_with(|| key.location.clone());
    }
    toggles
}
