//! When an object is ready: pure rules, one for each kind that has one.
//!
//! A status that speaks of the object before its last change is not trusted, whatever it says.

mod any_kind;
mod application_set;
mod endpoints;
mod proof;
mod watch;
mod workload;

use std::time::Duration;

use serde_json::Value;

use crate::desired::id::{GroupKind, ObjectId};
use crate::plan::live::Live;

pub use application_set::is_settling;
pub use endpoints::Served;
pub use proof::Proof;
pub use watch::Watch;
pub use workload::selector;

/// How long what says little has to stay good until it is believed: conditions that are older than the last change, and
/// processes that no probe asks.
pub const SETTLED: Duration = Duration::from_secs(5);

/// Whether an object does its work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Readiness {
    /// It does.
    Ready,
    /// Not yet; why.
    Progressing(String),
    /// It will not without help; why.
    Failed(String),
}

impl Readiness {
    fn progressing(why: &str) -> Self {
        Self::Progressing(why.to_owned())
    }
}

/// The rule of the object's kind; a kind without one is asked what most kinds say of themselves.
///
/// The rules are those of `kubectl rollout status`, of Argo CD's own conditions, and for all other kinds of kstatus.
#[must_use]
pub fn readiness(live: &Live) -> Readiness {
    let GroupKind { group, kind } = &live.id().group_kind;
    if live.is_terminating() {
        return Readiness::progressing("is being deleted");
    }
    let rule = match (group.as_str(), kind.as_str()) {
        ("", "Pod") => return any_kind::pod(live),
        ("apiextensions.k8s.io", "CustomResourceDefinition") => established,
        ("apps", "Deployment") => workload::deployment,
        ("apps", "ReplicaSet") => workload::replica_set,
        ("apps", "StatefulSet") => workload::stateful_set,
        ("apps", "DaemonSet") => workload::daemon_set,
        ("batch", "Job") => workload::job,
        ("argoproj.io", "ApplicationSet") => application_set::application_set,
        _ => any_kind::any_kind,
    };
    rule(live.body())
}

/// A key of a Secret that a part of Argo CD writes when it starts, and that the others cannot do without.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenKey {
    /// The Secret.
    pub secret: ObjectId,
    /// The key in its `data`.
    pub key: &'static str,
}

impl WrittenKey {
    /// What this workload of Argo CD writes: `server.secretkey`, which signs sessions, by argocd-server; redis' password by
    /// an init container of redis, or of what stands before it in the flavor `ha`.
    #[must_use]
    pub fn of(workload: &Live) -> Option<Self> {
        let id = workload.id();
        let (name, key) = match (id.group_kind.kind.as_str(), id.name.as_str()) {
            ("Deployment", "argocd-server") => ("argocd-secret", "server.secretkey"),
            ("Deployment", "argocd-redis" | "argocd-redis-ha-haproxy") => ("argocd-redis", "auth"),
            _ => return None,
        };
        let secret = ObjectId {
            group_kind: GroupKind::parse("Secret"),
            namespace: id.namespace.clone(),
            name: name.to_owned(),
        };
        Some(Self { secret, key })
    }

    /// Whether the Secret has it. Nothing of its value is looked at but that it is not empty.
    #[must_use]
    pub fn readiness(&self, secret: Option<&Live>) -> Readiness {
        let value = secret.and_then(|secret| secret.body().get("data")?.get(self.key)?.as_str());
        match value {
            Some(value) if !value.is_empty() => Readiness::Ready,
            Some(_) | None => Readiness::Progressing(format!(
                "has not written the key `{}` of the Secret {} yet",
                self.key, self.secret.name
            )),
        }
    }
}

fn number(body: &Value, pointer: &str) -> i64 {
    body.pointer(pointer).and_then(Value::as_i64).unwrap_or(0)
}

fn text<'a>(body: &'a Value, pointer: &str) -> &'a str {
    body.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// A condition's status and message. One that says of which generation it speaks is left out when that is not the last.
fn condition<'a>(body: &'a Value, kind: &str) -> Option<(&'a str, &'a str)> {
    let conditions = body.pointer("/status/conditions").and_then(Value::as_array)?;
    let condition = conditions.iter().find(|condition| condition["type"] == kind)?;
    let observed = condition.get("observedGeneration").and_then(Value::as_i64);
    if observed.is_some_and(|observed| observed < number(body, "/metadata/generation")) {
        return None;
    }
    let (message, reason) = (text(condition, "/message"), text(condition, "/reason"));
    Some((text(condition, "/status"), if message.is_empty() { reason } else { message }))
}

fn established(body: &Value) -> Readiness {
    if let Some(("False", why)) = condition(body, "NamesAccepted") {
        return Readiness::Failed(format!("its names are not accepted: {why}"));
    }
    match (condition(body, "NamesAccepted"), condition(body, "Established")) {
        (Some(("True", _)), Some(("True", _))) => Readiness::Ready,
        _ => Readiness::progressing("is not established yet"),
    }
}

#[cfg(test)]
mod tests;
