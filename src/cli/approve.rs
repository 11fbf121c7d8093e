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

/// A plan that waits for its approval.
pub(super) struct Proposal<'a> {
    /// The profile's file.
    pub(super) path: &'a str,
    /// What would be done.
    pub(super) plan: &'a Plan,
}

/// Asks once about all of them, and waits for the answer.
///
/// # Errors
/// When the answer is anything but `yes`.
pub(super) async fn ask(
    context: &Context,
    operation: Operation,
    proposals: &[Proposal<'_>],
    interrupt: &Interrupt,
) -> Result<(), CliError> {
    if has_said_yes(context, &prompt(operation, proposals), interrupt).await? {
        return Ok(());
    }
    let message = match proposals {
        [_] => "the plan was not approved; nothing was written",
        _ => "the plans were not approved; nothing of them was written",
    };
    Err(CliError::new(Code::DECLINED, Exit::Failed, message))
}

/// Asks whether something may be destroyed that no plan tells of.
///
/// # Errors
/// When the answer is anything but `yes`.
pub(super) async fn ask_to_destroy(
    context: &Context,
    what: &str,
    interrupt: &Interrupt,
) -> Result<(), CliError> {
    let heading = paint(style::STRONG, "Do you really want to destroy all of this?");
    if has_said_yes(context, &question(&heading, &format!("  {what}\n"), ONE), interrupt).await? {
        return Ok(());
    }
    Err(CliError::new(Code::DECLINED, Exit::Failed, "not approved; nothing was deleted"))
}

async fn has_said_yes(context: &Context, question: &str, interrupt: &Interrupt) -> Result<bool, CliError> {
    context.ui.say(question);
    let answer = interrupt::unless(interrupt, tokio::task::spawn_blocking(read_line)).await?;
    context.ui.say("\n");
    Ok(answer.is_ok_and(|answer| answer.trim() == "yes"))
}

const ONE: &str = "Only 'yes' will be accepted to approve.";

fn question(heading: &str, what: &str, how: &str) -> String {
    let label = paint(style::STRONG, "Enter a value:");
    format!("\n{heading}\n{what}  {how}\n\n  {label} ")
}

fn read_line() -> String {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).unwrap_or_default();
    line
}

fn prompt(operation: Operation, proposals: &[Proposal<'_>]) -> String {
    let heading = match operation {
        Operation::Apply => "Do you want to perform these actions?",
        Operation::Destroy => "Do you really want to destroy all of this?",
    };
    let (what, how) = match proposals {
        [only] => (one(operation, only.plan), ONE),
        _ => (
            several(operation, proposals),
            "Only 'yes' will be accepted, to approve all of them; to choose, give one `-f` at a time.",
        ),
    };
    question(&paint(style::STRONG, heading).to_string(), &what, how)
}

fn one(operation: Operation, plan: &Plan) -> String {
    let Counts { add, change, destroy, blocked: _, unchanged: _ } = plan.counts();
    let warning = match operation {
        Operation::Apply => format!(
            "bridge will perform the actions described above: {add} to add, {change} to change, {destroy} to destroy."
        ),
        Operation::Destroy => {
            format!("bridge will delete the {destroy} objects shown above. There is no undo.")
        }
    };
    format!("{}  {warning}\n", place(plan))
}

/// A line for each profile and its hub: who answers at night has the last plan on the screen, and not the first.
fn several(operation: Operation, proposals: &[Proposal<'_>]) -> String {
    let line = |Proposal { path, plan }: &Proposal<'_>| {
        let Counts { add, change, destroy, blocked: _, unchanged: _ } = plan.counts();
        let path = paint(style::STRONG, &plain(path));
        let counts = match operation {
            Operation::Apply => format!("{add} to add, {change} to change, {destroy} to destroy"),
            Operation::Destroy => format!("{destroy} to destroy"),
        };
        format!("  {path}: {counts}\n  {}", place(plan))
    };
    let warning = match operation {
        Operation::Apply => "bridge will perform the actions described above on all of these hubs.",
        Operation::Destroy => {
            "bridge will delete the objects shown above on all of these hubs. There is no undo."
        }
    };
    format!("{}  {warning}\n", proposals.iter().map(line).collect::<String>())
}

fn place(plan: &Plan) -> String {
    plan.cluster.as_ref().map_or(String::new(), |ClusterIdentity { server, context, uid, kubectl: _ }| {
        format!("  context {}  server {}  uid {}\n", plain(context), plain(server), plain(uid))
    })
}
