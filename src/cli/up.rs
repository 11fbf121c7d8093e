//! `bridge up`.

use clap::Args as ClapArgs;

use crate::cli::args::{DeleteConsentArgs, LockArgs, Output, TargetArgs, WriteConsentArgs, consent};
use crate::cli::carry_out::{Wanted, carry_out_unless, refuse};
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::prepare::Ready;
use crate::cli::{interrupt, local, prepare, profiles};
use crate::converge::interrupt::Interrupt;
use crate::converge::run::ApplySettings;
use crate::report::apply_text::Operation;

/// Make the profile's clusters with kind, and bring them to the profile
///
/// Makes a cluster for each entry with `provider: kind` that is not there, with a kubeconfig of bridge's own, and then does
/// what `bridge apply` does. Running it again changes nothing; after an interruption it goes on. Nobody is asked: the
/// clusters are bridge's own. `bridge down` removes them.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// Delete clusters that were made from another configuration, with everything in them, and make them anew
    #[arg(long)]
    recreate: bool,

    /// Do not wait for workloads to become ready
    #[arg(long)]
    no_wait: bool,

    /// Do not ask, where the profile also has clusters that are not bridge's own
    #[arg(long)]
    auto_approve: bool,

    #[command(flatten)]
    write: WriteConsentArgs,

    #[command(flatten)]
    delete: DeleteConsentArgs,

    #[command(flatten)]
    lock: LockArgs,
}

/// Makes the clusters of each profile, and applies it.
pub(super) async fn exec(context: &Context, args: &Args) -> Result<Exit, CliError> {
    let output = context.output("up", &[Output::Text, Output::Json])?;
    let interrupt = interrupt::listen(context.ui.clone());
    let ready = match make(context, args, &interrupt).await {
        Ok(ready) => ready,
        Err(error) => return refuse(context, Operation::Apply, output, &error),
    };
    let is_own = |ready: &Ready| ready.profile.clusters().all(|cluster| cluster.kind_cluster.is_some());
    let settings = ApplySettings {
        wait: !args.no_wait,
        timeout: context.global.timeout,
        lock_timeout: args.lock.lock_timeout,
        holder: context.holder(),
        consent: consent(&args.write, &args.delete, &TargetArgs::default()),
    };
    let wanted = Wanted {
        operation: Operation::Apply,
        auto_approve: args.auto_approve || ready.iter().all(is_own),
        output,
        settings,
        saved: None,
        rotation: None,
    };
    let exit = carry_out_unless(context, &wanted, &interrupt).await?;
    if exit == Exit::Done {
        for ready in &ready {
            context.ui.status(&format!("\n{}", local::guide(context, ready)?.trim_end()));
        }
    }
    Ok(exit)
}

/// The profiles, whose clusters are there now.
async fn make(context: &Context, args: &Args, interrupt: &Interrupt) -> Result<Vec<Ready>, CliError> {
    let mut all = Vec::new();
    for path in profiles::profiles(context)? {
        // Warnings are shown when it is applied.
        let (ready, _) = prepare::ready(context, prepare::read(context, &path)?, &path)?;
        all.push(ready);
    }
    for ready in &all {
        local::make(context, ready, args.recreate, interrupt).await?;
    }
    Ok(all)
}
