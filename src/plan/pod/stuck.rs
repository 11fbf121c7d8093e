//! What keeps a container from running: pure rules over a pod's status, as kubelets write it.

use serde_json::Value;

use crate::plan::live::Live;
use crate::plan::pod::{text, trouble};

/// What keeps a container from running, or from running on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stuck {
    /// Its image has a name that is none. Nothing but another template mends that.
    ImageName,
    /// Its image could not be had. The kubelet tries again after 10 s, then after twice as long each time, up to 5 min
    /// (`pkg/kubelet/kubelet.go`, `imageBackOffPeriod` and `MaxImageBackOff`).
    Image,
    /// It could not be made, mostly because a Secret or ConfigMap that it reads is not there. The kubelet tries again at the
    /// pod's next turn, after 10 to 15 s (`pkg/kubelet/pod_workers.go`, `backOffPeriod`).
    Configuration,
    /// It ended, and is or was started again. The kubelet does that at once the first time, then 10 s after its end, then after
    /// twice as long each time, up to 5 min; it begins anew where it ran for 10 min (`pkg/kubelet/kubelet.go`,
    /// `initialCrashLoopBackOff`, `MaxCrashLoopBackOff` and `HasExpiredFunc`).
    Ended {
        /// How often it was started again.
        restarts: i64,
        /// Whether it does not run right now.
        is_down: bool,
    },
}

impl Stuck {
    /// Whether another workload may mend it: by a Secret that it writes, or by answering.
    #[must_use]
    pub fn may_wait_for_others(self) -> bool {
        match self {
            Self::ImageName | Self::Image => false,
            Self::Configuration | Self::Ended { .. } => true,
        }
    }
}

