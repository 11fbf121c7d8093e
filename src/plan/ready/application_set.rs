//! ApplicationSets: the conditions of Argo CD's controller, which do not say of which generation they speak.

use serde_json::Value;

use crate::desired::ownership::FIELD_MANAGER;
use crate::plan::live::{Live, ManagedFields};
use crate::plan::ready::{Readiness, condition, text};

/// What each condition says of an ApplicationSet that does its work, in the order in which they are told: an error is the cause
/// of the other two.
///
/// The controller writes all three whenever it is done (`setApplicationSetStatusCondition`, the same in v3.4.9 and v3.5.3), so
/// one that is missing or `Unknown` is none of a healthy ApplicationSet's.
const GOOD: [(&str, &str, &str); 3] = [
    ("ErrorOccurred", "False", "has an error"),
    ("ParametersGenerated", "True", "its generators gave no parameters"),
    ("ResourcesUpToDate", "True", "its Applications are not up to date"),
];

/// Nothing here is final: an ApplicationSet may mend itself, once a repository server has started or a repository is there.
///
/// `status.resourcesCount` is not looked at. The controller reads it from its cache right after it wrote Applications, and does
/// not look again when the cache has them (its watch leaves creations out), so that the count of a healthy ApplicationSet may
/// stay too low. `ResourcesUpToDate` is written after every generated Application was.
pub(super) fn application_set(body: &Value) -> Readiness {
    for (kind, good, bad) in GOOD {
        match condition(body, kind) {
            Some((status, _)) if status == good => {}
            Some((status, why)) if ["True", "False"].contains(&status) => {
                return Readiness::Progressing(format!("{bad}: {why}"));
            }
            Some(_) | None => return Readiness::progressing("its controller has not looked at it yet"),
        }
    }
    Readiness::Ready
}

/// Whether it has good conditions and each is older than bridge's last change, so that they may speak of what was before.
///
/// The controller looks at a changed ApplicationSet at once, and does not write conditions that stay the same, so an old one is
/// all that there will ever be: it is believed after [`super::SETTLED`].
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
