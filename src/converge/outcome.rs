//! How an apply or destroy ended.

use crate::converge::error::ConvergeError;
use crate::converge::event::Action;
use crate::desired::id::ObjectId;

/// How an apply or destroy ended.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// Objects created.
    pub added: usize,
    /// Objects updated or adopted.
    pub changed: usize,
    /// Objects deleted and confirmed gone.
    pub destroyed: usize,
    /// Objects that could not be written.
    pub failures: Vec<Failure>,
    /// Objects that were not tried, because something that they need failed or bridge was interrupted.
    pub not_tried: Vec<ObjectId>,
    /// Objects that were applied and did not become ready in time: which, and why.
    pub not_ready: Vec<(ObjectId, String)>,
    /// Objects that were asked to go and are still there: which, and why.
    pub remaining: Vec<(ObjectId, String)>,
    /// The user interrupted.
    pub interrupted: bool,
    /// What ended the apply before its time; what was done before is counted all the same.
    pub error: Option<ConvergeError>,
}

impl Outcome {
    /// Counts something that was done.
    pub(super) fn count(&mut self, action: Action) {
        match action {
            Action::Created => self.added += 1,
            Action::Updated | Action::Adopted => self.changed += 1,
            Action::Deleted => self.destroyed += 1,
        }
    }

    /// Whether later waves must not begin.
    pub(super) fn must_stop(&self) -> bool {
        !self.failures.is_empty() || !self.remaining.is_empty()
    }

    /// Whether everything was done that the plan asked for; workloads may still have to become ready.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.failures.is_empty()
            && self.not_tried.is_empty()
            && self.remaining.is_empty()
            && !self.interrupted
    }
}

/// An object that could not be written.
#[derive(Debug, Clone)]
pub struct Failure {
    /// Which.
    pub id: ObjectId,
    /// Why, in a sentence.
    pub message: String,
    /// What to do about it; may be empty.
    pub fix: String,
    /// What kind of failure it is, which decides how the process ends.
    pub class: FailureClass,
}

/// What kind of failure it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureClass {
    /// The server refuses it, or it went wrong.
    Failed,
    /// A conflict, or a plan that became stale.
    Conflict,
    /// The cluster does not answer, or forbids it.
    Unreachable,
}
