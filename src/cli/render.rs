//! `bridge render`.

use clap::Args as ClapArgs;

use crate::cli::args::Output;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::secrets::{self, Reach};
use crate::cli::{endpoints, for_each_profile, manifest, prepare};
use crate::desired::render::to_yaml;
use crate::desired::secrets::Secrets;

/// Print the desired objects as YAML
///
/// The same profile gives the same bytes. Values of Secrets read `(sensitive)`.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// Resolve references to the environment and to files, and print the values
    #[arg(long)]
    show_secrets: bool,
}

/// Renders each profile.
pub(super) async fn exec(context: &Context, args: &Args) -> Result<Exit, CliError> {
    context.output("render", &[Output::Text])?;
    for_each_profile(context, async |path| one(context, args, path).await).await
}

async fn one(context: &Context, args: &Args, path: &str) -> Result<Exit, CliError> {
    let ready = prepare::load(context, path)?;
    let secrets = if args.show_secrets {
        secrets::resolve(context, &ready.profile, &ready.folder, Reach::Local).await?
    } else {
        Secrets::Masked
    };
    let desired = ready.desired(context, manifest::Lock::ReadOnly, &secrets).await?;
    endpoints::say_unread(context, &ready.profile);
    let text = to_yaml(&desired, args.show_secrets);
    // Without the option no reference was resolved and literals are masked, so that nothing is left to take out.
    context.ui.data_as_it_is(&text)?;
    Ok(Exit::Done)
}
