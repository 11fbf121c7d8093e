//! Writing one object so that it becomes what the plan showed, or failing in words.

#![expect(clippy::disallowed_methods, reason = "events say how long a request took")]

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use futures::{StreamExt, stream};

use crate::cluster::{Applied, Apply, ClusterError, Guard, Kinds};
use crate::converge::error::ConvergeError;
use crate::converge::event::{Action, Event};
use crate::converge::failure::{Stage, WriteError, failure};
use crate::converge::outcome::{Failure, Outcome};
use crate::converge::run::{LOOKS, Run};
use crate::converge::trial::{Places, Tester};
use crate::desired::id::ObjectId;
use crate::desired::object::Object;
use crate::desired::ownership::inventory_id;
use crate::plan::change::{Change, FieldChange};
use crate::plan::decide::Sets;
use crate::plan::diff;
use crate::plan::live::Live;
use crate::plan::ownership;

/// Writes the changes of a wave.
pub(super) struct Writer<'a, 'b> {
    pub(super) run: &'a Run<'b>,
    pub(super) kinds: &'a Kinds,
}

/// A change that can be written.
enum Write {
    Create(Object),
    Update { desired: Object, live: Live, fields: Vec<FieldChange>, force: bool },
    Adopt { desired: Object, live: Live, fields: Vec<FieldChange>, from: BTreeSet<String> },
    Replace { desired: Object, live: Live },
}

/// A change after a second look at its object.
struct Again {
    /// What is left to do, perhaps something else.
    change: Change,
    /// The object as it is now.
    now: Option<Live>,
}

impl Writer<'_, '_> {
    /// Writes all, side by side; returns what was written.
    pub(super) async fn write_all(&self, changes: Vec<Change>, outcome: &mut Outcome) -> Vec<Live> {
        let mut writes = stream::iter(changes.into_iter().filter_map(write_of))
            .map(|write| self.write_one(write))
            .buffer_unordered(self.run.cluster.parallelism());
        let mut written = Vec::new();
        while let Some(result) = writes.next().await {
            match result {
                Ok((live, action)) => {
                    outcome.count(action);
                    written.push(live);
                }
                Err(Stopped::Failed { failure, is_gone }) => {
                    outcome.destroyed += usize::from(is_gone);
                    (self.run.emit)(Event::Failed {
                        id: failure.id.clone(),
                        message: failure.message.clone(),
                    });
                    outcome.failures.push(failure);
                }
                Err(Stopped::NotTried(id)) => outcome.not_tried.push(id),
            }
        }
        written
    }

    async fn write_one(&self, write: Write) -> Result<(Live, Action), Stopped> {
        let id = write.id().clone();
        if self.run.is_stopped() || self.run.is_away() {
            return Err(Stopped::NotTried(id));
        }
        let started = Instant::now();
        match self.send(write).await {
            Ok((applied, action)) => {
                for message in applied.warnings {
                    (self.run.emit)(Event::Warning { id: id.clone(), message });
                }
                (self.run.emit)(Event::Written { id, action, took: started.elapsed() });
                Ok((applied.live, action))
            }
            Err(error) => {
                if let WriteError::Cluster(error) = &error {
                    self.run.see(error);
                }
                let is_gone = matches!(error, WriteError::Halfway { stage: Stage::Deleted, .. });
                Err(Stopped::Failed { failure: failure(id, error), is_gone })
            }
        }
    }

    /// What was done in the end: an object that was to be replaced may have been gone already.
    async fn send(&self, write: Write) -> Result<(Applied, Action), WriteError> {
        Ok(match write {
            Write::Create(desired) => (self.settle(desired, None, &[], false).await?, Action::Created),
            Write::Update { desired, live, fields, force } => {
                (self.settle(desired, Some(live), &fields, force).await?, Action::Updated)
            }
            Write::Adopt { desired, live, fields, from } => {
                (self.adopt(desired, live, &fields, &from).await?, Action::Adopted)
            }
            Write::Replace { desired, live } => self.replace(desired, &live).await?,
        })
    }

    /// Applies to the object as it was planned; `live` is `None` for one that was not there. If it moved or appeared, the
    /// change is worked out again, and goes on only when it is the one that the user has seen.
    pub(super) async fn settle(
        &self,
        mut desired: Object,
        mut live: Option<Live>,
        fields: &[FieldChange],
        force: bool,
    ) -> Result<Applied, WriteError> {
        for _ in 0..LOOKS {
            let guard = live.as_ref().map_or(Guard::Absent, Guard::of);
            let apply = Apply { guard: Some(guard), force, ..Apply::new(desired.id(), desired.body()) };
            match self.run.cluster.apply(self.kinds, &apply).await {
                Err(ClusterError::Api(status)) if status.is_stale() => {}
                outcome => return Ok(outcome?),
            }
            let Again { change, now } = self.look_again(desired, live.as_ref()).await?;
            match (change, now) {
                // Our own request, whose answer was lost, or somebody with the same intent.
                (Change::Unchanged(_), Some(live)) => {
                    return Ok(Applied { live, created: false, warnings: Vec::new() });
                }
                (Change::Create { desired: again, .. }, _) if live.is_none() => desired = again,
                (Change::Update { desired: again, live: now, fields: changed, forced }, _)
                    if shows_the_same(live.as_ref(), &now, fields, &changed)
                        && (force || forced.is_empty()) =>
                {
                    (desired, live) = (again, Some(now));
                }
                _ => return Err(WriteError::Moved),
            }
        }
        Err(WriteError::Moved)
    }

