//! Processes that no probe asks. That such a container has started is all that the status of its workload says, also of one
//! that ends a second later, again and again. Of Argo CD's own that are dex, redis and two controllers.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use crate::plan::live::Live;
use crate::plan::ready::{Readiness, SETTLED, number, text};

/// The containers of a workload's pods, and since when none of them was started again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// How often each container was started again, by its pod's and its own name.
    restarts: BTreeMap<(String, String), i64>,
    /// By the waiting process's own clock: those of nodes are not compared with it.
    since: Duration,
}

impl Proof {
    /// Whether the workload's status needs one: a container of its pods has no readiness probe.
    #[must_use]
    pub fn is_needed(workload: &Live) -> bool {
        let containers = workload.body().pointer("/spec/template/spec/containers").and_then(Value::as_array);
        containers.into_iter().flatten().any(|container| container.get("readinessProbe").is_none())
    }

    /// What these pods prove at a time of the wait, after what was seen before.
    #[must_use]
    pub fn of(before: Option<Self>, pods: &[Live], now: Duration) -> Self {
        let restarts = pods.iter().flat_map(restarts).collect();
        match before {
            Some(before) if before.restarts == restarts => before,
            Some(_) | None => Self { restarts, since: now },
        }
    }

    /// Whether looking at the pods again can tell more than it did.
    #[must_use]
    pub fn is_due(&self, now: Duration) -> bool {
        now.saturating_sub(self.since) >= SETTLED
    }

    /// Ready where no container was started again for a while, or where there is none.
    #[must_use]
    pub fn readiness(&self, now: Duration) -> Readiness {
        if self.restarts.is_empty() || self.is_due(now) {
            return Readiness::Ready;
        }
        let seconds = SETTLED.as_secs();
        Readiness::Progressing(match self.restarts.iter().max_by_key(|(_, times)| **times) {
            Some(((pod, container), times)) if *times > 0 => format!(
                "container {container} of pod {pod} was started again ({times} times), and has not run for {seconds} s since"
            ),
            Some(_) | None => format!("has no readiness probe, and has not run for {seconds} s yet"),
        })
    }
}

fn restarts(pod: &Live) -> impl Iterator<Item = ((String, String), i64)> {
    let statuses = pod.body().pointer("/status/containerStatuses").and_then(Value::as_array);
    let of = |status: &Value| {
        ((pod.id().name.clone(), text(status, "/name").to_owned()), number(status, "/restartCount"))
    };
    statuses.into_iter().flatten().map(of).collect::<Vec<_>>().into_iter()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pods(restarts: &[i64]) -> Vec<Live> {
        let pod = |(index, restarts): (usize, &i64)| {
            let status = json!({"containerStatuses": [{"name": "dex", "restartCount": restarts}]});
            let metadata = json!({"name": format!("dex-{index}")});
            Live::new(json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "status": status}))
                .unwrap()
        };
        restarts.iter().enumerate().map(pod).collect()
    }

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_container_without_a_readiness_probe_has_to_prove_itself() {
        let workload = |containers: &Value| {
            let spec = json!({"template": {"spec": {"containers": containers}}});
            let metadata = json!({"name": "x"});
            let body =
                json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec});
            Proof::is_needed(&Live::new(body).unwrap())
        };
        let probed = json!({"name": "a", "readinessProbe": {"tcpSocket": {"port": 1}}});
        assert!(workload(&json!([probed, {"name": "b", "livenessProbe": {}}])));
        assert!(!workload(&json!([probed])));
    }

    #[test]
    fn it_is_ready_after_a_while_without_a_restart() {
        let first = Proof::of(None, &pods(&[0, 0]), at(3));
        let words = "has no readiness probe, and has not run for 5 s yet";
        assert_eq!(first.readiness(at(7)), Readiness::Progressing(words.to_owned()));
        assert!(!first.is_due(at(7)) && first.is_due(at(8)));
        let same = Proof::of(Some(first.clone()), &pods(&[0, 0]), at(8));
        assert_eq!(same.readiness(at(8)), Readiness::Ready);
        let again = Proof::of(Some(first), &pods(&[0, 2]), at(8));
        let words = "container dex of pod dex-1 was started again (2 times), and has not run for 5 s since";
        assert_eq!(again.readiness(at(8)), Readiness::Progressing(words.to_owned()));
        let mended = Proof::of(Some(again), &pods(&[0, 2]), at(13));
        assert_eq!(mended.readiness(at(13)), Readiness::Ready, "one restart is no fault");
    }

    #[test]
    fn other_pods_prove_nothing_about_those_before_and_no_pods_are_no_fault() {
        let first = Proof::of(None, &pods(&[0]), at(0));
        let scaled = Proof::of(Some(first), &pods(&[0, 0]), at(6));
        assert!(matches!(scaled.readiness(at(6)), Readiness::Progressing(_)));
        assert_eq!(Proof::of(None, &[], at(0)).readiness(at(0)), Readiness::Ready);
    }
}
