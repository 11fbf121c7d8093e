//! Spokes that bridge registers through a kubeconfig context: planned beside the hub, and written before it.

mod leaving;
pub(super) mod register;
pub(super) mod rotation;
mod tokens;

use std::collections::{BTreeMap, BTreeSet};

use futures::{StreamExt, stream};
use jiff::Timestamp;
use serde_json::Value;

use crate::cli::blocked;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::prepare::Ready;
use crate::cli::spokes::leaving::{Current, Leaving};
use crate::cli::spokes::rotation::Rotation;
use crate::cli::spokes::tokens::Tokens;
use crate::cli::target::notify;
use crate::cluster::{Cluster, ClusterError, ConnectOptions};
use crate::code::Code;
use crate::converge::spoke::{self, Spoke, SpokePlan, SpokeState, TokenPlan, Wish};
use crate::desired::id::{GroupKind, ObjectId};
use crate::plan::build::Owner;
use crate::plan::consent::{Consent, ObjectSelector};
use crate::plan::inventory::{RecordedSpoke, Spokes as Recorded};
use crate::plan::summary::Plan;
use crate::plan::token::{Token, Why};
use crate::profile::finding::Finding;
use crate::profile::model::{self, Connection, ContextAuth, Profile, Remote, SecretSource, ServiceAccount};
use crate::profile::sensitive::Sensitive;

/// The spokes of a run that bridge registers.
#[derive(Debug, Default)]
pub(super) struct Spokes {
    all: Vec<Registered>,
    leaving: Vec<Leaving>,
}

#[derive(Debug)]
pub(super) struct Registered {
    cluster: model::Cluster,
    account: ServiceAccount,
    spoke: Spoke,
    /// The Secret that the hub has for it.
    secret: Option<ObjectId>,
    /// The connection to it, where it was looked at.
    connection: Option<Cluster>,
}

