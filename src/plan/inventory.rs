//! What bridge owns on a cluster, as the ApplySet specification records it on its parent object.
//!
//! Written the way kubectl writes it (`k8s.io/kubectl/pkg/cmd/apply/applyset.go`), which differs from the text of
//! KEP-3659: the prefix is `applyset.kubernetes.io/` and the tooling is an annotation.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::desired::id::{GroupKind, ObjectId};
use crate::desired::ownership::{
    self, ADDITIONAL_NAMESPACES, APPLYSET_ID, CONTAINS_GROUP_KINDS, INVENTORY, TOOLING, inventory_id,
};
use crate::plan::live::Live;

/// What the parent of the ApplySet records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inventory {
    /// `metadata.name` of the profile that owns the inventory.
    pub profile: String,
    /// The kinds of which there may be owned objects.
    pub group_kinds: BTreeSet<GroupKind>,
    /// The namespaces, beside the parent's own, in which there may be owned objects.
    pub namespaces: BTreeSet<String>,
    /// The spokes on which bridge made something, by the uid of their namespace kube-system. What it is, is recorded there.
    pub spokes: Spokes,
}

/// Spokes by the uid of their namespace kube-system, which no other cluster has, whatever a context leads to.
pub type Spokes = BTreeMap<String, RecordedSpoke>;

/// How a spoke was reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedSpoke {
    /// The cluster's name in the profile.
    pub name: String,
    /// The kubeconfig context.
    pub context: String,
}

/// The ConfigMap `bridge` exists and is not bridge's inventory.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotOurInventory {
    /// Something that is no ApplySet parent of bridge stands there.
    #[error("ConfigMap {namespace}/{INVENTORY} exists and is no inventory of bridge")]
    Foreign {
        /// Where.
        namespace: String,
    },
    /// Its id is not the one that follows from its name: a copy of another parent.
    #[error("ConfigMap {namespace}/{INVENTORY} carries the id {found} instead of {expected}")]
    WrongId {
        /// Where.
        namespace: String,
        /// The id that it carries.
        found: String,
        /// The id that follows from its name and namespace.
        expected: String,
    },
}

impl Inventory {
    /// Reads the parent.
    ///
    /// # Errors
    /// When the object is no parent of bridge's; nothing may be written or deleted then.
    pub fn read(parent: &Live) -> Result<Self, NotOurInventory> {
        let namespace = parent.id().namespace.clone().unwrap_or_default();
        let tooling = parent.annotation(TOOLING).and_then(|tooling| tooling.rsplit_once('/'));
        let Some(found) =
            parent.label(APPLYSET_ID).filter(|_| tooling.is_some_and(|(tool, _)| tool == "bridge"))
        else {
            return Err(NotOurInventory::Foreign { namespace });
        };
        let expected = inventory_id(&namespace);
        if found != expected {
            return Err(NotOurInventory::WrongId { namespace, found: found.to_owned(), expected });
        }
        let list =
            |key| parent.annotation(key).unwrap_or_default().split(',').filter(|item| !item.is_empty());
        Ok(Self {
            profile: parent.annotation(ownership::PROFILE).unwrap_or_default().to_owned(),
            group_kinds: list(CONTAINS_GROUP_KINDS).map(GroupKind::parse).collect(),
            namespaces: list(ADDITIONAL_NAMESPACES).map(str::to_owned).collect(),
            // What somebody else wrote there is no record of bridge's.
            spokes: parent
                .annotation(ownership::SPOKES)
                .and_then(|text| serde_json::from_str(text).ok())
                .unwrap_or_default(),
        })
    }

