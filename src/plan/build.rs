//! Desired objects and everything that was seen, to the plan.

use std::collections::{BTreeMap, BTreeSet};

use crate::desired::id::{GroupKind, ObjectId};
use crate::desired::ownership::{INVENTORY, inventory_id};
use crate::desired::state::Desired;
use crate::desired::wave::Wave;
use crate::plan::change::{Change, Check, NotChecked};
use crate::plan::consent::Consent;
use crate::plan::decide::{Seen, Sets};
use crate::plan::inventory::{Inventory, Spokes};
use crate::plan::live::Live;
use crate::plan::prune::{self, Rules};
use crate::plan::summary::{ClusterIdentity, Plan};
use crate::plan::workloads::Workloads;
use crate::profile::model::{Install, Profile};

/// Everything that was seen of the cluster.
#[derive(Debug)]
pub struct Observed {
    /// Which cluster.
    pub cluster: ClusterIdentity,
    /// The inventory as it was read, and what it records; `None` before the first apply.
    pub recorded: Option<(Live, Inventory)>,
    /// Recorded kinds that the cluster does not serve at the moment, so that nobody could look for their objects.
    pub unserved: BTreeSet<GroupKind>,
    /// Each desired object with what was seen of it.
    pub desired: Vec<Seen>,
    /// Members of the ApplySet that are not desired.
    pub surplus: Vec<Live>,
    /// The ids of bridge's own ApplySets that record nothing any more.
    pub abandoned: BTreeSet<String>,
    /// The spokes that bridge registers and that answer.
    pub spokes: Spokes,
    /// Namespaces and CustomResourceDefinitions in which there are foreign things: what, for people.
    pub foreign: BTreeMap<ObjectId, String>,
}

/// Whose inventory, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// The profile's `metadata.name`.
    pub profile: String,
    /// Argo CD's namespace.
    pub namespace: String,
    /// Whether the profile says that bridge installs Argo CD.
    pub installs_argocd: bool,
}

impl Owner {
    /// The owner of what a profile asks for.
    #[must_use]
    pub fn of(profile: &Profile) -> Self {
        Self {
            profile: profile.name.to_string(),
            namespace: profile.argocd.namespace.to_string(),
            installs_argocd: matches!(profile.argocd.install, Install::Manifests(_)),
        }
    }

    /// Whether this is the namespace that the inventory stands in.
    #[must_use]
    pub fn is_home(&self, id: &ObjectId) -> bool {
        id.group_kind == GroupKind::parse("Namespace") && id.name == self.namespace
    }
}

/// Makes the plan.
#[must_use]
pub fn build(owner: &Owner, observed: Observed, consent: &Consent) -> Plan {
    let Observed { cluster, recorded, unserved, desired, surplus, abandoned, spokes, foreign } = observed;
    let (parent, recorded) = recorded.unzip();
    let applyset = inventory_id(&owner.namespace);
    let recorded_kinds = recorded.as_ref().map(|inventory| inventory.group_kinds.clone()).unwrap_or_default();
    let mut changes: Vec<Change> = Vec::with_capacity(desired.len() + surplus.len());
    let desired_ids: Vec<ObjectId> = desired.iter().map(|seen| seen.id().clone()).collect();
    let sets = Sets { ours: &applyset, abandoned: &abandoned, recorded: &recorded_kinds };
    changes.extend(desired.into_iter().map(|seen| seen.decide(consent, sets)));
    if consent.targets.is_empty() {
        let rules = Rules { recorded: &recorded_kinds, foreign: &foreign, consent, owner };
        changes.extend(pruned(surplus, &rules));
    }
    let mut wanted = wanted(owner, &desired_ids, &changes, recorded.as_ref(), consent);
    wanted.group_kinds.extend(unserved);
    // One that left is recorded until what bridge made there is gone.
    wanted.spokes = recorded.iter().flat_map(|inventory| inventory.spokes.clone()).chain(spokes).collect();
    let is_destroy = desired_ids.is_empty();
    // With its own namespace the inventory goes, whatever it would still have to record: that was asked for by name.
    let ends = is_destroy
        && ((wanted.group_kinds.is_empty() && wanted.spokes.is_empty())
            || changes.iter().filter_map(Change::deleted).any(|live| owner.is_home(live.id())));
    let wanted = Some(wanted).filter(|_| !ends);
    Plan {
        cluster: Some(cluster),
        owner: owner.clone(),
        changes,
        parent,
        recorded,
        wanted,
        is_destroy,
        workloads: Workloads::default(),
    }
}

/// Deletions go against the order of creation: what depends on others goes first.
fn pruned(surplus: Vec<Live>, rules: &Rules<'_>) -> Vec<Change> {
    let mut surplus: Vec<Live> = surplus.into_iter().filter(|live| !is_parent(live.id())).collect();
    surplus.sort_by_key(|live| (std::cmp::Reverse(Wave::of(live.object())), live.id().clone()));
    surplus.into_iter().map(|live| prune::verdict(live, rules)).collect()
}

fn is_parent(id: &ObjectId) -> bool {
    id.group_kind.kind == "ConfigMap" && id.name == INVENTORY
}

/// What the inventory records once the plan is applied: the desired objects and those that stay.
fn wanted(
    owner: &Owner,
    desired: &[ObjectId],
    changes: &[Change],
    recorded: Option<&Inventory>,
    consent: &Consent,
) -> Inventory {
    let kept = changes.iter().filter(|change| matches!(change, Change::Keep { .. })).map(Change::id);
    let wanted = Inventory::of(&owner.profile, &owner.namespace, desired.iter().chain(kept));
    match recorded {
        Some(recorded) if !consent.targets.is_empty() => wanted.union(recorded),
        Some(_) | None => wanted,
    }
}

/// The plan when there is no cluster: everything is created, and nothing has been checked.
#[must_use]
pub fn offline(desired: Desired) -> Plan {
    let Desired { objects, namespace, profile, installs_argocd } = desired;
    let owner = Owner { profile, namespace, installs_argocd };
    let ids: Vec<ObjectId> = objects.iter().map(|object| object.id().clone()).collect();
    let check = Check::NotChecked(NotChecked::Offline);
    let create = |desired| Change::Create { desired, check: check.clone() };
    let wanted = Inventory::of(&owner.profile, &owner.namespace, ids.iter());
    Plan {
        cluster: None,
        owner,
        changes: objects.into_iter().map(create).collect(),
        parent: None,
        recorded: None,
        wanted: Some(wanted),
        is_destroy: false,
        workloads: Workloads::default(),
    }
}
