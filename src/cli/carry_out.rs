//! From a plan to its outcome: show, check, ask, apply, report. The same for `apply` and `destroy`.

use crate::cli::apply::{check_deletions_are_meant, check_not_blocked};
use crate::cli::approve::{self, Question};
use crate::cli::args::Output;
use crate::cli::context::Context;
use crate::cli::converged::{Hub, outcome_exit, progress};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::code::Code;
use crate::converge::apply::{ApplySettings, apply};
use crate::converge::event::Event;
use crate::converge::outcome::Outcome;
use crate::plan::summary::Plan;
use crate::report::apply_text::{Operation, problems, summary};
use crate::report::{apply_json, plan_text};

/// What the command is.
#[derive(Debug)]
pub(super) struct Wanted {
    /// Which operation.
    pub(super) operation: Operation,
    /// What is asked.
    pub(super) question: Question,
    /// Whether it is not asked.
    pub(super) auto_approve: bool,
    /// How it is reported.
    pub(super) output: Output,
}

/// Shows the plan, and does what it says once that is allowed.
///
/// # Errors
/// When it is not allowed, or declined.
pub(super) async fn carry_out(
    context: &Context,
    hub: &Hub,
    plan: Plan,
    settings: &ApplySettings,
    wanted: &Wanted,
) -> Result<Exit, CliError> {
    show_plan(context, &plan, wanted)?;
    check(&plan, settings, wanted)?;
    if !wanted.auto_approve && !plan.is_empty() {
        approve::ask(context, wanted.question, plan.cluster.as_ref(), &hub.interrupt).await?;
    }
    let outcome = run(context, hub, plan, settings, wanted).await;
    report(context, outcome, wanted)
}

fn check(plan: &Plan, settings: &ApplySettings, wanted: &Wanted) -> Result<(), CliError> {
    match wanted.operation {
        Operation::Apply => check_not_blocked(plan)?,
        // What is being deleted already does not stand in the way of a removal.
        Operation::Destroy => return Ok(()),
    }
    if wanted.auto_approve { check_deletions_are_meant(plan, settings) } else { Ok(()) }
}

fn show_plan(context: &Context, plan: &Plan, wanted: &Wanted) -> Result<(), CliError> {
    match wanted.output {
        Output::Json => {
            let version = apply_json::version(&plan.owner.profile);
            context.ui.lines(std::iter::once(version).chain(apply_json::plan(plan)).collect())?;
        }
        Output::Text | Output::Sarif | Output::Markdown => {
            context.ui.data(&plan_text::render(plan, context.detail()))?;
        }
    }
    Ok(())
}

async fn run(context: &Context, hub: &Hub, plan: Plan, settings: &ApplySettings, wanted: &Wanted) -> Outcome {
    let progress = progress(context);
    let emit = |event: Event| {
        if wanted.output == Output::Json {
            // A reader that went away must not stop what it started.
            context.ui.lines(vec![apply_json::event(&event)]).unwrap_or_default();
        }
        progress(event);
    };
    apply(&hub.cluster, plan, settings, &emit, &hub.interrupt).await
}

fn report(context: &Context, mut outcome: Outcome, wanted: &Wanted) -> Result<Exit, CliError> {
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
        verdict.show(&context.ui);
    }
    Ok(exit)
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
        Exit::NotReady if remaining.is_empty() => {
            (Code::NOT_READY, "not everything became ready in time".to_owned())
        }
        Exit::NotReady => (Code::REMAINING, "not everything is gone".to_owned()),
    };
    Some(CliError::new(code, exit, message).hinted("run the same command again: it goes on where it stopped"))
}
