//! A plan as people read it, in Terraform's words.

mod blocked;
mod by_hand;
mod create;
mod delete;
mod replace;

use std::collections::BTreeSet;
use std::fmt::Write;

use crate::plan::change::{Change, FieldChange, FieldConflict};
use crate::plan::gate::NeedsConsent;
use crate::plan::summary::{Counts, Plan};
use crate::report::diff_text::field_lines;
use crate::report::style::{self, paint};
use crate::report::workloads_text;

pub(super) use blocked::{TERMINATING, keep_reason};
pub(super) use by_hand::commands;
pub(super) use create::not_checked;
use create::telling_labels;
pub(super) use delete::fate;
pub(super) use replace::{consequence, not_replaced};

/// The line of a plan that changes nothing.
pub const NO_CHANGES: &str = "No changes. The cluster matches the profile.";

/// The line of a plan of which `--target` left out a part, and that changes nothing of the rest.
pub const NO_TARGETED_CHANGES: &str = "No changes to the targets. The rest of the profile was not looked at.";

/// The line of a destroy that finds nothing of the profile's.
pub const NOTHING_TO_DESTROY: &str = "Nothing to destroy. The profile owns nothing more that may go.";

/// How much of a plan is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// An object that will be created is one line.
    Short,
    /// Every field of an object that will be created is shown.
    Full,
}

/// How a plan is shown, beside what it holds.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    /// How much of it.
    pub detail: Detail,
    /// Whether `--target` left out a part of the profile.
    pub is_targeted: bool,
    /// What `--auto-approve` would need beside it.
    pub needs: Option<&'a NeedsConsent>,
}

/// The whole plan; ends in its summary line, and what `--auto-approve` would need.
#[must_use]
pub fn render(plan: &Plan, view: &View<'_>) -> String {
    let mut out = String::new();
    if plan.is_empty() {
        out.push_str(&blocked::kept(plan));
        writeln!(out, "{}", paint(style::STRONG, nothing(plan, view))).unwrap_or_default();
        return out;
    }
    out.push_str(&legend(plan));
    out.push_str(&create::section(plan, view.detail));
    out.extend(plan.changes.iter().filter_map(|change| in_place(plan, change, view.detail)));
    out.push_str(&replace::section(plan));
    out.push_str(&delete::section(plan, view.detail));
    out.push_str(&blocked::kept(plan));
    out.push_str(&blocked::section(plan));
    if plan.inventory_is_stale() && plan.counts().add + plan.counts().change + plan.counts().destroy == 0 {
        out.push_str("bridge's inventory on the cluster is out of date and will be written.\n\n");
    }
    out.push_str(&workloads_text::summary(plan));
    writeln!(out, "{}", paint(style::STRONG, &summary(&plan.counts()))).unwrap_or_default();
    out.extend(view.needs.map(needed));
    out
}

/// What is said of a plan that changes nothing.
pub(super) fn nothing(plan: &Plan, view: &View<'_>) -> &'static str {
    match (plan.is_destroy, view.is_targeted) {
        (true, _) => NOTHING_TO_DESTROY,
        (false, true) => NO_TARGETED_CHANGES,
        (false, false) => NO_CHANGES,
    }
}

/// The option without which `apply --auto-approve` refuses the plan.
fn needed(NeedsConsent { reason, objects: _, deletions }: &NeedsConsent) -> String {
    let option = paint(style::HINT, &format!("--allow-delete {deletions}"));
    format!("{} {reason}; --auto-approve needs {option} beside it\n", paint(style::WARNING, "warning:"))
}

/// `Plan: 1 to add, 0 to change, 0 to destroy.`
#[must_use]
pub fn summary(counts: &Counts) -> String {
    let Counts { add, change, destroy, blocked, unchanged: _ } = counts;
    let blocked = if *blocked > 0 { format!(", {blocked} blocked") } else { String::new() };
    format!("Plan: {add} to add, {change} to change, {destroy} to destroy{blocked}.")
}

/// What the symbols of this plan mean.
fn legend(plan: &Plan) -> String {
    let Counts { add, change, destroy, blocked, unchanged: _ } = plan.counts();
    let replace = plan.changes.iter().filter(|change| matches!(change, Change::Replace { .. })).count();
    let rows = [
        (add - replace, paint(style::ADD, "+"), "create"),
        (change, paint(style::CHANGE, "~"), "update in-place"),
        (replace, style::replace_mark(), "destroy and then create replacement"),
        (destroy - replace, paint(style::DESTROY, "-"), "destroy"),
        (blocked, paint(style::ERROR, "!"), "blocked"),
    ];
    let used = rows.iter().filter(|(count, ..)| *count > 0);
    let lines: String = used.map(|(_, symbol, word)| format!("  {symbol} {word}\n")).collect();
    if lines.is_empty() {
        return String::new();
    }
    format!(
        "Actions are indicated with the following symbols:\n{lines}\nbridge will perform the following actions:\n\n"
    )
}

/// An update or a takeover; nothing for other changes.
fn in_place(plan: &Plan, change: &Change, detail: Detail) -> Option<String> {
    match change {
        Change::Update { desired, live: _, fields, forced } => {
            let mut out = heading(&format!("{} will be updated in-place", desired.id()));
            out.push_str(&fields_or_ownership(fields));
            out.push_str(&forced_lines(forced));
            out.push_str(&indented(effects(plan, change, detail).into_iter()));
            Some(out + "\n")
        }
        Change::Adopt { desired, live: _, fields, from } => {
            let mut out = heading(&format!("{} will be taken over from {}", desired.id(), named(from)));
            out.push_str(&fields_or_ownership(fields));
            out.push_str(&indented(effects(plan, change, detail).into_iter()));
            Some(out + "\n")
        }
        Change::Create { .. }
        | Change::Replace { .. }
        | Change::Delete { .. }
        | Change::Unchanged { .. }
        | Change::Conflict { .. }
        | Change::Refused { .. }
        | Change::Terminating { .. }
        | Change::Keep { .. } => None,
    }
}

/// What a change does to Applications.
fn effects(plan: &Plan, change: &Change, detail: Detail) -> Vec<String> {
    workloads_text::lines(plan.workloads.of_change(change.id()), detail)
}

fn fields_or_ownership(fields: &[FieldChange]) -> String {
    if fields.is_empty() {
        return "    (no value changes, only the ownership of fields)\n".to_owned();
    }
    indented(fields.iter().flat_map(field_lines))
}

fn forced_lines(forced: &[FieldConflict]) -> String {
    let line =
        |FieldConflict { field, manager }: &FieldConflict| format!("! {field} is taken from `{manager}`");
    indented(forced.iter().map(line))
}

/// `  # Secret/argocd/dev will be updated in-place`
fn heading(text: &str) -> String {
    format!("  {}\n", paint(style::STRONG, &format!("# {text}")))
}

fn indented(lines: impl Iterator<Item = String>) -> String {
    lines.map(|line| format!("    {line}\n")).collect()
}

/// `` `kubectl`, `helm` ``
fn named(names: &BTreeSet<String>) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}

#[cfg(test)]
pub(super) mod tests;
