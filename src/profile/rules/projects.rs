//! Rules on AppProjects: one that forbids what it is there for.

use crate::code::Code;
use crate::profile::address;
use crate::profile::decode::decoder::Decoder;
use crate::profile::node::Node;
use crate::profile::rules::{duplicates, glob, items, kind};

/// Checks the rules of this file.
pub(super) fn check(root: &Node, d: &mut Decoder) {
    let projects = items(root, "projects");
    let fix = "give each project a name of its own, or make one of the two";
    duplicates::names(projects, "the project", (Code::DUPLICATE_NAME, fix), d);
    for project in projects {
        allows_something(project, "sourceRepos", "repository", d);
        allows_something(project, "destinations", "destination", d);
        sources_allowed(project, d);
        destinations_allowed(project, d);
    }
    for cluster in items(root, "clusters") {
        cluster_allowed(cluster, projects, d);
    }
    for repository in items(root, "repositories") {
        repository_allowed(repository, projects, d);
    }
}

fn allows_something(project: &Node, key: &str, what: &str, d: &mut Decoder) {
    // `default` is locked by leaving both empty.
    if text(project, "name") == "default" {
        return;
    }
    let list = project.get(key);
    if list.is_none_or(
        |list| matches!(&list.value, crate::profile::node::Value::Sequence(items) if items.is_empty()),
    ) {
        let at = list.map_or(&project.location, |list| &list.location);
        let message = format!("the project allows no {what}, so nothing can use it");
        let fix = match key {
            "sourceRepos" => "add `sourceRepos: [https://git.example.com/acme/*]`",
            _ => "add `destinations: [{ name: \"*\", namespace: \"team-a-*\" }]`",
        };
        d.error(Code::PROJECT_ALLOWS_NOTHING, at, message, fix);
    }
}

fn text<'n>(node: &'n Node, key: &str) -> &'n str {
    node.get(key).and_then(Node::text).unwrap_or_default()
}

/// Every entry but the denied ones has to be something that no `!` entry takes back.
fn sources_allowed(project: &Node, d: &mut Decoder) {
    let sources = project.get("sourceRepos").map_or(&[] as &[Node], Node::items);
    for source in sources {
        let Some(allowed) = source.text().filter(|text| !text.starts_with('!')) else { continue };
        let deny = sources.iter().find(|other| other.text().is_some_and(|other| denies(other, allowed)));
        if let Some(deny) = deny {
            let what = if address::holds_credentials(allowed) { "the address" } else { allowed };
            let message = format!("`{what}` is allowed here and forbidden at {}", deny.location);
            forbidden(source, message, d);
        }
    }
    let texts: Vec<&str> = sources.iter().filter_map(Node::text).collect();
    if !texts.is_empty() && texts.len() == sources.len() && texts.iter().all(|text| text.starts_with('!')) {
        let message = "every entry of `sourceRepos` forbids, so no repository is allowed".to_owned();
        forbidden(&sources[0], message, d);
    }
}

fn denies(pattern: &str, text: &str) -> bool {
    pattern.strip_prefix('!').is_some_and(|denied| denied == text || glob::matches(denied, text))
}

fn forbidden(node: &Node, message: String, d: &mut Decoder) {
    let fix = "remove one of the two; a `!` entry wins over all others";
    d.error(Code::PROJECT_FORBIDS_ITSELF, &node.location, message, fix);
}

fn destinations_allowed(project: &Node, d: &mut Decoder) {
    let destinations = project.get("destinations").map_or(&[] as &[Node], Node::items);
    for allowed in destinations.iter().filter(|destination| !is_deny(destination)) {
        let deny = destinations.iter().find(|other| is_deny(other) && takes_back(other, allowed));
        if let Some(deny) = deny {
            forbidden(allowed, format!("this destination is forbidden again at {}", deny.location), d);
        }
    }
    if !destinations.is_empty() && destinations.iter().all(is_deny) {
        let message = "every entry of `destinations` forbids, so no destination is allowed".to_owned();
        forbidden(&destinations[0], message, d);
    }
}

const DESTINATION: [&str; 3] = ["server", "name", "namespace"];

fn is_deny(destination: &Node) -> bool {
    DESTINATION.iter().any(|key| text(destination, key).starts_with('!'))
}

/// Whether a destination that forbids covers the whole of another one.
fn takes_back(deny: &Node, allowed: &Node) -> bool {
    DESTINATION.iter().all(|key| {
        let (pattern, text) = (text(deny, key), text(allowed, key));
        let pattern = pattern.strip_prefix('!').unwrap_or(pattern);
        pattern == text || (!pattern.is_empty() && !text.is_empty() && glob::matches(pattern, text))
    })
}

fn named<'n>(projects: &'n [Node], name: &Node) -> Option<&'n Node> {
    let name = name.text()?;
    projects.iter().find(|project| text(project, "name") == name)
}

/// A cluster that belongs to a project has to be one of its destinations.
fn cluster_allowed(cluster: &Node, projects: &[Node], d: &mut Decoder) {
    let Some((node, project)) = cluster.get("project").and_then(|node| Some((node, named(projects, node)?)))
    else {
        return;
    };
    let destinations = project.get("destinations").map_or(&[] as &[Node], Node::items);
    let server = kind::server(cluster).unwrap_or_else(|| "https://kubernetes.default.svc".to_owned());
    let reaches = |destination: &Node| {
        let by_name = fits(text(destination, "name"), text(cluster, "name"));
        by_name || fits(text(destination, "server"), server.trim_end_matches('/'))
    };
    if !destinations.is_empty() && !destinations.iter().any(reaches) {
        let message = format!(
            "the cluster belongs to the project `{}`, which has it in none of its destinations",
            text(project, "name")
        );
        let fix =
            format!("add `{{ name: {}, namespace: \"*\" }}` to its `destinations`", text(cluster, "name"));
        d.error(Code::PROJECT_FORBIDS_ITSELF, &node.location, message, fix);
    }
}

/// A repository that belongs to a project has to be one of its sources.
fn repository_allowed(repository: &Node, projects: &[Node], d: &mut Decoder) {
    let Some((node, project)) =
        repository.get("project").and_then(|node| Some((node, named(projects, node)?)))
    else {
        return;
    };
    let Some(url) = repository.get("url").and_then(Node::text) else { return };
    if address::holds_credentials(url) {
        return;
    }
    let sources = project.get("sourceRepos").map_or(&[] as &[Node], Node::items);
    let allows = |source: &Node| source.text().is_some_and(|pattern| fits(pattern, url));
    let is_prefix = text(repository, "scope") == "prefix";
    if !is_prefix && !sources.is_empty() && !sources.iter().any(allows) {
        let name = text(project, "name");
        let message =
            format!("the repository belongs to the project `{name}`, whose `sourceRepos` do not allow it");
        let fix = format!("add `{url}` to them, or remove `project`");
        d.error(Code::PROJECT_FORBIDS_ITSELF, &node.location, message, fix);
    }
}

fn fits(pattern: &str, text: &str) -> bool {
    !pattern.is_empty() && (glob::is_beyond(pattern) || glob::matches(pattern.trim_end_matches('/'), text))
}
