//! Foreign things in a Namespace or CustomResourceDefinition that the user wants gone: they would go with it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::cluster::{Cluster, ClusterError, Kinds};
use crate::desired::id::{GroupKind, ObjectId};
use crate::desired::ownership::{APPLYSET_ID, INVENTORY, inventory_id};
use crate::plan::build::Owner;
use crate::plan::consent::Consent;
use crate::plan::live::Live;

/// Kinds that only report on others, or hold a lock for as long as somebody works.
const SHADOWS: [&str; 6] = [
    "Event",
    "Event.events.k8s.io",
    "Endpoints",
    "EndpointSlice.discovery.k8s.io",
    "Lease.coordination.k8s.io",
    "PodMetrics.metrics.k8s.io",
];

/// Looks into what the user named for deletion. Only what goes anyway (`gone`, by uid) and what belongs to it is not
/// foreign: an object that is kept would be lost with its namespace.
pub(super) async fn find(
    cluster: &Cluster,
    kinds: &Kinds,
    owner: &Owner,
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
            "Namespace" if kinds.stale().next().is_some() => {
                let groups: Vec<&str> = kinds.stale().collect();
                let unseen = format!("whatever there is of {}, which does not answer,", groups.join(", "));
                foreign.insert(id.clone(), unseen);
                continue;
            }
            "Namespace" => in_namespace(cluster, kinds, &id.name).await?,
            "CustomResourceDefinition" => match live.object().defined_kind() {
                Some(kind) if kinds.serves(&kind) => of_kind(cluster, kinds, &kind, None).await?,
                // Objects of a kind without a served version are still stored, and would go without having been seen.
                kind => {
                    let kind = kind.map_or_else(|| "its kind".to_owned(), |kind| kind.to_string());
                    let unseen = format!("whatever there is of {kind}, which no served version can show,");
                    foreign.insert(id.clone(), unseen);
                    continue;
                }
            },
            _ => Vec::new(),
        };
        if let Some(what) = describe(&not_ours(items, gone, owner)) {
            foreign.insert(id.clone(), what);
        }
    }
    Ok(foreign)
}

/// Something that was found: its kind and its metadata.
struct Item {
    group_kind: GroupKind,
    metadata: Value,
}

impl Item {
    fn text(&self, key: &str) -> &str {
        self.metadata[key].as_str().unwrap_or_default()
    }

    /// Whether Kubernetes or Argo CD made it by themselves, and nobody else has set a field of it.
    fn is_generated(&self, owner: &Owner) -> bool {
        let is_home = self.text("namespace") == owner.namespace;
        match (self.group_kind.to_string().as_str(), self.text("name")) {
            // Kubernetes writes it back, whatever anybody does to it.
            ("ConfigMap", "kube-root-ca.crt") => true,
            ("ConfigMap", INVENTORY) => {
                is_home && self.metadata["labels"][APPLYSET_ID] == inventory_id(&owner.namespace)
            }
            // Kubernetes makes it empty, so that there are often no managedFields at all.
            ("ServiceAccount", "default") => self.managers().all(|name| name == "kube-controller-manager"),
            ("Secret", "argocd-initial-admin-secret" | "argocd-redis")
            | ("ConfigMap", "argocd-app-controller-shard-cm") => is_home && self.is_by_argo_cd(),
            // People change it through Argo CD, too; the generation counts the changes.
            ("AppProject.argoproj.io", "default") => {
                is_home && self.is_by_argo_cd() && self.metadata["generation"] == 1
            }
            _ => false,
        }
    }

    fn managers(&self) -> impl Iterator<Item = &str> {
        let entries = self.metadata["managedFields"].as_array().into_iter().flatten();
        entries.map(|entry| entry["manager"].as_str().unwrap_or_default())
    }

    /// Argo CD's programs write under their own names: `argocd-server`, `argocd-application-controller`, `argocd`.
    fn is_by_argo_cd(&self) -> bool {
        self.managers().next().is_some() && self.managers().all(|name| name.starts_with("argocd"))
    }

    /// Whether it has owners and all of them are among these: with one more it would outlive them.
    fn belongs_to(&self, uids: &BTreeSet<String>) -> bool {
        let owners = self.metadata["ownerReferences"].as_array().map_or(&[][..], Vec::as_slice);
        let is_among = |owner: &Value| owner["uid"].as_str().is_some_and(|uid| uids.contains(uid));
        !owners.is_empty() && owners.iter().all(is_among)
    }
}

