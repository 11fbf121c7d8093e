//! Waiting at level L1+: the controllers are real, a node and its pods are played, and they fail as they are told.

mod give_up;

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use bridge_e2e::bridge_cmd::Outcome;
use bridge_e2e::cluster::User;
use bridge_e2e::controllers::Controllers;
use bridge_e2e::kubeconfig::Kubeconfig;
use serde_json::{Value, json};

use crate::support::{Profile, World};

const DEPLOYMENT: &str = "/apis/apps/v1/namespaces/argocd/deployments/extra";
const LOG: [&str; 3] = ["starting", "token planted-t0ken-value", "panic: no disk"];

/// A hub with controllers, and a profile whose manifest has one Deployment more.
struct Live {
    world: World,
    _controllers: Controllers,
}

impl Live {
    async fn start(extra: &str) -> Result<Self> {
        let world = World::start().await?;
        let controllers = Controllers::start(&world.hub, &LOG).await?;
        let live = Self { world, _controllers: controllers };
        live.manifest(extra)?;
        live.world.profile(&Profile { more: String::new(), ..Profile::small() })?;
        Ok(live)
    }

    fn manifest(&self, extra: &str) -> Result<()> {
        if extra.is_empty() {
            return Ok(());
        }
        self.world.write("small.yaml", &format!("{}---\n{extra}", include_str!("../support/small.yaml")))
    }

    /// Applies where something cannot become ready: exit 6.
    fn expect_late(&self, more: &[&str]) -> Result<Outcome> {
        self.world.expect(6, &[&["apply", "--auto-approve", "--timeout", "10s"], more].concat())
    }
}

