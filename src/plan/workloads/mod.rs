//! What a plan does to Applications and to what they deployed, before it happens.
//!
//! There is no engine here that generates Applications. Said is what follows from live objects alone: an Application goes when its
//! ApplicationSet does not generate it any more, which for selectors of `clusters` generators can be told; what it deployed goes
//! with it if its finalizer says so and its destination still leads to a cluster. Whatever else decides is "not evaluated".
//!
//! Two things are taken for granted: Argo CD's controllers see the plan as a whole, and an ApplicationSet that is fine now is
//! fine afterwards. One that gets an error changes and deletes nothing until that is mended.
//!
//! Source: Argo CD v3.5.3, `applicationset/controllers` and `controller/appcontroller.go`.

mod cascade;
mod cluster;
mod generators;
mod judge;
mod made;
mod policy;
mod registry;
mod removal;
mod selector;
mod set;
mod text;

use std::collections::{BTreeMap, BTreeSet};

use crate::desired::id::{GroupKind, ObjectId};
use crate::desired::object::Object;
use crate::plan::change::Change;
use crate::plan::live::Live;
use crate::plan::status::fleet::Registered;
use crate::plan::summary::Plan;
use crate::plan::workloads::cluster::{Cluster, ClusterChange};
use crate::plan::workloads::judge::Judge;

pub use cascade::{SET_CONTROLLER, is_set_controller, sets_that_would_delete};
pub use policy::ControllerPolicy;
pub use set::{Application, Set};

/// What was read of the hub.
#[derive(Debug, Default)]
pub struct Seen {
    /// Every cluster Secret in Argo CD's namespace.
    pub registered: Vec<Registered>,
    /// What the controller of ApplicationSets may do at all.
    pub policy: ControllerPolicy,
    /// Every ApplicationSet there.
    pub sets: Vec<Set>,
    /// Every Application there.
    pub applications: Vec<Application>,
}

/// What a plan does to Applications.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Workloads {
    /// By the change that does it.
    effects: BTreeMap<ObjectId, Vec<Effect>>,
    /// Why nothing could be found out, though there is something to find out.
    pub not_read: Option<String>,
}

/// What becomes of some Applications of one owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effect {
    /// Whose Applications.
    pub owner: OwnedBy,
    /// What becomes of them.
    pub fate: Fate,
    /// Which, by name; none where only new ones may come.
    pub applications: Vec<Affected>,
}

/// Who owns Applications.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum OwnedBy {
    /// The ApplicationSet of this name, as their live controller.
    Set(String),
    /// The Application of this name deployed them.
    Application(String),
    /// Nobody whom Argo CD knows.
    Nobody,
}

/// An Application to which something happens.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Affected {
    /// Its name.
    pub name: String,
    /// The name of the one that comes in its place.
    pub successor: Option<String>,
    /// Finalizers that are not Argo CD's: until somebody takes them off it is not gone.
    pub held_by: Vec<String>,
}

/// What becomes of an Application and of what it deployed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// It goes, and what it deployed is deleted.
    Deleted,
    /// The same, and one of another name deploys it anew: what it runs is gone in between (argo-cd#12958).
    Recreated,
    /// It goes, and what it deployed stays.
    Orphaned,
    /// The same, and one of another name takes over what it deploys, too.
    Adopted,
    /// It stays, and its destination leads to no cluster any more: `Unknown`.
    Stranded,
    /// It stays and deploys to the new server; what it deployed to the former one stays there.
    Moved,
    /// It stays; whether it is changed is not evaluated.
    Kept,
    /// Nothing can be said.
    NotEvaluated(Why),
}

/// Why nothing can be said of an Application.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// New ones may come.
    New,
    /// Its ApplicationSet's generators are combined, filtered or filled in by templates in a way that is not evaluated.
    Generators,
    /// Its ApplicationSet has no `clusters` generator.
    NoClusters,
    /// Its name, or its destination, comes of a template that is not evaluated.
    Template,
    /// The plan changes its ApplicationSet, too.
    SetChanges,
    /// Its ApplicationSet has an error, and changes nothing until that is mended.
    SetHasError,
    /// Its ApplicationSet is not there.
    SetIsGone,
    /// In the same plan, or in somebody else's Secret, another cluster has the name that this one had or gets.
    NameMoves,
}

impl Fate {
    /// Whether something that runs is deleted.
    #[must_use]
    pub fn is_dangerous(self) -> bool {
        match self {
            Self::Deleted | Self::Recreated => true,
            Self::Orphaned
            | Self::Adopted
            | Self::Stranded
            | Self::Moved
            | Self::Kept
            | Self::NotEvaluated(_) => false,
        }
    }
}

