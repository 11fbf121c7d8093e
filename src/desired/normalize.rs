//! A manifest as the API server would complete it, where the difference matters.
//!
//! The API server fills in defaults. Inside lists that server-side apply treats as one value, and in the keys of lists
//! that it merges, a missing default looks like a change for ever, conflicts with a second manager of the very same
//! manifest, or is refused outright. So bridge writes these defaults itself.

use serde_json::{Map, Value};

use crate::desired::pods::{containers_mut, pod_spec_mut};
use crate::desired::secret_data::encode;

/// Completes and cleans one document.
pub fn normalize(document: &mut Value) {
    drop_server_fields(document);
    drop_nulls(document);
    for metadata in ["/metadata", "/spec/template/metadata"] {
        drop_empty_maps(document.pointer_mut(metadata), &["annotations", "labels"]);
    }
    match document.get("kind").and_then(Value::as_str).unwrap_or_default() {
        "Service" => protocols(document.pointer_mut("/spec/ports")),
        "NetworkPolicy" => network_policy(document),
        "Secret" => {
            encode_string_data(document);
            drop_empty_maps(Some(document), &["data"]);
        }
        "ConfigMap" => drop_empty_maps(Some(document), &["binaryData", "data"]),
        _ => {}
    }
    if let Some(spec) = pod_spec_mut(document) {
        containers_mut(spec).for_each(|container| protocols(container.get_mut("ports")));
        field_references(spec);
    }
}

fn drop_server_fields(document: &mut Value) {
    const METADATA: [&str; 6] =
        ["creationTimestamp", "generation", "managedFields", "resourceVersion", "selfLink", "uid"];
    if let Some(document) = document.as_object_mut() {
        document.shift_remove("status");
    }
    if let Some(metadata) = document.get_mut("metadata").and_then(Value::as_object_mut) {
        for field in METADATA {
            metadata.shift_remove(field);
        }
    }
}

/// A null in a map means the same as no entry; in a list it is an element.
fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|_, value| !value.is_null());
            map.values_mut().for_each(drop_nulls);
        }
        Value::Array(list) => list.iter_mut().for_each(drop_nulls),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The API server does not keep an empty map of names to texts, so it would look like a change for ever. Elsewhere an empty
/// map means something (`emptyDir: {}`).
fn drop_empty_maps(of: Option<&mut Value>, fields: &[&str]) {
    let is_empty = |value: &Value| value.as_object().is_some_and(Map::is_empty);
    if let Some(map) = of.and_then(Value::as_object_mut) {
        map.retain(|field, value| !fields.contains(&field.as_str()) || !is_empty(value));
    }
}

fn network_policy(document: &mut Value) {
    for direction in ["/spec/ingress", "/spec/egress"] {
        let rules = document.pointer_mut(direction).and_then(Value::as_array_mut);
        rules.into_iter().flatten().for_each(|rule| protocols(rule.get_mut("ports")));
    }
}

fn protocols(ports: Option<&mut Value>) {
    let ports = ports.and_then(Value::as_array_mut).into_iter().flatten();
    for port in ports.filter_map(Value::as_object_mut) {
        port.entry("protocol").or_insert_with(|| Value::from("TCP"));
    }
}

/// `fieldRef` stands in environments and in downward API volumes.
fn field_references(value: &mut Value) {
    match value {
        Value::Object(map) => {
            complete_field_reference(map);
            map.values_mut().for_each(field_references);
        }
        Value::Array(list) => list.iter_mut().for_each(field_references),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn complete_field_reference(map: &mut Map<String, Value>) {
    if let Some(reference) = map.get_mut("fieldRef").and_then(Value::as_object_mut) {
        reference.entry("apiVersion").or_insert_with(|| Value::from("v1"));
    }
}

fn encode_string_data(document: &mut Value) {
    let Some(document) = document.as_object_mut() else { return };
    let Some(Value::Object(texts)) = document.shift_remove("stringData") else { return };
    let data = document.entry("data").or_insert_with(|| Value::Object(Map::new()));
    if let Some(data) = data.as_object_mut() {
        let encoded =
            texts.into_iter().map(|(key, text)| (key, Value::from(encode(plain(&text).as_bytes()))));
        data.extend(encoded);
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::normalize;

    #[test]
    fn a_secret_has_data_only() {
        let mut secret = json!({
            "kind": "Secret", "stringData": { "a": "x" }, "data": { "a": "old", "b": "eQ==" },
            "metadata": { "creationTimestamp": null, "uid": "1", "name": "s" }, "status": {},
        });
        normalize(&mut secret);
        let expected =
            json!({ "kind": "Secret", "data": { "a": "eA==", "b": "eQ==" }, "metadata": { "name": "s" } });
        assert_eq!(secret, expected);
    }

    #[test]
    fn an_empty_map_of_texts_is_none_and_other_empty_maps_stay() {
        let pod = json!({ "metadata": { "annotations": {} }, "spec": { "volumes": [{ "emptyDir": {} }] } });
        let mut document = json!({
            "kind": "Deployment", "metadata": { "name": "a", "labels": {}, "annotations": {} },
            "spec": { "template": pod },
        });
        normalize(&mut document);
        let pod = json!({ "metadata": {}, "spec": { "volumes": [{ "emptyDir": {} }] } });
        let expected =
            json!({ "kind": "Deployment", "metadata": { "name": "a" }, "spec": { "template": pod } });
        assert_eq!(document, expected);
    }

    #[test]
    fn ports_and_field_references_are_completed() {
        let mut document = json!({ "kind": "Deployment", "spec": { "template": { "spec": {
            "containers": [{ "ports": [{ "containerPort": 1 }, { "containerPort": 2, "protocol": "UDP" }],
                             "env": [{ "valueFrom": { "fieldRef": { "fieldPath": "metadata.namespace" } } }] }],
            "initContainers": [{ "ports": [{ "containerPort": 3 }] }],
        } } } });
        normalize(&mut document);
        let at = |pointer: &str| document.pointer(&format!("/spec/template/spec{pointer}")).cloned();
        assert_eq!(at("/containers/0/ports/0/protocol"), Some(json!("TCP")));
        assert_eq!(at("/containers/0/ports/1/protocol"), Some(json!("UDP")));
        assert_eq!(at("/containers/0/env/0/valueFrom/fieldRef/apiVersion"), Some(json!("v1")));
        assert_eq!(at("/initContainers/0/ports/0/protocol"), Some(json!("TCP")));
    }
}