/// A Deployment whose pods carry these annotations and fields.
fn deployment(annotations: &str, pod: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{ name: extra }}\nspec:\n  selector: {{ matchLabels: {{ app: extra }} }}\n  \
         template:\n    metadata: {{ labels: {{ app: extra }}, annotations: {{ {annotations} }} }}\n    \
         spec: {{ {pod}containers: [{{ name: main, image: \"example.com/extra:v1\" }}] }}\n"
    )
}

/// The requests about what stands behind workloads.
fn looks_at_pods(live: &Live) -> Vec<String> {
    let behind = ["/pods", "/replicasets", "/endpointslices", "/events"];
    let lines = live
        .world
        .proxy
        .requests()
        .into_iter()
        .filter(|one| behind.iter().any(|end| one.path.ends_with(end)));
    lines.map(|one| one.line()).collect()
}

/// Expects each of the texts on standard error.
fn says(outcome: &Outcome, texts: &[&str]) -> Result<()> {
    for text in texts {
        ensure!(outcome.stderr.contains(text), "nothing says {text:?}\n{outcome}");
    }
    Ok(())
}

#[tokio::test]
async fn workloads_become_ready_and_an_update_is_waited_for_although_the_old_pods_are_available() -> Result<()>
{
    let live = Live::start(&deployment("", "")).await?;
    live.world.expect(0, &["apply", "--auto-approve", "--timeout", "60s"])?;
    ensure!(!looks_at_pods(&live).is_empty(), "what it wrote is looked at");
    live.world.proxy.reset();
    live.world.expect(0, &["apply", "--auto-approve", "--timeout", "60s"])?;
    let looks = looks_at_pods(&live);
    ensure!(looks.is_empty(), "with nothing to do its own status is enough: {looks:#?}");
    let ready = live.world.get(DEPLOYMENT).await?;
    ensure!(ready["status"]["availableReplicas"] == 1, "{ready}");

    // Right after the update its status still says that one of one replicas is available, and stays so.
    live.manifest(&deployment("bridge.e2e/fails: image", ""))?;
    let late = live.expect_late(&[])?;
    says(&late, &["Deployment/argocd/extra did not become ready: 0 of 1 replicas are updated", "BRG3008"])
        .or_else(|_| {
            says(&late, &["Deployment/argocd/extra did not become ready: 1 old replicas are still there"])
        })?;
    says(&late, &["ImagePullBackOff: Back-off pulling image example.com/extra:v1"])?;
    let still = live.world.get(DEPLOYMENT).await?;
    ensure!(still["status"]["availableReplicas"] == 1, "the old pod is still available: {still}");

    live.manifest(&deployment("", ""))?;
    live.world.expect(0, &["apply", "--auto-approve", "--timeout", "60s"])?;
    Ok(())
}

#[tokio::test]
async fn a_replaced_workload_comes_when_the_pods_of_the_old_one_are_gone() -> Result<()> {
    let live = Live::start(&deployment("", "")).await?;
    live.world.expect(0, &["apply", "--auto-approve", "--timeout", "60s"])?;
    let before = live.world.get(DEPLOYMENT).await?;
    live.manifest(&deployment("", "").replace("app: extra", "app: other"))?;
    let replace = ["apply", "--auto-approve", "--timeout", "60s", "--replace", "Deployment/extra"];
    let replaced = live.world.expect(0, &replace)?;
    ensure!(replaced.stdout.contains("1 added, 0 changed, 1 destroyed"), "{replaced}");
    let after = live.world.get(DEPLOYMENT).await?;
    ensure!(after["metadata"]["uid"] != before["metadata"]["uid"], "{after}");
    ensure!(after["status"]["availableReplicas"] == 1, "{after}");
    let created = after["metadata"]["creationTimestamp"].as_str();
    for kind in ["/api/v1/namespaces/argocd/pods", "/apis/apps/v1/namespaces/argocd/replicasets"] {
        let old = live.world.get(&format!("{kind}?labelSelector=app%3Dextra")).await?;
        ensure!(old["items"].as_array().is_some_and(Vec::is_empty), "{old}");
        let new = live.world.get(&format!("{kind}?labelSelector=app%3Dother")).await?;
        let since = new["items"][0]["metadata"]["creationTimestamp"].as_str();
        ensure!(since >= created && created.is_some(), "{new}");
    }
    live.world.expect_no_changes()
}

#[tokio::test]
async fn an_image_that_cannot_be_pulled_is_named_with_its_last_warning() -> Result<()> {
    let live = Live::start(&deployment("bridge.e2e/fails: image", "")).await?;
    let late = live.expect_late(&[])?;
    says(
        &late,
        &[
            "Deployment/argocd/extra did not become ready: 0 of 1 replicas are ready",
            "  pod extra-",
            ": container main: ImagePullBackOff: Back-off pulling image example.com/extra:v1",
            "    last warning: Failed: Failed to pull image: not found",
        ],
    )?;
    ensure!(!late.stderr.contains("last lines"), "what never ran has no log\n{late}");
    ensure!(!late.stderr.contains("Deployment/argocd/server did not"), "{late}");
    Ok(())
}

#[tokio::test]
async fn a_crash_loop_is_shown_with_its_exit_code_and_its_log_without_secrets() -> Result<()> {
    let live = Live::start(&deployment("bridge.e2e/fails: crash", "")).await?;
    let late = live.expect_late(&["--output", "json"])?;
    says(
        &late,
        &[
            "container main: CrashLoopBackOff: back-off 40s restarting failed container; before, it ended with exit code 137 (OOMKilled)",
            "    last warning: BackOff: Back-off restarting failed container",
            "    last lines of container main before it ended:",
            "      | panic: no disk",
            "      | token (sensitive)",
        ],
    )?;
    let last: Value = serde_json::from_str(late.stdout.lines().last().unwrap_or_default())?;
    let object = &last["notReady"][0];
    ensure!(object["object"]["name"] == "extra" && last["exitCode"] == 6, "{last}");
    let log = &object["pods"][0]["log"];
    ensure!(log["isPrevious"] == true, "{last}");
    ensure!(log["lines"] == json!(["starting", "token (sensitive)", "panic: no disk"]), "{last}");
    ensure!(!late.stdout.contains("planted-t0ken-value") && !late.stderr.contains("planted-t0ken-value"));
    Ok(())
}

/// One restart more of each of the extra pods that run, as a kubelet writes it; their status says ready all the time.
async fn restart(world: &World, restarts: i64) -> Result<()> {
    let pods = "/api/v1/namespaces/argocd/pods";
    let list = world.get(&format!("{pods}?labelSelector=app%3Dextra")).await?;
    for pod in list["items"].as_array().into_iter().flatten() {
        let (Some(name), Some(_)) =
            (pod["metadata"]["name"].as_str(), pod.pointer("/status/containerStatuses/0"))
        else {
            continue;
        };
        let mut statuses = pod["status"]["containerStatuses"].clone();
        statuses[0]["restartCount"] = restarts.into();
        statuses[0]["lastState"] = json!({"terminated": {"exitCode": 1, "reason": "Error"}});
        let status = json!({"status": {"containerStatuses": statuses}});
        world.patch_as("kubelet", &format!("{pods}/{name}/status"), &status).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_process_that_no_probe_asks_and_that_ends_again_and_again_is_not_ready() -> Result<()> {
    let live = Live::start(&deployment("", "")).await?;
    let running = live.world.bridge(&["apply", "--auto-approve", "--timeout", "12s"])?.spawn()?;
    let late = tokio::task::spawn_blocking(move || running.wait());
    let mut restarts = 0;
    while !late.is_finished() {
        restarts += 1;
        restart(&live.world, restarts).await?;
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    let late = late.await??;
    ensure!(late.code == Some(6), "{late}");
    says(
        &late,
        &[
            "Deployment/argocd/extra did not become ready: container main of pod extra-",
            "was started again",
            ": container main runs again; before, it ended with exit code 1 (Error)",
            "    last lines of container main before it ended:",
        ],
    )?;
    ensure!(!late.stderr.contains("Deployment/argocd/server did not"), "{late}");
    let status = live.world.get(DEPLOYMENT).await?;
    ensure!(status["status"]["availableReplicas"] == 1, "its status says ready: {status}");
    live.world.expect(0, &["apply", "--auto-approve", "--timeout", "20s"])?;
    Ok(())
}

#[tokio::test]
async fn a_pod_that_no_node_takes_says_what_the_scheduler_says() -> Result<()> {
    let live = Live::start(&deployment("", "nodeSelector: { disk: ssd }, ")).await?;
    let late = live.world.expect(6, &["apply", "--auto-approve", "--timeout", "80s"])?;
    says(
        &late,
        &["  pod extra-", ": Unschedulable: 0/1 nodes are available", "    last warning: FailedScheduling: "],
    )?;
    // A node may come: it is waited for, and said meanwhile.
    let waits = late.stderr.lines().filter(|line| line.contains("waiting ("));
    ensure!(waits.clone().any(|line| line.contains(": Unschedulable: 0/1 nodes are available")), "{late}");
    // After a minute with all that is known, and no second time.
    ensure!(
        late.stderr.matches("Deployment/argocd/extra is not ready yet: 0 of 1 replicas are ready").count()
            == 1,
        "{late}"
    );
    ensure!(late.stderr.matches("    last warning: FailedScheduling: ").count() == 2, "{late}");
    Ok(())
}

#[tokio::test]
async fn a_rollout_that_exceeded_its_deadline_is_not_waited_for_any_longer() -> Result<()> {
    let failing = deployment("bridge.e2e/fails: image", "")
        .replace("spec:\n  selector", "spec:\n  progressDeadlineSeconds: 2\n  selector");
    let live = Live::start(&failing).await?;
    // Far below the time that it may take: the wait ends by itself.
    let late = live.world.expect(6, &["apply", "--auto-approve", "--timeout", "100s"])?;
    says(
        &late,
        &["Deployment/argocd/extra did not become ready: ReplicaSet \"extra-", "has timed out progressing"],
    )
}

#[tokio::test]
async fn pods_that_cannot_be_made_say_why() -> Result<()> {
    let live = Live::start(&deployment("", "")).await?;
    let quota = json!({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "none"}, "spec": {"hard": {"pods": "0"}}});
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "argocd"}});
    live.world.send("POST", "/api/v1/namespaces", "application/json", &namespace).await?;
    live.world.send("POST", "/api/v1/namespaces/argocd/resourcequotas", "application/json", &quota).await?;
    let late = live.expect_late(&[])?;
    says(
        &late,
        &[
            "Deployment/argocd/extra did not become ready: 0 of 1 replicas are updated: pods \"extra-",
            "exceeded quota",
        ],
    )
    .or_else(|_| {
        says(
            &late,
            &[
                "Deployment/argocd/extra did not become ready: 0 of 1 replicas are updated: pods \"extra-",
                "forbidden",
            ],
        )
    })?;
    // A StatefulSet has no such condition: its last event says it.
    says(
        &late,
        &[
            "StatefulSet/argocd/argocd-application-controller did not become ready",
            "  last warning: FailedCreate: ",
        ],
    )
}

/// A kubeconfig of somebody who may do all that an apply has to, and beside that look at these kinds of the core group only.
async fn blind(world: &World, looks: &[&str]) -> Result<std::path::PathBuf> {
    let rule = |groups: Value, resources: Value, verbs: Value| json!({"apiGroups": groups, "resources": resources, "verbs": verbs});
    let all = json!(["get", "list", "watch", "create", "update", "patch", "delete", "escalate", "bind"]);
    let core = [&["namespaces", "configmaps", "secrets", "services", "serviceaccounts"], looks].concat();
    let role = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "blind"}, "rules": [
        rule(json!(["apps", "apiextensions.k8s.io", "rbac.authorization.k8s.io", "networking.k8s.io", "argoproj.io", "coordination.k8s.io", "autoscaling", "policy"]), json!(["*"]), all.clone()),
        rule(json!([""]), json!(core), all),
    ]});
    let binding = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": "blind"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "blind"},
        "subjects": [{"kind": "User", "name": User::Restricted.name()}]});
    let rbac = "/apis/rbac.authorization.k8s.io/v1";
    world.send("POST", &format!("{rbac}/clusterroles"), "application/json", &role).await?;
    world.send("POST", &format!("{rbac}/clusterrolebindings"), "application/json", &binding).await?;
    let restricted = Kubeconfig::new().context("hub", world.hub.access_by_token(User::Restricted));
    let path = world.path("restricted.kubeconfig");
    restricted.write(&path)?;
    Ok(path)
}

