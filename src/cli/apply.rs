//! `bridge apply`.

use clap::Args as ClapArgs;

use crate::cli::args::{DeleteConsentArgs, LockArgs, Output, TargetArgs, WriteConsentArgs, consent};
use crate::cli::carry_out::{Wanted, carry_out};
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::converge::run::ApplySettings;
use crate::report::apply_text::Operation;

/// Bring the cluster to the profile
///
/// Shows the plan, asks, applies it wave by wave, and waits until the workloads are ready. Running it again changes
/// nothing; running it after an interruption goes on where it stopped.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// Do not ask; needs a cluster that the profile or --context names
    #[arg(long)]
    auto_approve: bool,

    /// Do not wait for workloads to become ready
    #[arg(long)]
    no_wait: bool,

    #[command(flatten)]
    target: TargetArgs,

    #[command(flatten)]
    write: WriteConsentArgs,

    #[command(flatten)]
    delete: DeleteConsentArgs,

    #[command(flatten)]
    lock: LockArgs,
}

/// Applies each profile.
pub(super) async fn exec(context: &Context, args: &Args) -> Result<Exit, CliError> {
    let output = context.output("apply", &[Output::Text, Output::Json])?;
    let consent = consent(&args.write, &args.delete, &args.target);
    let settings = ApplySettings {
        wait: !args.no_wait,
        timeout: context.global.timeout,
        lock_timeout: args.lock.lock_timeout,
        holder: context.holder(),
        consent,
    };
    let auto_approve = args.auto_approve;
    carry_out(context, &Wanted { operation: Operation::Apply, auto_approve, output, settings }).await
}
