//! What goes with the cluster Secret of the hub while a controller of ApplicationSets lives.
//!
//! A set with a `clusters` generator deletes the Applications of a cluster whose Secret is gone. Argo CD's controller first
//! takes the finalizer from those whose destination does not resolve any more, so that what they deployed stays; but the
//! hub's own address resolves without a Secret (`removeFinalizerOnInvalidDestination`, Argo CD v3.5).

use std::collections::BTreeSet;

use crate::desired::object::Object;
use crate::plan::live::Live;
use crate::plan::same_server::server;
use crate::plan::status::application::Maker;
use crate::plan::status::fleet::IN_CLUSTER_NAME;
use crate::plan::workloads::generators::Source;
use crate::plan::workloads::set::{Application, Set};
use crate::template::context::IN_CLUSTER;

/// The names of the ApplicationSets that would delete what they deployed, were this cluster Secret deleted.
#[must_use]
pub fn sets_that_would_delete<'a>(
    secret: &Live,
    sets: &'a [Set],
    applications: &[Application],
) -> BTreeSet<&'a str> {
    if server(secret.body()) != IN_CLUSTER {
        return BTreeSet::new();
    }
    let owners: BTreeSet<&str> =
        applications.iter().filter(|one| cascades_on_the_hub(one)).filter_map(owner).collect();
    let would = |set: &&Set| follows_clusters(set) && owners.contains(set.uid.as_str());
    sets.iter().filter(would).map(|set| set.name.as_str()).collect()
}

fn cascades_on_the_hub(Application { destination, cascades, .. }: &Application) -> bool {
    let is_hub = destination.server.as_deref() == Some(IN_CLUSTER)
        || destination.name.as_deref() == Some(IN_CLUSTER_NAME);
    *cascades && is_hub
}

fn owner(application: &Application) -> Option<&str> {
    match &application.maker {
        Maker::Set(uid) => Some(uid),
        Maker::Application(_) | Maker::Nobody => None,
    }
}

/// Whether it makes Applications of clusters. Its own `applicationsSync` is not looked at: the controller may overrule it.
fn follows_clusters(set: &Set) -> bool {
    set.sources.iter().any(|source| *source != Source::Other)
}

/// The label of what runs the controller that makes and deletes Applications, in Argo CD's manifests and in its Helm chart.
pub const SET_CONTROLLER: (&str, &str) = ("app.kubernetes.io/component", "applicationset-controller");

/// Whether it runs that controller.
#[must_use]
pub fn is_set_controller(object: &Object) -> bool {
    let (key, value) = SET_CONTROLLER;
    let label = object.metadata("labels").and_then(|labels| labels.get(key));
    object.id().group_kind.group == "apps" && label.is_some_and(|label| label == value)
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use serde_json::{Value, json};

    use super::{
        Application, IN_CLUSTER as HUB, Live, Object, Set, is_set_controller, sets_that_would_delete,
    };

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
        let owner = json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "ApplicationSet", "name": "set", "uid": "set", "controller": true});
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
        let (sets, applications) = ([Set::of(&set)], [Application::of(&application)]);
        !sets_that_would_delete(&secret(server), &sets, &applications).is_empty()
    }

    #[test]
    fn what_a_set_deployed_on_the_hub_by_its_address_goes_with_the_secret() {
        assert!(would_delete(HUB, |_, _| ()));
        assert!(would_delete(&format!("{HUB}/"), |_, _| ()));
        assert!(would_delete(HUB, |_, app| app["spec"]["destination"]["server"] = format!("{HUB}/").into()));
        assert!(would_delete(HUB, |_, app| app["spec"]["destination"] = json!({"name": "in-cluster"})));
        assert!(would_delete(HUB, |set, _| set["syncPolicy"] = json!({"applicationsSync": "create-update"})));
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
    }

    #[test]
    fn the_controller_of_application_sets_is_known_by_its_component() {
        let of = |api_version: &str, component: &str| {
            let labels = json!({"app.kubernetes.io/component": component});
            let metadata = json!({"name": "any", "namespace": "argocd", "labels": labels});
            let kind = if api_version == "v1" { "Service" } else { "Deployment" };
            let object = json!({"apiVersion": api_version, "kind": kind, "metadata": metadata});
            is_set_controller(&Object::new(object).unwrap())
        };
        assert!(of("apps/v1", "applicationset-controller"));
        assert!(!of("apps/v1", "application-controller"), "it is to do what is still asked of it");
        assert!(!of("v1", "applicationset-controller"), "its Service runs nothing");
    }
}
