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

    /// The waves that its objects count on, earlier ones: where one of these is not complete, they are not written. Kinds
    /// that a CustomResourceDefinition defines need [`Wave::Definitions`].
    ///
    /// A cluster or a set must not come into an Argo CD whose projects are wider than the profile says, nor a workload
    /// where its rights, settings or guards are missing.
    #[must_use]
    pub fn needs(self) -> &'static [Wave] {
        match self {
            Wave::Namespaces | Wave::Definitions => &[],
            Wave::Rbac | Wave::Repositories => &[Wave::Namespaces],
            // AppProject `default` is among the settings, and a manifest may bring Gateways.
            Wave::Config | Wave::Network | Wave::Projects => &[Wave::Namespaces, Wave::Definitions],
            Wave::Workloads => {
                &[Wave::Namespaces, Wave::Definitions, Wave::Rbac, Wave::Config, Wave::Network]
            }
            Wave::Clusters => &[Wave::Namespaces, Wave::Definitions, Wave::Config, Wave::Projects],
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Object, Wave};

    #[test]
    fn a_wave_counts_on_earlier_ones_and_with_each_on_all_that_it_counts_on() {
        for wave in Wave::ALL {
            for needed in wave.needs() {
                assert!(*needed < wave, "{wave:?} counts on {needed:?}");
                assert!(
                    needed.needs().iter().all(|deeper| wave.needs().contains(deeper)),
                    "{wave:?}, {needed:?}"
                );
            }
        }
    }

    /// Whoever waits for a kind that will never be served waits until the time is over.
    #[test]
    fn a_kind_that_a_definition_may_bring_counts_on_the_definitions() {
        for (api_version, kind, name) in [
            ("argoproj.io/v1alpha1", "AppProject", "default"),
            ("argoproj.io/v1alpha1", "AppProject", "team-a"),
            ("argoproj.io/v1alpha1", "ApplicationSet", "addons"),
            ("argoproj.io/v1alpha1", "Application", "x"),
            ("gateway.networking.k8s.io/v1", "HTTPRoute", "x"),
            ("example.com/v1", "Thing", "x"),
        ] {
            let object = json!({ "apiVersion": api_version, "kind": kind, "metadata": { "name": name } });
            let wave = Wave::of(&Object::new(object).unwrap());
            assert!(wave.needs().contains(&Wave::Definitions), "{kind} {name}: {wave:?}");
        }
    }

    #[test]
    fn what_guards_a_workload_comes_before_it_and_before_clusters_what_restricts_them() {
        for guard in [Wave::Rbac, Wave::Config, Wave::Network] {
            assert!(Wave::Workloads.needs().contains(&guard), "{guard:?}");
        }
        for wave in [Wave::Clusters, Wave::ApplicationSets] {
            assert!(
                wave.needs().contains(&Wave::Projects) && !wave.needs().contains(&Wave::Network),
                "{wave:?}"
            );
        }
    }
}
