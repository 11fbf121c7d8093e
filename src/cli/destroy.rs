//! `bridge destroy`.

use std::sync::Arc;

use clap::Args as ClapArgs;

use crate::cli::approve::{self, Question};
use crate::cli::args::{DeleteConsentArgs, Output, TargetArgs, WriteConsentArgs, consent};
use crate::cli::carry_out::{Wanted, carry_out};
use crate::cli::context::Context;
use crate::cli::converged::{Hub, progress};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::{for_each_profile, interrupt, prepare, target};
use crate::converge::apply::ApplySettings;
use crate::converge::interrupt::Interrupt;
use crate::plan::change::Change;
use crate::plan::summary::Plan;
use crate::report::apply_text::Operation;

/// Remove everything that the profile owns on the hub
///
/// Deletes only what bridge recorded in its inventory: the root ApplicationSets first, then cluster Secrets, projects and
/// the rest of Argo CD. Namespaces and CustomResourceDefinitions go only with --allow-delete. The workloads that Argo CD
/// deployed stay, unless applicationSets.preserveResourcesOnDeletion is false.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// Do not ask; needs a cluster that the profile or --context names
    #[arg(long)]
    auto_approve: bool,

    #[command(flatten)]
    delete: DeleteConsentArgs,
}

/// Destroys each profile.
pub(super) async fn exec(context: &Context, args: &Args) -> Result<Exit, CliError> {
    let output = context.output("destroy", &[Output::Text, Output::Json])?;
    approve::check_can_ask(context, args.auto_approve)?;
    let interrupt = interrupt::listen(context.ui.clone());
    let run = Run { context, args, output, interrupt: &interrupt };
    for_each_profile(context, async |path| run.one(path).await).await
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
        let Self { context, args, output, interrupt } = *self;
        let ready = prepare::load_unless(context, path, interrupt).await?;
        let target = target::choose(context, &ready.profile)?;
        if args.auto_approve {
            target.check_is_named()?;
        }
        let hub = Hub::connect(context, &target, interrupt).await?;
        let consent = consent(&WriteConsentArgs::default(), &args.delete, &TargetArgs::default());
        let plan = hub.plan_destroy(&ready, &consent, &progress(context)).await?;
        for line in fate_of_workloads(&plan) {
            context.ui.status(&line);
        }
        let settings = ApplySettings { wait: true, timeout: context.global.timeout, consent };
        let auto_approve = args.auto_approve;
        let wanted =
            Wanted { operation: Operation::Destroy, question: Question::Destroy, auto_approve, output };
        carry_out(context, &hub, plan, &settings, &wanted).await
    }
}

/// What happens to that which Argo CD deployed, by what the live ApplicationSets say: the profile may have changed since.
fn fate_of_workloads(plan: &Plan) -> Vec<String> {
    let deleted = plan.changes.iter().filter_map(Change::deleted);
    let sets = deleted.filter(|live| live.id().group_kind.kind == "ApplicationSet");
    sets.map(|set| {
        let preserves =
            set.body().pointer("/spec/syncPolicy/preserveResourcesOnDeletion") == Some(&true.into());
        let fate = if preserves { "stay where they are" } else { "are deleted with their Applications" };
        format!("workloads of ApplicationSet {} {fate}", set.id().name)
    })
    .collect()
}
