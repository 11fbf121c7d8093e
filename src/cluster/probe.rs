//! Asking an API server how it is: its version, and `/readyz`. Needs no rights but those that everybody has.

use std::time::Duration;

use serde_json::Value;

use crate::cluster::Cluster;
use crate::cluster::connect::{ConnectOptions, config, open, plugin_of};
use crate::cluster::error::ClusterError;
use crate::cluster::transport::{Call, Transport};
use crate::plan::status::probe::Probe;

impl Cluster {
    /// Asks this cluster, and waits no longer than the limit for each of the two answers.
    pub async fn probe(&self, limit: Duration) -> Probe {
        ask(&self.transport, limit).await.unwrap_or_else(|error| unanswered(&error))
    }
}

/// Asks the cluster of a context. Whatever hinders it says more about this machine than about the cluster: names that are
/// known inside a docker network only, private endpoints, logins.
///
/// A credential plugin is not run: one login for each cluster of a fleet is more than a look may cost.
pub async fn probe(options: &ConnectOptions, limit: Duration) -> Probe {
    let seconds = limit.as_secs();
    match tokio::time::timeout(limit, connect_and_ask(options, limit)).await {
        Ok(Ok(probe)) => probe,
        Ok(Err(error)) => unanswered(&error),
        Err(_) => Probe::Silent(format!("no answer within {seconds} s")),
    }
}

/// A kubeconfig that leads nowhere, or credentials that are not to be had, say nothing about the cluster.
fn unanswered(error: &ClusterError) -> Probe {
    match error {
        ClusterError::Unreachable { cause, .. } => Probe::Silent(cause.clone()),
        _ => Probe::NotProbed(error.to_string()),
    }
}

/// Which cluster a context leads to, and its version; nothing where it cannot be asked from here. No plugin is run for it.
pub async fn identify(options: &ConnectOptions, limit: Duration) -> Option<(String, String)> {
    let ask = async {
        let (config, context) = config(options).await.ok()?;
        if plugin_of(&config).is_some() {
            return None;
        }
        let (transport, _) = open(config, &context, options).await.ok()?;
        let uid = transport.kube_system_uid().await.ok()?;
        let call = Call { at_once: Some(limit), ..Call::get("/version", "get", "/version", None) };
        Some((uid, git_version(&transport.send(&call).await.ok()?.body)))
    };
    tokio::time::timeout(limit, ask).await.ok().flatten()
}

/// Why a cluster that has just been made is not ready yet, in a few words; nothing once its API server and each node are.
pub async fn unready(options: &ConnectOptions, limit: Duration) -> Option<String> {
    let ask = async {
        let (transport, _) = {
            let (config, context) = config(options).await?;
            open(config, &context, options).await?
        };
        if let Probe::NotReady { why, .. } = ask(&transport, limit).await? {
            return Ok(Some(why));
        }
        let call = Call { at_once: Some(limit), ..Call::get("/api/v1/nodes", "list", "nodes", None) };
        Ok::<_, ClusterError>(unready_node(&transport.send(&call).await?.body))
    };
    match tokio::time::timeout(limit, ask).await {
        Ok(Ok(missing)) => missing,
        Ok(Err(error)) => Some(error.to_string()),
        Err(_) => Some("the API server does not answer".to_owned()),
    }
}

/// The first node without the condition `Ready`, and why. Source: the node conditions of the Kubernetes API.
fn unready_node(list: &Value) -> Option<String> {
    let nodes = list.get("items").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let words = |node: &Value| {
        let text = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().to_owned();
        let name = text(node.pointer("/metadata/name"));
        let conditions = node.pointer("/status/conditions").and_then(Value::as_array);
        let ready = conditions.into_iter().flatten().find(|one| one["type"] == "Ready");
        let Some(ready) = ready else { return Some(format!("the node {name} has not said how it is")) };
        let why = text(ready.get("message"));
        (ready["status"] != "True").then(|| format!("the node {name} is not ready: {why}"))
    };
    if nodes.is_empty() {
        return Some("there is no node yet".to_owned());
    }
    nodes.iter().find_map(words)
}

/// `v1.33.2`, as an API server answers it.
pub(super) fn git_version(body: &Value) -> String {
    body.get("gitVersion").and_then(Value::as_str).unwrap_or("unknown").to_owned()
}

async fn connect_and_ask(options: &ConnectOptions, limit: Duration) -> Result<Probe, ClusterError> {
    let (config, context) = config(options).await?;
    if let Some(program) = plugin_of(&config) {
        return Ok(Probe::NotProbed(format!(
            "the context `{context}` logs in by the command `{program}`, which is not run for a look"
        )));
    }
    let (transport, _) = open(config, &context, options).await?;
    ask(&transport, limit).await
}

async fn ask(transport: &Transport, limit: Duration) -> Result<Probe, ClusterError> {
    let call = Call { at_once: Some(limit), ..Call::get("/version", "get", "/version", None) };
    let body = transport.send(&call).await?.body;
    let version = git_version(&body);
    let ready = Call {
        accept: "*/*",
        repeatable: false,
        at_once: Some(limit),
        ..Call::get("/readyz", "get", "/readyz", None)
    };
    match transport.send_for_text(&ready).await {
        Ok(_) => Ok(Probe::Answers { version }),
        Err(error) if error.status().is_some_and(|status| matches!(status.code, 500 | 503)) => {
            Ok(Probe::NotReady { version, why: format!("/readyz: {error}") })
        }
        // Whoever may not ask that has been answered all the same.
        Err(ClusterError::Unauthorized { .. } | ClusterError::Forbidden { .. } | ClusterError::Api(_)) => {
            Ok(Probe::Answers { version })
        }
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::unready_node;

    #[test]
    fn a_node_is_ready_when_it_says_so() {
        let node = |status: &str| {
            let condition =
                json!({ "type": "Ready", "status": status, "message": "cni plugin not initialized" });
            json!({ "items": [{ "metadata": { "name": "hub" }, "status": { "conditions": [condition] } }] })
        };
        assert_eq!(unready_node(&node("True")), None);
        assert_eq!(
            unready_node(&node("False")).as_deref(),
            Some("the node hub is not ready: cni plugin not initialized")
        );
        assert!(unready_node(&json!({ "items": [] })).is_some());
        assert!(unready_node(&json!({ "items": [{ "metadata": { "name": "hub" } }] })).is_some());
    }
}
