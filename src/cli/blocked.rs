//! Plans of which a part cannot be applied.

use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::code::Code;
use crate::plan::change::{Change, Remedy};
use crate::plan::summary::Plan;
use crate::profile::shell::shell_word;
use crate::report::style::plain;

/// Refuses a plan of which a part is blocked: half of it is not what was asked for.
///
/// # Errors
/// When anything is blocked.
pub(super) fn check(plan: &Plan) -> Result<(), CliError> {
    let blocked: Vec<Blocked> = plan.changes.iter().filter_map(blocked).collect();
    let Some(worst) = blocked.iter().min_by_key(|blocked| blocked.rank) else { return Ok(()) };
    let more = match blocked.len() - 1 {
        0 => String::new(),
        more => format!(", and {more} more objects are blocked"),
    };
    let message = format!("{}{more}, see above; nothing was written", worst.what);
    let error = CliError::new(worst.code, worst.exit, message);
    Err(match replacements(plan) {
        options if options.is_empty() => error,
        options => error.hinted(format!("to have it deleted and created anew: {options}")),
    })
}

/// The options that allow what can only be replaced.
fn replacements(plan: &Plan) -> String {
    let needs = |change: &&Change| matches!(change, Change::Refused { remedy: Remedy::Replace { .. }, .. });
    let option = |change: &Change| format!("--replace {}", plain(&shell_word(&change.id().to_string())));
    let options: Vec<String> = plan.changes.iter().filter(needs).map(option).collect();
    options.join(" ")
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
        Change::Refused { remedy: Remedy::Correct, .. } => {
            of(2, Code::REFUSED, Exit::Failed, "is refused by the server")
        }
        Change::Refused { .. } => {
            of(3, Code::IMMUTABLE, Exit::Failed, "has fields that cannot be changed in place")
        }
        Change::Terminating { .. } => of(1, Code::TERMINATING, Exit::Failed, "is being deleted"),
        Change::Create { .. }
        | Change::Update { .. }
        | Change::Adopt { .. }
        | Change::Replace { .. }
        | Change::Delete { .. }
        | Change::Unchanged { .. }
        | Change::Keep { .. } => None,
    }
}
