//! Deletions so large that a person must have meant them.
//!
//! A wrong `--profile` must not empty a fleet: where nobody is asked, such a plan needs `--allow-delete`. A replacement is
//! none of it: `--replace` names each object, which comes back, and cluster Secrets and ApplicationSets are never replaced.

use crate::desired::id::ObjectId;
use crate::desired::wave::Wave;
use crate::plan::change::Change;
use crate::plan::consent::Consent;
use crate::plan::decide::is_applied;
use crate::plan::live::Live;
use crate::plan::prune::is_container;
use crate::plan::summary::Plan;

/// Why a deletion needs consent, and of which objects.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct NeedsConsent {
    /// In a sentence.
    pub reason: String,
    /// The deletions that nobody consented to.
    pub objects: Vec<ObjectId>,
    /// How many objects the whole plan deletes, and the profiles before it: what `--allow-delete N` has to be.
    pub deletions: usize,
}

/// Checks that the user consented to what the plan deletes; returns how many deletions of `--allow-delete N` that spends.
///
/// N holds over all profiles of a command: each spends its part ([`Consent::spent_deletes`]).
///
/// # Errors
/// When a deletion is large and neither named nor counted by `--allow-delete`.
pub fn check_deletions(plan: &Plan, consent: &Consent) -> Result<usize, NeedsConsent> {
    let deleted: Vec<&Live> = plan.changes.iter().filter_map(Change::deleted).collect();
    let Some((reason, gated)) = gated(plan, &deleted) else { return Ok(0) };
    let named = |id: &ObjectId| consent.allow_delete.iter().any(|selector| selector.matches(id));
    let objects: Vec<ObjectId> = gated.iter().map(|live| live.id().clone()).filter(|id| !named(id)).collect();
    if objects.is_empty() {
        return Ok(0);
    }
    let deletions = consent.spent_deletes + deleted.len();
    if consent.allow_deletes >= deletions {
        return Ok(deleted.len());
    }
    Err(NeedsConsent { reason, objects, deletions })
}

fn gated<'a>(plan: &Plan, deleted: &[&'a Live]) -> Option<(String, Vec<&'a Live>)> {
    let owned_before = || plan.changes.iter().filter(|change| is_owned_before(change));
    let owned = owned_before().filter(|change| !is_container(&change.id().group_kind)).count();
    if !deleted.is_empty() && deleted.len() == owned {
        return Some((
            format!("the plan deletes everything that bridge owns ({owned} objects)"),
            deleted.to_vec(),
        ));
    }
    let all_clusters = owned_before().filter(|change| is_cluster_secret(change)).count();
    let clusters: Vec<&Live> = deleted.iter().copied().filter(|live| live.is_cluster_secret()).collect();
    let sets: Vec<&Live> =
        deleted.iter().copied().filter(|live| live.id().group_kind.kind == "ApplicationSet").collect();
    let most_clusters = clusters.len() * 2 > all_clusters;
    match (most_clusters, sets.is_empty()) {
        (true, _) => {
            let reason = format!("the plan deletes {} of {all_clusters} cluster Secrets", clusters.len());
            Some((reason, clusters.into_iter().chain(sets).collect()))
        }
        (false, false) => Some((format!("the plan deletes {} ApplicationSets", sets.len()), sets)),
        (false, true) => None,
    }
}

/// Whether bridge owns the object before the plan is applied. What is only now taken over must not make a fleet look
/// larger than it is.
fn is_owned_before(change: &Change) -> bool {
    matches!(change, Change::Unchanged(_)) || change.live().is_some_and(is_applied)
}

