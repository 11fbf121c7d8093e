//! What is wrong with a pod: pure rules over its status.

mod stuck;

use serde_json::Value;

use crate::plan::live::Live;

pub use stuck::{Stuck, is_on_its_way, stuck};

/// Why a pod is not ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// In a sentence, with the kubelet's or the scheduler's own words.
    pub why: String,
    /// The container that has something to say about it; `None` where none has run.
    pub log: Option<LogOf>,
}

/// Which log tells more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogOf {
    /// The container.
    pub container: String,
    /// The log of the run before this one: the container has ended and waits to be started again.
    pub previous: bool,
}

/// Waiting reasons that only say that the kubelet is at work.
const AT_WORK: [&str; 3] = ["", "ContainerCreating", "PodInitializing"];

/// Why the pod is not ready; `None` when it is, or has done its work.
#[must_use]
pub fn trouble(pod: &Live) -> Option<Trouble> {
    let body = pod.body();
    let ready = condition(body, "Ready");
    if text(ready, "/status") == "True" || text(body, "/status/phase") == "Succeeded" {
        return None;
    }
    let without_log = |why: String| Trouble { why, log: None };
    let scheduled = condition(body, "PodScheduled");
    if text(scheduled, "/status") == "False" {
        return Some(without_log(words(text(scheduled, "/reason"), text(scheduled, "/message"))));
    }
    let found = statuses(body).filter_map(of_container).min_by_key(|(rank, _)| *rank);
    if let Some((_, trouble)) = found {
        return Some(trouble);
    }
    if pod.is_terminating() {
        return Some(without_log("is being deleted".to_owned()));
    }
    let said = [
        (text(body, "/status/reason"), text(body, "/status/message")),
        (text(ready, "/reason"), text(ready, "/message")),
    ];
    let why = said.into_iter().map(|(reason, message)| words(reason, message)).find(|why| !why.is_empty());
    Some(without_log(why.unwrap_or_else(|| "has not been started yet".to_owned())))
}

/// How a container of a pod that is ready ended before; `None` where none has. A process that ends again and again counts as
/// ready in between.
#[must_use]
pub fn ended_before(pod: &Live) -> Option<Trouble> {
    let of = |status: &Value| {
        let (container, last) = (text(status, "/name"), status.pointer("/lastState/terminated")?);
        let is_running = status.pointer("/state/running").is_some();
        let log = Some(LogOf { container: container.to_owned(), previous: true });
        is_running.then(|| Trouble {
            why: format!("container {container} runs again; before, it {}", end(last)),
            log,
        })
    };
    statuses(pod.body()).find_map(of)
}

/// Init containers first: the others wait for them.
fn statuses(body: &Value) -> impl Iterator<Item = &Value> {
    let list = |pointer: &str| body.pointer(pointer).and_then(Value::as_array).into_iter().flatten();
    list("/status/initContainerStatuses").chain(list("/status/containerStatuses"))
}

/// How telling a container's state is, the most telling first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Failed,
    NotReady,
    AtWork,
}

fn of_container(status: &Value) -> Option<(Rank, Trouble)> {
    let name = text(status, "/name");
    let log = |previous| Some(LogOf { container: name.to_owned(), previous });
    let waiting = status.pointer("/state/waiting").unwrap_or(&Value::Null);
    let reason = text(waiting, "/reason");
    let last = status.pointer("/lastState/terminated").map(end);
    if waiting.is_object() {
        let rank = if AT_WORK.contains(&reason) { Rank::AtWork } else { Rank::Failed };
        let said = words(if reason.is_empty() { "waiting" } else { reason }, text(waiting, "/message"));
        let ended = last.as_ref().map(|last| format!("; before, it {last}")).unwrap_or_default();
        let why = format!("container {name}: {said}{ended}");
        return Some((rank, Trouble { why, log: last.and_then(|_| log(true)) }));
    }
    if let Some(terminated) = status.pointer("/state/terminated") {
        let failed = terminated.get("exitCode").and_then(Value::as_i64) != Some(0);
        let why = format!("container {name} {}", end(terminated));
        return failed.then(|| (Rank::Failed, Trouble { why, log: log(false) }));
    }
    let is_running = status.pointer("/state/running").is_some();
    let is_ready = status.get("ready").and_then(Value::as_bool).unwrap_or(false);
    if !is_running || is_ready {
        return None;
    }
    let (why, previous) = match last {
        Some(last) => (format!("container {name} runs again and is not ready; before, it {last}"), true),
        None => {
            (format!("container {name} runs and is not ready: its readiness probe has not succeeded"), false)
        }
    };
    Some((Rank::NotReady, Trouble { why, log: log(previous) }))
}

/// How a container ended: `ended with exit code 137 (OOMKilled)`.
fn end(terminated: &Value) -> String {
    let code = terminated.get("exitCode").and_then(Value::as_i64).unwrap_or_default();
    let said = words(text(terminated, "/reason"), text(terminated, "/message").trim_end());
    let said = if said.is_empty() { said } else { format!(" ({said})") };
    format!("ended with exit code {code}{said}")
}

