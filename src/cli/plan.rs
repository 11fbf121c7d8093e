//! `bridge plan`.

use std::sync::Arc;

use clap::Args as ClapArgs;

use crate::cli::args::{DeleteConsentArgs, Output, TargetArgs, WriteConsentArgs, consent};
use crate::cli::context::Context;
use crate::cli::converged::{Hub, progress};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::prepare::Ready;
use crate::cli::{blocked, consents, for_each_profile, interrupt, manifest, prepare, target};
use crate::code::Code;
use crate::converge::interrupt::Interrupt;
use crate::converge::trial::Creates;
use crate::desired::secrets::Secrets;
use crate::plan::build;
use crate::plan::consent::Consent;
use crate::plan::summary::Plan;
use crate::report::plan_text::View;
use crate::report::{markdown, plan_json, plan_text};

/// Show what apply would change
///
/// Compares the profile with the live cluster by dry runs on the server, and writes nothing to it. Exit code 0, whether
/// or not there are changes, unless --detailed-exitcode is given; as the apply would, it ends with 5 when somebody else
/// owns an object or a field, and with 1 when the server refuses an object.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// Exit with 2 when there are changes, and 0 only when there are none
    #[arg(long)]
    detailed_exitcode: bool,

    /// Ask no cluster: show the desired state only
    #[arg(long, conflicts_with_all = ["destroy", "target", "adopt", "force_conflicts", "allow_delete", "rename_from"])]
    offline: bool,

    /// Show what destroy would remove; always everything that the profile owns
    #[arg(long, conflicts_with_all = ["target", "adopt", "force_conflicts"])]
    destroy: bool,

    #[command(flatten)]
    target: TargetArgs,

    #[command(flatten)]
    write: WriteConsentArgs,

    #[command(flatten)]
    delete: DeleteConsentArgs,
}

/// Plans each profile.
pub(super) async fn exec(context: &Context, args: &Args) -> Result<Exit, CliError> {
    let output = context.output("plan", &[Output::Text, Output::Json, Output::Markdown])?;
    check_one_document(context, output)?;
    let interrupt = interrupt::listen(context.ui.clone());
    let run = Run { context, args, output, interrupt: &interrupt };
    for_each_profile(context, async |path| run.one(path).await).await
}

/// A reader of JSON takes the output for one document.
fn check_one_document(context: &Context, output: Output) -> Result<(), CliError> {
    let profiles = prepare::profiles(context).len();
    if output != Output::Json || profiles < 2 {
        return Ok(());
    }
    let message = format!("`--output json` is one document, and {profiles} profiles are given");
    Err(CliError::usage(Code::USAGE, message).hinted("run `bridge plan` once for each profile"))
}

/// One run of the command.
struct Run<'a> {
    context: &'a Context,
    args: &'a Args,
    output: Output,
    interrupt: &'a Arc<Interrupt>,
}

impl Run<'_> {
    async fn one(&self, path: &str) -> Result<Exit, CliError> {
        let ready = prepare::load_unless(self.context, path, self.interrupt).await?;
        let Args { offline, write, delete, target, .. } = self.args;
        let consent = consent(write, delete, target);
        let plan = if *offline { self.offline(&ready).await? } else { self.online(&ready, &consent).await? };
        self.show(&plan, &consent)?;
        consents::warn_of_unused(self.context, &plan, &consent);
        Ok(exit(&plan, self.args.detailed_exitcode))
    }

    fn show(&self, plan: &Plan, consent: &Consent) -> std::io::Result<()> {
        let ui = &self.context.ui;
        let needs = consents::lacking(plan, consent);
        let is_targeted = !consent.targets.is_empty();
        let view = View { detail: self.context.detail(), is_targeted, needs: needs.as_ref() };
        match self.output {
            Output::Text | Output::Sarif => ui.data(&plan_text::render(plan, &view)),
            Output::Json => ui.document(serde_json::json!(plan_json::document(plan, needs.as_ref()))),
            Output::Markdown => ui.data(&markdown::render(plan, &view)),
        }
    }

    async fn offline(&self, ready: &Ready) -> Result<Plan, CliError> {
        let work = ready.desired(self.context, manifest::Lock::Write, &Secrets::Masked);
        let desired = interrupt::unless(self.interrupt, work).await??;
        self.context
            .ui
            .status("no cluster was asked: everything counts as new, and no server has checked it");
        Ok(build::offline(desired))
    }

    async fn online(&self, ready: &Ready, consent: &Consent) -> Result<Plan, CliError> {
        let target = target::choose(self.context, &ready.profile)?;
        let hub = Hub::connect(self.context, &target, self.interrupt).await?;
        let emit = progress(self.context);
        if self.args.destroy {
            hub.plan_destroy(ready, consent, &emit).await
        } else {
            hub.plan(self.context, ready, consent, Creates::Tried, &emit).await
        }
    }
}

/// A plan that cannot be applied ends as the apply would.
fn exit(plan: &Plan, is_detailed: bool) -> Exit {
    match (blocked::check(plan), is_detailed && !plan.is_empty()) {
        (Err(blocked), _) => blocked.exit(),
        (Ok(()), true) => Exit::ChangesPending,
        (Ok(()), false) => Exit::Done,
    }
}
