//! An object without its secrets, to be kept in a file.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::desired::secrets::PLACEHOLDER;
use crate::plan::diff::{LAST_APPLIED, comparable};

/// The object without secret values and without what the API server writes by itself.
///
/// Of a Secret only the keys in `public_data` keep their values; what stands for the others says nothing of them, not even
/// their length. The same rule as for what a diff shows.
#[must_use]
pub fn masked(object: &Value, public_data: &BTreeSet<String>) -> Value {
    let mut object = comparable(object);
    if object.get("kind").and_then(Value::as_str) == Some("Secret") {
        mask(object.get_mut("data"), |key| public_data.contains(key));
        mask(object.get_mut("stringData"), |_| false);
        mask(object.pointer_mut("/metadata/annotations"), |key| key != LAST_APPLIED);
    }
    object
}

fn mask(values: Option<&mut Value>, is_public: impl Fn(&str) -> bool) {
    match values {
        None => {}
        Some(Value::Object(values)) => {
            let secrets = values.iter_mut().filter(|(key, _)| !is_public(key));
            secrets.for_each(|(_, value)| *value = Value::from(PLACEHOLDER));
        }
        Some(other) => *other = Value::from(PLACEHOLDER),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::masked;

    #[test]
    fn only_public_keys_keep_their_values() {
        let annotations =
            json!({"kubectl.kubernetes.io/last-applied-configuration": "{\"data\":1}", "a": "b"});
        let metadata = json!({"name": "x", "annotations": annotations, "uid": "u", "managedFields": []});
        let data = json!({"server": "aA==", "token": "dDBrZW4="});
        let object =
            json!({"kind": "Secret", "metadata": metadata, "data": data, "stringData": "t0ken", "status": 1});
        let shown = json!({"kubectl.kubernetes.io/last-applied-configuration": "(sensitive)", "a": "b"});
        let expected = json!({
            "kind": "Secret",
            "metadata": {"name": "x", "annotations": shown},
            "data": {"server": "aA==", "token": "(sensitive)"},
            "stringData": "(sensitive)",
        });
        assert_eq!(masked(&object, &BTreeSet::from(["server".to_owned()])), expected);
    }

    #[test]
    fn other_objects_stay_as_they_are() {
        let object = json!({"kind": "ConfigMap", "data": {"a": "b"}});
        assert_eq!(masked(&object, &BTreeSet::new()), object);
    }
}