fn condition<'a>(body: &'a Value, kind: &str) -> &'a Value {
    let conditions = body.pointer("/status/conditions").and_then(Value::as_array);
    let mut conditions = conditions.into_iter().flatten();
    conditions.find(|condition| condition["type"] == kind).unwrap_or(&Value::Null)
}

/// `Reason: message`, or the one that there is.
#[must_use]
pub fn words(reason: &str, message: &str) -> String {
    match (reason, message) {
        ("", text) | (text, "") => text.to_owned(),
        (reason, message) => format!("{reason}: {message}"),
    }
}

fn text<'a>(body: &'a Value, pointer: &str) -> &'a str {
    body.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// Whether the object is controlled by the one with this uid.
#[must_use]
pub fn is_controlled_by(live: &Live, uid: &str) -> bool {
    let is_it = |owner: &Value| owner["controller"] == true && owner["uid"] == uid;
    live.owner_references().iter().any(is_it)
}

/// The ReplicaSet of a Deployment's last change, among those that it controls: the one with the highest revision.
#[must_use]
pub fn newest<'a>(deployment: &Live, replica_sets: &'a [Live]) -> Option<&'a Live> {
    let revision = |set: &&Live| {
        set.annotation("deployment.kubernetes.io/revision").and_then(|text| text.parse().ok()).unwrap_or(0u64)
    };
    replica_sets.iter().filter(|set| is_controlled_by(set, deployment.uid())).max_by_key(revision)
}

/// What to do about a pod that is not ready and in the way of its own replacement: one of an earlier revision of a StatefulSet
/// that replaces pods in their order. Its controller waits for it to become ready first, for ever where it cannot
/// (`processReplica` in `pkg/controller/statefulset/stateful_set_control.go`; "forced rollback" in Kubernetes' documentation).
#[must_use]
pub fn in_the_way(workload: &Live, pod: &Live) -> Option<String> {
    let body = workload.body();
    let is_in_order = text(body, "/spec/podManagementPolicy") != "Parallel";
    let wanted = text(body, "/status/updateRevision");
    let revision = pod.label("controller-revision-hash").unwrap_or_default();
    let partition = body.pointer("/spec/updateStrategy/rollingUpdate/partition").and_then(Value::as_i64);
    let is_left_behind = workload.id().group_kind.kind == "StatefulSet"
        && is_in_order
        && partition.unwrap_or(0) == 0
        && ![revision, wanted].contains(&"")
        && revision != wanted
        && !pod.is_terminating();
    let namespace = pod.id().namespace.as_deref().unwrap_or_default();
    is_left_behind.then(|| {
        let name = &pod.id().name;
        format!(
            "it is of an earlier revision, and is not replaced before it is ready: kubectl delete pod --namespace {namespace} {name}"
        )
    })
}

/// The last Warning among events, in its own words and with how often it came; `None` when there is none.
///
/// One that only repeats the reason for which a container waits counts as the last of all: kubelets write `Error:
/// ImagePullBackOff` after each `Failed to pull image ...`, which says why. So does `BackOff` where a probe has ended the
/// container: nothing else tells that from a process that ended by itself.
#[must_use]
pub fn last_warning(events: &[Live]) -> Option<String> {
    let warnings = || events.iter().map(Live::body).filter(|event| event["type"] == "Warning");
    let is_ended_by_probe = warnings().any(is_of_ending_probe);
    let is_known =
        |event: &Value| is_repetition(event) || (is_ended_by_probe && text(event, "/reason") == "BackOff");
    let last = warnings().max_by_key(|event| (!is_known(event), when(event).to_owned()))?;
    let times =
        last.get("count").or_else(|| last.pointer("/series/count")).and_then(Value::as_i64).unwrap_or(1);
    let times = if times > 1 { format!(" ({times} times)") } else { String::new() };
    // What a command said that was run as a probe ends in a line break.
    Some(format!("{}{times}", words(text(last, "/reason"), text(last, "/message").trim_end())))
}

/// `Error: Reason`: what `startContainer` of a kubelet writes of an error that has no words of its own.
fn is_repetition(event: &Value) -> bool {
    let reason = text(event, "/message").strip_prefix("Error: ");
    reason.is_some_and(|reason| reason.chars().all(|c| c.is_ascii_alphanumeric()))
}

/// A probe whose failure ends the container (`pkg/kubelet/prober/prober.go`, `recordContainerEvent`).
fn is_of_ending_probe(event: &Value) -> bool {
    let message = text(event, "/message");
    text(event, "/reason") == "Unhealthy"
        && ["Liveness probe ", "Startup probe "].iter().any(|probe| message.starts_with(probe))
}

/// When an event was last seen, as RFC 3339 in UTC. Which of the fields is set depends on who wrote it.
fn when(event: &Value) -> &str {
    let fields = ["/series/lastObservedTime", "/lastTimestamp", "/eventTime", "/metadata/creationTimestamp"];
    fields.into_iter().map(|field| text(event, field)).find(|time| !time.is_empty()).unwrap_or_default()
}

#[cfg(test)]
mod tests;
