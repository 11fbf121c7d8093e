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

/// The fields of `theirs` that are in `ours`, too: what [`without`] takes away.
#[must_use]
pub fn common(theirs: &Value, ours: &Value) -> Value {
    let mut shared = Map::new();
    for (key, child) in children(theirs) {
        let Some(other) = ours.get(key) else { continue };
        let both = if is_leaf(child) || is_leaf(other) { child.clone() } else { common(child, other) };
        if is_leaf(child) || !is_leaf(&both) {
            shared.insert(key.clone(), both);
        }
    }
    Value::Object(shared)
}

/// The fields of both.
#[must_use]
pub fn union(left: &Value, right: &Value) -> Value {
    let mut all = left.as_object().cloned().unwrap_or_default();
    for (key, child) in right.as_object().into_iter().flatten() {
        let both = all.get(key).map_or_else(|| child.clone(), |known| union(known, child));
        all.insert(key.clone(), both);
    }
    Value::Object(all)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{common, overlap, union, without};

    #[test]
    fn what_is_shared_is_what_would_be_taken() {
        let theirs = json!({"f:data": {".": {}, "f:a": {}, "f:b": {}}, "f:type": {}});
        let ours = json!({"f:data": {"f:a": {}, "f:c": {}}, "f:type": {}});
        assert_eq!(common(&theirs, &ours), json!({"f:data": {"f:a": {}}, "f:type": {}}));
        assert_eq!(common(&theirs, &json!({"f:data": {"f:c": {}}})), json!({}));
        let both = json!({"f:data": {".": {}, "f:a": {}, "f:b": {}, "f:c": {}}, "f:type": {}});
        assert_eq!(union(&theirs, &ours), both);
    }

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
