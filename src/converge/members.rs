//! What the cluster has already: every object that carries our ApplySet's label, and every cluster Secret, whoever made it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use futures::future::{join, join_all};
use tokio::sync::SetOnce;

use crate::cluster::{Cluster, ClusterError, Kinds, Query};
use crate::desired::id::{GroupKind, ObjectId};
use crate::desired::labels::SECRET_TYPE;
use crate::desired::object::Object;
use crate::desired::ownership::{PART_OF, inventory_id};
use crate::plan::build::Owner;
use crate::plan::change::Unchanged;
use crate::plan::consent::Consent;
use crate::plan::inventory::Inventory;
use crate::plan::live::Live;
use crate::plan::unchanged::is_certain;

/// What the LISTs found.
pub(super) struct Members {
    /// Desired objects that stay as they are. Each is judged as its page arrives, so that no more of it has to be kept.
    ///
    /// A cluster Secret among them is bridge's own, of the wanted name and server: the one that its cluster keeps.
    pub(super) unchanged: BTreeMap<ObjectId, Unchanged>,
    /// All the others.
    pub(super) others: Vec<Live>,
}

enum Member {
    Unchanged(Unchanged),
    Other(Live),
}

/// The desired objects, by their names in the profile.
#[derive(Debug)]
pub(super) struct Asked {
    /// In the order in which they are applied.
    pub(super) objects: Vec<Object>,
    by_id: HashMap<ObjectId, usize>,
}

impl Asked {
    pub(super) fn new(objects: Vec<Object>) -> Self {
        let by_id = objects.iter().enumerate().map(|(index, object)| (object.id().clone(), index)).collect();
        Self { objects, by_id }
    }

    fn judge(&self, live: Live, consent: &Consent) -> Member {
        match self.by_id.get(live.id()).map(|index| &self.objects[*index]) {
            Some(object) if is_certain(object, &live, consent) => Member::Unchanged(Unchanged::of(live)),
            Some(_) | None => Member::Other(live),
        }
    }
}

/// Lists all members, kind by kind. The LISTs of what is recorded do not wait for what is asked for, which may still be in
/// the making; what they find does, as bytes, and only one further page is asked for meanwhile.
pub(super) async fn list(
    cluster: &Cluster,
    kinds: &Kinds,
    owner: &Owner,
    recorded: Option<&Inventory>,
    asked: &Arc<SetOnce<Asked>>,
    consent: &Consent,
) -> Result<Members, ClusterError> {
    let ready = async || {
        asked.wait().await;
    };
    let (shared, consent) = (Arc::clone(asked), Arc::new(consent.clone()));
    let judge = move |live: Live| match shared.get() {
        Some(asked) => asked.judge(live, &consent),
        None => Member::Other(live),
    };
    let list = async |query: Query| cluster.list_each(kinds, &query, &ready, judge.clone()).await;
    // All of them at once: only their requests take turns. Of several errors the first in this order is shown.
    let run = async |queries: Vec<Query>| -> Result<Vec<Vec<Member>>, ClusterError> {
        join_all(queries.into_iter().map(list)).await.into_iter().collect()
    };
    let early = queries(kinds, owner, recorded, &[]);
    let late = async {
        let all = queries(kinds, owner, recorded, &asked.wait().await.objects);
        run(all.into_iter().filter(|query| !early.contains(query)).collect()).await
    };
    let (early, late) = join(run(early.clone()), late).await;
    let (mut unchanged, mut others) = (BTreeMap::new(), Vec::new());
    for member in early?.into_iter().chain(late?).flatten() {
        match member {
            Member::Unchanged(one) => {
                unchanged.insert(one.id.clone(), one);
            }
            Member::Other(live) => others.push(live),
        }
    }
    Ok(Members { unchanged, others })
}

/// The LISTs that find every member: of the kinds and in the namespaces that are desired, or recorded.
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
        let others = format!("{part_of},{SECRET_TYPE}!=cluster");
        vec![format!("{SECRET_TYPE}=cluster"), others].into_iter()
    } else {
        vec![part_of.to_owned()].into_iter()
    }
}
