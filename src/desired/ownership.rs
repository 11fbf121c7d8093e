//! Every mark that bridge leaves on objects, in one place.
//!
//! `app.kubernetes.io/managed-by` is not among them: on Argo CD's objects it belongs to whoever packaged them, and Helm
//! reads it as ownership.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::desired::id::GroupKind;

/// The field manager of every server-side apply.
pub const FIELD_MANAGER: &str = "bridge";

/// Name of the inventory: a ConfigMap in Argo CD's namespace, the parent of the ApplySet.
pub const INVENTORY: &str = "bridge";

/// Label on members: the inventory that they belong to.
pub const PART_OF: &str = "applyset.kubernetes.io/part-of";

/// Label on the inventory: its own id, which makes it a parent.
pub const APPLYSET_ID: &str = "applyset.kubernetes.io/id";

/// Annotation on the inventory: which tool writes it.
pub const TOOLING: &str = "applyset.kubernetes.io/tooling";

/// Annotation on the inventory: the kinds of its members.
pub const CONTAINS_GROUP_KINDS: &str = "applyset.kubernetes.io/contains-group-kinds";

/// Annotation on the inventory: namespaces of members other than its own.
pub const ADDITIONAL_NAMESPACES: &str = "applyset.kubernetes.io/additional-namespaces";

/// Annotation on the inventory: the profile that owns it.
pub const PROFILE: &str = "bridge.gitops/profile";

/// Annotation on the hub's inventory: the spokes on which bridge made something, as JSON.
pub const SPOKES: &str = "bridge.gitops/spokes";

/// Annotation on any object: never delete it.
pub const KEEP: &str = "bridge.gitops/keep";

/// The id of an ApplySet, from its parent's identity: Kubernetes' KEP-3659 as kubectl implements it.
///
/// The namespace is empty for cluster-scoped parents, the group for the core group.
#[must_use]
pub fn applyset_id(name: &str, namespace: &str, group_kind: &GroupKind) -> String {
    let GroupKind { group, kind } = group_kind;
    let digest = Sha256::digest(format!("{name}.{namespace}.{kind}.{group}"));
    format!("applyset-{}-v1", URL_SAFE_NO_PAD.encode(digest))
}

/// The id of the inventory in Argo CD's namespace.
#[must_use]
pub fn inventory_id(namespace: &str) -> String {
    let group_kind = GroupKind { group: String::new(), kind: "ConfigMap".to_owned() };
    applyset_id(INVENTORY, namespace, &group_kind)
}

#[cfg(test)]
mod tests {
    use super::{applyset_id, inventory_id};
    use crate::desired::id::GroupKind;

    #[test]
    fn ids_equal_those_of_kubectl() {
        let id = |name, namespace, group_kind| applyset_id(name, namespace, &GroupKind::parse(group_kind));
        assert_eq!(
            id("myset", "default", "Secret"),
            "applyset-51uXdjs_k8zt9KVdAtPaWnW_O9B-EVzd2Bkztfa9DSA-v1"
        );
        assert_eq!(
            id("bridge", "argocd", "Secret"),
            "applyset-1LiEYg0iSKDUwEW3gF6Xhwbo4Y_gPK83wSNpt7uM-78-v1"
        );
        assert_eq!(
            id("prod", "", "BridgeSet.bridge.dev"),
            "applyset-5ZL4Vw1WSIEVCYtWUyv_0gVdRPDXhb_BmQS0KOTqsTA-v1"
        );
        assert_eq!(inventory_id("argocd"), "applyset-JG6H3_SD-tCODamG8PVrC9H82q0CJtX0DCSkBFnzdqI-v1");
    }
}
