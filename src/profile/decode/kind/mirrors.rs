//! `kind.mirrors`: what containerd asks before a registry itself.

use std::collections::BTreeMap;

use crate::code::Code;
use crate::profile::address;
use crate::profile::decode::clusters;
use crate::profile::decode::decoder::{Decoder, Fields};
use crate::profile::node::{Entry, Key, Node};

/// containerd's name for each registry that has no entry of its own.
const ANY_OTHER: &str = "_default";

/// Decodes the map of registries.
pub(super) fn mirrors(fields: &Fields<'_>, d: &mut Decoder) -> BTreeMap<String, Vec<String>> {
    clusters::entries(fields, "mirrors", "a map from registries to lists of mirrors", d, |entry, d| {
        let registry = registry(&entry.key, d);
        let mirrors = of_registry(entry, d);
        Some((registry?, mirrors?))
    })
}

fn of_registry(Entry { key: _, value }: &Entry, d: &mut Decoder) -> Option<Vec<String>> {
    let before = d.findings.len();
    let items = d.list(value, "mirrors of a registry");
    if items.is_empty() && d.findings.len() == before {
        let fix = "write `[http://MIRROR:5000]`, or remove the registry";
        d.error(Code::EMPTY_VALUE, &value.location, "the registry has no mirror here", fix);
        return None;
    }
    let mut mirrors = Vec::new();
    for item in items {
        let Some(mirror) = mirror(item, d) else { continue };
        if mirrors.contains(&mirror) {
            let message = format!("`{mirror}` stands twice in this list");
            d.error(Code::DUPLICATE_ENTRY, &item.location, message, "remove one of them");
        } else {
            mirrors.push(mirror);
        }
    }
    Some(mirrors)
}

fn mirror(node: &Node, d: &mut Decoder) -> Option<String> {
    let text = d.filled_text(node, "a mirror")?;
    if address::holds_credentials(&text) {
        // It would stand in clear on the node, and in the record of the cluster.
        let message = "there is a password or token in this address";
        let fix =
            "remove what stands before the `@` or behind the `?`, and let the mirror hold the credentials";
        d.error(Code::URL_PASSWORD, &node.location, message, fix);
        return None;
    }
    let Some(address) = address::parse(&text).filter(address::is_bare_http) else {
        // A mistyped address can have a password in any place, so it is not repeated.
        let message = "the mirror is no http or https address";
        let fix = "write `http://HOST:PORT`, as the node reaches it";
        d.error(Code::REGISTRY_MIRROR, &node.location, message, fix);
        return None;
    };
    if address::is_loopback(address.host) {
        let message = format!("`{text}` is a loopback address: on the node it leads to the node itself");
        let fix = "write the address that the node reaches, such as the name of the mirror's container on the engine's network `kind`";
        d.warning(Code::REGISTRY_MIRROR, &node.location, message, fix);
    }
    Some(text.trim_end_matches('/').to_owned())
}

fn registry(key: &Key, d: &mut Decoder) -> Option<String> {
    if is_registry(&key.text) {
        return Some(key.text.clone());
    }
    let bare = key.text.split_once("://").map_or(key.text.as_str(), |(_, rest)| rest);
    let bare = bare.split_once('/').map_or(bare, |(host, _)| host);
    let message = if address::holds_credentials(&key.text) {
        "the registry has a user in it".to_owned()
    } else {
        format!("`{}` is no registry as image names start with it: a host, and perhaps a port", key.text)
    };
    let fix = if is_registry(bare) {
        format!("write `{bare}`")
    } else {
        format!("write a host, such as `docker.io`, or `{ANY_OTHER}` for each registry without an entry")
    };
    d.error(Code::REGISTRY_MIRROR, &key.location, message, fix);
    None
}

/// A host with a dot, a port, or `localhost`: what the container runtimes take for a registry. An IPv6 address is none,
/// because containerd's folder for it would have colons in its name, which engines cannot mount.
fn is_registry(text: &str) -> bool {
    let is_host = address::parse(&format!("https://{text}"))
        .is_some_and(|address| address.user.is_none() && address.path.is_empty());
    text == ANY_OTHER
        || (is_host && !text.starts_with('[') && (text.contains(['.', ':']) || text == "localhost"))
}
