//! ApplicationSets as far as they say which clusters they are for.
//!
//! Source: `applicationset/generators` of Argo CD: generators combine at most twice (`matrix`, `merge`), and a `merge` only
//! fills in for what its first generator gives.

use crate::checkout::selector::{self, Selector};
use crate::profile::finding::Finding;
use crate::profile::node::{Entry, Node};

/// An ApplicationSet of the checkout.
#[derive(Debug)]
pub(super) struct ApplicationSet {
    /// Its name.
    pub(super) name: String,
    /// The selectors of its cluster generators.
    pub(super) generators: Vec<Generator>,
    /// Labels that generators are filtered by once they have generated: `metadata.labels.KEY`.
    pub(super) filtered: Vec<String>,
}

/// A cluster generator with a selector.
#[derive(Debug)]
pub(super) struct Generator {
    /// Which clusters.
    pub(super) selector: Selector,
    /// Whether it only fills in for what the first generator of its `merge` gives.
    pub(super) is_override: bool,
}

/// The ApplicationSets among the documents of a file.
pub(super) fn of(documents: &[Node], findings: &mut Vec<Finding>) -> Vec<ApplicationSet> {
    let mut all = Vec::new();
    for document in documents {
        let listed = document.get("items").map_or(&[][..], Node::items);
        for one in std::iter::once(document).chain(listed).filter(|one| is_application_set(one)) {
            all.push(read(one, findings));
        }
    }
    all
}

fn is_application_set(node: &Node) -> bool {
    let text = |key| node.get(key).and_then(Node::text);
    text("kind") == Some("ApplicationSet")
        && text("apiVersion").is_some_and(|version| version.starts_with("argoproj.io/"))
}

fn read(node: &Node, findings: &mut Vec<Finding>) -> ApplicationSet {
    let name = node.at(&["metadata", "name"]).and_then(Node::text).unwrap_or_default().to_owned();
    let mut set = ApplicationSet { name, generators: Vec::new(), filtered: Vec::new() };
    let generators = node.at(&["spec", "generators"]).map_or(&[][..], Node::items);
    generators.iter().for_each(|generator| set.add(generator, false, findings));
    set
}

impl ApplicationSet {
    fn add(&mut self, generator: &Node, is_override: bool, findings: &mut Vec<Finding>) {
        for Entry { key, value } in generator.entries() {
            let children = value.get("generators").map_or(&[][..], Node::items);
            match key.text.as_str() {
                "clusters" => {
                    if let Some(node) = value.get("selector") {
                        let selector = selector::read(node, findings);
                        self.generators.push(Generator { selector, is_override });
                    }
                }
                "matrix" => children.iter().for_each(|child| self.add(child, is_override, findings)),
                "merge" => {
                    for (index, child) in children.iter().enumerate() {
                        self.add(child, is_override || index > 0, findings);
                    }
                }
                "selector" => self.filter(value),
                // Everything else asks something else than cluster Secrets.
                _ => {}
            }
        }
    }

    /// A filter behind a generator is only looked through for what it mentions: what it compares is made by templates.
    fn filter(&mut self, selector: &Node) {
        let labels = selector.get("matchLabels").map_or(&[][..], Node::entries).iter();
        let expressions = selector.get("matchExpressions").map_or(&[][..], Node::items).iter();
        let keys = labels.map(|entry| entry.key.text.as_str());
        let keys = keys.chain(expressions.filter_map(|item| item.get("key").and_then(Node::text)));
        self.filtered.extend(keys.filter_map(|key| key.strip_prefix("metadata.labels.")).map(str::to_owned));
    }
}
