//! Whether waiting for a workload's pods is of any use: what keeps its containers from running, and for how long already.
//!
//! A wait that ends too early is worse than one that is too long, so only what a kubelet has tried again in vain is held for
//! final:
//!
//! - A name that is no image's, at once: nobody tries it again.
//! - An image that could not be had, after [`TRIED_AGAIN`]: one answer of a registry may be a blip.
//! - A container that could not be made, the same, but not while another workload is on its way: those that read a Secret wait
//!   for whoever writes it, as most of Argo CD does for the password that redis makes.
//! - A crash loop, at its third restart or later ([`RESTARTS`]), and only if the container ended once more since no other
//!   workload is on its way: what ends because redis does not answer yet heals once redis runs. That also goes for a process
//!   that ran out of memory, and for one that its liveness probe ends: both are started again.
//!
//! Never final are a pod that no node takes (an autoscaler, or whoever makes the cluster, may bring one after minutes, and
//! nobody says beforehand whether it will), a readiness probe that does not succeed (a slow start looks the same), a volume that
//! is not there, and whatever else kubelets say. These are told while they are waited for: in the lines about the wait at once,
//! and after [`STANDSTILL`] with events and logs.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::plan::live::Live;
use crate::plan::pod::{Stuck, is_on_its_way, stuck, trouble};

/// How often a workload's pods are looked at while it is waited for.
const LOOK: Duration = Duration::from_secs(5);
/// After this long a kubelet has tried again: its pause is 10 s, up to half of that more (`pkg/kubelet/pod_workers.go`,
/// `workerBackOffPeriodJitterFactor`), and the attempt itself may take a while.
const TRIED_AGAIN: Duration = Duration::from_secs(25);
/// At its third restart a container has ended four times, after pauses of 0, 10 and 20 s.
const RESTARTS: i64 = 3;

/// A pod that is not ready for longer than this is looked into while it is waited for. On a slow machine all of Argo CD comes up
/// in less.
const STANDSTILL: Duration = Duration::from_secs(60);

/// What was seen of the pods of one workload while it was waited for. Times are those of the wait, by bridge's own clock.
#[derive(Debug, Clone, Default)]
pub struct Watch {
    looked: Option<Duration>,
    /// By the uid of the pod and the name of the container.
    stuck: BTreeMap<(String, String), Since>,
    is_on_its_way: bool,
    /// Since the last look another workload was on its way.
    is_forgiven: bool,
    trouble: Option<String>,
    /// Since when there is any, or since it was last said that there is.
    troubled_since: Option<Duration>,
}

/// Something that keeps a container from running.
#[derive(Debug, Clone)]
struct Since {
    pod: String,
    what: Stuck,
    /// Since when it counts.
    since: Duration,
    /// Restarts that do not count: what it waited for may not have been there.
    forgiven: i64,
}

impl Watch {
    /// Whether it is time to look.
    #[must_use]
    pub fn is_due(&self, now: Duration) -> bool {
        now.saturating_sub(self.looked.unwrap_or_default()) >= LOOK
    }

    /// Looks at the pods of the workload's last change.
    pub fn look(&mut self, workload: &Live, pods: &[Live], now: Duration) {
        self.looked = Some(now);
        let are_all_well = || pods.iter().all(|pod| trouble(pod).is_none() && stuck(pod).is_empty());
        self.is_on_its_way = pods.iter().any(is_on_its_way) || are_all_well();
        let of_pod =
            |pod: &Live| trouble(pod).map(|trouble| format!("pod {}: {}", pod.id().name, trouble.why));
        self.trouble = pods.iter().find_map(of_pod);
        let is_forgiven = std::mem::take(&mut self.is_forgiven);
        let before = std::mem::take(&mut self.stuck);
        for pod in pods {
            for (container, what) in stuck(pod) {
                // A Job counts its own failures (`backoffLimit`), and says when there were too many.
                if matches!(what, Stuck::Ended { .. }) && workload.id().group_kind.kind == "Job" {
                    continue;
                }
                let key = (pod.uid().to_owned(), container);
                let known = before.get(&key).filter(|known| known.is_same(what));
                let known = known.filter(|_| !(is_forgiven && what.may_wait_for_others()));
                let (since, forgiven) =
                    known.map_or((now, restarts(what)), |known| (known.since, known.forgiven));
                self.stuck.insert(key, Since { pod: pod.id().name.clone(), what, since, forgiven });
            }
        }
        // A process that no probe asks counts as ready between two crashes.
        let is_troubled = self.trouble.is_some() || !self.stuck.is_empty();
        self.troubled_since = is_troubled.then(|| self.troubled_since.unwrap_or(now));
    }

    /// Whether the workload may become ready by itself, for all that is known; also where nothing is known yet.
    #[must_use]
    pub fn is_on_its_way(&self) -> bool {
        self.looked.is_none() || self.is_on_its_way
    }

    /// Another workload is on its way, for which this one may wait: what was seen until now, and is seen at the next look, does
    /// not count.
    pub fn forgive(&mut self) {
        self.is_forgiven = true;
        self.stuck.retain(|_, known| !known.what.may_wait_for_others());
    }

    /// What keeps the first of its pods from being ready, in words; nothing where nobody looked or all are ready.
    #[must_use]
    pub fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
    }

    /// Whether a pod has not been ready for a minute, or not for good; again each further minute.
    pub fn stands_still(&mut self, now: Duration) -> bool {
        let stands_still = self.troubled_since.is_some_and(|since| now.saturating_sub(since) >= STANDSTILL);
        if stands_still {
            self.troubled_since = Some(now);
        }
        stands_still
    }

    /// Why nothing is to be expected any more; `None` where it is not certain.
    ///
    /// `is_written`: by this run. What an earlier one wrote may be mended meanwhile, and a kubelet that has backed off may
    /// find out minutes later; of that only a container counts that ends once more while it is watched.
    #[must_use]
    pub fn verdict(&self, is_written: bool) -> Option<String> {
        let looked = self.looked?;
        self.stuck.iter().find_map(|((_, container), known)| {
            let Since { pod, what, since, forgiven } = known;
            let waited = looked.saturating_sub(*since);
            let why = match what {
                Stuck::ImageName if is_written => "its image has a name that is none".to_owned(),
                Stuck::Image if is_written && waited >= TRIED_AGAIN => {
                    format!("its image could not be had for {} s", waited.as_secs())
                }
                Stuck::Configuration if is_written && waited >= TRIED_AGAIN => {
                    format!("it could not be made for {} s", waited.as_secs())
                }
                Stuck::Ended { restarts, is_down: true } if *restarts >= RESTARTS && restarts > forgiven => {
                    format!("it ended {} times", restarts + 1)
                }
                Stuck::ImageName | Stuck::Image | Stuck::Configuration | Stuck::Ended { .. } => return None,
            };
            Some(format!("container {container} of pod {pod} does not come up by itself: {why}"))
        })
    }
}

impl Since {
    /// Whether it is still what it was; that a container was started again in between changes nothing.
    fn is_same(&self, what: Stuck) -> bool {
        std::mem::discriminant(&self.what) == std::mem::discriminant(&what)
    }
}

fn restarts(what: Stuck) -> i64 {
    match what {
        Stuck::Ended { restarts, is_down: _ } => restarts,
        Stuck::ImageName | Stuck::Image | Stuck::Configuration => 0,
    }
}

#[cfg(test)]
mod tests;
