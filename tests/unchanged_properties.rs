//! What must hold for every object: one that was applied and that nobody touched is recognised as unchanged, whatever the
//! server added to it; any change of what is asked for, of what is there or of who owns it is not called unchanged.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

use bridge::desired::object::Object;
use bridge::plan::live::Live;
use bridge::plan::unchanged::is_unchanged;
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Map, Value, json};

/// A value as it was applied, as the server has it, and the fields that the apply owns.
#[derive(Debug, Clone)]
struct Applied {
    desired: Value,
    live: Value,
    owned: Value,
}

impl Applied {
    fn leaf(value: Value) -> Self {
        Self { desired: value.clone(), live: value, owned: json!({}) }
    }
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        "[a-z]{0,4}".prop_map(Value::from)
    ]
}

/// What the server fills in by itself, under names that no test asks for.
fn defaults() -> impl Strategy<Value = Map<String, Value>> {
    prop::collection::vec(("default-[a-c]", scalar()), 0..3).prop_map(Map::from_iter)
}

fn field_map(inner: impl Strategy<Value = Applied>) -> impl Strategy<Value = Applied> {
    let fields = prop::collection::btree_map("[a-e]", inner, 1..4);
    (fields, defaults()).prop_map(|(fields, mut live)| {
        let (mut desired, mut owned) = (Map::new(), Map::new());
        for (name, field) in fields {
            desired.insert(name.clone(), field.desired);
            live.insert(name.clone(), field.live);
            owned.insert(format!("f:{name}"), field.owned);
        }
        Applied { desired: desired.into(), live: live.into(), owned: owned.into() }
    })
}

/// A list that is merged by the key `name`; others have items of their own in it.
fn keyed_list(inner: impl Strategy<Value = Applied>) -> impl Strategy<Value = Applied> {
    let items = prop::collection::btree_map("[a-d]", field_map(inner), 1..4);
    (items, any::<bool>()).prop_map(|(items, has_foreign)| {
        let (mut desired, mut live, mut owned) = (Vec::new(), Vec::new(), Map::new());
        if has_foreign {
            live.push(json!({ "name": "somebody-elses" }));
        }
        for (name, mut item) in items {
            for value in [&mut item.desired, &mut item.live] {
                value["name"] = name.clone().into();
            }
            item.owned["f:name"] = json!({});
            item.owned["."] = json!({});
            desired.push(item.desired);
            live.push(item.live);
            owned.insert(format!("k:{}", json!({ "name": name })), item.owned);
        }
        Applied { desired: desired.into(), live: live.into(), owned: owned.into() }
    })
}

fn set() -> impl Strategy<Value = Applied> {
    prop::collection::btree_set("[a-e]", 1..4).prop_map(|elements| {
        let list: Vec<Value> = elements.iter().map(|element| json!(element)).collect();
        let owned = elements.iter().map(|element| (format!("v:{}", json!(element)), json!({})));
        let live = [vec![json!("somebody-elses")], list.clone()].concat();
        Applied { desired: list.into(), live: live.into(), owned: Value::Object(owned.collect()) }
    })
}

fn applied() -> impl Strategy<Value = Applied> {
    let atomic_list = prop::collection::vec(scalar(), 0..3).prop_map(|list| Applied::leaf(list.into()));
    let leaf = prop_oneof![3 => scalar().prop_map(Applied::leaf), 1 => atomic_list, 1 => set()];
    let node = leaf.prop_recursive(
        4,
        24,
        4,
        |inner| prop_oneof![2 => field_map(inner.clone()), 1 => keyed_list(inner)],
    );
    field_map(node)
}

fn object(spec: &Value) -> Value {
    json!({
        "apiVersion": "example.com/v1", "kind": "Thing", "spec": spec,
        "metadata": { "name": "a", "namespace": "b", "labels": { "part-of": "set" } },
    })
}

fn desired(spec: &Value) -> Object {
    Object::new(object(spec)).unwrap()
}

fn live(spec: &Value, owned: &Value) -> Live {
    let mut live = object(spec);
    live["metadata"]["uid"] = json!("1");
    live["metadata"]["labels"]["somebody"] = json!("else");
    live["status"] = json!({ "ready": true });
    let fields = json!({ "f:metadata": { "f:labels": { "f:part-of": {} } }, "f:spec": owned });
    let others = json!({ "manager": "kubectl", "operation": "Update", "apiVersion": "v1", "fieldsV1": { "f:status": {} } });
    let ours = json!({ "manager": "bridge", "operation": "Apply", "apiVersion": "example.com/v1", "fieldsV1": fields });
    live["metadata"]["managedFields"] = json!([others, ours]);
    Live::new(live).unwrap()
}

