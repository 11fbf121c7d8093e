//! What a plan does to Applications and to what they deployed, as people read it.

use crate::plan::summary::Plan;
use crate::plan::workloads::{Affected, Effect, Fate, OwnedBy, Why};
use crate::report::plan_text::Detail;
use crate::report::style::{self, paint, plain};

/// So many Applications are named of one owner; `-v` names all.
const NAMED: usize = 5;

/// The lines below the change of one cluster or ApplicationSet, without indentation. The worst comes first; where nothing more
/// can be said than that an Application stays, only a full plan says so.
pub(super) fn lines(effects: &[Effect], detail: Detail) -> Vec<String> {
    let is_shown = |effect: &&Effect| detail == Detail::Full || effect.fate != Fate::Kept;
    let (open, settled): (Vec<&Effect>, Vec<&Effect>) =
        effects.iter().filter(is_shown).partition(|effect| matches!(effect.fate, Fate::NotEvaluated(_)));
    let settled = settled.into_iter().map(|effect| line(effect, detail));
    settled.chain(not_evaluated(&open, detail)).collect()
}

fn line(effect: &Effect, detail: Detail) -> String {
    let Effect { owner, fate, applications } = effect;
    let count = counted(applications.len());
    let what = match fate.is_dangerous() {
        true => paint(style::DESTROY, words(*fate)),
        false => words(*fate).to_owned(),
    };
    format!("{} {}: {count} {what}: {}", symbol(*fate), owner_words(owner), names(applications, detail))
}

fn symbol(fate: Fate) -> String {
    match fate {
        Fate::Deleted | Fate::Recreated => paint(style::ERROR, "!"),
        Fate::Orphaned | Fate::Adopted => paint(style::DESTROY, "-"),
        Fate::Stranded | Fate::Moved => paint(style::CHANGE, "~"),
        Fate::Kept => "=".to_owned(),
        Fate::NotEvaluated(_) => paint(style::WARNING, "?"),
    }
}

fn counted(count: usize) -> String {
    if count == 1 { "1 Application".to_owned() } else { format!("{count} Applications") }
}

fn owner_words(owner: &OwnedBy) -> String {
    match owner {
        OwnedBy::Set(name) => format!("ApplicationSet {}", plain(name)),
        OwnedBy::Application(name) => format!("Application {}", plain(name)),
        OwnedBy::Nobody => "no ApplicationSet".to_owned(),
    }
}

/// What becomes of Applications, after their number.
pub(super) fn words(fate: Fate) -> &'static str {
    match fate {
        Fate::Deleted => "to be deleted with all resources deployed",
        Fate::Recreated => {
            "to be deleted with all resources deployed, and generated anew under another name (an outage)"
        }
        Fate::Orphaned => "to be deleted, resources deployed stay",
        Fate::Adopted => {
            "to be deleted, resources deployed stay for the new name, which takes over those that it deploys, too"
        }
        Fate::Stranded => "to stay without a cluster (sync status Unknown)",
        Fate::Moved => "to stay and deploy to the new server, resources on the former one stay there",
        Fate::Kept => "to stay, further changes are not evaluated",
        Fate::NotEvaluated(why) => reason(why),
    }
}

/// Why something is not evaluated.
fn reason(why: Why) -> &'static str {
    match why {
        Why::New => "new Applications",
        Why::Generators => "its generators are combined, filtered or filled in by templates",
        Why::NoClusters => "it has no clusters generator",
        Why::Template => "a template names the Applications or their clusters",
        Why::SetChanges => "it changes in the same plan",
        Why::SetHasError => "it has an error, and deletes nothing until that is mended",
        Why::SetIsGone => "the ApplicationSet that controls them is not there",
        Why::NameMoves => "more than one cluster has the name, before or afterwards",
    }
}

fn names(applications: &[Affected], detail: Detail) -> String {
    let shown = match detail {
        Detail::Full => applications.len(),
        Detail::Short => NAMED.min(applications.len()),
    };
    let mut names: Vec<String> = applications[..shown].iter().map(name).collect();
    let more = applications.len() - shown;
    if more > 0 {
        names.push(format!("and {more} more"));
    }
    names.join(", ")
}

fn name(Affected { name, successor, held_by }: &Affected) -> String {
    let successor = successor.as_ref().map_or(String::new(), |name| format!(" -> {}", plain(name)));
    let held = match held_by.is_empty() {
        true => String::new(),
        false => format!(" (until its finalizer {} is taken off it is not gone)", plain(&held_by.join(", "))),
    };
    plain(name) + &successor + &held
}

/// One line for all of them: a fleet has many ApplicationSets, and most of them say nothing about most changes.
fn not_evaluated(effects: &[&Effect], detail: Detail) -> Vec<String> {
    let one = |effect: &&Effect| {
        let Effect { owner, fate, applications } = effect;
        let count = match applications.len() {
            0 => String::new(),
            count => format!("{} of ", counted(count)),
        };
        format!("{count}{} ({})", owner_words(owner), words(*fate))
    };
    let all: Vec<String> = effects.iter().map(one).collect();
    let symbol = symbol(Fate::NotEvaluated(Why::New));
    match detail {
        Detail::Full => all.iter().map(|one| format!("{symbol} not evaluated: {one}")).collect(),
        Detail::Short if all.is_empty() => Vec::new(),
        Detail::Short => {
            let shown = NAMED.min(all.len());
            let more = all.len() - shown;
            let more = if more > 0 { format!(", and {more} more") } else { String::new() };
            vec![format!("{symbol} not evaluated: {}{more}", all[..shown].join(", "))]
        }
    }
}

/// What all of it comes to, in one line; nothing for a plan that does nothing to Applications.
pub(super) fn summary(plan: &Plan) -> String {
    if let Some(why) = &plan.workloads.not_read {
        let mark = paint(style::WARNING, "warning:");
        return format!("{mark} what this does to Applications is not evaluated: {}\n", plain(why));
    }
    let counts = plan.workloads.counts();
    let of = |is_meant: fn(Fate) -> bool| -> usize {
        counts.iter().filter(|(fate, _)| is_meant(**fate)).map(|(_, count)| count).sum()
    };
    let deleted = of(Fate::is_dangerous);
    let parts = [
        (deleted, "to be deleted with all resources deployed"),
        (of(|fate| matches!(fate, Fate::Orphaned | Fate::Adopted)), "to be deleted, resources deployed stay"),
        (of(|fate| fate == Fate::Stranded), "to stay without a cluster"),
        (of(|fate| fate == Fate::Moved), "to move to another server"),
        (of(|fate| matches!(fate, Fate::NotEvaluated(_))), "not evaluated"),
    ];
    let parts: Vec<String> =
        parts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
    if parts.is_empty() {
        return String::new();
    }
    let mark = if deleted > 0 { paint(style::WARNING, "warning: ") } else { String::new() };
    let late = match plan.is_destroy {
        true => {
            " What a cluster Secret's deletion does is done by Argo CD's controllers, as long as they still run."
        }
        false => "",
    };
    format!("{mark}Applications: {}.{late}\n", parts.join("; "))
}

#[cfg(test)]
mod tests;
