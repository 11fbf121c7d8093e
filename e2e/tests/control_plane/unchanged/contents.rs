//! What the objects of the histories may hold.

use proptest::collection::{btree_map, btree_set, vec};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::Kind;

/// Fields of which each is there or not.
fn some_of(fields: Vec<(&'static str, BoxedStrategy<Value>)>) -> BoxedStrategy<Value> {
    let fields: Vec<_> = fields
        .into_iter()
        .map(|(name, value)| {
            prop::option::weighted(0.6, value).prop_map(move |value| value.map(|value| (name, value)))
        })
        .collect();
    fields
        .prop_map(|fields| {
            fields.into_iter().flatten().map(|(name, value)| (name.to_owned(), value)).collect::<Map<_, _>>()
        })
        .prop_map(Value::Object)
        .boxed()
}

fn with(base: Value, more: BoxedStrategy<Value>) -> BoxedStrategy<Value> {
    more.prop_map(move |more| {
        let mut both = base.clone();
        for (field, value) in more.as_object().into_iter().flatten() {
            both[field] = value.clone();
        }
        both
    })
    .boxed()
}

fn word() -> BoxedStrategy<Value> {
    "[a-c]{1,2}".prop_map(Value::from).boxed()
}

fn words() -> BoxedStrategy<Value> {
    btree_map("[a-d]", "[a-c]", 0..4).prop_map(|map| json!(map)).boxed()
}

fn list() -> BoxedStrategy<Value> {
    vec("[a-c]", 0..4).prop_map(|list| json!(list)).boxed()
}

/// A set in any order.
fn set() -> BoxedStrategy<Value> {
    btree_set("[a-e]", 0..4)
        .prop_map(|set| set.into_iter().collect::<Vec<_>>())
        .prop_shuffle()
        .prop_map(|set| json!(set))
        .boxed()
}

/// Items with distinct names, in any order.
fn items(more: BoxedStrategy<Value>, size: std::ops::Range<usize>) -> BoxedStrategy<Value> {
    btree_map("[a-d]", more, size)
        .prop_map(|items| {
            let named = items.into_iter().map(|(name, mut item)| {
                item["name"] = name.into();
                item
            });
            named.collect::<Vec<_>>()
        })
        .prop_shuffle()
        .prop_map(|items| json!(items))
        .boxed()
}

/// Every kind with what its objects may hold.
pub(crate) fn all() -> Vec<(Kind, BoxedStrategy<Value>)> {
    let subject = |api_version, kind, plural, content| {
        (Kind { api_version, kind, plural, is_normalized: true }, content)
    };
    let thing_kind =
        Kind { api_version: "tests.bridge.gitops/v1", kind: "Thing", plural: "things", is_normalized: false };
    let secret = some_of(vec![
        ("stringData", words()),
        ("data", encoded()),
        ("type", Just(json!("Opaque")).boxed()),
        ("labels", words()),
    ]);
    let config_map = some_of(vec![
        ("data", words()),
        ("labels", words()),
        ("annotations", words()),
        ("finalizers", finalizers()),
    ]);
    vec![
        (thing_kind, thing()),
        subject("v1", "Secret", "secrets", secret),
        subject("v1", "ConfigMap", "configmaps", config_map),
        subject("v1", "Service", "services", service()),
        subject("apps/v1", "Deployment", "deployments", deployment()),
        subject("networking.k8s.io/v1", "NetworkPolicy", "networkpolicies", network_policy()),
        subject("rbac.authorization.k8s.io/v1", "Role", "roles", role()),
    ]
}

fn encoded() -> BoxedStrategy<Value> {
    btree_map("[a-d]", prop::sample::select(vec!["eA==", "eHk=", "eHl6"]), 0..3)
        .prop_map(|map| json!(map))
        .boxed()
}

fn finalizers() -> BoxedStrategy<Value> {
    btree_set("example\\.com/[a-c]", 0..3).prop_map(|set| json!(set)).boxed()
}

fn thing() -> BoxedStrategy<Value> {
    let number = (0..3).prop_map(Value::from).boxed();
    let nested = some_of(vec![("a", word()), ("b", word()), ("words", words())]);
    let inner = items(some_of(vec![("port", number.clone())]), 0..3);
    let protocol = prop::sample::select(vec!["TCP", "UDP"]).prop_map(Value::from).boxed();
    let item =
        some_of(vec![("protocol", protocol), ("port", number.clone()), ("words", words()), ("items", inner)]);
    let anything =
        prop_oneof![word(), words(), list(), Just(Value::Null), Just(json!({})), Just(json!({"a": null}))];
    let spec = some_of(vec![
        ("text", word()),
        ("number", number),
        ("words", words()),
        ("atomicWords", words()),
        ("set", set()),
        ("list", list()),
        ("nested", nested),
        ("items", items(item, 0..4)),
        ("free", btree_map("[a-c]", anything, 0..3).prop_map(|map| json!(map)).boxed()),
    ]);
    some_of(vec![("spec", spec), ("labels", words()), ("annotations", words())])
}

/// A kind with every way in which a field can be merged.
pub(crate) fn thing_definition() -> Value {
    let text = json!({ "type": "string" });
    let number = json!({ "type": "integer" });
    let words = json!({ "type": "object", "additionalProperties": text });
    let inner = json!({
        "type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"],
        "items": { "type": "object", "required": ["name"], "properties": { "name": text, "port": number } },
    });
    let protocol = json!({ "type": "string", "default": "TCP" });
    let item = json!({ "type": "object", "required": ["name"], "properties": {
        "name": text, "protocol": protocol, "port": number, "words": words, "items": inner,
    } });
    let nested = json!({ "type": "object", "properties": {
        "a": text, "b": { "type": "string", "default": "filled in" }, "words": words,
    } });
    let spec = json!({ "type": "object", "properties": {
        "text": text, "number": { "type": "integer", "default": 7 }, "words": words, "nested": nested,
        "atomicWords": { "type": "object", "additionalProperties": text, "x-kubernetes-map-type": "atomic" },
        "set": { "type": "array", "items": text, "x-kubernetes-list-type": "set" },
        "list": { "type": "array", "items": text },
        "items": { "type": "array", "items": item, "x-kubernetes-list-type": "map",
                   "x-kubernetes-list-map-keys": ["name", "protocol"] },
        "free": { "type": "object", "x-kubernetes-preserve-unknown-fields": true },
    } });
    let schema = json!({ "openAPIV3Schema": { "type": "object", "properties": { "spec": spec } } });
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": { "name": "things.tests.bridge.gitops" },
        "spec": {
            "group": "tests.bridge.gitops", "scope": "Namespaced",
            "names": { "kind": "Thing", "plural": "things", "singular": "thing", "listKind": "ThingList" },
            "versions": [{ "name": "v1", "served": true, "storage": true, "schema": schema }],
        },
    })
}

