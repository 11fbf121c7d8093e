//! `bridge destroy`.

use clap::Args as ClapArgs;

use crate::cli::args::{DeleteConsentArgs, LockArgs, Output, TargetArgs, WriteConsentArgs, consent};
use crate::cli::carry_out::{Wanted, carry_out};
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::converge::run::ApplySettings;
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

    #[command(flatten)]
    lock: LockArgs,
}

/// Destroys each profile.
pub(super) async fn exec(context: &Context, args: &Args) -> Result<Exit, CliError> {
    let output = context.output("destroy", &[Output::Text, Output::Json])?;
    let consent = consent(&WriteConsentArgs::default(), &args.delete, &TargetArgs::default());
    let settings = ApplySettings {
        wait: true,
        timeout: context.global.timeout,
        lock_timeout: args.lock.lock_timeout,
        holder: context.holder(),
        consent,
    };
    let auto_approve = args.auto_approve;
    let operation = Operation::Destroy;
    carry_out(
        context,
        &Wanted {
            operation,
            auto_approve,
            own_clusters: false,
            output,
            settings,
            saved: None,
            rotation: None,
        },
    )
    .await
}
