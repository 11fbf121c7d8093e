use serde_json::json;

use super::*;
use crate::desired::object::Object;
use crate::plan::build::Owner;
use crate::plan::change::{Check, ConflictReason, KeepReason, NotChecked, Shown, ValueChange};
use crate::plan::inventory::Inventory;
use crate::plan::live::Live;

fn body(kind: &str, name: &str) -> serde_json::Value {
    json!({ "apiVersion": "v1", "kind": kind, "metadata": { "name": name, "namespace": "argocd" } })
}

fn object(kind: &str, name: &str) -> Object {
    Object::new(body(kind, name)).unwrap()
}

fn live(kind: &str, name: &str) -> Live {
    Live::new(body(kind, name)).unwrap()
}

fn label(path: &str, before: &str, after: &str) -> FieldChange {
    let change = ValueChange::Changed(Shown::Text(before.into()), Shown::Text(after.into()));
    FieldChange { path: path.into(), change }
}

/// A plan whose inventory is up to date.
pub(in crate::report) fn plan_of(changes: Vec<Change>) -> Plan {
    let owner = Owner { profile: "acme".into(), namespace: "argocd".into(), installs_argocd: true };
    let inventory = Inventory::of("acme", "argocd", std::iter::empty());
    Plan {
        cluster: None,
        owner,
        changes,
        parent: None,
        recorded: Some(inventory.clone()),
        wanted: Some(inventory),
        is_destroy: false,
    }
}

fn shown(changes: Vec<Change>) -> String {
    let plan = plan_of(changes);
    anstream::adapter::strip_str(&render(&plan, Detail::Short)).to_string()
}

#[test]
fn an_empty_plan_says_so() {
    assert_eq!(shown(vec![Change::Unchanged { live: live("Secret", "dev") }]), format!("{NO_CHANGES}\n"));
}

#[test]
fn one_label_is_one_line_of_diff() {
    let fields = vec![label("metadata.labels.tier", "gold", "silver")];
    let update = Change::Update {
        desired: object("Secret", "dev"),
        live: live("Secret", "dev"),
        fields,
        forced: vec![],
    };
    insta::assert_snapshot!(shown(vec![update]), @r#"
    Actions are indicated with the following symbols:
      ~ update in-place

    bridge will perform the following actions:

      # Secret/argocd/dev will be updated in-place
        ~ metadata.labels.tier: "gold" -> "silver"

    Plan: 0 to add, 1 to change, 0 to destroy.
    "#);
}

#[test]
fn creations_are_one_line_each() {
    let mut cluster = body("Secret", "dev");
    cluster["metadata"]["labels"] =
        json!({ "argocd.argoproj.io/secret-type": "cluster", "env": "dev", "cluster_name": "dev" });
    let check = Check::NotChecked(NotChecked::NamespaceIsNew);
    let changes = vec![
        Change::Create { desired: object("Namespace", "argocd"), check: Check::ByServer },
        Change::Create { desired: Object::new(cluster).unwrap(), check },
    ];
    insta::assert_snapshot!(shown(changes), @r"
    Actions are indicated with the following symbols:
      + create

    bridge will perform the following actions:

      # Namespaces: 1 to create
      + Namespace/argocd/argocd

      # Clusters: 1 to create (not checked by the server: its namespace is new)
      + Secret/argocd/dev cluster_name=dev env=dev

    Plan: 2 to add, 0 to change, 0 to destroy.
    ");
}

#[test]
fn what_is_blocked_names_the_option_that_allows_it() {
    let conflict = FieldConflict { field: ".spec.replicas".into(), manager: "hpa".into() };
    let changes = vec![
        Change::Conflict {
            live: live("Deployment", "server"),
            reason: ConflictReason::Fields(vec![conflict]),
        },
        Change::Conflict {
            live: live("Secret", "repo"),
            reason: ConflictReason::NotOurs(["my tool".to_owned()].into()),
        },
        Change::Refused { id: object("Secret", "bad").id().clone(), message: "no such field".into() },
        Change::Keep { live: live("Namespace", "argocd"), reason: KeepReason::NeedsConsent },
        Change::Delete { live: live("Secret", "old") },
    ];
    insta::assert_snapshot!(shown(changes), @r"
    Actions are indicated with the following symbols:
      - destroy
      ! blocked

    bridge will perform the following actions:

      # ConfigMaps and Secrets: 1 to destroy
      - Secret/argocd/old

      # Namespace/argocd/argocd is kept
        everything in it would go along; delete it with --allow-delete Namespace/argocd

      ! Deployment/argocd/server has fields that somebody else owns and the profile wants different
        .spec.replicas is owned by `hpa`
          take it with --force-conflicts Deployment/server:.spec.replicas

      ! Secret/argocd/repo exists, and bridge did not make it
        it is managed by `my tool`
        take it over with --adopt 'my tool'

      ! Secret/argocd/bad is refused by the server
        no such field

    Plan: 0 to add, 0 to change, 1 to destroy, 3 blocked.
    ");
}

#[test]
fn full_detail_masks_secrets() {
    let mut secret = body("Secret", "dev");
    secret["data"] = json!({ "password": "aHVudGVyMjI=" });
    let desired = Object::new(secret).unwrap();
    let plan = plan_of(vec![Change::Create { desired, check: Check::ByServer }]);
    let text = anstream::adapter::strip_str(&render(&plan, Detail::Full)).to_string();
    assert!(text.contains("+ data.password: (sensitive)") && !text.contains("aHVudGVyMjI"), "{text}");
}
