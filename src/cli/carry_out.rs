//! From profiles to their outcome: read, plan, show, check, ask, apply, report. The same for `apply` and `destroy`.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::cli::approve;
use crate::cli::args::Output;
use crate::cli::context::Context;
use crate::cli::converged::{Hub, Planned, outcome_exit, progress};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::prepare::Ready;
use crate::cli::spokes::Spokes;
use crate::cli::spokes::register::Registering;
use crate::cli::{blocked, consents, interrupt, prepare, saved, target};
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
use crate::report::apply_text::{Operation, problems, summary};
use crate::report::plan_text::View;
use crate::report::{apply_json, plan_text, spoke_text};

/// What apply or destroy is asked to do.
#[derive(Debug)]
pub(super) struct Wanted {
    /// Which of the two.
    pub(super) operation: Operation,
    /// Whether nobody is asked.
    pub(super) auto_approve: bool,
    /// How it is reported.
    pub(super) output: Output,
    /// How it is done.
    pub(super) settings: ApplySettings,
    /// The plan that it has to be; nobody is asked about it any more.
    pub(super) saved: Option<SavedPlan>,
}

/// Carries it out for each profile; the worst exit code counts. Every profile is read before the first is applied.
///
/// # Errors
/// When standard output cannot be written. What else goes wrong is shown with the profile that it belongs to.
pub(super) async fn carry_out(context: &Context, wanted: &Wanted) -> Result<Exit, CliError> {
    let checked = approve::check_can_ask(context, wanted.auto_approve)
        .and_then(|()| consents::check_one_profile(context, &wanted.settings.consent));
    if let Err(error) = checked {
        return refuse(context, wanted.operation, wanted.output, &error);
    }
    let interrupt = interrupt::listen(context.ui.clone());
    let profiles = prepare::all(context, &interrupt).await;
    let must_stop = profiles.iter().any(|(_, ready)| ready.is_err());
    let is_one = profiles.len() == 1;
    let run = Run { context, wanted, interrupt: &interrupt, spent_deletes: AtomicUsize::new(0) };
    let mut worst = Exit::Done;
    for (path, ready) in profiles {
        if must_stop && ready.is_ok() {
            continue;
        }
        if !is_one {
            context.ui.status(&format!("profile {path}"));
        }
        begin(context, wanted.operation, wanted.output, Some(&path))?;
        let exit = match ready {
            Ok(ready) => run.one(&ready).await.unwrap_or_else(|error| end(context, wanted.output, &error)),
            Err(error) => end(context, wanted.output, &error),
        };
        worst = worst.worst(exit);
        if exit == Exit::Interrupted {
            break;
        }
    }
    Ok(worst)
}

/// Shows what is wrong before any profile is looked at.
///
/// # Errors
/// When standard output cannot be written.
pub(super) fn refuse(
    context: &Context,
    operation: Operation,
    output: Output,
    error: &CliError,
) -> Result<Exit, CliError> {
    begin(context, operation, output, None)?;
    Ok(end(context, output, error))
}

/// The first line for machines.
fn begin(context: &Context, operation: Operation, output: Output, path: Option<&str>) -> std::io::Result<()> {
    match output {
        Output::Json => context.ui.lines(vec![apply_json::version(operation, path)]),
        Output::Text | Output::Sarif | Output::Markdown => Ok(()),
    }
}

/// Shows what ended a profile before there was an outcome.
fn end(context: &Context, output: Output, error: &CliError) -> Exit {
    let exit = error.end(&context.ui);
    if output == Output::Json {
        // Whoever cannot be written to has been told on standard error.
        context.ui.lines(vec![apply_json::error(&error.findings(), exit.code())]).unwrap_or_default();
    }
    exit
}

/// What the profiles of a run share.
struct Run<'a> {
    context: &'a Context,
    wanted: &'a Wanted,
    interrupt: &'a Arc<Interrupt>,
    /// What the profiles so far have used up of `--allow-delete N`, which holds over all of them together.
    spent_deletes: AtomicUsize,
}

