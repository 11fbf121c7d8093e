//! Secrets that somebody wrote into a profile. The file is wrong, but its excerpts need not show the secret to a CI log.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::profile::finding::Finding;
use crate::profile::location::{Location, Source};
use crate::profile::node::{Entry, Node, Value};

/// Keys of the profile whose value is a secret, or a reference to one.
pub(crate) const SECRET_KEYS: [&str; 7] =
    ["password", "token", "bearerToken", "sshPrivateKey", "privateKey", "keyData", "username"];

/// Blanks the secrets of a file in the text that excerpts are cut from. `None` when it has none.
pub(crate) fn mask(node: &mut Node, findings: &mut [Finding], source: &Arc<Source>) -> Option<Arc<Source>> {
    let mut places = BTreeMap::new();
    collect(node, &mut places);
    if places.is_empty() {
        return None;
    }
    let masked = Arc::new(Source { path: source.path.clone(), text: blank(&source.text, &places) });
    relocate(node, &masked);
    relocate_findings(findings, source, &masked);
    Some(masked)
}

/// Moves every place of a tree to another text of the same file.
pub(crate) fn relocate(node: &mut Node, source: &Arc<Source>) {
    node.walk_mut(&mut |node| {
        node.location.source = Arc::clone(source);
        if let Value::Mapping(mapping) = &mut node.value {
            for entry in &mut mapping.entries {
                entry.key.location.source = Arc::clone(source);
            }
        }
    });
}

/// Moves findings from one text of a file to another.
pub(crate) fn relocate_findings(findings: &mut [Finding], from: &Arc<Source>, to: &Arc<Source>) {
    for location in findings.iter_mut().filter_map(|finding| finding.location.as_mut()) {
        if Arc::ptr_eq(&location.source, from) {
            location.source = Arc::clone(to);
        }
    }
}

/// Line to the first column that is blanked, and how many characters from there; `None` is the rest of the line.
type Places = BTreeMap<usize, Vec<(usize, Option<usize>)>>;

fn collect(node: &Node, places: &mut Places) {
    for Entry { key, value } in node.entries() {
        let is_plain_user = key.text == "username" && value.scalar().is_some();
        if SECRET_KEYS.contains(&key.text.as_str()) && !is_plain_user {
            collect_secret(value, places);
        } else if key.text == "default" && node.get("sensitive").is_some() {
            add(value, places);
        }
        collect(value, places);
    }
    for item in node.items() {
        collect(item, places);
    }
    if node.text().is_some_and(|text| crate::profile::address::password(text).is_some()) {
        add(node, places);
    }
}

/// The secret itself, or the literal in its reference. The name of a file or variable is not blanked.
fn collect_secret(node: &Node, places: &mut Places) {
    add(node, places);
    if let Some(value) = node.get("value") {
        add(value, places);
    }
}

fn add(node: &Node, places: &mut Places) {
    let Some(scalar) = node.scalar().filter(|scalar| !scalar.text.contains("${") && !scalar.is_null()) else {
        return;
    };
    let Location { source: _, line, column, length } = node.location;
    if scalar.last_line == line {
        places.entry(line).or_default().push((column, Some(length)));
        return;
    }
    places.entry(line).or_default().push((column, None));
    for line in line + 1..=scalar.last_line {
        places.entry(line).or_default().push((1, None));
    }
}

fn blank(text: &str, places: &Places) -> String {
    let lines = text.split_inclusive('\n').enumerate();
    let masked = lines.map(|(index, line)| match places.get(&(index + 1)) {
        Some(ranges) => ranges.iter().fold(line.to_owned(), |line, range| blank_range(&line, *range)),
        None => line.to_owned(),
    });
    masked.collect()
}

fn blank_range(line: &str, (column, length): (usize, Option<usize>)) -> String {
    let end = length.map_or(usize::MAX, |length| column + length);
    let hide = |(index, c): (usize, char)| {
        let is_inside = (column..end).contains(&(index + 1));
        if is_inside && !c.is_whitespace() { '*' } else { c }
    };
    line.chars().enumerate().map(hide).collect()
}
