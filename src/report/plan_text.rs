//! A plan as people read it, in Terraform's words.

mod blocked;
mod create;

use std::collections::BTreeSet;
use std::fmt::Write;

use crate::desired::wave::Wave;
use crate::plan::change::{Change, FieldChange, FieldConflict};
use crate::plan::live::Live;
use crate::plan::summary::{Counts, Plan};
use crate::report::diff_text::field_lines;
use crate::report::style::{self, paint};

pub(super) use blocked::keep_reason;
pub(super) use create::not_checked;

/// The line of a plan that changes nothing.
pub const NO_CHANGES: &str = "No changes. The cluster matches the profile.";

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

/// The whole plan; ends in its summary line.
#[must_use]
pub fn render(plan: &Plan, detail: Detail) -> String {
    let mut out = String::new();
    if plan.is_empty() {
        out.push_str(&blocked::kept(plan));
        let nothing = if plan.is_destroy { NOTHING_TO_DESTROY } else { NO_CHANGES };
        writeln!(out, "{}", paint(style::STRONG, nothing)).unwrap_or_default();
        return out;
    }
    out.push_str(&legend(plan));
    out.push_str(&create::section(plan, detail));
    out.extend(plan.changes.iter().filter_map(in_place));
    out.push_str(&deletions(plan));
    out.push_str(&blocked::kept(plan));
    out.push_str(&blocked::section(plan));
    if plan.inventory_is_stale() && plan.counts().add + plan.counts().change + plan.counts().destroy == 0 {
        out.push_str("bridge's inventory on the cluster is out of date and will be written.\n\n");
    }
    writeln!(out, "{}", paint(style::STRONG, &summary(&plan.counts()))).unwrap_or_default();
    out
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
    let rows = [
        (add, "+", style::ADD, "create"),
        (change, "~", style::CHANGE, "update in-place"),
        (destroy, "-", style::DESTROY, "destroy"),
        (blocked, "!", style::ERROR, "blocked"),
    ];
    let used = rows.iter().filter(|(count, ..)| *count > 0);
    let lines: String =
        used.map(|(_, symbol, style, word)| format!("  {} {word}\n", paint(*style, symbol))).collect();
    if lines.is_empty() {
        return String::new();
    }
    format!(
        "Actions are indicated with the following symbols:\n{lines}\nbridge will perform the following actions:\n\n"
    )
}

/// An update or a takeover; nothing for other changes.
fn in_place(change: &Change) -> Option<String> {
    match change {
        Change::Update { desired, live: _, fields, forced } => {
            let mut out = heading(&format!("{} will be updated in-place", desired.id()));
            out.push_str(&fields_or_ownership(fields));
            out.push_str(&forced_lines(forced));
            Some(out + "\n")
        }
        Change::Adopt { desired, live: _, fields, from } => {
            let mut out = heading(&format!("{} will be taken over from {}", desired.id(), named(from)));
            out.push_str(&fields_or_ownership(fields));
            Some(out + "\n")
        }
        Change::Create { .. }
        | Change::Delete { .. }
        | Change::Unchanged { .. }
        | Change::Conflict { .. }
        | Change::Refused { .. }
        | Change::Terminating { .. }
        | Change::Keep { .. } => None,
    }
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

/// Every object that will be destroyed: one line each, grouped by wave, in the order in which they go.
fn deletions(plan: &Plan) -> String {
    let deleted: Vec<&Live> = plan.changes.iter().filter_map(Change::deleted).collect();
    deleted.chunk_by(|a, b| Wave::of(a.object()) == Wave::of(b.object())).map(deleted_wave).collect()
}

fn deleted_wave(wave: &[&Live]) -> String {
    let title = wave.first().map(|live| Wave::of(live.object()).title()).unwrap_or_default();
    let lines = wave.iter().map(|live| format!("  {} {}\n", paint(style::DESTROY, "-"), live.id()));
    heading(&format!("{title}: {} to destroy", wave.len())) + &lines.collect::<String>() + "\n"
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
