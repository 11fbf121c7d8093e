//! Pods and events as kubelets, schedulers and controllers write them.

use serde_json::{Value, json};

use super::{Live, LogOf, ended_before, in_the_way, is_controlled_by, last_warning, newest, trouble};

fn pod(status: &Value) -> Live {
    Live::new(json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "status": status}))
        .unwrap()
}

/// The words, and the container and the run whose log tells more.
fn words(status: &Value) -> (String, Option<(String, bool)>) {
    let found = trouble(&pod(status)).unwrap();
    (found.why, found.log.map(|LogOf { container, previous }| (container, previous)))
}

fn with_container(container: &Value) -> Value {
    json!({
        "phase": "Running",
        "conditions": [
            {"type": "PodScheduled", "status": "True"},
            {"type": "Ready", "status": "False", "reason": "ContainersNotReady", "message": "containers with unready status: [c]"},
        ],
        "containerStatuses": [container],
    })
}

#[test]
fn a_ready_pod_and_one_that_has_done_its_work_are_no_trouble() {
    let ready = json!({"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]});
    assert_eq!(trouble(&pod(&ready)), None);
    assert_eq!(trouble(&pod(&json!({"phase": "Succeeded"}))), None);
}

#[test]
fn a_pod_that_no_node_takes_says_what_the_scheduler_says() {
    let status = json!({"phase": "Pending", "conditions": [{"type": "PodScheduled", "status": "False",
        "reason": "Unschedulable", "message": "0/1 nodes are available: 1 Insufficient cpu."}]});
    assert_eq!(
        words(&status),
        ("Unschedulable: 0/1 nodes are available: 1 Insufficient cpu.".to_owned(), None)
    );
}

#[test]
fn an_image_that_cannot_be_pulled_has_no_log() {
    let container = json!({"name": "c", "ready": false, "restartCount": 0, "state": {"waiting": {
        "reason": "ImagePullBackOff", "message": "Back-off pulling image \"x\""}}});
    let expected = "container c: ImagePullBackOff: Back-off pulling image \"x\"";
    assert_eq!(words(&with_container(&container)), (expected.to_owned(), None));
}

#[test]
fn a_crash_loop_says_how_it_ended_and_has_the_log_of_the_run_before() {
    let container = json!({"name": "c", "ready": false, "restartCount": 4,
        "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 40s"}},
        "lastState": {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}});
    let expected =
        "container c: CrashLoopBackOff: back-off 40s; before, it ended with exit code 137 (OOMKilled)";
    assert_eq!(words(&with_container(&container)), (expected.to_owned(), Some(("c".to_owned(), true))));
}

#[test]
fn a_container_that_runs_and_is_not_ready_has_its_log() {
    let container = json!({"name": "c", "ready": false, "restartCount": 0, "state": {"running": {}}});
    let (why, log) = words(&with_container(&container));
    assert!(why.contains("readiness probe"), "{why}");
    assert_eq!(log, Some(("c".to_owned(), false)));
}

#[test]
fn the_container_that_failed_is_named_and_not_those_that_wait_for_it() {
    let waits = json!({"name": "c", "ready": false, "state": {"waiting": {"reason": "PodInitializing"}}});
    let mut status = with_container(&waits);
    assert_eq!(words(&status).0, "container c: PodInitializing");
    status["initContainerStatuses"] = json!([
        {"name": "done", "ready": true, "state": {"terminated": {"exitCode": 0, "reason": "Completed"}}},
        {"name": "init", "ready": false, "state": {"terminated": {"exitCode": 1, "reason": "Error", "message": "no disk\n"}}},
    ]);
    let expected = "container init ended with exit code 1 (Error: no disk)";
    assert_eq!(words(&status), (expected.to_owned(), Some(("init".to_owned(), false))));
}

#[test]
fn a_pod_without_containers_says_what_its_status_says() {
    let evicted = json!({"phase": "Failed", "reason": "Evicted", "message": "The node was low on memory"});
    assert_eq!(words(&evicted).0, "Evicted: The node was low on memory");
    assert_eq!(words(&json!({"phase": "Pending"})).0, "has not been started yet");
    let gate = json!({"phase": "Running", "conditions": [{"type": "Ready", "status": "False",
        "reason": "ReadinessGatesNotReady", "message": "the status of pod readiness gate \"x\" is not \"True\""}],
        "containerStatuses": [{"name": "c", "ready": true, "state": {"running": {}}}]});
    assert!(words(&gate).0.starts_with("ReadinessGatesNotReady: "));
}

fn owned(name: &str, owner: &str, revision: &str) -> Live {
    let metadata = json!({"name": name, "uid": name,
        "annotations": {"deployment.kubernetes.io/revision": revision},
        "ownerReferences": [{"kind": "Deployment", "name": "d", "uid": owner, "controller": true}]});
    Live::new(json!({"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": metadata})).unwrap()
}

#[test]
fn the_newest_replica_set_is_the_deployments_own_of_the_highest_revision() {
    let deployment =
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d", "uid": "d"}});
    let deployment = Live::new(deployment).unwrap();
    let sets = [owned("nine", "d", "9"), owned("ten", "d", "10"), owned("foreign", "other", "11")];
    assert_eq!(newest(&deployment, &sets).unwrap().id().name, "ten");
    assert!(!is_controlled_by(&sets[2], "d"));
}

