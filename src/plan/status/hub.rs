//! The hub: whose it is, and whether its Argo CD runs.

use crate::desired::id::ObjectId;
use crate::plan::build::Owner;
use crate::plan::inventory::{Inventory, NotOurInventory};
use crate::plan::live::Live;
use crate::plan::ready::Readiness;

/// The hub.
#[derive(Debug)]
pub struct HubStatus {
    /// Whose it is.
    pub inventory: InventoryStatus,
    /// What runs on it.
    pub argo_cd: ArgoCdStatus,
}

/// What stands where the profile's inventory should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InventoryStatus {
    /// The profile's own inventory.
    Own,
    /// Nothing: the profile was not applied here, or was destroyed.
    Absent,
    /// That of another profile.
    OfAnotherProfile(String),
    /// No inventory of bridge's.
    Foreign(NotOurInventory),
}

impl InventoryStatus {
    /// Reads the ConfigMap.
    #[must_use]
    pub fn of(parent: Option<&Live>, owner: &Owner) -> Self {
        match parent.map(Inventory::read) {
            None => Self::Absent,
            Some(Err(foreign)) => Self::Foreign(foreign),
            Some(Ok(inventory)) if inventory.profile == owner.profile => Self::Own,
            Some(Ok(inventory)) => Self::OfAnotherProfile(inventory.profile),
        }
    }
}

/// What was found of Argo CD.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ArgoCdStatus {
    /// Its CustomResourceDefinitions are not served, so there is none.
    NotInstalled,
    /// bridge installs it, and none of its workloads is there.
    NoWorkloads,
    /// Somebody else installs it, and none of its workloads is in this cluster under the label that Argo CD's own manifests give
    /// them; it may run elsewhere.
    NotSeen,
    /// Its workloads, by name; at least one.
    Workloads(Vec<Workload>),
}

/// A workload of Argo CD's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workload {
    /// Which.
    pub id: ObjectId,
    /// Whether it does its work.
    pub readiness: Readiness,
}

impl ArgoCdStatus {
    /// What there is, once its definitions are served.
    #[must_use]
    pub fn of(mut workloads: Vec<Workload>, owner: &Owner) -> Self {
        workloads.sort_by(|a, b| a.id.cmp(&b.id));
        match (workloads.is_empty(), owner.installs_argocd) {
            (false, _) => Self::Workloads(workloads),
            (true, true) => Self::NoWorkloads,
            (true, false) => Self::NotSeen,
        }
    }

    /// Its workloads.
    #[must_use]
    pub fn workloads(&self) -> &[Workload] {
        match self {
            Self::Workloads(workloads) => workloads,
            Self::NotInstalled | Self::NoWorkloads | Self::NotSeen => &[],
        }
    }

    /// Whether nothing is wrong with it.
    #[must_use]
    pub fn is_well(&self) -> bool {
        match self {
            Self::NotInstalled | Self::NoWorkloads => false,
            Self::NotSeen => true,
            Self::Workloads(workloads) => workloads.iter().all(Workload::is_well),
        }
    }
}

impl Workload {
    /// Whether it does its work.
    #[must_use]
    pub fn is_well(&self) -> bool {
        self.readiness == Readiness::Ready
    }
}

impl HubStatus {
    /// Whether it is the profile's own.
    #[must_use]
    pub fn has_own_inventory(&self) -> bool {
        self.inventory == InventoryStatus::Own
    }

    /// Whether nothing is wrong with it.
    #[must_use]
    pub fn is_well(&self) -> bool {
        self.has_own_inventory() && self.argo_cd.is_well()
    }
}
