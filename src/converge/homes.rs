//! Other inventories on the same cluster: where else the profile lives, and which of them only remember a destroy.

use std::collections::BTreeSet;

use crate::cluster::{Cluster, ClusterError, Kinds};
use crate::converge::error::ConvergeError;
use crate::desired::id::GroupKind;
use crate::desired::ownership::{APPLYSET_ID, inventory_id};
use crate::plan::build::Owner;
use crate::plan::decide::{Observation, Seen, is_left_behind, other_set};
use crate::plan::inventory::Inventory;
use crate::plan::live::Live;
use crate::plan::prune::is_container;

/// Before a first apply or a destroy without an inventory: the profile must not have one in another namespace already. It
/// would own two sets of everything, and nobody would look after the first.
///
/// What is left of a destroy stands in the way of another destroy, which would miss it, and of no apply.
pub(super) async fn refuse_second(
    cluster: &Cluster,
    kinds: &Kinds,
    owner: &Owner,
    is_destroy: bool,
) -> Result<(), ConvergeError> {
    // Whoever may not look at other namespaces cannot have written there either.
    let Some(parents) = parents(cluster, kinds).await? else { return Ok(()) };
    let is_home = |parent: &&Live| is_of_profile(parent, owner) && (is_destroy || !is_remnant(parent, owner));
    match parents.iter().find(is_home).and_then(|parent| parent.id().namespace.clone()) {
        None => Ok(()),
        Some(namespace) => {
            Err(ConvergeError::AnotherNamespace { recorded: namespace, wanted: owner.namespace.clone() })
        }
    }
}

/// The ids that Namespaces and CustomResourceDefinitions of bridge's carry although their inventory is gone, or is the
/// profile's own and only remembers a destroy.
pub(super) async fn abandoned(
    cluster: &Cluster,
    kinds: &Kinds,
    owner: &Owner,
    desired: &[Seen],
) -> Result<BTreeSet<String>, ClusterError> {
    let ours = inventory_id(&owner.namespace);
    let ids: BTreeSet<String> =
        desired.iter().filter_map(|seen| left_by(seen, &ours)).map(str::to_owned).collect();
    if ids.is_empty() {
        return Ok(ids);
    }
    // Whoever may not look for an inventory cannot say that there is none.
    let Some(parents) = parents(cluster, kinds).await? else { return Ok(BTreeSet::new()) };
    let records = |id: &String| {
        parents.iter().any(|parent| parent.label(APPLYSET_ID) == Some(id) && !is_remnant(parent, owner))
    };
    Ok(ids.into_iter().filter(|id| !records(id)).collect())
}

fn left_by<'a>(seen: &'a Seen, ours: &str) -> Option<&'a str> {
    match seen {
        Seen::Asked(_, Observation::Present { live, trial: _ }) if is_left_behind(live) => {
            other_set(live, ours)
        }
        Seen::Asked(..) | Seen::Unchanged(_) => None,
    }
}

/// Every inventory of the cluster; `None` when that is forbidden.
async fn parents(cluster: &Cluster, kinds: &Kinds) -> Result<Option<Vec<Live>>, ClusterError> {
    match cluster.list(kinds, &GroupKind::parse("ConfigMap"), None, APPLYSET_ID).await {
        Err(ClusterError::Forbidden { .. }) => Ok(None),
        parents => parents.map(Some),
    }
}

fn is_of_profile(parent: &Live, owner: &Owner) -> bool {
    Inventory::read(parent).is_ok_and(|inventory| inventory.profile == owner.profile)
}

/// Whether it is the profile's and records only what a destroy leaves unless it is named.
fn is_remnant(parent: &Live, owner: &Owner) -> bool {
    is_of_profile(parent, owner)
        && Inventory::read(parent).is_ok_and(|inventory| inventory.group_kinds.iter().all(is_container))
}
