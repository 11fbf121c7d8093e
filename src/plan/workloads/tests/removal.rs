//! ApplicationSets that go, and what goes along.

use serde_json::json;

use super::*;

#[test]
fn an_application_elsewhere_that_is_generated_for_the_cluster_goes_and_takes_its_own_along() {
    let per_cluster =
        set(&json!({"template": {"spec": {"destination": {"server": "https://kubernetes.default.svc"}}}}));
    let root = application("x-a", &json!({"server": "https://kubernetes.default.svc"}), &[PLAIN]);
    let mark = json!({"annotations": {"argocd.argoproj.io/tracking-id": "x-a:argoproj.io/ApplicationSet:argocd/child"}});
    let child = Set::of(&argo(
        "ApplicationSet",
        "child",
        &json!({"metadata": mark, "spec": {"generators": [{"clusters": {}}]}}),
    ));
    let owner = json!([{"apiVersion": "argoproj.io/v1alpha1", "kind": "ApplicationSet", "controller": true,
        "name": "child", "uid": "uid-of-child"}]);
    let of_child = |name: &str, finalizers: &[&str]| {
        let more = json!({"metadata": {"ownerReferences": owner, "finalizers": finalizers},
            "spec": {"destination": {"name": "c"}}});
        Application::of(&argo("Application", name, &more))
    };
    let applications = vec![root, of_child("deep", &[PLAIN]), of_child("free", &[])];
    let all = workloads(vec![relabelling()], vec![per_cluster, child], applications);
    let expected = [
        (Fate::Deleted, vec!["deep".to_owned()]),
        (Fate::Deleted, vec!["x-a".to_owned()]),
        (Fate::Orphaned, vec!["free".to_owned()]),
    ];
    assert_eq!(fates(&all), expected);
    assert_eq!(all.counts(), BTreeMap::from([(Fate::Deleted, 2), (Fate::Orphaned, 1)]));
}

pub(super) fn deleted_set() -> Change {
    Change::Delete { live: argo("ApplicationSet", "set", &json!({"spec": {}})) }
}

#[test]
fn applications_elsewhere_whose_names_say_nothing_are_not_evaluated() {
    let pairs =
        json!([{"matrix": {"generators": [{"clusters": {}}, {"list": {"elements": [{"part": "one"}]}}]}}]);
    let set = |destination: &Value| {
        let template =
            json!({"metadata": {"name": "{{.name}}-{{.part}}"}, "spec": {"destination": destination}});
        set(&json!({"generators": pairs, "template": template}))
    };
    let hub = json!({"server": "https://kubernetes.default.svc", "name": null});
    let on_hub = application("a-one", &json!({"server": "https://kubernetes.default.svc"}), &[PLAIN]);
    assert_eq!(fate(removal(), set(&hub), on_hub), Some(Fate::NotEvaluated(Why::Template)));
    // What deploys to its own cluster is found by that.
    let other = application("c-one", &json!({"server": "https://c"}), &[PLAIN]);
    assert_eq!(fate(removal(), set(&json!({"server": "{{.server}}"})), other), None);
}

#[test]
fn a_set_that_goes_takes_its_applications_along() {
    let held = application("x-a", &json!({"server": "https://a"}), &[PLAIN, "example.com/hold"]);
    let all = workloads(vec![deleted_set(), removal()], vec![set(&json!({}))], vec![held]);
    let effect = all.effects.values().flatten().next().unwrap();
    let affected = &effect.applications[0];
    assert_eq!((effect.fate, affected.held_by.join(",").as_str()), (Fate::Deleted, "example.com/hold"));
    assert_eq!(all.effects.len(), 1, "the cluster goes when its Applications are gone");
    for (finalizers, policy, is_held, expected) in [
        (&[PLAIN][..], "sync", false, Fate::Deleted),
        (&[], "sync", false, Fate::Orphaned),
        (&[PLAIN], "create-only", false, Fate::Deleted),
        (&[PLAIN], "create-only", true, Fate::Kept),
    ] {
        let finalizer = if is_held { json!([PLAIN]) } else { json!([]) };
        let more = json!({"metadata": {"finalizers": finalizer},
            "spec": {"syncPolicy": {"applicationsSync": policy}, "generators": [{"clusters": {}}]}});
        let set = Set::of(&argo("ApplicationSet", "set", &more));
        let application = application("x-a", &json!({"name": "a"}), finalizers);
        assert_eq!(fate(deleted_set(), set, application), Some(expected), "{policy} {is_held}");
    }
}
