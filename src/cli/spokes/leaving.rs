//! Spokes that are recorded on the hub and no longer in the profile: what bridge made there goes.

use crate::cli::context::Context;
use crate::cli::spokes::{connect_options, in_words, with_hints};
use crate::cluster::{Cluster, ClusterError};
use crate::converge::spoke::{Spoke, SpokeState};
use crate::plan::build::Owner;
use crate::plan::consent::Consent;
use crate::plan::inventory::{RecordedSpoke, Spokes as Recorded};

/// A spoke that is no longer in the profile.
#[derive(Debug)]
pub(super) struct Leaving {
    pub(super) uid: String,
    pub(super) spoke: Spoke,
    /// The connection to it, where it answers and is the one that was recorded.
    pub(super) connection: Option<Cluster>,
    /// Whether the hub need not remember it any more, although nothing was removed there.
    pub(super) is_forgotten: bool,
}

/// The clusters that the profile has registered.
#[derive(Debug)]
pub(super) struct Current {
    /// Those that answer.
    pub(super) known: Recorded,
    /// Whether these are all of them.
    pub(super) is_whole: bool,
}

impl Current {
    /// While nobody can tell which cluster one of the profile's is, none has left: it may be that one under new names.
    fn has_left(&self, uid: &str) -> bool {
        self.is_whole && !self.known.contains_key(uid)
    }
}

/// Looks at each that left. Writes nothing.
pub(super) async fn plan(
    context: &Context,
    owner: &Owner,
    recorded: &Recorded,
    current: &Current,
    consent: &Consent,
) -> Vec<Leaving> {
    let mut all = Vec::new();
    for (uid, recorded) in recorded.iter().filter(|(uid, _)| current.has_left(uid)) {
        all.push(look(context, owner, uid, recorded, consent).await);
    }
    all
}

async fn look(
    context: &Context,
    owner: &Owner,
    uid: &str,
    RecordedSpoke { name, context: of }: &RecordedSpoke,
    consent: &Consent,
) -> Leaving {
    let leaving = |state, connection, is_forgotten| {
        let spoke = Spoke { name: name.clone(), context: of.clone(), state };
        Leaving { uid: uid.to_owned(), spoke, connection, is_forgotten }
    };
    let left = |why: String, is_reachable| SpokeState::Left { why, is_reachable };
    match context.kubeconfig.endpoint(of) {
        Ok(_) => {}
        // Whoever takes it out says that there is nothing to go to any more.
        Err(error @ ClusterError::NoContext { .. }) => {
            return leaving(left(error.to_string(), false), None, true);
        }
        Err(error) => return leaving(left(in_words(&error), true), None, false),
    }
    let connection = match Cluster::connect(&connect_options(context, of)).await {
        Ok(connection) => connection,
        Err(error) => return leaving(left(in_words(&error), true), None, false),
    };
    if connection.identity().uid != uid {
        let why = "the context leads to another cluster by now".to_owned();
        return leaving(left(why, false), None, true);
    }
    match crate::converge::plan_destroy(&connection, owner, consent, &|_| ()).await {
        Ok(plan) => leaving(SpokeState::Leaving(Box::new(plan)), Some(connection), false),
        Err(error) => leaving(left(with_hints(&error.to_string(), &error.hints()), true), None, false),
    }
}