impl Workloads {
    /// What could not be found out, though there is something to find out.
    #[must_use]
    pub fn not_read(why: String) -> Self {
        Self { effects: BTreeMap::new(), not_read: Some(why) }
    }

    /// What a plan does to Applications.
    #[must_use]
    pub fn of(plan: &Plan, seen: Seen) -> Self {
        let changes: Vec<ClusterChange> = if ends_set_controller(plan) {
            Vec::new()
        } else {
            plan.changes.iter().filter_map(ClusterChange::of).collect()
        };
        let created: Vec<Cluster> = plan.changes.iter().filter_map(created).map(Cluster::of).collect();
        let (deleted, changed) = sets(plan);
        let judge = Judge::new(seen, &created, &changes, changed);
        let (mut effects, gone) = judge.sets(&deleted);
        for change in &changes {
            effects.push((change.id.clone(), judge.cluster(change, &gone)));
        }
        let effects = effects.into_iter().filter(|(_, effects)| !effects.is_empty()).collect();
        Self { effects, not_read: None }
    }

    /// What these changes do, for tests of what is said of it.
    #[cfg(test)]
    pub(crate) fn from_effects(effects: impl IntoIterator<Item = (ObjectId, Vec<Effect>)>) -> Self {
        Self { effects: effects.into_iter().collect(), not_read: None }
    }

    /// What the change of this object does.
    #[must_use]
    pub fn of_change(&self, id: &ObjectId) -> &[Effect] {
        self.effects.get(id).map_or(&[], Vec::as_slice)
    }

    /// How many Applications of each fate there are, each counted once, the worst fate first.
    #[must_use]
    pub fn counts(&self) -> BTreeMap<Fate, usize> {
        let mut fates: BTreeMap<&str, Fate> = BTreeMap::new();
        for effect in self.effects.values().flatten() {
            for affected in &effect.applications {
                let fate = fates.entry(&affected.name).or_insert(effect.fate);
                *fate = effect.fate.min(*fate);
            }
        }
        let mut counts = BTreeMap::new();
        for fate in fates.into_values() {
            *counts.entry(fate).or_default() += 1;
        }
        counts
    }
}

/// Whether nobody is left to do anything to Applications when the clusters go: a destroy ends that controller before.
fn ends_set_controller(plan: &Plan) -> bool {
    let is_controller = |live: &Live| is_set_controller(live.object());
    plan.is_destroy && plan.changes.iter().filter_map(Change::deleted).any(is_controller)
}

/// Whether a plan may do anything to Applications: it deletes an ApplicationSet, or changes what one sees of a cluster.
#[must_use]
pub fn is_concerned(plan: &Plan) -> bool {
    let deletes_set = |change: &Change| change.deleted().is_some_and(is_set);
    plan.changes.iter().any(|change| deletes_set(change) || ClusterChange::of(change).is_some())
}

fn is_set(live: &Live) -> bool {
    live.id().group_kind == GroupKind::parse("ApplicationSet.argoproj.io")
}

fn created(change: &Change) -> Option<&Object> {
    match change {
        Change::Create { desired, check: _ } => Some(desired).filter(|object| object.is_cluster_secret()),
        Change::Update { .. }
        | Change::Adopt { .. }
        | Change::Replace { .. }
        | Change::Delete { .. }
        | Change::Unchanged(_)
        | Change::Conflict { .. }
        | Change::Refused { .. }
        | Change::Terminating { .. }
        | Change::Keep { .. } => None,
    }
}

/// The ApplicationSets that the plan deletes, with their uids, and the names of those that it changes.
fn sets(plan: &Plan) -> (Vec<(ObjectId, String)>, BTreeSet<String>) {
    let (mut deleted, mut changed) = (Vec::new(), BTreeSet::new());
    for change in &plan.changes {
        match change {
            Change::Delete { live } if is_set(live) => {
                deleted.push((live.id().clone(), live.uid().to_owned()));
            }
            Change::Update { live, .. } | Change::Adopt { live, .. } | Change::Replace { live, .. }
                if is_set(live) =>
            {
                changed.insert(live.id().name.clone());
            }
            Change::Create { .. }
            | Change::Update { .. }
            | Change::Adopt { .. }
            | Change::Replace { .. }
            | Change::Delete { .. }
            | Change::Unchanged(_)
            | Change::Conflict { .. }
            | Change::Refused { .. }
            | Change::Terminating { .. }
            | Change::Keep { .. } => {}
        }
    }
    (deleted, changed)
}

#[cfg(test)]
mod tests;
