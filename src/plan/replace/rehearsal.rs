//! The object that the server is asked about before one is deleted to be made anew: the same, under a name that is free.

use serde_json::Value;

use crate::desired::id::ObjectId;
use crate::desired::object::Object;
use crate::plan::live::Live;

/// What ends the name: it says whose it is to whoever reads an audit log.
const SUFFIX: &str = "-bridge-check";
/// The longest name that every kind takes (a DNS label).
const LONGEST: usize = 63;

/// Its identity and its body, for a dry run of a create beside the object that is still there.
#[must_use]
pub fn rehearsal(desired: &Object, live: &Live) -> (ObjectId, Value) {
    let (mut id, mut body) = (desired.id().clone(), desired.body().clone());
    id.name = free_name(&id.name);
    body["metadata"]["name"] = id.name.clone().into();
    match (id.group_kind.group.as_str(), id.group_kind.kind.as_str()) {
        ("", "Service") => free_what_is_held(&mut body, live.body()),
        // There may be one, and the old one may still be it.
        ("scheduling.k8s.io", "PriorityClass") => remove(&mut body, "globalDefault"),
        _ => {}
    }
    (id, body)
}

fn free_name(name: &str) -> String {
    let kept: String = name.chars().take(LONGEST - SUFFIX.len()).collect();
    // A name ends in a letter or digit, and so does each part of it.
    format!("{}{SUFFIX}", kept.trim_end_matches(|c: char| !c.is_ascii_alphanumeric()))
}

/// A Service's addresses and ports of nodes that the old one holds go to the new one only once it is gone. Others are tried.
fn free_what_is_held(body: &mut Value, live: &Value) {
    let (Some(spec), Some(held)) = (body.get_mut("spec"), live.get("spec")) else { return };
    let addresses = |spec: &Value| -> Vec<Value> {
        let all = spec.get("clusterIPs").and_then(Value::as_array).into_iter().flatten();
        all.chain(spec.get("clusterIP")).filter(|address| *address != "None").cloned().collect()
    };
    let held_addresses = addresses(held);
    if addresses(spec).iter().any(|address| held_addresses.contains(address)) {
        remove(spec, "clusterIP");
        remove(spec, "clusterIPs");
    }
    let ports = held.get("ports").and_then(Value::as_array).into_iter().flatten();
    let held_ports: Vec<&Value> =
        ports.filter_map(|port| port.get("nodePort")).chain(held.get("healthCheckNodePort")).collect();
    let is_held = |part: &Value, key: &str| part.get(key).is_some_and(|port| held_ports.contains(&port));
    if is_held(spec, "healthCheckNodePort") {
        remove(spec, "healthCheckNodePort");
    }
    for port in spec.get_mut("ports").and_then(Value::as_array_mut).into_iter().flatten() {
        if is_held(port, "nodePort") {
            remove(port, "nodePort");
        }
    }
}

fn remove(part: &mut Value, key: &str) {
    if let Some(fields) = part.as_object_mut() {
        fields.shift_remove(key);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Live, Object, free_name, rehearsal};

    fn body(api_version: &str, kind: &str, spec: &Value) -> Value {
        let metadata = json!({ "name": "server", "namespace": "argocd" });
        json!({ "apiVersion": api_version, "kind": kind, "metadata": metadata, "spec": spec })
    }

    #[test]
    fn the_name_is_free_and_fits_every_kind() {
        assert_eq!(free_name("server"), "server-bridge-check");
        let long = free_name(&format!("{}.x{}", "a".repeat(49), "b".repeat(200)));
        assert_eq!(long, format!("{}-bridge-check", "a".repeat(49)));
        assert!(free_name(&"a".repeat(63)).len() == 63);
    }

    #[test]
    fn a_service_gives_up_what_the_old_one_holds_and_nothing_else() {
        let held = json!({
            "clusterIP": "10.0.0.1", "clusterIPs": ["10.0.0.1"], "healthCheckNodePort": 31000,
            "ports": [{ "port": 80, "nodePort": 30080 }],
        });
        let tried = |spec: &Value| {
            let desired = Object::new(body("v1", "Service", spec)).unwrap();
            rehearsal(&desired, &Live::new(body("v1", "Service", &held)).unwrap()).1["spec"].clone()
        };
        let same = json!({
            "clusterIP": "10.0.0.1", "healthCheckNodePort": 31000, "type": "NodePort",
            "ports": [{ "port": 80, "nodePort": 30080 }, { "port": 81, "nodePort": 30081 }],
        });
        let ports = json!([{ "port": 80 }, { "port": 81, "nodePort": 30081 }]);
        assert_eq!(tried(&same), json!({ "type": "NodePort", "ports": ports }));
        for other in [json!({ "clusterIP": "None" }), json!({ "clusterIP": "10.0.0.2" })] {
            assert_eq!(tried(&other), other);
        }
    }

    #[test]
    fn of_the_default_there_may_be_one() {
        let mut class = body("scheduling.k8s.io/v1", "PriorityClass", &json!({}));
        class["globalDefault"] = true.into();
        let (id, body) = rehearsal(&Object::new(class.clone()).unwrap(), &Live::new(class).unwrap());
        assert_eq!(body.get("globalDefault"), None);
        assert_eq!((id.name.as_str(), &body["metadata"]["name"]), ("server-bridge-check", &json!(id.name)));
    }
}
