//! Foreign things in a Namespace or CustomResourceDefinition that the user wants gone: they would go with it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::cluster::{Cluster, ClusterError, Kinds};
use crate::desired::id::{GroupKind, ObjectId};
use crate::desired::ownership::INVENTORY;
use crate::plan::consent::Consent;

use crate::plan::live::Live;

/// What Kubernetes and Argo CD make by themselves in Argo CD's namespace.
const GENERATED: [(&str, &str); 6] = [
    ("ConfigMap", "kube-root-ca.crt"),
    ("ServiceAccount", "default"),
    ("Secret", "argocd-initial-admin-secret"),
    ("Secret", "argocd-redis"),
    ("ConfigMap", "argocd-app-controller-shard-cm"),
    ("AppProject", "default"),
];

/// Kinds that only report on others.
const SHADOWS: [&str; 4] = ["Event", "Endpoints", "EndpointSlice", "Lease"];

/// Looks into what the user named for deletion. Only what goes anyway (`gone`, by uid) and what belongs to it is not
/// foreign: an object that is kept would be lost with its namespace.
pub(super) async fn find(
    cluster: &Cluster,
    kinds: &Kinds,
    containers: &[Live],
    gone: &[String],
    consent: &Consent,
) -> Result<BTreeMap<ObjectId, String>, ClusterError> {
    let mut foreign = BTreeMap::new();
    for live in containers {
        let id = live.id();
        if !consent.allow_delete.iter().any(|selector| selector.matches(id)) {
            continue;
        }
        let items = match id.group_kind.kind.as_str() {
            "Namespace" => in_namespace(cluster, kinds, &id.name).await?,
            "CustomResourceDefinition" => of_definition(cluster, kinds, live).await?,
            _ => Vec::new(),
        };
        if let Some(what) = describe(&not_ours(items, gone)) {
            foreign.insert(id.clone(), what);
        }
    }
    Ok(foreign)
}

/// Something that was found: its kind and its metadata.
struct Item {
    kind: String,
    metadata: Value,
}

impl Item {
    fn name(&self) -> &str {
        self.metadata["name"].as_str().unwrap_or_default()
    }

    fn is_generated(&self) -> bool {
        (self.kind == "ConfigMap" && self.name() == INVENTORY)
            || GENERATED.contains(&(self.kind.as_str(), self.name()))
    }

    fn has_owner_among(&self, uids: &BTreeSet<String>) -> bool {
        let owners = self.metadata["ownerReferences"].as_array();
        owners.into_iter().flatten().any(|owner| owner["uid"].as_str().is_some_and(|uid| uids.contains(uid)))
    }
}

/// The items that neither go anyway nor belong, over any number of owners, to one that does.
fn not_ours(items: Vec<Item>, gone: &[String]) -> Vec<String> {
    let mut ours: BTreeSet<String> = gone.iter().cloned().collect();
    let mut rest: Vec<Item> = items.into_iter().filter(|item| !item.is_generated()).collect();
    loop {
        let uid = |item: &Item| item.metadata["uid"].as_str().unwrap_or_default().to_owned();
        let (more, others): (Vec<Item>, Vec<Item>) =
            rest.into_iter().partition(|item| ours.contains(&uid(item)) || item.has_owner_among(&ours));
        rest = others;
        if more.is_empty() {
            return rest.iter().map(|item| format!("{}/{}", item.kind, item.name())).collect();
        }
        ours.extend(more.iter().map(uid));
    }
}

fn describe(found: &[String]) -> Option<String> {
    let (first, others) = found.split_first()?;
    Some(if others.is_empty() { first.clone() } else { format!("{first} and {} more", others.len()) })
}

async fn in_namespace(cluster: &Cluster, kinds: &Kinds, namespace: &str) -> Result<Vec<Item>, ClusterError> {
    let mut found = Vec::new();
    for group_kind in kinds.namespaced().filter(|group_kind| !SHADOWS.contains(&group_kind.kind.as_str())) {
        found.extend(of_kind(cluster, kinds, group_kind, Some(namespace)).await?);
    }
    Ok(found)
}

async fn of_definition(
    cluster: &Cluster,
    kinds: &Kinds,
    definition: &Live,
) -> Result<Vec<Item>, ClusterError> {
    let text = |pointer: &str| {
        definition.body().pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let group_kind = GroupKind { group: text("/spec/group"), kind: text("/spec/names/kind") };
    if kinds.serves(&group_kind) { of_kind(cluster, kinds, &group_kind, None).await } else { Ok(Vec::new()) }
}

async fn of_kind(
    cluster: &Cluster,
    kinds: &Kinds,
    group_kind: &GroupKind,
    namespace: Option<&str>,
) -> Result<Vec<Item>, ClusterError> {
    let items = match cluster.peek(kinds, group_kind, namespace).await {
        Ok(items) => items,
        // Kinds such as ComponentStatus can be discovered and not be listed in a namespace; a kind whose definition was
        // just deleted has no objects any more.
        Err(error) if error.is_not_found() => Vec::new(),
        Err(error) => return Err(error),
    };
    let item = |mut item: Value| Item { kind: group_kind.kind.clone(), metadata: item["metadata"].take() };
    Ok(items.into_iter().map(item).collect())
}
