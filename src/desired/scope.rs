//! Which kinds live in a namespace, decided without a cluster.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::desired::id::GroupKind;

/// Kubernetes' own cluster-scoped kinds that an installer may meet.
const CLUSTER_SCOPED: &[(&str, &str)] = &[
    ("", "Namespace"),
    ("", "Node"),
    ("", "PersistentVolume"),
    ("admissionregistration.k8s.io", "MutatingAdmissionPolicy"),
    ("admissionregistration.k8s.io", "MutatingAdmissionPolicyBinding"),
    ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"),
    ("admissionregistration.k8s.io", "ValidatingAdmissionPolicy"),
    ("admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding"),
    ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"),
    ("apiextensions.k8s.io", "CustomResourceDefinition"),
    ("apiregistration.k8s.io", "APIService"),
    ("certificates.k8s.io", "CertificateSigningRequest"),
    ("certificates.k8s.io", "ClusterTrustBundle"),
    ("flowcontrol.apiserver.k8s.io", "FlowSchema"),
    ("flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration"),
    ("networking.k8s.io", "IngressClass"),
    ("node.k8s.io", "RuntimeClass"),
    ("rbac.authorization.k8s.io", "ClusterRole"),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"),
    ("scheduling.k8s.io", "PriorityClass"),
    ("storage.k8s.io", "CSIDriver"),
    ("storage.k8s.io", "CSINode"),
    ("storage.k8s.io", "StorageClass"),
    ("storage.k8s.io", "VolumeAttachment"),
];

/// The cluster-scoped kinds: Kubernetes' own, and those that a manifest defines.
#[derive(Debug, Clone, Default)]
pub struct Scopes {
    defined: BTreeSet<GroupKind>,
}

impl Scopes {
    /// Learns the kinds that CustomResourceDefinitions among the documents define as cluster-scoped.
    #[must_use]
    pub fn of(documents: &[Value]) -> Self {
        Self { defined: documents.iter().filter_map(defined_cluster_scoped).collect() }
    }

    /// Whether objects of the kind live in a namespace.
    #[must_use]
    pub fn is_namespaced(&self, group_kind: &GroupKind) -> bool {
        let known = CLUSTER_SCOPED.contains(&(group_kind.group.as_str(), group_kind.kind.as_str()));
        !known && !self.defined.contains(group_kind)
    }
}

fn defined_cluster_scoped(document: &Value) -> Option<GroupKind> {
    let text = |pointer| document.pointer(pointer).and_then(Value::as_str);
    if text("/kind")? != "CustomResourceDefinition" || text("/spec/scope")? != "Cluster" {
        return None;
    }
    Some(GroupKind { group: text("/spec/group")?.to_owned(), kind: text("/spec/names/kind")?.to_owned() })
}
