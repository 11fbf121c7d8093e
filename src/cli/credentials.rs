//! `bridge credentials`.

use clap::{Args as ClapArgs, Subcommand};

use crate::cli::args::{LockArgs, Output};
use crate::cli::carry_out::{Wanted, carry_out};
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::spokes::rotation::Rotation;
use crate::converge::run::ApplySettings;
use crate::plan::consent::Consent;
use crate::report::apply_text::Operation;

/// The tokens that bridge made for Argo CD on spokes
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Rotate(RotateArgs),
}

/// Make new tokens for spokes, try them there, give them to the hub, and revoke the former ones
///
/// Without names it renews what needs it: tokens in the last third of their time, and those that their spoke does not
/// accept any more. Shows the plan and asks, as apply does, and changes nothing on the hub but the tokens. A former token
/// is revoked only once the hub is seen to have the new one.
#[derive(Debug, ClapArgs)]
struct RotateArgs {
    /// Spokes whose tokens are made anew however good they are
    #[arg(value_name = "NAME", conflicts_with = "all")]
    names: Vec<String>,

    /// Make every token anew, as after a leak
    #[arg(long)]
    all: bool,

    /// Do not ask; needs a cluster that the profile or --context names
    #[arg(long)]
    auto_approve: bool,

    #[command(flatten)]
    lock: LockArgs,
}

/// Rotates the tokens of each profile.
pub(super) async fn exec(context: &Context, args: &Args) -> Result<Exit, CliError> {
    let Command::Rotate(RotateArgs { names, all, auto_approve, lock }) = &args.command;
    let output = context.output("credentials rotate", &[Output::Text, Output::Json])?;
    let rotation = match (all, names.as_slice()) {
        (true, _) => Rotation::All,
        (false, []) => Rotation::Needed,
        (false, names) => Rotation::Named(names.iter().cloned().collect()),
    };
    let settings = ApplySettings {
        wait: false,
        timeout: context.global.timeout,
        lock_timeout: lock.lock_timeout,
        holder: context.holder(),
        consent: Consent::default(),
    };
    let (operation, auto_approve) = (Operation::Apply, *auto_approve);
    let wanted = Wanted {
        operation,
        auto_approve,
        own_clusters: false,
        output,
        settings,
        saved: None,
        rotation: Some(rotation),
    };
    carry_out(context, &wanted).await
}
