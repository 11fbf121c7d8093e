//! How an apply or destroy ended.

use crate::converge::error::ConvergeError;
use crate::converge::event::Action;
use crate::desired::id::ObjectId;
use crate::plan::pod::LogOf;

/// How an apply or destroy ended.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// Objects created, replaced ones among them.
    pub added: usize,
    /// Objects updated or adopted.
    pub changed: usize,
    /// Objects deleted and confirmed gone, replaced ones among them.
    pub destroyed: usize,
    /// Objects that could not be written.
    pub failures: Vec<Failure>,
    /// Objects that were not tried, because something that they need failed, the cluster has gone away, or bridge was interrupted.
    pub not_tried: Vec<ObjectId>,
    /// Objects that were applied and did not become ready.
    pub not_ready: Vec<Late>,
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
            Action::Replaced => {
                self.added += 1;
                self.destroyed += 1;
            }
            Action::Deleted => self.destroyed += 1,
        }
    }

    /// Whether nothing may be deleted any more.
    pub(super) fn must_stop(&self) -> bool {
        !self.failures.is_empty() || !self.remaining.is_empty()
    }

    /// Whether the cluster cannot be reached any more, so that nothing else needs to be tried.
    pub(super) fn is_unreachable(&self) -> bool {
        self.failures.iter().any(|failure| failure.class == FailureClass::Unreachable)
    }

    /// How many objects are not as they should be, because they failed or were not tried.
    pub(super) fn undone(&self) -> usize {
        self.failures.len() + self.not_tried.len()
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

/// An object that was applied and did not become ready in time, or that cannot without help.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Late {
    /// Which.
    pub id: ObjectId,
    /// What ended the wait for it.
    pub cause: LateCause,
    /// Why, by its own status; where it cannot become ready by itself, also why that is certain.
    pub why: String,
    /// The last Warning event about the object itself.
    pub warning: Option<String>,
    /// The first of its pods that are not ready.
    pub pods: Vec<LatePod>,
    /// How many more of its pods are not ready.
    pub more_pods: usize,
    /// What could not be looked at, and why.
    pub not_seen: Vec<String>,
}

impl Late {
    pub(super) fn new(id: ObjectId, cause: LateCause, why: String) -> Self {
        Self { id, cause, why, warning: None, pods: Vec::new(), more_pods: 0, not_seen: Vec::new() }
    }

    /// Whether events or logs were found.
    pub(super) fn says_more(&self) -> bool {
        self.warning.is_some() || self.pods.iter().any(|pod| pod.warning.is_some() || pod.log.is_some())
    }
}

/// What ended the wait for an object, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LateCause {
    /// It cannot become ready without help.
    Failed,
    /// The time was over.
    TimedOut,
    /// Another one cannot become ready, so that this one was not waited for to the end.
    NotAwaited,
    /// Nothing did: it is waited for still.
    Awaited,
}

/// A pod that is not ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LatePod {
    /// Its name.
    pub name: String,
    /// Why, by its status.
    pub why: String,
    /// The last Warning event about it.
    pub warning: Option<String>,
    /// The end of the log that tells more.
    pub log: Option<PodLog>,
}

/// The last lines of a container's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PodLog {
    /// Which container, and whether it is the run before this one.
    pub of: LogOf,
    /// Whole lines, the last one last.
    pub lines: Vec<String>,
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
    /// Whoever runs bridge may not do it; of other objects that says nothing.
    Forbidden,
    /// The cluster does not answer, or does not accept the credentials.
    Unreachable,
}
