//! Walks the waves of a plan: write, wait, delete, record.

use std::pin::pin;

use futures::future::{Either, select};

use crate::cluster::{Cluster, Kinds};
use crate::converge::delete;
use crate::converge::error::ConvergeError;
use crate::converge::event::{Emit, Event};
use crate::converge::interrupt::Interrupt;
use crate::converge::lock::Lock;
use crate::converge::outcome::Outcome;
use crate::converge::pods::Awaited;
use crate::converge::ready;
use crate::converge::record::Record;
use crate::converge::run::{ApplySettings, Run};
use crate::converge::write::Writer;
use crate::desired::wave::Wave;
use crate::plan::build::Owner;
use crate::plan::change::Change;
use crate::plan::summary::{ClusterIdentity, Plan};
use crate::plan::workloads::is_set_controller;

/// Applies a plan.
///
/// Objects that fail stop the waves that count on theirs ([`Wave::needs`]); all others go on. What will be written is
/// recorded before it is written, so that an apply that is killed at any point is finished by the next one.
pub async fn apply(
    cluster: &Cluster,
    plan: Plan,
    settings: &ApplySettings,
    emit: Emit<'_>,
    interrupt: &Interrupt,
) -> Outcome {
    let run = Run::new(cluster, settings, emit, interrupt, plan.owner.clone());
    let mut outcome = Outcome::default();
    let walked = if plan.is_empty() {
        run.await_unchanged(plan, &mut outcome).await
    } else {
        run.walk(plan, &mut outcome).await
    };
    outcome.error = walked.err();
    outcome.interrupted = interrupt.is_requested();
    outcome
}

/// When a wave is applied. Clusters, and what they count on, come before the workloads that look at them: controllers that
/// find ApplicationSets of an earlier installation and no clusters would delete what those deployed on the hub.
fn turn(wave: Wave) -> (bool, Wave) {
    (matches!(wave, Wave::Workloads | Wave::ApplicationSets), wave)
}

/// The changes by wave, in order.
fn waves(changes: Vec<Change>) -> Vec<(Wave, Vec<Change>)> {
    let mut waves: Vec<(Wave, Vec<Change>)> = Vec::new();
    for change in changes {
        let wave = wave_of(&change);
        match waves.iter_mut().find(|(known, _)| *known == wave) {
            Some((_, members)) => members.push(change),
            None => waves.push((wave, vec![change])),
        }
    }
    waves.sort_by_key(|(wave, _)| turn(*wave));
    waves
}

fn wave_of(change: &Change) -> Wave {
    match change {
        Change::Create { desired, .. }
        | Change::Update { desired, .. }
        | Change::Adopt { desired, .. }
        | Change::Replace { desired, .. } => Wave::of(desired),
        Change::Unchanged(unchanged) => unchanged.wave,
        Change::Delete { live }
        | Change::Conflict { live, .. }
        | Change::Terminating { live }
        | Change::Keep { live, .. } => Wave::of(live.object()),
        Change::Refused { .. } => Wave::ApplicationSets,
    }
}

/// Whether it creates the namespace that the inventory stands in: the one object that is written before it is recorded.
fn is_home(change: &Change, owner: &Owner) -> bool {
    matches!(change, Change::Create { desired, .. } if owner.is_home(desired.id()))
}

fn is_write(change: &Change) -> bool {
    match change {
        Change::Create { .. } | Change::Update { .. } | Change::Adopt { .. } | Change::Replace { .. } => true,
        Change::Delete { .. }
        | Change::Unchanged { .. }
        | Change::Conflict { .. }
        | Change::Refused { .. }
        | Change::Terminating { .. }
        | Change::Keep { .. } => false,
    }
}

/// What a controller of ApplicationSets that starts must find, beside what a workload needs anyway.
const CLUSTERS: [Wave; 2] = [Wave::Projects, Wave::Clusters];

/// Whether a controller of ApplicationSets would begin to run. One that runs already is changed all the same.
fn starts_set_controller(change: &Change) -> bool {
    matches!(change, Change::Create { desired, .. } if is_set_controller(desired))
}

/// The live object of a change that writes nothing, when it is waited for.
fn awaited(change: Change) -> Option<Awaited> {
    match change {
        Change::Unchanged(unchanged) => unchanged.awaited.map(|live| Awaited::new(live, false)),
        Change::Create { .. }
        | Change::Update { .. }
        | Change::Adopt { .. }
        | Change::Replace { .. }
        | Change::Delete { .. }
        | Change::Conflict { .. }
        | Change::Refused { .. }
        | Change::Terminating { .. }
        | Change::Keep { .. } => None,
    }
}

