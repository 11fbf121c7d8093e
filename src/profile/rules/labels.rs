//! Rules on the labels and annotations that a cluster's Secret will carry.

use std::collections::HashMap;

use crate::code::Code;
use crate::profile::decode::decoder::Decoder;
use crate::profile::node::{Entry, Node};
use crate::profile::reserved;
use crate::profile::rules::items;

/// Kubernetes' limit on all annotations of an object, keys and values.
const MOST_ANNOTATION_BYTES: usize = 256 * 1024;

/// Checks the rules of this file.
pub(super) fn check(root: &Node, d: &mut Decoder) {
    let shared = gitops_bytes(root);
    for cluster in items(root, "clusters") {
        reserved_labels(cluster, d);
        reserved_annotations(cluster, d);
        teams_are_free(cluster, d);
        annotations_fit(cluster, shared, d);
    }
}

fn entries<'n>(cluster: &'n Node, key: &str) -> &'n [Entry] {
    cluster.get(key).map_or(&[], Node::entries)
}

fn reserved_labels(cluster: &Node, d: &mut Decoder) {
    for Entry { key, value } in entries(cluster, "labels") {
        let Some(text) = value.text() else { continue };
        if let Some(reserved) = reserved::label(cluster, &key.text, text) {
            let message = format!("the label `{}` is reserved: {}", key.text, reserved.because);
            d.error(Code::RESERVED_LABEL, &key.location, message, reserved.fix);
        }
    }
}

fn reserved_annotations(cluster: &Node, d: &mut Decoder) {
    for Entry { key, value } in entries(cluster, "metadata") {
        let Some(text) = value.text() else { continue };
        if let Some(reserved) = reserved::annotation(cluster, &key.text, text) {
            let message = format!("the annotation `{}` is reserved: {}", key.text, reserved.because);
            d.error(Code::RESERVED_ANNOTATION, &key.location, message, reserved.fix);
        }
    }
}

/// A team is a label too, so it may not be one that something else writes.
fn teams_are_free(cluster: &Node, d: &mut Decoder) {
    let Some(teams) = cluster.get("teams").map(Node::items).filter(|teams| !teams.is_empty()) else { return };
    let free: HashMap<&str, &Node> =
        entries(cluster, "labels").iter().map(|entry| (entry.key.text.as_str(), &entry.value)).collect();
    for team in teams {
        let Some(name) = team.text() else { continue };
        let other = if reserved::is_typed_label(name) {
            "a label that bridge writes".to_owned()
        } else if name.starts_with("enable_") {
            "the label of an addon".to_owned()
        } else if let Some(label) = free.get(name).filter(|label| label.text() != Some("true")) {
            format!("the label at {}", label.location)
        } else {
            continue;
        };
        let message =
            format!("the team `{name}` becomes the label `{name}: \"true\"`, which is also {other}");
        d.error(Code::LABEL_COLLISION, &team.location, message, "rename one of them");
    }
}

fn annotations_fit(cluster: &Node, shared: usize, d: &mut Decoder) {
    let Some(metadata) = cluster.get("metadata") else { return };
    let own = |entry: &Entry| entry.key.text.len() + entry.value.text().map_or(0, str::len);
    let bytes = shared + metadata.entries().iter().map(own).sum::<usize>();
    if bytes > MOST_ANNOTATION_BYTES {
        let message = format!(
            "the cluster's annotations take {bytes} bytes; Kubernetes allows {MOST_ANNOTATION_BYTES}"
        );
        let fix = "keep large values in a repository or a ConfigMap, and their address here";
        d.error(Code::ANNOTATIONS_TOO_LARGE, &metadata.location, message, fix);
    }
}

/// What the annotations of `gitops` take on every cluster; those of `workloads` are written twice.
fn gitops_bytes(root: &Node) -> usize {
    let Some(gitops) = root.get("gitops") else { return 0 };
    let source = |Entry { key, value }: &Entry| {
        let keys = 4 * (key.text.len() + "_repo_basepath".len());
        let values: usize = value.entries().iter().map(|entry| entry.value.text().map_or(0, str::len)).sum();
        if key.text == "workloads" { 2 * (keys + values) } else { keys + values }
    };
    gitops.entries().iter().map(source).sum()
}
