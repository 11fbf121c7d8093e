//! Writing to spokes: accounts and tokens before the hub's Secrets, what left after them.

use std::collections::BTreeSet;

use futures::{StreamExt, stream};

use crate::cli::blocked;
use crate::cli::context::Context;
use crate::cli::converged::progress;
use crate::cli::spokes::leaving::Leaving;
use crate::cli::spokes::{Registered, Spokes, secret_id, tokens, with_hints};
use crate::cluster::Cluster;
use crate::converge::apply::apply;
use crate::converge::event::Event;
use crate::converge::interrupt::Interrupt;
use crate::converge::outcome::{Failure, FailureClass, Outcome};
use crate::converge::run::ApplySettings;
use crate::converge::spoke::{self, SpokeState};
use crate::desired::id::{GroupKind, ObjectId};
use crate::desired::ownership::INVENTORY;
use crate::desired::spoke_account::SPOKE_HOME;
use crate::plan::build::Owner;
use crate::plan::pending_token::{fill, is_pending, placeholder};
use crate::plan::summary::Plan;
use crate::plan::token::{InUse, Token};
use crate::profile::model::{self, TokenLifetime};

impl Spokes {
    /// Brings the spokes to what was planned, and puts their new tokens into the hub's plan. What needs a token that was not
    /// made is taken out of the plan.
    pub(in crate::cli) async fn register(&self, with: &Registering<'_>, plan: &mut Plan) -> Made<'_> {
        let parallelism = with.context.global.parallelism;
        let work = stream::iter(&self.all).map(|one| async move { (one, with.one(one).await) });
        let done: Vec<_> = work.buffered(parallelism.max(1)).collect().await;
        let mut made = Made { tokens: Vec::new(), failures: Vec::new() };
        for (one, registered) in done {
            match registered {
                Ok(Some(token)) => {
                    fill(plan, &placeholder(&one.spoke.context), &token.text);
                    made.tokens.push((one, token));
                }
                Ok(None) => {}
                Err(why) => made.failures.push(failed(with, &one.cluster, with.words(one, &why))),
            }
        }
        // Nothing that is no token is ever written as one.
        plan.changes.retain(|change| !is_pending(change));
        made
    }

    /// Where the hub has the new token, the former one is no longer asked for, and goes. A former token that stays is a failure:
    /// whoever rotates after a leak has to know.
    pub(in crate::cli) async fn retire(
        &self,
        with: &Registering<'_>,
        made: &[(&Registered, Token)],
    ) -> Vec<Failure> {
        let mut failures = Vec::new();
        if made.is_empty() {
            return failures;
        }
        let in_use = tokens::in_use(with.hub, &with.owner.namespace).await;
        for (one, token) in made {
            let retired = match (&in_use, one.make()) {
                (Ok(in_use), Some((connection, secret))) if in_use.place(&token.text).is_some() => {
                    with.retire(one, connection, secret, in_use).await
                }
                (Ok(_), _) => Err("the hub does not have the new one".to_owned()),
                (Err(error), _) => Err(error.to_string()),
            };
            if let Err(why) = retired {
                let what = format!("the former token of the spoke {} was not revoked: {why}", one.spoke.name);
                failures.push(failed(with, &one.cluster, what));
            }
        }
        failures
    }
}

/// What came of registering spokes.
pub(in crate::cli) struct Made<'a> {
    /// The tokens that were made and work.
    pub(in crate::cli) tokens: Vec<(&'a Registered, Token)>,
    /// The spokes that failed.
    pub(in crate::cli) failures: Vec<Failure>,
}

impl Spokes {
    /// Once the hub knows them no more, what bridge made on the spokes that left is removed there, and forgotten here.
    pub(in crate::cli) async fn leave(&self, with: &Registering<'_>, outcome: &Outcome) -> Vec<Failure> {
        let mut failures = Vec::new();
        if self.leaving.is_empty() || outcome.error.is_some() || !outcome.is_complete() {
            return failures;
        }
        let mut gone: BTreeSet<String> = BTreeSet::new();
        for one in &self.leaving {
            match with.remove(one).await {
                Ok(true) => drop(gone.insert(one.uid.clone())),
                Ok(false) => {}
                Err(why) => failures.push(left(&one.spoke.name, &why)),
            }
        }
        if let Err(why) = with.forget(&gone).await {
            failures.push(left("", &why));
        }
        failures
    }
}

fn left(name: &str, why: &str) -> Failure {
    Failure {
        id: ObjectId {
            group_kind: GroupKind::parse("ConfigMap"),
            namespace: Some(SPOKE_HOME.to_owned()),
            name: INVENTORY.to_owned(),
        },
        message: format!("what bridge made on the spoke {name} could not be removed: {why}"),
        fix: "run it again once the spoke answers; the plan shows the commands that do it by hand".to_owned(),
        class: FailureClass::Failed,
    }
}

fn failed(with: &Registering<'_>, cluster: &model::Cluster, message: String) -> Failure {
    Failure {
        id: secret_id(&with.owner.namespace, cluster),
        message,
        fix: String::new(),
        class: FailureClass::Failed,
    }
}

/// What registering spokes takes.
pub(in crate::cli) struct Registering<'a> {
    pub(in crate::cli) context: &'a Context,
    /// Whether tokens are all that is written.
    pub(in crate::cli) is_rotation: bool,
    pub(in crate::cli) settings: &'a ApplySettings,
    pub(in crate::cli) interrupt: &'a Interrupt,
    pub(in crate::cli) hub: &'a Cluster,
    /// Of the hub's inventory.
    pub(in crate::cli) owner: Owner,
}

