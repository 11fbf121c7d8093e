//! Consents that a plan lacks, those that it has no use for, those that are too wide, and what one of them leaves.

use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::profiles;
use crate::code::Code;
use crate::plan::ambiguous::{Ambiguous, check_replacements};
use crate::plan::consent::Consent;
use crate::plan::gate::{NeedsConsent, check_deletions};
use crate::plan::summary::Plan;
use crate::plan::unused::unused;
use crate::profile::shell::shell_word;
use crate::report::last_applied;
use crate::report::style::plain;

/// Refuses `--replace` for several profiles: each would find a meaning of its own for it, on a hub of its own.
///
/// # Errors
/// When there are several.
pub(super) fn check_one_profile(context: &Context, consent: &Consent) -> Result<(), CliError> {
    let profiles = if consent.replace.is_empty() { 0 } else { profiles::profiles(context)?.len() };
    if profiles < 2 {
        return Ok(());
    }
    let message =
        format!("`--replace` is about one object of one profile, and {profiles} profiles are given");
    Err(CliError::usage(Code::USAGE, message)
        .hinted("run the command once for the profile with the object that is to be replaced: -f FILE"))
}

/// Refuses a `--replace` that means several objects.
///
/// # Errors
/// When one does.
pub(super) fn check_names(plan: &Plan, consent: &Consent) -> Result<(), CliError> {
    check_replacements(plan, consent).map_err(|error| {
        let Ambiguous { selector: _, objects } = &error;
        let options: Vec<String> =
            objects.iter().map(|id| format!("--replace {}", plain(&shell_word(&id.to_string())))).collect();
        CliError::usage(Code::USAGE, format!("{error}; nothing was written"))
            .hinted(format!("name each that is meant, with its namespace: {}", options.join(", ")))
    })
}

/// What `apply --auto-approve` would need beside it. A destroy is its own consent.
pub(super) fn lacking(plan: &Plan, consent: &Consent) -> Option<NeedsConsent> {
    if plan.is_destroy { None } else { check_deletions(plan, consent).err() }
}

/// Warns of each consent that matches nothing, and of what an adoption leaves.
pub(super) fn warn(context: &Context, plan: &Plan, consent: &Consent) {
    for text in unused(plan, consent) {
        context.ui.warn(&plain(&text));
    }
    for text in last_applied::warnings(plan) {
        context.ui.warn(&text);
    }
}
