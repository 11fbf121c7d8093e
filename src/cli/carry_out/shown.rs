//! What a run says about each of its profiles.

use crate::cli::args::Output;
use crate::cli::carry_out::{Reached, Run, Wanted};
use crate::cli::consents;
use crate::cli::context::Context;
use crate::cli::converged::outcome_exit;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::spokes::Spokes;
use crate::code::Code;
use crate::converge::outcome::Outcome;
use crate::plan::consent::Consent;
use crate::plan::summary::{ClusterIdentity, Plan};
use crate::report::apply_text::{Operation, problems, summary};
use crate::report::plan_text::View;
use crate::report::style::plain;
use crate::report::{apply_json, plan_text, spoke_text};

/// Shows what is wrong before any profile is looked at.
///
/// # Errors
/// When standard output cannot be written.
pub(in crate::cli) fn refuse(
    context: &Context,
    operation: Operation,
    output: Output,
    error: &CliError,
) -> Result<Exit, CliError> {
    let exit = error.end(&context.ui);
    if output == Output::Json {
        let last = apply_json::error(&error.findings(), exit.code());
        context.ui.lines(vec![apply_json::version(operation), last])?;
    }
    Ok(exit)
}

/// Two profiles that would write the same inventory.
pub(super) fn same_hub(first: &Reached, second: &Reached) -> CliError {
    let ClusterIdentity { server, context, uid, kubectl: _ } = second.hub.cluster.identity();
    let namespace = second.ready.profile.argocd.namespace.as_str();
    let message = format!(
        "`{}` and `{}` are both for the Argo CD in the namespace {namespace} of the cluster {}; nothing was written",
        plain(&first.path),
        plain(&second.path),
        plain(server)
    );
    CliError::usage(Code::SAME_HUB, message)
        .hinted(format!("both contexts, {} and {}, lead to the cluster with the uid {}", plain(&first.hub.cluster.identity().context), plain(context), plain(uid)))
        .hinted("give each profile the context of its own hub: `connection: { context: NAME }` of the cluster with `role: hub`")
}

impl Run<'_> {
    /// Where there are several, says which profile the next lines are about.
    fn head(&self, path: &str) {
        if !self.is_one {
            self.context.ui.status(&format!("\nprofile {}", plain(path)));
        }
    }

    /// The first line for machines.
    ///
    /// # Errors
    /// When standard output cannot be written.
    pub(super) fn begin(&self, path: &str) -> std::io::Result<()> {
        match self.wanted.output {
            Output::Json => self.lines(path, vec![apply_json::version(self.wanted.operation)]),
            Output::Text | Output::Sarif | Output::Markdown => Ok(()),
        }
    }

    /// Lines of this profile for machines.
    ///
    /// # Errors
    /// When standard output cannot be written.
    pub(super) fn lines(&self, path: &str, lines: Vec<serde_json::Value>) -> std::io::Result<()> {
        self.context.ui.lines(apply_json::of(path, lines))
    }

    /// Shows what ended a profile before anything else was said about it.
    ///
    /// # Errors
    /// When standard output cannot be written.
    pub(super) fn give_up(&self, path: &str, error: &CliError) -> std::io::Result<Exit> {
        self.begin(path)?;
        Ok(self.end(path, error))
    }

    /// Shows what ended a profile before there was an outcome.
    pub(super) fn end(&self, path: &str, error: &CliError) -> Exit {
        self.head(path);
        let exit = error.end(&self.context.ui);
        self.end_line(path, error);
        exit
    }

    /// The last line for machines where there was no outcome.
    pub(super) fn end_line(&self, path: &str, error: &CliError) {
        if self.wanted.output == Output::Json {
            let line = apply_json::error(&error.findings(), error.exit().code());
            // Whoever cannot be written to has been told on standard error.
            self.lines(path, vec![line]).unwrap_or_default();
        }
    }

    /// Shows a plan.
    ///
    /// # Errors
    /// When standard output cannot be written.
    pub(super) fn show_plan(
        &self,
        path: &str,
        plan: &Plan,
        spokes: &Spokes,
        consent: &Consent,
    ) -> Result<(), CliError> {
        let needs = consents::lacking(plan, consent);
        match self.wanted.output {
            Output::Json => self.lines(path, apply_json::plan(plan, needs.as_ref(), spokes.spokes()))?,
            Output::Text | Output::Sarif | Output::Markdown => {
                self.head(path);
                let is_targeted = !consent.targets.is_empty() || self.wanted.rotation.is_some();
                let view = View { detail: self.context.detail(), is_targeted, needs: needs.as_ref() };
                let spokes = spoke_text::render(spokes.spokes(), &view);
                self.context.ui.data(&(plan_text::render(plan, &view) + &spokes))?;
            }
        }
        consents::warn(self.context, plan, consent);
        Ok(())
    }

    /// Shows what came of an apply or a destroy.
    ///
    /// # Errors
    /// When standard output cannot be written.
    pub(super) fn report(&self, reached: &Reached, mut outcome: Outcome) -> Result<Exit, CliError> {
        let Self { context, wanted, interrupt: _, is_one: _ } = *self;
        let exit = outcome_exit(&outcome);
        self.head(&reached.path);
        context.ui.say(&problems(&outcome));
        match wanted.output {
            Output::Json => self.lines(&reached.path, vec![apply_json::outcome(&outcome, exit.code())])?,
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
