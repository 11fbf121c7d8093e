//! The root ApplicationSets against the project that they generate Applications in.
//!
//! Source: Argo CD refuses an Application whose project does not permit its source and destination (`InvalidSpecError`), so
//! that nothing of the repository would be pulled, while the ApplicationSet itself looks well.

use crate::code::Code;
use crate::profile::address;
use crate::profile::decode::decoder::Decoder;
use crate::profile::node::Node;
use crate::profile::rules::{glob, items};

/// The project of the built-in templates.
const PROJECT: &str = "default";
/// Where their Applications go: Argo CD reads ApplicationSets on its own cluster only.
const HUB: &str = "https://kubernetes.default.svc";

/// Checks the rules of this file. What templates of the user's own generate is theirs to know.
pub(super) fn check(root: &Node, d: &mut Decoder) {
    let is_default = |project: &&Node| text(project, "name") == PROJECT;
    let Some(project) = items(root, "projects").iter().find(is_default) else { return };
    if root.at(&["applicationSets", "templates"]).is_some() {
        return;
    }
    let sources = ["addons", "workloads", "clusters"].map(|set| (set, root.at(&["gitops", set])));
    let declared: Vec<(&str, &Node)> =
        sources.into_iter().filter_map(|(set, source)| Some((set, source?))).collect();
    for (set, source) in &declared {
        source_permitted(set, source, project, d);
    }
    if !declared.is_empty() {
        destination_permitted(root, project, d);
    }
}

fn source_permitted(set: &str, source: &Node, project: &Node, d: &mut Decoder) {
    let Some(url) = source.get("url").and_then(Node::text) else { return };
    if address::holds_credentials(url) || list(project, "sourceRepos", |entry| matches(entry.text(), url)) {
        return;
    }
    let message = format!(
        "the project `{PROJECT}` does not allow `{url}`, so the root ApplicationSet `{set}` would pull nothing"
    );
    refuse(project, "sourceRepos", message, format!("add `{url}` to its `sourceRepos`"), d);
}

fn destination_permitted(root: &Node, project: &Node, d: &mut Decoder) {
    let namespace = root.at(&["argocd", "namespace"]).and_then(Node::text).unwrap_or("argocd");
    let is_hub = |cluster: &&Node| text(cluster, "role") == "hub";
    let hub = items(root, "clusters").iter().find(is_hub).map_or("", |hub| text(hub, "name"));
    let permits = |entry: &Node| {
        let of = |key| entry.get(key).and_then(Node::text);
        let cluster = matches(of("server"), HUB).or_else(|| matches(of("name"), hub))?;
        cluster.and(matches(of("namespace"), namespace)?)
    };
    if list(project, "destinations", permits) {
        return;
    }
    let message = format!(
        "the project `{PROJECT}` does not allow the namespace {namespace} of the hub, where the root ApplicationSets put what they pull"
    );
    let fix = format!("add `{{ server: {HUB}, namespace: {namespace} }}` to its `destinations`");
    refuse(project, "destinations", message, fix, d);
}

/// What an entry of a project says about something.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Says {
    Allowed,
    Forbidden,
}

impl Says {
    /// The one that says more.
    fn and(self, other: Says) -> Option<Says> {
        Some(if self == Says::Forbidden { self } else { other })
    }
}

/// Whether an entry allows it, and none forbids it.
fn list(project: &Node, key: &str, says: impl Fn(&Node) -> Option<Says>) -> bool {
    let entries = project.get(key).map_or(&[][..], Node::items);
    let said: Vec<Says> = entries.iter().filter_map(says).collect();
    said.contains(&Says::Allowed) && !said.contains(&Says::Forbidden)
}

/// What a pattern says about a text; nothing where it does not match.
fn matches(pattern: Option<&str>, text: &str) -> Option<Says> {
    let pattern = pattern?;
    let (bare, says) =
        pattern.strip_prefix('!').map_or((pattern, Says::Allowed), |bare| (bare, Says::Forbidden));
    // Only Argo CD can judge `{a,b}`; it is not reported that it may not match.
    let fits = match says {
        Says::Allowed => glob::is_beyond(bare) || glob::matches(bare, text),
        Says::Forbidden => !glob::is_beyond(bare) && glob::matches(bare, text),
    };
    fits.then_some(says)
}

fn refuse(project: &Node, key: &str, message: String, fix: String, d: &mut Decoder) {
    let at = project.get(key).map_or(&project.location, |list| &list.location);
    d.error(Code::ROOT_SET_FORBIDDEN, at, message, fix);
}

fn text<'n>(node: &'n Node, key: &str) -> &'n str {
    node.get(key).and_then(Node::text).unwrap_or_default()
}
