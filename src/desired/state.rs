//! The desired state: the result of this layer.

use crate::desired::object::Object;

/// Everything that bridge asks of the hub, each object once, in the order in which it is applied.
#[derive(Debug, Clone)]
pub struct Desired {
    /// The objects, sorted by wave and identity.
    pub objects: Vec<Object>,
    /// The namespace of Argo CD and of the inventory.
    pub namespace: String,
    /// The profile's `metadata.name`, recorded in the inventory.
    pub profile: String,
    /// Whether bridge installs Argo CD. Where somebody else does, its objects are left alone, also those that bridge
    /// made in an earlier life of the profile.
    pub installs_argocd: bool,
}
