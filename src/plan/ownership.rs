//! Who owns which fields once an adoption is done.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::desired::ownership::FIELD_MANAGER;
use crate::plan::fields;
use crate::plan::live::Live;

/// `metadata.managedFields` of an object in which the share of `from` in what bridge asks for is bridge's; `None` when that
/// changes nothing.
///
/// `after` is what a dry run of the apply answered: it says which fields bridge asks for, and names the managers of an
/// object that has lost its managedFields. What the former managers own beside that stays theirs.
#[must_use]
pub fn transferred(live: &Live, after: &Live, from: &BTreeSet<String>) -> Option<Vec<Value>> {
    let asked = entries(after).find(|entry| is_ours(entry))?;
    let is_taken = |entry: &&Value| {
        entry["manager"].as_str().is_some_and(|manager| from.contains(manager))
            && entry.get("subresource").is_none()
            && !is_ours(entry)
    };
    let source = if entries(live).next().is_some() { live } else { after };
    let mut taken = json!({});
    let mut kept = Vec::new();
    for entry in entries(source).filter(|entry| !is_ours(entry)) {
        if !is_taken(&entry) {
            kept.push(entry.clone());
            continue;
        }
        taken = fields::union(&taken, &fields::common(&entry["fieldsV1"], &asked["fieldsV1"]));
        let rest = fields::without(&entry["fieldsV1"], &asked["fieldsV1"]);
        if rest != json!({}) {
            kept.push(with_fields(entry, rest));
        }
    }
    if taken == json!({}) {
        return None;
    }
    let ours = entries(live).find(|entry| is_ours(entry));
    let owned = ours.map_or(taken.clone(), |ours| fields::union(&ours["fieldsV1"], &taken));
    kept.push(with_fields(ours.unwrap_or(asked), owned));
    Some(kept)
}

fn entries(live: &Live) -> impl Iterator<Item = &Value> {
    live.body().pointer("/metadata/managedFields").and_then(Value::as_array).into_iter().flatten()
}

fn is_ours(entry: &Value) -> bool {
    entry["manager"] == FIELD_MANAGER && entry["operation"] == "Apply" && entry.get("subresource").is_none()
}

fn with_fields(entry: &Value, fields: Value) -> Value {
    let mut entry = entry.clone();
    entry["fieldsV1"] = fields;
    entry
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Live, transferred};

    fn live(entries: &[(&str, &str, Value)]) -> Live {
        let entry = |(manager, operation, fields): &(&str, &str, Value)| json!({"manager": manager, "operation": operation, "fieldsV1": fields});
        let entries: Vec<Value> = entries.iter().map(entry).collect();
        let metadata = json!({"name": "dev", "managedFields": entries});
        Live::new(json!({"apiVersion": "v1", "kind": "Secret", "metadata": metadata})).unwrap()
    }

    fn data(keys: &[&str]) -> Value {
        let keys = keys.iter().map(|key| (format!("f:{key}"), json!({})));
        json!({ "f:data": Value::Object(keys.collect()) })
    }

    fn shares(entries: Option<Vec<Value>>) -> Vec<(String, Value)> {
        let share =
            |entry: &Value| (entry["manager"].as_str().unwrap().to_owned(), entry["fieldsV1"].clone());
        entries.unwrap_or_default().iter().map(share).collect()
    }

    #[test]
    fn only_what_bridge_asks_for_and_is_there_moves_and_only_from_whom_was_named() {
        let named = ["helm".to_owned()].into();
        let before = live(&[("helm", "Apply", data(&["a", "x"])), ("other", "Update", data(&["b"]))]);
        let after = live(&[("helm", "Apply", data(&["x"])), ("bridge", "Apply", data(&["a", "b", "new"]))]);
        let expected = [("helm", data(&["x"])), ("other", data(&["b"])), ("bridge", data(&["a"]))];
        assert_eq!(
            shares(transferred(&before, &after, &named)),
            expected.map(|(manager, share)| (manager.to_owned(), share))
        );
        assert_eq!(transferred(&before, &after, &["nobody".to_owned()].into()), None);
    }

    #[test]
    fn what_bridge_owned_before_stays_its_own() {
        let before = live(&[("helm", "Update", data(&["a"])), ("bridge", "Apply", data(&["b"]))]);
        let after = live(&[("helm", "Update", data(&["a"])), ("bridge", "Apply", data(&["a"]))]);
        let moved = shares(transferred(&before, &after, &["helm".to_owned()].into()));
        assert_eq!(moved, [("bridge".to_owned(), data(&["a", "b"]))]);
    }

    #[test]
    fn an_object_without_managers_has_those_that_the_dry_run_names() {
        let after =
            live(&[("before-first-apply", "Update", data(&["a", "x"])), ("bridge", "Apply", data(&["a"]))]);
        let moved = shares(transferred(&live(&[]), &after, &["before-first-apply".to_owned()].into()));
        let expected = [("before-first-apply", data(&["x"])), ("bridge", data(&["a"]))];
        assert_eq!(moved, expected.map(|(manager, share)| (manager.to_owned(), share)));
    }
}
