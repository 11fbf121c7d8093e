//! Which tokens a rotation makes anew, and what of the hub it may touch: the Secrets of those spokes.

use std::collections::BTreeSet;

use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::spokes::{Spokes, wish};
use crate::code::Code;
use crate::converge::spoke::{SpokeState, TokenPlan};
use crate::plan::change::Change;
use crate::plan::consent::ObjectSelector;
use crate::plan::summary::Plan;
use crate::plan::token::Why;
use crate::profile::model::{Cluster, Profile};

/// The field of a cluster Secret that a token stands in.
const CONFIG: &str = "data.config";

/// Whose tokens are made anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) enum Rotation {
    /// Of the spokes that need another one: it expires before long, or the spoke does not accept it any more.
    Needed,
    /// Of these spokes, however good they are.
    Named(BTreeSet<String>),
    /// Of every spoke that bridge registers.
    All,
}

impl Rotation {
    /// Refuses names that are no spokes which bridge registers.
    ///
    /// # Errors
    /// Each of them.
    pub(in crate::cli) fn check(&self, profile: &Profile) -> Result<(), CliError> {
        let known: BTreeSet<&str> =
            profile.clusters().filter_map(wish).map(|(cluster, ..)| cluster.name.as_str()).collect();
        let Self::Named(names) = self else { return Ok(()) };
        let unknown: Vec<&str> =
            names.iter().map(String::as_str).filter(|name| !known.contains(name)).collect();
        if unknown.is_empty() {
            return Ok(());
        }
        let message = format!("bridge makes no token for `{}`; nothing was written", unknown.join("`, `"));
        let known = match known.into_iter().collect::<Vec<_>>().join(", ") {
            none if none.is_empty() => {
                "the profile has no spoke with `connection: { context: NAME }` and no credentials of its own"
                    .to_owned()
            }
            names => format!("it makes those of: {names}"),
        };
        Err(CliError::usage(Code::USAGE, message).hinted(known))
    }

    /// Whether the run asks anything of this spoke.
    pub(super) fn asks(&self, cluster: &Cluster) -> bool {
        match self {
            Self::Needed | Self::All => true,
            Self::Named(names) => names.contains(cluster.name.as_str()),
        }
    }

    /// Why the token is made anew whatever the spoke says of it.
    pub(super) fn reason(&self) -> Option<Why> {
        match self {
            Self::Needed => None,
            Self::Named(_) | Self::All => Some(Why::Asked),
        }
    }
}

impl Spokes {
    /// The Secrets on the hub whose tokens are made anew. On spokes whose tokens are not, nothing is written.
    ///
    /// # Errors
    /// When one of the spokes has no Secret yet.
    pub(in crate::cli) fn rotated(&mut self) -> Result<BTreeSet<ObjectSelector>, CliError> {
        let mut targets = BTreeSet::new();
        let mut unregistered = Vec::new();
        for one in &mut self.all {
            let SpokeState::Planned(planned) = &mut one.spoke.state else { continue };
            match (&planned.token, &one.secret) {
                (TokenPlan::Keep(_), _) => planned.plan.keep_all(),
                (TokenPlan::Make { .. }, Some(secret)) => drop(targets.insert(ObjectSelector::from(secret))),
                (TokenPlan::Make { .. }, None) => unregistered.push(one.spoke.name.clone()),
            }
        }
        if unregistered.is_empty() {
            return Ok(targets);
        }
        let message =
            format!("the hub does not have `{}` yet; nothing was written", unregistered.join("`, `"));
        Err(CliError::new(Code::NOT_REGISTERED, Exit::Failed, message)
            .hinted("`bridge apply` registers it, with its first token"))
    }

    /// Refuses a rotation that would write anything but tokens.
    ///
    /// # Errors
    /// Each Secret that differs in more.
    pub(in crate::cli) fn check_rotation(plan: &Plan) -> Result<(), CliError> {
        let more = |change: &&Change| match change {
            Change::Update { fields, .. } => fields.iter().any(|field| field.path != CONFIG),
            Change::Create { .. } | Change::Adopt { .. } | Change::Replace { .. } | Change::Delete { .. } => {
                true
            }
            Change::Unchanged(_)
            | Change::Conflict { .. }
            | Change::Refused { .. }
            | Change::Terminating { .. }
            | Change::Keep { .. } => false,
        };
        let differing: Vec<String> =
            plan.changes.iter().filter(more).map(|change| change.id().to_string()).collect();
        if differing.is_empty() {
            return Ok(());
        }
        let message =
            format!("more than the token would change of {}; nothing was written", differing.join(", "));
        Err(CliError::new(Code::MORE_THAN_TOKENS, Exit::Conflict, message)
            .hinted(
                "`bridge plan` shows it; `bridge apply` does it, and renews tokens that are about to expire",
            )
            .hinted("to rotate others only, name them: `bridge credentials rotate NAME...`"))
    }
}
