//! A YAML document as a tree whose every value and key knows where it stands.

use crate::profile::location::Location;
use crate::profile::sensitive::Sensitive;

/// A value and its place.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    /// Where the value stands, in the file that says it.
    pub(crate) location: Location,
    /// The value.
    pub(crate) value: Value,
}

/// What a node holds.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    /// A text, number or boolean, as its source text.
    Scalar(Scalar),
    /// A text with a value in it that must not be shown.
    Secret(Secret),
    /// A text whose variables have no value; that was reported, so nothing more is said about the node.
    Unresolved,
    /// A list.
    Sequence(Vec<Node>),
    /// A map.
    Mapping(Mapping),
}

/// A scalar as the file writes it. `Debug` does not show it, because it may be a literal credential.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Scalar {
    /// The text after YAML's own escapes.
    pub(crate) text: String,
    /// How it was written.
    pub(crate) style: Style,
    /// The last line that it covers.
    pub(crate) last_line: usize,
}

impl std::fmt::Debug for Scalar {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Scalar")
    }
}

/// How a scalar was written, which decides what else than a text it may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// Without quotes: may be null, a boolean or a number.
    Plain,
    /// Quoted, or a block: a text.
    Quoted,
    /// Made from variables: may be a boolean or a number, however it was quoted.
    Interpolated,
}

/// A text made from sensitive variables.
#[derive(Debug, Clone)]
pub(crate) struct Secret {
    /// The text.
    pub(crate) text: Sensitive,
    /// Whether it is one variable and nothing else.
    pub(crate) is_one_variable: bool,
    /// The first sensitive variable in it.
    pub(crate) variable: String,
}

/// A map in the order of the file.
#[derive(Debug, Clone, Default)]
pub(crate) struct Mapping {
    /// Its entries; keys are unique.
    pub(crate) entries: Vec<Entry>,
}

/// A key and its value.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// The key.
    pub(crate) key: Key,
    /// The value.
    pub(crate) value: Node,
}

/// The key of an entry and its place.
#[derive(Debug, Clone)]
pub(crate) struct Key {
    /// The text.
    pub(crate) text: String,
    /// Where it stands.
    pub(crate) location: Location,
}

impl Node {
    /// The scalar, when it is one that may be shown.
    pub(crate) fn scalar(&self) -> Option<&Scalar> {
        match &self.value {
            Value::Scalar(scalar) => Some(scalar),
            Value::Secret(_) | Value::Unresolved | Value::Sequence(_) | Value::Mapping(_) => None,
        }
    }

    /// The text of a scalar that says something.
    pub(crate) fn text(&self) -> Option<&str> {
        self.scalar().filter(|scalar| !scalar.is_null()).map(|scalar| scalar.text.as_str())
    }

    /// The items of a list; nothing for anything else.
    pub(crate) fn items(&self) -> &[Node] {
        match &self.value {
            Value::Sequence(items) => items,
            Value::Scalar(_) | Value::Secret(_) | Value::Unresolved | Value::Mapping(_) => &[],
        }
    }

    /// The entries of a map; nothing for anything else.
    pub(crate) fn entries(&self) -> &[Entry] {
        match &self.value {
            Value::Mapping(mapping) => &mapping.entries,
            Value::Scalar(_) | Value::Secret(_) | Value::Unresolved | Value::Sequence(_) => &[],
        }
    }

    /// The value of a key, unless it is absent or null.
    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        let found = self.entries().iter().find(|entry| entry.key.text == key)?;
        (!found.value.is_null()).then_some(&found.value)
    }

    /// The value at the end of a path of keys.
    pub(crate) fn at(&self, path: &[&str]) -> Option<&Node> {
        path.iter().try_fold(self, |node, key| node.get(key))
    }

    /// Whether the value says nothing: `key:`, `~` or `null`.
    pub(crate) fn is_null(&self) -> bool {
        self.scalar().is_some_and(Scalar::is_null)
    }

    /// What the value is, for messages; never the value itself.
    pub(crate) fn kind(&self) -> &'static str {
        match &self.value {
            Value::Scalar(scalar) => scalar.kind(),
            Value::Secret(_) => "a sensitive text",
            Value::Unresolved => "a text",
            Value::Sequence(_) => "a list",
            Value::Mapping(_) => "a map",
        }
    }

    /// Calls `visit` for this node and every node below it.
    pub(crate) fn walk_mut(&mut self, visit: &mut impl FnMut(&mut Node)) {
        visit(self);
        match &mut self.value {
            Value::Scalar(_) | Value::Secret(_) | Value::Unresolved => {}
            Value::Sequence(items) => items.iter_mut().for_each(|item| item.walk_mut(visit)),
            Value::Mapping(mapping) => {
                mapping.entries.iter_mut().for_each(|entry| entry.value.walk_mut(visit));
            }
        }
    }
}

impl Scalar {
    /// Whether the scalar says nothing.
    pub(crate) fn is_null(&self) -> bool {
        self.style == Style::Plain && matches!(self.text.as_str(), "" | "~" | "null" | "Null" | "NULL")
    }

    /// The boolean, strictly `true` or `false`.
    pub(crate) fn boolean(&self) -> Option<bool> {
        match (self.style, self.text.as_str()) {
            (Style::Plain | Style::Interpolated, "true") => Some(true),
            (Style::Plain | Style::Interpolated, "false") => Some(false),
            (Style::Plain | Style::Quoted | Style::Interpolated, _) => None,
        }
    }

    /// The value as JSON has it, by YAML 1.2's core schema.
    pub(crate) fn json(&self) -> serde_json::Value {
        if self.is_null() {
            return serde_json::Value::Null;
        }
        if let Some(boolean) = self.boolean() {
            return boolean.into();
        }
        self.number().map_or_else(|| self.text.as_str().into(), serde_json::Value::Number)
    }

    fn number(&self) -> Option<serde_json::Number> {
        let starts_like_one = self.text.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c));
        if self.style == Style::Quoted || !starts_like_one {
            return None;
        }
        let integer = self.text.parse::<i64>().ok().map(Into::into);
        integer.or_else(|| self.text.parse::<f64>().ok().and_then(serde_json::Number::from_f64))
    }

    fn kind(&self) -> &'static str {
        if self.is_null() {
            "nothing"
        } else if self.boolean().is_some() {
            "a boolean"
        } else if self.number().is_some() {
            "a number"
        } else {
            "a text"
        }
    }
}
