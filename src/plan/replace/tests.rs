use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{
    Anew, Change, Consent, Live, NotReplaced, Object, Refusal, Remedy, Sets, never_replaced_kind, verdict,
};
use crate::desired::id::GroupKind;
use crate::desired::ownership::PART_OF;
use crate::plan::change::{Check, KeepReason, Shown, ValueChange};

/// A Deployment that bridge applied, as the API server has it: with defaults, and with a field of somebody else.
fn live(change: impl Fn(&mut Value)) -> Live {
    let owned = json!({
        "f:metadata": { "f:labels": { "f:applyset.kubernetes.io/part-of": {}, "f:tier": {} } },
        "f:spec": {
            "f:selector": {},
            "f:template": { "f:spec": { "f:containers": { "k:{\"name\":\"main\"}": {
                ".": {}, "f:name": {}, "f:image": {}, "f:args": {},
            } } } },
        },
    });
    let mut object = json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "name": "server",
            "namespace": "argocd",
            "labels": { PART_OF: "ours", "tier": "old", "theirs": "yes" },
            "managedFields": [
                { "manager": "bridge", "operation": "Apply", "fieldsV1": owned },
                { "manager": "kubectl-label", "operation": "Update", "fieldsV1": {} },
            ],
        },
        "spec": {
            "progressDeadlineSeconds": 600,
            "selector": { "matchLabels": { "app": "old" } },
            "template": { "spec": { "containers": [
                { "name": "main", "image": "x", "args": ["a"], "terminationMessagePath": "/dev/termination-log" },
            ] } },
        },
    });
    change(&mut object);
    Live::new(object).unwrap()
}

fn desired() -> Object {
    let containers = json!([{ "name": "main", "image": "x" }]);
    Object::new(json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": { "name": "server", "namespace": "argocd", "labels": { PART_OF: "ours" } },
        "spec": {
            "selector": { "matchLabels": { "app": "new" } },
            "template": { "spec": { "containers": containers } },
        },
    }))
    .unwrap()
}

fn named(object: &str) -> Consent {
    Consent { replace: [object.parse().unwrap()].into(), ..Consent::default() }
}

fn judged(live: Live, immutable: &[&str], consent: &Consent) -> Change {
    let recorded = BTreeSet::from([live.id().group_kind.clone()]);
    judged_with(live, immutable, consent, &recorded)
}

fn judged_with(live: Live, immutable: &[&str], consent: &Consent, recorded: &BTreeSet<GroupKind>) -> Change {
    let immutable = immutable.iter().map(|field| (*field).to_owned()).collect();
    let refusal = Refusal { message: "no".to_owned(), immutable, anew: Some(Anew::Checked(Check::ByServer)) };
    verdict_on(refusal, live, consent, recorded)
}

fn verdict_on(refusal: Refusal, live: Live, consent: &Consent, recorded: &BTreeSet<GroupKind>) -> Change {
    let abandoned = BTreeSet::new();
    verdict(desired(), live, refusal, consent, Sets { ours: "ours", abandoned: &abandoned, recorded })
}

fn remedy(change: Change) -> Remedy {
    match change {
        Change::Refused { remedy, .. } => remedy,
        other => panic!("{other:?}"),
    }
}

fn by_hand(why: NotReplaced, immutable: &str) -> Remedy {
    Remedy::ByHand { why, immutable: vec![immutable.to_owned()] }
}

#[test]
fn what_the_server_would_not_make_anew_is_not_deleted() {
    let recorded = BTreeSet::from([live(|_| ()).id().group_kind.clone()]);
    for (anew, words) in
        [(Some(Anew::Refused("too much".to_owned())), "a new object, too: too much"), (None, "no")]
    {
        let refusal = Refusal { message: "no".to_owned(), immutable: vec!["spec".to_owned()], anew };
        let change = verdict_on(refusal, live(|_| ()), &named("Deployment/server"), &recorded);
        let Change::Refused { message, remedy: Remedy::Correct, .. } = change else { panic!("{change:?}") };
        assert!(message.ends_with(words), "{message}");
    }
}

#[test]
fn a_kind_that_the_inventory_does_not_record_is_not_replaced() {
    let (fields, consent) = (["spec.selector"], named("Deployment/server"));
    let judged = judged_with(live(|_| ()), &fields, &consent, &BTreeSet::new());
    assert_eq!(remedy(judged), by_hand(NotReplaced::Protected(KeepReason::NotRecorded), fields[0]));
}

#[test]
fn a_field_that_the_profile_does_not_change_is_no_reason_to_replace() {
    let Change::Refused { message, remedy, .. } =
        judged(live(|_| ()), &["spec.strategy"], &named("Deployment/server"))
    else {
        panic!("replaced")
    };
    assert_eq!(remedy, Remedy::Correct);
    assert!(message.contains("something on the cluster changes this field"), "{message}");
}

