use serde_json::{Value, json};

use super::{Action, Moved, SavedChange, moved};
use crate::desired::object::Object;
use crate::plan::change::{Change, Check, ConflictReason, NotChecked};
use crate::plan::diff::diff;
use crate::plan::live::Live;
use crate::plan::saved::changes::{changes, hidden};
use crate::plan::stale::blocked;
use crate::plan::summary::Plan;

fn secret(uid: &str, version: &str, labels: &Value, token: &str) -> Value {
    let owned = json!({ "f:metadata": { "f:annotations": { "f:aws_vpc_id": {} } } });
    let ours = json!([{
        "manager": "bridge", "operation": "Apply", "time": "2026-01-01T00:00:00Z", "fieldsV1": owned
    }]);
    let metadata = json!({
        "name": "dev", "namespace": "argocd", "uid": uid, "resourceVersion": version, "labels": labels,
        "managedFields": ours,
    });
    json!({ "apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": { "token": token } })
}

fn plan(changes: Vec<Change>) -> Plan {
    Plan::with(changes)
}

fn saved(change: Change) -> Vec<SavedChange> {
    changes(&plan(vec![change]))
}

fn update(live: &Value, after: &Value) -> Change {
    let desired = Object::new(after.clone()).unwrap();
    let fields = diff(live, after, desired.public_data());
    Change::Update { desired, live: Live::new(live.clone()).unwrap(), fields, forced: Vec::new() }
}

fn label(value: &str) -> Value {
    json!({ "env": value })
}

fn wanted() -> Value {
    secret("u", "1", &label("stg"), "YQ==")
}

fn words(moved: &[Moved]) -> String {
    moved.iter().map(|moved| format!("{moved}\n")).collect()
}

#[test]
fn another_version_of_what_the_plan_does_not_touch_is_the_same_plan() {
    let before = saved(update(&secret("u", "1", &label("dev"), "YQ=="), &wanted()));
    let after = saved(update(&secret("u", "2", &label("dev"), "YQ=="), &wanted()));
    assert_ne!(before, after);
    assert_eq!(moved(&before, &after), []);
}

#[test]
fn another_value_of_a_planned_field_is_another_plan() {
    let before = saved(update(&secret("u", "1", &label("dev"), "YQ=="), &wanted()));
    let after = saved(update(&secret("u", "2", &label("hand"), "YQ=="), &wanted()));
    assert_eq!(
        words(&moved(&before, &after)),
        "Secret/argocd/dev: metadata.labels.env was planned as \"dev\" → \"stg\", and is \"hand\" → \"stg\" now\n"
    );
    assert_eq!(words(&moved(&before, &[])), "Secret/argocd/dev: it was to be updated, and now it is not\n");
    assert_eq!(
        words(&moved(&[], &before)),
        "Secret/argocd/dev: it was to be left alone, and is to be updated now\n"
    );
}

#[test]
fn an_object_that_was_made_again_is_another_one() {
    let before = saved(update(&secret("u", "1", &label("dev"), "YQ=="), &wanted()));
    let after = saved(update(&secret("v", "1", &label("dev"), "YQ=="), &wanted()));
    assert!(words(&moved(&before, &after)).contains("deleted and made again"));
    let create = Change::Create { desired: Object::new(wanted()).unwrap(), check: Check::ByServer };
    let moved = words(&moved(&saved(create), &before));
    assert!(moved.contains("was to be created, and is to be updated now"), "{moved}");
}

#[test]
fn what_is_created_is_compared_whole_and_whether_it_was_checked_does_not_count() {
    let create = |labels: &Value, check| {
        let desired = Object::new(secret("", "", labels, "YQ==")).unwrap();
        saved(Change::Create { desired, check })
    };
    let before = create(&label("dev"), Check::OnWrite);
    let unchecked = Check::NotChecked(NotChecked::NamespaceIsNew);
    assert_eq!(moved(&before, &create(&label("dev"), unchecked)), []);
    let moved = words(&moved(&before, &create(&label("stg"), Check::OnWrite)));
    assert!(moved.contains("metadata.labels.env was \"dev\", and is \"stg\" now"), "{moved}");
}

