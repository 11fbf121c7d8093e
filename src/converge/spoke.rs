//! Registering a spoke: an account for Argo CD there, and a token that was seen to work before the hub gets it.
//!
//! What bridge makes on a spoke has an inventory of its own there, and is planned, applied and pruned as anything else. A
//! token's Secret is a part of it: as soon as the hub has another token the former Secret is no longer asked for, and with
//! it goes the former token.

mod token;

use std::collections::BTreeSet;

use crate::cluster::{Cluster, ClusterError, Kinds};
use crate::converge::error::ConvergeError;
use crate::converge::observe::Intent;
use crate::converge::trial::Creates;
use crate::desired::id::{GroupKind, ObjectId};
use crate::desired::ownership::{PART_OF, inventory_id};
use crate::desired::spoke_account::{self, SPOKE_HOME};
use crate::plan::build::Owner;
use crate::plan::change::Change;
use crate::plan::consent::Consent;
use crate::plan::live::Live;
use crate::plan::pending_token::placeholder;
use crate::plan::summary::Plan;
use crate::plan::token::{InUse, Token, Why};
use crate::profile::model::{self, ServiceAccount};
use crate::profile::sensitive::Sensitive;

pub use token::make_token;

/// A cluster of the profile, and the account that Argo CD shall have there.
#[derive(Debug, Clone, Copy)]
pub struct Wish<'a> {
    /// The cluster.
    pub cluster: &'a model::Cluster,
    /// The account.
    pub account: &'a ServiceAccount,
}

/// What is to be done on a spoke.
#[derive(Debug, Clone)]
pub struct SpokePlan {
    /// The changes of the account and its rights.
    pub plan: Plan,
    /// What becomes of its token.
    pub token: TokenPlan,
}

/// What becomes of the token.
#[derive(Debug, Clone)]
pub enum TokenPlan {
    /// The one that the hub has stays.
    Keep(Token),
    /// Another one is made.
    Make {
        /// Why.
        why: Why,
        /// The name of its Secret.
        secret: String,
    },
}

/// A spoke that bridge registers, and what was found out about it.
#[derive(Debug, Clone)]
pub struct Spoke {
    /// The cluster's name in the profile.
    pub name: String,
    /// The kubeconfig context.
    pub context: String,
    /// What was found out.
    pub state: SpokeState,
}

/// What was found out about a spoke.
#[derive(Debug, Clone)]
pub enum SpokeState {
    /// It answers.
    Planned(Box<SpokePlan>),
    /// Nothing is looked at there, because the hub's token is as good as can be told from here.
    Trusted {
        /// The token.
        token: Token,
        /// Why it was not looked at.
        why: String,
    },
    /// Its Secret cannot be made: everything of it stays as it is.
    Failed {
        /// Why.
        why: String,
    },
    /// It is no target of this run.
    NotAsked {
        /// What the hub has for it.
        token: Option<Sensitive>,
    },
    /// It is no longer in the profile: what bridge made there goes.
    Leaving(Box<Plan>),
    /// It is no longer in the profile, and what bridge made there cannot be removed.
    Left {
        /// Why.
        why: String,
        /// Whether the context still leads there, so that somebody else may do it.
        is_reachable: bool,
    },
}

impl Spoke {
    /// Whether something has to be written there.
    #[must_use]
    pub fn has_changes(&self) -> bool {
        match &self.state {
            SpokeState::Planned(planned) => !planned.is_empty(),
            SpokeState::Leaving(_) => true,
            SpokeState::Trusted { .. }
            | SpokeState::Failed { .. }
            | SpokeState::NotAsked { .. }
            | SpokeState::Left { .. } => false,
        }
    }

    /// What stands in the hub's Secret: the token that is there, or what a token will take the place of.
    #[must_use]
    pub fn token(&self) -> Sensitive {
        let kept = match &self.state {
            SpokeState::Planned(planned) => match &planned.token {
                TokenPlan::Keep(token) => Some(token.text.clone()),
                TokenPlan::Make { .. } => None,
            },
            SpokeState::Trusted { token, why: _ } => Some(token.text.clone()),
            SpokeState::NotAsked { token } => token.clone(),
            SpokeState::Failed { .. } | SpokeState::Leaving(_) | SpokeState::Left { .. } => None,
        };
        kept.unwrap_or_else(|| placeholder(&self.context))
    }
}

impl SpokePlan {
    /// Leaves the account as it is, but for former tokens that nobody needs.
    pub fn keep_account(&mut self, account: &ServiceAccount) {
        self.plan.changes.retain(|change| change.deleted().is_some_and(|live| is_token(account, live)));
        self.plan.wanted.clone_from(&self.plan.recorded);
    }

    /// Whether the only thing that is written is a new token with its Secret.
    #[must_use]
    pub fn is_only_a_token(&self) -> bool {
        let is_token = |id: &ObjectId| match &self.token {
            TokenPlan::Make { secret, .. } => id.group_kind.kind == "Secret" && id.name == *secret,
            TokenPlan::Keep(_) => false,
        };
        self.plan.changes.iter().all(|change| match change {
            Change::Create { desired, .. } => is_token(desired.id()),
            Change::Unchanged(_) | Change::Keep { .. } => true,
            Change::Update { .. }
            | Change::Adopt { .. }
            | Change::Replace { .. }
            | Change::Delete { .. }
            | Change::Conflict { .. }
            | Change::Refused { .. }
            | Change::Terminating { .. } => false,
        })
    }

