//! Whether the processes behind a workload keep running. Its status tells too little of that: a container without a readiness
//! probe counts as ready as soon as it has started, also one that ends a second later, again and again (of Argo CD's own that
//! are dex, redis and two controllers); and one with a probe counts as ready between two crashes.
//!
//! What counts is what the kubelet writes of each container (`ContainerStatus` of `k8s.io/api/core/v1`): `restartCount`, that its
//! state is `running`, and how long the run before lasted. Sidecars (init containers with `restartPolicy: Always`) count, other
//! init containers do not: they are to end. Nor do Jobs: theirs, too.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use crate::plan::live::Live;
use crate::plan::ready::{Readiness, SETTLED, number, text};

/// The longest that a container is watched that was started again.
const LONGEST: Duration = Duration::from_secs(30);
/// After a run of this long the kubelet begins anew with its pauses (`HasExpiredFunc` in `pkg/kubelet/kubelet.go`): whatever ended
/// it then, it is no crash loop.
const FORGOTTEN: Duration = Duration::from_secs(600);

/// The containers of a workload's pods, and since when none of them was started again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// How often each container was started again, by its pod's and its own name.
    restarts: BTreeMap<(String, String), i64>,
    /// A container that does not run, and why.
    down: Option<String>,
    /// How long all of them have to run on.
    needed: Duration,
    /// By the waiting process's own clock: those of nodes are not compared with it.
    since: Duration,
}

impl Proof {
    /// Whether pods tell more of the workload than its own status does.
    #[must_use]
    pub fn is_needed(workload: &Live) -> bool {
        workload.id().group_kind.kind != "Job" && containers(workload).next().is_some()
    }

    /// What the workload's pods prove at a time of the wait, after what was seen before.
    #[must_use]
    pub fn of(before: Option<Self>, workload: &Live, pods: &[Live], now: Duration) -> Self {
        let statuses: Vec<(&str, &Value)> = pods.iter().flat_map(running_on).collect();
        let count = |(pod, status): &(&str, &Value)| {
            (((*pod).to_owned(), text(status, "/name").to_owned()), number(status, "/restartCount"))
        };
        let is_unprobed = containers(workload).any(|container| container.get("readinessProbe").is_none());
        let least = if is_unprobed && !pods.is_empty() { SETTLED } else { Duration::ZERO };
        let found = Self {
            restarts: statuses.iter().map(count).collect(),
            down: statuses.iter().find_map(|(pod, status)| down(pod, status)),
            needed: statuses
                .iter()
                .filter_map(|(_, status)| after_restart(status))
                .fold(least, Duration::max),
            since: now,
        };
        match before {
            Some(before)
                if before.restarts == found.restarts && found.down.is_none() && before.down.is_none() =>
            {
                Self { since: before.since, ..found }
            }
            Some(_) | None => found,
        }
    }

    /// Whether looking at the pods again can tell more than it did.
    #[must_use]
    pub fn is_due(&self, now: Duration) -> bool {
        self.down.is_some() || now.saturating_sub(self.since) >= self.needed
    }

    /// Ready where all containers run, and none was started again for as long as it has to run on.
    #[must_use]
    pub fn readiness(&self, now: Duration) -> Readiness {
        if let Some(down) = &self.down {
            return Readiness::Progressing(down.clone());
        }
        if self.is_due(now) {
            return Readiness::Ready;
        }
        let seconds = self.needed.as_secs();
        Readiness::Progressing(match self.restarts.iter().max_by_key(|(_, times)| **times) {
            Some(((pod, container), times)) if *times > 0 => format!(
                "container {container} of pod {pod} was started again ({times} times), and has not run for {seconds} s since"
            ),
            Some(_) | None => format!("has no readiness probe, and has not run for {seconds} s yet"),
        })
    }
}

fn containers(workload: &Live) -> impl Iterator<Item = &Value> {
    list(workload, "/spec/template/spec/containers")
}

fn list<'a>(live: &'a Live, pointer: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    live.body().pointer(pointer).and_then(Value::as_array).into_iter().flatten()
}

/// The statuses of the containers of a pod that are to run on, with its name. Of a pod that is over or going there are none.
fn running_on(pod: &Live) -> Vec<(&str, &Value)> {
    if pod.is_terminating() || ["Succeeded", "Failed"].contains(&text(pod.body(), "/status/phase")) {
        return Vec::new();
    }
    let sidecars: Vec<&str> = list(pod, "/spec/initContainers")
        .filter(|container| container["restartPolicy"] == "Always")
        .map(|container| text(container, "/name"))
        .collect();
    let init =
        list(pod, "/status/initContainerStatuses").filter(|status| sidecars.contains(&text(status, "/name")));
    let all = init.chain(list(pod, "/status/containerStatuses"));
    all.map(|status| (pod.id().name.as_str(), status)).collect()
}

/// A container that does not run, and why. One of which nothing is said yet is none.
fn down(pod: &str, status: &Value) -> Option<String> {
    let state = status.get("state").and_then(Value::as_object)?;
    if state.contains_key("running") || state.is_empty() {
        return None;
    }
    let reason = ["/state/waiting/reason", "/state/terminated/reason"].map(|pointer| text(status, pointer));
    let reason = reason.into_iter().find(|reason| !reason.is_empty()).unwrap_or("no reason is given");
    Some(format!("container {} of pod {pod} does not run: {reason}", text(status, "/name")))
}

/// How long a container that was started again has to run on: for longer than it did before, within bounds. `None` where it runs
/// for the first time.
fn after_restart(status: &Value) -> Option<Duration> {
    if number(status, "/restartCount") == 0 {
        return None;
    }
    // Both are of the node's clock.
    let time = |name: &str| text(status, &format!("/lastState/terminated/{name}")).parse::<Timestamp>().ok();
    let lasted = time("startedAt").zip(time("finishedAt"));
    let lasted =
        lasted.and_then(|(started, finished)| Duration::try_from(finished.duration_since(started)).ok());
    Some(match lasted {
        Some(lasted) if lasted < FORGOTTEN => lasted.clamp(SETTLED, LONGEST),
        Some(_) | None => SETTLED,
    })
}

#[cfg(test)]
mod tests;
