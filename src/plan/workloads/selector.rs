//! The selector of a `clusters` generator, as the API server has it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::desired::label_rule::Rule;
use crate::plan::status::application::text;

/// What a cluster's labels have to keep, all of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Selector(Vec<(String, Rule)>);

impl Selector {
    /// Reads a selector; `None` where a template decides a part of it, or Kubernetes refuses it, with which Argo CD generates
    /// nothing and deletes nothing.
    pub(super) fn of(selector: Option<&Value>) -> Option<Self> {
        let Some(selector) = selector.filter(|selector| !selector.is_null()) else {
            return Some(Self::default());
        };
        let mut rules = Vec::new();
        for (key, value) in selector.get("matchLabels").and_then(Value::as_object).into_iter().flatten() {
            rules.push((settled(key)?, Rule::In([settled(value.as_str()?)?].into())));
        }
        for item in selector.get("matchExpressions").and_then(Value::as_array).into_iter().flatten() {
            rules.push((settled(text(item, "/key"))?, expression(item)?));
        }
        Some(Self(rules))
    }

    /// Whether a cluster with these labels is selected.
    pub(super) fn matches(&self, labels: &BTreeMap<String, String>) -> bool {
        self.0.iter().all(|(key, rule)| rule.holds(labels.get(key).map(String::as_str)))
    }
}

fn expression(item: &Value) -> Option<Rule> {
    let values = item.get("values").and_then(Value::as_array).into_iter().flatten();
    let values: BTreeSet<String> = values.map(|value| settled(value.as_str()?)).collect::<Option<_>>()?;
    match (text(item, "/operator"), values.is_empty()) {
        ("In", false) => Some(Rule::In(values)),
        ("NotIn", false) => Some(Rule::NotIn(values)),
        ("Exists", true) => Some(Rule::Exists),
        ("DoesNotExist", true) => Some(Rule::DoesNotExist),
        _ => None,
    }
}

/// A text that no template decides.
fn settled(text: &str) -> Option<String> {
    (!text.contains("{{")).then(|| text.to_owned())
}
