//! Pods that cannot start, by the second.

use serde_json::{Value, json};

use super::*;

fn workload(kind: &str) -> Live {
    Live::new(json!({"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": "x"}})).unwrap()
}

fn pod(container: &Value) -> Live {
    let metadata = json!({"name": "x-1", "uid": "u1"});
    let status = json!({"phase": "Running", "containerStatuses": [container]});
    Live::new(json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "status": status})).unwrap()
}

fn waiting(reason: &str) -> Live {
    pod(&json!({"name": "c", "restartCount": 0, "state": {"waiting": {"reason": reason}}}))
}

/// A container that was started again so often, and ended again.
fn ended(restarts: i64) -> Live {
    pod(&json!({"name": "c", "restartCount": restarts, "state": {"waiting": {"reason": "CrashLoopBackOff"}}}))
}

fn runs_again(restarts: i64) -> Live {
    pod(&json!({"name": "c", "restartCount": restarts, "state": {"running": {}}}))
}

/// What is told of a Deployment of this run after looks at these pods, each at its second.
fn after(looks: &[(u64, Live)]) -> Option<String> {
    seen(looks).verdict(true)
}

fn seen(looks: &[(u64, Live)]) -> Watch {
    let mut watch = Watch::default();
    for (second, pod) in looks {
        watch.look(&workload("Deployment"), std::slice::from_ref(pod), Duration::from_secs(*second));
    }
    watch
}

fn says(why: &str) -> Option<String> {
    Some(format!("container c of pod x-1 does not come up by itself: {why}"))
}

#[test]
fn an_image_is_given_up_once_the_kubelet_has_tried_again() {
    let image = || waiting("ImagePullBackOff");
    assert_eq!(after(&[(5, waiting("ErrImagePull")), (29, image())]), None);
    let late = [(5, waiting("ErrImagePull")), (10, image()), (30, image())];
    assert_eq!(after(&late), says("its image could not be had for 25 s"));
    let blip = [(5, image()), (10, waiting("ContainerCreating")), (15, image()), (35, image())];
    assert_eq!(after(&blip), None, "it counts from its last beginning");
    assert_eq!(after(&[(5, waiting("InvalidImageName"))]), says("its image has a name that is none"));
}

#[test]
fn what_an_earlier_run_wrote_may_be_mended_meanwhile() {
    let image = [(5, waiting("ImagePullBackOff")), (500, waiting("ImagePullBackOff"))];
    assert_eq!(seen(&image).verdict(false), None);
    assert_eq!(seen(&[(5, waiting("InvalidImageName"))]).verdict(false), None);
    // Not where it ends once more while it is watched.
    assert_eq!(seen(&[(5, ended(7)), (300, ended(7))]).verdict(false), None);
    assert_eq!(seen(&[(5, ended(7)), (300, ended(8))]).verdict(false), says("it ended 9 times"));
}

#[test]
fn a_crash_loop_is_given_up_at_the_third_restart_that_is_seen_to_fail() {
    assert_eq!(after(&[(5, ended(1)), (20, ended(2))]), None);
    assert_eq!(after(&[(5, ended(1)), (40, runs_again(3))]), None, "it runs right now");
    assert_eq!(after(&[(5, ended(1)), (20, runs_again(2)), (40, ended(3))]), says("it ended 4 times"));
    assert_eq!(after(&[(5, ended(3)), (300, ended(3))]), None, "nobody has seen it fail");
    let job = |restarts| (5, ended(restarts));
    let mut watch = Watch::default();
    for (second, pod) in [job(1), job(4)] {
        watch.look(&workload("Job"), &[pod], Duration::from_secs(second));
    }
    assert_eq!(watch.verdict(true), None, "a Job counts by itself");
}

