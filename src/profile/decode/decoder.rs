//! Reads typed values out of nodes, and collects a finding for each that is not what it should be.

use std::path::PathBuf;
use std::str::FromStr;

use crate::code::Code;
use crate::profile::decode::keys::Shape;
use crate::profile::finding::{Finding, Severity};
use crate::profile::location::Location;
use crate::profile::names::{InvalidName, Namespace};
use crate::profile::node::{Entry, Mapping, Node, Value};
use crate::profile::{paths, suggest};

/// Collects findings while values are read. A method that returns `None` has reported why.
#[derive(Debug, Default)]
pub(crate) struct Decoder {
    /// What was found so far.
    pub(crate) findings: Vec<Finding>,
    /// Argo CD's namespace, where secrets are looked for by default; `None` when the profile's is not valid.
    pub(crate) argocd_namespace: Option<Namespace>,
}

/// A map whose keys were checked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fields<'n> {
    /// Where the map stands.
    pub(crate) at: &'n Location,
    mapping: &'n Mapping,
    shape: &'static Shape,
}

impl<'n> Fields<'n> {
    /// The value of a key; `None` when it is absent or null.
    pub(crate) fn get(&self, key: &str) -> Option<&'n Node> {
        debug_assert!(self.shape.keys.contains(&key), "{} has no key {key}", self.shape.name);
        let found = self.mapping.entries.iter().find(|entry| entry.key.text == key)?;
        (!found.value.is_null()).then_some(&found.value)
    }

    /// The value of a key that has to be there.
    pub(crate) fn require(&self, decoder: &mut Decoder, key: &str) -> Option<&'n Node> {
        let found = self.get(key);
        if found.is_none() {
            let message = format!("{} needs `{key}`", self.shape.title);
            decoder.error(Code::MISSING_KEY, self.at, message, format!("add `{key}:` here"));
        }
        found
    }

    /// Which of the keys are there.
    pub(crate) fn present(&self, keys: &[&'static str]) -> Vec<&'static str> {
        keys.iter().copied().filter(|key| self.get(key).is_some()).collect()
    }
}

impl Decoder {
    /// Reports an error.
    pub(crate) fn error(
        &mut self,
        code: Code,
        at: &Location,
        message: impl Into<String>,
        fix: impl Into<String>,
    ) {
        self.findings.push(Finding::error(code, at, message, fix));
    }

    /// Reports something that does not stop bridge.
    pub(crate) fn warning(
        &mut self,
        code: Code,
        at: &Location,
        message: impl Into<String>,
        fix: impl Into<String>,
    ) {
        self.findings.push(Finding::error(code, at, message, fix).with_severity(Severity::Warning));
    }

    /// Reports that a value is of the wrong kind. The value itself is not shown: it could be a secret in a wrong place.
    pub(crate) fn wrong_type(&mut self, node: &Node, expected: &str, fix: impl Into<String>) {
        match &node.value {
            Value::Unresolved => {}
            Value::Secret(secret) => {
                let variable = secret.variable.clone();
                self.misplaced_secret(&node.location, &variable);
            }
            Value::Scalar(_) | Value::Sequence(_) | Value::Mapping(_) => {
                let message = format!("expected {expected}, found {}", node.kind());
                self.error(Code::WRONG_TYPE, &node.location, message, fix);
            }
        }
    }

    fn misplaced_secret(&mut self, at: &Location, variable: &str) {
        let message = format!("the sensitive variable `{variable}` is used outside a credential");
        let fix = "only the `value` of a credential may hold it; anything else is shown in plans and stored in clear";
        self.error(Code::SENSITIVE_MISPLACED, at, message, fix);
    }

    /// A map with the keys of a shape; reports keys that it does not know.
    pub(crate) fn fields<'n>(&mut self, node: &'n Node, shape: &'static Shape) -> Option<Fields<'n>> {
        let mapping = self.mapping(node, &format!("a map for {}", shape.title))?;
        for Entry { key, value } in &mapping.entries {
            if !shape.keys.contains(&key.text.as_str()) {
                let message = if shape.may_show(&key.text, value.is_null()) {
                    format!("{} has no key `{}`", shape.title, key.text)
                } else {
                    format!("the key that stands here is no key of {}", shape.title)
                };
                let fix = suggest::did_you_mean(&key.text, shape.keys.iter().copied());
                self.error(Code::UNKNOWN_KEY, &key.location, message, fix);
            }
        }
        Some(Fields { at: &node.location, mapping, shape })
    }

    /// A map with any keys.
    pub(crate) fn mapping<'n>(&mut self, node: &'n Node, expected: &str) -> Option<&'n Mapping> {
        if let Value::Mapping(mapping) = &node.value {
            return Some(mapping);
        }
        self.wrong_type(node, expected, "write it as `key: value` lines");
        None
    }

    /// A list.
    pub(crate) fn list<'n>(&mut self, node: &'n Node, expected: &str) -> &'n [Node] {
        if let Value::Sequence(items) = &node.value {
            return items;
        }
        self.wrong_type(node, &format!("a list of {expected}"), "write `[a, b]`, or one `- item` a line");
        &[]
    }

    /// A text. Numbers and booleans without quotes count as the text that the file shows.
    pub(crate) fn text<'n>(&mut self, node: &'n Node, what: &str) -> Option<&'n str> {
        let text = node.text();
        if text.is_none() {
            self.wrong_type(
                node,
                &format!("a text for {what}"),
                "write one text; quote it if it has special characters",
            );
        }
        text
    }

    /// A text that says something.
    pub(crate) fn filled_text(&mut self, node: &Node, what: &str) -> Option<String> {
        let text = self.text(node, what)?;
        if text.trim().is_empty() {
            let fix = "write a value, or remove the key";
            self.error(Code::EMPTY_VALUE, &node.location, format!("{what} is empty"), fix);
            return None;
        }
        Some(text.to_owned())
    }

    /// A list of texts; those that are none are reported and left out.
    pub(crate) fn texts(&mut self, node: &Node, what: &str) -> Vec<String> {
        let items = self.list(node, &format!("texts for {what}"));
        let what = format!("an item of {what}");
        items.iter().filter_map(|item| self.filled_text(item, &what)).collect()
    }

    /// A name with a rule of its own.
    pub(crate) fn name<T: FromStr<Err = InvalidName>>(
        &mut self,
        node: &Node,
        code: Code,
        what: &str,
    ) -> Option<T> {
        let text = self.text(node, what)?;
        match text.parse() {
            Ok(name) => Some(name),
            Err(error) => {
                let error: InvalidName = error;
                self.error(code, &node.location, format!("{what}: {error}"), suggest::valid_name::<T>(text));
                None
            }
        }
    }

    /// A list of names, reported where one stands twice.
    pub(crate) fn names<T>(&mut self, node: &Node, code: Code, what: &str) -> Vec<T>
    where
        T: FromStr<Err = InvalidName> + Ord + Clone + std::fmt::Display,
    {
        let mut seen = std::collections::BTreeSet::new();
        let mut names = Vec::new();
        for item in self.list(node, "names") {
            let Some(name) = self.name::<T>(item, code, what) else { continue };
            if seen.insert(name.clone()) {
                names.push(name);
            } else {
                let message = format!("`{name}` stands twice in this list");
                self.error(Code::DUPLICATE_ENTRY, &item.location, message, "remove one of them");
            }
        }
        names
    }

    /// `true` or `false`.
    pub(crate) fn boolean(&mut self, node: &Node, what: &str) -> Option<bool> {
        let boolean = node.scalar().and_then(crate::profile::node::Scalar::boolean);
        if boolean.is_none() {
            let fix = match node.text() {
                Some("true" | "false") => "remove the quotes",
                Some(_) | None => "write `true` or `false`; `yes`, `on` and the like are texts",
            };
            self.wrong_type(node, &format!("true or false for {what}"), fix);
        }
        boolean
    }

    /// A boolean of a map, or what it is when the map says nothing.
    pub(crate) fn flag(&mut self, fields: &Fields<'_>, key: &str, default: bool) -> bool {
        fields.get(key).and_then(|node| self.boolean(node, &format!("`{key}`"))).unwrap_or(default)
    }

    /// A whole number from 0.
    pub(crate) fn number(&mut self, node: &Node, what: &str) -> Option<u32> {
        let text = self.text(node, what)?;
        let number = text.parse().ok();
        if number.is_none() {
            let message = format!("{what} has to be a whole number from 0, and `{text}` is none");
            self.error(Code::INVALID_NUMBER, &node.location, message, "write digits only, such as `0`");
        }
        number
    }

    /// One of a few words.
    pub(crate) fn choice<T: Copy>(
        &mut self,
        node: &Node,
        what: &str,
        known: &[(&'static str, T)],
    ) -> Option<T> {
        let text = self.text(node, what)?;
        let found = known.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        if found.is_none() {
            let message = format!("`{text}` is no {what}");
            let fix = suggest::did_you_mean(text, known.iter().map(|(word, _)| *word));
            self.error(Code::INVALID_CHOICE, &node.location, message, fix);
        }
        found
    }

    /// A path, relative to the file that says it.
    pub(crate) fn path(&mut self, node: &Node, what: &str) -> Option<PathBuf> {
        let path = self.filled_text(node, what)?;
        Some(PathBuf::from(paths::beside(&node.location.source.path, &path)))
    }

    /// Any value, as JSON.
    pub(crate) fn json(&mut self, node: &Node) -> Option<serde_json::Value> {
        match &node.value {
            Value::Scalar(scalar) => Some(scalar.json()),
            Value::Sequence(items) => {
                let items: Vec<_> = items.iter().map(|item| self.json(item)).collect();
                items.into_iter().collect()
            }
            Value::Mapping(mapping) => {
                let entries: Vec<_> = mapping.entries.iter().map(|entry| self.json_entry(entry)).collect();
                entries.into_iter().collect::<Option<serde_json::Map<_, _>>>().map(serde_json::Value::Object)
            }
            Value::Secret(_) | Value::Unresolved => {
                self.wrong_type(node, "a value", "write the value out");
                None
            }
        }
    }

    fn json_entry(&mut self, entry: &Entry) -> Option<(String, serde_json::Value)> {
        Some((entry.key.text.clone(), self.json(&entry.value)?))
    }
}