    /// Whether nothing has to be written to the spoke.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.plan.is_empty() && matches!(self.token, TokenPlan::Keep(_))
    }
}

/// Who owns what bridge makes on a spoke: the profile on the hub of this uid.
#[must_use]
pub fn owner(hub: &Owner, uid: &str) -> Owner {
    // Two hubs may have profiles of one name: each would take the other's tokens for its own former ones.
    let profile = format!("{}@{uid}", hub.profile);
    Owner { profile, namespace: SPOKE_HOME.to_owned(), installs_argocd: true }
}

/// The user's consent, as far as it is about spokes: `--rename-from OLD` is about the profile that was there before.
#[must_use]
pub fn consent(of_hub: &Consent, uid: &str) -> Consent {
    let rename_from = of_hub.rename_from.as_ref().map(|old| match old.contains('@') {
        true => old.clone(),
        false => format!("{old}@{uid}"),
    });
    Consent { targets: BTreeSet::new(), rename_from, ..of_hub.clone() }
}

/// Compares a spoke with what is wished for. Writes nothing.
///
/// `held` is the token that the hub has for this server now, or why another one is needed whatever the spoke says.
///
/// # Errors
/// When the spoke cannot be asked, or what bridge made there is another profile's.
pub async fn plan(
    spoke: &Cluster,
    owner: &Owner,
    wish: Wish<'_>,
    held: Result<&Sensitive, Why>,
    consent: &Consent,
    in_use: &InUse,
) -> Result<SpokePlan, ConvergeError> {
    let kinds = spoke.kinds().await?;
    let present = token_secrets(spoke, &kinds, wish.account).await?;
    let judged = match held.map(Token::read) {
        Ok(Some(token)) => token::judge(spoke, wish, &token, &present).await?.map(|()| token),
        Ok(None) => Err(Why::Another),
        Err(why) => Err(why),
    };
    let (token, secret) = match judged {
        Ok(token) => {
            let secret = token.secret.clone().unwrap_or_default();
            (TokenPlan::Keep(token), secret)
        }
        Err(why) => {
            let secret = token::next_secret(wish.account, &present);
            (TokenPlan::Make { why, secret: secret.clone() }, secret)
        }
    };
    let mut plan = plan_account(spoke, owner, wish, &secret, consent).await?;
    match &token {
        TokenPlan::Make { .. } => keep_former(&mut plan),
        TokenPlan::Keep(_) => drop(keep_needed(&mut plan, wish.account, &secret, in_use)),
    }
    Ok(SpokePlan { plan, token })
}

/// The hub uses the former token, and the account that it is of, until it has the new one: nothing goes before that.
fn keep_former(plan: &mut Plan) {
    plan.changes.retain(|change| change.deleted().is_none());
    if let (Some(wanted), Some(recorded)) = (&mut plan.wanted, &plan.recorded) {
        *wanted = wanted.union(recorded);
    }
}

/// Whether a Secret on a spoke is one for the account's tokens.
#[must_use]
pub fn is_token(account: &ServiceAccount, live: &Live) -> bool {
    live.id().group_kind.kind == "Secret" && spoke_account::secret_number(account, &live.id().name).is_some()
}

/// Takes out of a plan the deletion of token Secrets whose tokens the hub uses, for whichever cluster, and gives the cluster
/// Secrets that those stand in. Those with a higher number than the one that is wanted stay, too: somebody else's apply may be
/// about to give the hub a token of theirs. The next rotation is past them.
pub fn keep_needed<'a>(
    plan: &mut Plan,
    account: &ServiceAccount,
    secret: &str,
    in_use: &'a InUse,
) -> BTreeSet<&'a str> {
    let number = |name: &str| spoke_account::secret_number(account, name);
    let wanted = number(secret);
    let mut places = BTreeSet::new();
    plan.changes.retain(|change| {
        let Some(live) = change.deleted() else { return true };
        let place = in_use.needs(live);
        places.extend(place);
        place.is_none() && number(&live.id().name) <= wanted
    });
    places
}

/// Compares the account, its rights and its token Secrets, of which one is wanted, with what is there.
///
/// # Errors
/// As [`plan`].
pub async fn plan_account(
    spoke: &Cluster,
    owner: &Owner,
    Wish { cluster, account }: Wish<'_>,
    secret: &str,
    consent: &Consent,
) -> Result<Plan, ConvergeError> {
    let objects = spoke_account::objects(cluster, account, secret)?;
    let intent = Intent::new(owner, consent, Creates::Tried);
    crate::converge::plan(spoke, intent, async { Ok(objects) }, &|_| ()).await
}

/// The token Secrets that bridge has made for the account.
async fn token_secrets(
    spoke: &Cluster,
    kinds: &Kinds,
    account: &ServiceAccount,
) -> Result<BTreeSet<String>, ClusterError> {
    let selector = format!("{PART_OF}={}", inventory_id(SPOKE_HOME));
    let namespace = Some(account.namespace.as_str());
    let secrets = spoke.list(kinds, &GroupKind::parse("Secret"), namespace, &selector).await?;
    Ok(secrets.iter().map(|live| live.id().name.clone()).collect())
}