impl Registered {
    fn wish(&self) -> Wish<'_> {
        Wish { cluster: &self.cluster, account: &self.account }
    }

    /// Where a token is made, and the name of its Secret.
    fn make(&self) -> Option<(&Cluster, &str)> {
        let connection = self.connection.as_ref()?;
        match &self.spoke.state {
            SpokeState::Planned(planned) => match &planned.token {
                TokenPlan::Make { secret, .. } => Some((connection, secret)),
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
    rotation: Option<&Rotation>,
) -> Result<Spokes, CliError> {
    let targets = &consent.targets;
    let wishes: Vec<(&model::Cluster, &str, &ServiceAccount)> = profile.clusters().filter_map(wish).collect();
    if wishes.is_empty() {
        return Ok(Spokes::default());
    }
    let tokens = Tokens::read(context, hub, profile, remotes).await?;
    let uid = &hub.identity().uid;
    let owner = spoke::owner(&Owner::of(profile), uid);
    let consent = &spoke::consent(consent, uid);
    let planner = Planner {
        context,
        hub,
        namespace: profile.argocd.namespace.as_str(),
        owner,
        targets,
        rotation,
        consent,
        tokens,
    };
    let planned = stream::iter(wishes).map(|wish| planner.one(wish)).buffered(hub.parallelism());
    let (mut all, mut findings) = (Vec::new(), Vec::new());
    for planned in planned.collect::<Vec<_>>().await {
        match planned {
            Ok(one) => all.push(one),
            Err(finding) => findings.push(finding),
        }
    }
    if !findings.is_empty() {
        return Err(findings.into());
    }
    fail_twins(&mut all);
    Ok(Spokes { all, leaving: Vec::new() })
}

/// A spoke that is the hub: whatever else the profile says, its author meant another cluster.
pub(super) fn leads_to_hub(cluster: &model::Cluster, context: &str) -> Finding {
    let message = format!("the context `{context}` leads to the hub itself (by the uid of its kube-system)");
    let fix = "name the spoke's own context; the hub needs no entry as a spoke";
    Finding::error(Code::SPOKE_CONTEXT, &cluster.at, message, fix)
}

/// Two contexts that lead to one cluster would each take the other's token for a former one.
fn fail_twins(all: &mut [Registered]) {
    let uid = |one: &Registered| Some(one.connection.as_ref()?.identity().uid.clone());
    let mut contexts: BTreeMap<String, usize> = BTreeMap::new();
    all.iter().filter_map(uid).for_each(|uid| *contexts.entry(uid).or_default() += 1);
    for one in all {
        if uid(one).is_some_and(|uid| contexts[&uid] > 1) {
            let why =
                "another cluster of the profile has a context that leads to the same cluster".to_owned();
            one.spoke.state = SpokeState::Failed { why };
        }
    }
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
    /// Argo CD's.
    namespace: &'a str,
    owner: Owner,
    targets: &'a BTreeSet<ObjectSelector>,
    rotation: Option<&'a Rotation>,
    consent: &'a Consent,
    tokens: Tokens,
}

impl Planner<'_> {
    /// # Errors
    /// When the spoke is the hub.
    async fn one(
        &self,
        (cluster, name, account): (&model::Cluster, &str, &ServiceAccount),
    ) -> Result<Registered, Finding> {
        let token = self.tokens.of(cluster);
        let asked = self.rotation.and_then(Rotation::reason);
        let (state, connection) = if self.is_target(cluster) {
            let held = asked.clone().map_or(token.ok_or(Why::Missing), Err);
            match self.look(cluster, name, account, held).await {
                Ok((planned, connection)) => (SpokeState::Planned(Box::new(planned)), Some(connection)),
                Err(Misfit::Hub) => return Err(leads_to_hub(cluster, name)),
                Err(Misfit::Failed(why)) if asked.is_some() => (SpokeState::Failed { why }, None),
                Err(Misfit::Failed(why)) => (trusted(token, account, why), None),
            }
        } else {
            (SpokeState::NotAsked { token: token.cloned() }, None)
        };
        let spoke = Spoke { name: cluster.name.to_string(), context: name.to_owned(), state };
        let secret = self.tokens.secret(cluster).cloned();
        Ok(Registered { cluster: cluster.clone(), account: account.clone(), spoke, secret, connection })
    }

    async fn look(
        &self,
        cluster: &model::Cluster,
        name: &str,
        account: &ServiceAccount,
        held: Result<&Sensitive, Why>,
    ) -> Result<(SpokePlan, Cluster), Misfit> {
        let connection = Cluster::connect(&connect_options(self.context, name)).await;
        let connection = connection.map_err(|error| Misfit::Failed(in_words(&error)))?;
        if connection.identity().uid == self.hub.identity().uid {
            return Err(Misfit::Hub);
        }
        let wish = Wish { cluster, account };
        let planned =
            spoke::plan(&connection, &self.owner, wish, held, self.consent, self.tokens.in_use()).await;
        let planned =
            planned.map_err(|error| Misfit::Failed(with_hints(&error.to_string(), &error.hints())))?;
        Ok((planned, connection))
    }

    fn is_target(&self, cluster: &model::Cluster) -> bool {
        if let Some(rotation) = self.rotation {
            return rotation.asks(cluster);
        }
        let id = secret_id(self.namespace, cluster);
        self.targets.is_empty() || self.targets.iter().any(|target| target.matches(&id))
    }
}

/// Why a spoke cannot be planned.
enum Misfit {
    /// It is the hub.
    Hub,
    /// It does not answer, or not well.
    Failed(String),
}

pub(super) fn connect_options(context: &Context, name: &str) -> ConnectOptions {
    ConnectOptions {
        kubeconfig: context.kubeconfig.clone(),
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

    /// The connections to those that bridge writes to now, by the clusters' names.
    pub(super) fn written(&self) -> impl Iterator<Item = (&str, &Cluster)> {
        self.all.iter().filter_map(|one| Some((one.spoke.name.as_str(), one.make()?.0)))
    }

    /// Which of the profile's clusters answer, for the record.
    pub(super) fn recorded(&self) -> Recorded {
        self.current().known
    }

    fn current(&self) -> Current {
        let known = self.all.iter().filter_map(|Registered { spoke, connection, .. }| {
            let Spoke { name, context, .. } = spoke.clone();
            Some((connection.as_ref()?.identity().uid.clone(), RecordedSpoke { name, context }))
        });
        Current { known: known.collect(), is_whole: self.all.iter().all(|one| one.connection.is_some()) }
    }

    /// Looks at the recorded spokes that are no longer in the profile.
    pub(super) async fn with_leaving(
        mut self,
        context: &Context,
        hub: &Cluster,
        plan: &Plan,
        consent: &Consent,
    ) -> Self {
        // With targets nothing is pruned.
        if let Some(recorded) = plan.recorded.as_ref().filter(|_| consent.targets.is_empty()) {
            let current = self.current();
            let uid = &hub.identity().uid;
            let (owner, consent) = (spoke::owner(&plan.owner, uid), spoke::consent(consent, uid));
            self.leaving = leaving::plan(context, &owner, &recorded.spokes, &current, &consent).await;
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
            SpokeState::Trusted { .. } | SpokeState::NotAsked { .. } | SpokeState::Leaving(_) => false,
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
        let source = |context: &String| SecretSource::SpokeToken { context: context.clone() };
        self.all.iter().map(move |one| (source(&one.spoke.context), one.spoke.token()))
    }

    /// Takes out of the hub's plan what nobody can make, the Secrets of spokes that failed, and what could be theirs: while
    /// nobody can tell which Secret belongs to such a spoke, none is given to another server.
    pub(super) fn hold(&self, plan: &mut Plan) {
        let failed = self.failed();
        if failed.is_empty() {
            return;
        }
        plan.changes.retain(|change| {
            let Some(object) = change.desired().filter(|object| object.is_cluster_secret()) else {
                return true;
            };
            let is_failed = object.label("cluster_name").is_some_and(|name| failed.contains(name));
            let server = |body: &Value| body.pointer("/data/server").cloned();
            let moves = change.live().is_some_and(|live| server(live.body()) != server(object.body()));
            !is_failed && !moves
        });
    }

    /// The profile with what the kubeconfig says of its contexts. Those that failed are in it: they have a say in the names
    /// of Secrets, and templates see them.
    #[must_use]
    pub(super) fn resolve(&self, remotes: &BTreeMap<String, Remote>, ready: &Ready) -> Ready {
        let mut profile = Profile::clone(&ready.profile);
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
