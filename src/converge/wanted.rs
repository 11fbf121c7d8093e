//! The desired objects beside what was found of them, in the order in which they are applied.

use std::collections::{BTreeMap, BTreeSet};

use crate::converge::error::ConvergeError;
use crate::converge::members::Members;
use crate::desired::id::{GroupKind, ObjectId};
use crate::desired::object::{NotAnObject, Object};
use crate::desired::ownership::{PART_OF, inventory_id};
use crate::plan::build::Owner;
use crate::plan::change::Unchanged;
use crate::plan::consent::{Consent, ObjectSelector};
use crate::plan::decide::is_member;
use crate::plan::live::Live;
use crate::plan::same_server::{self, KnownClusters};

/// A desired object.
pub(super) enum Wanted {
    /// It stays as it is.
    Unchanged {
        /// What is known of it.
        unchanged: Unchanged,
        /// The kind that it defines.
        defines: Option<GroupKind>,
    },
    /// It is to be looked at.
    Open {
        /// Its name in the profile; a renamed cluster's Secret keeps another one.
        name: ObjectId,
        /// What is asked for.
        object: Object,
    },
}

impl Wanted {
    /// Which object, by the name that it has on the cluster.
    pub(super) fn id(&self) -> &ObjectId {
        match self {
            Self::Unchanged { unchanged, defines: _ } => &unchanged.id,
            Self::Open { name: _, object } => object.id(),
        }
    }

    /// Whether it is to be looked at.
    pub(super) fn is_open(&self) -> bool {
        matches!(self, Self::Open { .. })
    }

    fn is_meant_by(&self, target: &ObjectSelector) -> bool {
        match self {
            Self::Unchanged { unchanged, defines: _ } => target.matches(&unchanged.id),
            Self::Open { name, object } => target.matches(name) || target.matches(object.id()),
        }
    }
}

/// Gives each desired object its name on the cluster, and leaves out what is no target.
///
/// All objects have a say in the names: also as no target, a renamed cluster keeps its Secret from a new one of its name.
pub(super) fn wanted(
    objects: Vec<Object>,
    members: &mut Members,
    owner: &Owner,
    consent: &Consent,
) -> Result<Vec<Wanted>, ConvergeError> {
    let (mut places, mut open) = (Vec::new(), Vec::new());
    for object in objects {
        match members.unchanged.remove(object.id()) {
            Some(unchanged) => {
                places.push(Ok(Wanted::Unchanged { unchanged, defines: object.defined_kind() }));
            }
            None => {
                places.push(Err(object.id().clone()));
                open.push(object);
            }
        }
    }
    let mut named = keep_names(open, &members.others, owner)?.into_iter();
    let wanted = places.into_iter().filter_map(|place| match place {
        Ok(unchanged) => Some(unchanged),
        Err(name) => named.next().map(|object| Wanted::Open { name, object }),
    });
    targeted(wanted.collect(), consent)
}

/// What an unchanged cluster Secret stands for needs no other one, so only the rest is looked through.
fn keep_names(open: Vec<Object>, others: &[Live], owner: &Owner) -> Result<Vec<Object>, NotAnObject> {
    let secrets = others.iter().filter(|live| live.is_cluster_secret());
    let applyset = inventory_id(&owner.namespace);
    same_server::keep_names(open, &KnownClusters::new(secrets, |live| is_member(live, &applyset)))
}

fn targeted(mut wanted: Vec<Wanted>, consent: &Consent) -> Result<Vec<Wanted>, ConvergeError> {
    let targets = &consent.targets;
    if targets.is_empty() {
        return Ok(wanted);
    }
    let missing = targets.iter().filter(|target| !wanted.iter().any(|one| one.is_meant_by(target)));
    let missing: Vec<ObjectSelector> = missing.cloned().collect();
    if !missing.is_empty() {
        return Err(ConvergeError::NoSuchTarget { targets: missing });
    }
    wanted.retain(|one| targets.iter().any(|target| one.is_meant_by(target)));
    Ok(wanted)
}

/// What is there of the wanted objects, and the members of the ApplySet that nobody wants.
pub(super) fn split(
    others: Vec<Live>,
    wanted: &[Wanted],
    owner: &Owner,
) -> (BTreeMap<ObjectId, Live>, Vec<Live>) {
    let applyset = inventory_id(&owner.namespace);
    let ids: BTreeSet<&ObjectId> = wanted.iter().map(Wanted::id).collect();
    let (known, others): (Vec<Live>, Vec<Live>) =
        others.into_iter().partition(|live| ids.contains(live.id()));
    let surplus = others.into_iter().filter(|live| live.label(PART_OF) == Some(&applyset)).collect();
    (known.into_iter().map(|live| (live.id().clone(), live)).collect(), surplus)
}
