//! Which objects a patch selects, and what to say when it fits nothing.

use serde_json::Value;

use crate::code::Code;
use crate::profile::finding::Finding;
use crate::profile::location::Location;
use crate::profile::model::PatchTarget;
use crate::template::engine::closest;

/// How many names a message lists at most.
const LISTED: usize = 12;

/// The indices of the documents that a target selects.
#[must_use]
pub fn select(documents: &[Value], target: &PatchTarget) -> Vec<usize> {
    let PatchTarget { group, kind, name, labels } = target;
    let matches = |document: &Value| {
        let carries = |(key, value): (&String, &String)| label(document, key) == Some(value.as_str());
        text(document, "/kind") == Some(kind)
            && group.as_deref().is_none_or(|group| group_of(document) == group)
            && name.as_deref().is_none_or(|name| text(document, "/metadata/name") == Some(name))
            && labels.iter().all(carries)
    };
    documents.iter().enumerate().filter(|(_, document)| matches(document)).map(|(index, _)| index).collect()
}

fn text<'a>(document: &'a Value, pointer: &str) -> Option<&'a str> {
    document.pointer(pointer).and_then(Value::as_str)
}

fn label<'a>(document: &'a Value, key: &str) -> Option<&'a str> {
    document.pointer("/metadata/labels")?.get(key)?.as_str()
}

fn group_of(document: &Value) -> &str {
    text(document, "/apiVersion").and_then(|version| version.split_once('/')).map_or("", |(group, _)| group)
}

/// The finding for a target that selects nothing, with the closest thing that exists.
#[must_use]
pub fn nothing_selected(documents: &[Value], target: &PatchTarget, at: &Location) -> Finding {
    let of_kind: Vec<&Value> =
        documents.iter().filter(|document| text(document, "/kind") == Some(&target.kind)).collect();
    let message = format!("the manifest has no {}", describe(target));
    let fix = if of_kind.is_empty() {
        suggest("kinds", &target.kind, documents.iter().filter_map(|document| text(document, "/kind")))
    } else {
        let names = of_kind.iter().filter_map(|document| text(document, "/metadata/name"));
        suggest("names", target.name.as_deref().unwrap_or_default(), names)
    };
    Finding::error(Code::PATCH_TARGET, at, message, fix)
}

fn describe(target: &PatchTarget) -> String {
    let PatchTarget { group, kind, name, labels } = target;
    let group = group.as_ref().filter(|group| !group.is_empty()).map(|group| format!(".{group}"));
    let labels: Vec<String> = labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
    let mut text = format!("{kind}{}", group.unwrap_or_default());
    text.extend(name.iter().map(|name| format!(" `{name}`")));
    if !labels.is_empty() {
        text.push_str(&format!(" with the labels {}", labels.join(", ")));
    }
    text
}

/// What to say of a path that does not exist: the closest key at the place where it leaves the object.
#[must_use]
pub fn missing_path(document: &Value, path: &str) -> String {
    let mut at = document;
    let mut walked = String::new();
    for part in path.split('/').skip(1) {
        let pointer = format!("/{part}");
        let Some(next) = at.pointer(&pointer) else {
            return at_level(at, &walked, &part.replace("~1", "/").replace("~0", "~"));
        };
        walked.push_str(&pointer);
        at = next;
    }
    String::new()
}

fn at_level(value: &Value, walked: &str, part: &str) -> String {
    let place = if walked.is_empty() { "the top" } else { walked };
    match value {
        Value::Object(map) => {
            format!("at {place}: {}", suggest("keys", part, map.keys().map(String::as_str)))
        }
        Value::Array(list) => format!("{place} is a list of {}", list.len()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            format!("{place} is a plain value")
        }
    }
}

fn suggest<'a>(what: &str, wanted: &str, names: impl Iterator<Item = &'a str>) -> String {
    let mut names: Vec<&str> = names.collect();
    names.sort_unstable();
    names.dedup();
    let meant = closest(wanted, names.iter().copied()).map(|name| format!("did you mean `{name}`? "));
    let more = if names.len() > LISTED { ", ..." } else { "" };
    names.truncate(LISTED);
    format!("{}available {what}: {}{more}", meant.unwrap_or_default(), names.join(", "))
}