#[test]
fn the_last_warning_is_shown_with_how_often_it_came() {
    let event = |kind: &str, reason: &str, more: Value| {
        let mut event = json!({"apiVersion": "v1", "kind": "Event", "metadata": {"name": reason},
            "type": kind, "reason": reason, "message": "m"});
        for (key, value) in more.as_object().unwrap() {
            event[key] = value.clone();
        }
        Live::new(event).unwrap()
    };
    let events = [
        event(
            "Warning",
            "FailedScheduling",
            json!({"eventTime": "2026-01-01T10:00:00.000000Z", "lastTimestamp": null}),
        ),
        event("Warning", "BackOff", json!({"lastTimestamp": "2026-01-01T10:05:00Z", "count": 12})),
        event("Normal", "Pulled", json!({"lastTimestamp": "2026-01-01T10:06:00Z"})),
    ];
    assert_eq!(last_warning(&events).unwrap(), "BackOff: m (12 times)");
    assert_eq!(last_warning(&events[..1]).unwrap(), "FailedScheduling: m");
    assert_eq!(last_warning(&events[2..]), None);
}

#[test]
fn a_warning_that_says_why_counts_before_one_that_repeats_the_reason() {
    let event = |message: &str, minute: u8| {
        let body = json!({"apiVersion": "v1", "kind": "Event", "metadata": {"name": message}, "type": "Warning",
            "reason": "Failed", "message": message, "lastTimestamp": format!("2026-01-01T10:{minute:02}:00Z")});
        Live::new(body).unwrap()
    };
    let why = "Failed to pull image \"x\": not found";
    let events = [event(why, 1), event("Error: ErrImagePull", 2), event("Error: ImagePullBackOff", 3)];
    assert_eq!(last_warning(&events).unwrap(), format!("Failed: {why}"));
    assert_eq!(last_warning(&events[1..]).unwrap(), "Failed: Error: ImagePullBackOff");
    let missing = event("Error: secret \"argocd-redis\" not found", 2);
    assert_eq!(
        last_warning(&[events[0].clone(), missing]).unwrap(),
        "Failed: Error: secret \"argocd-redis\" not found"
    );
}

#[test]
fn a_probe_that_ended_a_container_is_told_rather_than_that_it_is_started_again() {
    let event = |reason: &str, message: &str, second: u8| {
        let body = json!({"apiVersion": "v1", "kind": "Event", "metadata": {"name": reason}, "type": "Warning", "count": second,
            "reason": reason, "message": message, "lastTimestamp": format!("2026-01-01T10:00:{second:02}Z")});
        Live::new(body).unwrap()
    };
    let back_off = event("BackOff", "Back-off restarting failed container", 7);
    for probe in ["Liveness probe failed", "Startup probe errored"] {
        let unhealthy = event("Unhealthy", &format!("{probe}: the disk is full\n"), 5);
        let told = last_warning(&[unhealthy, back_off.clone()]).unwrap();
        assert_eq!(told, format!("Unhealthy: {probe}: the disk is full (5 times)"));
    }
    let unready = event("Unhealthy", "Readiness probe failed: not yet", 5);
    let told = last_warning(&[unready, back_off]).unwrap();
    assert_eq!(told, "BackOff: Back-off restarting failed container (7 times)", "that ends nothing");
}

#[test]
fn a_process_that_ended_before_is_told_also_of_a_pod_that_is_ready_right_now() {
    let mut container = json!({"name": "c", "ready": true, "restartCount": 2, "state": {"running": {}},
        "lastState": {"terminated": {"exitCode": 1, "reason": "Error"}}});
    let of = |container: &Value| ended_before(&pod(&with_container(container)));
    let found = of(&container).unwrap();
    assert_eq!(found.why, "container c runs again; before, it ended with exit code 1 (Error)");
    assert_eq!(found.log, Some(LogOf { container: "c".into(), previous: true }));
    container["lastState"] = json!({});
    assert_eq!(of(&container), None);
}

#[test]
fn a_pod_that_hinders_its_own_replacement_is_told_with_the_line_that_clears_it() {
    let set = json!({"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "s", "namespace": "argocd"},
        "status": {"updateRevision": "new"}});
    let of = |revision: &str| {
        let metadata =
            json!({"name": "s-0", "namespace": "argocd", "labels": {"controller-revision-hash": revision}});
        Live::new(json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata})).unwrap()
    };
    let told = in_the_way(&Live::new(set.clone()).unwrap(), &of("old")).unwrap();
    assert!(told.ends_with(": kubectl delete pod --namespace argocd s-0"), "{told}");
    assert_eq!(in_the_way(&Live::new(set.clone()).unwrap(), &of("new")), None);
    for (field, value) in [
        ("podManagementPolicy", json!("Parallel")),
        ("updateStrategy", json!({"rollingUpdate": {"partition": 1}})),
    ] {
        let mut other = set.clone();
        other["spec"] = json!({field: value});
        assert_eq!(in_the_way(&Live::new(other).unwrap(), &of("old")), None, "{field}");
    }
    let mut other = set;
    other["kind"] = "DaemonSet".into();
    assert_eq!(in_the_way(&Live::new(other).unwrap(), &of("old")), None);
}
