//! Why an object is late: its pods, the last warnings about them, and the end of their logs.
//!
//! Nothing here is an error: what cannot be looked at is said, and the outcome stays what it is.

use std::pin::pin;
use std::time::Duration;

use futures::future::{Either, select};
use futures::{StreamExt, stream};

use crate::cluster::{ClusterError, Kinds};
use crate::converge::outcome::{Late, LatePod, PodLog};
use crate::converge::pods::pods;
use crate::converge::run::Run;
use crate::plan::live::Live;
use crate::plan::pod::{self, Trouble};

/// The longest that one object is looked at: the wait is over, and somebody waits for the answer.
const LONGEST_LOOK: Duration = Duration::from_secs(15);
/// Pods that are shown of one object; the others mostly say the same.
const SHOWN_PODS: usize = 3;

/// Finds out why each of the objects is late. `late` says so far what their own status says.
pub(super) async fn diagnose(run: &Run<'_>, kinds: &Kinds, late: Vec<(Live, Late)>) -> Vec<Late> {
    let one = |(live, mut late): (Live, Late)| async move {
        let look = Look { run, kinds, live: &live };
        let is_over =
            match select(pin!(look.at_all(&mut late)), pin!(run.interrupt.pause(LONGEST_LOOK))).await {
                Either::Left(_) => false,
                Either::Right(_) => true,
            };
        if is_over && !run.is_stopped() {
            late.not_seen.push(format!("the rest: no answer within {} s", LONGEST_LOOK.as_secs()));
        }
        late
    };
    stream::iter(late).map(one).buffered(run.cluster.parallelism()).collect().await
}

struct Look<'a, 'b> {
    run: &'a Run<'b>,
    kinds: &'a Kinds,
    live: &'a Live,
}

impl Look<'_, '_> {
    async fn at_all(&self, late: &mut Late) {
        late.warning = self.warning(self.live, "events", &mut late.not_seen).await;
        let pods = pods(self.run, self.kinds, self.live).await;
        let pods = seen(pods, "pods", &mut late.not_seen).unwrap_or_default();
        let with = |of: fn(&Live) -> Option<Trouble>| -> Vec<(Live, Trouble)> {
            pods.iter().filter_map(|live| of(live).map(|trouble| (live.clone(), trouble))).collect()
        };
        let mut troubled = with(pod::trouble);
        if troubled.is_empty() {
            troubled = with(pod::ended_before);
        }
        // Those that may become ready come last.
        troubled.sort_by_key(|(live, _)| pod::stuck(live).is_empty());
        late.more_pods = troubled.len().saturating_sub(SHOWN_PODS);
        for (live, trouble) in troubled.into_iter().take(SHOWN_PODS) {
            let pod = self.pod(&live, trouble, &mut late.not_seen).await;
            late.pods.push(pod);
        }
    }

    async fn pod(&self, live: &Live, trouble: Trouble, not_seen: &mut Vec<String>) -> LatePod {
        let name = live.id().name.clone();
        let warning = self.warning(live, &format!("events of pod {name}"), not_seen).await;
        let log = match trouble.log {
            None => None,
            Some(of) => {
                let lines = self.run.cluster.log(self.kinds, live, &of).await;
                let what = format!("log of container {} of pod {name}", of.container);
                let lines = seen(lines, &what, not_seen).unwrap_or_default();
                (!lines.is_empty()).then_some(PodLog { of, lines })
            }
        };
        let advice = pod::in_the_way(self.live, live).map(|advice| format!("; {advice}")).unwrap_or_default();
        LatePod { name, why: trouble.why + &advice, warning, log }
    }

    async fn warning(&self, live: &Live, what: &str, not_seen: &mut Vec<String>) -> Option<String> {
        let events = self.run.cluster.warnings_about(self.kinds, live).await;
        pod::last_warning(&seen(events, what, not_seen)?)
    }
}

/// What was answered; what was not is noted.
fn seen<T>(answer: Result<T, ClusterError>, what: &str, not_seen: &mut Vec<String>) -> Option<T> {
    match answer {
        Ok(answer) => Some(answer),
        Err(error) => {
            not_seen.push(format!("{what}: {error}"));
            None
        }
    }
}
