//! Spokes that bridge registers through a kubeconfig context: planned beside the hub, and written before it.

mod tokens;

use std::collections::{BTreeMap, BTreeSet};

use futures::{StreamExt, stream};
use jiff::Timestamp;

use crate::cli::blocked;
use crate::cli::context::Context;
use crate::cli::converged::progress;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::prepare::Ready;
use crate::cli::spokes::tokens::Tokens;
use crate::cli::target::notify;
use crate::cluster::{Cluster, ClusterError, ConnectOptions};
use crate::converge::apply::apply;
use crate::converge::event::Event;
use crate::converge::interrupt::Interrupt;
use crate::converge::outcome::{Failure, FailureClass, Outcome};
use crate::converge::run::ApplySettings;
use crate::converge::spoke::{self, Spoke, SpokePlan, SpokeState, TokenPlan, Wish};
use crate::desired::id::{GroupKind, ObjectId};
use crate::plan::build::Owner;
use crate::plan::consent::Consent;
use crate::plan::pending_token::{fill, is_pending, placeholder};
use crate::plan::summary::Plan;
use crate::plan::token::Token;
use crate::profile::model::{self, Connection, ContextAuth, Profile, Remote, SecretSource, ServiceAccount};
use crate::profile::sensitive::Sensitive;

/// The spokes of a run that bridge registers.
#[derive(Debug, Default)]
pub(super) struct Spokes {
    all: Vec<Registered>,
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
            (SpokeState::Planned(_) | SpokeState::Trusted { .. } | SpokeState::Failed { .. }, _) => None,
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
    Ok(Spokes { all: all.collect().await })
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
        let options = ConnectOptions {
            kubeconfig: self.context.kubeconfig(),
            context: Some(name.to_owned()),
            in_cluster: false,
            parallelism: self.context.global.parallelism,
            notify: notify(self.context.ui.clone()),
        };
        let connection = Cluster::connect(&options).await.map_err(|error| in_words(&error))?;
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
        self.all.iter().map(|one| &one.spoke)
    }

    /// Whether something has to be written to any of them.
    pub(super) fn have_changes(&self) -> bool {
        self.spokes().any(Spoke::has_changes)
    }

    /// How a plan ends: a spoke that fails is 1, and one that is blocked fails when it is applied.
    pub(super) fn exit(&self) -> Exit {
        let has_failed = |spoke: &Spoke| match &spoke.state {
            SpokeState::Planned(planned) => blocked::check(&planned.plan).is_err(),
            SpokeState::Trusted { .. } => false,
            SpokeState::Failed { .. } => true,
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

    /// Brings the spokes to what was planned, and puts their new tokens into the hub's plan. What needs a token that was not
    /// made is taken out of the plan.
    pub(super) async fn register(&self, with: &Registering<'_>, plan: &mut Plan) -> Vec<Failure> {
        let parallelism = with.context.global.parallelism;
        let work = stream::iter(&self.all).map(|one| async move { (one, with.one(one).await) });
        let done: Vec<_> = work.buffered(parallelism.max(1)).collect().await;
        let mut failures = Vec::new();
        for (one, registered) in done {
            let pending = placeholder(&one.spoke.context);
            match registered {
                Ok(Some(token)) => fill(plan, &pending, &token.text),
                Ok(None) => {}
                Err(why) => {
                    plan.changes.retain(|change| !is_pending(change, &pending));
                    failures.push(failure(&plan.owner, &one.cluster, &why));
                }
            }
        }
        failures
    }

    /// Once the hub has the new tokens, the former ones are no longer asked for, and go.
    pub(super) async fn retire(&self, with: &Registering<'_>, hub: &Outcome) {
        if hub.error.is_some() || hub.interrupted {
            return;
        }
        for one in &self.all {
            let id = secret_id(&with.owner.namespace, &one.cluster);
            let is_undone =
                hub.failures.iter().any(|failure| failure.id == id) || hub.not_tried.contains(&id);
            if let Some((connection, _, secret)) = one.make().filter(|_| !is_undone)
                && let Err(why) = with.retire(one, connection, secret).await
            {
                let name = &one.spoke.name;
                with.context.ui.warn(&format!(
                    "the former token of the spoke {name} is still valid ({why}); the next apply removes it"
                ));
            }
        }
    }
}

fn failure(owner: &Owner, cluster: &model::Cluster, why: &str) -> Failure {
    Failure {
        id: secret_id(&owner.namespace, cluster),
        message: format!("the spoke could not be registered: {why}"),
        fix: String::new(),
        class: FailureClass::Failed,
    }
}

/// What registering spokes takes.
pub(super) struct Registering<'a> {
    pub(super) context: &'a Context,
    pub(super) settings: &'a ApplySettings,
    pub(super) interrupt: &'a Interrupt,
    pub(super) owner: Owner,
}

