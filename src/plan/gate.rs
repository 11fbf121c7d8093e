//! Deletions so large that a person must have meant them.
//!
//! A wrong `--profile` must not empty a fleet: where nobody is asked, such a plan needs `--allow-delete`.

use crate::desired::id::ObjectId;
use crate::plan::change::Change;
use crate::plan::consent::Consent;
use crate::plan::live::Live;
use crate::plan::summary::Plan;

/// Why a deletion needs consent, and of which objects.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct NeedsConsent {
    /// In a sentence.
    pub reason: String,
    /// The deletions that nobody consented to.
    pub objects: Vec<ObjectId>,
    /// How many objects the whole plan deletes: what `--allow-delete N` has to be.
    pub deletions: usize,
}

/// Checks that the user consented to what the plan deletes.
///
/// # Errors
/// When a deletion is large and neither named nor counted by `--allow-delete`.
pub fn check_deletions(plan: &Plan, consent: &Consent) -> Result<(), NeedsConsent> {
    let deleted: Vec<&Live> = plan.changes.iter().filter_map(deleted).collect();
    let Some((reason, gated)) = gated(plan, &deleted) else { return Ok(()) };
    let named = |id: &ObjectId| consent.allow_delete.iter().any(|selector| selector.matches(id));
    let objects: Vec<ObjectId> = gated.iter().map(|live| live.id().clone()).filter(|id| !named(id)).collect();
    if objects.is_empty() || consent.allow_deletes >= deleted.len() {
        return Ok(());
    }
    Err(NeedsConsent { reason, objects, deletions: deleted.len() })
}

fn deleted(change: &Change) -> Option<&Live> {
    match change {
        Change::Delete { live } => Some(live),
        Change::Create { .. }
        | Change::Update { .. }
        | Change::Adopt { .. }
        | Change::Unchanged { .. }
        | Change::Conflict { .. }
        | Change::Refused { .. }
        | Change::Terminating { .. }
        | Change::Keep { .. } => None,
    }
}

fn gated<'a>(plan: &Plan, deleted: &[&'a Live]) -> Option<(String, Vec<&'a Live>)> {
    let owned = plan.changes.iter().filter(|change| exists(change)).count();
    if !deleted.is_empty() && deleted.len() == owned {
        return Some((
            format!("the plan deletes everything that bridge owns ({owned} objects)"),
            deleted.to_vec(),
        ));
    }
    let all_clusters =
        plan.changes.iter().filter(|change| exists(change) && is_cluster_secret_change(change)).count();
    let clusters: Vec<&Live> = deleted.iter().copied().filter(|live| is_cluster_secret(live)).collect();
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

fn exists(change: &Change) -> bool {
    !matches!(change, Change::Create { .. } | Change::Refused { .. })
}

/// Whether the object is one of Argo CD's declarative clusters.
#[must_use]
pub fn is_cluster_secret(live: &Live) -> bool {
    live.id().group_kind.kind == "Secret" && live.label("argocd.argoproj.io/secret-type") == Some("cluster")
}

fn is_cluster_secret_change(change: &Change) -> bool {
    match change {
        Change::Update { live, .. }
        | Change::Adopt { live, .. }
        | Change::Delete { live }
        | Change::Unchanged { live }
        | Change::Conflict { live, .. }
        | Change::Terminating { live }
        | Change::Keep { live, .. } => is_cluster_secret(live),
        Change::Create { .. } | Change::Refused { .. } => false,
    }
}
