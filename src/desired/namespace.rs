//! The namespace of Argo CD.

use serde_json::{Value, json};

use crate::profile::names::Namespace;

/// The Namespace object. It declares nothing but its name: labels such as those of Pod Security belong to whoever set
/// them.
#[must_use]
pub fn document(namespace: &Namespace) -> Value {
    json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": namespace.as_str() } })
}
