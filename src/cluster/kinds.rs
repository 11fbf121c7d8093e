//! Which kinds the cluster serves, and under which paths: aggregated discovery, one request.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::cluster::Cluster;
use crate::cluster::error::ClusterError;
use crate::cluster::transport::Call;
use crate::desired::id::{GroupKind, ObjectId};

const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList";

/// The kinds of the core group, version `v1`, that can be listed: kind, resource, namespaced. Every cluster serves them, and
/// no release adds to them: new kinds go to named groups (Kubernetes' API conventions). So they need no request.
pub const CORE_KINDS: [(&str, &str, bool); 15] = [
    ("ConfigMap", "configmaps", true),
    ("Endpoints", "endpoints", true),
    ("Event", "events", true),
    ("LimitRange", "limitranges", true),
    ("Namespace", "namespaces", false),
    ("Node", "nodes", false),
    ("PersistentVolume", "persistentvolumes", false),
    ("PersistentVolumeClaim", "persistentvolumeclaims", true),
    ("Pod", "pods", true),
    ("PodTemplate", "podtemplates", true),
    ("ReplicationController", "replicationcontrollers", true),
    ("ResourceQuota", "resourcequotas", true),
    ("Secret", "secrets", true),
    ("Service", "services", true),
    ("ServiceAccount", "serviceaccounts", true),
];

/// The kinds of a cluster.
#[derive(Debug, Clone, Default)]
pub struct Kinds {
    served: BTreeMap<GroupKind, Kind>,
    /// Groups and versions of which the API server does not know at the moment what they serve.
    stale: BTreeSet<String>,
}

#[derive(Debug, Clone)]
struct Kind {
    plural: String,
    namespaced: bool,
    /// The preferred one first.
    versions: Vec<String>,
}

impl Kinds {
    /// Whether the cluster serves the kind.
    #[must_use]
    pub fn serves(&self, group_kind: &GroupKind) -> bool {
        self.served.contains_key(group_kind)
    }

    /// Whether objects of the kind live in namespaces; `None` when it is not served.
    #[must_use]
    pub fn is_namespaced(&self, group_kind: &GroupKind) -> Option<bool> {
        self.served.get(group_kind).map(|kind| kind.namespaced)
    }

    /// Every namespaced kind that can be listed, for a look into a namespace.
    pub fn namespaced(&self) -> impl Iterator<Item = &GroupKind> {
        self.served.iter().filter(|(_, kind)| kind.namespaced).map(|(group_kind, _)| group_kind)
    }

    /// Groups and versions, as `metrics.k8s.io/v1beta1`, whose own API server does not answer, so that nobody knows their
    /// kinds (`freshness: Stale` in aggregated discovery).
    pub fn stale(&self) -> impl Iterator<Item = &str> {
        self.stale.iter().map(String::as_str)
    }

    /// The resource as `kubectl` names it: `secrets`, `deployments.apps`.
    pub(super) fn resource(&self, group_kind: &GroupKind) -> String {
        let plural =
            self.served.get(group_kind).map_or(group_kind.kind.as_str(), |kind| kind.plural.as_str());
        if group_kind.group.is_empty() { plural.to_owned() } else { format!("{plural}.{}", group_kind.group) }
    }

    /// The version in which objects of a kind are listed, with its group.
    pub(super) fn api_version(&self, group_kind: &GroupKind) -> Result<String, ClusterError> {
        let preferred = self.served.get(group_kind).and_then(|kind| kind.versions.first());
        let preferred = preferred.ok_or_else(|| no_such_kind(group_kind, None))?;
        Ok(api_version(&group_kind.group, preferred))
    }

    /// The path of a collection.
    pub(super) fn collection(
        &self,
        group_kind: &GroupKind,
        version: Option<&str>,
        namespace: Option<&str>,
    ) -> Result<String, ClusterError> {
        let unknown = || no_such_kind(group_kind, version);
        let kind = self.served.get(group_kind).ok_or_else(unknown)?;
        let version = match version {
            Some(version) => kind.versions.iter().find(|served| *served == version),
            None => kind.versions.first(),
        };
        let version = version.ok_or_else(unknown)?;
        let root = if group_kind.group.is_empty() {
            "/api".to_owned()
        } else {
            format!("/apis/{}", group_kind.group)
        };
        Ok(match namespace.filter(|_| kind.namespaced) {
            Some(namespace) => format!("{root}/{version}/namespaces/{namespace}/{}", kind.plural),
            None => format!("{root}/{version}/{}", kind.plural),
        })
    }

    /// The path of one object in the version that it is written in.
    pub(super) fn object(&self, id: &ObjectId, api_version: &str) -> Result<String, ClusterError> {
        let version = api_version.rsplit('/').next();
        let collection = self.collection(&id.group_kind, version, id.namespace.as_deref())?;
        Ok(format!("{collection}/{}", id.name))
    }

    /// The kinds of the core group, which every cluster serves.
    #[must_use]
    pub fn core() -> Self {
        let kind = |(kind, plural, namespaced): (&str, &str, bool)| {
            let versions = vec!["v1".to_owned()];
            (GroupKind::parse(kind), Kind { plural: plural.to_owned(), namespaced, versions })
        };
        Self { served: CORE_KINDS.into_iter().map(kind).collect(), stale: BTreeSet::new() }
    }

    fn add(&mut self, list: &Value) {
        for group in items(list, "items") {
            let name = group.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default();
            for version in items(group, "versions") {
                let version_name = version.get("version").and_then(Value::as_str).unwrap_or_default();
                if version.get("freshness").and_then(Value::as_str) == Some("Stale") {
                    self.stale.insert(api_version(name, version_name));
                }
                for resource in items(version, "resources") {
                    self.add_resource(name, version_name, resource);
                }
            }
        }
    }

    fn add_resource(&mut self, group: &str, version: &str, resource: &Value) {
        let text = |pointer: &str| resource.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let can_list = items(resource, "verbs").any(|verb| verb == "list");
        if !can_list {
            return;
        }
        let group_kind = GroupKind { group: group.to_owned(), kind: text("/responseKind/kind").to_owned() };
        let kind = self.served.entry(group_kind).or_insert_with(|| Kind {
            plural: text("/resource").to_owned(),
            namespaced: text("/scope") == "Namespaced",
            versions: Vec::new(),
        });
        kind.versions.push(version.to_owned());
    }
}

fn items<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    value.get(key).and_then(Value::as_array).into_iter().flatten()
}

fn no_such_kind(group_kind: &GroupKind, version: Option<&str>) -> ClusterError {
    ClusterError::NoSuchKind {
        kind: group_kind.kind.clone(),
        api_version: api_version(&group_kind.group, version.unwrap_or("any version")),
    }
}

fn api_version(group: &str, version: &str) -> String {
    if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") }
}

impl Cluster {
    /// Asks which kinds the cluster serves.
    ///
    /// # Errors
    /// When the API server does not answer, or is older than Kubernetes 1.27 and does not aggregate its discovery.
    pub async fn kinds(&self) -> Result<Kinds, ClusterError> {
        let mut kinds = Kinds::core();
        let call = Call { accept: AGGREGATED, ..Call::get("/apis", "get", "/apis", None) };
        let list = self.transport.send(&call).await?.body;
        if list.get("kind").and_then(Value::as_str) != Some("APIGroupDiscoveryList") {
            return Err(ClusterError::Malformed {
                request: "GET /apis".to_owned(),
                cause: "the server does not aggregate its discovery; bridge needs Kubernetes 1.27 or newer"
                    .to_owned(),
            });
        }
        kinds.add(&list);
        Ok(kinds)
    }
}