impl Run<'_> {
    async fn one(&self, ready: &Ready) -> Result<Exit, CliError> {
        let Self { context, wanted, interrupt, ref spent_deletes } = *self;
        let target = target::choose(context, &ready.profile)?;
        match &wanted.saved {
            Some(saved) => saved::check_profile(saved, ready)?,
            None if wanted.auto_approve => target.check_is_named()?,
            None => {}
        }
        let hub = Hub::connect(context, &target, interrupt).await?;
        let spent = spent_deletes.load(Ordering::Relaxed);
        let consent = Consent { spent_deletes: spent, ..wanted.settings.consent.clone() };
        let Planned { plan, secrets: _, spokes } = self.plan(&hub, ready, &consent).await?;
        consents::check_names(&plan, &consent)?;
        spent_deletes.fetch_add(check_deletions(&plan, &consent).unwrap_or(0), Ordering::Relaxed);
        self.show_plan(&plan, &spokes, &consent)?;
        self.check(&plan, &consent)?;
        if !wanted.auto_approve && (!plan.is_empty() || spokes.have_changes()) {
            approve::ask(context, wanted.operation, &plan, interrupt).await?;
        }
        let outcome = self.apply(&hub, plan, &spokes).await;
        self.report(outcome)
    }

    /// The plan of now; where one was saved, it is that one.
    async fn plan(&self, hub: &Hub, ready: &Ready, consent: &Consent) -> Result<Planned, CliError> {
        let Self { context, wanted, interrupt: _, spent_deletes: _ } = *self;
        if let Some(saved) = &wanted.saved {
            saved::check_cluster(saved, hub.cluster.identity())?;
        }
        let emit = progress(context);
        let planned = match wanted.operation {
            Operation::Apply => hub.plan(context, ready, consent, Creates::Written, &emit).await?,
            Operation::Destroy => hub.plan_destroy(context, ready, consent, &emit).await?,
        };
        if let Some(saved) = &wanted.saved {
            saved::check_plan(context, saved, &ready.profile, &planned)?;
            saved::check_spokes(&planned)?;
        }
        Ok(planned)
    }

    fn show_plan(&self, plan: &Plan, spokes: &Spokes, consent: &Consent) -> Result<(), CliError> {
        let Self { context, wanted, interrupt: _, spent_deletes: _ } = *self;
        let needs = consents::lacking(plan, consent);
        match wanted.output {
            Output::Json => context.ui.lines(apply_json::plan(plan, needs.as_ref(), spokes.spokes()))?,
            Output::Text | Output::Sarif | Output::Markdown => {
                let is_targeted = !consent.targets.is_empty();
                let view = View { detail: context.detail(), is_targeted, needs: needs.as_ref() };
                let spokes = spoke_text::render(spokes.spokes(), &view);
                context.ui.data(&(plan_text::render(plan, &view) + &spokes))?;
            }
        }
        consents::warn(context, plan, consent);
        Ok(())
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

    async fn apply(&self, hub: &Hub, mut plan: Plan, spokes: &Spokes) -> Outcome {
        let Self { context, wanted, interrupt, spent_deletes: _ } = *self;
        let progress = progress(context);
        let emit = |event: Event| {
            if wanted.output == Output::Json {
                // A reader that went away must not stop what it started.
                context.ui.lines(vec![apply_json::event(&event)]).unwrap_or_default();
            }
            progress(event);
        };
        let owner = plan.owner.clone();
        let with = Registering { context, settings: &wanted.settings, interrupt: interrupt.as_ref(), owner };
        let failures = spokes.register(&with, &mut plan).await;
        let mut outcome = apply(&hub.cluster, plan, &wanted.settings, &emit, interrupt).await;
        spokes.retire(&with, &outcome).await;
        let left = spokes.leave(&with, &hub.cluster, &outcome).await;
        outcome.failures.extend(failures.into_iter().chain(left));
        outcome
    }

    fn report(&self, mut outcome: Outcome) -> Result<Exit, CliError> {
        let Self { context, wanted, interrupt: _, spent_deletes: _ } = *self;
        let exit = outcome_exit(&outcome);
        context.ui.say(&problems(&outcome));
        match wanted.output {
            Output::Json => context.ui.lines(vec![apply_json::outcome(&outcome, exit.code())])?,
            Output::Text | Output::Sarif | Output::Markdown => {
                context.ui.data(&format!("\n{}", summary(&outcome, wanted.operation)))?;
            }
        }
        if let Some(error) = outcome.error.take() {
            CliError::from(error).show(&context.ui);
        } else if let Some(verdict) = verdict(&outcome, exit) {
            verdict.hinted(next(wanted)).show(&context.ui);
        }
        Ok(exit)
    }
}

/// What it comes to, in one line with a code; nothing after a success.
fn verdict(outcome: &Outcome, exit: Exit) -> Option<CliError> {
    let Outcome { failures, not_tried, remaining, .. } = outcome;
    let (code, message) = match exit {
        Exit::Done | Exit::ChangesPending | Exit::Usage | Exit::Unreachable => return None,
        Exit::Interrupted => (Code::INTERRUPTED, "interrupted; what was written is recorded".to_owned()),
        Exit::Conflict => {
            (Code::STALE_PLAN, format!("{} of the objects changed since they were planned", failures.len()))
        }
        Exit::Failed => {
            (Code::INCOMPLETE, format!("{} failed, {} not tried", failures.len(), not_tried.len()))
        }
        Exit::NotReady if remaining.is_empty() => (Code::NOT_READY, "not everything became ready".to_owned()),
        Exit::NotReady => (Code::REMAINING, "not everything is gone".to_owned()),
    };
    Some(CliError::new(code, exit, message))
}

/// A plan file is of no use any more once a part of it is done.
fn next(wanted: &Wanted) -> &'static str {
    match wanted.saved {
        None => "run the same command again: it goes on where it stopped",
        Some(_) => "look at a new plan, and save it: what is done already is not in it",
    }
}
