//! An object as the API server has it.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::desired::id::ObjectId;
use crate::desired::object::{NotAnObject, Object};

/// An object as the API server has it. `Debug` shows the identity only, because the content may hold secrets.
#[derive(Clone, PartialEq)]
pub struct Live {
    object: Box<Object>,
}

impl std::fmt::Debug for Live {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Live({})", self.object.id())
    }
}

impl Live {
    /// Reads an API server's answer.
    ///
    /// # Errors
    /// When it is no object.
    pub fn new(body: Value) -> Result<Self, NotAnObject> {
        Object::new(body).map(|object| Self { object: Box::new(object) })
    }

    /// Its identity.
    #[must_use]
    pub fn id(&self) -> &ObjectId {
        self.object.id()
    }

    /// The object, for rules that hold for desired and live objects alike.
    #[must_use]
    pub fn object(&self) -> &Object {
        &self.object
    }

    /// The whole object as the server sent it.
    #[must_use]
    pub fn body(&self) -> &Value {
        self.object.body()
    }

    fn metadata_text(&self, field: &str) -> &str {
        self.object.metadata(field).and_then(Value::as_str).unwrap_or_default()
    }

    /// `metadata.uid`.
    #[must_use]
    pub fn uid(&self) -> &str {
        self.metadata_text("uid")
    }

    /// `metadata.resourceVersion`; empty in the answer of a dry run that would create the object.
    #[must_use]
    pub fn resource_version(&self) -> &str {
        self.metadata_text("resourceVersion")
    }

    /// Whether its deletion has begun.
    #[must_use]
    pub fn is_terminating(&self) -> bool {
        self.object.metadata("deletionTimestamp").is_some()
    }

    /// The value of a label.
    #[must_use]
    pub fn label(&self, key: &str) -> Option<&str> {
        self.object.label(key)
    }

    /// Whether it is one of Argo CD's declarative clusters.
    #[must_use]
    pub fn is_cluster_secret(&self) -> bool {
        self.object.is_cluster_secret()
    }

    /// The value of an annotation.
    #[must_use]
    pub fn annotation(&self, key: &str) -> Option<&str> {
        self.object.metadata("annotations")?.get(key)?.as_str()
    }

    /// Its owner references.
    #[must_use]
    pub fn owner_references(&self) -> &[Value] {
        self.object.metadata("ownerReferences").and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    /// The entries of `metadata.managedFields` for the object itself, not for a subresource.
    pub fn managed_fields(&self) -> impl Iterator<Item = ManagedFields<'_>> {
        let entries = self.object.metadata("managedFields").and_then(Value::as_array);
        entries.into_iter().flatten().filter(|entry| entry.get("subresource").is_none()).map(ManagedFields)
    }

    /// The names of everyone who owns fields of the object itself.
    #[must_use]
    pub fn managers(&self) -> BTreeSet<String> {
        self.managed_fields().map(|entry| entry.manager().to_owned()).collect()
    }
}

/// One entry of `metadata.managedFields`.
#[derive(Clone, Copy)]
pub struct ManagedFields<'a>(&'a Value);

impl<'a> ManagedFields<'a> {
    fn text(self, key: &str) -> &'a str {
        self.0.get(key).and_then(Value::as_str).unwrap_or_default()
    }

    /// The whole entry, with the time of its last change.
    #[must_use]
    pub fn raw(self) -> &'a Value {
        self.0
    }

    /// Who owns the fields.
    #[must_use]
    pub fn manager(self) -> &'a str {
        self.text("manager")
    }

    /// Whether the fields were set by server-side apply.
    #[must_use]
    pub fn is_apply(self) -> bool {
        self.text("operation") == "Apply"
    }

    /// The version of the API in whose terms the fields are named.
    #[must_use]
    pub fn api_version(self) -> &'a str {
        self.text("apiVersion")
    }

    /// The owned fields, as `fieldsV1`.
    #[must_use]
    pub fn fields(self) -> &'a Value {
        self.0.get("fieldsV1").unwrap_or(&Value::Null)
    }
}
