use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{
    Change, Check, ConflictReason, Consent, Contested, FieldConflict, Live, Object, Observation, Sets, Trial,
    decide,
};
use crate::desired::id::GroupKind;
use crate::plan::change::{Shown, ValueChange};
use crate::plan::refusal::Refusal;

/// Only a replacement asks for it, which has tests of its own.
const RECORDED: &BTreeSet<GroupKind> = &BTreeSet::new();

fn sets(abandoned: &BTreeSet<String>) -> Sets<'_> {
    Sets { ours: "applyset-ours", abandoned, recorded: RECORDED }
}

fn body(labels: &Value, managers: &[(&str, &str, Value)]) -> Value {
    let entry = |(manager, operation, fields): &(&str, &str, Value)| json!({ "manager": manager, "operation": operation, "apiVersion": "v1", "fieldsV1": fields });
    let managed: Vec<Value> = managers.iter().map(entry).collect();
    let metadata =
        json!({ "name": "dev", "namespace": "argocd", "labels": labels, "managedFields": managed });
    json!({ "apiVersion": "v1", "kind": "Secret", "metadata": metadata })
}

fn live(labels: &Value, managers: &[(&str, &str, Value)]) -> Live {
    Live::new(body(labels, managers)).unwrap()
}

fn env() -> Value {
    json!({ "f:metadata": { "f:labels": { "f:env": {} } } })
}

fn present(live: Live, trial: Trial, consent: &Consent) -> Change {
    let desired = Object::new(body(&json!({"env": "dev"}), &[])).unwrap();
    decide(desired, Observation::Present { live, trial }, consent, sets(&BTreeSet::new()))
}

fn adopt(manager: &str) -> Consent {
    Consent { adopt: [manager.to_owned()].into(), ..Consent::default() }
}

#[test]
fn ours_and_equal_is_unchanged_and_ours_and_different_is_an_update() {
    let ours = [("bridge", "Apply", env())];
    let before = live(&json!({"env": "dev"}), &ours);
    let same = Trial::Accepted(before.clone());
    assert!(matches!(present(before.clone(), same, &Consent::default()), Change::Unchanged { .. }));
    let after = Trial::Accepted(live(&json!({"env": "stg"}), &ours));
    assert!(
        matches!(present(before, after, &Consent::default()), Change::Update { fields, .. } if fields.len() == 1)
    );
}

#[test]
fn a_change_of_ownership_alone_is_an_update_without_fields() {
    let before = live(&json!({"env": "dev"}), &[("bridge", "Apply", env())]);
    let more = json!({ "f:metadata": { "f:labels": { "f:env": {}, "f:tier": {} } } });
    let after = Trial::Accepted(live(&json!({"env": "dev"}), &[("bridge", "Apply", more)]));
    assert!(
        matches!(present(before, after, &Consent::default()), Change::Update { fields, .. } if fields.is_empty())
    );
}

#[test]
fn what_somebody_else_made_needs_consent_from_exactly_its_manager() {
    let theirs = live(&json!({"env": "dev"}), &[("HashiCorp", "Update", env())]);
    let both = [("HashiCorp", "Update", env()), ("bridge", "Apply", env())];
    let after = || Trial::Accepted(live(&json!({"env": "dev"}), &both));
    for consent in [Consent::default(), adopt("helm")] {
        let change = present(theirs.clone(), after(), &consent);
        let Change::Conflict { reason: ConflictReason::NotOurs(missing), .. } = change else {
            panic!("{change:?}")
        };
        assert_eq!(missing, ["HashiCorp".to_owned()].into());
    }
    assert!(matches!(present(theirs, after(), &adopt("HashiCorp")), Change::Adopt { .. }));
}

#[test]
fn an_update_by_the_name_of_bridge_is_no_apply_of_ours() {
    let fake = live(&json!({"env": "dev"}), &[("bridge", "Update", env())]);
    let both = [("bridge", "Update", env()), ("bridge", "Apply", env())];
    let change = present(fake, Trial::Accepted(live(&json!({"env": "dev"}), &both)), &Consent::default());
    assert!(matches!(change, Change::Conflict { reason: ConflictReason::NotOurs(_), .. }), "{change:?}");
}

#[test]
fn the_member_of_another_set_is_never_taken() {
    let labels = json!({ "applyset.kubernetes.io/part-of": "applyset-theirs" });
    let theirs = live(&labels, &[("bridge", "Apply", env())]);
    let change = present(theirs.clone(), Trial::Accepted(theirs), &adopt("bridge"));
    assert!(
        matches!(change, Change::Conflict { reason: ConflictReason::AnotherApplySet(_), .. }),
        "{change:?}"
    );
}

#[test]
fn of_an_abandoned_set_only_what_a_destroy_leaves_is_taken_and_only_if_bridge_made_it() {
    let abandoned = BTreeSet::from(["applyset-gone".to_owned()]);
    let labels = json!({ "applyset.kubernetes.io/part-of": "applyset-gone" });
    let is_taken = |kind: &str, manager: &str| {
        let mut object = body(&labels, &[(manager, "Apply", env())]);
        object["kind"] = kind.into();
        let live = Live::new(object.clone()).unwrap();
        let seen = Observation::Present { live: live.clone(), trial: Trial::Accepted(live) };
        let change = decide(Object::new(object).unwrap(), seen, &Consent::default(), sets(&abandoned));
        !matches!(change, Change::Conflict { .. })
    };
    assert!(is_taken("CustomResourceDefinition", "bridge") && is_taken("Namespace", "bridge"));
    assert!(!is_taken("CustomResourceDefinition", "kubectl") && !is_taken("ClusterRole", "bridge"));
}

#[test]
fn what_is_not_ours_is_said_before_what_the_server_thinks_of_it() {
    let theirs = || live(&json!({}), &[("helm", "Update", env())]);
    let refused =
        || Trial::Refused(Refusal { message: "webhook".to_owned(), immutable: Vec::new(), anew: None });
    let change = present(theirs(), refused(), &Consent::default());
    assert!(matches!(change, Change::Conflict { reason: ConflictReason::NotOurs(_), .. }), "{change:?}");
    assert!(matches!(present(theirs(), refused(), &adopt("helm")), Change::Refused { .. }));
    let ours = live(&json!({}), &[("bridge", "Apply", env())]);
    assert!(matches!(present(ours, refused(), &Consent::default()), Change::Refused { .. }));
}

#[test]
fn a_conflict_on_an_object_of_ours_names_its_fields() {
    let before = live(&json!({"env": "x"}), &[("bridge", "Apply", json!({}))]);
    let field =
        FieldConflict { field: ".metadata.labels.env".to_owned(), manager: "kubectl-edit".to_owned() };
    let later = FieldConflict { field: ".metadata.labels.tier".to_owned(), ..field.clone() };
    let trial = Trial::Conflict(vec![later.clone(), field.clone()]);
    let change = present(before, trial, &Consent::default());
    let Change::Conflict { reason: ConflictReason::Fields(fields), .. } = change else {
        panic!("{change:?}")
    };
    let change = ValueChange::Changed(Shown::Text("x".to_owned()), Shown::Text("dev".to_owned()));
    let expected =
        [Contested { conflict: field, change: Some(change) }, Contested { conflict: later, change: None }];
    assert_eq!(fields, expected);
}

#[test]
fn what_is_absent_is_created() {
    let desired = Object::new(body(&json!({}), &[])).unwrap();
    let change =
        decide(desired, Observation::Absent(Check::ByServer), &Consent::default(), sets(&BTreeSet::new()));
    assert!(matches!(change, Change::Create { check: Check::ByServer, .. }));
}
