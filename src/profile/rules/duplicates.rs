//! Things that have to be unique in a list.

use std::collections::HashMap;

use crate::code::Code;
use crate::profile::decode::decoder::Decoder;
use crate::profile::node::Node;

/// Reports every text that an earlier one equals, after `same` has made equal what means the same.
pub(super) fn report<'n>(
    nodes: impl Iterator<Item = &'n Node>,
    same: impl Fn(&str) -> String,
    what: &str,
    (code, fix): (Code, &str),
    d: &mut Decoder,
) {
    let mut first: HashMap<String, &Node> = HashMap::new();
    for node in nodes {
        let Some(text) = node.text() else { continue };
        let key = same(text);
        if let Some(earlier) = first.get(&key) {
            let message = format!("{what} `{text}` stands twice; the first is at {}", earlier.location);
            d.error(code, &node.location, message, fix);
        } else {
            first.insert(key, node);
        }
    }
}

/// Reports items of a list that have the same `name`.
pub(super) fn names(items: &[Node], what: &str, (code, fix): (Code, &str), d: &mut Decoder) {
    let names = items.iter().filter_map(|item| item.get("name"));
    report(names, str::to_owned, what, (code, fix), d);
}
