//! What becomes of Applications, in a plan as people read it.

use serde_json::{Value, json};

use crate::desired::object::Object;
use crate::plan::change::{Change, FieldChange, Shown, ValueChange};
use crate::plan::live::Live;
use crate::plan::summary::Plan;
use crate::plan::workloads::{Affected, Effect, Fate, OwnedBy, Why, Workloads};
use crate::report::plan_text::tests::{SHORT, plan_of};
use crate::report::plan_text::{Detail, View, render};

fn secret() -> Value {
    json!({ "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "dev", "namespace": "argocd" } })
}

fn live() -> Live {
    Live::new(secret()).unwrap()
}

fn affected(name: &str) -> Affected {
    Affected { name: name.to_owned(), successor: None, held_by: Vec::new() }
}

/// What the change of the Secret `dev` does, in every way.
fn workloads() -> Workloads {
    let effect = |fate, owner: &str, names: &[&str]| Effect {
        owner: OwnedBy::Set(owner.to_owned()),
        fate,
        applications: names.iter().map(|name| affected(name)).collect(),
    };
    let mut renamed = effect(Fate::Recreated, "guestbook", &["guestbook-dev"]);
    renamed.applications[0].successor = Some("guestbook-new".to_owned());
    let mut held = effect(Fate::Orphaned, "settings", &["settings-dev"]);
    held.applications[0].held_by.push("example.com/hold".to_owned());
    let effects = vec![
        effect(Fate::Deleted, "preview", &["p-1", "p-2", "p-3", "p-4", "p-5", "p-6"]),
        renamed,
        held,
        effect(Fate::Stranded, "x", &["x-dev"]),
        effect(Fate::Kept, "y", &["y-dev"]),
        effect(Fate::NotEvaluated(Why::Generators), "z", &["z-dev"]),
        effect(Fate::NotEvaluated(Why::New), "new", &[]),
    ];
    Workloads::from_effects([(live().id().clone(), effects)])
}

fn relabelled() -> Change {
    let change = ValueChange::Changed(Shown::Text("dev".to_owned()), Shown::Text("prod".to_owned()));
    Change::Update {
        desired: Object::new(secret()).unwrap(),
        live: live(),
        fields: vec![FieldChange { path: "metadata.labels.env".to_owned(), change }],
        forced: vec![],
    }
}

#[test]
fn what_becomes_of_applications_stands_below_the_change_that_does_it() {
    let plan = Plan { workloads: workloads(), ..plan_of(vec![relabelled()]) };
    let text = anstream::adapter::strip_str(&render(&plan, &SHORT)).to_string();
    insta::assert_snapshot!(text, @r#"
    Actions are indicated with the following symbols:
      ~ update in-place

    bridge will perform the following actions:

      # Secret/argocd/dev will be updated in-place
        ~ metadata.labels.env: "dev" -> "prod"
        ! ApplicationSet preview: 6 Applications to be deleted with all resources deployed: p-1, p-2, p-3, p-4, p-5, and 1 more
        ! ApplicationSet guestbook: 1 Application to be deleted with all resources deployed, and generated anew under another name (an outage): guestbook-dev -> guestbook-new
        - ApplicationSet settings: 1 Application to be deleted, resources deployed stay: settings-dev (until its finalizer example.com/hold is taken off it is not gone)
        ~ ApplicationSet x: 1 Application to stay without a cluster (sync status Unknown): x-dev
        ? not evaluated: 1 Application of ApplicationSet z (its generators are combined, filtered or filled in by templates), ApplicationSet new (new Applications)

    warning: Applications: 7 to be deleted with all resources deployed; 1 to be deleted, resources deployed stay; 1 to stay without a cluster; 1 not evaluated.
    Plan: 0 to add, 1 to change, 0 to destroy.
    "#);
    let full = render(&plan, &View { detail: Detail::Full, ..SHORT });
    let full = anstream::adapter::strip_str(&full).to_string();
    assert!(
        full.contains("p-5, p-6") && full.contains("= ApplicationSet y: 1 Application to stay"),
        "{full}"
    );
}

#[test]
fn what_becomes_of_applications_stands_below_the_deletion_that_does_it() {
    let delete = Change::Delete { live: live() };
    let plan = Plan { workloads: workloads(), is_destroy: true, ..plan_of(vec![delete]) };
    let text = anstream::adapter::strip_str(&render(&plan, &SHORT)).to_string();
    let below =
        "  - Secret/argocd/dev\n      ! ApplicationSet preview: 6 Applications to be deleted with all";
    assert!(text.contains(below) && text.contains("as long as they still run"), "{text}");
}

#[test]
fn a_hub_that_does_not_let_applications_be_read_is_said_so() {
    let workloads = Workloads::not_read("applications.argoproj.io is forbidden".to_owned());
    let plan = Plan { workloads, ..plan_of(vec![relabelled()]) };
    let text = anstream::adapter::strip_str(&render(&plan, &SHORT)).to_string();
    assert!(
        text.contains("what this does to Applications is not evaluated: applications.argoproj.io is"),
        "{text}"
    );
}
