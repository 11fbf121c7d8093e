//! What cannot be changed in place is deleted and made anew: only with `--replace`, only what is bridge's, as one change.

use std::sync::mpsc;

use crate::support::replacing::{
    APPLY, BINDING, DEPLOYMENT, HEADLESS, INVENTORY, ROLE, RULES, SELECTOR, SERVICE, TYPE, edit, edited,
    pods_are_gone, replace, says, uid, writes,
};
use crate::support::{Patch, Profile, World, run_while};
use anyhow::{Result, ensure};
use bridge_e2e::bridge_cmd::Victim;
use bridge_e2e::proxy::{Fault, Matcher};
use serde_json::{Value, json};

#[tokio::test]
async fn an_object_is_replaced_with_consent_only_and_as_one_change() -> Result<()> {
    let world = edited(&[ROLE]).await?;
    let (before, inventory) = (uid(&world, BINDING).await?, world.get(INVENTORY).await?);
    let refused = world.expect(1, &APPLY)?;
    says(&refused, &["BRG3020", "cannot change roleRef", "--replace RoleBinding/argocd/controller"])?;
    let plan = world.expect(2, &["plan", "--detailed-exitcode", "--replace", "RoleBinding/controller"])?;
    says(&plan, &["# RoleBinding/argocd/controller must be replaced (roleRef is immutable)"])?;
    says(&plan, &["-/+ ", r#"~ roleRef.name: "controller" -> "small-controller""#])?;
    says(&plan, &["Plan: 1 to add, 0 to change, 1 to destroy."])?;
    let plan = world.expect(0, &["plan", "--output", "json", "--replace", "RoleBinding/controller"])?;
    let plan: Value = serde_json::from_str(&plan.stdout)?;
    let change = &plan["changes"][0];
    ensure!(change["action"] == "replace" && change["immutable"] == json!(["roleRef"]), "{plan}");
    ensure!(world.proxy.writes().is_empty() && uid(&world, BINDING).await? == before);
    let applied = world.expect(0, &replace("RoleBinding/controller"))?;
    says(&applied, &["RoleBinding/argocd/controller replaced", "1 added, 0 changed, 1 destroyed"])?;
    ensure!(writes(&world) == [format!("DELETE {BINDING}"), format!("PATCH {BINDING}")], "{applied}");
    let after = world.get(BINDING).await?;
    ensure!(after["metadata"]["uid"] != before && after["roleRef"]["name"] == "small-controller", "{after}");
    ensure!(world.get(INVENTORY).await? == inventory, "the inventory was written");
    world.expect_no_changes()?;
    world.proxy.reset();
    let again = world.expect(0, &replace("RoleBinding/controller"))?;
    says(&again, &["--replace RoleBinding/controller: nothing of this name has to be replaced"])?;
    ensure!(world.proxy.writes().is_empty(), "{:?}", world.proxy.writes());
    Ok(())
}

#[tokio::test]
async fn what_can_be_updated_in_place_is_not_replaced() -> Result<()> {
    let world = edited(&[("targetPort: 8080", "targetPort: 8081")]).await?;
    let before = uid(&world, SERVICE).await?;
    let applied = world.expect(0, &replace("Service/server"))?;
    says(&applied, &["nothing of this name has to be replaced", "0 added, 1 changed, 0 destroyed"])?;
    ensure!(uid(&world, SERVICE).await? == before && writes(&world) == [format!("PATCH {SERVICE}")]);
    Ok(())
}

/// One object of each kind that has fields which cannot be changed, beside those of the small manifest.
const KINDS: &str = "---
apiVersion: batch/v1
kind: Job
metadata: { name: migrate }
spec: { completions: 1, template: { spec: { restartPolicy: Never, containers: [{ name: main, image: x }] } } }
---
apiVersion: apps/v1
kind: DaemonSet
metadata: { name: agent }
spec:
  selector: { matchLabels: { app: agent } }
  template: { metadata: { labels: { app: agent, b: b } }, spec: { containers: [{ name: main, image: x }] } }
---
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: { name: fast }
provisioner: example.com/disk
parameters: { type: ssd }
---
apiVersion: scheduling.k8s.io/v1
kind: PriorityClass
metadata: { name: high }
value: 5
---
apiVersion: v1
kind: ConfigMap
metadata: { name: fixed }
immutable: true
data: { a: b }
";

#[tokio::test]
async fn the_api_server_words_its_refusals_as_they_are_known() -> Result<()> {
    let world = World::start().await?;
    world.profile(&Profile::small())?;
    let manifest = format!("{}{KINDS}", include_str!("support/small.yaml"));
    world.write("small.yaml", &manifest)?;
    world.apply(&[])?;
    let edits = [
        ("completions: 1", "completions: 2", "Job/argocd/migrate"),
        ("matchLabels: { app: agent }", "matchLabels: { b: b }", "DaemonSet/argocd/agent"),
        ("parameters: { type: ssd }", "parameters: { type: disk }", "StorageClass/fast"),
        ("value: 5", "value: 6", "PriorityClass/high"),
        ("data: { a: b }", "data: { a: c }", "ConfigMap/argocd/fixed"),
        ("serviceName: controller", "serviceName: other", "StatefulSet/argocd/argocd-application-controller"),
        (SELECTOR.0, SELECTOR.1, "Deployment/argocd/server"),
        (HEADLESS.0, HEADLESS.1, "Service/argocd/server"),
        (
            "kind: ClusterRole, name: small-controller }\nsubjects",
            "kind: ClusterRole, name: view }\nsubjects",
            "ClusterRoleBinding/small-controller",
        ),
        // Last, because it names what the one before looks for.
        (ROLE.0, ROLE.1, "RoleBinding/argocd/controller"),
    ];
    let mut changed = manifest;
    for (from, to, _) in edits {
        ensure!(changed.contains(from), "{from} is not in the manifest");
        changed = changed.replacen(from, to, 1);
    }
    world.write("small.yaml", &changed)?;
    world.proxy.reset();
    let refused = world.expect(1, &["plan"])?;
    let options: Vec<String> = edits.iter().map(|(_, _, object)| format!("--replace {object}")).collect();
    says(&refused, &options.iter().map(String::as_str).collect::<Vec<_>>())?;
    let all: Vec<&str> = options.iter().flat_map(|option| option.split(' ')).collect();
    let plan = world.expect(0, &[&["plan"], &all[..]].concat())?;
    says(&plan, &["Plan: 10 to add, 0 to change, 10 to destroy.\n"])?;
    ensure!(world.proxy.writes().is_empty());
    Ok(())
}

#[tokio::test]
async fn a_workload_is_made_anew_when_its_pods_are_gone() -> Result<()> {
    let world = edited(&[SELECTOR]).await?;
    let before = uid(&world, DEPLOYMENT).await?;
    let refused = world.expect(1, &APPLY)?;
    says(&refused, &["spec.selector is immutable", "--replace Deployment/argocd/server", "its pods stop"])?;
    ensure!(world.proxy.writes().is_empty());
    let stuck = world.expect(1, &[&replace("Deployment/server")[..], &["--timeout", "1s"]].concat())?;
    says(&stuck, &["its deletion has begun to be replaced", "its pods are still stopping"])?;
    says(
        &stuck,
        &["0 added, 0 changed, 0 destroyed", "wait until its pods are gone; then run `bridge apply`"],
    )?;
    ensure!(!stuck.stderr.contains("foregroundDeletion"), "{stuck}");
    ensure!(writes(&world) == [format!("DELETE {DEPLOYMENT}")] && uid(&world, DEPLOYMENT).await? == before);
    says(&world.expect(1, &APPLY)?, &["Deployment/argocd/server is being deleted"])?;
    let Patch { path, content_type, body } = pods_are_gone();
    world.send("PATCH", &path, content_type, &body).await?;
    says(&world.expect(0, &APPLY)?, &["1 added, 0 changed, 0 destroyed"])?;
    world.expect_no_changes()?;
    // And in one go, back to the first selector.
    let before = uid(&world, DEPLOYMENT).await?;
    edit(&world, &[])?;
    let applied = run_while(&world, &replace("Deployment/server"), 1, &pods_are_gone()).await?;
    ensure!(applied.code == Some(0), "{applied}");
    says(&applied, &["1 added, 0 changed, 1 destroyed"])?;
    let after = world.get(DEPLOYMENT).await?;
    ensure!(after["metadata"]["uid"] != before, "{after}");
    ensure!(after["spec"]["selector"]["matchLabels"]["app"] == "server", "{after}");
    world.expect_no_changes()
}

#[tokio::test]
async fn every_guard_of_a_deletion_keeps_what_is_named() -> Result<()> {
    let world = edited(&[ROLE]).await?;
    let before = uid(&world, BINDING).await?;
    let owner = json!([{ "apiVersion": "v1", "kind": "Operator", "name": "x", "uid": "1" }]);
    let label = "applyset.kubernetes.io/part-of";
    let ours = world.get(BINDING).await?["metadata"]["labels"][label].clone();
    for (set, unset, why) in [
        (
            json!({ "annotations": { "bridge.gitops/keep": "yes" } }),
            json!({ "annotations": null }),
            "carries the annotation `bridge.gitops/keep`",
        ),
        (json!({ "ownerReferences": owner }), json!({ "ownerReferences": null }), "belongs to Operator/x"),
        (
            json!({ "labels": { label: null } }),
            json!({ "labels": { label: ours } }),
            "bridge replaces only what it made",
        ),
    ] {
        world.patch_as("kubectl-edit", BINDING, &json!({ "metadata": set })).await?;
        says(&world.expect(1, &replace("RoleBinding/controller"))?, &[why, "BRG3020"])?;
        world.patch_as("kubectl-edit", BINDING, &json!({ "metadata": unset })).await?;
    }
    ensure!(world.proxy.writes().is_empty() && uid(&world, BINDING).await? == before);
    Ok(())
}

#[tokio::test]
async fn what_somebody_else_made_is_never_replaced() -> Result<()> {
    let world = World::start().await?;
    let namespace = json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": "argocd" } });
    world.send("POST", "/api/v1/namespaces", "application/json", &namespace).await?;
    let theirs = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": { "name": "controller" },
        "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view" },
    });
    let folder = BINDING.trim_end_matches("/controller");
    world.send("POST", &format!("{folder}?fieldManager=helm"), "application/json", &theirs).await?;
    world.profile(&Profile::small())?;
    says(&world.expect(5, &replace("RoleBinding/controller"))?, &["--adopt helm"])?;
    let both = [&replace("RoleBinding/controller")[..], &["--adopt", "helm"]].concat();
    says(&world.expect(1, &both)?, &["bridge replaces only what it made"])?;
    ensure!(world.proxy.writes().is_empty());
    Ok(())
}