/// Whether the object that is there is one of Argo CD's declarative clusters.
fn is_cluster_secret(change: &Change) -> bool {
    match change {
        Change::Unchanged(unchanged) => unchanged.wave == Wave::Clusters,
        _ => change.live().is_some_and(Live::is_cluster_secret),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::{Change, Consent, Live, Plan, check_deletions};
    use crate::plan::change::{Check, Unchanged};

    fn live(kind: &str, name: &str) -> Live {
        let labels = json!({"argocd.argoproj.io/secret-type": "cluster"});
        let ours = json!([{"manager": "bridge", "operation": "Apply"}]);
        let metadata = json!({"name": name, "labels": labels, "managedFields": ours});
        Live::new(json!({"apiVersion": "v1", "kind": kind, "metadata": metadata})).unwrap()
    }

    fn plan(deleted: &[(&str, &str)], kept: &[(&str, &str)]) -> Plan {
        let delete = |(kind, name): &(&str, &str)| Change::Delete { live: live(kind, name) };
        let keep = |(kind, name): &(&str, &str)| Change::Unchanged(Unchanged::of(live(kind, name)));
        let changes = deleted.iter().map(delete).chain(kept.iter().map(keep)).collect();
        Plan::with(changes)
    }

    fn consent(names: &[&str], count: usize) -> Consent {
        let allow_delete: BTreeSet<_> = names.iter().map(|name| name.parse().unwrap()).collect();
        Consent { allow_delete, allow_deletes: count, ..Consent::default() }
    }

    #[test]
    fn large_deletions_need_consent() {
        let secrets = [("Secret", "a"), ("Secret", "b")];
        let cases: [(&str, Plan, bool); 6] = [
            ("nothing is deleted", plan(&[], &secrets), true),
            ("half of the clusters", plan(&[("Secret", "a")], &[("Secret", "b")]), true),
            ("more than half", plan(&secrets, &[("Secret", "c")]), false),
            ("an ApplicationSet", plan(&[("ApplicationSet", "addons")], &secrets), false),
            ("a ConfigMap", plan(&[("ConfigMap", "x")], &secrets), true),
            ("everything", plan(&[("ConfigMap", "x")], &[]), false),
        ];
        for (case, plan, allowed) in cases {
            assert_eq!(check_deletions(&plan, &Consent::default()).is_ok(), allowed, "{case}");
        }
    }

    #[test]
    fn a_replacement_is_its_own_consent() {
        let live = live("Service", "server");
        let (desired, fields) = (live.object().clone(), Vec::new());
        let replace = || Change::Replace {
            desired: desired.clone(),
            live: live.clone(),
            fields: fields.clone(),
            immutable: vec!["spec.clusterIPs[0]".to_owned()],
            check: Check::ByServer,
        };
        let with = |mut plan: Plan| {
            plan.changes.push(replace());
            check_deletions(&plan, &Consent::default())
        };
        assert_eq!(with(plan(&[], &[])), Ok(0));
        assert_eq!(with(plan(&[("ConfigMap", "x")], &[])), Ok(0), "it is owned, so not everything goes");
        assert!(with(plan(&[("ApplicationSet", "addons")], &[])).is_err());
    }

    #[test]
    fn consent_is_by_name_or_by_number() {
        let plan = plan(&[("Secret", "a"), ("Secret", "b")], &[("Secret", "c")]);
        assert!(check_deletions(&plan, &consent(&["Secret/a"], 0)).is_err());
        assert!(check_deletions(&plan, &consent(&["Secret/a", "Secret/b"], 0)).is_ok());
        assert!(check_deletions(&plan, &consent(&[], 1)).is_err());
        assert!(check_deletions(&plan, &consent(&[], 2)).is_ok());
    }

    #[test]
    fn a_number_is_spent_by_the_plans_that_need_it() {
        let plan = plan(&[("Secret", "a"), ("Secret", "b")], &[("Secret", "c")]);
        let after = |spent| Consent { spent_deletes: spent, ..consent(&[], 3) };
        assert_eq!(check_deletions(&plan, &after(1)), Ok(2));
        assert_eq!(check_deletions(&plan, &after(2)).unwrap_err().deletions, 4);
        assert_eq!(
            check_deletions(&plan, &consent(&["Secret/a", "Secret/b"], 3)),
            Ok(0),
            "named is not counted"
        );
    }
}
