//! `bridge plan`.

use std::sync::Arc;

use clap::Args as ClapArgs;

use crate::cli::args::{DeleteConsentArgs, Output, TargetArgs, WriteConsentArgs, consent};
use crate::cli::context::Context;
use crate::cli::converged::{Hub, Planned, progress};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::prepare::Ready;
use crate::cli::spokes::Spokes;
use crate::cli::{
    blocked, consents, endpoints, for_each_profile, interrupt, local, manifest, plan_file, prepare, profiles,
    saved, target,
};
use crate::code::Code;
use crate::converge::interrupt::Interrupt;
use crate::converge::trial::Creates;
use crate::desired::secrets::Secrets;
use crate::plan::build;
use crate::plan::consent::Consent;
use crate::plan::gate::NeedsConsent;
use crate::profile::shell::shell_word;
use crate::report::plan_text::View;
use crate::report::style::plain;
use crate::report::{markdown, plan_json, plan_text, spoke_text};

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
    #[arg(long, conflicts_with_all = ["destroy", "target", "adopt", "force_conflicts", "replace", "allow_delete", "rename_from"])]
    offline: bool,

    /// Show what destroy would remove; always everything that the profile owns
    #[arg(long, conflicts_with_all = ["target", "adopt", "force_conflicts", "replace"])]
    destroy: bool,

    /// Save the plan in this file, for `bridge apply FILE`: exactly this plan, or none
    #[arg(long, value_name = "FILE", conflicts_with = "offline")]
    out: Option<String>,

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
    check_one_profile(context, args, output)?;
    consents::check_one_profile(context, &consent(&args.write, &args.delete, &args.target))?;
    let interrupt = interrupt::listen(context.ui.clone());
    let run = Run { context, args, output, interrupt: &interrupt };
    for_each_profile(context, async |path| run.one(path).await).await
}

/// A reader of JSON takes the output for one document, and a plan file is of one profile.
fn check_one_profile(context: &Context, args: &Args, output: Output) -> Result<(), CliError> {
    if let Some(out) = &args.out {
        plan_file::check_may_write(out)?;
    }
    let what = match (output, &args.out) {
        (Output::Json, _) => "`--output json` is one document",
        (_, Some(_)) => "`--out` saves one plan",
        (Output::Text | Output::Sarif | Output::Markdown, None) => return Ok(()),
    };
    let profiles = profiles::profiles(context)?.len();
    if profiles < 2 {
        return Ok(());
    }
    let message = format!("{what}, and {profiles} profiles are given");
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
        let planned =
            if *offline { self.offline(&ready).await? } else { self.online(&ready, &consent).await? };
        consents::check_names(&planned.plan, &consent)?;
        self.show(&planned, &consent)?;
        consents::warn(self.context, &planned.plan, &consent);
        if let Some(out) = &self.args.out {
            self.save(out, &ready, &planned, &consent)?;
        }
        Ok(exit(&planned, self.args.detailed_exitcode))
    }

    /// A plan that cannot be applied is not saved.
    fn save(&self, out: &str, ready: &Ready, planned: &Planned, consent: &Consent) -> Result<(), CliError> {
        let ui = &self.context.ui;
        // What is going already does not stand in the way of a removal.
        if !planned.plan.is_destroy && blocked::check(&planned.plan).is_err() {
            ui.warn(&format!("`{}` was not written: this plan cannot be applied", plain(out)));
            return Ok(());
        }
        // What it would do there is not in the file, and so could not be held to.
        if planned.spokes.have_changes() {
            let message =
                format!("`{}` was not written: a plan that registers spokes cannot be saved", plain(out));
            return Err(CliError::usage(Code::USAGE, message)
                .hinted("`bridge apply` registers them; a plan of what comes after can be saved"));
        }
        plan_file::write(out, &saved::document(self.context, ready, planned, consent)?)?;
        ui.status(&format!(
            "saved the plan; this applies it and nothing else: bridge apply {}",
            plain(&shell_word(out))
        ));
        if let Some(NeedsConsent { deletions, .. }) = consents::lacking(&planned.plan, consent) {
            ui.warn(&format!(
                "this plan file will be refused: it needs `--allow-delete {deletions}`, or `--allow-delete KIND/NAME` for each, beside `--out`"
            ));
        }
        Ok(())
    }

    fn show(&self, Planned { plan, spokes, .. }: &Planned, consent: &Consent) -> std::io::Result<()> {
        let ui = &self.context.ui;
        let needs = consents::lacking(plan, consent);
        let is_targeted = !consent.targets.is_empty();
        let view = View { detail: self.context.detail(), is_targeted, needs: needs.as_ref() };
        match self.output {
            Output::Text | Output::Sarif => {
                ui.data(&(plan_text::render(plan, &view) + &spoke_text::render(spokes.spokes(), &view)))
            }
            Output::Json => {
                let document = plan_json::document(plan, needs.as_ref(), spokes.spokes());
                ui.document(serde_json::json!(document))
            }
            Output::Markdown => ui.data(&markdown::render(plan, spokes.spokes(), &view)),
        }
    }

    async fn offline(&self, ready: &Ready) -> Result<Planned, CliError> {
        let work = ready.desired(self.context, manifest::Lock::Write, &Secrets::Masked);
        let desired = interrupt::unless(self.interrupt, work).await??;
        self.context
            .ui
            .status("no cluster was asked: everything counts as new, and no server has checked it");
        endpoints::say_unread(self.context, &ready.profile);
        Ok(Planned { plan: build::offline(desired), secrets: Secrets::Masked, spokes: Spokes::default() })
    }

    async fn online(&self, ready: &Ready, consent: &Consent) -> Result<Planned, CliError> {
        let context = &local::for_profile(self.context, ready)?;
        let target = target::choose(context, &ready.profile)?;
        let hub = Hub::connect(context, &target, self.interrupt).await;
        let hub = hub.map_err(|error| local::hint(ready, error))?;
        let emit = progress(context);
        if self.args.destroy {
            hub.plan_destroy(context, ready, consent, &emit).await
        } else {
            hub.plan(context, ready, consent, Creates::Tried, &emit).await
        }
    }
}

/// A plan that cannot be applied ends as the apply would.
fn exit(Planned { plan, secrets: _, spokes }: &Planned, is_detailed: bool) -> Exit {
    let is_pending = !plan.is_empty() || spokes.have_changes();
    let exit = match (blocked::check(plan), is_detailed && is_pending) {
        (Err(blocked), _) => blocked.exit(),
        (Ok(()), true) => Exit::ChangesPending,
        (Ok(()), false) => Exit::Done,
    };
    spokes.exit().worst(exit)
}