#[tokio::test]
async fn who_may_not_look_at_pods_has_to_do_with_what_workloads_say_of_themselves() -> Result<()> {
    let live = Live::start(&deployment("", "")).await?;
    live.world.apply(&[])?;
    live.manifest(&deployment("note: changed", ""))?;
    let path = blind(&live.world, &[]).await?;
    let args = ["apply", "--auto-approve", "--timeout", "60s"];
    let ready = live.world.bridge(&args)?.kubeconfig(&path).run()?;
    ensure!(ready.code == Some(0), "{ready}");
    says(&ready, &["cannot be looked at, so its own status has to do: not allowed: pods is forbidden"])?;
    ensure!(ready.stderr.matches("its own status has to do").count() == 1, "{ready}");
    Ok(())
}

#[tokio::test]
async fn what_may_not_be_looked_at_is_said_and_changes_nothing_else() -> Result<()> {
    let live = Live::start(&deployment("bridge.e2e/fails: crash", "")).await?;
    live.world.apply(&[])?;
    // Neither events nor logs.
    let path = blind(&live.world, &["pods"]).await?;
    let args = ["apply", "--auto-approve", "--timeout", "2s"];
    let late = live.world.bridge(&args)?.kubeconfig(&path).run()?;
    ensure!(late.code == Some(6), "{late}");
    says(
        &late,
        &[
            "container main: CrashLoopBackOff",
            "  could not be looked at: events: not allowed: events is forbidden",
            "  could not be looked at: log of container main of pod extra-",
        ],
    )
}

