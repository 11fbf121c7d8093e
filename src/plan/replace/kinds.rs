//! Which kinds may be replaced: a short list of Kubernetes' own, of which it is known what goes with an object.

use crate::desired::id::GroupKind;

/// The kinds that may be replaced, as group and kind: those with fields that cannot be changed, of which nothing is lost but
/// what the profile makes anew. CronJobs have no such field, and nobody declares a ReplicaSet.
const REPLACEABLE: [(&str, &str); 11] = [
    ("apps", "Deployment"),
    ("apps", "StatefulSet"),
    ("apps", "DaemonSet"),
    ("batch", "Job"),
    ("", "Service"),
    ("", "ConfigMap"),
    ("rbac.authorization.k8s.io", "RoleBinding"),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"),
    ("storage.k8s.io", "StorageClass"),
    ("scheduling.k8s.io", "PriorityClass"),
    ("networking.k8s.io", "IngressClass"),
];

/// Kinds of which it is known what would go with an object.
const NEVER: [(&str, &str); 8] = [
    (
        "Secret",
        "what others wrote into it would be lost, and Argo CD forgets a cluster or a repository without it",
    ),
    ("PersistentVolumeClaim", "its data would go with it"),
    ("Namespace", "everything in it would go with it"),
    ("CustomResourceDefinition", "every object of its kind would go with it"),
    ("ApplicationSet", "its Applications would go with it, and what they deployed"),
    ("Application", "what it deployed may go with it"),
    ("AppProject", "its Applications would stop, and the tokens of its roles would be lost"),
    ("ServiceAccount", "its tokens would be worth nothing any more, also those that others use"),
];

/// Of all the others nobody knows it: a controller may take a deletion as the order to delete a database.
const UNKNOWN: &str = "it does so with Deployments, StatefulSets, DaemonSets, Jobs, Services, ConfigMaps, RoleBindings, ClusterRoleBindings, StorageClasses, PriorityClasses and IngressClasses only, because it does not know what would go with anything else";

/// Why objects of this kind are never replaced, in a sentence; `None` for the kinds that may be.
#[must_use]
pub fn never_replaced(group_kind: &GroupKind) -> Option<&'static str> {
    let GroupKind { group, kind } = group_kind;
    if REPLACEABLE.contains(&(group.as_str(), kind.as_str())) { None } else { Some(why_never(kind)) }
}

/// The same where only the kind is known, in whatever case, as on a command line.
#[must_use]
pub fn never_replaced_kind(kind: &str) -> Option<&'static str> {
    let is_known = REPLACEABLE.iter().any(|(_, known)| known.eq_ignore_ascii_case(kind));
    if is_known { None } else { Some(why_never(kind)) }
}

fn why_never(kind: &str) -> &'static str {
    NEVER.iter().find(|(never, _)| never.eq_ignore_ascii_case(kind)).map_or(UNKNOWN, |(_, why)| *why)
}
