//! What the user allowed beyond the harmless, each explicit and narrow.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use crate::desired::id::ObjectId;

/// Everything that the user allowed on the command line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Consent {
    /// `--adopt MANAGER`: existing objects whose fields these managers own may be taken over.
    pub adopt: BTreeSet<String>,
    /// `--force-conflicts KIND/NAME:FIELD`: these fields may be taken from their owners.
    pub force_conflicts: BTreeSet<FieldSelector>,
    /// `--replace KIND/NAME`: these objects may be deleted and made anew where that is the only way to change them.
    pub replace: BTreeSet<ObjectSelector>,
    /// `--allow-delete KIND/NAME`: these objects may be deleted.
    pub allow_delete: BTreeSet<ObjectSelector>,
    /// `--allow-delete N`: so many objects may be deleted.
    pub allow_deletes: usize,
    /// How many of these deletions were spent on other profiles of the same command.
    pub spent_deletes: usize,
    /// `--rename-from OLD`: an inventory of this profile name may be taken over.
    pub rename_from: Option<String>,
    /// `--target KIND/NAME`: only these objects are looked at, and nothing is pruned; empty means all.
    pub targets: BTreeSet<ObjectSelector>,
}

/// `KIND/NAME`, or `KIND/NAMESPACE/NAME` where the name alone is not enough.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ObjectSelector {
    kind: String,
    namespace: Option<String>,
    name: String,
}

impl ObjectSelector {
    /// The kind, as it was written.
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// Whether it means this object.
    #[must_use]
    pub fn matches(&self, id: &ObjectId) -> bool {
        let namespace_matches = self.namespace.is_none() || self.namespace == id.namespace;
        self.kind.eq_ignore_ascii_case(&id.group_kind.kind) && self.name == id.name && namespace_matches
    }
}

impl From<&ObjectId> for ObjectSelector {
    fn from(id: &ObjectId) -> Self {
        Self { kind: id.group_kind.kind.clone(), namespace: id.namespace.clone(), name: id.name.clone() }
    }
}

/// The text is not of the form that the option takes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not of the form {form}")]
pub struct InvalidSelector {
    text: String,
    form: &'static str,
}

impl FromStr for ObjectSelector {
    type Err = InvalidSelector;

    fn from_str(text: &str) -> Result<Self, InvalidSelector> {
        let parts: Vec<&str> = text.split('/').collect();
        let (kind, namespace, name) = match parts.as_slice() {
            [kind, name] => (*kind, None, *name),
            [kind, namespace, name] => (*kind, Some((*namespace).to_owned()), *name),
            _ => ("", None, ""),
        };
        if kind.is_empty() || name.is_empty() {
            return Err(InvalidSelector {
                text: text.to_owned(),
                form: "KIND/NAME, such as Secret/spoke-dev",
            });
        }
        Ok(Self { kind: kind.to_owned(), namespace, name: name.to_owned() })
    }
}

impl fmt::Display for ObjectSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.namespace {
            Some(namespace) => write!(f, "{}/{namespace}/{}", self.kind, self.name),
            None => write!(f, "{}/{}", self.kind, self.name),
        }
    }
}

/// `KIND/NAME:FIELD`, with the field as the server writes it in a conflict.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FieldSelector {
    object: ObjectSelector,
    field: String,
}

impl fmt::Display for FieldSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:.{}", self.object, self.field.trim_start_matches('.'))
    }
}

impl FieldSelector {
    /// The object.
    #[must_use]
    pub fn object(&self) -> &ObjectSelector {
        &self.object
    }

    /// Whether it means this field of this object. A leading dot does not matter.
    #[must_use]
    pub fn matches(&self, id: &ObjectId, field: &str) -> bool {
        self.object.matches(id) && self.field.trim_start_matches('.') == field.trim_start_matches('.')
    }
}

impl FromStr for FieldSelector {
    type Err = InvalidSelector;

    fn from_str(text: &str) -> Result<Self, InvalidSelector> {
        let form = "KIND/NAME:FIELD, such as Secret/spoke-dev:.metadata.labels.env";
        let invalid = || InvalidSelector { text: text.to_owned(), form };
        // Names such as `system:nodes` hold colons; a field begins with a dot.
        let (object, field) = text.split_once(":.").or_else(|| text.split_once(':')).ok_or_else(invalid)?;
        let object = object.parse().map_err(|_| invalid())?;
        if field.is_empty() { Err(invalid()) } else { Ok(Self { object, field: field.to_owned() }) }
    }
}
