//! Fields and their values.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::plan::change::{Contested, FieldChange, FieldConflict, Shown, ValueChange};

/// How one field changes.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FieldDocument {
    /// The field, such as `metadata.labels.env`.
    pub path: String,
    /// Before and after.
    #[serde(flatten)]
    pub change: FieldChangeDocument,
}

/// Before and after of a field. Its name is the `action`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(tag = "action", rename_all = "camelCase")]
pub enum FieldChangeDocument {
    /// The field appears.
    Add {
        /// Its value afterwards.
        after: ValueDocument,
    },
    /// The field goes.
    Remove {
        /// Its value before.
        before: ValueDocument,
    },
    /// The field gets another value.
    Change {
        /// Its value before.
        before: ValueDocument,
        /// Its value afterwards.
        after: ValueDocument,
    },
}

/// A value, or the word that it is a secret.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ValueDocument {
    /// The value.
    Value(Value),
    /// It is not shown; always true.
    Sensitive(bool),
}

/// A field that somebody else owns.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ConflictDocument {
    /// The field as the server writes it.
    pub field: String,
    /// Who owns it.
    pub manager: String,
    /// What both sides want of it.
    #[serde(flatten)]
    pub sides: Sides,
}

/// Both values of a field that stands in the way.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Sides {
    /// Both have one.
    Both {
        /// Its value on the cluster.
        live: ValueDocument,
        /// The value that the profile wants.
        wanted: ValueDocument,
    },
    /// The profile does not set it.
    Live {
        /// Its value on the cluster.
        live: ValueDocument,
    },
    /// It is not on the cluster.
    Wanted {
        /// The value that the profile wants.
        wanted: ValueDocument,
    },
    /// The field could not be found, or the change is carried out.
    Unknown {},
}

pub(super) fn taken(FieldConflict { field, manager }: &FieldConflict) -> ConflictDocument {
    ConflictDocument { field: field.clone(), manager: manager.clone(), sides: Sides::Unknown {} }
}

pub(super) fn contested(Contested { conflict, change }: &Contested) -> ConflictDocument {
    let sides = match change {
        Some(ValueChange::Added(wanted)) => Sides::Wanted { wanted: value(wanted) },
        Some(ValueChange::Removed(live)) => Sides::Live { live: value(live) },
        Some(ValueChange::Changed(live, wanted)) => Sides::Both { live: value(live), wanted: value(wanted) },
        None => Sides::Unknown {},
    };
    ConflictDocument { sides, ..taken(conflict) }
}

pub(super) fn fields(fields: &[FieldChange]) -> Vec<FieldDocument> {
    fields.iter().map(field).collect()
}

fn field(FieldChange { path, change }: &FieldChange) -> FieldDocument {
    let change = match change {
        ValueChange::Added(after) => FieldChangeDocument::Add { after: value(after) },
        ValueChange::Removed(before) => FieldChangeDocument::Remove { before: value(before) },
        ValueChange::Changed(before, after) => {
            FieldChangeDocument::Change { before: value(before), after: value(after) }
        }
    };
    FieldDocument { path: path.clone(), change }
}

fn value(shown: &Shown) -> ValueDocument {
    match shown {
        Shown::Text(text) => ValueDocument::Value(Value::from(text.as_str())),
        Shown::Json(json) => {
            ValueDocument::Value(serde_json::from_str(json).unwrap_or_else(|_| Value::from(json.as_str())))
        }
        Shown::Sensitive => ValueDocument::Sensitive(true),
    }
}
