//! 8. The command line: arguments, files, environment, and one module for each command.
//!
//! Architecture invariant: the only code that names `clap` or reads the environment.

mod apply;
mod approve;
mod args;
mod blocked;
mod carry_out;
mod checkout;
mod completions;
mod connections;
mod consents;
mod context;
mod converged;
mod credentials;
mod destroy;
mod down;
mod endpoints;
mod error;
mod exit;
mod explain;
mod init;
mod interrupt;
mod local;
mod log;
mod manifest;
mod panic;
mod plan;
mod plan_file;
mod prepare;
mod profiles;
mod read;
mod render;
mod saved;
mod schema;
mod secret_references;
mod secrets;
mod spokes;
mod status;
mod target;
mod templates;
mod up;
mod usage;
mod validate;

use std::process::ExitCode;

use clap::{FromArgMatches, Parser, Subcommand};

use crate::cli::args::{Global, Output};
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::code::Code;
use crate::report::error_json;
use crate::report::ui::Ui;

/// From an empty Kubernetes cluster to a running GitOps fleet
///
/// bridge reads a profile (bridge.yaml) and brings a cluster to it: Argo CD installed, every cluster known by its labels,
/// and the addons, workloads and clusters repositories being pulled. Running it again changes nothing; running it after
/// an edit changes exactly that edit, after showing it.
#[derive(Debug, Parser)]
#[command(name = "bridge", version, after_help = exit::table(), arg_required_else_help = true)]
#[command(subcommand_precedence_over_arg = true)]
struct Cli {
    #[command(flatten)]
    global: Global,

    /// Explain the code of a finding or an error, such as BRG3003
    #[arg(long, global = true, value_name = "CODE", help_heading = "Global options")]
    explain: Option<String>,

    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    Init(init::Args),
    Validate(validate::Args),
    Render(render::Args),
    Plan(plan::Args),
    Apply(apply::Args),
    Status(status::Args),
    Destroy(destroy::Args),
    Up(up::Args),
    Down(down::Args),
    Credentials(credentials::Args),
    Schema(schema::Args),
    Completions(completions::Args),
}

/// Runs bridge with the arguments of the process.
#[must_use]
pub fn run() -> ExitCode {
    panic::install();
    let run = || match parse() {
        Ok(cli) => execute(cli),
        Err(error) => usage::show(error),
    };
    // The hook has said where it was.
    let exit = std::panic::catch_unwind(run).unwrap_or(Exit::Failed);
    ExitCode::from(exit.code())
}

fn parse() -> Result<Cli, clap::Error> {
    let mut command = usage::command();
    let matches = command.try_get_matches_from_mut(std::env::args_os())?;
    Cli::from_arg_matches(&matches).map_err(|error| error.format(&mut command))
}

fn execute(cli: Cli) -> Exit {
    let Cli { global, explain, command } = cli;
    let (ui, output) = (Ui::new(global.color.into(), global.quiet), global.output);
    start(ui.clone(), global)
        .and_then(|context| choose(&context, explain, command))
        .unwrap_or_else(|error| end(&ui, output, &error))
}

/// Shows what ended a command without its document; a reader of JSON gets one all the same.
fn end(ui: &Ui, output: Output, error: &CliError) -> Exit {
    let exit = error.end(ui);
    if output == Output::Json {
        let document = error_json::document(&error.findings(), exit.code());
        // Whoever cannot be written to has been told on standard error.
        ui.document(serde_json::json!(document)).unwrap_or_default();
    }
    exit
}

fn start(ui: Ui, global: Global) -> Result<Context, CliError> {
    let context = Context::new(ui, global)?;
    log::install(&context)?;
    Ok(context)
}

fn choose(context: &Context, explain: Option<String>, command: Option<Command>) -> Result<Exit, CliError> {
    match (explain, command) {
        (Some(code), _) => explain::exec(context, &code),
        (None, Some(command)) => dispatch(context, command),
        (None, None) => {
            Err(CliError::usage(Code::USAGE, "no command was given").hinted("`bridge --help` lists them"))
        }
    }
}

fn dispatch(context: &Context, command: Command) -> Result<Exit, CliError> {
    match command {
        Command::Init(args) => wait(init::exec(context, &args)),
        Command::Validate(args) => wait(validate::exec(context, &args)),
        Command::Render(args) => wait(render::exec(context, &args)),
        Command::Plan(args) => wait(plan::exec(context, &args)),
        Command::Apply(args) => wait(apply::exec(context, &args)),
        Command::Status(args) => wait(status::exec(context, &args)),
        Command::Destroy(args) => wait(destroy::exec(context, &args)),
        Command::Up(args) => wait(up::exec(context, &args)),
        Command::Down(args) => wait(down::exec(context, &args)),
        Command::Credentials(args) => wait(credentials::exec(context, &args)),
        Command::Schema(args) => schema::exec(context, &args),
        Command::Completions(args) => completions::exec(context, &args),
    }
}

/// Runs a command that does I/O. What still blocks at its end, such as an unanswered question, is left behind.
fn wait(work: impl Future<Output = Result<Exit, CliError>>) -> Result<Exit, CliError> {
    let built = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = built.map_err(|error| {
        CliError::new(Code::INTERNAL, Exit::Failed, "the runtime cannot start").caused_by(&error)
    })?;
    let result = runtime.block_on(work);
    runtime.shutdown_background();
    result
}

/// Does the work for each profile, one after the other; the worst exit code counts.
async fn for_each_profile(
    context: &Context,
    work: impl AsyncFn(&str) -> Result<Exit, CliError>,
) -> Result<Exit, CliError> {
    let profiles = profiles::profiles(context)?;
    if let [only] = profiles.as_slice() {
        return work(only).await;
    }
    let mut worst = Exit::Done;
    for profile in &profiles {
        context.ui.status(&format!("profile {profile}"));
        let exit = work(profile).await.unwrap_or_else(|error| error.end(&context.ui));
        worst = worst.worst(exit);
        if exit == Exit::Interrupted {
            break;
        }
    }
    Ok(worst)
}
