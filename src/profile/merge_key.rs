//! YAML's merge key: `<<: *anchor` takes over the entries of another map; the map's own entries win.

use std::collections::HashSet;

use crate::code::Code;
use crate::profile::finding::Finding;
use crate::profile::node::{Entry, Node, Value};

/// Replaces the entry `<<` by the entries that it stands for.
pub(crate) fn expand(entries: Vec<Entry>, findings: &mut Vec<Finding>) -> Vec<Entry> {
    if !entries.iter().any(is_merge) {
        return entries;
    }
    let (merges, mut own): (Vec<Entry>, Vec<Entry>) = entries.into_iter().partition(is_merge);
    let mut taken: HashSet<String> = own.iter().map(|entry| entry.key.text.clone()).collect();
    for entry in merges.into_iter().flat_map(|merge| sources(merge.value, findings)) {
        if taken.insert(entry.key.text.clone()) {
            own.push(entry);
        }
    }
    own
}

fn is_merge(entry: &Entry) -> bool {
    entry.key.text == "<<"
}

/// The entries of one map, or of a list of maps, the first of which wins.
fn sources(node: Node, findings: &mut Vec<Finding>) -> Vec<Entry> {
    match node.value {
        Value::Mapping(mapping) => mapping.entries,
        Value::Sequence(items) => items.into_iter().flat_map(|item| one_source(item, findings)).collect(),
        Value::Scalar(_) | Value::Secret(_) | Value::Unresolved => refuse(&node, findings),
    }
}

fn one_source(node: Node, findings: &mut Vec<Finding>) -> Vec<Entry> {
    match node.value {
        Value::Mapping(mapping) => mapping.entries,
        Value::Sequence(_) | Value::Scalar(_) | Value::Secret(_) | Value::Unresolved => {
            refuse(&node, findings)
        }
    }
}

fn refuse(node: &Node, findings: &mut Vec<Finding>) -> Vec<Entry> {
    // An alias without its anchor was reported already.
    if !matches!(node.value, Value::Unresolved) {
        let message = format!("`<<` takes a map or a list of maps, and this is {}", node.kind());
        let fix = "write `<<: *name`, where `&name` stands before a map";
        findings.push(Finding::error(Code::BAD_MERGE_KEY, &node.location, message, fix));
    }
    Vec::new()
}