#[tokio::test]
async fn some_kinds_are_never_replaced() -> Result<()> {
    let world = edited(&[TYPE]).await?;
    let refused = world.expect(1, &APPLY)?;
    says(&refused, &["bridge never replaces an object of the kind Secret"])?;
    let kubectl = format!("kubectl --context hub --kubeconfig {}", world.kubeconfig.display());
    let delete = format!("{kubectl} delete secret argocd-secret -n argocd");
    let keep = format!(
        "(umask 077; set -C; {kubectl} get secret argocd-secret -n argocd -o yaml > ~/secret-argocd-secret.yaml)"
    );
    says(&refused, &[&delete, &keep, "keep it out of every repository"])?;
    let plan: Value = serde_json::from_str(&world.expect(1, &["plan", "--output", "json"])?.stdout)?;
    let refusal = &plan["changes"][0];
    ensure!(refusal["immutable"] == json!(["type"]), "{refusal}");
    ensure!(refusal["steps"] == json!([keep, delete, "bridge apply"]), "{refusal}");
    ensure!(!format!("{refused}").contains("--replace Secret"), "{refused}");
    world.proxy.reset();
    let usage = world.expect(3, &replace("Secret/argocd-secret"))?;
    says(&usage, &["bridge never replaces an object of the kind Secret", "BRG4003"])?;
    ensure!(world.proxy.requests().is_empty(), "the command line alone is wrong");
    Ok(())
}

