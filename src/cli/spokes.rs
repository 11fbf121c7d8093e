//! Spokes that bridge registers through a kubeconfig context: planned beside the hub, and written before it.

mod leaving;
pub(super) mod register;
mod tokens;

use std::collections::{BTreeMap, BTreeSet};

use futures::{StreamExt, stream};
use jiff::Timestamp;

use crate::cli::blocked;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::prepare::Ready;
use crate::cli::spokes::leaving::{Current, Leaving};
use crate::cli::spokes::tokens::Tokens;
use crate::cli::target::notify;
use crate::cluster::{Cluster, ClusterError, ConnectOptions};
use crate::converge::spoke::{self, Spoke, SpokePlan, SpokeState, TokenPlan, Wish};
use crate::desired::id::{GroupKind, ObjectId};
use crate::plan::build::Owner;
use crate::plan::consent::Consent;
use crate::plan::inventory::{RecordedSpoke, Spokes as Recorded};
use crate::plan::summary::Plan;
use crate::plan::token::Token;
use crate::profile::model::{self, Connection, ContextAuth, Profile, Remote, SecretSource, ServiceAccount};
use crate::profile::sensitive::Sensitive;

/// The spokes of a run that bridge registers.
#[derive(Debug, Default)]
pub(super) struct Spokes {
    all: Vec<Registered>,
    leaving: Vec<Leaving>,
}

#[derive(Debug)]
struct Registered {
    cluster: model::Cluster,
    account: ServiceAccount,
    spoke: Spoke,
    /// The connection to it, where it was looked at.
    connection: Option<Cluster>,
}

impl Registered {
    fn wish(&self) -> Wish<'_> {
        Wish { cluster: &self.cluster, account: &self.account }
    }

    fn make(&self) -> Option<(&Cluster, &SpokePlan, &str)> {
        match (&self.spoke.state, &self.connection) {
            (SpokeState::Planned(planned), Some(connection)) => match &planned.token {
                TokenPlan::Make { secret, .. } => Some((connection, planned, secret)),
                TokenPlan::Keep(_) => None,
            },
            _ => None,
        }
    }
}

/// Looks at every spoke that the profile has registered, several at once. Writes nothing.
///
/// # Errors
/// When the hub cannot be asked which tokens it has. What is wrong with a spoke is its own matter.
pub(super) async fn plan(
    context: &Context,
    hub: &Cluster,
    profile: &Profile,
    remotes: &BTreeMap<String, Remote>,
    consent: &Consent,
) -> Result<Spokes, CliError> {
    let wishes: Vec<(&model::Cluster, &str, &ServiceAccount)> = profile.clusters().filter_map(wish).collect();
    if wishes.is_empty() {
        return Ok(Spokes::default());
    }
    let tokens = Tokens::read(context, hub, profile, remotes).await?;
    let planner = Planner { context, hub, owner: Owner::of(profile), consent, tokens };
    let all = stream::iter(wishes).map(|wish| planner.one(wish)).buffered(hub.parallelism());
    Ok(Spokes { all: all.collect().await, leaving: Vec::new() })
}

fn wish(cluster: &model::Cluster) -> Option<(&model::Cluster, &str, &ServiceAccount)> {
    match &cluster.connection {
        Connection::Context(by) => match &by.auth {
            ContextAuth::ServiceAccount(account) => Some((cluster, &by.context, account)),
            ContextAuth::Given(_) => None,
        },
        Connection::InCluster | Connection::Remote(_) => None,
    }
}

struct Planner<'a> {
    context: &'a Context,
    hub: &'a Cluster,
    owner: Owner,
    consent: &'a Consent,
    tokens: Tokens<'a>,
}

impl Planner<'_> {
    async fn one(&self, (cluster, name, account): (&model::Cluster, &str, &ServiceAccount)) -> Registered {
        let token = self.tokens.of(cluster);
        let (state, connection) = match self.look(cluster, name, account, token).await {
            Ok((planned, connection)) => (SpokeState::Planned(Box::new(planned)), Some(connection)),
            Err(why) => (trusted(token, account, why), None),
        };
        let spoke = Spoke { name: cluster.name.to_string(), context: name.to_owned(), state };
        Registered { cluster: cluster.clone(), account: account.clone(), spoke, connection }
    }

    async fn look(
        &self,
        cluster: &model::Cluster,
        name: &str,
        account: &ServiceAccount,
        token: Option<&Sensitive>,
    ) -> Result<(SpokePlan, Cluster), String> {
        if !self.is_target(cluster) {
            return Err("it is no target".to_owned());
        }
        let connection = Cluster::connect(&connect_options(self.context, name)).await;
        let connection = connection.map_err(|error| in_words(&error))?;
        if connection.identity().uid == self.hub.identity().uid {
            return Err(format!("the context `{name}` leads to the hub itself: name the spoke's own"));
        }
        let consent = Consent { targets: BTreeSet::new(), ..self.consent.clone() };
        let wish = Wish { cluster, account };
        let planned = spoke::plan(&connection, &self.owner, wish, token, &consent, &|_| ()).await;
        let planned = planned.map_err(|error| with_hints(&error.to_string(), &error.hints()))?;
        Ok((planned, connection))
    }

    fn is_target(&self, cluster: &model::Cluster) -> bool {
        let id = secret_id(&self.owner.namespace, cluster);
        self.consent.targets.is_empty() || self.consent.targets.iter().any(|target| target.matches(&id))
    }
}

