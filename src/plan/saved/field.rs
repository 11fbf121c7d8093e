//! How one field changes, in a file.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::plan::change::{FieldChange, Shown, ValueChange};

/// How one field changes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "Written", into = "Written")]
pub struct SavedField {
    /// The field, such as `metadata.labels.env`.
    pub path: String,
    /// Before and after.
    pub change: SavedValueChange,
}

/// Before and after of a field.
#[derive(Debug, Clone, PartialEq)]
pub enum SavedValueChange {
    /// The field appears.
    Added(SavedValue),
    /// The field goes.
    Removed(SavedValue),
    /// The field gets another value.
    Changed(SavedValue, SavedValue),
}

/// A value, or the word that it is a secret.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum SavedValue {
    /// The value.
    Value(Value),
    /// It is not shown; always true.
    Sensitive(bool),
}

/// A [`SavedField`] as it is written.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "SavedField", extend("anyOf" = [{ "required": ["before"] }, { "required": ["after"] }]))]
struct Written {
    /// The field, such as `metadata.labels.env`.
    path: String,
    /// Its value before; absent when it is added.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "SavedValue")]
    before: Option<SavedValue>,
    /// Its value afterwards; absent when it is removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "SavedValue")]
    after: Option<SavedValue>,
}

impl TryFrom<Written> for SavedField {
    type Error = String;

    fn try_from(Written { path, before, after }: Written) -> Result<Self, String> {
        let change = match (before, after) {
            (None, Some(after)) => SavedValueChange::Added(after),
            (Some(before), None) => SavedValueChange::Removed(before),
            (Some(before), Some(after)) => SavedValueChange::Changed(before, after),
            (None, None) => return Err(format!("the field `{path}` has neither `before` nor `after`")),
        };
        Ok(Self { path, change })
    }
}

impl From<SavedField> for Written {
    fn from(SavedField { path, change }: SavedField) -> Self {
        let (before, after) = match change {
            SavedValueChange::Added(after) => (None, Some(after)),
            SavedValueChange::Removed(before) => (Some(before), None),
            SavedValueChange::Changed(before, after) => (Some(before), Some(after)),
        };
        Self { path, before, after }
    }
}

impl From<&FieldChange> for SavedField {
    fn from(FieldChange { path, change }: &FieldChange) -> Self {
        let change = match change {
            ValueChange::Added(after) => SavedValueChange::Added(after.into()),
            ValueChange::Removed(before) => SavedValueChange::Removed(before.into()),
            ValueChange::Changed(before, after) => SavedValueChange::Changed(before.into(), after.into()),
        };
        Self { path: path.clone(), change }
    }
}

impl From<&Shown> for SavedValue {
    fn from(shown: &Shown) -> Self {
        let json = |json: &str| serde_json::from_str(json).unwrap_or_else(|_| Value::from(json));
        match shown {
            Shown::Text(text) => Self::Value(Value::from(text.as_str())),
            Shown::Json(text) => Self::Value(json(text)),
            Shown::Sensitive => Self::Sensitive(true),
        }
    }
}
