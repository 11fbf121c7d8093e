//! Which objects that nobody asks for any more may be deleted.
//!
//! A label alone is no proof of ownership: operators copy the labels of a parent to its children, and tools that trust
//! the label delete other people's objects. All guards must hold; each refusal has its reason.

use std::collections::{BTreeMap, BTreeSet};

use crate::desired::id::{GroupKind, ObjectId};
use crate::desired::ownership::KEEP;
use crate::plan::change::{Change, KeepReason};
use crate::plan::consent::Consent;
use crate::plan::decide::is_applied;
use crate::plan::live::Live;

/// Kinds that take everything in them along.
#[must_use]
pub fn is_container(group_kind: &GroupKind) -> bool {
    matches!(group_kind.kind.as_str(), "Namespace" | "CustomResourceDefinition")
}

/// What becomes of a member of the ApplySet that is not desired.
#[must_use]
pub fn verdict(
    live: Live,
    recorded: &BTreeSet<GroupKind>,
    foreign: &BTreeMap<ObjectId, String>,
    consent: &Consent,
) -> Change {
    match reason_to_keep(&live, recorded, foreign, consent) {
        Some(reason) => Change::Keep { live, reason },
        None => Change::Delete { live },
    }
}

fn reason_to_keep(
    live: &Live,
    recorded: &BTreeSet<GroupKind>,
    foreign: &BTreeMap<ObjectId, String>,
    consent: &Consent,
) -> Option<KeepReason> {
    let id = live.id();
    if !recorded.contains(&id.group_kind) {
        return Some(KeepReason::NotRecorded);
    }
    if let Some(reason) = protection(live) {
        return Some(reason);
    }
    if is_container(&id.group_kind) && !consent.allow_delete.iter().any(|selector| selector.matches(id)) {
        return Some(KeepReason::NeedsConsent);
    }
    foreign.get(id).map(|what| KeepReason::HoldsForeign(what.clone()))
}

/// Why the object itself says that it is not ours to delete. Asked again right before a deletion whose object moved.
#[must_use]
pub fn protection(live: &Live) -> Option<KeepReason> {
    if live.is_terminating() {
        return Some(KeepReason::Terminating);
    }
    if !is_applied(live) {
        return Some(KeepReason::NotApplied);
    }
    if live.annotation(KEEP).is_some() {
        return Some(KeepReason::Annotated);
    }
    let owner = live.owner_references().first()?;
    let text = |key| owner.get(key).and_then(serde_json::Value::as_str).unwrap_or_default();
    Some(KeepReason::OwnedByAnother(format!("{}/{}", text("kind"), text("name"))))
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use serde_json::{Value, json};

    use super::{Consent, GroupKind, KeepReason, Live, reason_to_keep};

    fn owned(change: impl FnOnce(&mut Value)) -> Live {
        let mut object = json!({
            "apiVersion": "v1", "kind": "Secret",
            "metadata": {
                "name": "dev", "namespace": "argocd",
                "managedFields": [{"manager": "bridge", "operation": "Apply", "fieldsV1": {"f:data": {}}}],
            },
        });
        change(&mut object);
        Live::new(object).unwrap()
    }

    fn verdict(live: &Live) -> Option<KeepReason> {
        let kinds = ["Secret", "Namespace", "CustomResourceDefinition.apiextensions.k8s.io"];
        let recorded: BTreeSet<GroupKind> = kinds.into_iter().map(GroupKind::parse).collect();
        reason_to_keep(live, &recorded, &BTreeMap::new(), &Consent::default())
    }

    #[test]
    fn every_guard_keeps_the_object() {
        type Break = fn(&mut Value);
        let rules: [(&str, Break); 7] = [
            ("recorded", |o| o["kind"] = "ConfigMap".into()),
            ("applied", |o| o["metadata"]["managedFields"] = json!([])),
            ("by us", |o| o["metadata"]["managedFields"][0]["manager"] = "kubectl".into()),
            ("not updated by us", |o| o["metadata"]["managedFields"][0]["operation"] = "Update".into()),
            ("not kept", |o| o["metadata"]["annotations"] = json!({"bridge.gitops/keep": ""})),
            ("not owned", |o| o["metadata"]["ownerReferences"] = json!([{"kind": "Redis", "name": "x"}])),
            ("no container", |o| o["kind"] = "Namespace".into()),
        ];
        assert_eq!(verdict(&owned(|_| ())), None);
        for (rule, broken) in rules {
            assert!(verdict(&owned(broken)).is_some(), "{rule}");
        }
    }
}