#[tokio::test]
async fn killed_between_its_two_writes_it_is_made_by_the_next_apply() -> Result<()> {
    let world = edited(&[ROLE]).await?;
    let inventory = world.get(INVENTORY).await?;
    let victim = Victim::default();
    let hook = victim.clone();
    world.proxy.on_write(1, move || {
        hook.kill();
    });
    let killed = world.bridge(&replace("RoleBinding/controller"))?.victim(&victim).run()?;
    ensure!(killed.signal == Some(9), "{killed}");
    ensure!(world.get(BINDING).await?.is_null() && world.get(INVENTORY).await? == inventory);
    says(&world.expect(0, &APPLY)?, &["1 added, 0 changed, 0 destroyed"])?;
    ensure!(world.get(BINDING).await?["roleRef"]["name"] == "small-controller");
    world.expect_no_changes()
}

#[tokio::test]
async fn an_interruption_does_not_part_its_two_writes() -> Result<()> {
    let world = edited(&[ROLE]).await?;
    let (reached, wait) = mpsc::channel();
    let (go_on, hold) = mpsc::channel::<()>();
    world.proxy.on_write(1, move || {
        let _ = reached.send(());
        let _ = hold.recv();
    });
    let running = world.bridge(&replace("RoleBinding/controller"))?.spawn()?;
    wait.recv()?;
    running.interrupt()?;
    while !running.stderr_so_far().contains("nterrupt") {
        tokio::task::yield_now().await;
    }
    go_on.send(())?;
    let outcome = running.wait()?;
    ensure!(outcome.code == Some(130), "{outcome}");
    says(&outcome, &["1 added, 0 changed, 1 destroyed"])?;
    ensure!(world.get(BINDING).await?["roleRef"]["name"] == "small-controller");
    world.expect_no_changes()
}

