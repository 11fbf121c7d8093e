//! Addon toggles that nothing in the checkouts selects.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::checkout::application_set::ApplicationSet;
use crate::checkout::check::TOGGLE;
use crate::code::Code;
use crate::profile::finding::{Finding, Severity};
use crate::profile::location::{Location, Source};
use crate::profile::model::Profile;
use crate::profile::places::Places;
use crate::profile::suggest;

/// A finding for each addon of the profile that no ApplicationSet selects by.
pub(super) fn check(
    profile: &Profile,
    places: &Places,
    sets: &[ApplicationSet],
    files: &[&Arc<Source>],
) -> Vec<Finding> {
    let selected = selected(sets);
    let unselected = places.toggles.iter().filter(|(addon, _)| !selected.contains(addon.as_str()));
    unselected.map(|(addon, at)| finding(profile, sets, files, &selected, (addon, at))).collect()
}

/// The addons that some selector or filter asks about.
fn selected(sets: &[ApplicationSet]) -> BTreeSet<&str> {
    let selectors = sets.iter().flat_map(|set| &set.generators).map(|generator| &generator.selector);
    let keys = selectors.flat_map(|selector| &selector.requirements).map(|one| one.key.as_str());
    let filtered = sets.iter().flat_map(|set| &set.filtered).map(String::as_str);
    keys.chain(filtered).filter_map(|key| key.strip_prefix(TOGGLE)).collect()
}

fn finding(
    profile: &Profile,
    sets: &[ApplicationSet],
    files: &[&Arc<Source>],
    selected: &BTreeSet<&str>,
    (addon, at): (&str, &Location),
) -> Finding {
    let on: Vec<&str> = profile
        .clusters()
        .filter(|cluster| is_on(cluster, addon))
        .map(|cluster| cluster.name.as_str())
        .collect();
    let fix = match suggest::closest(addon, selected.iter().copied()) {
        Some(close) => format!("did you mean `{close}`?"),
        None => format!("remove it, or add an ApplicationSet that selects `{TOGGLE}{addon}: \"true\"`"),
    };
    let label = format!("{TOGGLE}{addon}");
    let (severity, because) = match (doubt(profile, sets, files, &label), on.as_slice()) {
        (_, []) => (Severity::Note, ", and it is off everywhere".to_owned()),
        (Some(doubt), _) => (doubt.severity, format!("; {}", doubt.why)),
        (None, [first, others @ ..]) => {
            (Severity::Error, format!(", so it does nothing for {}", and_more(first, others.len())))
        }
    };
    let message = format!("no ApplicationSet of the checkout selects `{label}`{because}");
    Finding::error(Code::CHECKOUT_TOGGLE, at, message, fix).with_severity(severity)
}

fn is_on(cluster: &crate::profile::model::Cluster, addon: &str) -> bool {
    cluster.addons.iter().any(|(name, on)| *on && name.as_str() == addon)
}

fn and_more(first: &str, more: usize) -> String {
    if more == 0 { format!("`{first}`") } else { format!("`{first}` and {more} more") }
}

/// Why the checkouts do not settle it.
struct Doubt {
    severity: Severity,
    why: String,
}

fn doubt(profile: &Profile, sets: &[ApplicationSet], files: &[&Arc<Source>], label: &str) -> Option<Doubt> {
    let selectors = sets.iter().flat_map(|set| &set.generators).map(|generator| &generator.selector);
    if let Some(templated) =
        selectors.filter(|one| one.has_templated_key).find_map(|one| one.templated.as_ref())
    {
        let why = format!("whether the template at {templated} does was not evaluated");
        return Some(Doubt { severity: Severity::Warning, why });
    }
    if let Some((file, line)) = files.iter().find_map(|file| Some((file, mention(&file.text, label)?))) {
        let why = format!("{}:{line} mentions it otherwise, which was not evaluated", file.path);
        return Some(Doubt { severity: Severity::Note, why });
    }
    let elsewhere = if profile.gitops.addons_extras.is_some() {
        "`gitops.addonsExtras`"
    } else if profile.application_sets.templates.is_some() {
        "a template of `applicationSets.templates`"
    } else {
        return None;
    };
    Some(Doubt { severity: Severity::Warning, why: format!("whether {elsewhere} does was not evaluated") })
}

/// The line that has the word, comments left out.
fn mention(text: &str, word: &str) -> Option<usize> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '-' || c == '.';
    let has_word = |line: &str| {
        line.match_indices(word).any(|(start, _)| {
            let (before, after) = (&line[..start], &line[start + word.len()..]);
            // `.metadata.labels.enable_x` is a mention.
            !before.ends_with(|c: char| is_part(c) && c != '.') && !after.starts_with(is_part)
        })
    };
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with('#'));
    lines.filter(|(_, line)| has_word(line)).map(|(index, _)| index + 1).next()
}

#[cfg(test)]
mod tests {
    use super::mention;

    #[test]
    fn a_mention_is_a_whole_word_outside_of_comments() {
        let text = "# enable_x\na: enable_xy\nb: my_enable_x\nc: '{{.metadata.labels.enable_x}}'\n";
        assert_eq!(mention(text, "enable_x"), Some(4));
        assert_eq!(mention("enable_x.y: 1\n", "enable_x"), None);
        assert_eq!(mention("  enable_x: \"true\"\n", "enable_x"), Some(1));
    }
}
