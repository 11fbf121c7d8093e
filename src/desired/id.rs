//! The identity of an object on a cluster.

use std::fmt;

/// API group and kind, without the version: what an inventory records and what survives a version change.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupKind {
    /// API group; empty for the core group.
    pub group: String,
    /// Kind.
    pub kind: String,
}

impl fmt::Display for GroupKind {
    /// As ApplySet writes it: `ConfigMap`, `Deployment.apps`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.group.is_empty() {
            f.write_str(&self.kind)
        } else {
            write!(f, "{}.{}", self.kind, self.group)
        }
    }
}

impl GroupKind {
    /// Reads what [`fmt::Display`] writes.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let (kind, group) = text.split_once('.').unwrap_or((text, ""));
        Self { group: group.to_owned(), kind: kind.to_owned() }
    }
}

/// Which object, on whichever cluster.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectId {
    /// Group and kind.
    pub group_kind: GroupKind,
    /// Namespace; `None` for cluster-scoped objects.
    pub namespace: Option<String>,
    /// Name.
    pub name: String,
}

impl ObjectId {
    /// The identity of a namespace.
    #[must_use]
    pub fn of_namespace(name: &str) -> Self {
        Self { group_kind: GroupKind::parse("Namespace"), namespace: None, name: name.to_owned() }
    }
}

impl fmt::Display for ObjectId {
    /// `Secret/argocd/dev`, `ClusterRole/argocd-server`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { group_kind, namespace, name } = self;
        match namespace {
            Some(namespace) => write!(f, "{}/{namespace}/{name}", group_kind.kind),
            None => write!(f, "{}/{name}", group_kind.kind),
        }
    }
}
