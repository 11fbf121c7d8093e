//! The order in which objects are applied.

use crate::desired::labels::SECRET_TYPE;
use crate::desired::object::Object;

/// A set of objects that are applied together, in the order of the variants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Wave {
    /// Namespaces, which hold the rest.
    Namespaces,
    /// CustomResourceDefinitions; the next wave waits until they are established.
    Definitions,
    /// ServiceAccounts, roles and bindings.
    Rbac,
    /// ConfigMaps, Secrets, and whatever else workloads refer to.
    Config,
    /// Services, NetworkPolicies and ways in.
    Network,
    /// Deployments, StatefulSets, and what scales or guards them; the next wave waits until they are ready.
    Workloads,
    /// AppProjects.
    Projects,
    /// Repository Secrets and their credentials.
    Repositories,
    /// Cluster Secrets.
    Clusters,
    /// ApplicationSets and Applications, last: a set must never see half of the clusters.
    ApplicationSets,
}

impl Wave {
    /// Every wave, in order.
    pub const ALL: [Wave; 10] = [
        Wave::Namespaces,
        Wave::Definitions,
        Wave::Rbac,
        Wave::Config,
        Wave::Network,
        Wave::Workloads,
        Wave::Projects,
        Wave::Repositories,
        Wave::Clusters,
        Wave::ApplicationSets,
    ];

    /// What is in it, for people.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Wave::Namespaces => "Namespaces",
            Wave::Definitions => "CustomResourceDefinitions",
            Wave::Rbac => "ServiceAccounts and RBAC",
            Wave::Config => "ConfigMaps and Secrets",
            Wave::Network => "Services and NetworkPolicies",
            Wave::Workloads => "Workloads",
            Wave::Projects => "AppProjects",
            Wave::Repositories => "Repositories",
            Wave::Clusters => "Clusters",
            Wave::ApplicationSets => "ApplicationSets",
        }
    }

    /// The waves that its objects count on: where one of these is not complete, they are not written.
    ///
    /// A cluster or a set must not come into an Argo CD whose projects are wider than the profile says, nor a workload
    /// where its rights, settings or guards are missing.
    #[must_use]
    pub fn needs(self) -> &'static [Wave] {
        match self {
            Wave::Namespaces | Wave::Definitions => &[],
            Wave::Rbac | Wave::Config | Wave::Network | Wave::Repositories => &[Wave::Namespaces],
            Wave::Workloads => {
                &[Wave::Namespaces, Wave::Definitions, Wave::Rbac, Wave::Config, Wave::Network]
            }
            Wave::Projects => &[Wave::Namespaces, Wave::Definitions],
            Wave::Clusters => &[Wave::Namespaces, Wave::Config, Wave::Projects],
            Wave::ApplicationSets => &[
                Wave::Namespaces,
                Wave::Definitions,
                Wave::Config,
                Wave::Projects,
                Wave::Repositories,
                Wave::Clusters,
            ],
        }
    }

    /// Whether its objects are waited for until they are ready.
    #[must_use]
    pub fn is_awaited(self) -> bool {
        matches!(self, Wave::Workloads | Wave::ApplicationSets)
    }

    /// The wave of an object.
    #[must_use]
    pub fn of(object: &Object) -> Wave {
        let group_kind = &object.id().group_kind;
        match (group_kind.group.as_str(), group_kind.kind.as_str()) {
            ("", "Secret") => of_secret(object),
            // argocd-server makes a `default` that allows everything as soon as it runs, unless there is one.
            ("argoproj.io", "AppProject") if object.id().name == "default" => Wave::Config,
            ("argoproj.io", "AppProject") => Wave::Projects,
            ("argoproj.io", "ApplicationSet" | "Application") => Wave::ApplicationSets,
            (_, kind) => of_kind(kind),
        }
    }
}

fn of_secret(object: &Object) -> Wave {
    match object.label(SECRET_TYPE) {
        Some("cluster") => Wave::Clusters,
        Some("repository" | "repo-creds" | "repository-write" | "repo-write-creds") => Wave::Repositories,
        Some(_) | None => Wave::Config,
    }
}

/// Kinds that bridge does not know go with the workloads: by then everything that they may refer to is there.
fn of_kind(kind: &str) -> Wave {
    match kind {
        "Namespace" => Wave::Namespaces,
        "CustomResourceDefinition" => Wave::Definitions,
        "ServiceAccount" | "Role" | "ClusterRole" | "RoleBinding" | "ClusterRoleBinding" => Wave::Rbac,
        "ConfigMap"
        | "PersistentVolumeClaim"
        | "PriorityClass"
        | "StorageClass"
        | "ResourceQuota"
        | "LimitRange" => Wave::Config,
        "Service" | "NetworkPolicy" | "Ingress" | "IngressClass" | "Gateway" | "HTTPRoute" => Wave::Network,
        _ => Wave::Workloads,
    }
}
