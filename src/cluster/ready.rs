//! When an object is ready: pure rules, one for each kind that has one.

use serde_json::Value;

use crate::plan::live::Live;

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

/// The rule of the object's kind; a kind without a rule is ready as soon as it exists.
#[must_use]
pub fn readiness(live: &Live) -> Readiness {
    let body = live.body();
    match live.id().group_kind.kind.as_str() {
        "CustomResourceDefinition" => established(body),
        "Deployment" => deployment(body),
        "StatefulSet" => stateful_set(body),
        _ => Readiness::Ready,
    }
}

fn number(body: &Value, pointer: &str) -> i64 {
    body.pointer(pointer).and_then(Value::as_i64).unwrap_or(0)
}

fn condition<'a>(body: &'a Value, kind: &str) -> Option<(&'a str, &'a str)> {
    let conditions = body.pointer("/status/conditions").and_then(Value::as_array)?;
    let condition = conditions.iter().find(|condition| condition["type"] == kind)?;
    Some((
        condition["status"].as_str().unwrap_or_default(),
        condition["message"].as_str().unwrap_or_default(),
    ))
}

fn established(body: &Value) -> Readiness {
    if let Some(("False", why)) = condition(body, "NamesAccepted") {
        return Readiness::Failed(format!("its names are not accepted: {why}"));
    }
    match condition(body, "Established") {
        Some(("True", _)) => Readiness::Ready,
        Some(_) | None => Readiness::Progressing("is not established yet".to_owned()),
    }
}

/// The controller has not seen the last change, so that its status still speaks of the object before.
fn is_outdated(body: &Value) -> bool {
    number(body, "/status/observedGeneration") < number(body, "/metadata/generation")
}

/// `spec.replicas`, whose default is 1.
fn replicas(body: &Value) -> i64 {
    body.pointer("/spec/replicas").and_then(Value::as_i64).unwrap_or(1)
}

fn deployment(body: &Value) -> Readiness {
    if is_outdated(body) {
        return Readiness::Progressing("waits for its controller".to_owned());
    }
    if let Some(("False", why)) = condition(body, "Progressing") {
        return Readiness::Failed(why.to_owned());
    }
    let wanted = replicas(body);
    let count = |what: &str| number(body, &format!("/status/{what}Replicas"));
    for (what, have) in
        [("updated", count("updated")), ("ready", count("ready")), ("available", count("available"))]
    {
        if have < wanted {
            return Readiness::Progressing(format!("{have} of {wanted} replicas are {what}"));
        }
    }
    match number(body, "/status/replicas") - wanted {
        old if old > 0 => Readiness::Progressing(format!("{old} old replicas are still there")),
        _ => Readiness::Ready,
    }
}

fn stateful_set(body: &Value) -> Readiness {
    if is_outdated(body) {
        return Readiness::Progressing("waits for its controller".to_owned());
    }
    let wanted = replicas(body);
    let ready = number(body, "/status/readyReplicas");
    if ready < wanted {
        return Readiness::Progressing(format!("{ready} of {wanted} replicas are ready"));
    }
    let revision = |which: &str| body.pointer(&format!("/status/{which}Revision")).and_then(Value::as_str);
    if revision("current") != revision("update") {
        return Readiness::Progressing("is rolling out its last change".to_owned());
    }
    Readiness::Ready
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Live, Readiness, readiness};

    fn rule(kind: &str, generation: i64, spec: &Value, status: &Value) -> Readiness {
        let metadata = json!({"name": "x", "generation": generation});
        let object =
            json!({"apiVersion": "v1", "kind": kind, "metadata": metadata, "spec": spec, "status": status});
        readiness(&Live::new(object).unwrap())
    }

    #[test]
    fn a_deployment_is_ready_when_all_replicas_of_the_last_change_are() {
        let status = json!({"observedGeneration": 2, "replicas": 2, "updatedReplicas": 2, "readyReplicas": 2, "availableReplicas": 2});
        let with = |key: &str, value: i64| {
            let mut status = status.clone();
            status[key] = value.into();
            rule("Deployment", 2, &json!({"replicas": 2}), &status)
        };
        assert_eq!(with("observedGeneration", 2), Readiness::Ready);
        for (key, value) in [
            ("observedGeneration", 1),
            ("updatedReplicas", 1),
            ("readyReplicas", 0),
            ("availableReplicas", 1),
            ("replicas", 3),
        ] {
            assert!(matches!(with(key, value), Readiness::Progressing(_)), "{key}");
        }
    }

    #[test]
    fn an_object_that_nobody_has_looked_at_is_not_ready() {
        for kind in ["Deployment", "StatefulSet", "CustomResourceDefinition"] {
            assert!(matches!(rule(kind, 1, &json!({}), &json!({})), Readiness::Progressing(_)), "{kind}");
        }
    }

    #[test]
    fn a_rollout_that_gave_up_has_failed() {
        let conditions = json!([{"type": "Progressing", "status": "False", "message": "deadline exceeded"}]);
        let status = json!({"observedGeneration": 1, "conditions": conditions});
        assert_eq!(
            rule("Deployment", 1, &json!({}), &status),
            Readiness::Failed("deadline exceeded".to_owned())
        );
    }
}
