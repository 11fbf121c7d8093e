//! What is waited for, and the pods of a workload's last change.

use crate::cluster::{ClusterError, Kinds};
use crate::converge::run::Run;
use crate::desired::id::GroupKind;
use crate::plan::live::Live;
use crate::plan::pod::{is_controlled_by, newest};
use crate::plan::ready::{Proof, Watch, selector};

/// An object that is waited for.
#[derive(Debug)]
pub(super) struct Awaited {
    pub(super) live: Live,
    /// This run wrote it, so that what its status says of a failure is about what was just asked for. That of an object
    /// which an earlier run wrote may be mended meanwhile.
    pub(super) is_written: bool,
    /// It was looked at in this wait, and was not ready.
    pub(super) was_late: bool,
    /// What its pods have proven so far.
    pub(super) proof: Option<Proof>,
    /// What keeps its pods from running.
    pub(super) watch: Watch,
    /// It was told, while it is waited for, what is behind it.
    pub(super) is_told: bool,
}

impl Awaited {
    pub(super) fn new(live: Live, is_written: bool) -> Self {
        Self { live, is_written, was_late: false, proof: None, watch: Watch::default(), is_told: false }
    }

    /// Whether more is asked than its own status. Of what nobody changed and is ready it is not: an apply with nothing to do
    /// costs no look at pods.
    pub(super) fn is_watched(&self) -> bool {
        self.is_written || self.was_late
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
