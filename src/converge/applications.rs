//! What a deletion does to Applications: those of ApplicationSets that go are waited for, while the controllers that remove
//! them still run; those of sets that stay must not go with the clusters that they are for.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::cluster::{ClusterError, Kinds};
use crate::converge::delete::holder;
use crate::converge::error::ConvergeError;
use crate::converge::outcome::{Failure, FailureClass, Outcome};
use crate::converge::ready::Patience;
use crate::converge::run::Run;
use crate::desired::id::{GroupKind, ObjectId};
use crate::plan::live::Live;
use crate::plan::workloads::{Application, SET_CONTROLLER, Set, sets_that_would_delete};

const APPLICATION: &str = "Application.argoproj.io";

/// Waits until the Applications of deleted ApplicationSets are gone.
///
/// With `orphans`, as in a destroy, those of sets that do not exist any more are waited for, too.
pub(super) async fn await_gone(
    run: &Run<'_>,
    kinds: &Kinds,
    sets: &[Live],
    orphans: bool,
    outcome: &mut Outcome,
) -> Result<(), ConvergeError> {
    let mut patience = Patience::new(run);
    loop {
        let applications = going(run, kinds, sets, orphans).await?;
        let lines: Vec<String> =
            applications.iter().map(|live| format!("{} is still there", live.id())).collect();
        if applications.is_empty() || !patience.goes_on(lines).await {
            outcome.remaining.extend(applications.iter().map(|live| (live.id().clone(), why_it_stays(live))));
            return Ok(());
        }
    }
}

/// What holds it, and what Argo CD says of its own attempts to clear that: a spoke that does not answer, most of the time.
fn why_it_stays(live: &Live) -> String {
    let conditions = live.body().pointer("/status/conditions").and_then(Value::as_array);
    let is_error = |condition: &&Value| condition["type"] == "DeletionError";
    let error = conditions.into_iter().flatten().find(is_error).and_then(|it| it["message"].as_str());
    let held = holder(live).words();
    error.map_or_else(|| held.clone(), |error| format!("{held}; Argo CD says: {error}"))
}

async fn going(
    run: &Run<'_>,
    kinds: &Kinds,
    sets: &[Live],
    orphans: bool,
) -> Result<Vec<Live>, ClusterError> {
    if !kinds.serves(&GroupKind::parse(APPLICATION)) || (sets.is_empty() && !orphans) {
        return Ok(Vec::new());
    }
    // Before the sets: an Application that takes sets along may go at any time, and these with it.
    let all = all(run, kinds).await?;
    let living = living_sets(run, kinds).await?;
    let lives = |uid: &Value| living.iter().any(|set| *uid == set.uid());
    let is_deleted = |uid: &Value| sets.iter().any(|set| *uid == set.uid());
    let waits_for = |owner: &Value| {
        owner["kind"] == "ApplicationSet" && (is_deleted(&owner["uid"]) || (orphans && !lives(&owner["uid"])))
    };
    Ok(all.into_iter().filter(|live| live.owner_references().iter().any(waits_for)).collect())
}

async fn all(run: &Run<'_>, kinds: &Kinds) -> Result<Vec<Live>, ClusterError> {
    let application = GroupKind::parse(APPLICATION);
    if !kinds.serves(&application) {
        return Ok(Vec::new());
    }
    run.cluster.list(kinds, &application, Some(&run.owner.namespace), "").await
}

/// Keeps the cluster Secrets with which something would go that ApplicationSets deployed, unless the user named them: the
/// controller of those sets is not bridge's to end. Gives those that may go.
pub(super) async fn refuse_cascading(
    run: &Run<'_>,
    kinds: &Kinds,
    clusters: Vec<Live>,
    sets: &[Live],
    outcome: &mut Outcome,
) -> Result<Vec<Live>, ClusterError> {
    let applications: Vec<Application> = all(run, kinds).await?.iter().map(Application::of).collect();
    let sets: Vec<Set> = sets.iter().map(Set::of).collect();
    let consent = &run.settings.consent.allow_delete;
    let mut free = Vec::new();
    for secret in clusters {
        let would = sets_that_would_delete(&secret, &sets, &applications);
        if would.is_empty() || consent.iter().any(|named| named.matches(secret.id())) {
            free.push(secret);
        } else {
            outcome.failures.push(would_cascade(secret.id(), &run.owner.namespace, &would));
        }
    }
    Ok(free)
}

fn would_cascade(id: &ObjectId, namespace: &str, sets: &BTreeSet<&str>) -> Failure {
    let names = |separator| sets.iter().copied().collect::<Vec<_>>().join(separator);
    let (message, orphan) = (
        format!(
            "these ApplicationSets stay, and delete what they deployed here when it is gone: {}",
            names(", ")
        ),
        format!("kubectl -n {namespace} delete applicationset {} --cascade=orphan", names(" ")),
    );
    let fix = format!(
        "`{orphan}` leaves what they deployed, then run the same command again; or, to have it deleted, \
         --allow-delete Secret/{}",
        id.name
    );
    Failure { id: id.clone(), message, fix, class: FailureClass::Failed }
}

/// The ApplicationSets in Argo CD's namespace that nobody has deleted. Without their definition there is none, while
/// Applications may still be there.
pub(super) async fn living_sets(run: &Run<'_>, kinds: &Kinds) -> Result<Vec<Live>, ClusterError> {
    let set = GroupKind::parse("ApplicationSet.argoproj.io");
    if !kinds.serves(&set) {
        return Ok(Vec::new());
    }
    let all = run.cluster.list(kinds, &set, Some(&run.owner.namespace), "").await?;
    Ok(all.into_iter().filter(|set| !set.is_terminating()).collect())
}

/// Whether a controller that makes and deletes Applications may still run. Of one that somebody else installs nobody knows how
/// it is labelled.
pub(super) async fn may_set_controller_live(run: &Run<'_>, kinds: &Kinds) -> Result<bool, ClusterError> {
    let deployment = GroupKind::parse("Deployment.apps");
    let selector = format!("{}={}", SET_CONTROLLER.0, SET_CONTROLLER.1);
    let namespace = Some(run.owner.namespace.as_str());
    Ok(!run.owner.installs_argocd
        || !run.cluster.list(kinds, &deployment, namespace, &selector).await?.is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Live, why_it_stays};

    #[test]
    fn what_argo_cd_says_of_its_own_attempts_is_told() {
        let mut application = json!({
            "apiVersion": "argoproj.io/v1alpha1", "kind": "Application",
            "metadata": {"name": "a", "namespace": "argocd", "finalizers": ["resources-finalizer.argocd.argoproj.io"]},
        });
        let held = "held by the finalizer resources-finalizer.argocd.argoproj.io";
        assert_eq!(why_it_stays(&Live::new(application.clone()).unwrap()), held);
        application["status"]["conditions"] = json!([
            {"type": "SyncError", "message": "an older sync failed"},
            {"type": "DeletionError", "message": "dial tcp 10.0.0.1:6443: connect: connection refused"},
        ]);
        let said = why_it_stays(&Live::new(application).unwrap());
        assert_eq!(
            said,
            format!("{held}; Argo CD says: dial tcp 10.0.0.1:6443: connect: connection refused")
        );
    }
}
