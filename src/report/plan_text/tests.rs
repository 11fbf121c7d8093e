use serde_json::json;

use super::*;
use crate::desired::object::Object;
use crate::plan::change::{
    Check, ConflictReason, Contested, KeepReason, NotChecked, NotReplaced, Remedy, Shown, Unchanged,
    ValueChange,
};
use crate::plan::inventory::Inventory;
use crate::plan::live::Live;
use crate::plan::summary::ClusterIdentity;

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
    let inventory = Inventory::of("acme", "argocd", std::iter::empty());
    Plan { recorded: Some(inventory.clone()), wanted: Some(inventory), ..Plan::with(changes) }
}

/// No detail, no targets, nothing lacking.
pub(in crate::report) const SHORT: View<'static> =
    View { detail: Detail::Short, is_targeted: false, needs: None };

fn shown(changes: Vec<Change>) -> String {
    anstream::adapter::strip_str(&render(&plan_of(changes), &SHORT)).to_string()
}

#[test]
fn an_empty_plan_says_so() {
    assert_eq!(
        shown(vec![Change::Unchanged(Unchanged::of(live("Secret", "dev")))]),
        format!("{NO_CHANGES}\n")
    );
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
    let change = Some(ValueChange::Changed(Shown::Json("3".into()), Shown::Json("2".into())));
    let changes = vec![
        Change::Conflict {
            live: live("Deployment", "server"),
            reason: ConflictReason::Fields(vec![Contested { conflict, change }]),
        },
        Change::Conflict {
            live: live("Secret", "repo"),
            reason: ConflictReason::NotOurs(["my tool".to_owned()].into()),
        },
        Change::Refused {
            id: object("Secret", "bad").id().clone(),
            message: "no such field".into(),
            remedy: Remedy::Correct,
        },
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
        .spec.replicas is owned by `hpa`: 3; the profile says 2
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
    let text =
        anstream::adapter::strip_str(&render(&plan, &View { detail: Detail::Full, ..SHORT })).to_string();
    assert!(text.contains("+ data.password: (sensitive)") && !text.contains("aHVudGVyMjI"), "{text}");
}

#[test]
fn what_goes_is_told_apart() {
    let mut cluster = body("Secret", "dev");
    cluster["metadata"]["labels"] = json!({ "argocd.argoproj.io/secret-type": "cluster", "env": "dev" });
    cluster["data"] = json!({ "server": "aHR0cHM6Ly9kZXY6NjQ0Mw==", "config": "aHVudGVyMjI=" });
    let set = |name| {
        let mut set = body("ApplicationSet", name);
        set["apiVersion"] = "argoproj.io/v1alpha1".into();
        set
    };
    let mut keeping = set("workloads");
    keeping["spec"]["syncPolicy"]["preserveResourcesOnDeletion"] = true.into();
    let mut with_user = cluster.clone();
    with_user["metadata"]["name"] = "odd".into();
    with_user["data"]["server"] = "aHR0cHM6Ly91OnBAZGV2".into();
    let gone = |body| Change::Delete { live: Live::new(body).unwrap() };
    let text = shown(vec![gone(set("addons")), gone(keeping), gone(cluster), gone(with_user)]);
    insta::assert_snapshot!(text, @r"
    Actions are indicated with the following symbols:
      - destroy

    bridge will perform the following actions:

      # ApplicationSets: 2 to destroy
      - ApplicationSet/argocd/addons (its Applications go, and the workloads that they deployed go with them)
      - ApplicationSet/argocd/workloads (its Applications go; the workloads that they deployed stay)

      # Clusters: 2 to destroy
      - Secret/argocd/dev server=https://dev:6443 env=dev
      - Secret/argocd/odd env=dev

    Plan: 0 to add, 0 to change, 4 to destroy.
    ");
}

#[test]
fn what_is_kept_for_one_reason_is_listed_together() {
    let keep = |kind, name| Change::Keep { live: live(kind, name), reason: KeepReason::NeedsConsent };
    let text = shown(vec![keep("CustomResourceDefinition", "a.b"), keep("Namespace", "argocd")]);
    insta::assert_snapshot!(text, @r"
      # 2 objects are kept
        CustomResourceDefinition/argocd/a.b
        Namespace/argocd/argocd
        everything in them would go along; delete them with --allow-delete CustomResourceDefinition/a.b --allow-delete Namespace/argocd

    No changes. The cluster matches the profile.
    ");
}

#[test]
fn a_target_makes_no_claim_about_the_rest() {
    let plan = plan_of(vec![Change::Unchanged(Unchanged::of(live("Secret", "dev")))]);
    let text = render(&plan, &View { is_targeted: true, ..SHORT });
    assert_eq!(anstream::adapter::strip_str(&text).to_string(), format!("{NO_TARGETED_CHANGES}\n"));
}

#[test]
fn the_consent_that_a_pipeline_lacks_is_named() {
    let plan = plan_of(vec![Change::Delete { live: live("ApplicationSet", "addons") }]);
    let needs =
        NeedsConsent { reason: "the plan deletes 1 ApplicationSets".into(), objects: vec![], deletions: 7 };
    let text = render(&plan, &View { needs: Some(&needs), ..SHORT });
    assert!(
        anstream::adapter::strip_str(&text)
            .to_string()
            .ends_with("--auto-approve needs --allow-delete 7 beside it\n")
    );
}

#[test]
fn a_replacement_says_why_and_what_goes_and_counts_twice() {
    let mut body = body("Deployment", "server");
    body["apiVersion"] = "apps/v1".into();
    body["metadata"]["managedFields"] = json!([{ "manager": "bridge" }, { "manager": "kubectl-edit" }]);
    let live = Live::new(body).unwrap();
    let fields = vec![label("spec.selector.matchLabels.app", "server", "web")];
    let immutable = vec!["spec.selector".to_owned()];
    let check = Check::NotChecked(NotChecked::Webhook("no dry runs".into()));
    let replace = Change::Replace { desired: object("Deployment", "server"), live, fields, immutable, check };
    insta::assert_snapshot!(shown(vec![replace]), @r#"
    Actions are indicated with the following symbols:
      -/+ destroy and then create replacement

    bridge will perform the following actions:

      # Deployment/argocd/server must be replaced (spec.selector is immutable)
      -/+ deleted and created anew: its pods stop before the new ones start
        ~ spec.selector.matchLabels.app: "server" -> "web"
        (what `kubectl-edit` set in it goes with it)
        (the new object is not checked by the server: a webhook takes no dry runs: no dry runs)

    Plan: 1 to add, 0 to change, 1 to destroy.
    "#);
}

fn hub(kubectl: &str) -> ClusterIdentity {
    ClusterIdentity { server: "x".into(), context: "c".into(), uid: "u".into(), kubectl: kubectl.into() }
}

#[test]
fn inside_of_the_cluster_the_steps_by_hand_say_where_they_are_to_be_run() {
    let id = object("Service", "server").id().clone();
    let why = NotReplaced::Protected(KeepReason::Annotated);
    let remedy = Remedy::ByHand { why, immutable: vec!["spec".to_owned()] };
    let changes = vec![Change::Refused { id, message: "no".into(), remedy }];
    let plan = Plan { cluster: Some(hub("")), ..plan_of(changes) };
    let shown = anstream::adapter::strip_str(&render(&plan, &SHORT)).to_string();
    assert!(shown.contains("(in a pod of this cluster, as the ServiceAccount that bridge uses)"), "{shown}");
    assert!(shown.contains("  kubectl delete service server -n argocd\n"), "{shown}");
}

#[test]
fn an_immutable_field_names_the_option_or_the_steps_by_hand() {
    let refused = |kind: &str, remedy| {
        let mut body = body(kind, "server");
        if kind == "StatefulSet" {
            body["apiVersion"] = "apps/v1".into();
        }
        let id = Object::new(body).unwrap().id().clone();
        Change::Refused { id, message: "no".into(), remedy }
    };
    let by_hand = |why| Remedy::ByHand { why, immutable: vec!["data".to_owned()] };
    let changes = vec![
        refused("StatefulSet", Remedy::Replace { immutable: vec!["spec".to_owned()] }),
        refused("Secret", by_hand(NotReplaced::Kind("it holds a secret"))),
        refused("Service", by_hand(NotReplaced::Protected(KeepReason::Annotated))),
    ];
    let plan = Plan { cluster: Some(hub(" --context 'my hub' --kubeconfig hub.yaml")), ..plan_of(changes) };
    insta::assert_snapshot!(anstream::adapter::strip_str(&render(&plan, &SHORT)), @r"
    Actions are indicated with the following symbols:
      ! blocked

    bridge will perform the following actions:

      ! StatefulSet/argocd/server is refused by the server
        no
        spec is immutable; the object has to be replaced, with --replace StatefulSet/argocd/server
        it would be deleted and created anew: its pods stop before the new ones start

      ! Secret/argocd/server is refused by the server
        no
        bridge never replaces an object of the kind Secret: it holds a secret; by hand, if that is what you want:
        (the file holds the secret itself: keep it out of every repository)
          (umask 077; set -C; kubectl --context 'my hub' --kubeconfig hub.yaml get secret server -n argocd -o yaml > ~/secret-server.yaml)
          kubectl --context 'my hub' --kubeconfig hub.yaml delete secret server -n argocd
          bridge apply

      ! Service/argocd/server is refused by the server
        no
        bridge does not replace it: it carries the annotation `bridge.gitops/keep`; by hand, if that is what you want:
          kubectl --context 'my hub' --kubeconfig hub.yaml get service server -n argocd -o yaml > service-server.yaml
          kubectl --context 'my hub' --kubeconfig hub.yaml delete service server -n argocd
          bridge apply

    Plan: 0 to add, 0 to change, 0 to destroy, 3 blocked.
    ");
}
