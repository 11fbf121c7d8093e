//! `bridge up`.

use clap::Args as ClapArgs;

use crate::cli::args::{DeleteConsentArgs, LockArgs, Output, TargetArgs, WriteConsentArgs, consent};
use crate::cli::carry_out::{Wanted, carry_out_unless, refuse};
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::prepare::Ready;
use crate::cli::{approve, consents, interrupt, local, prepare, profiles, target};
use crate::code::Code;
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
    let mut wanted = Wanted {
        operation: Operation::Apply,
        auto_approve: args.auto_approve,
        own_clusters: false,
        output,
        settings: settings(context, args),
        saved: None,
        rotation: None,
    };
    let ready = match make(context, args, &mut wanted, &interrupt).await {
        Ok(ready) => ready,
        Err(error) => return refuse(context, Operation::Apply, output, &error),
    };
    let exit = carry_out_unless(context, &wanted, &interrupt).await?;
    if exit == Exit::Done {
        for ready in &ready {
            context.ui.status(&format!("\n{}", local::guide(context, ready)?.trim_end()));
        }
    }
    Ok(exit)
}

fn settings(context: &Context, args: &Args) -> ApplySettings {
    ApplySettings {
        wait: !args.no_wait,
        timeout: context.global.timeout,
        lock_timeout: args.lock.lock_timeout,
        holder: context.holder(),
        consent: consent(&args.write, &args.delete, &TargetArgs::default()),
    }
}

/// The profiles, whose clusters are there now. What would refuse any of them is asked before the first cluster is made.
async fn make(
    context: &Context,
    args: &Args,
    wanted: &mut Wanted,
    interrupt: &Interrupt,
) -> Result<Vec<Ready>, CliError> {
    if context.global.in_cluster {
        let message = "`bridge up` applies to clusters that it makes, and `--in-cluster` names another one";
        return Err(CliError::usage(Code::USAGE, message).hinted("leave it out, or run `bridge apply`"));
    }
    consents::check_one_profile(context, &wanted.settings.consent)?;
    let mut all = Vec::new();
    for path in profiles::profiles(context)? {
        // Warnings are shown when it is applied.
        let (ready, _) = prepare::ready(context, prepare::read(context, &path)?, &path)?;
        local::check_hub(&ready)?;
        target::choose(context, &ready.profile)?;
        all.push(ready);
    }
    local::check_names(&all)?;
    wanted.own_clusters = !args.auto_approve && all.iter().all(|ready| local::is_own(&ready.profile));
    wanted.auto_approve |= wanted.own_clusters;
    approve::check_can_ask(context, wanted.auto_approve)?;
    let mut looked = Vec::new();
    for ready in &all {
        looked.push(local::look_at(context, ready, args.recreate, interrupt).await?);
    }
    local::warn_of_size(context, &looked);
    for looked in looked {
        local::make(context, &looked, interrupt).await?;
    }
    Ok(all)
}
