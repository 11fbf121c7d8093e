//! An object as bridge asks for it.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::desired::id::{GroupKind, ObjectId};
use crate::desired::labels::SECRET_TYPE;

/// A JSON object that has been proven to have `apiVersion`, `kind` and `metadata.name`.
///
/// Its content may hold secrets, so `Debug` shows the identity only.
#[derive(Clone, PartialEq)]
pub struct Object {
    id: ObjectId,
    body: Value,
    public_data: BTreeSet<String>,
}

/// A document that is no Kubernetes object.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAnObject {
    /// A field that every object has is missing or no text.
    #[error("`{0}` is missing or no text")]
    Missing(&'static str),
}

impl Object {
    /// Proves that the document is an object.
    ///
    /// # Errors
    /// When `apiVersion`, `kind` or `metadata.name` is missing.
    pub fn new(body: Value) -> Result<Self, NotAnObject> {
        let text = |value: Option<&'_ Value>, field| {
            let text = value.and_then(Value::as_str).filter(|text| !text.is_empty());
            text.map(str::to_owned).ok_or(NotAnObject::Missing(field))
        };
        let api_version = text(body.get("apiVersion"), "apiVersion")?;
        let group = api_version.split_once('/').map_or("", |(group, _)| group).to_owned();
        let kind = text(body.get("kind"), "kind")?;
        let metadata = body.get("metadata");
        let name = text(metadata.and_then(|metadata| metadata.get("name")), "metadata.name")?;
        let namespace = metadata.and_then(|metadata| metadata.get("namespace")?.as_str()).map(str::to_owned);
        let id = ObjectId { group_kind: GroupKind { group, kind }, namespace, name };
        Ok(Self { id, body, public_data: BTreeSet::new() })
    }

    /// Declares keys of a Secret's `data` that hold no secret and may be shown, such as a cluster's name and server.
    #[must_use]
    pub fn with_public_data<'a>(mut self, keys: impl IntoIterator<Item = &'a str>) -> Self {
        self.public_data.extend(keys.into_iter().map(str::to_owned));
        self
    }

    /// Its identity.
    #[must_use]
    pub fn id(&self) -> &ObjectId {
        &self.id
    }

    /// `apiVersion`.
    #[must_use]
    pub fn api_version(&self) -> &str {
        self.body.get("apiVersion").and_then(Value::as_str).unwrap_or_default()
    }

    /// The whole object, secrets included: for the API server, never for a person.
    #[must_use]
    pub fn body(&self) -> &Value {
        &self.body
    }

    /// A field of `metadata`.
    #[must_use]
    pub fn metadata(&self, field: &str) -> Option<&Value> {
        self.body.get("metadata")?.get(field)
    }

    /// The value of a label.
    #[must_use]
    pub fn label(&self, key: &str) -> Option<&str> {
        self.metadata("labels")?.get(key)?.as_str()
    }

    /// Whether it is one of Argo CD's declarative clusters.
    #[must_use]
    pub fn is_cluster_secret(&self) -> bool {
        self.id.group_kind.kind == "Secret" && self.label(SECRET_TYPE) == Some("cluster")
    }

    /// The kind that a CustomResourceDefinition defines.
    #[must_use]
    pub fn defined_kind(&self) -> Option<GroupKind> {
        if self.id.group_kind.kind != "CustomResourceDefinition" {
            return None;
        }
        let spec = self.body.get("spec")?;
        let (group, kind) = (spec.get("group")?.as_str()?, spec.get("names")?.get("kind")?.as_str()?);
        Some(GroupKind { group: group.to_owned(), kind: kind.to_owned() })
    }

    /// Keys of a Secret's `data` that may be shown.
    #[must_use]
    pub fn public_data(&self) -> &BTreeSet<String> {
        &self.public_data
    }

    /// The same object after a change of its content that keeps its identity provable.
    ///
    /// # Errors
    /// When the changed content is no object any more.
    pub fn map(self, change: impl FnOnce(Value) -> Value) -> Result<Self, NotAnObject> {
        let public_data = self.public_data;
        Ok(Self { public_data, ..Self::new(change(self.body))? })
    }
}

impl std::fmt::Debug for Object {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Object({})", self.id)
    }
}
