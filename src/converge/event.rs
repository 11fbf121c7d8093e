//! The interface between the engine and whoever tells people about it.

use std::time::Duration;

use crate::converge::outcome::Late;
use crate::desired::id::ObjectId;

/// Something that happened while a plan was made or applied.
#[derive(Debug, Clone)]
pub enum Event {
    /// Reading the cluster has begun.
    Observing {
        /// How many objects are asked for.
        objects: usize,
    },
    /// So many of the objects have been compared.
    Observed {
        /// How many so far.
        done: usize,
        /// Of how many.
        total: usize,
    },
    /// A wave begins.
    WaveStarted {
        /// What is in it, such as `CustomResourceDefinitions`.
        name: &'static str,
        /// How many changes.
        changes: usize,
    },
    /// One object was written.
    Written {
        /// Which.
        id: ObjectId,
        /// What was done.
        action: Action,
        /// How long the request took.
        took: Duration,
    },
    /// An object that is replaced: the server has accepted its deletion, and it is created anew once it is gone.
    Replacing {
        /// Which.
        id: ObjectId,
    },
    /// The user asked to stop while an object is replaced, which first is to be ended.
    PutOff {
        /// Which object.
        id: ObjectId,
        /// How much longer it is waited for.
        longest: Duration,
    },
    /// One object could not be written.
    Failed {
        /// Which.
        id: ObjectId,
        /// Why, in a sentence.
        message: String,
    },
    /// An object is not applied because something that it needs failed.
    Skipped {
        /// Which.
        id: ObjectId,
        /// Why.
        reason: String,
    },
    /// Waiting for objects to become ready, or to be gone.
    Waiting {
        /// What for, such as `Deployment/argocd/argocd-server: 0 of 1 replicas are ready`; the first few of them.
        pending: Vec<String>,
        /// How long so far.
        elapsed: Duration,
    },
    /// Something that is waited for stands still: what was found behind it so far. It is waited for all the same.
    Late(Box<Late>),
    /// The server said something beside its answer (HTTP `Warning`), or does not let something be looked at.
    Warning {
        /// About which object.
        id: ObjectId,
        /// In a sentence, with the server's words.
        message: String,
    },
}

/// What was done to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// It was created.
    Created,
    /// It was changed.
    Updated,
    /// It was taken over.
    Adopted,
    /// It was deleted and created anew.
    Replaced,
    /// It was deleted.
    Deleted,
}

/// Where the engine sends its events.
pub type Emit<'a> = &'a (dyn Fn(Event) + Sync);
