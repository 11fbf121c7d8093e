//! `kind.mounts`: files and folders of this machine that a node sees.

use std::path::PathBuf;

use crate::code::Code;
use crate::profile::decode::decoder::Decoder;
use crate::profile::decode::keys;
use crate::profile::model::Mount;
use crate::profile::node::Node;
use crate::profile::paths;

/// What a mount may not cover. Below these it may, as kind's own documentation does with `/var/lib/kubelet/config.json`.
///
/// kind mounts `/lib/modules`, `/run`, `/tmp` and `/var` itself, and engines refuse a second mount on a path.
const NEEDED: [&str; 17] = [
    "/bin",
    "/dev",
    "/etc/cni/net.d",
    "/etc/containerd",
    "/etc/kubernetes",
    "/kind",
    "/lib/modules",
    "/opt/cni/bin",
    "/proc",
    "/run",
    "/sbin",
    "/sys",
    "/tmp",
    "/usr/bin",
    "/usr/local/bin",
    "/var/lib/containerd",
    "/var/lib/kubelet",
];

/// Where bridge keeps its record of a cluster that it made.
const RECORD: &str = "/etc/bridge";

/// Decodes the list of mounts.
pub(super) fn mounts(node: &Node, d: &mut Decoder) -> Vec<Mount> {
    d.list(node, "mounts").iter().filter_map(|node| mount(node, d)).collect()
}

fn mount(node: &Node, d: &mut Decoder) -> Option<Mount> {
    let fields = d.fields(node, keys::MOUNT)?;
    let host = fields.require(d, "host").and_then(|node| host(node, d));
    let on_node = fields.require(d, "node").and_then(|node| on_node(node, d));
    let read_only = d.flag(&fields, "readOnly", true);
    Some(Mount { host: host?, node: on_node?, read_only, at: node.location.clone() })
}

fn host(node: &Node, d: &mut Decoder) -> Option<PathBuf> {
    let path = d.path(node, "`host`")?;
    mountable(node, "`host`", &path.to_string_lossy(), d).then_some(path)
}

fn on_node(node: &Node, d: &mut Decoder) -> Option<String> {
    let text = d.filled_text(node, "`node`")?;
    if !mountable(node, "`node`", &text, d) {
        return None;
    }
    if !text.starts_with('/') {
        let message = format!("`{text}` is no absolute path on the node");
        d.error(Code::MOUNT_PATH, &node.location, message, format!("write `{}`", absolute(&text)));
        return None;
    }
    let path = paths::tidy(&text);
    if let Some(covered) = NEEDED.iter().find(|needed| is_within(needed, &path)) {
        let message = match *covered == path {
            true => format!("the node needs what it has in `{path}`, and a mount would hide that"),
            false => format!("a mount on `{path}` would hide `{covered}`, which the node needs"),
        };
        d.error(Code::MOUNT_PATH, &node.location, message, "write another path, such as `/mnt/data`");
        return None;
    }
    if is_within(RECORD, &path) || is_within(&path, RECORD) {
        let message = format!("`{path}` is where bridge keeps its record of the cluster, in `{RECORD}`");
        d.error(Code::MOUNT_PATH, &node.location, message, "write another path, such as `/mnt/data`");
        return None;
    }
    Some(path)
}

/// Engines are given mounts as `HOST:NODE:OPTIONS`.
fn mountable(node: &Node, what: &str, path: &str, d: &mut Decoder) -> bool {
    let is_mountable = !path.contains(|c: char| c == ':' || c.is_control());
    if !is_mountable {
        let message = format!("{what} has a colon or a control character, with which nothing can be mounted");
        d.error(Code::MOUNT_PATH, &node.location, message, "write a path without one");
    }
    is_mountable
}

fn absolute(text: &str) -> String {
    paths::tidy(&format!("/{text}"))
}

/// Whether a path is the folder or something in it.
fn is_within(path: &str, folder: &str) -> bool {
    let rest = path.strip_prefix(folder.trim_end_matches('/'));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::is_within;

    #[test]
    fn a_folder_is_no_prefix_of_a_name() {
        for (path, folder, expected) in [
            ("/etc/kubernetes", "/etc/kubernetes", true),
            ("/etc/kubernetes/pki", "/etc/kubernetes", true),
            ("/etc/kubernetes", "/etc", true),
            ("/etc/kubernetes", "/", true),
            ("/etc/kubernetes2", "/etc/kubernetes", false),
            ("/etc", "/etc/kubernetes", false),
        ] {
            assert_eq!(is_within(path, folder), expected, "{path} in {folder}");
        }
    }
}
