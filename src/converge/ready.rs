//! Waiting, with a deadline, for what later waves or the user need.

#![expect(clippy::disallowed_methods, reason = "waiting needs the clock")]

use std::time::{Duration, Instant};

use futures::{StreamExt, TryStreamExt, stream};

use crate::cluster::ready::{Readiness, readiness};
use crate::cluster::{ClusterError, Kinds};
use crate::converge::error::ConvergeError;
use crate::converge::event::Event;
use crate::converge::outcome::{Failure, FailureClass, Outcome};
use crate::converge::run::Run;
use crate::converge::trial::namespace_id;
use crate::desired::id::{GroupKind, ObjectId};
use crate::plan::change::{Change, Check, NotChecked};
use crate::plan::live::Live;

/// The first pause between two looks; it grows to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// A wait: how long so far, and how long until the next look.
pub(super) struct Patience<'a, 'b> {
    run: &'a Run<'b>,
    started: Instant,
    pause: Duration,
}

impl<'a, 'b> Patience<'a, 'b> {
    pub(super) fn new(run: &'a Run<'b>) -> Self {
        Self { run, started: Instant::now(), pause: FIRST_PAUSE }
    }

    /// Pauses; false when the time is over or the user wants to stop.
    pub(super) async fn goes_on(&mut self, pending: Vec<String>) -> bool {
        let elapsed = self.started.elapsed();
        if elapsed >= self.run.settings.timeout || self.run.is_stopped() {
            return false;
        }
        (self.run.emit)(Event::Waiting { pending, elapsed });
        self.run.interrupt.pause(self.pause.min(self.run.settings.timeout - elapsed)).await;
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        !self.run.is_stopped()
    }
}

/// Waits for objects to become ready; returns those that did not, and why.
pub(super) async fn await_ready(
    run: &Run<'_>,
    kinds: &Kinds,
    objects: Vec<Live>,
) -> Result<Vec<(ObjectId, String)>, ConvergeError> {
    let mut patience = Patience::new(run);
    let mut loaded = Kinds::default();
    let mut pending = unready(objects);
    while !pending.is_empty() {
        let lines = pending.iter().map(|(live, why)| format!("{}: {why}", live.id())).collect();
        if !patience.goes_on(lines).await {
            break;
        }
        let kinds =
            if kinds.serves(&pending[0].0.id().group_kind) { kinds } else { load(run, &mut loaded).await? };
        pending = unready(read_again(run, kinds, pending).await?);
    }
    Ok(pending.into_iter().map(|(live, why)| (live.id().clone(), why)).collect())
}

/// An apply with nothing to write has not asked for the kinds yet.
async fn load<'a>(run: &Run<'_>, loaded: &'a mut Kinds) -> Result<&'a Kinds, ConvergeError> {
    *loaded = run.cluster.kinds().await?;
    Ok(loaded)
}

fn unready(objects: Vec<Live>) -> Vec<(Live, String)> {
    let judge = |live: Live| match readiness(&live) {
        Readiness::Ready => None,
        Readiness::Progressing(why) | Readiness::Failed(why) => Some((live, why)),
    };
    objects.into_iter().filter_map(judge).collect()
}

async fn read_again(
    run: &Run<'_>,
    kinds: &Kinds,
    pending: Vec<(Live, String)>,
) -> Result<Vec<Live>, ClusterError> {
    let read = |(live, _): (Live, String)| async move {
        let now = run.cluster.get(kinds, live.id(), live.object().api_version()).await?;
        Ok::<Live, ClusterError>(now.unwrap_or(live))
    };
    stream::iter(pending).map(read).buffered(run.cluster.parallelism()).try_collect().await
}

/// Waits until the CustomResourceDefinitions serve their kinds. Objects of these kinds need that, so it is waited for
/// even with `--no-wait`.
pub(super) async fn await_established(
    run: &Run<'_>,
    kinds: &Kinds,
    definitions: Vec<Live>,
    outcome: &mut Outcome,
) -> Result<(), ConvergeError> {
    let late = await_ready(run, kinds, definitions).await?;
    if run.is_stopped() {
        return Ok(());
    }
    for (id, message) in late {
        let fix = "look at its conditions with `kubectl describe crd`".to_owned();
        outcome.failures.push(Failure { id, message, fix, class: FailureClass::Failed });
    }
    Ok(())
}

/// Waits for the Argo CD that somebody else installs: its namespace and its kinds, before anything is written.
pub(super) async fn await_argo_cd(
    run: &Run<'_>,
    kinds: &mut Kinds,
    changes: &[Change],
    namespace: &str,
) -> Result<(), ConvergeError> {
    let is_awaited = |change: &&Change, reason: NotChecked| match change {
        Change::Create { check, .. } => *check == Check::NotChecked(reason),
        _ => false,
    };
    if changes.iter().any(|change| is_awaited(&change, NotChecked::NamespaceIsAwaited)) {
        await_namespace(run, kinds, namespace).await?;
    }
    let awaited: Vec<Change> =
        changes.iter().filter(|change| is_awaited(change, NotChecked::KindIsAwaited)).cloned().collect();
    await_kinds(run, kinds, &awaited).await
}

async fn await_namespace(run: &Run<'_>, kinds: &Kinds, namespace: &str) -> Result<(), ConvergeError> {
    let mut patience = Patience::new(run);
    while run.cluster.get(kinds, &namespace_id(namespace), "v1").await?.is_none() {
        if !patience.goes_on(vec![format!("the namespace {namespace} is not there yet")]).await {
            return gave_up(run);
        }
    }
    Ok(())
}

/// A wait that the user ended is no failure.
fn gave_up(run: &Run<'_>) -> Result<(), ConvergeError> {
    if run.is_stopped() {
        return Ok(());
    }
    Err(ConvergeError::NoArgoCd { seconds: run.settings.timeout.as_secs() })
}

/// Waits until the cluster serves the kinds of the changes: right after their definition was established, and where
/// somebody else installs Argo CD.
pub(super) async fn await_kinds(
    run: &Run<'_>,
    kinds: &mut Kinds,
    changes: &[Change],
) -> Result<(), ConvergeError> {
    let mut patience = Patience::new(run);
    loop {
        let missing: Vec<&GroupKind> =
            changes.iter().map(|change| &change.id().group_kind).filter(|kind| !kinds.serves(kind)).collect();
        let Some(first) = missing.first() else { return Ok(()) };
        if !patience.goes_on(vec![format!("the cluster does not know the kind {first} yet")]).await {
            return gave_up(run);
        }
        *kinds = run.cluster.kinds().await?;
    }
}
