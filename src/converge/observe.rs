//! What the cluster has, beside each desired object: the input of the plan.

use std::collections::{BTreeMap, BTreeSet};

use futures::{StreamExt, TryStreamExt, stream};

use crate::cluster::{Cluster, ClusterError, Kinds};
use crate::converge::error::ConvergeError;
use crate::converge::event::{Emit, Event};
use crate::converge::trial::{Creates, Tester};
use crate::converge::{foreign, homes};
use crate::desired::id::{GroupKind, ObjectId};
use crate::desired::object::Object;
use crate::desired::ownership::{INVENTORY, PART_OF, inventory_id};
use crate::plan::build::{Observed, Owner};
use crate::plan::consent::{Consent, ObjectSelector};
use crate::plan::decide::{Observation, is_applied};
use crate::plan::gate::is_cluster_secret;
use crate::plan::inventory::Inventory;
use crate::plan::live::Live;
use crate::plan::prune::{self, Rules};
use crate::plan::same_server;

const CLUSTER_SECRETS: &str = "argocd.argoproj.io/secret-type=cluster";

/// Reads everything that a plan needs. Writes nothing.
///
/// # Errors
/// When the cluster cannot be asked, or the inventory is not this profile's.
pub async fn observe(
    cluster: &Cluster,
    owner: &Owner,
    objects: Vec<Object>,
    consent: &Consent,
    creates: Creates,
    emit: Emit<'_>,
) -> Result<Observed, ConvergeError> {
    emit(Event::Observing { objects: objects.len() });
    let kinds = cluster.kinds().await?;
    let recorded = inventory(cluster, &kinds, owner, consent).await?;
    if recorded.is_none() {
        homes::refuse_second(cluster, &kinds, owner, objects.is_empty()).await?;
    }
    if objects.is_empty() && recorded.is_none() {
        refuse_lost_inventory(cluster, &kinds, owner).await?;
    }
    let inventory = recorded.as_ref().map(|(_, inventory)| inventory);
    let unserved = inventory.into_iter().flat_map(|inventory| inventory.group_kinds.iter().cloned());
    let unserved = unserved.filter(|group_kind| !kinds.serves(group_kind)).collect();
    let members = members(cluster, &kinds, owner, inventory, &objects).await?;
    let names: Vec<ObjectId> = objects.iter().map(|object| object.id().clone()).collect();
    // Of all objects, also those that are no target: a renamed cluster keeps its Secret from a new one of its old name.
    let (ours, others) = cluster_secrets(&members, owner);
    let objects = same_server::keep_names(objects, &ours, &others)?;
    let objects = targeted(names, objects, consent)?;
    let (known, surplus) = split(members, &objects, &inventory_id(&owner.namespace));
    let mut tester = Tester::new(cluster, &kinds, consent, &objects, &known).await?;
    // Beside what is there already every create is tried: one that is refused must not follow the changes that count on it,
    // such as a label that moves to a new cluster and takes the old one's Applications along.
    if creates == Creates::Written && known.is_empty() {
        tester = tester.without_trying_creates(&objects, &known).await?;
    }
    let desired = try_all(cluster, &tester, objects, known, emit).await?;
    let gone = gone(owner, &surplus, inventory, consent);
    let foreign = foreign::find(cluster, &kinds, owner, &surplus, &gone, consent).await?;
    let abandoned = homes::abandoned(cluster, &kinds, owner, &desired).await?;
    let cluster = cluster.identity().clone();
    Ok(Observed { cluster, recorded, unserved, desired, surplus, abandoned, foreign })
}

/// The uids of what goes for a reason of its own, before it is known what is in the namespaces that go.
fn gone(owner: &Owner, surplus: &[Live], recorded: Option<&Inventory>, consent: &Consent) -> Vec<String> {
    let recorded = recorded.map(|inventory| inventory.group_kinds.clone()).unwrap_or_default();
    let rules = Rules { recorded: &recorded, foreign: &BTreeMap::new(), consent, owner };
    let going = surplus.iter().filter(|live| prune::reason_to_keep(live, &rules).is_none());
    going.map(|live| live.uid().to_owned()).collect()
}

