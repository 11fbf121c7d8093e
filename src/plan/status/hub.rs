//! The hub: whose it is, and whether its Argo CD runs.

use std::collections::BTreeSet;

use crate::desired::id::ObjectId;
use crate::plan::build::Owner;
use crate::plan::inventory::{Inventory, NotOurInventory};
use crate::plan::live::Live;
use crate::plan::ready::Readiness;
use crate::plan::status::expected::NOT_THERE;

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
    /// bridge installs it, none of its workloads is there, and which there should be is not known.
    NoWorkloads,
    /// Somebody else installs it, and none of its workloads is in this cluster under the label that Argo CD's own manifests give
    /// them; it may run elsewhere.
    NotSeen,
    /// There is a workload of its own, or should be.
    Installed {
        /// Its workloads, by name; at least one. Where it is known which there should be, missing ones are among them.
        workloads: Vec<Workload>,
        /// Whether it is known which there should be.
        is_complete: bool,
    },
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
    pub fn of(mut workloads: Vec<Workload>, expected: Option<&BTreeSet<ObjectId>>, owner: &Owner) -> Self {
        let there: BTreeSet<ObjectId> = workloads.iter().map(|one| one.id.clone()).collect();
        let missing = expected.into_iter().flatten().filter(|id| !there.contains(id));
        workloads.extend(missing.cloned().map(Workload::missing));
        workloads.sort_by(|a, b| a.id.cmp(&b.id));
        match (workloads.is_empty(), owner.installs_argocd) {
            (false, _) => Self::Installed { workloads, is_complete: expected.is_some() },
            (true, true) => Self::NoWorkloads,
            (true, false) => Self::NotSeen,
        }
    }

    /// Its workloads.
    #[must_use]
    pub fn workloads(&self) -> &[Workload] {
        match self {
            Self::Installed { workloads, is_complete: _ } => workloads,
            Self::NotInstalled | Self::NoWorkloads | Self::NotSeen => &[],
        }
    }

    /// Whether nothing is wrong with it.
    #[must_use]
    pub fn is_well(&self) -> bool {
        match self {
            Self::NotInstalled | Self::NoWorkloads => false,
            Self::NotSeen => true,
            Self::Installed { workloads, is_complete: _ } => workloads.iter().all(Workload::is_well),
        }
    }
}

impl Workload {
    fn missing(id: ObjectId) -> Self {
        Self { id, readiness: Readiness::Failed(NOT_THERE.to_owned()) }
    }

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
