//! One change of every kind, in every document that shows changes.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::*;
use crate::desired::object::Object;
use crate::plan::change::{
    Change, Check, ConflictReason, Contested, FieldChange, FieldConflict, KeepReason, NotChecked,
    NotReplaced, Remedy, Shown, Unchanged, ValueChange,
};
use crate::plan::live::Live;
use crate::plan::saved::changes::changes;
use crate::plan::saved::{self, Given, SavedCluster, SavedConsent, SavedPlan};
use crate::plan::workloads::{Affected, Effect, Fate, OwnedBy, Why, Workloads};
use crate::report::apply_json::{self, Line};
use crate::report::plan_text::tests::plan_of;

fn live() -> Live {
    let metadata = json!({ "name": "server", "namespace": "argocd", "uid": "u", "resourceVersion": "1" });
    Live::new(json!({ "apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata })).unwrap()
}

fn desired() -> Object {
    live().object().clone()
}

/// A field for each way in which one changes.
fn fields() -> Vec<FieldChange> {
    let [text, json] = [Shown::Text("a".to_owned()), Shown::Json("[1]".to_owned())];
    let changes = [
        ValueChange::Added(text.clone()),
        ValueChange::Removed(json.clone()),
        ValueChange::Changed(text, json),
        ValueChange::Changed(Shown::Sensitive, Shown::Sensitive),
    ];
    changes.into_iter().map(|change| FieldChange { path: "spec.a".to_owned(), change }).collect()
}

fn conflict() -> FieldConflict {
    FieldConflict { field: ".spec.a".to_owned(), manager: "hpa".to_owned() }
}

fn contested() -> Vec<Contested> {
    let known = fields().into_iter().map(|field| Some(field.change));
    known.chain([None]).map(|change| Contested { conflict: conflict(), change }).collect()
}

fn creates() -> impl Iterator<Item = Change> {
    let not_checked = [
        NotChecked::NamespaceIsNew,
        NotChecked::KindIsNew,
        NotChecked::NamespaceIsAwaited,
        NotChecked::KindIsAwaited,
        NotChecked::RoleIsNew,
        NotChecked::Webhook("no".to_owned()),
        NotChecked::Offline,
    ];
    let checks = [Check::ByServer, Check::OnWrite].into_iter().chain(not_checked.map(Check::NotChecked));
    checks.map(|check| Change::Create { desired: desired(), check })
}

fn writes() -> [Change; 5] {
    let immutable = vec!["spec.selector".to_owned()];
    let [update, adopt, replace] = [(); 3].map(|()| (desired(), live(), fields()));
    let ((desired, live, fields), forced) = (update, vec![conflict()]);
    let update = Change::Update { desired, live, fields, forced };
    let ((desired, live, fields), from) = (adopt, ["helm".to_owned()].into());
    let adopt = Change::Adopt { desired, live, fields, from };
    let (desired, live, fields) = replace;
    let live_again = || live.clone();
    let unchanged = Change::Unchanged(Unchanged::of(live_again()));
    let delete = Change::Delete { live: live_again() };
    [
        update,
        adopt,
        Change::Replace { desired, live: live_again(), fields, immutable, check: Check::ByServer },
        delete,
        unchanged,
    ]
}

fn blocked() -> impl Iterator<Item = Change> {
    let conflicts = [
        ConflictReason::Fields(contested()),
        ConflictReason::NotOurs(["kubectl".to_owned()].into()),
        ConflictReason::AnotherApplySet("applyset-x-v1".to_owned()),
    ];
    let immutable = || vec!["spec.selector".to_owned()];
    let by_hand = |why| Remedy::ByHand { why, immutable: immutable() };
    let remedies = [
        Remedy::Correct,
        Remedy::Replace { immutable: immutable() },
        by_hand(NotReplaced::Kind("it holds a secret")),
        by_hand(NotReplaced::NotOurs),
        by_hand(NotReplaced::Protected(KeepReason::Annotated)),
        by_hand(NotReplaced::TakesVolumes),
    ];
    let refused =
        |remedy| Change::Refused { id: live().id().clone(), message: "no\nnever".to_owned(), remedy };
    let conflicts = conflicts.into_iter().map(|reason| Change::Conflict { live: live(), reason });
    conflicts.chain(remedies.into_iter().map(refused)).chain([Change::Terminating { live: live() }])
}

fn kept() -> impl Iterator<Item = Change> {
    let reasons = [
        KeepReason::LeftAlone,
        KeepReason::NeedsConsent,
        KeepReason::Annotated,
        KeepReason::NotApplied,
        KeepReason::OwnedByAnother("x".to_owned()),
        KeepReason::NotRecorded,
        KeepReason::HoldsForeign("y".to_owned()),
    ];
    reasons.into_iter().map(|reason| Change::Keep { live: live(), reason })
}

fn whole() -> (Plan, NeedsConsent) {
    let changes = creates().chain(writes()).chain(blocked()).chain(kept()).collect();
    let cluster = ClusterIdentity {
        server: "s".to_owned(),
        context: "c".to_owned(),
        uid: "u".to_owned(),
        kubectl: " --context c".to_owned(),
    };
    let objects = vec![live().id().clone()];
    let needs = NeedsConsent { reason: "much".to_owned(), objects, deletions: 1 };
    (Plan { cluster: Some(cluster), ..plan_of(changes) }, needs)
}

fn assert_follows(schema: &schemars::Schema, document: &Value) {
    let validator = jsonschema::validator_for(schema.as_value()).unwrap();
    let errors: Vec<String> =
        validator.iter_errors(document).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{document:#}: {errors:#?}");
}

/// The words of an enum that the documents use, and those that its schema knows.
fn assert_every_word(schema: &schemars::Schema, of: &str, used: &BTreeSet<String>) {
    let variants =
        schema.as_value().pointer(&format!("/$defs/{of}/oneOf")).and_then(Value::as_array).unwrap();
    let known: BTreeSet<String> =
        variants.iter().map(|variant| variant["const"].as_str().unwrap().to_owned()).collect();
    assert_eq!(*used, known, "{of}");
}

/// Every fate, as what one of the changes does.
fn workloads() -> Workloads {
    let why = [
        Why::New,
        Why::Generators,
        Why::NoClusters,
        Why::Template,
        Why::SetChanges,
        Why::SetHasError,
        Why::SetIsGone,
        Why::NameMoves,
    ];
    let fates = [
        Fate::Deleted,
        Fate::Recreated,
        Fate::Orphaned,
        Fate::Adopted,
        Fate::Stranded,
        Fate::Moved,
        Fate::Kept,
    ];
    let owners = [OwnedBy::Set("s".to_owned()), OwnedBy::Application("a".to_owned()), OwnedBy::Nobody];
    let fates = fates.into_iter().chain(why.map(Fate::NotEvaluated)).zip(owners.into_iter().cycle());
    let affected = |number: usize| Affected {
        name: format!("a-{number}"),
        successor: Some("b".to_owned()),
        held_by: vec!["example.com/hold".to_owned()],
    };
    let effect = |(number, (fate, owner))| Effect { owner, fate, applications: vec![affected(number)] };
    Workloads::from_effects([(live().id().clone(), fates.enumerate().map(effect).collect())])
}

#[test]
fn every_fate_of_an_application_follows_the_schemas() {
    let plan = Plan { workloads: workloads(), ..whole().0 };
    let schema = schemars::schema_for!(PlanDocument);
    let document = json!(super::document(&plan, None, std::iter::empty()));
    assert_follows(&schema, &document);
    let effects = document.pointer("/changes/0/workloads").and_then(Value::as_array).unwrap();
    for (key, word) in [("fate", "FateWord"), ("cause", "WhyWord")] {
        let used = effects.iter().filter_map(|effect| effect[key].as_str().map(str::to_owned)).collect();
        assert_every_word(&schema, word, &used);
    }
    assert_eq!(document["workloads"]["notEvaluated"], 8);
    assert_eq!(document["workloads"]["deleted"], 1);
    let lines = apply_json::plan(&plan, None, std::iter::empty());
    let schema = schemars::schema_for!(Line);
    lines.iter().for_each(|line| assert_follows(&schema, line));
    let unread = Plan { workloads: Workloads::not_read("forbidden".to_owned()), ..whole().0 };
    let document = json!(super::document(&unread, None, std::iter::empty()));
    assert_eq!(document["workloads"]["isRead"], false);
    assert_follows(&schemars::schema_for!(PlanDocument), &document);
}

#[test]
fn every_change_follows_the_schema_of_the_plan() {
    let (plan, needs) = whole();
    let schema = schemars::schema_for!(PlanDocument);
    let document = json!(super::document(&plan, Some(&needs), std::iter::empty()));
    assert_follows(&schema, &document);
    let used = |key: &str| {
        let changes = document["changes"].as_array().unwrap().iter();
        changes.filter_map(|change| change[key].as_str().map(str::to_owned)).collect()
    };
    assert_every_word(&schema, "Action", &used("action"));
    assert_every_word(&schema, "Cause", &used("cause"));
    for (at, wrong) in [
        ("/format", json!("bridge.plan/v2")),
        ("/changes/0/action", json!("invent")),
        ("/changes/2/cause", json!("whim")),
        ("/changes/9/fields/0", json!({ "path": "a", "action": "add" })),
        ("/changes/9/fields/0/action", json!("change")),
    ] {
        let mut document = document.clone();
        *document.pointer_mut(at).unwrap() = wrong;
        assert!(!jsonschema::is_valid(schema.as_value(), &document), "{at}");
    }
}

#[test]
fn every_change_follows_the_schema_of_the_lines() {
    let (plan, needs) = whole();
    let lines = apply_json::plan(&plan, Some(&needs), std::iter::empty());
    assert_eq!(lines.len(), plan.changes.len(), "one is unchanged, and there is the summary");
    let schema = schemars::schema_for!(Line);
    for line in lines {
        assert_follows(&schema, &line);
    }
}

#[test]
fn every_change_follows_the_schema_of_the_plan_file() {
    let changes = changes(&whole().0);
    assert_eq!(changes.len(), creates().count() + 4, "all that is written");
    let (context, server, uid) = ("c".to_owned(), "s".to_owned(), "u".to_owned());
    let saved = SavedPlan {
        format: saved::FORMAT.to_owned(),
        bridge_version: "0".to_owned(),
        time: "2026-01-01T00:00:00Z".to_owned(),
        profile: "acme".to_owned(),
        is_destroy: false,
        cluster: SavedCluster { context, server, uid },
        given: Given::default(),
        consent: SavedConsent::default(),
        salt: "00".repeat(16),
        profile_digest: "0".to_owned(),
        secrets_digest: "0".to_owned(),
        changes,
    };
    let schema = schemars::schema_for!(SavedPlan);
    let document = json!(saved);
    assert_follows(&schema, &document);
    assert_eq!(serde_json::from_value::<SavedPlan>(document.clone()).unwrap(), saved);
    let field = "/changes/9/fields/0";
    for (at, wrong) in [
        ("/format", json!("bridge.plan-file/v2")),
        (field, json!({ "path": "a" })),
        (field, json!({ "path": "a", "after": null })),
    ] {
        let mut document = document.clone();
        *document.pointer_mut(at).unwrap() = wrong;
        assert!(!jsonschema::is_valid(schema.as_value(), &document), "{at}");
    }
}

#[test]
fn what_is_being_deleted_says_so_as_people_read_it() {
    let document = change(&Change::Terminating { live: live() }, None).unwrap();
    let reason =
        "it is being deleted; run bridge again once it is gone; its finalizers say what it waits for";
    assert_eq!((document.cause, document.reason.as_deref()), (Some(Cause::BeingDeleted), Some(reason)));
}
