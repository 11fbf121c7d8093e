//! Statuses as controllers write them.

use serde_json::{Value, json};

use super::{Live, Readiness, WrittenKey, is_settling, readiness, selector};

fn object(group_version: &str, kind: &str, spec: &Value, status: &Value) -> Value {
    let metadata = json!({"name": "x", "namespace": "argocd", "generation": 2});
    json!({"apiVersion": group_version, "kind": kind, "metadata": metadata, "spec": spec, "status": status})
}

fn rule(group_version: &str, kind: &str, spec: &Value, status: &Value) -> Readiness {
    readiness(&Live::new(object(group_version, kind, spec, status)).unwrap())
}

/// Takes a status that is ready, and expects that each of the changes alone makes it not ready.
fn each_counts(group_version: &str, kind: &str, spec: &Value, status: &Value, changes: &[(&str, Value)]) {
    assert_eq!(rule(group_version, kind, spec, status), Readiness::Ready, "{kind}");
    for (key, value) in changes {
        let mut status = status.clone();
        status[*key] = value.clone();
        let found = rule(group_version, kind, spec, &status);
        assert!(matches!(found, Readiness::Progressing(_)), "{kind} {key}: {found:?}");
    }
}

#[test]
fn a_deployment_is_ready_when_all_replicas_of_the_last_change_are() {
    let status = json!({"observedGeneration": 2, "replicas": 2, "updatedReplicas": 2, "readyReplicas": 2, "availableReplicas": 2});
    let changes = [
        ("observedGeneration", json!(1)),
        ("updatedReplicas", json!(1)),
        ("readyReplicas", json!(0)),
        ("availableReplicas", json!(1)),
        ("replicas", json!(3)),
    ];
    each_counts("apps/v1", "Deployment", &json!({"replicas": 2}), &status, &changes);
}

#[test]
fn a_replica_set_is_ready_when_all_replicas_are() {
    let status = json!({"observedGeneration": 2, "replicas": 2, "fullyLabeledReplicas": 2, "readyReplicas": 2, "availableReplicas": 2});
    let changes = [
        ("observedGeneration", json!(1)),
        ("fullyLabeledReplicas", json!(1)),
        ("readyReplicas", json!(0)),
        ("availableReplicas", json!(1)),
        ("replicas", json!(3)),
    ];
    each_counts("apps/v1", "ReplicaSet", &json!({"replicas": 2}), &status, &changes);
}

#[test]
fn a_stateful_set_is_ready_when_its_revision_is_everywhere() {
    let status = json!({"observedGeneration": 2, "replicas": 3, "readyReplicas": 3, "availableReplicas": 3,
        "updatedReplicas": 3, "currentRevision": "a", "updateRevision": "a"});
    let changes = [
        ("observedGeneration", json!(1)),
        ("readyReplicas", json!(2)),
        ("availableReplicas", json!(2)),
        ("updateRevision", json!("b")),
    ];
    each_counts("apps/v1", "StatefulSet", &json!({"replicas": 3}), &status, &changes);
}

#[test]
fn a_partition_leaves_the_pods_below_it_alone() {
    let status = |updated: i64| {
        json!({"observedGeneration": 2, "replicas": 3, "readyReplicas": 3, "availableReplicas": 3,
            "updatedReplicas": updated, "currentRevision": "a", "updateRevision": "b"})
    };
    let spec = json!({"replicas": 3, "updateStrategy": {"rollingUpdate": {"partition": 2}}});
    assert_eq!(rule("apps/v1", "StatefulSet", &spec, &status(1)), Readiness::Ready);
    let found = rule("apps/v1", "StatefulSet", &spec, &status(0));
    assert_eq!(found, Readiness::Progressing("0 of 1 replicas of its partition are updated".to_owned()));
    let on_delete = json!({"replicas": 3, "updateStrategy": {"type": "OnDelete"}});
    assert_eq!(rule("apps/v1", "StatefulSet", &on_delete, &status(0)), Readiness::Ready);
}

