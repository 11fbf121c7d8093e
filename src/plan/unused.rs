//! Consents that the plan has no use for: most likely a typing error.

use std::collections::BTreeSet;

use crate::desired::id::ObjectId;
use crate::plan::change::{Change, ConflictReason, FieldConflict};
use crate::plan::consent::{Consent, FieldSelector};
use crate::plan::live::Live;
use crate::plan::summary::Plan;

/// Each consent that matches nothing in the plan, as it stands on the command line, with what it would match.
#[must_use]
pub fn unused(plan: &Plan, consent: &Consent) -> Vec<String> {
    let Consent {
        adopt,
        force_conflicts,
        replace,
        allow_delete,
        allow_deletes,
        rename_from,
        targets: _,
        spent_deletes: _,
    } = consent;
    let any = |matches: &dyn Fn(&Change) -> bool| plan.changes.iter().any(matches);
    let adopt = adopt
        .iter()
        .filter(|manager| !any(&|change| managers(change).contains(*manager)))
        .map(|manager| format!("--adopt {manager}: nothing in the profile is managed by it"));
    let force = force_conflicts
        .iter()
        .filter(|field| !any(&|change| is_contested(change, field)))
        .map(|field| format!("--force-conflicts {field}: nobody else owns this field"));
    let replace = replace
        .iter()
        .filter(|object| !any(&|change| may_be_replaced(change).is_some_and(|id| object.matches(id))))
        .map(|object| format!("--replace {object}: nothing of this name has to be replaced"));
    let delete = allow_delete
        .iter()
        .filter(|object| !any(&|change| may_go(change).is_some_and(|id| object.matches(id))))
        .map(|object| format!("--allow-delete {object}: nothing of this name would be deleted"));
    let is_recorded = |old: &String| plan.recorded.as_ref().is_some_and(|recorded| recorded.profile == *old);
    let rename = rename_from
        .iter()
        .filter(|old| !is_recorded(old))
        .map(|old| format!("--rename-from {old}: the hub records no profile of this name"));
    let count = (*allow_deletes > 0 && !any(&|change| change.deleted().is_some()))
        .then(|| format!("--allow-delete {allow_deletes}: nothing would be deleted"));
    adopt.chain(force).chain(replace).chain(delete).chain(count).chain(rename).collect()
}

/// Everyone who owns fields of the object that is there.
fn managers(change: &Change) -> BTreeSet<String> {
    match change {
        Change::Unchanged(unchanged) => unchanged.managers.clone(),
        _ => change.live().map(Live::managers).unwrap_or_default(),
    }
}

fn is_contested(change: &Change, selector: &FieldSelector) -> bool {
    let is_meant = |conflict: &FieldConflict| selector.matches(change.id(), &conflict.field);
    match change {
        Change::Update { forced, .. } => forced.iter().any(is_meant),
        Change::Conflict { reason: ConflictReason::Fields(fields), .. } => {
            fields.iter().any(|contested| is_meant(&contested.conflict))
        }
        // Their fields are not told one by one.
        Change::Adopt { .. } | Change::Conflict { .. } | Change::Refused { .. } => {
            selector.object().matches(change.id())
        }
        Change::Create { .. }
        | Change::Replace { .. }
        | Change::Delete { .. }
        | Change::Unchanged { .. }
        | Change::Terminating { .. }
        | Change::Keep { .. } => false,
    }
}

/// What is replaced, and what is not for a reason of its own although it was named.
fn may_be_replaced(change: &Change) -> Option<&ObjectId> {
    match change {
        Change::Replace { .. }
        | Change::Conflict { .. }
        | Change::Refused { .. }
        | Change::Terminating { .. } => Some(change.id()),
        Change::Create { .. }
        | Change::Update { .. }
        | Change::Adopt { .. }
        | Change::Delete { .. }
        | Change::Unchanged { .. }
        | Change::Keep { .. } => None,
    }
}

/// What goes, and what stays for a reason of its own although it was named.
fn may_go(change: &Change) -> Option<&ObjectId> {
    match change {
        Change::Delete { live } | Change::Keep { live, .. } | Change::Terminating { live } => Some(live.id()),
        Change::Create { .. }
        | Change::Update { .. }
        | Change::Adopt { .. }
        | Change::Replace { .. }
        | Change::Unchanged { .. }
        | Change::Conflict { .. }
        | Change::Refused { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Change, Consent, Live, Plan, unused};

    fn plan(changes: Vec<Change>) -> Plan {
        Plan::with(changes)
    }

    #[test]
    fn a_consent_that_matches_nothing_is_named() {
        let managed = json!([{"manager": "helm", "operation": "Update"}]);
        let live = Live::new(json!({"apiVersion": "v1", "kind": "Secret",
            "metadata": {"name": "dev", "namespace": "argocd", "managedFields": managed}}))
        .unwrap();
        let plan = plan(vec![Change::Delete { live }]);
        let consent = Consent {
            adopt: ["helm", "hlem"].map(str::to_owned).into(),
            force_conflicts: ["Secret/dev:.data.a".parse().unwrap()].into(),
            replace: ["Secret/dev".parse().unwrap()].into(),
            allow_delete: ["Secret/dev", "Secret/dve"].map(|name| name.parse().unwrap()).into(),
            allow_deletes: 1,
            rename_from: Some("old".to_owned()),
            ..Consent::default()
        };
        assert_eq!(
            unused(&plan, &consent),
            [
                "--adopt hlem: nothing in the profile is managed by it",
                "--force-conflicts Secret/dev:.data.a: nobody else owns this field",
                "--replace Secret/dev: nothing of this name has to be replaced",
                "--allow-delete Secret/dve: nothing of this name would be deleted",
                "--rename-from old: the hub records no profile of this name",
            ]
        );
        let counted = Consent { allow_deletes: 3, ..Consent::default() };
        assert_eq!(unused(&self::plan(Vec::new()), &counted), ["--allow-delete 3: nothing would be deleted"]);
    }
}
