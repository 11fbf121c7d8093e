//! Workloads: the rules of `kubectl rollout status` (`k8s.io/kubectl/pkg/polymorphichelpers/rollout_status.go`), of ReplicaSets and
//! of Jobs.

use serde_json::Value;

use crate::plan::live::Live;
use crate::plan::ready::{Readiness, condition, number, text};

/// The controller has not seen the last change, so that its status still speaks of the object before.
fn is_outdated(body: &Value) -> bool {
    number(body, "/status/observedGeneration") < number(body, "/metadata/generation")
}

fn waits_for_controller() -> Readiness {
    Readiness::progressing("waits for its controller")
}

/// `spec.replicas`, whose default is 1.
fn replicas(body: &Value) -> i64 {
    body.pointer("/spec/replicas").and_then(Value::as_i64).unwrap_or(1)
}

/// The first of the counts that is too small, in words.
fn lacking(counts: &[(&str, i64)], wanted: i64, of: &str) -> Option<Readiness> {
    let (what, have) = counts.iter().find(|(_, have)| *have < wanted)?;
    Some(Readiness::Progressing(format!("{have} of {wanted} {of} are {what}")))
}

pub(super) fn deployment(body: &Value) -> Readiness {
    if is_outdated(body) {
        return waits_for_controller();
    }
    if let Some(("False", why)) = condition(body, "Progressing") {
        return Readiness::Failed(why.to_owned());
    }
    let wanted = replicas(body);
    let count = |what: &str| number(body, &format!("/status/{what}Replicas"));
    let counts =
        [("updated", count("updated")), ("ready", count("ready")), ("available", count("available"))];
    if let Some(lacking) = lacking(&counts, wanted, "replicas") {
        return because(lacking, condition(body, "ReplicaFailure"));
    }
    superfluous(body, wanted)
}

fn superfluous(body: &Value, wanted: i64) -> Readiness {
    match number(body, "/status/replicas") - wanted {
        old if old > 0 => Readiness::Progressing(format!("{old} old replicas are still there")),
        _ => Readiness::Ready,
    }
}

/// One that no Deployment controls; `kubectl rollout status` does not know it, so the rule is that of kstatus.
pub(super) fn replica_set(body: &Value) -> Readiness {
    if is_outdated(body) {
        return waits_for_controller();
    }
    let wanted = replicas(body);
    let count = |what: &str| number(body, &format!("/status/{what}Replicas"));
    let counts =
        [("labelled", count("fullyLabeled")), ("ready", count("ready")), ("available", count("available"))];
    match lacking(&counts, wanted, "replicas") {
        Some(lacking) => because(lacking, condition(body, "ReplicaFailure")),
        None => superfluous(body, wanted),
    }
}

/// Adds why no pods can be made: a quota, an admission webhook.
fn because(readiness: Readiness, replica_failure: Option<(&str, &str)>) -> Readiness {
    match (readiness, replica_failure) {
        (Readiness::Progressing(what), Some(("True", why))) => {
            Readiness::Progressing(format!("{what}: {why}"))
        }
        (readiness, _) => readiness,
    }
}

/// `OnDelete`: pods are replaced when somebody deletes them, so nobody can wait for it.
fn is_on_delete(body: &Value) -> bool {
    text(body, "/spec/updateStrategy/type") == "OnDelete"
}

pub(super) fn stateful_set(body: &Value) -> Readiness {
    if is_outdated(body) {
        return waits_for_controller();
    }
    let wanted = replicas(body);
    let counts = [
        ("ready", number(body, "/status/readyReplicas")),
        ("available", number(body, "/status/availableReplicas")),
    ];
    if let Some(lacking) = lacking(&counts, wanted, "replicas") {
        return lacking;
    }
    if is_on_delete(body) {
        return Readiness::Ready;
    }
    let is_rolled_out = text(body, "/status/currentRevision") == text(body, "/status/updateRevision");
    // With a partition the revisions stay apart for good: only the pods from that ordinal on are replaced.
    let updated = number(body, "/status/updatedReplicas");
    match number(body, "/spec/updateStrategy/rollingUpdate/partition") {
        _ if is_rolled_out => Readiness::Ready,
        0 => Readiness::Progressing(format!("{updated} of {wanted} replicas are updated")),
        partition => {
            let of_partition = (wanted - partition).max(0);
            lacking(&[("updated", updated)], of_partition, "replicas of its partition")
                .unwrap_or(Readiness::Ready)
        }
    }
}

pub(super) fn daemon_set(body: &Value) -> Readiness {
    if is_outdated(body) {
        return waits_for_controller();
    }
    let wanted = number(body, "/status/desiredNumberScheduled");
    let updated = ("updated", number(body, "/status/updatedNumberScheduled"));
    let available = ("available", number(body, "/status/numberAvailable"));
    let counts: &[(&str, i64)] = if is_on_delete(body) { &[available] } else { &[updated, available] };
    lacking(counts, wanted, "pods").unwrap_or(Readiness::Ready)
}

/// A Job never runs again by itself once it failed. One that is suspended waits for somebody else.
pub(super) fn job(body: &Value) -> Readiness {
    if let Some(("True", why)) = condition(body, "Failed") {
        return Readiness::Failed(why.to_owned());
    }
    let is_suspended = body.pointer("/spec/suspend").and_then(Value::as_bool).unwrap_or(false);
    match condition(body, "Complete") {
        Some(("True", _)) => Readiness::Ready,
        _ if is_suspended => Readiness::Ready,
        Some(_) | None => Readiness::progressing("is not complete yet"),
    }
}

/// The workload's `spec.selector` as a query takes it; `None` for what selects no pods.
#[must_use]
pub fn selector(workload: &Live) -> Option<String> {
    let selector = workload.body().pointer("/spec/selector")?;
    let labels = selector.get("matchLabels").and_then(Value::as_object);
    let equal = labels
        .into_iter()
        .flatten()
        .map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default()));
    let expressions = selector.get("matchExpressions").and_then(Value::as_array);
    let terms: Vec<String> = equal.chain(expressions.into_iter().flatten().filter_map(expression)).collect();
    (!terms.is_empty()).then(|| terms.join(","))
}

fn expression(expression: &Value) -> Option<String> {
    let key = expression.get("key")?.as_str()?;
    let values: Vec<&str> = expression
        .get("values")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    match expression.get("operator")?.as_str()? {
        "In" => Some(format!("{key} in ({})", values.join(","))),
        "NotIn" => Some(format!("{key} notin ({})", values.join(","))),
        "Exists" => Some(key.to_owned()),
        "DoesNotExist" => Some(format!("!{key}")),
        _ => None,
    }
}