fn service() -> BoxedStrategy<Value> {
    let port = prop::sample::select(vec![80, 443, 8080]);
    let protocol = prop::sample::select(vec![None, Some("TCP"), Some("UDP")]);
    let target = prop::sample::select(vec![None, Some(json!(8080)), Some(json!("http"))]);
    let ports = btree_map(port, (protocol, target), 1..4).prop_map(|ports| {
        let ports = ports.into_iter().map(|(port, (protocol, target))| {
            let mut item = json!({ "port": port, "name": format!("p{port}") });
            protocol.into_iter().for_each(|protocol| item["protocol"] = protocol.into());
            target.into_iter().for_each(|target| item["targetPort"] = target);
            item
        });
        json!(ports.collect::<Vec<_>>())
    });
    let affinity = prop::sample::select(vec!["None", "ClientIP"]).prop_map(Value::from).boxed();
    let more = some_of(vec![("selector", words()), ("sessionAffinity", affinity)]);
    let spec = (ports, more).prop_map(|(ports, mut spec)| {
        spec["ports"] = ports;
        spec
    });
    (spec, some_of(vec![("labels", words()), ("annotations", words())]))
        .prop_map(|(spec, mut content)| {
            content["spec"] = spec;
            content
        })
        .boxed()
}

fn deployment() -> BoxedStrategy<Value> {
    let reference = json!({ "secretKeyRef": { "name": "s", "key": "k", "optional": true } });
    let field = json!({ "fieldRef": { "fieldPath": "metadata.namespace" } });
    let value = prop_oneof![
        word().prop_map(|word| json!({ "value": word })),
        Just(json!({ "valueFrom": reference })),
        Just(json!({ "valueFrom": field })),
    ];
    let quantity = prop::sample::select(vec!["100m", "1", "250m"]).prop_map(Value::from).boxed();
    let memory = prop::sample::select(vec!["64Mi", "1Gi"]).prop_map(Value::from).boxed();
    let requests = some_of(vec![("cpu", quantity), ("memory", memory)]);
    let ports = btree_set(8080..8083, 1..3).prop_map(|ports| {
        json!(ports.iter().map(|port| json!({ "containerPort": port })).collect::<Vec<_>>())
    });
    let security = json!({ "capabilities": { "drop": ["ALL"] }, "runAsNonRoot": true });
    let container = some_of(vec![
        ("env", items(value.boxed(), 1..3)),
        ("args", list()),
        ("ports", ports.boxed()),
        ("resources", some_of(vec![("requests", requests)])),
        ("securityContext", Just(security).boxed()),
    ]);
    let container = with(json!({ "image": "example.com/a:1" }), container);
    let node = Just(json!({ "kubernetes.io/os": "linux" })).boxed();
    let account = Just(json!("argocd")).boxed();
    let pod = some_of(vec![("nodeSelector", node), ("serviceAccountName", account)]);
    let replicas = (1..3).prop_map(Value::from).boxed();
    let more = some_of(vec![("replicas", replicas), ("revisionHistoryLimit", Just(json!(3)).boxed())]);
    (items(container, 1..3), pod, more, some_of(vec![("labels", words()), ("annotations", words())]))
        .prop_map(|(containers, mut pod, mut spec, mut content)| {
            pod["containers"] = containers;
            spec["selector"] = json!({ "matchLabels": { "app": "a" } });
            spec["template"] = json!({ "metadata": { "labels": { "app": "a" } }, "spec": pod });
            content["spec"] = spec;
            content
        })
        .boxed()
}