#[test]
fn what_is_deleted_is_what_was_shown() {
    let delete = |live: &Value| saved(Change::Delete { live: Live::new(live.clone()).unwrap() });
    let live = secret("u", "1", &label("dev"), "YQ==");
    let mut noise = live.clone();
    noise["metadata"]["annotations"] = json!({ "argocd.argoproj.io/refresh": "hard" });
    noise["metadata"]["resourceVersion"] = "2".into();
    assert_eq!(moved(&delete(&live), &delete(&noise)), []);
    let mut rewritten = live.clone();
    rewritten["metadata"]["managedFields"][0]["time"] = "2026-01-02T00:00:00Z".into();
    assert!(words(&moved(&delete(&live), &delete(&rewritten))).contains("another run of bridge"));
    let mut annotated = live.clone();
    annotated["metadata"]["annotations"] = json!({ "aws_vpc_id": "vpc-1" });
    let moved_annotation = words(&moved(&delete(&live), &delete(&annotated)));
    assert!(moved_annotation.contains("metadata.annotations"), "{moved_annotation}");
    let edited = secret("u", "2", &label("prod"), "YQ==");
    assert!(words(&moved(&delete(&live), &delete(&edited))).contains("metadata.labels.env"));
}

#[test]
fn what_is_replaced_is_what_was_shown_before_and_after() {
    let replace = |live: &Value, after: &Value| {
        let desired = Object::new(after.clone()).unwrap();
        let (live, immutable) = (Live::new(live.clone()).unwrap(), vec!["type".to_owned()]);
        saved(Change::Replace { desired, live, fields: Vec::new(), immutable, check: Check::ByServer })
    };
    let live = secret("u", "1", &label("dev"), "YQ==");
    let before = replace(&live, &wanted());
    assert_eq!(moved(&before, &replace(&secret("u", "2", &label("dev"), "YQ=="), &wanted())), []);
    let words = |now: &[SavedChange]| words(&moved(&before, now));
    assert!(words(&replace(&secret("v", "1", &label("dev"), "YQ=="), &wanted())).contains("made again"));
    assert!(
        words(&replace(&secret("u", "1", &label("x"), "YQ=="), &wanted())).contains("metadata.labels.env")
    );
    let after = secret("u", "1", &label("prod"), "YQ==");
    assert!(words(&replace(&live, &after)).contains("metadata.labels.env was \"stg\", and is \"prod\" now"));
    let mut rewritten = live.clone();
    rewritten["metadata"]["managedFields"][0]["time"] = "2026-01-02T00:00:00Z".into();
    assert!(words(&replace(&rewritten, &wanted())).contains("another run of bridge"));
    assert!(words(&saved(update(&live, &wanted()))).contains("was to be replaced, and is to be updated now"));
}

#[test]
fn what_is_blocked_since_is_named() {
    let live = || Live::new(wanted()).unwrap();
    let conflict =
        || Change::Conflict { live: live(), reason: ConflictReason::NotOurs(["helm".to_owned()].into()) };
    assert!(words(&blocked(&plan(vec![conflict()]))).contains("belongs in part or whole"));
    let terminating = plan(vec![Change::Terminating { live: live() }]);
    assert_eq!(blocked(&terminating).len(), 1);
    assert_eq!(blocked(&Plan { is_destroy: true, ..terminating }), []);
}

#[test]
fn whatever_is_masked_can_be_told_to_have_moved() {
    let of = |change: Change| hidden(&plan(vec![change]));
    let create = |token: &str| {
        let desired = Object::new(secret("", "", &label("dev"), token)).unwrap();
        of(Change::Create { desired, check: Check::OnWrite })
    };
    assert_ne!(create("YQ=="), create("Yg=="));
    let rotate = |before: &str| of(update(&secret("u", "1", &label("stg"), before), &wanted()));
    assert_ne!(rotate("Yg=="), rotate("Yw=="));
    let relabel = |before: &str| of(update(&secret("u", "1", &label(before), "YQ=="), &wanted()));
    assert_eq!(relabel("dev"), relabel("hand"), "shown, so it is compared as it is shown");
}

#[test]
fn no_secret_is_saved() {
    let create = Change::Create { desired: Object::new(wanted()).unwrap(), check: Check::ByServer };
    let delete = Change::Delete { live: Live::new(wanted()).unwrap() };
    let update = update(&secret("u", "1", &label("dev"), "Yg=="), &wanted());
    let text = serde_json::to_string(&changes(&plan(vec![create, delete, update]))).unwrap();
    assert!(!text.contains("YQ==") && !text.contains("Yg=="), "{text}");
    let read: Vec<SavedChange> = serde_json::from_str(&text).unwrap();
    assert_eq!(
        read.iter().map(|change| change.action).collect::<Vec<_>>(),
        [Action::Create, Action::Delete, Action::Update]
    );
}