/// Reasons of `pkg/kubelet/images/types.go` and `cri-api/pkg/errors`. Left out is what says that the registry
/// (`RegistryUnavailable`) or the node (`ImageInspectError`) is unwell, and not the image.
const IMAGE: [&str; 4] =
    ["ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "SignatureValidationFailed"];
/// Reasons of `pkg/kubelet/kuberuntime/kuberuntime_container.go` and `pkg/kubelet/container/sync_result.go`.
const CONFIGURATION: [&str; 6] = [
    "CreateContainerConfigError",
    "CreateContainerError",
    "PreCreateHookError",
    "PreStartHookError",
    "PostStartHookError",
    "RunContainerError",
];

/// A pod's containers that something keeps from running, by their names. None of a pod that has ended or is being deleted: it
/// is not started again.
///
/// A container that runs again after it ended is among them, also where its pod is ready: without a probe that says little.
/// An init container that has done its work is not, however often that took.
#[must_use]
pub fn stuck(pod: &Live) -> Vec<(String, Stuck)> {
    if pod.is_terminating() || ["Succeeded", "Failed"].contains(&text(pod.body(), "/status/phase")) {
        return Vec::new();
    }
    let of = |(status, is_init)| {
        let what = of_container(status, is_init)?;
        Some((text(status, "/name").to_owned(), what))
    };
    containers(pod.body()).filter_map(of).collect()
}

/// Whether a pod is on its way: it is not ready, and nothing is known that keeps it from becoming so.
#[must_use]
pub fn is_on_its_way(pod: &Live) -> bool {
    trouble(pod).is_some() && stuck(pod).is_empty()
}

/// The statuses of its containers, and whether each is of an init container.
fn containers(body: &Value) -> impl Iterator<Item = (&Value, bool)> {
    let list = |pointer: &str| body.pointer(pointer).and_then(Value::as_array).into_iter().flatten();
    let init = list("/status/initContainerStatuses").map(|status| (status, true));
    init.chain(list("/status/containerStatuses").map(|status| (status, false)))
}

fn of_container(status: &Value, is_init: bool) -> Option<Stuck> {
    let restarts = status.get("restartCount").and_then(Value::as_i64).unwrap_or(0);
    let waits_for = text(status, "/state/waiting/reason");
    let terminated = status.pointer("/state/terminated");
    let has_done_its_work = is_init && terminated.is_some_and(|end| end["exitCode"] == 0);
    match waits_for {
        "InvalidImageName" => Some(Stuck::ImageName),
        reason if IMAGE.contains(&reason) => Some(Stuck::Image),
        reason if CONFIGURATION.contains(&reason) => Some(Stuck::Configuration),
        _ if has_done_its_work => None,
        reason if reason == "CrashLoopBackOff" || terminated.is_some() => {
            Some(Stuck::Ended { restarts, is_down: true })
        }
        _ => (restarts > 0).then_some(Stuck::Ended { restarts, is_down: false }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pod(phase: &str, list: &str, container: &Value) -> Live {
        let mut status = json!({"phase": phase});
        status[list] = json!([container]);
        Live::new(json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "status": status}))
            .unwrap()
    }

    fn found(list: &str, container: &Value) -> Option<Stuck> {
        stuck(&pod("Pending", list, container)).first().map(|(_, what)| *what)
    }

    fn waiting(reason: &str, restarts: i64) -> Value {
        json!({"name": "c", "restartCount": restarts, "state": {"waiting": {"reason": reason}}})
    }

    #[test]
    fn what_a_kubelet_waits_for_says_what_it_is() {
        let down = |restarts| Stuck::Ended { restarts, is_down: true };
        for (reason, expected) in [
            ("InvalidImageName", Some(Stuck::ImageName)),
            ("ErrImagePull", Some(Stuck::Image)),
            ("ImagePullBackOff", Some(Stuck::Image)),
            ("ErrImageNeverPull", Some(Stuck::Image)),
            ("SignatureValidationFailed", Some(Stuck::Image)),
            ("CreateContainerConfigError", Some(Stuck::Configuration)),
            ("RunContainerError", Some(Stuck::Configuration)),
            ("CrashLoopBackOff", Some(down(2))),
            // The registry and the node may get well.
            ("RegistryUnavailable", None),
            ("ImageInspectError", None),
            ("ContainerCreating", None),
            ("PodInitializing", None),
        ] {
            let restarts = if reason == "CrashLoopBackOff" { 2 } else { 0 };
            for list in ["containerStatuses", "initContainerStatuses"] {
                assert_eq!(found(list, &waiting(reason, restarts)), expected, "{reason} of {list}");
            }
        }
    }

    #[test]
    fn a_container_that_ended_is_told_from_one_that_did_its_work() {
        let ended = |code: i64, restarts: i64| json!({"name": "c", "restartCount": restarts, "state": {"terminated": {"exitCode": code}}});
        let down = |restarts| Some(Stuck::Ended { restarts, is_down: true });
        assert_eq!(found("initContainerStatuses", &ended(0, 3)), None);
        assert_eq!(found("initContainerStatuses", &ended(1, 0)), down(0));
        assert_eq!(found("containerStatuses", &ended(0, 1)), down(1), "it is to run on");
    }

    #[test]
    fn one_that_runs_again_ended_before_and_one_that_runs_for_the_first_time_did_not() {
        let running =
            |restarts: i64| json!({"name": "c", "restartCount": restarts, "state": {"running": {}}});
        assert_eq!(found("containerStatuses", &running(0)), None);
        assert_eq!(
            found("containerStatuses", &running(1)),
            Some(Stuck::Ended { restarts: 1, is_down: false })
        );
        // A sidecar is an init container that runs on.
        assert!(found("initContainerStatuses", &running(1)).is_some());
    }

    #[test]
    fn a_pod_that_is_over_is_not_started_again() {
        let image = waiting("ImagePullBackOff", 0);
        for phase in ["Failed", "Succeeded"] {
            assert!(stuck(&pod(phase, "containerStatuses", &image)).is_empty(), "{phase}");
        }
        let mut going = pod("Running", "containerStatuses", &image).body().clone();
        going["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z".into();
        assert!(stuck(&Live::new(going).unwrap()).is_empty());
    }

    #[test]
    fn a_pod_that_nobody_has_placed_or_that_is_being_made_is_on_its_way() {
        let creating = waiting("ContainerCreating", 0);
        assert!(is_on_its_way(&pod("Pending", "containerStatuses", &creating)));
        assert!(is_on_its_way(&pod(
            "Pending",
            "conditions",
            &json!({"type": "PodScheduled", "status": "False"})
        )));
        assert!(!is_on_its_way(&pod("Pending", "containerStatuses", &waiting("ErrImagePull", 0))));
        let ready = json!({"type": "Ready", "status": "True"});
        assert!(!is_on_its_way(&pod("Running", "conditions", &ready)));
    }
}