#[tokio::test]
async fn a_create_that_is_refused_after_the_deletion_is_said_plainly() -> Result<()> {
    let world = edited(&[ROLE]).await?;
    let create = Matcher::any().method("PATCH").path(BINDING).dry_run(false);
    world.proxy.fail(create, Fault::status(422, "Invalid", "a quota is used up"));
    let outcome = world.expect(1, &replace("RoleBinding/controller"))?;
    says(&outcome, &["it was deleted to be replaced, and it is not there anew: a quota is used up"])?;
    says(&outcome, &["0 added, 0 changed, 1 destroyed", "run `bridge apply` again"])?;
    ensure!(world.get(BINDING).await?.is_null());
    world.proxy.reset();
    says(&world.expect(0, &APPLY)?, &["1 added, 0 changed, 0 destroyed"])?;
    world.expect_no_changes()
}

#[tokio::test]
async fn what_somebody_makes_in_between_is_not_overwritten() -> Result<()> {
    let world = edited(&[ROLE]).await?;
    let theirs = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": { "name": "controller" },
        "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view" },
    });
    let made = Patch {
        path: format!("{BINDING}?fieldManager=operator"),
        content_type: "application/apply-patch+yaml",
        body: theirs,
    };
    let outcome = run_while(&world, &replace("RoleBinding/controller"), 1, &made).await?;
    ensure!(outcome.code == Some(5), "{outcome}");
    says(&outcome, &["it was deleted to be replaced", "operator", "somebody made it meanwhile"])?;
    ensure!(world.get(BINDING).await?["roleRef"]["name"] == "view");
    Ok(())
}

#[tokio::test]
async fn what_was_changed_since_the_plan_is_not_deleted() -> Result<()> {
    let world = edited(&[RULES, ROLE]).await?;
    let before = uid(&world, BINDING).await?;
    let label = Patch {
        path: format!("{BINDING}?fieldManager=kubectl-edit"),
        content_type: "application/merge-patch+json",
        body: json!({ "metadata": { "labels": { "theirs": "yes" } } }),
    };
    let outcome = run_while(&world, &replace("RoleBinding/controller"), 1, &label).await?;
    ensure!(outcome.code == Some(5), "{outcome}");
    let after = world.get(BINDING).await?;
    ensure!(after["metadata"]["uid"] == before && after["metadata"]["labels"]["theirs"] == "yes", "{after}");
    ensure!(outcome.stdout.contains("0 added, 1 changed, 0 destroyed"), "{outcome}");
    Ok(())
}

#[tokio::test]
async fn a_status_that_moved_since_the_plan_does_not_matter() -> Result<()> {
    let world = edited(&[RULES, HEADLESS]).await?;
    let before = uid(&world, SERVICE).await?;
    let condition = json!({
        "type": "Seen", "status": "True", "reason": "x", "message": "x", "lastTransitionTime": "2026-01-01T00:00:00Z",
    });
    let status = Patch {
        path: format!("{SERVICE}/status?fieldManager=cloud"),
        content_type: "application/merge-patch+json",
        body: json!({ "status": { "conditions": [condition] } }),
    };
    let outcome = run_while(&world, &replace("Service/server"), 1, &status).await?;
    ensure!(outcome.code == Some(0), "{outcome}");
    let after = world.get(SERVICE).await?;
    ensure!(after["metadata"]["uid"] != before && after["spec"]["clusterIP"] == "None", "{after}");
    world.expect_no_changes()
}

#[tokio::test]
async fn a_saved_plan_brings_its_replacement_and_is_refused_when_the_object_moved() -> Result<()> {
    let world = edited(&[ROLE]).await?;
    let before = uid(&world, BINDING).await?;
    let save = ["plan", "--out", "it", "--replace", "RoleBinding/controller"];
    world.expect(0, &save)?;
    let label = json!({ "metadata": { "labels": { "theirs": "yes" } } });
    world.patch_as("kubectl-edit", BINDING, &label).await?;
    let stale = world.expect(5, &["apply", "--no-wait", "it"])?;
    says(&stale, &["BRG3005", "RoleBinding/argocd/controller: metadata.labels.theirs is new"])?;
    ensure!(world.proxy.writes().is_empty() && uid(&world, BINDING).await? == before);
    let plan = world.expect(0, &save)?;
    says(&plan, &["(what `kubectl-edit` set in it goes with it)"])?;
    says(&world.expect(0, &["apply", "--no-wait", "it"])?, &["1 added, 0 changed, 1 destroyed"])?;
    ensure!(uid(&world, BINDING).await? != before);
    world.expect_no_changes()
}
