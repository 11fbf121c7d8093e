//! The question before anything is written.

use std::io::BufRead;

use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::interrupt;
use crate::code::Code;
use crate::converge::interrupt::Interrupt;
use crate::plan::summary::{ClusterIdentity, Counts, Plan};
use crate::report::apply_text::Operation;
use crate::report::style::{self, paint, plain};

/// Refuses early what could not be asked later.
///
/// # Errors
/// When there is no terminal to ask on.
pub(super) fn check_can_ask(context: &Context, auto_approve: bool) -> Result<(), CliError> {
    if auto_approve || context.ui.can_ask() {
        return Ok(());
    }
    let message = "the plan needs an approval, and this is no terminal";
    Err(CliError::usage(Code::NOT_A_TERMINAL, message)
        .hinted("look at `bridge plan`, then run with `--auto-approve`"))
}

/// Asks, and waits for the answer.
///
/// # Errors
/// When the answer is anything but `yes`.
pub(super) async fn ask(
    context: &Context,
    operation: Operation,
    plan: &Plan,
    interrupt: &Interrupt,
) -> Result<(), CliError> {
    context.ui.say(&prompt(operation, plan));
    let answer = interrupt::unless(interrupt, tokio::task::spawn_blocking(read_line)).await?;
    context.ui.say("\n");
    if answer.is_ok_and(|answer| answer.trim() == "yes") {
        return Ok(());
    }
    Err(CliError::new(Code::DECLINED, Exit::Failed, "the plan was not approved; nothing was written"))
}

fn read_line() -> String {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).unwrap_or_default();
    line
}

fn prompt(operation: Operation, plan: &Plan) -> String {
    let Counts { add, change, destroy, blocked: _, unchanged: _ } = plan.counts();
    let (heading, warning) = match operation {
        Operation::Apply => (
            "Do you want to perform these actions?",
            format!(
                "bridge will perform the actions described above: {add} to add, {change} to change, {destroy} to destroy."
            ),
        ),
        Operation::Destroy => (
            "Do you really want to destroy all of this?",
            format!("bridge will delete the {destroy} objects shown above. There is no undo."),
        ),
    };
    let place = plan.cluster.as_ref().map_or(
        String::new(),
        |ClusterIdentity { server, context, uid, kubectl: _ }| {
            format!("  context {}  server {}  uid {}\n", plain(context), plain(server), plain(uid))
        },
    );
    let heading = paint(style::STRONG, heading);
    let label = paint(style::STRONG, "Enter a value:");
    format!("\n{heading}\n{place}  {warning}\n  Only 'yes' will be accepted to approve.\n\n  {label} ")
}
