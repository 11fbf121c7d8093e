//! Label selectors as Kubernetes reads them, each requirement with its place. Requirements hold together.

use std::collections::{BTreeMap, BTreeSet};

use crate::code::Code;
use crate::desired::label_rule::Rule;
use crate::profile::finding::Finding;
use crate::profile::location::Location;
use crate::profile::node::{Node, Scalar, Style};

/// One selector.
#[derive(Debug)]
pub(super) struct Selector {
    /// Where it stands.
    pub(super) at: Location,
    /// What a cluster's labels have to keep, all of it.
    pub(super) requirements: Vec<Requirement>,
    /// The first part that a template decides; it is none of the requirements.
    pub(super) templated: Option<Location>,
    /// Whether a template decides even which label is asked for.
    pub(super) has_templated_key: bool,
}

/// What a selector asks of one label.
#[derive(Debug)]
pub(super) struct Requirement {
    /// The label.
    pub(super) key: String,
    /// Where it is asked for.
    pub(super) at: Location,
    rule: Rule,
}

impl Requirement {
    /// Whether these labels keep it.
    pub(super) fn holds(&self, labels: &BTreeMap<String, String>) -> bool {
        self.rule.holds(labels.get(&self.key).map(String::as_str))
    }
}

impl std::fmt::Display for Requirement {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let listed =
            |values: &BTreeSet<String>| values.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        let Self { key, at: _, rule } = self;
        match rule {
            Rule::In(values) if values.len() == 1 => write!(f, "`{key}: {}`", listed(values)),
            Rule::In(values) => write!(f, "`{key}` in ({})", listed(values)),
            Rule::NotIn(values) => write!(f, "`{key}` not in ({})", listed(values)),
            Rule::Exists => write!(f, "`{key}`"),
            Rule::DoesNotExist => write!(f, "no `{key}`"),
        }
    }
}

/// Reads a selector; what Argo CD or the API server would refuse is a finding.
pub(super) fn read(node: &Node, findings: &mut Vec<Finding>) -> Selector {
    let (requirements, templated) = (Vec::new(), None);
    let at = node.location.clone();
    let mut selector = Selector { at, requirements, templated, has_templated_key: false };
    for entry in node.get("matchLabels").map_or(&[][..], Node::entries) {
        let value = text(&entry.value, &entry.key.text, findings);
        let rule = value.map(|value| Rule::In([value].into()));
        selector.add(&entry.key.text, &entry.key.location, &[&entry.value], rule);
    }
    for item in node.get("matchExpressions").map_or(&[][..], Node::items) {
        let Some(key) = item.get("key") else { continue };
        let name = key.text().unwrap_or_default();
        let values: Vec<&Node> = item.get("values").map_or(&[][..], Node::items).iter().collect();
        let rule = expression(item, name, &values, findings);
        selector.add(name, &key.location, &values, rule);
    }
    selector
}

impl Selector {
    fn add(&mut self, key: &str, at: &Location, values: &[&Node], rule: Option<Rule>) {
        let is_templated = |text: &str| text.contains("{{");
        let value = values.iter().find(|value| value.text().is_some_and(is_templated));
        self.has_templated_key |= is_templated(key);
        if is_templated(key) || value.is_some() {
            let place = value.map_or(at, |value| &value.location);
            self.templated.get_or_insert_with(|| place.clone());
        } else if let Some(rule) = rule {
            self.requirements.push(Requirement { key: key.to_owned(), at: at.clone(), rule });
        }
    }
}

fn expression(item: &Node, key: &str, values: &[&Node], findings: &mut Vec<Finding>) -> Option<Rule> {
    let texts = |findings: &mut Vec<Finding>| -> Option<BTreeSet<String>> {
        values.iter().map(|value| text(value, key, findings)).collect()
    };
    let operator = item.get("operator");
    let rule = match operator.and_then(Node::text) {
        Some("In") if !values.is_empty() => return texts(findings).map(Rule::In),
        Some("NotIn") if !values.is_empty() => return texts(findings).map(Rule::NotIn),
        Some("Exists") if values.is_empty() => Ok(Rule::Exists),
        Some("DoesNotExist") if values.is_empty() => Ok(Rule::DoesNotExist),
        Some("In" | "NotIn") => Err("needs `values`, and has none".to_owned()),
        Some("Exists" | "DoesNotExist") => Err("takes no `values`".to_owned()),
        Some(other) => Err(format!("is `{other}`, which is no operator")),
        None => Err("has no operator".to_owned()),
    };
    rule.map_err(|wrong| {
        let place = operator.map_or(&item.location, |operator| &operator.location);
        let message = format!("the expression on `{key}` {wrong}");
        let fix = "write `{ key: KEY, operator: In, values: [VALUE] }`; the operators are In, NotIn, Exists and DoesNotExist";
        findings.push(Finding::error(Code::CHECKOUT_SELECTOR_INVALID, place, message, fix));
    })
    .ok()
}

/// The value of a label. One that YAML takes for something else than a text is refused by the API server.
fn text(node: &Node, key: &str, findings: &mut Vec<Finding>) -> Option<String> {
    let wrong = match node.scalar() {
        Some(scalar) if !is_no_text(scalar) => return Some(scalar.text.clone()),
        Some(scalar) => format!("the value of `{key}` is {}, and labels are texts", node_kind(node, scalar)),
        None => format!("the value of `{key}` is {}, and labels are texts", node.kind()),
    };
    let fix = match node.scalar() {
        Some(scalar) => format!("quote it: \"{}\"", scalar.text),
        None => "write a text in quotes".to_owned(),
    };
    findings.push(Finding::error(Code::CHECKOUT_SELECTOR_INVALID, &node.location, wrong, fix));
    None
}

/// Go's YAML reader follows YAML 1.1, where these words are booleans.
const WORDS: [&str; 4] = ["yes", "no", "on", "off"];

fn is_no_text(scalar: &Scalar) -> bool {
    let is_word = || WORDS.contains(&scalar.text.to_ascii_lowercase().as_str());
    scalar.style == Style::Plain && (!scalar.json().is_string() || is_word())
}

fn node_kind(node: &Node, scalar: &Scalar) -> &'static str {
    if scalar.json().is_string() { "a boolean" } else { node.kind() }
}
