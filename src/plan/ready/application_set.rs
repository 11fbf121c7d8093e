//! ApplicationSets: the conditions of Argo CD's controller, which do not say of which generation they speak.

use std::time::Duration;

use serde_json::Value;

use crate::desired::ownership::FIELD_MANAGER;
use crate::plan::live::{Live, ManagedFields};
use crate::plan::ready::{Readiness, condition, text};

/// How long conditions that are older than the last change have to stay good until they are believed. The controller looks
/// at a changed ApplicationSet at once, and does not write conditions that stay the same
/// (`setApplicationSetStatusCondition` in Argo CD), so an old one is all that there will ever be.
pub const SETTLED: Duration = Duration::from_secs(5);

pub(super) fn application_set(body: &Value) -> Readiness {
    match (condition(body, "ErrorOccurred"), condition(body, "ResourcesUpToDate")) {
        // It may mend itself: a repository server that still starts, a repository that is made a moment later.
        (Some(("True", why)), _) => Readiness::Progressing(format!("has an error: {why}")),
        (Some(_), Some(("True", _))) => Readiness::Ready,
        (Some(_), Some((_, why))) => {
            Readiness::Progressing(format!("its Applications are not up to date: {why}"))
        }
        (Some(_) | None, None) | (None, Some(_)) => {
            Readiness::progressing("its controller has not looked at it yet")
        }
    }
}

/// Whether it has good conditions and each is older than bridge's last change, so that they may speak of what was before.
///
/// Both times are of whole seconds; within the same second the condition counts as the older one.
#[must_use]
pub fn is_settling(live: &Live) -> bool {
    let id = live.id();
    if id.group_kind.kind != "ApplicationSet" || id.group_kind.group != "argoproj.io" {
        return false;
    }
    let is_ours = |entry: &ManagedFields<'_>| entry.is_apply() && entry.manager() == FIELD_MANAGER;
    let written = live.managed_fields().filter(is_ours).map(|entry| text(entry.raw(), "/time")).max();
    let conditions = live.body().pointer("/status/conditions").and_then(Value::as_array);
    let said = conditions.into_iter().flatten().map(|condition| text(condition, "/lastTransitionTime")).max();
    // RFC 3339 in UTC with whole seconds, as the API server writes times, compares as text.
    said.unwrap_or_default() <= written.unwrap_or_default()
}