/// What Argo CD's controller would write; the small manifest's definition has no status subresource.
fn conditions(error: &str, up_to_date: &str, at: &str) -> Value {
    let condition = |kind: &str, status: &str| json!({"type": kind, "status": status, "reason": "R", "message": "repository not found", "lastTransitionTime": at});
    json!({"status": {"conditions": [condition("ErrorOccurred", error), condition("ParametersGenerated", "True"), condition("ResourcesUpToDate", up_to_date)]}})
}

#[tokio::test]
async fn an_application_set_with_an_error_says_which_and_old_conditions_are_no_proof() -> Result<()> {
    let live = Live::start(&deployment("", "")).await?;
    live.world.profile(&Profile::small())?;
    let set = |name: &str| format!("/apis/argoproj.io/v1alpha1/namespaces/argocd/applicationsets/{name}");
    let silent = live.expect_late(&[])?;
    says(
        &silent,
        &["ApplicationSet/argocd/addons did not become ready: its controller has not looked at it yet"],
    )?;
    for name in ["addons", "workloads"] {
        live.world
            .patch_as("argocd", &set(name), &conditions("True", "False", "2026-01-01T00:00:00Z"))
            .await?;
    }
    let failed = live.expect_late(&[])?;
    says(
        &failed,
        &["ApplicationSet/argocd/addons did not become ready: has an error: repository not found"],
    )?;
    for name in ["addons", "workloads"] {
        live.world
            .patch_as("argocd", &set(name), &conditions("False", "True", "2026-01-01T00:00:00Z"))
            .await?;
    }
    live.world.expect(0, &["apply", "--auto-approve", "--timeout", "20s"])?;

    // After an update the conditions still speak of the set before: an error that comes now is seen.
    let other = "applicationSets: { preserveResourcesOnDeletion: false }\n";
    live.world.profile(&Profile::small().with(other))?;
    let running = live.world.bridge(&["apply", "--auto-approve", "--timeout", "10s"])?.spawn()?;
    let deadline = Instant::now() + Duration::from_secs(60);
    while !running.stderr_so_far().contains("its conditions are older than its last change") {
        ensure!(Instant::now() < deadline, "it did not wait: {}", running.stderr_so_far());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    live.world
        .patch_as("argocd", &set("addons"), &conditions("True", "False", "2036-01-01T00:00:00Z"))
        .await?;
    let late = running.wait()?;
    ensure!(late.code == Some(6), "{late}");
    says(&late, &["ApplicationSet/argocd/addons did not become ready: has an error: repository not found"])
}

#[tokio::test]
async fn argo_cd_is_ready_when_it_wrote_what_the_others_need() -> Result<()> {
    let live = Live::start("").await?;
    live.world.profile(&Profile { more: String::new(), ..Profile::official() })?;
    let late = live.world.expect(6, &["apply", "--auto-approve", "--timeout", "20s"])?;
    says(
        &late,
        &[
            "Deployment/argocd/argocd-server did not become ready: has not written the key `server.secretkey` of the Secret argocd-secret yet",
            "Deployment/argocd/argocd-redis did not become ready: has not written the key `auth` of the Secret argocd-redis yet",
        ],
    )?;
    ensure!(late.stderr.matches("did not become ready").count() == 2, "{late}");
    let secrets = "/api/v1/namespaces/argocd/secrets";
    let data = json!({"data": {"server.secretkey": "c2VjcmV0"}});
    live.world.patch_as("argocd-server", &format!("{secrets}/argocd-secret"), &data).await?;
    let redis = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "argocd-redis"}, "data": {"auth": "c2VjcmV0"}});
    live.world.send("POST", secrets, "application/json", &redis).await?;
    live.world.expect(0, &["apply", "--auto-approve", "--timeout", "60s"])?;

    // New pods are ready, and nobody reaches them.
    let patches = "  patches:\n    \
        - { target: { kind: Service, name: argocd-server }, merge: { spec: { selector: { app.kubernetes.io/name: nobody } } } }\n    \
        - { target: { kind: Deployment, name: argocd-server }, merge: { spec: { template: { metadata: { annotations: { note: changed } } } } } }\n";
    let official = Profile::official();
    let argocd = official.argocd.clone() + patches;
    live.world.profile(&Profile { argocd, more: String::new(), ..official })?;
    let late = live.expect_late(&[])?;
    let nobody = "Deployment/argocd/argocd-server did not become ready: nobody who is ready stands behind the Service argocd-server";
    says(&late, &[nobody])?;
    ensure!(late.stderr.matches("did not become ready").count() == 1, "{late}");
    Ok(())
}
