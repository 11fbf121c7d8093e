//! `bridge apply`.

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
use crate::code::Code;
use crate::converge::apply::ApplySettings;
use crate::converge::interrupt::Interrupt;
use crate::plan::change::Change;
use crate::plan::gate::check_deletions;
use crate::plan::summary::Plan;
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
}

/// Applies each profile.
pub(super) async fn exec(context: &Context, args: &Args) -> Result<Exit, CliError> {
    let output = context.output("apply", &[Output::Text, Output::Json])?;
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
        let consent = consent(&args.write, &args.delete, &args.target);
        let plan = hub.plan(context, &ready, &consent, &progress(context)).await?;
        let settings = ApplySettings { wait: !args.no_wait, timeout: context.global.timeout, consent };
        let auto_approve = args.auto_approve;
        let wanted = Wanted { operation: Operation::Apply, question: Question::Apply, auto_approve, output };
        carry_out(context, &hub, plan, &settings, &wanted).await
    }
}

/// Refuses a plan of which a part is blocked: half of it is not what was asked for.
///
/// # Errors
/// When anything is blocked.
pub(super) fn check_not_blocked(plan: &Plan) -> Result<(), CliError> {
    let blocked: Vec<Blocked> = plan.changes.iter().filter_map(blocked).collect();
    let Some(worst) = blocked.iter().min_by_key(|blocked| blocked.rank) else { return Ok(()) };
    let more = match blocked.len() - 1 {
        0 => String::new(),
        more => format!(", and {more} more objects are blocked"),
    };
    let message = format!("{}{more}, see above; nothing was written", worst.what);
    Err(CliError::new(worst.code, worst.exit, message))
}

/// Why a change is blocked; the lowest rank decides how the process ends. A deletion in progress comes before the
/// refusals that it causes.
struct Blocked {
    rank: u8,
    code: Code,
    exit: Exit,
    what: String,
}

fn blocked(change: &Change) -> Option<Blocked> {
    let id = change.id();
    let of = |rank, code, exit, what: &str| Some(Blocked { rank, code, exit, what: format!("{id} {what}") });
    match change {
        Change::Conflict { .. } => {
            of(0, Code::CONFLICT, Exit::Conflict, "belongs in part or whole to somebody else")
        }
        Change::Refused { .. } => of(2, Code::REFUSED, Exit::Failed, "is refused by the server"),
        Change::Terminating { .. } => of(1, Code::TERMINATING, Exit::Failed, "is being deleted"),
        Change::Create { .. }
        | Change::Update { .. }
        | Change::Adopt { .. }
        | Change::Delete { .. }
        | Change::Unchanged { .. }
        | Change::Keep { .. } => None,
    }
}

/// Refuses large deletions that nobody is asked about.
///
/// # Errors
/// When a deletion needs consent.
pub(super) fn check_deletions_are_meant(plan: &Plan, settings: &ApplySettings) -> Result<(), CliError> {
    Ok(check_deletions(plan, &settings.consent)?)
}
