//! One apply at a time: a Lease in Argo CD's namespace, held as the leader election of client-go holds one.
//!
//! Whether a holder still lives is judged by how long *this* process saw its Lease not renewed, never by comparing the
//! times in it with a clock of its own: the clocks of two machines may be hours apart.

#![expect(clippy::disallowed_methods, reason = "a lock is renewed by the clock, and expires by it")]

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::cluster::{Apply, ClusterError, Guard, Kinds, Propagation};
use crate::converge::error::ConvergeError;
use crate::converge::event::Event;
use crate::converge::run::Run;
use crate::desired::id::{GroupKind, ObjectId};
use crate::desired::ownership::INVENTORY;
use crate::plan::live::Live;

const API_VERSION: &str = "coordination.k8s.io/v1";
/// Field manager of the Lease, apart from that of the objects.
const MANAGER: &str = "bridge-lock";
/// How long a Lease outlives its last renewal.
const DURATION: Duration = Duration::from_secs(10);
/// How often it is renewed: three tries before anybody may take it over.
const RENEWAL: Duration = Duration::from_secs(3);
/// How often somebody who waits looks at it.
const LOOK: Duration = Duration::from_millis(500);

/// The lock, held.
pub(super) struct Lock {
    live: Mutex<Live>,
    /// As they were when it was taken: the Lease's own kind never goes.
    kinds: Kinds,
}

impl Lock {
    /// Takes the lock, waiting for whoever holds it as long as the user allows; `None` when the user interrupts the wait.
    ///
    /// # Errors
    /// When somebody else holds it for longer, or the cluster cannot be asked.
    pub(super) async fn take(run: &Run<'_>, kinds: &Kinds) -> Result<Option<Self>, ConvergeError> {
        let started = Instant::now();
        let mut sighting: Option<Sighting> = None;
        while !run.is_stopped() {
            let found = run.cluster.get(kinds, &lease_id(&run.owner.namespace), API_VERSION).await?;
            // Its own name stands there when the answer to its own request was lost.
            let is_held = |live: &&Live| !["", run.settings.holder.as_str()].contains(&holder(live));
            let held = found.as_ref().filter(is_held);
            sighting = held.map(|live| Sighting::next(sighting.take(), live, Instant::now()));
            match held.zip(sighting.as_ref()).filter(|(live, seen)| !seen.is_expired(live, Instant::now())) {
                None => match write(run, kinds, found.as_ref(), &run.settings.holder, None).await {
                    Ok(live) => return Ok(Some(Self { live: Mutex::new(live), kinds: kinds.clone() })),
                    // Somebody else was faster.
                    Err(ClusterError::Api(status)) if status.is_stale() => {}
                    Err(error) => return Err(error.into()),
                },
                Some((live, _)) => {
                    let elapsed = started.elapsed();
                    let holder = holder(live).to_owned();
                    if elapsed >= run.settings.lock_timeout {
                        return Err(ConvergeError::Locked { holder, waited: elapsed });
                    }
                    (run.emit)(Event::Waiting {
                        pending: vec![format!("the lock, held by {holder}")],
                        elapsed,
                    });
                    run.interrupt.pause(LOOK).await;
                }
            }
        }
        Ok(None)
    }

    /// Renews the lock for as long as this is polled; ends only when somebody else has taken it over.
    pub(super) async fn keep(&self, run: &Run<'_>) {
        loop {
            tokio::time::sleep(RENEWAL).await;
            let live = self.live();
            // One that hangs must not outlast the Lease. Where it was carried out all the same, the next one says so.
            match write(run, &self.kinds, Some(&live), &run.settings.holder, Some(RENEWAL)).await {
                Ok(renewed) => self.see(renewed),
                Err(ClusterError::Api(status)) if status.is_stale() => {
                    match run.cluster.get_within(Some(RENEWAL), &self.kinds, live.id(), API_VERSION).await {
                        Ok(Some(now)) if holder(&now) == run.settings.holder => self.see(now),
                        Ok(Some(_)) => return,
                        // It went with its namespace, or cannot be asked for: nobody else has it.
                        Ok(None) | Err(_) => {}
                    }
                }
                // Whoever cannot renew cannot write either; the server will say so to the writes.
                Err(_) => {}
            }
        }
    }