/// Reads the inventory, and checks that it is this profile's.
async fn inventory(
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
async fn refuse_lost_inventory(cluster: &Cluster, kinds: &Kinds, owner: &Owner) -> Result<(), ConvergeError> {
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

/// The objects that are targets, by the name in the profile or by the one of the Secret that a renamed cluster keeps.
fn targeted(
    names: Vec<ObjectId>,
    objects: Vec<Object>,
    consent: &Consent,
) -> Result<Vec<Object>, ConvergeError> {
    if consent.targets.is_empty() {
        return Ok(objects);
    }
    let is_meant = |target: &ObjectSelector, (name, object): &(ObjectId, Object)| {
        target.matches(name) || target.matches(object.id())
    };
    let named: Vec<(ObjectId, Object)> = names.into_iter().zip(objects).collect();
    let missing = consent.targets.iter().filter(|target| !named.iter().any(|one| is_meant(target, one)));
    let targets: Vec<ObjectSelector> = missing.cloned().collect();
    if !targets.is_empty() {
        return Err(ConvergeError::NoSuchTarget { targets });
    }
    let is_target = |one: &(ObjectId, Object)| consent.targets.iter().any(|target| is_meant(target, one));
    Ok(named.into_iter().filter(is_target).map(|(_, object)| object).collect())
}

/// Every object that carries our ApplySet's label, and every cluster Secret, whoever made it.
async fn members(
    cluster: &Cluster,
    kinds: &Kinds,
    owner: &Owner,
    recorded: Option<&Inventory>,
    objects: &[Object],
) -> Result<Vec<Live>, ClusterError> {
    let queries = queries(kinds, owner, recorded, objects);
    let lists = stream::iter(queries)
        .map(|query| async move {
            cluster.list(kinds, &query.group_kind, query.namespace.as_deref(), &query.selector).await
        })
        .buffered(cluster.parallelism());
    lists.try_concat().await
}

struct Query {
    group_kind: GroupKind,
    namespace: Option<String>,
    selector: String,
}

fn queries(kinds: &Kinds, owner: &Owner, recorded: Option<&Inventory>, objects: &[Object]) -> Vec<Query> {
    let mut group_kinds: BTreeSet<GroupKind> =
        objects.iter().map(|object| object.id().group_kind.clone()).collect();
    group_kinds.extend(recorded.into_iter().flat_map(|inventory| inventory.group_kinds.iter().cloned()));
    let mut namespaces: BTreeSet<String> =
        objects.iter().filter_map(|object| object.id().namespace.clone()).collect();
    namespaces.extend(recorded.into_iter().flat_map(|inventory| inventory.namespaces.iter().cloned()));
    namespaces.insert(owner.namespace.clone());
    let part_of = format!("{PART_OF}={}", inventory_id(&owner.namespace));
    let mut queries = Vec::new();
    for group_kind in group_kinds {
        match kinds.is_namespaced(&group_kind) {
            None => {}
            Some(false) => queries.push(Query { group_kind, namespace: None, selector: part_of.clone() }),
            Some(true) => {
                for namespace in &namespaces {
                    queries.extend(selectors(&group_kind, namespace, owner, &part_of).map(|selector| {
                        Query { group_kind: group_kind.clone(), namespace: Some(namespace.clone()), selector }
                    }));
                }
            }
        }
    }
    queries
}

/// Argo CD's cluster Secrets are read whoever made them, to find the one that stands for the same server.
fn selectors(
    group_kind: &GroupKind,
    namespace: &str,
    owner: &Owner,
    part_of: &str,
) -> impl Iterator<Item = String> + use<> {
    if group_kind.kind == "Secret" && namespace == owner.namespace {
        let others = format!("{part_of},argocd.argoproj.io/secret-type!=cluster");
        vec![CLUSTER_SECRETS.to_owned(), others].into_iter()
    } else {
        vec![part_of.to_owned()].into_iter()
    }
}

/// The cluster Secrets that are bridge's, and those of others; each by its name, so that the same one is always found.
fn cluster_secrets(members: &[Live], owner: &Owner) -> (Vec<Live>, Vec<Live>) {
    let applyset = inventory_id(&owner.namespace);
    let mut secrets: Vec<Live> = members.iter().filter(|live| is_cluster_secret(live)).cloned().collect();
    secrets.sort_by_key(|live| live.id().clone());
    secrets.into_iter().partition(|live| live.label(PART_OF) == Some(&applyset) && is_applied(live))
}

fn split(members: Vec<Live>, objects: &[Object], applyset: &str) -> (BTreeMap<ObjectId, Live>, Vec<Live>) {
    let wanted: BTreeSet<&ObjectId> = objects.iter().map(Object::id).collect();
    let (known, others): (Vec<Live>, Vec<Live>) =
        members.into_iter().partition(|live| wanted.contains(live.id()));
    let surplus = others.into_iter().filter(|live| live.label(PART_OF) == Some(applyset)).collect();
    (known.into_iter().map(|live| (live.id().clone(), live)).collect(), surplus)
}

async fn try_all(
    cluster: &Cluster,
    tester: &Tester<'_>,
    objects: Vec<Object>,
    mut known: BTreeMap<ObjectId, Live>,
    emit: Emit<'_>,
) -> Result<Vec<(Object, Observation)>, ClusterError> {
    let total = objects.len();
    let with_live: Vec<(Object, Option<Live>)> = objects
        .into_iter()
        .map(|object| (known.remove(object.id()), object))
        .map(|(live, object)| (object, live))
        .collect();
    let mut tried = stream::iter(with_live)
        .map(|(object, live)| tester.observe(object, live))
        .buffered(cluster.parallelism());
    let mut observed = Vec::with_capacity(total);
    while let Some(one) = tried.try_next().await? {
        observed.push(one);
        emit(Event::Observed { done: observed.len(), total });
    }
    Ok(observed)
}