#[test]
fn only_what_is_named_is_replaced_and_only_for_immutable_fields() {
    let (fields, consent) = (["spec.selector"], named("Deployment/server"));
    assert!(matches!(judged(live(|_| ()), &fields, &consent), Change::Replace { .. }));
    let immutable = fields.map(str::to_owned).to_vec();
    for other in [Consent::default(), named("Deployment/other"), named("StatefulSet/server")] {
        let judged = judged(live(|_| ()), &fields, &other);
        assert_eq!(remedy(judged), Remedy::Replace { immutable: immutable.clone() });
    }
    assert_eq!(remedy(judged(live(|_| ()), &[], &consent)), Remedy::Correct);
}

#[test]
fn every_guard_of_a_deletion_keeps_the_object() {
    type Break = fn(&mut Value);
    let owner = || KeepReason::OwnedByAnother("Operator/x".to_owned());
    let guards: [(Break, NotReplaced); 7] = [
        (|o| o["metadata"]["labels"] = json!({}), NotReplaced::NotOurs),
        (|o| o["metadata"]["labels"][PART_OF] = "other".into(), NotReplaced::NotOurs),
        (|o| o["metadata"]["managedFields"] = json!([]), NotReplaced::NotOurs),
        (|o| o["metadata"]["managedFields"][0]["operation"] = "Update".into(), NotReplaced::NotOurs),
        (
            |o| o["metadata"]["annotations"] = json!({ "bridge.gitops/keep": "" }),
            NotReplaced::Protected(KeepReason::Annotated),
        ),
        (
            |o| o["metadata"]["ownerReferences"] = json!([{ "kind": "Operator", "name": "x" }]),
            NotReplaced::Protected(owner()),
        ),
        (
            |o| o["spec"]["persistentVolumeClaimRetentionPolicy"] = json!({ "whenDeleted": "Delete" }),
            NotReplaced::TakesVolumes,
        ),
    ];
    for (broken, why) in guards {
        let judged = judged(live(broken), &["spec.selector"], &named("Deployment/server"));
        assert_eq!(remedy(judged), by_hand(why, "spec.selector"));
    }
}

#[test]
fn some_kinds_are_never_replaced_whatever_is_named() {
    for kind in [
        "Secret",
        "PersistentVolumeClaim",
        "Namespace",
        "CustomResourceDefinition",
        "ApplicationSet",
        "Application",
        "AppProject",
        "ServiceAccount",
    ] {
        let of_kind = live(|object| object["kind"] = kind.into());
        let judged = judged(of_kind, &["spec"], &named(&format!("{kind}/server")));
        let why = NotReplaced::Kind(never_replaced_kind(kind).unwrap());
        assert_eq!(remedy(judged), by_hand(why, "spec"));
    }
}

#[test]
fn only_kinds_of_kubernetes_that_are_listed_are_replaced() {
    for (api_version, kind, is_replaced) in [
        ("apps/v1", "StatefulSet", true),
        ("batch/v1", "Job", true),
        ("v1", "Service", true),
        ("storage.k8s.io/v1", "StorageClass", true),
        ("v1", "PersistentVolume", false),
        ("apps/v1", "ReplicaSet", false),
        ("batch/v1", "CronJob", false),
        // Somebody's own, of whatever name.
        ("example.com/v1", "Database", false),
        ("example.com/v1", "Deployment", false),
        ("serving.knative.dev/v1", "Service", false),
    ] {
        let of_kind = live(|object| {
            object["apiVersion"] = api_version.into();
            object["kind"] = kind.into();
        });
        let change = judged(of_kind, &["spec"], &named(&format!("{kind}/server")));
        assert_eq!(matches!(change, Change::Replace { .. }), is_replaced, "{api_version} {kind}: {change:?}");
    }
}

#[test]
fn what_the_server_filled_in_and_what_others_set_is_no_change_of_the_profile() {
    let Change::Replace { fields, .. } =
        judged(live(|_| ()), &["spec.selector"], &named("Deployment/argocd/server"))
    else {
        panic!("not replaced")
    };
    let text = |text: &str| Shown::Text(text.to_owned());
    let fields: Vec<_> = fields.into_iter().map(|field| (field.path, field.change)).collect();
    let expected = [
        ("metadata.labels.tier", ValueChange::Removed(text("old"))),
        ("spec.selector.matchLabels.app", ValueChange::Changed(text("old"), text("new"))),
        (
            "spec.template.spec.containers[name=main].args",
            ValueChange::Removed(Shown::Json(r#"["a"]"#.to_owned())),
        ),
    ];
    assert_eq!(fields, expected.map(|(path, change)| (path.to_owned(), change)));
}
