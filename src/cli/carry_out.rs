//! From profiles to their outcome: read, reach, plan, show, check, ask, apply, report. The same for `apply` and `destroy`.
//!
//! Several profiles go through each step together, so that everything is seen before the one question, and hubs do not
//! wait for each other. What is said in between is said by one thread: a plan, a question or a report is never parted.

mod round;
mod shown;

use std::sync::Arc;

use futures::stream::{self, StreamExt};

use crate::cli::approve::{self, Proposal};
use crate::cli::args::Output;
use crate::cli::context::Context;
use crate::cli::converged::{Hub, Planned, progress};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::prepare::Ready;
use crate::cli::spokes::register::{Made, Registering};
use crate::cli::spokes::rotation::Rotation;
use crate::cli::{blocked, consents, interrupt, local, prepare, profiles, saved, target};
use crate::code::Code;
use crate::converge::apply::apply;
use crate::converge::event::Event;
use crate::converge::interrupt::Interrupt;
use crate::converge::outcome::Outcome;
use crate::converge::run::ApplySettings;
use crate::converge::trial::Creates;
use crate::plan::consent::Consent;
use crate::plan::gate::check_deletions;
use crate::plan::saved::SavedPlan;
use crate::plan::summary::Plan;
use crate::report::apply_json;
use crate::report::apply_text::Operation;

pub(super) use shown::refuse;

/// What apply or destroy is asked to do.
#[derive(Debug)]
pub(super) struct Wanted {
    /// Which of the two.
    pub(super) operation: Operation,
    /// Whether nobody is asked.
    pub(super) auto_approve: bool,
    /// Whether nobody is asked because bridge makes every cluster of each profile.
    pub(super) own_clusters: bool,
    /// How it is reported.
    pub(super) output: Output,
    /// How it is done.
    pub(super) settings: ApplySettings,
    /// The plan that it has to be; nobody is asked about it any more.
    pub(super) saved: Option<SavedPlan>,
    /// The tokens that it makes anew, and nothing else; `None` for the whole profile.
    pub(super) rotation: Option<Rotation>,
}

/// Carries it out for each profile; the worst exit code counts. Every profile is read before the first is applied.
///
/// # Errors
/// When standard output cannot be written. What else goes wrong is shown with the profile that it belongs to.
pub(super) async fn carry_out(context: &Context, wanted: &Wanted) -> Result<Exit, CliError> {
    carry_out_unless(context, wanted, &interrupt::listen(context.ui.clone())).await
}

/// The same beside whoever listens for Ctrl-C already.
///
/// # Errors
/// The same.
pub(super) async fn carry_out_unless(
    context: &Context,
    wanted: &Wanted,
    interrupt: &Arc<Interrupt>,
) -> Result<Exit, CliError> {
    let checked = approve::check_can_ask(context, wanted.auto_approve)
        .and_then(|()| consents::check_one_profile(context, &wanted.settings.consent))
        .and_then(|()| wanted.rotation.iter().try_for_each(|rotation| rotation.check_one_profile(context)))
        .and_then(|()| profiles::profiles(context));
    let paths = match checked {
        Ok(paths) => paths,
        Err(error) => return refuse(context, wanted.operation, wanted.output, &error),
    };
    let run = Run { context, wanted, interrupt, is_one: paths.len() == 1 };
    let ready = match run.read(paths).await? {
        Ok(ready) => ready,
        Err(exit) => return Ok(exit),
    };
    let (hubs, mut worst) = run.reach(ready).await?;
    if let Err(exit) = run.check_hubs(&hubs)? {
        return Ok(worst.worst(exit));
    }
    let mut spent = 0;
    for round in round::rounds(hubs, |hub| &hub.hub.cluster.identity().uid) {
        worst = worst.worst(run.round(round, &mut spent).await?);
    }
    Ok(worst)
}

/// What the profiles of a run share.
struct Run<'a> {
    context: &'a Context,
    wanted: &'a Wanted,
    interrupt: &'a Arc<Interrupt>,
    /// Whether nobody needs to be told which profile is meant.
    is_one: bool,
}

/// A profile, and its hub, which answers.
struct Reached {
    /// The profile's file.
    path: String,
    ready: Ready,
    hub: Hub,
    /// Says whose lines these are, where there are several.
    context: Context,
}

/// A profile whose plan may be applied.
struct Approved {
    reached: Reached,
    planned: Planned,
}

impl Approved {
    fn has_changes(&self) -> bool {
        !self.planned.plan.is_empty() || self.planned.spokes.have_changes()
    }
}

