//! The pods of a workload's last change.

use std::time::Duration;

use crate::cluster::{ClusterError, Kinds};
use crate::converge::run::Run;
use crate::desired::id::GroupKind;
use crate::plan::live::Live;
use crate::plan::pod::{is_controlled_by, newest};
use crate::plan::ready::{Proof, Readiness, selector};

/// An object that is waited for.
#[derive(Debug)]
pub(super) struct Awaited {
    pub(super) live: Live,
    /// This run wrote it, so that what its status says of a failure is about what was just asked for. That of an object
    /// which an earlier run wrote may be mended meanwhile.
    pub(super) is_written: bool,
    /// What its pods have proven so far.
    pub(super) proof: Option<Proof>,
}

impl Awaited {
    pub(super) fn new(live: Live, is_written: bool) -> Self {
        Self { live, is_written, proof: None }
    }
}

/// Lists them; nothing for what has no pods.
pub(super) async fn pods(run: &Run<'_>, kinds: &Kinds, workload: &Live) -> Result<Vec<Live>, ClusterError> {
    let Some(selector) = selector(workload) else { return Ok(Vec::new()) };
    let namespace = workload.id().namespace.as_deref();
    let list = |kind: &'static str| {
        let (kind, selector) = (GroupKind::parse(kind), selector.clone());
        async move { run.cluster.list(kinds, &kind, namespace, &selector).await }
    };
    let owner = if workload.id().group_kind.kind == "Deployment" {
        let sets = list("ReplicaSet.apps").await?;
        // A ReplicaSet that cannot make pods says why in a condition of the Deployment.
        let Some(newest) = newest(workload, &sets) else { return Ok(Vec::new()) };
        newest.uid().to_owned()
    } else {
        workload.uid().to_owned()
    };
    let mut pods = list("Pod").await?;
    pods.retain(|live| is_controlled_by(live, &owner));
    Ok(pods)
}

/// Whether processes that no probe asks keep running. Asked only of what this run wrote: others have run for long.
///
/// Who may not look at pods has to do with the workload's own status.
pub(super) async fn proof(
    run: &Run<'_>,
    kinds: &Kinds,
    awaited: &mut Awaited,
    now: Duration,
) -> Result<Readiness, ClusterError> {
    if !awaited.is_written || !Proof::is_needed(&awaited.live) {
        return Ok(Readiness::Ready);
    }
    let before = awaited.proof.take();
    let proof = match before {
        Some(before) if !before.is_due(now) => before,
        before => match pods(run, kinds, &awaited.live).await {
            Ok(pods) => Proof::of(before, &pods, now),
            Err(ClusterError::Forbidden { .. }) => return Ok(Readiness::Ready),
            Err(error) => return Err(error),
        },
    };
    Ok(awaited.proof.insert(proof).readiness(now))
}
