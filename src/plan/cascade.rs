//! What goes with the cluster Secret of the hub while a controller of ApplicationSets lives.
//!
//! A set with a `clusters` generator deletes the Applications of a cluster whose Secret is gone. Argo CD's controller first
//! takes the finalizer from those whose destination does not resolve any more, so that what they deployed stays; but the
//! hub's own address resolves without a Secret (`removeFinalizerOnInvalidDestination`, Argo CD v3.5).

use std::collections::BTreeSet;

use serde_json::Value;

use crate::plan::live::Live;
use crate::plan::same_server::server;

/// The address of the cluster that Argo CD runs in.
const HUB: &str = "https://kubernetes.default.svc";
const CASCADES: &str = "resources-finalizer.argocd.argoproj.io";

/// The names of the ApplicationSets that would delete what they deployed, were this cluster Secret deleted.
#[must_use]
pub fn sets_that_would_delete<'a>(
    secret: &Live,
    sets: &'a [Live],
    applications: &[Live],
) -> BTreeSet<&'a str> {
    if server(secret.object()) != HUB {
        return BTreeSet::new();
    }
    let cascading: Vec<&Live> = applications.iter().filter(|live| cascades_on_the_hub(live)).collect();
    let owns = |set: &Live, owner: &Value| owner["kind"] == "ApplicationSet" && owner["uid"] == set.uid();
    let would = |set: &&Live| {
        follows_clusters(set)
            && cascading.iter().any(|live| live.owner_references().iter().any(|owner| owns(set, owner)))
    };
    sets.iter().filter(would).map(|set| set.id().name.as_str()).collect()
}

fn cascades_on_the_hub(application: &Live) -> bool {
    let destination = application.body().pointer("/spec/destination/server").and_then(Value::as_str);
    let finalizers = application.body().pointer("/metadata/finalizers").and_then(Value::as_array);
    let mut names = finalizers.into_iter().flatten().filter_map(Value::as_str);
    destination.is_some_and(|server| server.trim_end_matches('/') == HUB)
        && names.any(|name| name.starts_with(CASCADES))
}

/// Whether it makes Applications of clusters, and may delete them.
fn follows_clusters(set: &Live) -> bool {
    let policy = set.body().pointer("/spec/syncPolicy/applicationsSync").and_then(Value::as_str);
    let may_delete = !matches!(policy, Some("create-only" | "create-update"));
    may_delete && set.body().pointer("/spec/generators").is_some_and(has_clusters_generator)
}

/// Generators may hold others at any depth.
fn has_clusters_generator(value: &Value) -> bool {
    match value {
        Value::Object(map) => map.contains_key("clusters") || map.values().any(has_clusters_generator),
        Value::Array(items) => items.iter().any(has_clusters_generator),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use serde_json::{Value, json};

    use super::{HUB, Live, sets_that_would_delete};

    fn secret(server: &str) -> Live {
        let data = json!({ "server": STANDARD.encode(server) });
        Live::new(json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "hub"}, "data": data}))
            .unwrap()
    }

    fn argoproj(kind: &str, name: &str, change: impl FnOnce(&mut Value)) -> Live {
        let metadata = json!({"name": name, "uid": name});
        let mut object =
            json!({"apiVersion": "argoproj.io/v1alpha1", "kind": kind, "metadata": metadata, "spec": {}});
        change(&mut object);
        Live::new(object).unwrap()
    }

    /// A set whose clusters generator stands below another one, and its Application on the hub.
    fn pair(change: impl FnOnce(&mut Value, &mut Value)) -> (Live, Live) {
        let mut set = json!({"generators": [{"matrix": {"generators": [{"clusters": {}}, {"list": {}}]}}]});
        let owner = json!({"kind": "ApplicationSet", "uid": "set"});
        let metadata = json!({"name": "app", "uid": "app", "ownerReferences": [owner],
            "finalizers": ["resources-finalizer.argocd.argoproj.io"]});
        let mut application = json!({"metadata": metadata, "spec": {"destination": {"server": HUB}}});
        change(&mut set, &mut application);
        let application = argoproj("Application", "app", |object| {
            object["metadata"] = application["metadata"].clone();
            object["spec"] = application["spec"].clone();
        });
        (argoproj("ApplicationSet", "set", |object| object["spec"] = set), application)
    }

    fn would_delete(server: &str, change: impl FnOnce(&mut Value, &mut Value)) -> bool {
        let (set, application) = pair(change);
        !sets_that_would_delete(&secret(server), &[set], &[application]).is_empty()
    }

    #[test]
    fn what_a_set_deployed_on_the_hub_by_its_address_goes_with_the_secret() {
        assert!(would_delete(HUB, |_, _| ()));
        assert!(would_delete(&format!("{HUB}/"), |_, _| ()));
        assert!(would_delete(HUB, |_, app| app["spec"]["destination"]["server"] = format!("{HUB}/").into()));
        assert!(would_delete(HUB, |_, app| {
            app["metadata"]["finalizers"] = json!(["resources-finalizer.argocd.argoproj.io/background"]);
        }));
    }

    #[test]
    fn everything_else_stays() {
        assert!(!would_delete("https://dev.example.com", |_, _| ()), "a spoke does not resolve any more");
        assert!(!would_delete(HUB, |_, app| app["spec"]["destination"] = json!({"name": "hub"})));
        assert!(!would_delete(HUB, |_, app| app["metadata"]["finalizers"] = json!([])));
        assert!(!would_delete(HUB, |_, app| app["metadata"]["ownerReferences"] = json!([])));
        assert!(!would_delete(HUB, |set, _| set["generators"] = json!([{"list": {}}])));
        assert!(!would_delete(HUB, |set, _| set["syncPolicy"] = json!({"applicationsSync": "create-update"})));
    }
}
