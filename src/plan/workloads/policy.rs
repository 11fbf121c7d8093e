//! What the controller of ApplicationSets may do to Applications.
//!
//! Source: Argo CD v3.5.3, `applicationset/utils/policy.go`, and the flags of the controller, which the official manifest fills
//! from the ConfigMap `argocd-cmd-params-cm`. What somebody writes into the Deployment beside that is not seen.

use crate::plan::live::Live;
use crate::plan::status::application::text;

/// What may be done to Applications that are there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Policy {
    /// Whether they may be deleted.
    pub(super) deletes: bool,
    /// Whether they may be changed.
    pub(super) updates: bool,
    /// Whether anybody said so.
    is_set: bool,
}

impl Policy {
    /// `applicationsSync` of an ApplicationSet, or `--policy` of the controller.
    pub(super) fn of(text: &str) -> Self {
        Self {
            deletes: !matches!(text, "create-only" | "create-update"),
            updates: !matches!(text, "create-only" | "create-delete"),
            is_set: !text.is_empty(),
        }
    }
}

/// The controller's own policy, and whether an ApplicationSet may have another one.
#[derive(Debug, Clone, Copy)]
pub struct ControllerPolicy {
    policy: Policy,
    is_default: bool,
}

impl Default for ControllerPolicy {
    fn default() -> Self {
        Self { policy: Policy::of(""), is_default: true }
    }
}

impl ControllerPolicy {
    /// What the ConfigMap `argocd-cmd-params-cm` says.
    #[must_use]
    pub fn of(parameters: &Live) -> Self {
        let data = |key: &str| text(parameters.body(), &format!("/data/{key}"));
        let policy = Policy::of(data("applicationsetcontroller.policy"));
        let is_default = match data("applicationsetcontroller.enable.policy.override") {
            "" => !policy.is_set,
            overrides => overrides == "true",
        };
        Self { policy, is_default }
    }

    /// What counts for an ApplicationSet with this policy of its own.
    pub(super) fn with(self, own: Policy) -> Policy {
        if self.is_default && own.is_set { own } else { self.policy }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn deletes(data: &Value, own: &str) -> bool {
        let metadata = json!({"name": "argocd-cmd-params-cm", "namespace": "argocd"});
        let body = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data});
        ControllerPolicy::of(&Live::new(body).unwrap()).with(Policy::of(own)).deletes
    }

    #[test]
    fn the_controllers_policy_counts_unless_sets_may_have_their_own() {
        let policy = |policy: &str| json!({"applicationsetcontroller.policy": policy});
        let overridden = json!({"applicationsetcontroller.policy": "create-only",
            "applicationsetcontroller.enable.policy.override": "true"});
        let fixed = json!({"applicationsetcontroller.enable.policy.override": "false"});
        for (data, own, expected) in [
            (json!({}), "", true),
            (json!({}), "create-only", false),
            (policy("create-update"), "", false),
            (policy("create-update"), "sync", false),
            (policy("sync"), "create-only", true),
            (overridden.clone(), "sync", true),
            (overridden, "", false),
            (fixed, "create-only", true),
        ] {
            assert_eq!(deletes(&data, own), expected, "{data} {own}");
        }
    }
}
