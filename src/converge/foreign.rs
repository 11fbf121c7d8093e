//! Foreign things in a Namespace or CustomResourceDefinition that the user wants gone: they would go with it.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::cluster::{Cluster, ClusterError, Kinds};
use crate::desired::id::{GroupKind, ObjectId};
use crate::desired::ownership::PART_OF;
use crate::desired::ownership::{INVENTORY, inventory_id};
use crate::plan::build::Owner;
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

/// Looks into what the user named for deletion.
pub(super) async fn find(
    cluster: &Cluster,
    kinds: &Kinds,
    owner: &Owner,
    surplus: &[Live],
    consent: &Consent,
) -> Result<BTreeMap<ObjectId, String>, ClusterError> {
    let mut foreign = BTreeMap::new();
    for live in surplus {
        let id = live.id();
        if !consent.allow_delete.iter().any(|selector| selector.matches(id)) {
            continue;
        }
        let found = match id.group_kind.kind.as_str() {
            "Namespace" => in_namespace(cluster, kinds, owner, &id.name).await?,
            "CustomResourceDefinition" => of_definition(cluster, kinds, owner, live).await?,
            _ => Vec::new(),
        };
        if let Some(what) = describe(&found) {
            foreign.insert(id.clone(), what);
        }
    }
    Ok(foreign)
}

fn describe(found: &[String]) -> Option<String> {
    let (first, others) = found.split_first()?;
    Some(if others.is_empty() { first.clone() } else { format!("{first} and {} more", others.len()) })
}

async fn in_namespace(
    cluster: &Cluster,
    kinds: &Kinds,
    owner: &Owner,
    namespace: &str,
) -> Result<Vec<String>, ClusterError> {
    let mut found = Vec::new();
    for group_kind in kinds.namespaced().filter(|group_kind| !SHADOWS.contains(&group_kind.kind.as_str())) {
        found.extend(foreign_of_kind(cluster, kinds, owner, group_kind, Some(namespace)).await?);
    }
    Ok(found)
}

async fn of_definition(
    cluster: &Cluster,
    kinds: &Kinds,
    owner: &Owner,
    definition: &Live,
) -> Result<Vec<String>, ClusterError> {
    let text = |pointer: &str| {
        definition.body().pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let group_kind = GroupKind { group: text("/spec/group"), kind: text("/spec/names/kind") };
    if kinds.serves(&group_kind) {
        foreign_of_kind(cluster, kinds, owner, &group_kind, None).await
    } else {
        Ok(Vec::new())
    }
}

async fn foreign_of_kind(
    cluster: &Cluster,
    kinds: &Kinds,
    owner: &Owner,
    group_kind: &GroupKind,
    namespace: Option<&str>,
) -> Result<Vec<String>, ClusterError> {
    let items = match cluster.peek(kinds, group_kind, namespace).await {
        Ok(items) => items,
        // Kinds such as ComponentStatus can be discovered and not be listed in a namespace.
        Err(error) if error.is_not_found() => Vec::new(),
        Err(error) => return Err(error),
    };
    let is_foreign = |item: &&Value| is_foreign(item, &group_kind.kind, &inventory_id(&owner.namespace));
    let name = |item: &Value| {
        format!("{}/{}", group_kind.kind, item["metadata"]["name"].as_str().unwrap_or_default())
    };
    Ok(items.iter().filter(is_foreign).map(name).collect())
}

fn is_foreign(item: &Value, kind: &str, applyset: &str) -> bool {
    let metadata = &item["metadata"];
    let name = metadata["name"].as_str().unwrap_or_default();
    let is_member = metadata["labels"][PART_OF] == applyset;
    let is_parent = kind == "ConfigMap" && name == INVENTORY;
    let has_owner = metadata["ownerReferences"].as_array().is_some_and(|owners| !owners.is_empty());
    !is_member && !is_parent && !has_owner && !GENERATED.contains(&(kind, name))
}