    /// What an inventory must record to own these objects.
    pub fn of<'a>(profile: &str, namespace: &str, objects: impl Iterator<Item = &'a ObjectId>) -> Self {
        let mut inventory = Self {
            profile: profile.to_owned(),
            group_kinds: BTreeSet::new(),
            namespaces: BTreeSet::new(),
            spokes: Spokes::new(),
        };
        for id in objects {
            inventory.group_kinds.insert(id.group_kind.clone());
            inventory.namespaces.extend(id.namespace.iter().filter(|other| *other != namespace).cloned());
        }
        inventory
    }

    /// Both together: what must be recorded before anything is written, so that nothing is ever owned and not recorded.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        Self {
            profile: self.profile.clone(),
            group_kinds: self.group_kinds.union(&other.group_kinds).cloned().collect(),
            namespaces: self.namespaces.union(&other.namespaces).cloned().collect(),
            spokes: other.spokes.clone().into_iter().chain(self.spokes.clone()).collect(),
        }
    }

    /// Whether this one records all that the other does, for the same profile.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        self.profile == other.profile
            && self.group_kinds.is_superset(&other.group_kinds)
            && self.namespaces.is_superset(&other.namespaces)
            && other.spokes.iter().all(|(uid, spoke)| self.spokes.get(uid) == Some(spoke))
    }

    /// The parent object to apply.
    #[must_use]
    pub fn parent(&self, namespace: &str) -> Value {
        let kinds: BTreeSet<String> = self.group_kinds.iter().map(GroupKind::to_string).collect();
        let mut parent = json!({
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {
                "name": INVENTORY,
                "namespace": namespace,
                "labels": { APPLYSET_ID: inventory_id(namespace) },
                "annotations": {
                    TOOLING: concat!("bridge/v", env!("CARGO_PKG_VERSION")),
                    CONTAINS_GROUP_KINDS: join(&kinds),
                    ADDITIONAL_NAMESPACES: join(&self.namespaces),
                    ownership::PROFILE: self.profile,
                },
            },
        });
        if !self.spokes.is_empty() {
            parent["metadata"]["annotations"][ownership::SPOKES] = json!(self.spokes).to_string().into();
        }
        parent
    }
}

fn join(items: &BTreeSet<String>) -> String {
    items.iter().map(String::as_str).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::{GroupKind, Inventory, Live, NotOurInventory, RecordedSpoke, Spokes};

    fn inventory() -> Inventory {
        Inventory {
            profile: "acme".to_owned(),
            group_kinds: BTreeSet::from([GroupKind::parse("Deployment.apps"), GroupKind::parse("ConfigMap")]),
            namespaces: BTreeSet::from(["kube-system".to_owned()]),
            spokes: Spokes::from([(
                "a-uid".to_owned(),
                RecordedSpoke { name: "spoke-dev".to_owned(), context: "arn:aws:eks:x,y=z".to_owned() },
            )]),
        }
    }

    fn live(change: impl FnOnce(&mut Value)) -> Live {
        let mut parent = inventory().parent("argocd");
        change(&mut parent);
        Live::new(parent).unwrap()
    }

    #[test]
    fn what_is_written_is_read_back() {
        let parent = live(|_| ());
        assert_eq!(Inventory::read(&parent).unwrap(), inventory());
        assert_eq!(
            parent.annotation("applyset.kubernetes.io/contains-group-kinds"),
            Some("ConfigMap,Deployment.apps")
        );
        assert_eq!(
            parent.label("applyset.kubernetes.io/id"),
            Some("applyset-JG6H3_SD-tCODamG8PVrC9H82q0CJtX0DCSkBFnzdqI-v1")
        );
    }

    #[test]
    fn a_foreign_parent_is_refused() {
        let foreign = live(|parent| {
            parent["metadata"]["annotations"]["applyset.kubernetes.io/tooling"] = "kubectl/v1.36".into();
        });
        assert!(matches!(Inventory::read(&foreign), Err(NotOurInventory::Foreign { .. })));
        let copied = live(|parent| parent["metadata"]["namespace"] = "elsewhere".into());
        assert!(matches!(Inventory::read(&copied), Err(NotOurInventory::WrongId { .. })));
    }
}
