//! Rules on repositories and the credentials that reach them.

use crate::code::Code;
use crate::profile::address;
use crate::profile::decode::decoder::Decoder;
use crate::profile::node::Node;
use crate::profile::rules::{duplicates, items};

/// Checks the rules of this file.
pub(super) fn check(root: &Node, d: &mut Decoder) {
    let repositories = items(root, "repositories");
    let fix = "give each a name of its own; it becomes the Secret `repo-<name>`";
    duplicates::names(repositories, "the repository", (Code::DUPLICATE_NAME, fix), d);
    duplicate_addresses(repositories, d);
    for repository in repositories {
        scheme_fits(repository, d);
        let is_git = matches!(text(repository, "type"), "" | "git");
        if is_git && !is_prefix(repository) && repository.get("credentials").is_none() {
            reachable(repository.get("url"), repositories, d);
        }
    }
    for source in ["addons", "addonsExtras", "workloads", "clusters"] {
        reachable(root.at(&["gitops", source, "url"]), repositories, d);
    }
}

fn text<'n>(node: &'n Node, key: &str) -> &'n str {
    node.get(key).and_then(Node::text).unwrap_or_default()
}

fn is_prefix(repository: &Node) -> bool {
    text(repository, "scope") == "prefix"
}

/// Argo CD takes the first Secret it finds for an address, which is another one after every restart.
fn duplicate_addresses(repositories: &[Node], d: &mut Decoder) {
    let mut seen = std::collections::HashMap::new();
    for repository in repositories {
        let Some(url) = repository.get("url").filter(|url| url.text().is_some()) else { continue };
        let address = normal(url.text().unwrap_or_default());
        let key = (address, is_prefix(repository), text(repository, "project"));
        if let Some(first) = seen.insert(key, &url.location) {
            let message =
                format!("two repositories have the same address, scope and project; the other is at {first}");
            let fix = "remove one; Argo CD would take either of them";
            d.error(Code::DUPLICATE_REPOSITORY, &url.location, message, fix);
        }
    }
}

/// An address without what servers do not tell apart.
fn normal(url: &str) -> String {
    let lower = url.to_ascii_lowercase();
    let trimmed = lower.trim_end_matches('/');
    trimmed.strip_suffix(".git").unwrap_or(trimmed).to_owned()
}

fn is_ssh(url: &str) -> bool {
    address::parse(url).is_some_and(|address| address.scheme == "ssh")
}

/// SSH keys go with SSH addresses, everything else with the others.
fn scheme_fits(repository: &Node, d: &mut Decoder) {
    let (Some(credentials), Some(url)) = (repository.get("credentials"), repository.get("url")) else {
        return;
    };
    let Some(address) = url.text().filter(|text| address::parse(text).is_some()) else { return };
    let is_ssh = is_ssh(address);
    for key in ["password", "bearerToken", "githubApp", "sshPrivateKey"] {
        let Some(node) = credentials.get(key).filter(|_| (key == "sshPrivateKey") != is_ssh) else {
            continue;
        };
        let (has, needs) =
            if is_ssh { ("SSH", "`sshPrivateKey`") } else { ("HTTP", "`username` and `password`") };
        let message = format!("`{key}` does not work with an {has} address");
        let fix = format!("write {needs}, or change the address at {}", url.location);
        d.error(Code::CREDENTIALS_SCHEME, &node.location, message, fix);
    }
}

/// An SSH address cannot be read without a key.
fn reachable(url: Option<&Node>, repositories: &[Node], d: &mut Decoder) {
    let Some((node, text)) = url.and_then(|node| Some((node, node.text()?))) else { return };
    let is_refused = address::holds_credentials(text);
    if is_refused || !is_ssh(text) || repositories.iter().any(|repository| covers(repository, text)) {
        return;
    }
    let message = format!("`{text}` is read over SSH, and no repository has a key for it");
    let fix = format!(
        "add `repositories: [{{ name: NAME, url: \"{text}\", credentials: {{ sshPrivateKey: {{ file: PATH }} }} }}]`"
    );
    d.error(Code::CREDENTIALS_MISSING, &node.location, message, fix);
}

fn covers(repository: &Node, address: &str) -> bool {
    let Some(url) = repository.get("url").and_then(Node::text) else { return false };
    let matches =
        if is_prefix(repository) { address.starts_with(url) } else { normal(url) == normal(address) };
    matches && repository.get("credentials").is_some()
}
