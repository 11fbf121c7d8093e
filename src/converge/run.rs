//! What the steps of an apply share.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::cluster::Cluster;
use crate::converge::event::Emit;
use crate::converge::interrupt::Interrupt;
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
}

impl<'a> Run<'a> {
    pub(super) fn new(
        cluster: &'a Cluster,
        settings: &'a ApplySettings,
        emit: Emit<'a>,
        interrupt: &'a Interrupt,
        owner: Owner,
    ) -> Self {
        Self { cluster, settings, emit, interrupt, owner, is_lock_lost: AtomicBool::new(false) }
    }

    /// Notes that somebody else has the lock now.
    pub(super) fn lose_lock(&self) {
        self.is_lock_lost.store(true, Ordering::SeqCst);
    }

    /// Whether somebody else has the lock now.
    pub(super) fn is_lock_lost(&self) -> bool {
        self.is_lock_lost.load(Ordering::SeqCst)
    }

    /// Whether nothing more may be written: the user interrupted, or somebody else has the lock.
    pub(super) fn is_stopped(&self) -> bool {
        self.interrupt.is_requested() || self.is_lock_lost()
    }
}
