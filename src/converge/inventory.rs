//! The inventory on the hub: what bridge recorded of its own objects, and whose it is.

use crate::cluster::{Cluster, Kinds};
use crate::converge::error::ConvergeError;
use crate::desired::id::{GroupKind, ObjectId};
use crate::desired::ownership::{INVENTORY, PART_OF, inventory_id};
use crate::plan::build::Owner;
use crate::plan::consent::Consent;
use crate::plan::decide::is_applied;
use crate::plan::inventory::Inventory;
use crate::plan::live::Live;

/// Reads the inventory, and checks that it is this profile's.
pub(super) async fn read(
    cluster: &Cluster,
    kinds: &Kinds,
    owner: &Owner,
    consent: &Consent,
) -> Result<Option<(Live, Inventory)>, ConvergeError> {
    let Some(parent) = cluster.get(kinds, &parent_id(owner), "v1").await? else {
        return Ok(None);
    };
    let inventory = check_profile(Inventory::read(&parent)?, owner, consent)?;
    Ok(Some((parent, inventory)))
}

/// Checks that an inventory is this profile's.
pub(super) fn check_profile(
    inventory: Inventory,
    owner: &Owner,
    consent: &Consent,
) -> Result<Inventory, ConvergeError> {
    let is_renamed = consent.rename_from.as_ref() == Some(&inventory.profile);
    if inventory.profile == owner.profile || is_renamed {
        Ok(inventory)
    } else {
        Err(ConvergeError::AnotherProfile { recorded: inventory.profile, wanted: owner.profile.clone() })
    }
}

/// Before a destroy: where there is no inventory there must be nothing that it should record.
pub(super) async fn refuse_lost(
    cluster: &Cluster,
    kinds: &Kinds,
    owner: &Owner,
) -> Result<(), ConvergeError> {
    let selector = format!("{PART_OF}={}", inventory_id(&owner.namespace));
    let members = cluster.list(kinds, &GroupKind::parse("Secret"), Some(&owner.namespace), &selector).await?;
    if members.iter().any(is_applied) {
        Err(ConvergeError::NoInventory(owner.namespace.clone()))
    } else {
        Ok(())
    }
}

/// The identity of the inventory.
pub(super) fn parent_id(owner: &Owner) -> ObjectId {
    ObjectId {
        group_kind: GroupKind::parse("ConfigMap"),
        namespace: Some(owner.namespace.clone()),
        name: INVENTORY.to_owned(),
    }
}