fn network_policy() -> BoxedStrategy<Value> {
    let rule = prop_oneof![
        Just(json!({ "ports": [{ "port": 8080 }] })),
        Just(json!({ "from": [{ "namespaceSelector": {} }] })),
        Just(
            json!({ "ports": [{ "port": "http", "protocol": "TCP" }], "from": [{ "podSelector": { "matchLabels": { "a": "b" } } }] })
        ),
    ];
    let rules = vec(rule, 1..3).prop_map(|rules| json!(rules)).boxed();
    let more = some_of(vec![("ingress", rules), ("policyTypes", Just(json!(["Ingress"])).boxed())]);
    let selector = prop_oneof![Just(json!({})), Just(json!({ "matchLabels": { "app": "a" } }))];
    (selector, more, some_of(vec![("labels", words())]))
        .prop_map(|(selector, mut spec, mut content)| {
            spec["podSelector"] = selector;
            content["spec"] = spec;
            content
        })
        .boxed()
}

fn role() -> BoxedStrategy<Value> {
    let verbs = prop::sample::subsequence(vec!["get", "list", "watch"], 1..3);
    let rule = verbs.prop_map(|verbs| json!({ "apiGroups": [""], "resources": ["secrets"], "verbs": verbs }));
    some_of(vec![("rules", vec(rule, 1..3).prop_map(|rules| json!(rules)).boxed()), ("labels", words())])
}
