//! Which tokens a rotation makes anew, and what of the hub it may touch: the tokens in the Secrets of those spokes.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::profiles;
use crate::cli::spokes::{Registered, Spokes, wish};
use crate::code::Code;
use crate::converge::spoke::{SpokeState, TokenPlan};
use crate::desired::secret_data;
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

/// Why a spoke's token is not made anew.
struct Unfit {
    code: Code,
    exit: Exit,
    why: String,
    hint: &'static str,
}

impl Rotation {
    /// Refuses names where several profiles are given: a name is one of one profile.
    ///
    /// # Errors
    /// When there are several.
    pub(in crate::cli) fn check_one_profile(&self, context: &Context) -> Result<(), CliError> {
        let profiles = if matches!(self, Self::Named(_)) { profiles::profiles(context)?.len() } else { 0 };
        if profiles < 2 {
            return Ok(());
        }
        let message = format!("spokes are named, and {profiles} profiles are given; nothing was written");
        Err(CliError::usage(Code::USAGE, message).hinted("run the command once for each profile: -f FILE"))
    }

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

    /// A spoke that was named stops the run; another one fails alone, so that the rest is renewed in time.
    fn leave_out(&self, unfit: Vec<(&mut Registered, Unfit)>) -> Result<(), CliError> {
        for (one, Unfit { code, exit, why, hint }) in unfit {
            if matches!(self, Self::Named(_)) {
                let message = format!("{why}; nothing was written");
                return Err(CliError::new(code, exit, message).hinted(hint));
            }
            one.spoke.state = SpokeState::Failed { why: format!("{why}: {hint}") };
        }
        Ok(())
    }
}

impl Spokes {
    /// The Secrets on the hub whose tokens are made anew. On other spokes nothing is written, but that former tokens go which an
    /// earlier run did not come to.
    ///
    /// # Errors
    /// When a spoke that is named cannot have another token by a rotation.
    pub(in crate::cli) fn rotated(
        &mut self,
        rotation: &Rotation,
    ) -> Result<BTreeSet<ObjectSelector>, CliError> {
        let (mut targets, mut unfit) = (BTreeSet::new(), Vec::new());
        for one in &mut self.all {
            let name = one.spoke.name.clone();
            let SpokeState::Planned(planned) = &mut one.spoke.state else { continue };
            match (&planned.token, &one.secret) {
                (TokenPlan::Keep(_), _) => planned.keep_account(&one.account),
                (TokenPlan::Make { .. }, Some(_)) if !planned.is_only_a_token() => {
                    let why = format!("more than the token of `{name}` would change on the spoke itself");
                    unfit.push((one, more_than_tokens(why)));
                }
                (TokenPlan::Make { .. }, Some(secret)) => drop(targets.insert(ObjectSelector::from(secret))),
                (TokenPlan::Make { .. }, None) => {
                    let why = format!("the hub does not have `{name}` yet, at this address");
                    let hint = "`bridge apply` registers it, with its first token";
                    unfit.push((one, Unfit { code: Code::NOT_REGISTERED, exit: Exit::Failed, why, hint }));
                }
            }
        }
        rotation.leave_out(unfit)?;
        Ok(targets)
    }

    /// Takes out of the hub's plan what is more than a token.
    ///
    /// # Errors
    /// When more would change of a Secret whose spoke is named.
    pub(in crate::cli) fn only_tokens(
        &mut self,
        rotation: &Rotation,
        plan: &mut Plan,
    ) -> Result<(), CliError> {
        let more: BTreeSet<ObjectSelector> =
            plan.changes.iter().filter(|change| is_more(change)).map(|one| one.id().into()).collect();
        plan.changes.retain(|change| !more.contains(&change.id().into()));
        let is_more = |one: &&mut Registered| one.secret.as_ref().is_some_and(|id| more.contains(&id.into()));
        let unfit = self.all.iter_mut().filter(is_more).map(|one| {
            let secret = one.secret.as_ref().map(ToString::to_string).unwrap_or_default();
            let unfit = more_than_tokens(format!("more than the token would change of {secret}"));
            (one, unfit)
        });
        rotation.leave_out(unfit.collect())
    }
}

fn more_than_tokens(why: String) -> Unfit {
    let hint = "`bridge plan` shows it; `bridge apply` does it, and renews tokens that are about to expire";
    Unfit { code: Code::MORE_THAN_TOKENS, exit: Exit::Conflict, why, hint }
}

/// Whether a change would do more to a cluster Secret than to put another token in.
fn is_more(change: &Change) -> bool {
    match change {
        Change::Update { desired, live, fields, .. } => {
            fields.iter().any(|field| field.path != CONFIG)
                || without_token(desired.body()) != without_token(live.body())
        }
        Change::Create { .. } | Change::Adopt { .. } | Change::Replace { .. } | Change::Delete { .. } => true,
        Change::Unchanged(_)
        | Change::Conflict { .. }
        | Change::Refused { .. }
        | Change::Terminating { .. }
        | Change::Keep { .. } => false,
    }
}

/// How Argo CD connects, without the token; the order of keys means nothing.
fn without_token(secret: &Value) -> Option<Value> {
    let mut config: Value = serde_json::from_str(&secret_data::text(secret, "config")?).ok()?;
    config.as_object_mut()?.remove("bearerToken");
    Some(config)
}
