//! Consents to a replacement that mean more than one object.

use crate::desired::id::ObjectId;
use crate::plan::change::Change;
use crate::plan::consent::{Consent, ObjectSelector};
use crate::plan::replace::never_replaced;
use crate::plan::summary::Plan;

/// A `--replace KIND/NAME` that means more than one of the desired objects: one of them, perhaps, by mistake.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("--replace {selector} means {} objects: {}", objects.len(), list(objects))]
pub struct Ambiguous {
    /// As it stands on the command line.
    pub selector: ObjectSelector,
    /// What it means.
    pub objects: Vec<ObjectId>,
}

fn list(objects: &[ObjectId]) -> String {
    objects.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// Checks that each `--replace` means one of the desired objects at most. Kinds that are never replaced do not count.
///
/// # Errors
/// The first that means more.
pub fn check_replacements(plan: &Plan, consent: &Consent) -> Result<(), Ambiguous> {
    let may_be = |id: &&ObjectId| never_replaced(&id.group_kind).is_none();
    let desired: Vec<&ObjectId> = plan.changes.iter().filter_map(desired).filter(may_be).collect();
    consent.replace.iter().try_for_each(|selector| {
        let meant = desired.iter().filter(|id| selector.matches(id));
        let objects: Vec<ObjectId> = meant.map(|id| (*id).clone()).collect();
        if objects.len() < 2 { Ok(()) } else { Err(Ambiguous { selector: selector.clone(), objects }) }
    })
}

fn desired(change: &Change) -> Option<&ObjectId> {
    match change {
        Change::Create { .. }
        | Change::Update { .. }
        | Change::Adopt { .. }
        | Change::Replace { .. }
        | Change::Unchanged(_)
        | Change::Conflict { .. }
        | Change::Refused { .. }
        | Change::Terminating { .. } => Some(change.id()),
        Change::Delete { .. } | Change::Keep { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Change, Consent, Plan, check_replacements};
    use crate::plan::change::Unchanged;
    use crate::plan::live::Live;

    fn live(api_version: &str, namespace: &str) -> Live {
        let metadata = json!({ "name": "server", "namespace": namespace });
        Live::new(json!({ "apiVersion": api_version, "kind": "Service", "metadata": metadata })).unwrap()
    }

    #[test]
    fn a_name_in_two_namespaces_is_not_enough() {
        let unchanged = [live("v1", "argocd"), live("v1", "tools"), live("serving.knative.dev/v1", "tools")];
        let changes = unchanged.map(|live| Change::Unchanged(Unchanged::of(live)));
        let gone = Change::Delete { live: live("v1", "old") };
        let changes = changes.into_iter().chain([gone]).collect();
        let plan = Plan::with(changes);
        let check = |named: &str| {
            let consent = Consent { replace: [named.parse().unwrap()].into(), ..Consent::default() };
            check_replacements(&plan, &consent)
        };
        assert_eq!(
            check("Service/server").unwrap_err().to_string(),
            "--replace Service/server means 2 objects: Service/argocd/server, Service/tools/server"
        );
        assert_eq!(check("service/tools/server"), Ok(()));
        assert_eq!(check("Service/other"), Ok(()));
    }
}