/// The places of a value: of its leaves and of its maps and lists, the value itself left out.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    let mut add = |key: &str, inner: &Value| {
        let place = format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"));
        places(inner, &place, found);
        found.push(place);
    };
    match value {
        Value::Object(map) => map.iter().for_each(|(key, inner)| add(key, inner)),
        Value::Array(list) => list.iter().enumerate().for_each(|(at, inner)| add(&at.to_string(), inner)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn any_place(value: &Value, index: Index) -> String {
    let mut found = Vec::new();
    places(value, "", &mut found);
    found.swap_remove(index.index(found.len()))
}

fn remove(value: &mut Value, place: &str) {
    let (parent, key) = place.rsplit_once('/').unwrap();
    match value.pointer_mut(parent).unwrap() {
        Value::Object(map) => {
            map.remove(&key.replace("~1", "/").replace("~0", "~"));
        }
        Value::Array(list) => {
            list.remove(key.parse().unwrap());
        }
        other => panic!("{other} has no {key}"),
    }
}

proptest! {
    #[test]
    fn what_nobody_touched_is_unchanged(one in applied()) {
        prop_assert!(is_unchanged(&desired(&one.desired), &live(&one.live, &one.owned)));
    }

    #[test]
    fn another_value_is_a_change(one in applied(), index in any::<Index>()) {
        let mut wanted = one.desired.clone();
        *wanted.pointer_mut(&any_place(&one.desired, index)).unwrap() = json!("another value");
        prop_assert!(!is_unchanged(&desired(&wanted), &live(&one.live, &one.owned)));
    }

    #[test]
    fn what_is_not_asked_for_any_more_is_a_change(one in applied(), index in any::<Index>()) {
        let mut wanted = one.desired.clone();
        remove(&mut wanted, &any_place(&one.desired, index));
        prop_assert!(!is_unchanged(&desired(&wanted), &live(&one.live, &one.owned)));
    }

    #[test]
    fn one_more_field_is_a_change(one in applied(), index in any::<Index>(), name in "(added|default-a)") {
        let mut wanted = one.desired.clone();
        let mut maps = vec![String::new()];
        places(&wanted, "", &mut maps);
        maps.retain(|place| wanted.pointer(place).is_some_and(Value::is_object));
        let place = maps.swap_remove(index.index(maps.len()));
        wanted.pointer_mut(&place).unwrap()[name.as_str()] = json!("x");
        prop_assert!(!is_unchanged(&desired(&wanted), &live(&one.live, &one.owned)));
    }

    #[test]
    fn a_live_value_that_somebody_changed_is_a_change(one in applied(), index in any::<Index>()) {
        let place = any_place(&one.desired, index);
        let mut found = one.desired.clone();
        *found.pointer_mut(&place).unwrap() = json!("a hand edit");
        prop_assert!(!is_unchanged(&desired(&one.desired), &live(&found, &one.owned)));
    }

    #[test]
    fn a_field_that_is_not_ours_is_a_change(one in applied(), index in any::<Index>()) {
        let mut owned = one.owned.clone();
        let place = any_place(&owned, index);
        prop_assume!(!place.ends_with("/."));
        remove(&mut owned, &place);
        // A list without its last item is owned as one value, which it is then compared as.
        let (list, item) = place.rsplit_once('/').unwrap();
        let is_item = item.starts_with("k:") || item.starts_with("v:");
        prop_assume!(!(is_item && owned.pointer(list) == Some(&json!({}))));
        prop_assert!(!is_unchanged(&desired(&one.desired), &live(&one.live, &owned)));
    }

    #[test]
    fn what_is_called_unchanged_is_there(wanted in applied(), found in applied(), owned in applied()) {
        for (live_spec, owned) in [(&found.live, &owned.owned), (&wanted.live, &owned.owned), (&found.live, &wanted.owned), (&wanted.owned, &found.live)] {
            if is_unchanged(&desired(&wanted.desired), &live(live_spec, owned)) {
                prop_assert!(contains(live_spec, &wanted.desired));
            }
        }
    }
}

/// Whether everything that is wanted is there.
fn contains(live: &Value, wanted: &Value) -> bool {
    match (live, wanted) {
        (Value::Object(live), Value::Object(wanted)) => {
            wanted.iter().all(|(key, wanted)| live.get(key).is_some_and(|live| contains(live, wanted)))
        }
        (Value::Array(live), Value::Array(wanted)) => {
            wanted.iter().all(|wanted| live.iter().any(|live| contains(live, wanted)))
        }
        _ => live == wanted,
    }
}