impl Run<'_> {
    async fn walk(&self, plan: Plan, outcome: &mut Outcome) -> Result<(), ConvergeError> {
        let mut kinds = self.cluster.kinds().await?;
        let mut record = Record::new(&plan);
        ready::await_argo_cd(self, &mut kinds, &plan.changes, &plan.owner.namespace).await?;
        self.check_cluster(plan.cluster.as_ref()).await?;
        let (deletions, others): (Vec<Change>, Vec<Change>) =
            plan.changes.into_iter().partition(|change| matches!(change, Change::Delete { .. }));
        let (home, others) = others.into_iter().partition(|change| is_home(change, &self.owner));
        self.wave(Wave::Namespaces, home, &mut kinds, self.is_stopped(), outcome).await?;
        let may_go_on = !outcome.must_stop() && !self.is_stopped();
        let lock = if may_go_on { Lock::take(self, &kinds).await? } else { None };
        let Some(lock) = lock else {
            let rest: Vec<Change> = others.into_iter().filter(is_write).chain(deletions).collect();
            self.skip(&rest, outcome);
            return Ok(());
        };
        let is_destroy = plan.is_destroy;
        let work = self.locked(others, deletions, &mut kinds, &mut record, outcome);
        let done = match select(pin!(work), pin!(lock.keep(self))).await {
            Either::Left((done, _)) => done,
            Either::Right(((), work)) => {
                self.lose_lock();
                return work.await.and(Err(ConvergeError::LockLost));
            }
        };
        lock.release(self, is_destroy).await;
        done
    }

    /// Everything that is done while the lock is held.
    async fn locked(
        &self,
        others: Vec<Change>,
        deletions: Vec<Change>,
        kinds: &mut Kinds,
        record: &mut Record,
        outcome: &mut Outcome,
    ) -> Result<(), ConvergeError> {
        record.widen(self, kinds).await?;
        let mut incomplete: Vec<Wave> = Vec::new();
        for (wave, mut changes) in waves(others) {
            if CLUSTERS.iter().any(|needed| incomplete.contains(needed)) {
                // It would delete what ApplicationSets that are there deployed for a cluster which it does not find.
                let (controllers, rest): (Vec<Change>, Vec<Change>) =
                    changes.into_iter().partition(starts_set_controller);
                self.skip(&controllers, outcome);
                changes = rest;
            }
            let counts_on_it = wave.needs().iter().any(|needed| incomplete.contains(needed));
            let stop = counts_on_it || outcome.is_unreachable() || self.is_stopped();
            let before = outcome.undone();
            self.wave(wave, changes, kinds, stop, outcome).await?;
            if outcome.undone() > before {
                incomplete.push(wave);
            }
        }
        delete::delete_all(self, kinds, deletions, record, outcome).await?;
        record.narrow(self, kinds, outcome).await
    }

    /// Asks right before the first write whether this is still the cluster that the plan was made for: between them stand
    /// the user's answer and the wait for somebody else's Argo CD.
    async fn check_cluster(&self, planned: Option<&ClusterIdentity>) -> Result<(), ConvergeError> {
        let planned = planned.unwrap_or_else(|| self.cluster.identity());
        let found = self.cluster.uid_now().await?;
        if found == planned.uid {
            return Ok(());
        }
        let ClusterIdentity { server, context: _, uid, kubectl: _ } = planned.clone();
        Err(ConvergeError::AnotherCluster { server, planned: uid, found })
    }

    /// With nothing to write there may still be something to wait for: what an earlier apply did not see become ready.
    async fn await_unchanged(&self, plan: Plan, outcome: &mut Outcome) -> Result<(), ConvergeError> {
        let objects = plan.changes.into_iter().filter_map(awaited).collect();
        self.wait_ready(&Kinds::default(), objects, outcome).await
    }

    async fn wave(
        &self,
        wave: Wave,
        changes: Vec<Change>,
        kinds: &mut Kinds,
        stop: bool,
        outcome: &mut Outcome,
    ) -> Result<(), ConvergeError> {
        let (writes, rest): (Vec<Change>, Vec<Change>) = changes.into_iter().partition(is_write);
        if stop {
            self.skip(&writes, outcome);
            return Ok(());
        }
        if wave > Wave::Definitions && !writes.is_empty() {
            ready::await_kinds(self, kinds, &writes).await?;
        }
        if self.is_stopped() {
            self.skip(&writes, outcome);
            return Ok(());
        }
        if !writes.is_empty() {
            (self.emit)(Event::WaveStarted { name: wave.title(), changes: writes.len() });
        }
        let written = Writer { run: self, kinds }.write_all(writes, outcome).await;
        match wave {
            Wave::Definitions if !written.is_empty() => {
                ready::await_established(self, kinds, written, outcome).await?;
                *kinds = self.cluster.kinds().await?;
            }
            // Who is to look at ApplicationSets may be the workload that is late.
            _ if wave.is_awaited() && outcome.not_ready.is_empty() => {
                let written = written.into_iter().map(|live| Awaited::new(live, true));
                let objects = written.chain(rest.into_iter().filter_map(awaited)).collect();
                self.wait_ready(kinds, objects, outcome).await?;
            }
            _ => {}
        }
        Ok(())
    }

    fn skip(&self, writes: &[Change], outcome: &mut Outcome) {
        let reason = match (self.interrupt.is_requested(), self.is_stopped()) {
            (true, _) => "interrupted",
            (false, true) => "somebody else has the lock",
            (false, false) => "something that it needs failed",
        };
        for change in writes {
            (self.emit)(Event::Skipped { id: change.id().clone(), reason: reason.to_owned() });
            outcome.not_tried.push(change.id().clone());
        }
    }

    async fn wait_ready(
        &self,
        kinds: &Kinds,
        objects: Vec<Awaited>,
        outcome: &mut Outcome,
    ) -> Result<(), ConvergeError> {
        if self.settings.wait {
            let late = ready::await_ready(self, kinds, objects).await?;
            outcome.not_ready.extend(late);
        }
        Ok(())
    }
}