impl Run<'_> {
    /// Reads every profile. Where one is wrong, only those are shown, and the exit code is in the way.
    async fn read(&self, paths: Vec<String>) -> Result<Result<Vec<(String, Ready)>, Exit>, CliError> {
        let (mut all, mut worst) = (Vec::new(), Exit::Done);
        for (path, ready) in prepare::all(self.context, paths, self.interrupt).await {
            match ready {
                Ok(ready) => all.push((path, ready)),
                Err(error) => worst = worst.worst(self.give_up(&path, &error)?),
            }
            if worst == Exit::Interrupted {
                break;
            }
        }
        Ok(if worst == Exit::Done { Ok(all) } else { Err(worst) })
    }

    /// How many hubs are worked on at the same time.
    fn at_once(&self) -> usize {
        self.context.global.parallelism
    }

    /// Connects to every hub. What a person is asked by a credential plugin is asked one after the other.
    async fn reach(&self, ready: Vec<(String, Ready)>) -> Result<(Vec<Reached>, Exit), CliError> {
        let at_once = if self.context.ui.can_ask() { 1 } else { self.at_once() };
        let mut all = stream::iter(ready).map(|(path, ready)| self.connect(path, ready)).buffered(at_once);
        let (mut reached, mut worst) = (Vec::new(), Exit::Done);
        while let Some(one) = all.next().await {
            match one {
                Ok(one) => reached.push(one),
                Err((path, error)) => worst = worst.worst(self.give_up(&path, &error)?),
            }
        }
        Ok((reached, worst))
    }

    async fn connect(&self, path: String, ready: Ready) -> Result<Reached, (String, CliError)> {
        let mut context = self.context.clone();
        if !self.is_one {
            context.ui = context.ui.labelled(&path);
        }
        match local::for_profile(&context, &ready) {
            Ok(own) => context = own,
            Err(error) => return Err((path, error)),
        }
        let hub = async {
            self.check_is_own(&ready)?;
            let target = target::choose(&context, &ready.profile)?;
            self.wanted.rotation.iter().try_for_each(|rotation| rotation.check(&ready.profile))?;
            match &self.wanted.saved {
                Some(saved) => saved::check_profile(saved, &ready)?,
                None if self.wanted.auto_approve => target.check_is_named()?,
                None => {}
            }
            let connected = Hub::connect(&context, &target, self.interrupt).await;
            connected.map_err(|error| local::hint(&ready, error))
        };
        match hub.await {
            Ok(hub) => Ok(Reached { path, ready, hub, context }),
            Err(error) => Err((path, error)),
        }
    }

    /// Making clusters takes minutes, in which somebody may write another one into the profile.
    fn check_is_own(&self, ready: &Ready) -> Result<(), CliError> {
        if !self.wanted.own_clusters || local::is_own(&ready.profile) {
            return Ok(());
        }
        let message =
            "the profile was changed while its clusters were made, and names one now that is not bridge's";
        Err(CliError::usage(Code::NOT_A_TERMINAL, message)
            .hinted("run `bridge up` again, or with `--auto-approve`"))
    }

    /// Refuses two profiles for one Argo CD: each would take the other's objects for what nobody asks for any more.
    fn check_hubs(&self, hubs: &[Reached]) -> Result<Result<(), Exit>, CliError> {
        let place = |hub: &Reached| {
            let namespace = hub.ready.profile.argocd.namespace.as_str().to_owned();
            (hub.hub.cluster.identity().uid.clone(), namespace)
        };
        let mut worst = Exit::Done;
        for (first, second) in round::twins(hubs, place) {
            worst = worst.worst(self.give_up(&second.path, &shown::same_hub(first, second))?);
        }
        Ok(if worst == Exit::Done { Ok(()) } else { Err(worst) })
    }

    /// Profiles of as many hubs: each step is over for all before the next one begins.
    async fn round(&self, hubs: Vec<Reached>, spent: &mut usize) -> Result<Exit, CliError> {
        let (mut worst, mut approved) = (Exit::Done, Vec::new());
        {
            let mut plans = stream::iter(hubs).map(|hub| self.plan(hub)).buffered(self.at_once());
            while let Some((reached, plan)) = plans.next().await {
                self.begin(&reached.path)?;
                match plan.and_then(|plan| self.propose(&reached, plan, spent)) {
                    Ok(planned) => approved.push(Approved { reached, planned }),
                    Err(error) => worst = worst.worst(self.end(&reached.path, &error)),
                }
            }
        }
        worst = worst.worst(self.ask(&mut approved).await);
        let mut outcomes =
            stream::iter(approved).map(|approved| self.apply(approved)).buffer_unordered(self.at_once());
        while let Some((reached, outcome)) = outcomes.next().await {
            // Nothing may end the others here: they are writing.
            let exit = self.report(&reached, outcome).unwrap_or_else(|error| self.end(&reached.path, &error));
            worst = worst.worst(exit);
        }
        Ok(worst)
    }

    /// The plan of now; where one was saved, it is that one.
    async fn plan(&self, reached: Reached) -> (Reached, Result<Planned, CliError>) {
        let Self { context: _, wanted, interrupt: _, is_one: _ } = *self;
        let Reached { path: _, ready, hub, context } = &reached;
        let consent = &wanted.settings.consent;
        let planned = async {
            if let Some(saved) = &wanted.saved {
                saved::check_cluster(saved, hub.cluster.identity())?;
            }
            let emit = progress(context);
            let planned = match (wanted.operation, &wanted.rotation) {
                (_, Some(rotation)) => hub.plan_rotation(context, ready, rotation, &emit).await?,
                (Operation::Apply, None) => {
                    hub.plan(context, ready, consent, Creates::Written, &emit).await?
                }
                (Operation::Destroy, None) => hub.plan_destroy(context, ready, consent, &emit).await?,
            };
            if let Some(saved) = &wanted.saved {
                saved::check_plan(context, saved, &ready.profile, &planned)?;
                saved::check_spokes(&planned)?;
            }
            Ok(planned)
        };
        let plan = planned.await;
        (reached, plan)
    }

    /// Shows the plan, and says whether it may be applied. In the order of the profiles: each spends its part of
    /// `--allow-delete N`, which holds over all of them together.
    fn propose(&self, reached: &Reached, planned: Planned, spent: &mut usize) -> Result<Planned, CliError> {
        let Planned { plan, secrets: _, spokes } = &planned;
        let consent = Consent { spent_deletes: *spent, ..self.wanted.settings.consent.clone() };
        consents::check_names(plan, &consent)?;
        *spent += check_deletions(plan, &consent).unwrap_or(0);
        self.show_plan(&reached.path, plan, spokes, &consent)?;
        self.check(plan, &consent)?;
        Ok(planned)
    }

    fn check(&self, plan: &Plan, consent: &Consent) -> Result<(), CliError> {
        match self.wanted.operation {
            Operation::Apply => blocked::check(plan)?,
            // What is being deleted already does not stand in the way of a removal.
            Operation::Destroy => return Ok(()),
        }
        match check_deletions(plan, consent) {
            Err(needs) if self.wanted.saved.is_some() => Err(CliError::from(needs)
                .hinted("a plan file takes its consents from the `bridge plan --out` that wrote it")),
            Err(needs) if self.wanted.auto_approve => Err(needs.into()),
            Err(_) | Ok(_) => Ok(()),
        }
    }

    /// Asks once about everything that was shown. What is not approved is left out; what changes nothing needs no approval.
    async fn ask(&self, approved: &mut Vec<Approved>) -> Exit {
        let asked: Vec<Proposal<'_>> =
            approved.iter().filter(|one| one.has_changes()).map(proposal).collect();
        if self.wanted.auto_approve || asked.is_empty() {
            return Exit::Done;
        }
        let Err(error) = approve::ask(self.context, self.wanted.operation, &asked, self.interrupt).await
        else {
            return Exit::Done;
        };
        asked.iter().for_each(|one| self.end_line(one.path, &error));
        approved.retain(|one| !one.has_changes());
        error.end(&self.context.ui)
    }

    async fn apply(&self, approved: Approved) -> (Reached, Outcome) {
        let Approved { reached, planned: Planned { mut plan, secrets: _, spokes } } = approved;
        let Reached { path, ready: _, hub, context } = &reached;
        let progress = progress(context);
        let emit = |event: Event| {
            if self.wanted.output == Output::Json {
                // A reader that went away must not stop what it started.
                self.lines(path, vec![apply_json::event(&event)]).unwrap_or_default();
            }
            progress(event);
        };
        let settings = self.settings(path);
        let owner = plan.owner.clone();
        let with = Registering {
            context,
            is_rotation: self.wanted.rotation.is_some(),
            settings: &settings,
            interrupt: self.interrupt.as_ref(),
            hub: &hub.cluster,
            owner,
        };
        let Made { tokens, failures } = spokes.register(&with, &mut plan).await;
        let mut outcome = apply(&hub.cluster, plan, &settings, &emit, self.interrupt).await;
        let kept = spokes.retire(&with, &tokens).await;
        let left = spokes.leave(&with, &outcome).await;
        outcome.failures.extend(failures.into_iter().chain(kept).chain(left));
        drop(progress);
        (reached, outcome)
    }

    /// Each profile takes its lock under a name of its own: who finds its own name in one goes on.
    fn settings(&self, path: &str) -> ApplySettings {
        let mut settings = self.wanted.settings.clone();
        if !self.is_one {
            settings.holder = format!("{} for {path}", settings.holder);
        }
        settings
    }
}

fn proposal(Approved { reached, planned }: &Approved) -> Proposal<'_> {
    Proposal { path: &reached.path, plan: &planned.plan }
}
