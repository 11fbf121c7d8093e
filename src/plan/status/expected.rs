//! What has to be there for a hub to be well, whether it is or not.

use std::collections::BTreeSet;

use crate::desired::id::{GroupKind, ObjectId};
use crate::desired::object::Object;

/// The kinds of workloads that Argo CD consists of.
pub const WORKLOADS: [&str; 3] = ["Deployment.apps", "StatefulSet.apps", "DaemonSet.apps"];
/// The kind of ApplicationSets.
pub const APPLICATION_SET: &str = "ApplicationSet.argoproj.io";

/// What the profile asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// Argo CD's workloads; `None` where nobody here knows them: somebody else installs it, or its manifest is not at hand.
    pub workloads: Option<BTreeSet<ObjectId>>,
    /// The ApplicationSets.
    pub sets: BTreeSet<ObjectId>,
}

impl Expected {
    /// Takes it out of the desired objects, among which those of Argo CD itself may be missing.
    #[must_use]
    pub fn of(desired: &[Object], has_argo_cd: bool) -> Self {
        let of_kinds = |kinds: &[&str]| {
            let kinds: Vec<GroupKind> = kinds.iter().map(|kind| GroupKind::parse(kind)).collect();
            let ids = desired.iter().map(Object::id).filter(|id| kinds.contains(&id.group_kind));
            ids.cloned().collect::<BTreeSet<ObjectId>>()
        };
        Self { workloads: has_argo_cd.then(|| of_kinds(&WORKLOADS)), sets: of_kinds(&[APPLICATION_SET]) }
    }
}

/// What is said of what is not there.
pub(super) const NOT_THERE: &str = "is not there; `bridge apply` makes it";
