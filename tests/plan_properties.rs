//! What must hold for every object: a diff shows no secret, finds every difference, and none where there is none.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bridge::plan::diff::{diff, is_same};
use bridge::plan::fields::{overlap, without};
use bridge::plan::masked::masked;
use bridge::plan::saved::{Action, SavedChange, SavedField, SavedId, SavedValue, SavedValueChange};
use bridge::plan::stale::moved;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

const PLANTED: &str = "planted-t0ken";

/// Any JSON of a few levels, with keys that objects really have.
fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        "[a-z]{0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let key = prop_oneof![Just("name".to_owned()), Just("port".to_owned()), "[a-z./-]{1,8}"];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((key, inner), 0..4)
                .prop_map(|fields| Value::Object(Map::from_iter(fields))),
        ]
    })
}

/// Sets of owned fields, as managedFields writes them.
fn owned_fields() -> impl Strategy<Value = Value> {
    let leaf = Just(json!({}));
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop::collection::btree_map("f:[a-d]", inner, 1..4)
            .prop_map(|fields| Value::Object(fields.into_iter().collect()))
    })
}

fn secret(data: &[(String, String)], more: &Value) -> Value {
    let data: Map<String, Value> = data.iter().map(|(k, v)| (k.clone(), STANDARD.encode(v).into())).collect();
    json!({ "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "x" }, "data": data, "more": more })
}

fn data() -> impl Strategy<Value = Vec<(String, String)>> {
    prop::collection::vec(("[a-z]{1,6}", prop_oneof![Just(PLANTED.to_owned()), "[a-z]{0,8}"]), 0..5)
}

fn saved_value_change() -> impl Strategy<Value = SavedValueChange> {
    let value = || prop_oneof![json_value().prop_map(SavedValue::Value), Just(SavedValue::Sensitive(true))];
    prop_oneof![
        value().prop_map(SavedValueChange::Added),
        value().prop_map(SavedValueChange::Removed),
        (value(), value()).prop_map(|(before, after)| SavedValueChange::Changed(before, after)),
    ]
}

/// What a plan would do to one of a few objects.
fn saved_change() -> impl Strategy<Value = SavedChange> {
    let action = prop::sample::select(vec![
        Action::Create,
        Action::Update,
        Action::Adopt,
        Action::Replace,
        Action::Delete,
    ]);
    let field = ("[ab]", saved_value_change()).prop_map(|(path, change)| SavedField { path, change });
    let fields = prop::collection::vec(field, 0..2);
    let names = prop::collection::btree_set("[ab]", 0..2);
    let parts = (action, "[a-c]", prop::option::of("[uv]"), "[1-9]", fields, names, json_value());
    parts.prop_map(|(action, name, uid, version, fields, names, body)| SavedChange {
        action,
        object: SavedId { group: String::new(), kind: "ConfigMap".to_owned(), namespace: None, name },
        uid,
        resource_version: Some(version),
        applied_at: None,
        fields,
        forced: names.clone(),
        from: names,
        body: json!({ "kind": "ConfigMap", "spec": { "value": body } }),
        replaced: Value::Null,
    })
}

fn saved_plan() -> impl Strategy<Value = Vec<SavedChange>> {
    let by_object = |changes: Vec<SavedChange>| {
        let changes = changes.into_iter().map(|change| (change.object.clone(), change));
        changes.collect::<BTreeMap<_, _>>().into_values().collect()
    };
    prop::collection::vec(saved_change(), 0..3).prop_map(by_object)
}

/// The same plan on a cluster on which everything was touched by others.
fn touched(plan: &[SavedChange]) -> Vec<SavedChange> {
    let touch =
        |change: &SavedChange| SavedChange { resource_version: Some("0".to_owned()), ..change.clone() };
    plan.iter().map(touch).collect()
}

proptest! {
    #[test]
    fn a_saved_plan_is_stale_exactly_when_it_would_do_something_else(
        saved in saved_plan(),
        now in saved_plan(),
    ) {
        prop_assert_eq!(moved(&saved, &touched(&saved)), vec![]);
        prop_assert_eq!(moved(&saved, &now).is_empty(), touched(&saved) == touched(&now));
    }

    #[test]
    fn a_saved_plan_is_read_back(saved in saved_plan()) {
        let text = serde_json::to_string(&saved).unwrap();
        prop_assert_eq!(serde_json::from_str::<Vec<SavedChange>>(&text).unwrap(), saved);
    }

    #[test]
    fn what_is_saved_of_a_secret_shows_none(data in data(), more in json_value()) {
        let shown = masked(&secret(&data, &more), &BTreeSet::new()).to_string();
        prop_assert!(!shown.contains(PLANTED));
        prop_assert!(!shown.contains(&STANDARD.encode(PLANTED)));
    }

    #[test]
    fn a_diff_of_secrets_shows_none(before in data(), after in data(), more in json_value()) {
        let (before, after) = (secret(&before, &json!({})), secret(&after, &more));
        let shown = format!("{:?}", diff(&before, &after, &BTreeSet::new()));
        prop_assert!(!shown.contains(PLANTED));
        prop_assert!(!shown.contains(&STANDARD.encode(PLANTED)));
    }

    #[test]
    fn a_diff_is_empty_exactly_when_nothing_differs(before in json_value(), after in json_value()) {
        let wrap = |value: &Value| json!({ "kind": "ConfigMap", "spec": { "value": value } });
        let (before, after) = (wrap(&before), wrap(&after));
        prop_assert!(diff(&before, &before, &BTreeSet::new()).is_empty());
        let differs = !diff(&before, &after, &BTreeSet::new()).is_empty();
        prop_assert_eq!(differs, !is_same(&before, &after));
    }

    #[test]
    fn what_is_taken_from_a_manager_is_not_its_own_any_more(theirs in owned_fields(), ours in owned_fields()) {
        let rest = without(&theirs, &ours);
        prop_assert!(!overlap(&rest, &ours));
        prop_assert_eq!(without(&rest, &ours), rest);
        prop_assert_eq!(without(&theirs, &json!({})), theirs);
    }
}
