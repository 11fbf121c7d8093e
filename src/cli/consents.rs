//! Consents that a plan lacks, those that it has no use for, and what one of them leaves.

use crate::cli::context::Context;
use crate::plan::consent::Consent;
use crate::plan::gate::{NeedsConsent, check_deletions};
use crate::plan::summary::Plan;
use crate::plan::unused::unused;
use crate::report::last_applied;
use crate::report::style::plain;

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
