//! Which objects that nobody asks for any more may be deleted.
//!
//! A label alone is no proof of ownership: operators copy the labels of a parent to its children, and tools that trust
//! the label delete other people's objects. All guards must hold; each refusal has its reason.

use std::collections::{BTreeMap, BTreeSet};

use crate::desired::id::{GroupKind, ObjectId};
use crate::desired::ownership::{KEEP, PART_OF, inventory_id};
use crate::desired::wave::Wave;
use crate::plan::build::Owner;
use crate::plan::change::{Change, KeepReason};
use crate::plan::consent::Consent;
use crate::plan::decide::is_applied;
use crate::plan::live::Live;

/// Kinds that take everything in them along.
#[must_use]
pub fn is_container(group_kind: &GroupKind) -> bool {
    matches!(group_kind.kind.as_str(), "Namespace" | "CustomResourceDefinition")
}

/// What a deletion is judged by.
#[derive(Debug, Clone, Copy)]
pub struct Rules<'a> {
    /// The kinds that the inventory records.
    pub recorded: &'a BTreeSet<GroupKind>,
    /// Namespaces and CustomResourceDefinitions in which there are foreign things: what, for people.
    pub foreign: &'a BTreeMap<ObjectId, String>,
    /// What the user allowed.
    pub consent: &'a Consent,
    /// Whose inventory it is.
    pub owner: &'a Owner,
}

/// What becomes of a member of the ApplySet that is not desired.
#[must_use]
pub fn verdict(live: Live, rules: &Rules<'_>) -> Change {
    match reason_to_keep(&live, rules) {
        Some(reason) => Change::Keep { live, reason },
        None => Change::Delete { live },
    }
}

/// Why a member that is not desired stays; `None` for one that goes.
#[must_use]
pub fn reason_to_keep(live: &Live, rules: &Rules<'_>) -> Option<KeepReason> {
    let id = live.id();
    if !rules.recorded.contains(&id.group_kind) {
        return Some(KeepReason::NotRecorded);
    }
    if let Some(reason) = protection(live, &inventory_id(&rules.owner.namespace)) {
        return Some(reason);
    }
    let is_named = rules.consent.allow_delete.iter().any(|selector| selector.matches(id));
    if is_container(&id.group_kind) && !is_named {
        return Some(KeepReason::NeedsConsent);
    }
    if !rules.owner.installs_argocd && !is_named && Wave::of(live.object()) < Wave::Projects {
        return Some(KeepReason::LeftAlone);
    }
    rules.foreign.get(id).map(|what| KeepReason::HoldsForeign(what.clone()))
}

/// Why the object itself says that it is not ours to delete. Asked again right before a deletion whose object moved.
#[must_use]
pub fn protection(live: &Live, applyset: &str) -> Option<KeepReason> {
    if live.label(PART_OF) != Some(applyset) || !is_applied(live) {
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

    use super::{Consent, GroupKind, KeepReason, Live, Owner, PART_OF, Rules, inventory_id, reason_to_keep};

    fn owned(change: impl FnOnce(&mut Value)) -> Live {
        let mut object = json!({
            "apiVersion": "v1", "kind": "Secret",
            "metadata": {
                "name": "dev", "namespace": "argocd",
                "labels": {PART_OF: inventory_id("argocd")},
                "managedFields": [{"manager": "bridge", "operation": "Apply", "fieldsV1": {"f:data": {}}}],
            },
        });
        change(&mut object);
        Live::new(object).unwrap()
    }

    fn verdict(live: &Live, installs_argocd: bool) -> Option<KeepReason> {
        let kinds = ["Secret", "Namespace", "CustomResourceDefinition.apiextensions.k8s.io"];
        let recorded: BTreeSet<GroupKind> = kinds.into_iter().map(GroupKind::parse).collect();
        let owner = Owner { profile: "acme".to_owned(), namespace: "argocd".to_owned(), installs_argocd };
        let (foreign, consent) = (BTreeMap::new(), Consent::default());
        reason_to_keep(
            live,
            &Rules { recorded: &recorded, foreign: &foreign, consent: &consent, owner: &owner },
        )
    }

    #[test]
    fn an_argo_cd_that_somebody_else_installs_is_left_alone() {
        let config = owned(|_| ());
        assert_eq!(verdict(&config, true), None);
        assert_eq!(verdict(&config, false), Some(KeepReason::LeftAlone));
        let cluster = owned(|o| o["metadata"]["labels"]["argocd.argoproj.io/secret-type"] = "cluster".into());
        assert_eq!(verdict(&cluster, false), None, "clusters are bridge's either way");
    }

    #[test]
    fn every_guard_keeps_the_object() {
        type Break = fn(&mut Value);
        let rules: [(&str, Break); 9] = [
            ("labelled", |o| o["metadata"]["labels"] = json!({})),
            ("labelled as ours", |o| o["metadata"]["labels"][PART_OF] = "applyset-other-v1".into()),
            ("recorded", |o| o["kind"] = "ConfigMap".into()),
            ("applied", |o| o["metadata"]["managedFields"] = json!([])),
            ("by us", |o| o["metadata"]["managedFields"][0]["manager"] = "kubectl".into()),
            ("not updated by us", |o| o["metadata"]["managedFields"][0]["operation"] = "Update".into()),
            ("not kept", |o| o["metadata"]["annotations"] = json!({"bridge.gitops/keep": ""})),
            ("not owned", |o| o["metadata"]["ownerReferences"] = json!([{"kind": "Redis", "name": "x"}])),
            ("no container", |o| o["kind"] = "Namespace".into()),
        ];
        assert_eq!(verdict(&owned(|_| ()), true), None);
        for (rule, broken) in rules {
            assert!(verdict(&owned(broken), true).is_some(), "{rule}");
        }
    }
}
