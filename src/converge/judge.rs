//! Whether what is waited for is ready, and whether it still may become so.

use std::time::Duration;

use futures::{StreamExt, stream};

use crate::cluster::{ClusterError, Kinds};
use crate::converge::diagnosis::diagnose;
use crate::converge::event::Event;
use crate::converge::outcome::{Late, LateCause};
use crate::converge::pods::{Awaited, pods};
use crate::converge::run::Run;
use crate::desired::id::GroupKind;
use crate::plan::ready::{Proof, Readiness, SETTLED, Served, WrittenKey, is_settling, readiness};

/// One that is not ready yet.
pub(super) struct Pending {
    pub(super) awaited: Awaited,
    pub(super) why: String,
    /// Nothing but a change can make it ready.
    pub(super) has_failed: bool,
}

impl Pending {
    /// What is waited for, and what its pods say, in one line.
    pub(super) fn line(&self) -> String {
        let Self { awaited, why, has_failed: _ } = self;
        let trouble = awaited.watch.trouble().and_then(|trouble| trouble.lines().next());
        let trouble = trouble.map(|trouble| format!(" ({trouble})")).unwrap_or_default();
        format!("{}: {why}{trouble}", awaited.live.id())
    }
}

/// Looks at objects at a time of the wait.
#[derive(Clone, Copy)]
pub(super) struct Judge<'a, 'b> {
    pub(super) run: &'a Run<'b>,
    pub(super) kinds: &'a Kinds,
    pub(super) now: Duration,
}

impl Judge<'_, '_> {
    /// Those that are not ready.
    pub(super) async fn pending(self, objects: Vec<Awaited>) -> Result<Vec<Pending>, ClusterError> {
        let one = |mut awaited: Awaited| async move {
            let (why, is_final) = match self.readiness(&mut awaited).await? {
                Readiness::Ready => return Ok(None),
                Readiness::Progressing(why) => (why, false),
                Readiness::Failed(why) => (why, true),
            };
            let has_failed = is_final && awaited.is_written;
            Ok(Some(Pending { awaited: Awaited { was_late: true, ..awaited }, why, has_failed }))
        };
        let judged: Vec<Result<Option<Pending>, ClusterError>> =
            stream::iter(objects).map(one).buffered(self.run.cluster.parallelism()).collect().await;
        judged.into_iter().filter_map(Result::transpose).collect()
    }

    /// The object's own rule; then what its rule cannot see: conditions that nobody dated, processes that end again, whether
    /// it is reached, and what it writes when it starts.
    async fn readiness(self, awaited: &mut Awaited) -> Result<Readiness, ClusterError> {
        let own = readiness(&awaited.live);
        if own != Readiness::Ready {
            return Ok(own);
        }
        if awaited.is_written && self.now < SETTLED && is_settling(&awaited.live) {
            return Ok(Readiness::Progressing("its conditions are older than its last change".to_owned()));
        }
        if awaited.is_watched() {
            let watched = match self.proof(awaited).await? {
                Readiness::Ready => self.answers(awaited).await?,
                other => other,
            };
            if watched != Readiness::Ready {
                return Ok(watched);
            }
        }
        match WrittenKey::of(&awaited.live) {
            None => Ok(Readiness::Ready),
            Some(written) => {
                let secret = self.run.cluster.get(&Kinds::core(), &written.secret, "v1").await?;
                Ok(written.readiness(secret.as_ref()))
            }
        }
    }

    /// Whether its processes keep running. Who may not look at pods has to do with the workload's own status.
    async fn proof(self, awaited: &mut Awaited) -> Result<Readiness, ClusterError> {
        if !Proof::is_needed(&awaited.live) {
            return Ok(Readiness::Ready);
        }
        let before = awaited.proof.take();
        let proof = match before {
            Some(before) if !before.is_due(self.now) => before,
            before => match pods(self.run, self.kinds, &awaited.live).await {
                Ok(pods) => {
                    awaited.watch.look(&awaited.live, &pods, self.now);
                    Proof::of(before, &awaited.live, &pods, self.now)
                }
                Err(error) => return self.unseen(awaited, error),
            },
        };
        Ok(awaited.proof.insert(proof).readiness(self.now))
    }

    /// Whether somebody stands behind the Service that it is reached by.
    async fn answers(self, awaited: &Awaited) -> Result<Readiness, ClusterError> {
        let slice = GroupKind::parse("EndpointSlice.discovery.k8s.io");
        let Some(served) = Served::by(&awaited.live).filter(|_| self.kinds.serves(&slice)) else {
            return Ok(Readiness::Ready);
        };
        let namespace = served.service.namespace.as_deref();
        match self.run.cluster.list(self.kinds, &slice, namespace, &served.selector()).await {
            Ok(slices) if Served::has_endpoint(&slices) => Ok(Readiness::Ready),
            Ok(_) => {
                let service = self.run.cluster.get(self.kinds, &served.service, "v1").await?;
                Ok(served.without_endpoint(service.as_ref()))
            }
            Err(error) => self.unseen(awaited, error),
        }
    }

    /// What may not be looked at counts as well, and is said once.
    fn unseen(self, awaited: &Awaited, error: ClusterError) -> Result<Readiness, ClusterError> {
        let ClusterError::Forbidden { .. } = error else { return Err(error) };
        self.run.say_blind(awaited.live.id(), &error);
        Ok(Readiness::Ready)
    }

    /// Looks at the pods of those that are late, and gives up what cannot become ready by itself.
    pub(super) async fn watch(self, pending: Vec<Pending>) -> Vec<Pending> {
        let look = |mut one: Pending| async move {
            let Awaited { live, watch, .. } = &mut one.awaited;
            if watch.is_due(self.now) {
                // A look that went wrong ends nothing: the next one may tell more.
                let seen = pods(self.run, self.kinds, live).await.unwrap_or_else(|error| {
                    if let ClusterError::Forbidden { .. } = error {
                        self.run.say_blind(live.id(), &error);
                    }
                    Vec::new()
                });
                watch.look(live, &seen, self.now);
            }
            one
        };
        let looks = stream::iter(pending).map(look).buffered(self.run.cluster.parallelism());
        let mut pending: Vec<Pending> = looks.collect().await;
        give_up(&mut pending);
        self.tell(&mut pending).await;
        pending
    }

    /// Says of each that stands still, once, what is behind it. Where neither an event nor a log says more than its status, as
    /// while an image is pulled, there is nothing to say.
    async fn tell(self, pending: &mut [Pending]) {
        let quiet = pending.iter_mut().filter(|one| !one.has_failed && !one.awaited.is_told);
        for one in quiet {
            let Awaited { live, watch, is_told, .. } = &mut one.awaited;
            if !watch.stands_still(self.now) {
                continue;
            }
            let late = Late::new(live.id().clone(), LateCause::Awaited, one.why.clone());
            for late in diagnose(self.run, self.kinds, vec![(live.clone(), late)]).await {
                if late.says_more() {
                    *is_told = true;
                    (self.run.emit)(Event::Late(Box::new(late)));
                }
            }
        }
    }
}

/// What may wait for another one that is on its way is not given up.
fn give_up(pending: &mut [Pending]) {
    let is_on_its_way = |one: &Pending| !one.has_failed && one.awaited.watch.is_on_its_way();
    let some_are = pending.iter().any(is_on_its_way);
    for one in pending {
        let Awaited { watch, is_written, .. } = &mut one.awaited;
        if some_are {
            watch.forgive();
        }
        if let Some(verdict) = watch.verdict(*is_written) {
            one.why = format!("{}; {verdict}", one.why);
            one.has_failed = true;
        }
    }
}