#[test]
fn a_daemon_set_is_ready_on_every_node_that_it_is_for() {
    let status = json!({"observedGeneration": 2, "desiredNumberScheduled": 2, "updatedNumberScheduled": 2, "numberAvailable": 2});
    let changes = [
        ("observedGeneration", json!(1)),
        ("updatedNumberScheduled", json!(1)),
        ("numberAvailable", json!(0)),
    ];
    each_counts("apps/v1", "DaemonSet", &json!({}), &status, &changes);
}

#[test]
fn a_job_is_ready_when_it_is_complete_and_never_after_it_failed() {
    let status =
        |kind: &str| json!({"conditions": [{"type": kind, "status": "True", "message": "backoff limit"}]});
    assert_eq!(rule("batch/v1", "Job", &json!({}), &status("Complete")), Readiness::Ready);
    assert!(matches!(rule("batch/v1", "Job", &json!({}), &status("Suspended")), Readiness::Progressing(_)));
    assert_eq!(rule("batch/v1", "Job", &json!({"suspend": true}), &status("Suspended")), Readiness::Ready);
    let failed = rule("batch/v1", "Job", &json!({}), &status("Failed"));
    assert_eq!(failed, Readiness::Failed("backoff limit".to_owned()));
}

const CRD: (&str, &str) = ("apiextensions.k8s.io/v1", "CustomResourceDefinition");

#[test]
fn a_definition_is_ready_when_its_names_are_accepted_and_it_is_established() {
    let with = |names: &str, established: &str, observed: Value| {
        let status = json!({"conditions": [
            {"type": "NamesAccepted", "status": names, "message": "in use", "observedGeneration": observed},
            {"type": "Established", "status": established, "observedGeneration": observed},
        ]});
        rule(CRD.0, CRD.1, &json!({}), &status)
    };
    assert_eq!(with("True", "True", Value::Null), Readiness::Ready);
    assert_eq!(with("True", "True", json!(2)), Readiness::Ready);
    assert!(matches!(with("True", "True", json!(1)), Readiness::Progressing(_)), "of the generation before");
    assert!(matches!(with("True", "False", Value::Null), Readiness::Progressing(_)));
    assert_eq!(
        with("False", "False", Value::Null),
        Readiness::Failed("its names are not accepted: in use".to_owned())
    );
}

#[test]
fn an_object_that_nobody_has_looked_at_is_not_ready() {
    for (group_version, kind) in [
        ("v1", "Pod"),
        ("apps/v1", "Deployment"),
        ("apps/v1", "ReplicaSet"),
        ("apps/v1", "StatefulSet"),
        ("apps/v1", "DaemonSet"),
        ("batch/v1", "Job"),
        CRD,
        ("argoproj.io/v1alpha1", "ApplicationSet"),
    ] {
        let found = rule(group_version, kind, &json!({}), &json!({}));
        assert!(matches!(found, Readiness::Progressing(_)), "{kind}");
    }
    for (group_version, kind) in
        [("v1", "Service"), ("policy/v1", "PodDisruptionBudget"), ("example.com/v1", "Deployment")]
    {
        assert_eq!(rule(group_version, kind, &json!({}), &json!({})), Readiness::Ready, "{kind}");
    }
}

#[test]
fn a_kind_without_a_rule_is_ready_unless_its_status_says_otherwise() {
    let with = |kind: &str, status: &str, observed: Value| {
        let conditions = json!([{"type": kind, "status": status, "message": "quota"}]);
        let status = json!({"observedGeneration": observed, "conditions": conditions});
        rule("example.com/v1", "Cache", &json!({}), &status)
    };
    let progressing = |why: &str| Readiness::Progressing(why.to_owned());
    for observed in [Value::Null, json!(2)] {
        assert_eq!(with("Ready", "True", observed.clone()), Readiness::Ready);
        assert_eq!(with("Available", "False", observed.clone()), Readiness::Ready, "of no common meaning");
        assert_eq!(with("Ready", "False", observed.clone()), progressing("is not ready: quota"));
        assert_eq!(with("Ready", "Unknown", observed.clone()), progressing("is not ready: quota"));
        assert_eq!(with("Reconciling", "True", observed.clone()), progressing("is being worked on: quota"));
        assert_eq!(with("Stalled", "False", observed), Readiness::Ready);
    }
    let stalled = "does not get any further: quota";
    assert_eq!(with("Stalled", "True", json!(2)), Readiness::Failed(stalled.to_owned()));
    assert_eq!(with("Stalled", "True", Value::Null), progressing(stalled));
    assert_eq!(with("Ready", "True", json!(1)), progressing("waits for its controller"));
    let budget = json!({"observedGeneration": 1, "disruptionsAllowed": 0});
    let found = rule("policy/v1", "PodDisruptionBudget", &json!({}), &budget);
    assert_eq!(found, progressing("waits for its controller"));
}