#[test]
fn a_container_that_ends_or_cannot_be_made_may_wait_for_a_workload_that_is_on_its_way() {
    let at = Duration::from_secs;
    let look = |watch: &mut Watch, second, pod: Live| watch.look(&workload("Deployment"), &[pod], at(second));
    let mut watch = seen(&[(5, ended(1)), (40, ended(3))]);
    watch.forgive();
    assert_eq!(watch.verdict(true), None);
    look(&mut watch, 45, ended(4));
    assert_eq!(watch.verdict(true), None, "it may have ended before redis ran");
    look(&mut watch, 60, ended(4));
    assert_eq!(watch.verdict(true), None, "it has not been tried again");
    look(&mut watch, 130, ended(5));
    assert_eq!(watch.verdict(true), says("it ended 6 times"));

    let secret = || waiting("CreateContainerConfigError");
    let mut watch = seen(&[(5, secret()), (40, secret())]);
    watch.forgive();
    look(&mut watch, 45, secret());
    look(&mut watch, 69, secret());
    assert_eq!(watch.verdict(true), None);
    look(&mut watch, 70, secret());
    assert_eq!(watch.verdict(true), says("it could not be made for 25 s"));

    let mut watch = seen(&[(5, waiting("ErrImagePull")), (30, waiting("ImagePullBackOff"))]);
    watch.forgive();
    look(&mut watch, 35, waiting("ImagePullBackOff"));
    assert!(watch.verdict(true).is_some(), "an image waits for nobody");
}

#[test]
fn another_pod_begins_anew() {
    let mut watch = seen(&[(5, waiting("ImagePullBackOff"))]);
    let mut other = waiting("ImagePullBackOff").body().clone();
    other["metadata"]["uid"] = "u2".into();
    watch.look(&workload("StatefulSet"), &[Live::new(other).unwrap()], Duration::from_secs(35));
    assert_eq!(watch.verdict(true), None);
}

#[test]
fn what_may_heal_is_told_and_never_given_up() {
    let unschedulable = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x-1"}, "status": {
        "phase": "Pending", "conditions": [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/1 nodes are available"}]}});
    let unready = pod(&json!({"name": "c", "restartCount": 0, "ready": false, "state": {"running": {}}}));
    let creating = waiting("ContainerCreating");
    for pod in [Live::new(unschedulable).unwrap(), unready, creating] {
        let watch = seen(&[(5, pod.clone()), (600, pod)]);
        assert_eq!(watch.verdict(true), None);
        assert!(watch.is_on_its_way(), "others may wait for it");
        assert!(watch.trouble().unwrap().starts_with("pod x-1: "), "{:?}", watch.trouble());
    }
}

#[test]
fn a_workload_is_on_its_way_until_something_is_known_that_keeps_all_of_its_pods() {
    assert!(Watch::default().is_on_its_way(), "nobody looked");
    let mut watch = seen(&[(5, ended(1))]);
    assert!(!watch.is_on_its_way());
    watch.look(&workload("Deployment"), &[], Duration::from_secs(10));
    assert!(watch.is_on_its_way(), "pods are still to be made");
    let two = [ended(1), waiting("ContainerCreating")];
    watch.look(&workload("Deployment"), &two, Duration::from_secs(15));
    assert!(watch.is_on_its_way());
    assert!(!watch.is_due(Duration::from_secs(19)) && watch.is_due(Duration::from_secs(20)));
}

#[test]
fn a_pod_that_is_not_ready_for_a_minute_stands_still_and_again_after_the_next_one() {
    let at = Duration::from_secs;
    let creating = || waiting("ContainerCreating");
    let mut watch = seen(&[(5, creating()), (10, creating())]);
    assert!(!watch.stands_still(at(64)) && watch.stands_still(at(65)) && !watch.stands_still(at(66)));
    assert!(watch.stands_still(at(125)));
    let body = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x-1"}, "status": {
        "phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}});
    watch.look(&workload("Deployment"), &[Live::new(body).unwrap()], at(130));
    watch.look(&workload("Deployment"), &[creating()], at(135));
    assert!(!watch.stands_still(at(194)), "it was ready in between");
}

#[test]
fn a_process_that_ends_again_and_again_stands_still_although_its_pod_is_ready_in_between() {
    let mut seems_well = runs_again(1).body().clone();
    seems_well["status"]["conditions"] = json!([{"type": "Ready", "status": "True"}]);
    let seems_well = Live::new(seems_well).unwrap();
    let mut watch = seen(&[(5, ended(1)), (10, seems_well.clone()), (15, ended(2)), (65, seems_well)]);
    assert_eq!(watch.trouble(), None);
    assert!(watch.stands_still(Duration::from_secs(65)));
}
