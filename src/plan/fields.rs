//! Field ownership as the API server records it (`fieldsV1`): trees whose leaves are the owned fields.
//!
//! Keys are `f:<field>`, `k:<list item by its keys>`, `v:<set element>` and `.` (the node itself); see "fieldsV1" in the
//! Kubernetes API reference of `ManagedFieldsEntry`.

use serde_json::{Map, Value};

/// The owned parts below a node.
pub(super) fn children(fields: &Value) -> impl Iterator<Item = (&String, &Value)> {
    fields.as_object().into_iter().flatten().filter(|(key, _)| key.as_str() != ".")
}

/// Whether both sets own a field in common.
#[must_use]
pub fn overlap(left: &Value, right: &Value) -> bool {
    children(left).any(|(key, child)| {
        right.get(key).is_some_and(|other| is_leaf(child) || is_leaf(other) || overlap(child, other))
    })
}

/// Whether the field is owned as a whole: a scalar, a list or map that is one value, or an empty one.
pub(super) fn is_leaf(fields: &Value) -> bool {
    children(fields).next().is_none()
}

/// `from` without the fields that are in `taken`; nodes that own nothing any more are dropped.
#[must_use]
pub fn without(from: &Value, taken: &Value) -> Value {
    let mut rest = Map::new();
    for (key, child) in children(from) {
        match taken.get(key) {
            None => {
                rest.insert(key.clone(), child.clone());
            }
            Some(other) if is_leaf(child) || is_leaf(other) => {}
            Some(other) => {
                let remaining = without(child, other);
                if !is_leaf(&remaining) {
                    rest.insert(key.clone(), remaining);
                }
            }
        }
    }
    if let (false, Some(own)) = (rest.is_empty(), from.get(".")) {
        rest.insert(".".to_owned(), own.clone());
    }
    Value::Object(rest)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{overlap, without};

    #[test]
    fn sets_overlap_where_they_share_a_leaf() {
        let ours = json!({"f:metadata": {"f:labels": {".": {}, "f:env": {}}}});
        let same = json!({"f:metadata": {"f:labels": {"f:env": {}, "f:tier": {}}}});
        let other = json!({"f:metadata": {"f:labels": {".": {}, "f:tier": {}}}, "f:type": {}});
        assert!(overlap(&ours, &same));
        assert!(!overlap(&ours, &other), "a shared parent is no shared field");
    }

    #[test]
    fn what_is_taken_goes_and_the_rest_stays() {
        let theirs = json!({"f:data": {".": {}, "f:a": {}, "f:b": {}}, "f:type": {}});
        let taken = json!({"f:data": {"f:a": {}}, "f:type": {}});
        assert_eq!(without(&theirs, &taken), json!({"f:data": {".": {}, "f:b": {}}}));
        assert_eq!(without(&theirs, &theirs), json!({}));
    }
}