#[test]
fn a_pod_of_its_own_is_ready_when_it_says_so_or_has_done_its_work() {
    let pod = |status: &Value| rule("v1", "Pod", &json!({}), status);
    let ready = |status: &str| json!([{"type": "Ready", "status": status}]);
    assert_eq!(pod(&json!({"phase": "Running", "conditions": ready("True")})), Readiness::Ready);
    assert_eq!(pod(&json!({"phase": "Succeeded", "conditions": ready("False")})), Readiness::Ready);
    let evicted = json!({"phase": "Failed", "reason": "Evicted", "conditions": ready("False")});
    assert_eq!(pod(&evicted), Readiness::Failed("Evicted".to_owned()));
    let waiting = json!({"reason": "CrashLoopBackOff", "message": "back-off 40s"});
    let statuses = json!([{"name": "main", "ready": false, "state": {"waiting": waiting}}]);
    let crashes = json!({"phase": "Running", "conditions": ready("False"), "containerStatuses": statuses});
    let why = "container main: CrashLoopBackOff: back-off 40s".to_owned();
    assert_eq!(pod(&crashes), Readiness::Progressing(why));
}

#[test]
fn an_object_that_is_being_deleted_is_not_ready() {
    let status = json!({"conditions": [{"type": "Complete", "status": "True"}]});
    let mut job = object("batch/v1", "Job", &json!({}), &status);
    job["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z".into();
    assert_eq!(readiness(&Live::new(job).unwrap()), Readiness::Progressing("is being deleted".to_owned()));
}

#[test]
fn a_rollout_that_gave_up_has_failed_and_one_without_pods_says_why() {
    let status = |kind: &str, value: &str, observed: i64| {
        let conditions = json!([{"type": kind, "status": value, "reason": "R", "message": "because"}]);
        json!({"observedGeneration": observed, "conditions": conditions})
    };
    let rule = |status: &Value| rule("apps/v1", "Deployment", &json!({}), status);
    assert_eq!(rule(&status("Progressing", "False", 2)), Readiness::Failed("because".to_owned()));
    let before = rule(&status("Progressing", "False", 1));
    assert_eq!(before, Readiness::Progressing("waits for its controller".to_owned()));
    let refused = rule(&status("ReplicaFailure", "True", 2));
    assert_eq!(refused, Readiness::Progressing("0 of 1 replicas are updated: because".to_owned()));
}

/// The conditions that Argo CD's controller writes, and their statuses on a healthy ApplicationSet.
const HEALTHY: [(&str, &str); 3] =
    [("ErrorOccurred", "False"), ("ParametersGenerated", "True"), ("ResourcesUpToDate", "True")];

fn application_set(conditions: &[(&str, &str)], at: &str) -> Live {
    let condition = |(kind, status): &(&str, &str)| json!({"type": kind, "status": status, "message": "repository not found", "lastTransitionTime": at});
    let conditions: Vec<Value> = conditions.iter().map(condition).collect();
    let mut set =
        object("argoproj.io/v1alpha1", "ApplicationSet", &json!({}), &json!({"conditions": conditions}));
    set["metadata"]["managedFields"] = json!([
        {"manager": "bridge", "operation": "Apply", "time": "2026-01-01T10:00:00Z"},
        {"manager": "argocd-applicationset-controller", "operation": "Update", "time": "2026-01-01T10:00:09Z"},
    ]);
    Live::new(set).unwrap()
}

#[test]
fn an_application_set_is_ready_without_errors_and_with_its_applications() {
    assert_eq!(readiness(&application_set(&HEALTHY, "")), Readiness::Ready);
    let progressing = |why: &str| Readiness::Progressing(why.to_owned());
    let expected = [
        ("True", "has an error: repository not found"),
        ("False", "its generators gave no parameters: repository not found"),
        ("False", "its Applications are not up to date: repository not found"),
    ];
    for (index, (status, why)) in expected.into_iter().enumerate() {
        let with = |status| {
            let mut conditions = HEALTHY;
            conditions[index].1 = status;
            readiness(&application_set(&conditions, ""))
        };
        assert_eq!(with(status), progressing(why));
        assert_eq!(with("Unknown"), progressing("its controller has not looked at it yet"));
        let mut without = HEALTHY.to_vec();
        without.remove(index);
        let found = readiness(&application_set(&without, ""));
        assert_eq!(found, progressing("its controller has not looked at it yet"), "{without:?}");
    }
    let failed =
        [("ErrorOccurred", "True"), ("ParametersGenerated", "False"), ("ResourcesUpToDate", "False")];
    assert_eq!(readiness(&application_set(&failed, "")), progressing("has an error: repository not found"));
    let rolling = [&HEALTHY[..], &[("RolloutProgressing", "False")]].concat();
    assert_eq!(readiness(&application_set(&rolling, "")), Readiness::Ready, "a strategy of its own");
}

#[test]
fn conditions_that_are_older_than_the_last_change_settle_first() {
    let at = |time: &str| is_settling(&application_set(&HEALTHY, time));
    assert!(at("2026-01-01T09:59:59Z"));
    assert!(at("2026-01-01T10:00:00Z"), "the same second tells nothing");
    assert!(!at("2026-01-01T10:00:01Z"));
}

#[test]
fn what_argo_cd_writes_when_it_starts_is_waited_for() {
    let named = |name: &str| {
        let metadata = json!({"name": name, "namespace": "argocd"});
        Live::new(json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata})).unwrap()
    };
    assert_eq!(WrittenKey::of(&named("argocd-dex-server")), None);
    let written = WrittenKey::of(&named("argocd-server")).unwrap();
    let secret = |data: Value| {
        let metadata = json!({"name": "argocd-secret", "namespace": "argocd"});
        Live::new(json!({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": data})).unwrap()
    };
    assert_eq!(written.readiness(Some(&secret(json!({"server.secretkey": "eA=="})))), Readiness::Ready);
    let missing = Readiness::Progressing(
        "has not written the key `server.secretkey` of the Secret argocd-secret yet".to_owned(),
    );
    for found in [None, Some(secret(Value::Null)), Some(secret(json!({"server.secretkey": ""})))] {
        assert_eq!(written.readiness(found.as_ref()), missing);
    }
    let redis = WrittenKey::of(&named("argocd-redis")).unwrap();
    assert_eq!((redis.secret.name.as_str(), redis.key), ("argocd-redis", "auth"));
    // In the flavor `ha` no Deployment is called `argocd-redis`: the init container is of what stands before it.
    assert_eq!(WrittenKey::of(&named("argocd-redis-ha-haproxy")), Some(redis));
}

#[test]
fn a_selector_is_written_as_a_query_takes_it() {
    let select =
        |spec: &Value| selector(&Live::new(object("apps/v1", "Deployment", spec, &Value::Null)).unwrap());
    let both = json!({"selector": {
        "matchLabels": {"app": "x"},
        "matchExpressions": [
            {"key": "tier", "operator": "In", "values": ["a", "b"]},
            {"key": "tier", "operator": "NotIn", "values": ["c"]},
            {"key": "is", "operator": "Exists"},
            {"key": "not", "operator": "DoesNotExist"},
        ],
    }});
    assert_eq!(select(&both).unwrap(), "app=x,tier in (a,b),tier notin (c),is,!not");
    assert_eq!(select(&json!({})), None);
}