    /// Lets the next one have the lock at once. Where that fails, the lock expires by itself; so a cluster that has fallen
    /// silent is not waited for longer than for a renewal.
    pub(super) async fn release(self, run: &Run<'_>, is_destroy: bool) {
        let live = self.live();
        let free = async {
            if is_destroy {
                run.cluster.delete(&self.kinds, &live, Propagation::Background).await.map(drop)
            } else {
                write(run, &self.kinds, Some(&live), "", None).await.map(drop)
            }
        };
        let _ = tokio::time::timeout(RENEWAL, free).await;
    }

    fn live(&self) -> Live {
        self.live.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn see(&self, live: Live) {
        *self.live.lock().unwrap_or_else(PoisonError::into_inner) = live;
    }
}

/// Somebody else's lock as it was last seen to change, and when that was by this process's own steady clock.
struct Sighting {
    resource_version: String,
    since: Instant,
}

impl Sighting {
    /// The same sighting while the Lease does not move, else a new one.
    fn next(before: Option<Self>, live: &Live, now: Instant) -> Self {
        let resource_version = live.resource_version().to_owned();
        match before {
            Some(before) if before.resource_version == resource_version => before,
            Some(_) | None => Self { resource_version, since: now },
        }
    }

    /// Whether its holder has let it lie for as long as the Lease itself allows.
    fn is_expired(&self, live: &Live, now: Instant) -> bool {
        let seconds = live.body().pointer("/spec/leaseDurationSeconds").and_then(Value::as_u64);
        now.duration_since(self.since) >= seconds.map_or(DURATION, Duration::from_secs)
    }
}

fn holder(live: &Live) -> &str {
    live.body().pointer("/spec/holderIdentity").and_then(Value::as_str).unwrap_or_default()
}

/// Writes the Lease in the state in which it was seen; an empty holder frees it. A renewal is sent at once: behind a slow
/// write, with `--parallelism 1`, it would come too late.
async fn write(
    run: &Run<'_>,
    kinds: &Kinds,
    seen: Option<&Live>,
    holder: &str,
    at_once: Option<Duration>,
) -> Result<Live, ClusterError> {
    let id = lease_id(&run.owner.namespace);
    let body = lease(&id, holder, &Timestamp::now());
    let guard = Some(seen.map_or(Guard::Absent, Guard::of));
    let apply = Apply { manager: MANAGER, force: true, guard, at_once, ..Apply::new(&id, &body) };
    run.cluster.apply(kinds, &apply).await.map(|applied| applied.live)
}

fn lease_id(namespace: &str) -> ObjectId {
    let group_kind = GroupKind::parse("Lease.coordination.k8s.io");
    ObjectId { group_kind, namespace: Some(namespace.to_owned()), name: INVENTORY.to_owned() }
}

fn lease(id: &ObjectId, holder: &str, now: &Timestamp) -> Value {
    let mut spec = json!({
        "leaseDurationSeconds": DURATION.as_secs(),
        // MicroTime of the Lease API takes exactly six digits.
        "renewTime": format!("{now:.6}"),
    });
    if !holder.is_empty() {
        spec["holderIdentity"] = holder.into();
    }
    json!({
        "apiVersion": API_VERSION, "kind": "Lease", "spec": spec,
        "metadata": { "name": id.name, "namespace": id.namespace },
    })
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use serde_json::json;

    use super::{Live, Sighting};

    fn lease(resource_version: &str) -> Live {
        let metadata =
            json!({ "name": "bridge", "namespace": "argocd", "resourceVersion": resource_version });
        let spec = json!({ "holderIdentity": "somebody", "leaseDurationSeconds": 10 });
        let kind = json!({ "apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata, "spec": spec });
        Live::new(kind).unwrap()
    }

    #[test]
    fn a_lock_expires_when_it_was_seen_not_to_move_for_its_own_duration() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let seen = Sighting::next(None, &lease("1"), at(0));
        assert!(!seen.is_expired(&lease("1"), at(9)));
        let renewed = Sighting::next(Some(seen), &lease("2"), at(9));
        assert!(!renewed.is_expired(&lease("2"), at(18)));
        let still = Sighting::next(Some(renewed), &lease("2"), at(18));
        assert!(still.is_expired(&lease("2"), at(19)));
    }
}