/// The items that neither go anyway nor belong, over any number of owners, to one that does.
fn not_ours(items: Vec<Item>, gone: &[String], owner: &Owner) -> Vec<String> {
    let mut ours: BTreeSet<String> = gone.iter().cloned().collect();
    let mut rest: Vec<Item> = items.into_iter().filter(|item| !item.is_generated(owner)).collect();
    loop {
        let uid = |item: &Item| item.text("uid").to_owned();
        let (more, others): (Vec<Item>, Vec<Item>) =
            rest.into_iter().partition(|item| ours.contains(&uid(item)) || item.belongs_to(&ours));
        rest = others;
        if more.is_empty() {
            return rest
                .iter()
                .map(|item| format!("{}/{}", item.group_kind.kind, item.text("name")))
                .collect();
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
    for group_kind in
        kinds.namespaced().filter(|group_kind| !SHADOWS.contains(&group_kind.to_string().as_str()))
    {
        found.extend(of_kind(cluster, kinds, group_kind, Some(namespace)).await?);
    }
    Ok(found)
}

async fn of_kind(
    cluster: &Cluster,
    kinds: &Kinds,
    group_kind: &GroupKind,
    namespace: Option<&str>,
) -> Result<Vec<Item>, ClusterError> {
    let items = match cluster.peek(kinds, group_kind, namespace).await {
        Ok(items) => items,
        // A kind whose definition was just deleted has no objects any more; of any other one a 404 says nothing.
        Err(error) if error.is_no_path() && !cluster.kinds().await?.serves(group_kind) => Vec::new(),
        Err(error) => return Err(error),
    };
    let item = |mut item: Value| Item { group_kind: group_kind.clone(), metadata: item["metadata"].take() };
    Ok(items.into_iter().map(item).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{GroupKind, Item, Owner, inventory_id};

    fn is_generated(kind: &str, name: &str, managers: &[&str], change: impl FnOnce(&mut Value)) -> bool {
        let entries: Vec<Value> = managers.iter().map(|manager| json!({ "manager": manager })).collect();
        let mut metadata =
            json!({"name": name, "namespace": "argocd", "generation": 1, "managedFields": entries});
        change(&mut metadata);
        let owner = Owner { profile: "acme".into(), namespace: "argocd".into(), installs_argocd: true };
        Item { group_kind: GroupKind::parse(kind), metadata }.is_generated(&owner)
    }

    #[test]
    fn what_kubernetes_and_argo_cd_make_is_generated() {
        let cases = [
            ("ConfigMap", "kube-root-ca.crt", "kube-controller-manager"),
            ("ServiceAccount", "default", "kube-controller-manager"),
            ("Secret", "argocd-initial-admin-secret", "argocd-server"),
            ("Secret", "argocd-redis", "argocd"),
            ("ConfigMap", "argocd-app-controller-shard-cm", "argocd-application-controller"),
            ("AppProject.argoproj.io", "default", "argocd-server"),
        ];
        for (kind, name, manager) in cases {
            assert!(is_generated(kind, name, &[manager], |_| ()), "{kind}/{name}");
        }
        assert!(is_generated("ServiceAccount", "default", &[], |_| ()));
        let label =
            |m: &mut Value| m["labels"] = json!({"applyset.kubernetes.io/id": inventory_id("argocd")});
        assert!(is_generated("ConfigMap", "bridge", &["bridge-applyset"], label));
    }

    #[test]
    fn a_name_alone_excuses_nothing() {
        let elsewhere = |m: &mut Value| m["namespace"] = "other".into();
        assert!(!is_generated("ConfigMap", "bridge", &["kubectl"], |_| ()), "no inventory");
        assert!(!is_generated("ServiceAccount", "default", &["kube-controller-manager", "kubectl"], |_| ()));
        assert!(!is_generated("Secret", "argocd-redis", &["helm"], |_| ()), "made by somebody");
        assert!(!is_generated("Secret", "argocd-redis", &[], |_| ()), "made by nobody knows whom");
        assert!(!is_generated("Secret", "argocd-redis", &["argocd"], elsewhere), "of another Argo CD");
        assert!(!is_generated("AppProject.argoproj.io", "default", &["argocd-server"], elsewhere));
        assert!(!is_generated("AppProject.example.com", "default", &["argocd-server"], |_| ()));
        let edited = |m: &mut Value| m["generation"] = 2.into();
        assert!(!is_generated("AppProject.argoproj.io", "default", &["argocd-server"], edited));
    }
}