impl Registering<'_> {
    async fn one(&self, one: &Registered) -> Result<Option<Token>, String> {
        let planned = match &one.spoke.state {
            SpokeState::Failed { why } => return Err(why.clone()),
            SpokeState::Trusted { .. } => return Ok(None),
            SpokeState::Planned(planned) => planned,
        };
        let Some(connection) = one.connection.as_ref().filter(|_| !planned.is_empty()) else {
            return Ok(None);
        };
        if let Err(error) = blocked::check(&planned.plan) {
            let why = error.findings().into_iter().map(|finding| finding.message).collect::<Vec<_>>();
            return Err(why.join("; "));
        }
        self.write(connection, planned.plan.clone()).await?;
        let name = &one.spoke.name;
        let Some((_, _, secret)) = one.make() else {
            self.context.ui.status(&format!("~ spoke {name}: the account is as it should be"));
            return Ok(None);
        };
        let token = spoke::make_token(connection, one.wish(), secret).await;
        let token = token.map_err(|error| with_hints(&error.to_string(), &error.hints()))?;
        self.context.ui.redactor().register(&token.text);
        let until =
            token.validity.map_or("never expires".to_owned(), |valid| format!("expires {}", valid.expires));
        self.context.ui.status(&format!("+ spoke {name}: a token was made and works there; it {until}"));
        Ok(Some(token))
    }

    async fn retire(&self, one: &Registered, connection: &Cluster, secret: &str) -> Result<(), String> {
        let consent = Consent { targets: BTreeSet::new(), ..self.settings.consent.clone() };
        let secrets = [secret.to_owned()];
        let plan =
            spoke::plan_account(connection, &self.owner, one.wish(), &secrets, &consent, &|_| ()).await;
        let plan = plan.map_err(|error| error.to_string())?;
        self.write(connection, plan).await
    }

    async fn write(&self, connection: &Cluster, plan: Plan) -> Result<(), String> {
        if plan.is_empty() {
            return Ok(());
        }
        let settings = ApplySettings { wait: false, ..self.settings.clone() };
        let show = progress(self.context);
        // Lines of several clusters at once would not say which is which: only waits are shown.
        let emit = |event: Event| {
            if matches!(event, Event::Waiting { .. }) {
                show(event);
            }
        };
        let outcome = apply(connection, plan, &settings, &emit, self.interrupt).await;
        problem(&outcome).map_or(Ok(()), Err)
    }
}

/// Why not everything was done.
fn problem(outcome: &Outcome) -> Option<String> {
    let Outcome { failures, error, remaining, interrupted, .. } = outcome;
    let failed = failures.first().map(|Failure { id, message, .. }| format!("{id}: {message}"));
    let remains = || remaining.first().map(|(id, why)| format!("{id}: {why}"));
    let error = || error.as_ref().map(|error| with_hints(&error.to_string(), &error.hints()));
    let stopped = || (*interrupted && !outcome.is_complete()).then(|| "interrupted".to_owned());
    failed.or_else(error).or_else(remains).or_else(stopped)
}