    async fn look_again(&self, desired: Object, before: Option<&Live>) -> Result<Again, WriteError> {
        let cluster = self.run.cluster;
        let consent = &self.run.settings.consent;
        let now = cluster.get(self.kinds, desired.id(), desired.api_version()).await?;
        if let (Some(before), Some(now)) = (before, &now)
            && before.uid() != now.uid()
        {
            return Err(WriteError::Moved);
        }
        let tester =
            Tester::new(cluster, self.kinds, consent, Places::of_one(&desired), &BTreeMap::new()).await;
        let tester = tester.map_err(|error| match error {
            ConvergeError::Cluster(error) => WriteError::Cluster(error),
            // A namespace that is being deleted meanwhile is not what was planned either.
            _ => WriteError::Moved,
        })?;
        let seen = tester.observe(desired, now.clone()).await?;
        // None of these changes deletes anything, so that neither matters.
        let (abandoned, recorded) = (BTreeSet::new(), BTreeSet::new());
        let ours = inventory_id(&self.run.owner.namespace);
        let sets = Sets { ours: &ours, abandoned: &abandoned, recorded: &recorded };
        Ok(Again { change: seen.decide(consent, sets), now })
    }

    /// Takes an object over: first its fields become bridge's, as they are, then they become what the profile asks for. An
    /// apply that is killed in between leaves an object of bridge's own, which the next one updates like any other.
    async fn adopt(
        &self,
        mut desired: Object,
        mut live: Live,
        fields: &[FieldChange],
        from: &BTreeSet<String>,
    ) -> Result<Applied, WriteError> {
        for _ in 0..LOOKS {
            match self.take_ownership(&desired, &live, from).await {
                Err(ClusterError::Api(status)) if status.is_stale() => {}
                outcome => return self.settle(desired, Some(outcome?), fields, true).await,
            }
            match self.look_again(desired, Some(&live)).await?.change {
                Change::Adopt { desired: again, live: now, fields: changed, from: managers }
                    if shows_the_same(Some(&live), &now, fields, &changed) && managers == *from =>
                {
                    (desired, live) = (again, now);
                }
                _ => return Err(WriteError::Moved),
            }
        }
        Err(WriteError::Moved)
    }

    /// What bridge asks for is known from a dry run on exactly the object that was planned.
    async fn take_ownership(
        &self,
        desired: &Object,
        live: &Live,
        from: &BTreeSet<String>,
    ) -> Result<Live, ClusterError> {
        let cluster = self.run.cluster;
        let guard = Some(Guard::of(live));
        let apply = Apply { guard, force: true, dry_run: true, ..Apply::new(desired.id(), desired.body()) };
        let after = cluster.apply(self.kinds, &apply).await?.live;
        match ownership::transferred(live, &after, from) {
            Some(managed_fields) => cluster.set_owners(self.kinds, live, &managed_fields).await,
            None => Ok(live.clone()),
        }
    }
}

/// Whether the change, worked out on the object as it is now, is the one that was shown for it as it was: in every value,
/// also in those that are never shown.
fn shows_the_same(before: Option<&Live>, now: &Live, shown: &[FieldChange], changed: &[FieldChange]) -> bool {
    before.is_some_and(|before| {
        before.uid() == now.uid() && changed == shown && !diff::moved_unseen(before.body(), now.body(), shown)
    })
}

/// Why an object was not written.
enum Stopped {
    Failed {
        failure: Failure,
        /// It was deleted to be replaced.
        is_gone: bool,
    },
    NotTried(ObjectId),
}

fn write_of(change: Change) -> Option<Write> {
    match change {
        Change::Create { desired, check: _ } => Some(Write::Create(desired)),
        Change::Update { desired, live, fields, forced } => {
            Some(Write::Update { desired, live, fields, force: !forced.is_empty() })
        }
        Change::Adopt { desired, live, fields, from } => Some(Write::Adopt { desired, live, fields, from }),
        Change::Replace { desired, live, fields: _, immutable: _, check: _ } => {
            Some(Write::Replace { desired, live })
        }
        Change::Delete { .. }
        | Change::Unchanged { .. }
        | Change::Conflict { .. }
        | Change::Refused { .. }
        | Change::Terminating { .. }
        | Change::Keep { .. } => None,
    }
}

impl Write {
    fn id(&self) -> &ObjectId {
        match self {
            Self::Create(desired)
            | Self::Update { desired, .. }
            | Self::Adopt { desired, .. }
            | Self::Replace { desired, .. } => desired.id(),
        }
    }
}
