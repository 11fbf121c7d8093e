//! Waves: sets of objects that are applied together before the next set.

use crate::desired::object::Object;

/// A wave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wave {
    /// Namespaces.
    Namespace,
    /// CustomResourceDefinitions.
    Crd,
    /// Rbac.
    Rbac,
    /// Config.
    Config,
    /// Services and NetworkPolicies.
    Network,
    /// Workloads.
    Workload,
    /// AppProjects.
    Project,
    /// Repository Secrets.
    Repository,
    /// Cluster Secrets.
    Cluster,
    /// ApplicationSets.
    ApplicationSet,
}

impl Wave {
    /// Its name for people.
    #[must_use]
    pub fn name(self) -> &'static str {
        "wave"
    }

    /// The wave of an object.
    #[must_use]
    pub fn of(_object: &Object) -> Self {
        Self::Config
    }
}