fn connect_options(context: &Context, name: &str) -> ConnectOptions {
    ConnectOptions {
        kubeconfig: context.kubeconfig(),
        context: Some(name.to_owned()),
        in_cluster: false,
        parallelism: context.global.parallelism,
        notify: notify(context.ui.clone()),
    }
}

fn secret_id(namespace: &str, cluster: &model::Cluster) -> ObjectId {
    ObjectId {
        group_kind: GroupKind::parse("Secret"),
        namespace: Some(namespace.to_owned()),
        name: cluster.name.to_string(),
    }
}

/// Only a spoke that has to be written to has to answer: a token that is valid by its own words goes on being used.
#[expect(clippy::disallowed_methods, reason = "tokens expire by the clock")]
fn trusted(token: Option<&Sensitive>, account: &ServiceAccount, why: String) -> SpokeState {
    let token = token.and_then(Token::read);
    let good = token.filter(|token| token.check(account, Timestamp::now()).is_ok());
    match good {
        Some(token) => SpokeState::Trusted { token, why },
        None => SpokeState::Failed { why },
    }
}

fn in_words(error: &ClusterError) -> String {
    with_hints(&error.to_string(), &error.hints())
}

fn with_hints(message: &str, hints: &[String]) -> String {
    hints.first().map_or_else(|| message.to_owned(), |hint| format!("{message}; {hint}"))
}

impl Spokes {
    /// What was found out about each.
    pub(super) fn spokes(&self) -> impl Iterator<Item = &Spoke> {
        self.all.iter().map(|one| &one.spoke).chain(self.leaving.iter().map(|one| &one.spoke))
    }

    /// Which of the profile's clusters answer, for the record.
    pub(super) fn recorded(&self) -> Recorded {
        self.current().known
    }

    fn current(&self) -> Current {
        let mut current = Current::default();
        for Registered { spoke: Spoke { name, context, .. }, connection, .. } in &self.all {
            let (name, context) = (name.clone(), context.clone());
            match connection {
                Some(connection) => {
                    let uid = connection.identity().uid.clone();
                    current.known.insert(uid, RecordedSpoke { name, context });
                }
                None => current.unknown.extend([name, context]),
            }
        }
        current
    }

    /// Looks at the recorded spokes that are no longer in the profile.
    pub(super) async fn with_leaving(mut self, context: &Context, plan: &Plan, consent: &Consent) -> Self {
        // With targets nothing is pruned.
        if let Some(recorded) = plan.recorded.as_ref().filter(|_| consent.targets.is_empty()) {
            let current = self.current();
            self.leaving = leaving::plan(context, &plan.owner, &recorded.spokes, &current, consent).await;
        }
        self
    }

    /// Whether something has to be written to any of them.
    pub(super) fn have_changes(&self) -> bool {
        self.spokes().any(Spoke::has_changes) || self.leaving.iter().any(|one| one.is_forgotten)
    }

    /// How a plan ends: a spoke that fails is 1, and one that is blocked fails when it is applied.
    pub(super) fn exit(&self) -> Exit {
        let has_failed = |spoke: &Spoke| match &spoke.state {
            SpokeState::Planned(planned) => blocked::check(&planned.plan).is_err(),
            SpokeState::Trusted { .. } | SpokeState::Leaving(_) => false,
            SpokeState::Failed { .. } => true,
            SpokeState::Left { is_reachable, .. } => *is_reachable,
        };
        if self.spokes().any(has_failed) { Exit::Failed } else { Exit::Done }
    }

    /// The clusters whose Secrets cannot be made.
    pub(super) fn failed(&self) -> BTreeSet<String> {
        let failed = self.spokes().filter(|spoke| matches!(spoke.state, SpokeState::Failed { .. }));
        failed.map(|spoke| spoke.name.clone()).collect()
    }

    /// What stands in the hub's Secrets for their tokens.
    pub(super) fn tokens(&self) -> impl Iterator<Item = (SecretSource, Sensitive)> + '_ {
        self.spokes().filter_map(|spoke| {
            Some((SecretSource::SpokeToken { context: spoke.context.clone() }, spoke.token()?))
        })
    }

    /// The profile with what the kubeconfig says of its contexts, without the clusters that failed.
    #[must_use]
    pub(super) fn resolve(&self, remotes: &BTreeMap<String, Remote>, ready: &Ready) -> Ready {
        let failed = self.failed();
        let mut profile = Profile::clone(&ready.profile);
        profile.spokes.retain(|cluster| !failed.contains(cluster.name.as_str()));
        for cluster in &mut profile.spokes {
            let remote = match &cluster.connection {
                Connection::Context(by) => remotes.get(&by.context).cloned(),
                Connection::InCluster | Connection::Remote(_) => None,
            };
            if let Some(remote) = remote {
                cluster.connection = Connection::Remote(Box::new(remote));
            }
        }
        ready.clone().with_profile(profile)
    }
}
