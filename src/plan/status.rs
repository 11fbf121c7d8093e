//! What a hub and its fleet do at one moment: judgements of what was read, all of them pure.

pub mod application;
pub mod application_set;
pub mod expected;
pub mod fleet;
pub mod hub;
mod lineage;
pub mod probe;

use std::collections::BTreeSet;

use crate::desired::id::ObjectId;
use crate::desired::ownership::inventory_id;
use crate::plan::build::Owner;
use crate::plan::status::application::Application;
use crate::plan::status::application_set::ApplicationSet;
use crate::plan::status::expected::Expected;
use crate::plan::status::fleet::{ClusterStatus, FleetCluster, Registered};
use crate::plan::status::hub::HubStatus;
use crate::plan::status::lineage::Lineage;
use crate::plan::status::probe::Probe;
use crate::plan::summary::ClusterIdentity;

/// Everything that was read of a hub and its fleet.
#[derive(Debug)]
pub struct Seen {
    /// The hub's cluster.
    pub cluster: ClusterIdentity,
    /// The hub itself.
    pub hub: HubStatus,
    /// The profile's clusters, each with what came of probing it.
    pub clusters: Vec<(FleetCluster, Probe)>,
    /// Every cluster Secret in Argo CD's namespace.
    pub registered: Vec<Registered>,
    /// Every ApplicationSet in Argo CD's namespace.
    pub sets: Vec<ApplicationSet>,
    /// Every Application in Argo CD's namespace.
    pub applications: Vec<Application>,
}

/// What a hub and its fleet do.
#[derive(Debug)]
pub struct Status {
    /// The hub's cluster.
    pub cluster: ClusterIdentity,
    /// Whose hub it should be.
    pub owner: Owner,
    /// The hub itself.
    pub hub: HubStatus,
    /// The hub first, then the profile's spokes in its order, then clusters that the profile does not name any more.
    pub clusters: Vec<ClusterStatus>,
    /// The profile's own ApplicationSets, and those that came of them, by name.
    pub sets: Vec<GeneratingSet>,
    /// The Applications that came of these, by name.
    pub applications: Vec<GeneratedApplication>,
    /// How many other Applications there are in Argo CD's namespace.
    pub others: usize,
}

/// An ApplicationSet of the profile, and what came of it.
#[derive(Debug)]
pub struct GeneratingSet {
    /// The set.
    pub set: ApplicationSet,
    /// Where it comes from.
    pub origin: Origin,
    /// How many Applications have it as their controller.
    pub applications: usize,
}

/// Where an ApplicationSet comes from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// bridge applied it.
    Profile,
    /// Argo CD deployed it for this Application.
    Application(String),
}

/// An Application, and what it came of.
#[derive(Debug)]
pub struct GeneratedApplication {
    /// The Application.
    pub application: Application,
    /// The ApplicationSet that controls it; `None` where another Application deployed it.
    pub set: Option<String>,
    /// The cluster that it deploys to, by its name; `None` where the fleet has none such.
    pub cluster: Option<String>,
}

/// How many there are, and how many of them are not well.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    /// All of them.
    pub total: usize,
    /// Those that are not well.
    pub unwell: usize,
}

impl Count {
    /// Counts, by whether each is well.
    pub fn of(wells: impl Iterator<Item = bool>) -> Self {
        wells.fold(Self::default(), |Self { total, unwell }, is_well| Self {
            total: total + 1,
            unwell: unwell + usize::from(!is_well),
        })
    }
}

impl Status {
    /// Judges what was read.
    #[must_use]
    pub fn of(owner: &Owner, expected: &Expected, seen: Seen) -> Self {
        let Seen { cluster, hub, clusters, registered, sets, applications } = seen;
        let (clusters, names) = fleet::judge(clusters, &registered, &applications);
        let sets = with_missing(sets, &expected.sets);
        let applyset = inventory_id(&owner.namespace);
        let is_own = |set: &ApplicationSet| {
            set.applyset.as_deref() == Some(&applyset) || expected.sets.contains(&set.id)
        };
        let Lineage { sets, applications, others } = lineage::trace(sets, applications, is_own, &names);
        Self { cluster, owner: owner.clone(), hub, clusters, sets, applications, others }
    }

    /// Whether nothing is wrong with any part of it.
    #[must_use]
    pub fn is_well(&self) -> bool {
        let counts = [self.count_clusters(), self.count_sets(), self.count_applications()];
        self.hub.is_well() && counts.iter().all(|count| count.unwell == 0)
    }

    /// The clusters.
    #[must_use]
    pub fn count_clusters(&self) -> Count {
        Count::of(self.clusters.iter().map(ClusterStatus::is_well))
    }

    /// The ApplicationSets.
    #[must_use]
    pub fn count_sets(&self) -> Count {
        Count::of(self.sets.iter().map(|one| one.set.is_well()))
    }

    /// The Applications.
    #[must_use]
    pub fn count_applications(&self) -> Count {
        Count::of(self.applications.iter().map(|one| one.application.is_well()))
    }
}

/// Adds what the profile asks for and is not there.
fn with_missing(mut sets: Vec<ApplicationSet>, expected: &BTreeSet<ObjectId>) -> Vec<ApplicationSet> {
    let there: BTreeSet<ObjectId> = sets.iter().map(|set| set.id.clone()).collect();
    sets.extend(expected.iter().filter(|id| !there.contains(id)).cloned().map(ApplicationSet::missing));
    sets
}

#[cfg(test)]
pub(crate) mod tests;
