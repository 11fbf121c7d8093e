//! Pods whose processes run on, and such as do not.

use serde_json::json;

use super::*;

fn workload(kind: &str, container: &Value) -> Live {
    let spec = json!({"template": {"spec": {"containers": [container]}}});
    let body = json!({"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": "x"}, "spec": spec});
    Live::new(body).unwrap()
}

fn unprobed() -> Live {
    workload("Deployment", &json!({"name": "dex", "livenessProbe": {}}))
}

fn probed() -> Live {
    workload("Deployment", &json!({"name": "dex", "readinessProbe": {"tcpSocket": {"port": 1}}}))
}

fn running(restarts: i64) -> Value {
    json!({"name": "dex", "restartCount": restarts, "state": {"running": {}}})
}

fn pod(name: &str, status: &Value) -> Live {
    Live::new(json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "status": status}))
        .unwrap()
}

fn pods(restarts: &[i64]) -> Vec<Live> {
    let pod = |(index, restarts): (usize, &i64)| {
        pod(&format!("dex-{index}"), &json!({"containerStatuses": [running(*restarts)]}))
    };
    restarts.iter().enumerate().map(pod).collect()
}

fn at(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn progressing(why: &str) -> Readiness {
    Readiness::Progressing(why.to_owned())
}

#[test]
fn what_has_containers_that_run_on_needs_it() {
    assert!(Proof::is_needed(&unprobed()) && Proof::is_needed(&probed()));
    assert!(!Proof::is_needed(&workload("Job", &json!({"name": "main"}))));
    assert!(!Proof::is_needed(&pod("alone", &json!({}))));
}

#[test]
fn without_a_probe_it_is_ready_after_a_while_without_a_restart() {
    let of = |before, restarts: &[i64], now| Proof::of(before, &unprobed(), &pods(restarts), now);
    let first = of(None, &[0, 0], at(3));
    assert_eq!(first.readiness(at(7)), progressing("has no readiness probe, and has not run for 5 s yet"));
    assert!(!first.is_due(at(7)) && first.is_due(at(8)));
    let same = of(Some(first.clone()), &[0, 0], at(8));
    assert_eq!(same.readiness(at(8)), Readiness::Ready);
    let again = of(Some(first), &[0, 2], at(8));
    let words = "container dex of pod dex-1 was started again (2 times), and has not run for 5 s since";
    assert_eq!(again.readiness(at(8)), progressing(words));
    let mended = of(Some(again), &[0, 2], at(13));
    assert_eq!(mended.readiness(at(13)), Readiness::Ready, "one restart is no fault");
}

#[test]
fn with_a_probe_it_is_ready_at_once_unless_it_was_started_again() {
    let of = |before, restarts: &[i64], now| Proof::of(before, &probed(), &pods(restarts), now);
    assert_eq!(of(None, &[0, 0], at(3)).readiness(at(3)), Readiness::Ready);
    let again = of(None, &[0, 1], at(3));
    assert!(matches!(again.readiness(at(3)), Readiness::Progressing(_)));
    assert_eq!(of(Some(again), &[0, 1], at(8)).readiness(at(8)), Readiness::Ready);
}

#[test]
fn a_container_has_to_outlive_its_last_run() {
    let of = |seconds: i64| {
        let times = json!({"startedAt": "2026-01-01T10:00:00Z", "finishedAt": format!("2026-01-01T10:{:02}:{:02}Z", seconds / 60, seconds % 60)});
        let mut status = running(1);
        status["lastState"] = json!({"terminated": times});
        Proof::of(None, &probed(), &[pod("dex-0", &json!({"containerStatuses": [status]}))], at(0)).needed
    };
    assert_eq!([of(0), of(12), of(200)], [SETTLED, at(12), LONGEST]);
    assert_eq!(of(1200), SETTLED, "whatever ended it after 20 min, it is no crash loop");
}

#[test]
fn a_container_that_does_not_run_right_now_is_not_ready_and_is_looked_at_again() {
    let with = |state: Value| {
        let status = json!({"name": "dex", "restartCount": 4, "state": state});
        Proof::of(None, &probed(), &[pod("dex-0", &json!({"containerStatuses": [status]}))], at(0))
    };
    let waits = with(json!({"waiting": {"reason": "CrashLoopBackOff"}}));
    let words = "container dex of pod dex-0 does not run: CrashLoopBackOff";
    assert_eq!(waits.readiness(at(60)), progressing(words), "however long it has been so");
    assert!(waits.is_due(at(0)));
    let ended = with(json!({"terminated": {"exitCode": 0, "reason": "Completed"}}));
    assert_eq!(ended.readiness(at(0)), progressing("container dex of pod dex-0 does not run: Completed"));
    // It has to run on after it came back, from then on.
    let back = Proof::of(Some(waits), &probed(), &pods(&[4]), at(20));
    assert!(matches!(back.readiness(at(20)), Readiness::Progressing(_)));
    assert_eq!(back.readiness(at(25)), Readiness::Ready);
}

#[test]
fn a_sidecar_counts_and_an_init_container_that_did_its_work_does_not() {
    let with = |policy: &Value, state: Value| {
        let init = json!([{"name": "init", "restartCount": 1, "state": state}]);
        let mut pod = pod("dex-0", &json!({"initContainerStatuses": init})).body().clone();
        pod["spec"] = json!({"initContainers": [{"name": "init", "restartPolicy": policy}]});
        Proof::of(None, &probed(), &[Live::new(pod).unwrap()], at(0)).readiness(at(0))
    };
    let ended = json!({"terminated": {"exitCode": 0}});
    assert_eq!(with(&Value::Null, ended.clone()), Readiness::Ready);
    assert!(matches!(with(&"Always".into(), ended), Readiness::Progressing(_)));
}

#[test]
fn other_pods_prove_nothing_about_those_before_and_no_pods_are_no_fault() {
    let of = |before, restarts: &[i64], now| Proof::of(before, &unprobed(), &pods(restarts), now);
    let first = of(None, &[0], at(0));
    let scaled = of(Some(first), &[0, 0], at(6));
    assert!(matches!(scaled.readiness(at(6)), Readiness::Progressing(_)));
    assert_eq!(of(None, &[], at(0)).readiness(at(0)), Readiness::Ready);
}
