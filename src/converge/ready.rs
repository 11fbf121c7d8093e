//! Waiting, with a deadline, for what later waves or the user need.

#![expect(clippy::disallowed_methods, reason = "waiting needs the clock")]

use std::time::{Duration, Instant};

use futures::{StreamExt, TryStreamExt, stream};

use crate::cluster::{ClusterError, Kinds};
use crate::converge::diagnosis::diagnose;
use crate::converge::error::ConvergeError;
use crate::converge::event::Event;
use crate::converge::judge::{Judge, Pending};
use crate::converge::outcome::{Failure, FailureClass, Late, LateCause, Outcome};
use crate::converge::pods::Awaited;
use crate::converge::run::Run;
use crate::desired::id::{GroupKind, ObjectId};
use crate::plan::change::{Change, Check, NotChecked};
use crate::plan::live::Live;

/// The first pause between two looks; it grows to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// How much longer the others are waited for once one cannot become ready: long enough for what fails for the same cause.
const LINGER: Duration = Duration::from_secs(3);

/// A wait: how long so far, and how long until the next look.
pub(super) struct Patience<'a, 'b> {
    run: &'a Run<'b>,
    started: Instant,
    pause: Duration,
    /// How long it goes on after the user asked to stop.
    grace: Duration,
    /// Since when the user wants to stop.
    asked_to_stop: Option<Instant>,
}

impl<'a, 'b> Patience<'a, 'b> {
    pub(super) fn new(run: &'a Run<'b>) -> Self {
        Self::amid_a_change(run, Duration::ZERO)
    }

    /// A wait that goes on for some time after the user asked to stop, because something is half done. Not when somebody
    /// else has the lock.
    pub(super) fn amid_a_change(run: &'a Run<'b>, grace: Duration) -> Self {
        Self { run, started: Instant::now(), pause: FIRST_PAUSE, grace, asked_to_stop: None }
    }

    /// Whether it goes on although the user asked to stop.
    pub(super) fn is_on_grace(&self) -> bool {
        self.asked_to_stop.is_some()
    }

    /// How long it may go on then.
    pub(super) fn longest_grace(&self) -> Duration {
        self.grace.min(self.run.settings.timeout.saturating_sub(self.started.elapsed()))
    }

    fn is_over(&mut self) -> bool {
        if !self.run.is_stopped() {
            return false;
        }
        let since = *self.asked_to_stop.get_or_insert_with(Instant::now);
        self.run.is_lock_lost() || since.elapsed() >= self.grace
    }

    /// Pauses; false when the time is over or the user wants to stop.
    pub(super) async fn goes_on(&mut self, pending: Vec<String>) -> bool {
        let elapsed = self.started.elapsed();
        if elapsed >= self.run.settings.timeout || self.is_over() {
            return false;
        }
        (self.run.emit)(Event::Waiting { pending, elapsed });
        let pause = self.pause.min(self.run.settings.timeout - elapsed);
        match self.is_on_grace() {
            // The request to stop that would end a pause was made.
            true => tokio::time::sleep(pause).await,
            false => self.run.interrupt.pause(pause).await,
        }
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        !self.is_over()
    }
}

/// Waits for objects to become ready, until the time is over or one of them cannot; returns those that did not, and why.
///
/// Once one cannot become ready, the others get [`LINGER`] more: the run has failed, and somebody waits to hear why.
pub(super) async fn await_ready(
    run: &Run<'_>,
    kinds: &Kinds,
    objects: Vec<Awaited>,
) -> Result<Vec<Late>, ConvergeError> {
    let mut patience = Patience::new(run);
    let mut loaded = Kinds::default();
    let mut failed_since = None;
    let mut pending = Judge { run, kinds, now: Duration::ZERO }.pending(objects).await?;
    while pending.iter().any(|one| !one.has_failed) {
        let now = patience.started.elapsed();
        if pending.iter().any(|one| one.has_failed) && now - *failed_since.get_or_insert(now) >= LINGER {
            break;
        }
        if !patience.goes_on(pending.iter().map(Pending::line).collect()).await {
            failed_since = None;
            break;
        }
        let kinds = known(run, kinds, &mut loaded).await?;
        let again = read_again(run, kinds, pending.into_iter().map(|one| one.awaited).collect()).await?;
        let judge = Judge { run, kinds, now: patience.started.elapsed() };
        pending = judge.watch(judge.pending(again).await?).await;
    }
    if pending.is_empty() || run.is_stopped() {
        return Ok(Vec::new());
    }
    let mut late: Vec<(Live, Late)> =
        pending.into_iter().map(|one| late(one, failed_since.is_some())).collect();
    late.sort_by_key(|(_, late)| late.cause);
    Ok(diagnose(run, known(run, kinds, &mut loaded).await?, late).await)
}

fn late(pending: Pending, is_cut_short: bool) -> (Live, Late) {
    let Pending { awaited, why, has_failed } = pending;
    let cause = match (has_failed, is_cut_short) {
        (true, _) => LateCause::Failed,
        (false, true) => LateCause::NotAwaited,
        (false, false) => LateCause::TimedOut,
    };
    let late = Late::new(awaited.live.id().clone(), cause, why);
    (awaited.live, late)
}

/// An apply with nothing to write has not asked for the kinds yet.
async fn known<'a>(
    run: &Run<'_>,
    kinds: &'a Kinds,
    loaded: &'a mut Kinds,
) -> Result<&'a Kinds, ConvergeError> {
    let pod = GroupKind::parse("Pod");
    if kinds.serves(&pod) {
        return Ok(kinds);
    }
    if !loaded.serves(&pod) {
        *loaded = run.cluster.kinds().await?;
    }
    Ok(loaded)
}

async fn read_again(
    run: &Run<'_>,
    kinds: &Kinds,
    objects: Vec<Awaited>,
) -> Result<Vec<Awaited>, ClusterError> {
    let read = |awaited: Awaited| async move {
        let now = run.cluster.get(kinds, awaited.live.id(), awaited.live.object().api_version()).await?;
        let live = now.unwrap_or(awaited.live);
        Ok::<Awaited, ClusterError>(Awaited { live, ..awaited })
    };
    stream::iter(objects).map(read).buffered(run.cluster.parallelism()).try_collect().await
}

/// Waits until the CustomResourceDefinitions serve their kinds. Objects of these kinds need that, so it is waited for
/// even with `--no-wait`.
pub(super) async fn await_established(
    run: &Run<'_>,
    kinds: &Kinds,
    definitions: Vec<Live>,
    outcome: &mut Outcome,
) -> Result<(), ConvergeError> {
    let definitions = definitions.into_iter().map(|live| Awaited::new(live, true)).collect();
    let late = await_ready(run, kinds, definitions).await?;
    if run.is_stopped() {
        return Ok(());
    }
    for Late { id, why: message, .. } in late {
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
    while run.cluster.get(kinds, &ObjectId::of_namespace(namespace), "v1").await?.is_none() {
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
