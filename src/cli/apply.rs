//! `bridge apply`.

use clap::Args as ClapArgs;

use crate::cli::args::{DeleteConsentArgs, LockArgs, Output, TargetArgs, WriteConsentArgs, consent};
use crate::cli::carry_out::{Wanted, carry_out, refuse};
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::{plan_file, saved};
use crate::converge::run::ApplySettings;
use crate::plan::consent::Consent;
use crate::report::apply_text::Operation;

/// Bring the cluster to the profile
///
/// Shows the plan, asks, applies it wave by wave, and waits until the workloads are ready. Running it again changes
/// nothing; running it after an interruption goes on where it stopped. With a PLANFILE it does exactly what that plan
/// showed and asks nothing, or refuses it as stale with exit code 5.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// Plan that `bridge plan --out` saved, with its profile, variables and consents
    #[arg(
        value_name = "PLANFILE",
        conflicts_with_all = ["target", "adopt", "force_conflicts", "replace", "allow_delete", "rename_from", "var", "var_file"]
    )]
    plan_file: Option<String>,

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

/// Applies each profile, or a plan file.
pub(super) async fn exec(context: &Context, args: &Args) -> Result<Exit, CliError> {
    let output = context.output("apply", &[Output::Text, Output::Json])?;
    if let Some(path) = &args.plan_file {
        return apply_saved(context, args, output, path).await;
    }
    let settings = settings(context, args, consent(&args.write, &args.delete, &args.target));
    let auto_approve = args.auto_approve;
    let wanted = Wanted {
        operation: Operation::Apply,
        auto_approve,
        own_clusters: false,
        output,
        settings,
        saved: None,
        rotation: None,
    };
    carry_out(context, &wanted).await
}

/// Applies a plan file. It was approved by whoever saved it, so nobody is asked.
async fn apply_saved(context: &Context, args: &Args, output: Output, path: &str) -> Result<Exit, CliError> {
    let read = || {
        let plan = plan_file::read(path)?;
        let consent = Consent::try_from(&plan.consent).map_err(|error| plan_file::damaged(path, &error))?;
        Ok((saved::resume(context, &plan)?, consent, plan))
    };
    let (context, consent, plan) = match read() {
        Ok(read) => read,
        Err(error) => return refuse(context, Operation::Apply, output, &error),
    };
    let operation = if plan.is_destroy { Operation::Destroy } else { Operation::Apply };
    let settings = settings(&context, args, consent);
    let saved = Some(plan);
    carry_out(
        &context,
        &Wanted {
            operation,
            auto_approve: true,
            own_clusters: false,
            output,
            settings,
            saved,
            rotation: None,
        },
    )
    .await
}

fn settings(context: &Context, args: &Args, consent: Consent) -> ApplySettings {
    ApplySettings {
        wait: !args.no_wait,
        timeout: context.global.timeout,
        lock_timeout: args.lock.lock_timeout,
        holder: context.holder(),
        consent,
    }
}
