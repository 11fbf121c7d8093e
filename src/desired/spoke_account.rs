//! The account of Argo CD on a spoke: what `argocd cluster add` makes there, as objects of an inventory.

use serde_json::{Value, json};

use crate::desired::object::{NotAnObject, Object};
use crate::desired::ownership::{PART_OF, inventory_id};
use crate::profile::model::{Cluster, ServiceAccount, TokenLifetime};

/// The namespace of bridge's inventory on a spoke.
pub const SPOKE_HOME: &str = "kube-system";

/// The account, its rights and its token Secrets.
///
/// Who may use only some namespaces of the cluster gets a Role in each of them, and else the rights of an administrator,
/// which Argo CD needs to deploy whatever a repository holds.
///
/// # Errors
/// Never for a valid profile: every name is checked there.
pub fn objects(
    cluster: &Cluster,
    account: &ServiceAccount,
    secret: &str,
) -> Result<Vec<Object>, NotAnObject> {
    let mut documents = vec![service_account(account)];
    if has_all_rights(cluster) {
        documents.extend(rights(account, None));
    } else {
        documents.extend(
            cluster.namespaces.iter().flat_map(|namespace| rights(account, Some(namespace.as_str()))),
        );
    }
    documents.push(token_secret(account, secret));
    documents.into_iter().map(Object::new).collect()
}

/// Whether Argo CD may do everything on the cluster.
#[must_use]
pub fn has_all_rights(cluster: &Cluster) -> bool {
    cluster.namespaces.is_empty() || cluster.cluster_resources == Some(true)
}

/// The name of the n-th token Secret.
#[must_use]
pub fn secret_name(account: &ServiceAccount, number: u64) -> String {
    format!("{}-token-{number}", account.name)
}

/// The number of a token Secret.
#[must_use]
pub fn secret_number(account: &ServiceAccount, name: &str) -> Option<u64> {
    name.strip_prefix(account.name.as_str())?.strip_prefix("-token-")?.parse().ok()
}

fn labels() -> Value {
    json!({ PART_OF: inventory_id(SPOKE_HOME) })
}

fn service_account(account: &ServiceAccount) -> Value {
    let metadata =
        json!({ "name": account.name.as_str(), "namespace": account.namespace.as_str(), "labels": labels() });
    json!({ "apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata })
}

/// Everything, in one namespace or in all of them.
fn rights(account: &ServiceAccount, namespace: Option<&str>) -> [Value; 2] {
    let (role_kind, binding_kind) = match namespace {
        Some(_) => ("Role", "RoleBinding"),
        None => ("ClusterRole", "ClusterRoleBinding"),
    };
    let role = format!("{}-role", account.name);
    let metadata = |name: &str| {
        let mut metadata = json!({ "name": name, "labels": labels() });
        if let Some(namespace) = namespace {
            metadata["namespace"] = namespace.into();
        }
        metadata
    };
    let mut rules = vec![json!({ "apiGroups": ["*"], "resources": ["*"], "verbs": ["*"] })];
    if namespace.is_none() {
        rules.push(json!({ "nonResourceURLs": ["*"], "verbs": ["*"] }));
    }
    let api_version = "rbac.authorization.k8s.io/v1";
    let subject = json!({
        "kind": "ServiceAccount", "name": account.name.as_str(), "namespace": account.namespace.as_str(),
    });
    [
        json!({ "apiVersion": api_version, "kind": role_kind, "metadata": metadata(&role), "rules": rules }),
        json!({
            "apiVersion": api_version, "kind": binding_kind, "metadata": metadata(&format!("{role}-binding")),
            "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": role_kind, "name": role },
            "subjects": [subject],
        }),
    ]
}

/// A token that is bound to a Secret ends with it, so each has one of its own: deleting that revokes it. A token Secret
/// holds a token that never expires.
fn token_secret(account: &ServiceAccount, name: &str) -> Value {
    let mut metadata = json!({ "name": name, "namespace": account.namespace.as_str(), "labels": labels() });
    let kind = match account.token {
        TokenLifetime::Seconds(_) => "Opaque",
        TokenLifetime::Unlimited => {
            metadata["annotations"] = json!({ "kubernetes.io/service-account.name": account.name.as_str() });
            "kubernetes.io/service-account-token"
        }
    };
    json!({ "apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": kind })
}