impl Registering<'_> {
    async fn one(&self, one: &Registered) -> Result<Option<Token>, String> {
        let planned = match &one.spoke.state {
            SpokeState::Failed { why } => return Err(why.clone()),
            SpokeState::Planned(planned) => planned,
            SpokeState::Trusted { .. }
            | SpokeState::NotAsked { .. }
            | SpokeState::Leaving(_)
            | SpokeState::Left { .. } => return Ok(None),
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
        let Some((_, secret)) = one.make() else {
            self.context.ui.status(&format!("~ spoke {name}: the account is as it should be"));
            return Ok(None);
        };
        let token = spoke::make_token(connection, one.wish(), secret).await;
        let token = token.map_err(|error| with_hints(&error.to_string(), &error.hints()))?;
        self.context.ui.redactor().register(&token.text);
        let lives = lives(&token, one.account.token);
        self.context.ui.status(&format!("+ spoke {name}: a token was made and works there; it {lives}"));
        Ok(Some(token))
    }

    fn words(&self, one: &Registered, why: &str) -> String {
        match self.is_rotation {
            true => format!("the spoke {} has no new token: {why}", one.spoke.name),
            false => format!("the spoke could not be registered: {why}"),
        }
    }

    async fn retire(
        &self,
        one: &Registered,
        connection: &Cluster,
        secret: &str,
        in_use: &InUse,
    ) -> Result<(), String> {
        let uid = &self.hub.identity().uid;
        let (owner, consent) = (spoke::owner(&self.owner, uid), spoke::consent(&self.settings.consent, uid));
        let plan = spoke::plan_account(connection, &owner, one.wish(), secret, &consent).await;
        let mut plan = plan.map_err(|error| error.to_string())?;
        if self.is_rotation {
            plan.changes
                .retain(|change| change.deleted().is_some_and(|live| spoke::is_token(&one.account, live)));
        }
        let places = spoke::keep_needed(&mut plan, &one.account, secret, in_use);
        self.write(connection, plan).await?;
        match places.into_iter().collect::<Vec<_>>().join(", ") {
            none if none.is_empty() => Ok(()),
            places => Err(format!("the hub has it in other cluster Secrets, too: {places}")),
        }
    }

    /// Whether nothing of bridge's is left there that somebody would have to remember.
    async fn remove(&self, one: &Leaving) -> Result<bool, String> {
        match (&one.spoke.state, &one.connection) {
            (SpokeState::Leaving(plan), Some(connection)) => {
                self.write(connection, Plan::clone(plan)).await?;
                self.context.ui.status(&format!("- spoke {}: the account is gone", one.spoke.name));
                Ok(true)
            }
            (SpokeState::Left { why, is_reachable: true }, _) => Err(why.clone()),
            _ => Ok(one.is_forgotten),
        }
    }

    async fn forget(&self, gone: &BTreeSet<String>) -> Result<(), String> {
        let consent = &self.settings.consent;
        let plan = crate::converge::forget_spokes(self.hub, &self.owner, consent, gone).await;
        match plan.map_err(|error| error.to_string())? {
            Some(plan) => self.write(self.hub, plan).await,
            None => Ok(()),
        }
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

/// How long a token lives, and whether that is less than was asked: then somebody has to run bridge more often.
fn lives(Token { validity, .. }: &Token, asked: TokenLifetime) -> String {
    match (validity, asked) {
        (None, _) => "never expires".to_owned(),
        (Some(valid), TokenLifetime::Seconds(asked)) if valid.seconds() < asked => format!(
            "expires {}, because the spoke's API server gives {} s at most, and not {asked} s: run `bridge credentials rotate` before that",
            valid.expires,
            valid.seconds()
        ),
        (Some(valid), _) => format!("expires {}", valid.expires),
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
