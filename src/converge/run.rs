//! What the steps of an apply share.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::cluster::{Cluster, ClusterError};
use crate::converge::event::{Emit, Event};
use crate::converge::interrupt::Interrupt;
use crate::desired::id::ObjectId;
use crate::plan::build::Owner;
use crate::plan::consent::Consent;

/// How often a change is looked at again when its object moves meanwhile, as Argo CD's controllers move theirs.
pub(super) const LOOKS: u32 = 5;

/// How to apply.
#[derive(Debug, Clone)]
pub struct ApplySettings {
    /// Wait for workloads and ApplicationSets to become ready.
    pub wait: bool,
    /// The longest that each wait may take.
    pub timeout: Duration,
    /// The longest wait for another apply that holds the lock.
    pub lock_timeout: Duration,
    /// Who applies, for the lock: unique among all processes of all machines, and fit to be read.
    pub holder: String,
    /// What the user allowed.
    pub consent: Consent,
}

/// Everything that the steps of an apply share.
pub(super) struct Run<'a> {
    pub(super) cluster: &'a Cluster,
    pub(super) settings: &'a ApplySettings,
    pub(super) emit: Emit<'a>,
    pub(super) interrupt: &'a Interrupt,
    /// Whose inventory it is.
    pub(super) owner: Owner,
    /// Somebody else took the lock over.
    is_lock_lost: AtomicBool,
    /// Nobody takes a connection any more.
    is_away: AtomicBool,
    /// It was said that something may not be looked at.
    is_blindness_said: AtomicBool,
}

impl<'a> Run<'a> {
    pub(super) fn new(
        cluster: &'a Cluster,
        settings: &'a ApplySettings,
        emit: Emit<'a>,
        interrupt: &'a Interrupt,
        owner: Owner,
    ) -> Self {
        let [is_lock_lost, is_away, is_blindness_said] = [false; 3].map(AtomicBool::new);
        Self { cluster, settings, emit, interrupt, owner, is_lock_lost, is_away, is_blindness_said }
    }

    /// Notes that somebody else has the lock now.
    pub(super) fn lose_lock(&self) {
        self.is_lock_lost.store(true, Ordering::SeqCst);
    }

    /// Whether somebody else has the lock now.
    pub(super) fn is_lock_lost(&self) -> bool {
        self.is_lock_lost.load(Ordering::SeqCst)
    }

    /// Notes whether an error says that the cluster has gone away: each of a thousand objects would find that out anew.
    pub(super) fn see(&self, error: &ClusterError) {
        self.is_away.fetch_or(error.is_away(), Ordering::SeqCst);
    }

    /// Whether the cluster has gone away, so that nothing else needs to be tried.
    pub(super) fn is_away(&self) -> bool {
        self.is_away.load(Ordering::SeqCst)
    }

    /// Says, the first time, that what stands behind an object may not be looked at.
    pub(super) fn say_blind(&self, id: &ObjectId, error: &ClusterError) {
        if !self.is_blindness_said.swap(true, Ordering::SeqCst) {
            let message =
                format!("what stands behind it cannot be looked at, so its own status has to do: {error}");
            (self.emit)(Event::Warning { id: id.clone(), message });
        }
    }

    /// Whether nothing more may be written: the user interrupted, or somebody else has the lock.
    pub(super) fn is_stopped(&self) -> bool {
        self.interrupt.is_requested() || self.is_lock_lost()
    }
}
