//! Registering a spoke: an account for Argo CD there, and a token that was seen to work before the hub gets it.
//!
//! What bridge makes on a spoke has an inventory of its own there, and is planned, applied and pruned as anything else. A
//! token's Secret is a part of it: as soon as the hub has another token the former Secret is no longer asked for, and with
//! it goes the former token.

#![expect(clippy::disallowed_methods, reason = "tokens expire by the clock")]

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::cluster::{Cluster, ClusterError, Extent, Kinds};
use crate::converge::error::ConvergeError;
use crate::converge::observe::Intent;
use crate::converge::trial::Creates;
use crate::desired::id::{GroupKind, ObjectId};
use crate::desired::ownership::{PART_OF, inventory_id};
use crate::desired::secret_data;
use crate::desired::spoke_account::{self, SPOKE_HOME};
use crate::plan::build::Owner;
use crate::plan::change::Change;
use crate::plan::consent::Consent;
use crate::plan::live::Live;
use crate::plan::pending_token::placeholder;
use crate::plan::summary::Plan;
use crate::plan::token::{InUse, Token, Why};
use crate::profile::model::{self, ServiceAccount, TokenLifetime};
use crate::profile::sensitive::Sensitive;

/// How long new rights, and the token of a token Secret, may take to be in force.
const PATIENCE: Duration = Duration::from_secs(30);
const LOOK: Duration = Duration::from_millis(200);

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
        Ok(Some(token)) => judge(spoke, wish, &token, &present).await?.map(|()| token),
        Ok(None) => Err(Why::Another),
        Err(why) => Err(why),
    };
    let (token, secret) = match judged {
        Ok(token) => {
            let secret = token.secret.clone().unwrap_or_default();
            (TokenPlan::Keep(token), secret)
        }
        Err(why) => {
            let secret = next_secret(wish.account, &present);
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

/// The same name in the plan and in the apply, and never that of a token which is in use.
fn next_secret(account: &ServiceAccount, secrets: &BTreeSet<String>) -> String {
    let highest = secrets.iter().filter_map(|name| spoke_account::secret_number(account, name)).max();
    spoke_account::secret_name(account, highest.map_or(1, |number| number.saturating_add(1)))
}

/// Whether a token is one that the profile asks for and the spoke accepts.
async fn judge(
    spoke: &Cluster,
    wish: Wish<'_>,
    token: &Token,
    secrets: &BTreeSet<String>,
) -> Result<Result<(), Why>, ConvergeError> {
    if let Err(why) = token.check(wish.account, Timestamp::now()) {
        return Ok(Err(why));
    }
    if token.secret.as_ref().is_none_or(|name| !secrets.contains(name)) {
        return Ok(Err(Why::Refused));
    }
    match may_all(spoke, wish, &token.text).await {
        // Rights that are missing are no fault of the token: the plan of the account shows them.
        Ok(_) => Ok(Ok(())),
        Err(ClusterError::Unauthorized { .. }) => Ok(Err(Why::Refused)),
        Err(error) => Err(error.into()),
    }
}

/// Whether the holder of a token may do all that Argo CD has to do there.
async fn may_all(spoke: &Cluster, wish: Wish<'_>, token: &Sensitive) -> Result<bool, ClusterError> {
    let holder = spoke.as_holder(token).await?;
    if spoke_account::has_all_rights(wish.cluster) {
        return holder.may(Extent::Cluster).await;
    }
    for namespace in &wish.cluster.namespaces {
        if !holder.may(Extent::Namespace(namespace.as_str())).await? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Makes the token that the plan says, and sees that the spoke accepts it.
///
/// # Errors
/// When the spoke gives none, or one that may not do what Argo CD has to do.
pub async fn make_token(spoke: &Cluster, wish: Wish<'_>, secret: &str) -> Result<Token, ConvergeError> {
    let kinds = Kinds::core();
    let namespace = wish.account.namespace.to_string();
    let id = ObjectId {
        group_kind: GroupKind::parse("Secret"),
        namespace: Some(namespace.clone()),
        name: secret.to_owned(),
    };
    let started = Instant::now();
    loop {
        let live = spoke.get(&kinds, &id, "v1").await?;
        let text = match (wish.account.token, &live) {
            (TokenLifetime::Seconds(seconds), Some(live)) => {
                Some(spoke.request_token(wish.account, seconds, live).await?)
            }
            // Kubernetes' token controller puts it there.
            (TokenLifetime::Unlimited, Some(live)) => secret_data::text(live.body(), "token")
                .map(Sensitive::new)
                .inspect(|token| spoke.keep_secret(token)),
            (_, None) => None,
        };
        let token = text.as_ref().and_then(Token::read);
        if let Some(token) = token {
            // Else every run would make another one.
            if let Err(why) = token.check(wish.account, Timestamp::now()) {
                return Err(ConvergeError::UnfitToken { why });
            }
            prove(spoke, wish, &token, started).await?;
            return Ok(token);
        }
        if started.elapsed() > PATIENCE {
            return Err(ConvergeError::NoToken { secret: format!("{namespace}/{secret}") });
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// New rights are in force a moment after they are written.
async fn prove(
    spoke: &Cluster,
    wish: Wish<'_>,
    token: &Token,
    started: Instant,
) -> Result<(), ConvergeError> {
    loop {
        let is_over = started.elapsed() > PATIENCE;
        match may_all(spoke, wish, &token.text).await {
            Ok(true) => return Ok(()),
            Ok(false) if is_over => {
                return Err(ConvergeError::WeakToken { subject: token.subject.clone() });
            }
            Err(error @ ClusterError::Unauthorized { .. }) if is_over => return Err(error.into()),
            Ok(false) | Err(ClusterError::Unauthorized { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        tokio::time::sleep(LOOK).await;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{ServiceAccount, TokenLifetime, next_secret};

    #[test]
    fn a_new_token_never_takes_the_secret_of_one_that_is_there() {
        let (name, namespace) = ("argocd-manager".parse().unwrap(), "kube-system".parse().unwrap());
        let account = ServiceAccount { name, namespace, token: TokenLifetime::Seconds(600) };
        let next = |names: &[&str]| {
            let names: BTreeSet<String> = names.iter().map(|name| (*name).to_owned()).collect();
            next_secret(&account, &names)
        };
        assert_eq!(next(&[]), "argocd-manager-token-1");
        assert_eq!(
            next(&["argocd-manager-token-2", "argocd-manager-token-10", "x"]),
            "argocd-manager-token-11"
        );
    }
}
