//! Kinds without a rule of their own: what their statuses have in common, and pods.
//!
//! The rules are those of kstatus (`sigs.k8s.io/cli-utils/pkg/kstatus`), by which flux, Helm and kpt wait: an object that says
//! nothing of itself is ready.

use serde_json::Value;

use crate::plan::live::Live;
use crate::plan::pod::trouble;
use crate::plan::ready::{Readiness, condition, number, text};

/// A status of an earlier generation, the conditions `Reconciling` and `Stalled`, and `Ready`.
pub(super) fn any_kind(body: &Value) -> Readiness {
    let observed = body.pointer("/status/observedGeneration").and_then(Value::as_i64);
    if observed.is_some_and(|observed| observed < number(body, "/metadata/generation")) {
        return Readiness::progressing("waits for its controller");
    }
    if let Some(("True", why)) = condition(body, "Reconciling") {
        return Readiness::Progressing(format!("is being worked on: {why}"));
    }
    if let Some(("True", why)) = condition(body, "Stalled") {
        let why = format!("does not get any further: {why}");
        // Of a status without a generation nobody knows whether it speaks of the object before its last change.
        return observed.map_or(Readiness::Progressing(why.clone()), |_| Readiness::Failed(why));
    }
    match condition(body, "Ready") {
        Some(("True", _)) | None => Readiness::Ready,
        Some((_, why)) => Readiness::Progressing(format!("is not ready: {why}")),
    }
}

/// A pod that nobody controls. It does not run again once it failed.
pub(super) fn pod(live: &Live) -> Readiness {
    match (trouble(live), text(live.body(), "/status/phase")) {
        (None, _) => Readiness::Ready,
        (Some(trouble), "Failed") => Readiness::Failed(trouble.why),
        (Some(trouble), _) => Readiness::Progressing(trouble.why),
    }
}
