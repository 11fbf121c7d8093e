//! Writing one object so that it becomes what the plan showed, or failing in words.

#![expect(clippy::disallowed_methods, reason = "events say how long a request took")]

use std::collections::BTreeSet;
use std::time::Instant;

use futures::{StreamExt, stream};

use crate::cluster::{ApiStatus, Applied, Apply, ClusterError, Guard, Kinds};
use crate::converge::apply::Run;
use crate::converge::error::ConvergeError;
use crate::converge::event::{Action, Event};
use crate::converge::outcome::{Failure, Outcome};
use crate::converge::trial::Tester;
use crate::desired::id::ObjectId;
use crate::desired::object::Object;
use crate::desired::ownership::PART_OF;
use crate::plan::change::{Change, FieldChange};
use crate::plan::decide::decide;
use crate::plan::live::Live;

/// How often a change is looked at again when its object moves meanwhile, as Argo CD's controllers move theirs.
pub(super) const LOOKS: u32 = 5;

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
}

enum WriteError {
    Cluster(ClusterError),
    /// The change is not the one that was planned any more.
    Moved,
}

impl From<ClusterError> for WriteError {
    fn from(error: ClusterError) -> Self {
        Self::Cluster(error)
    }
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
                Err(Stopped::Failed(failure)) => {
                    (self.run.emit)(Event::Failed {
                        id: failure.id.clone(),
                        message: failure.message.clone(),
                    });
                    outcome.failures.push(failure);
                }
                Err(Stopped::Interrupted(id)) => outcome.not_tried.push(id),
            }
        }
        written
    }

    async fn write_one(&self, write: Write) -> Result<(Live, Action), Stopped> {
        let id = write.id().clone();
        if self.run.interrupt.is_requested() {
            return Err(Stopped::Interrupted(id));
        }
        let (started, action) = (Instant::now(), write.action());
        match self.send(write).await {
            Ok(applied) => {
                for message in applied.warnings {
                    (self.run.emit)(Event::Warning { id: id.clone(), message });
                }
                (self.run.emit)(Event::Written { id, action, took: started.elapsed() });
                Ok((applied.live, action))
            }
            Err(error) => Err(Stopped::Failed(failure(id, error))),
        }
    }

    async fn send(&self, write: Write) -> Result<Applied, WriteError> {
        match write {
            Write::Create(desired) => Ok(self.apply(&desired, None, false).await?),
            Write::Update { desired, live, fields, force } => self.update(desired, live, fields, force).await,
            Write::Adopt { desired, live, fields, from } => {
                let applied = self.update(desired, live, fields, true).await?;
                let owned = self.run.cluster.take_ownership(self.kinds, &applied.live, &from).await?;
                Ok(Applied { live: owned, ..applied })
            }
        }
    }

    async fn apply(
        &self,
        desired: &Object,
        guard: Option<Guard>,
        force: bool,
    ) -> Result<Applied, ClusterError> {
        let apply = Apply { guard, force, ..Apply::new(desired.id(), desired.body()) };
        self.run.cluster.apply(self.kinds, &apply).await
    }

    /// Applies to the object as it was planned. If it moved, the change is worked out again and goes on only when it is
    /// the one that the user has seen.
    async fn update(
        &self,
        mut desired: Object,
        mut live: Live,
        fields: Vec<FieldChange>,
        force: bool,
    ) -> Result<Applied, WriteError> {
        for _ in 0..LOOKS {
            match self.apply(&desired, Some(Guard::of(&live)), force).await {
                Err(ClusterError::Api(status)) if status.is_stale() => {
                    (desired, live) = self.look_again(desired, &live, &fields, force).await?;
                }
                outcome => return Ok(outcome?),
            }
        }
        Err(WriteError::Moved)
    }

    async fn look_again(
        &self,
        desired: Object,
        before: &Live,
        fields: &[FieldChange],
        force: bool,
    ) -> Result<(Object, Live), WriteError> {
        let cluster = self.run.cluster;
        let consent = &self.run.settings.consent;
        let now = cluster.get(self.kinds, desired.id(), desired.api_version()).await?;
        let same = now.as_ref().is_some_and(|now| now.uid() == before.uid());
        let tester = Tester::new(cluster, self.kinds, consent, std::slice::from_ref(&desired)).await;
        let tester = tester.map_err(|error| match error {
            ConvergeError::Cluster(error) => WriteError::Cluster(error),
            // A namespace that is being deleted meanwhile is not what was planned either.
            _ => WriteError::Moved,
        })?;
        let (desired, observation) = tester.observe(desired, now).await?;
        let applyset = applyset_of(&desired);
        match decide(desired, observation, consent, &applyset) {
            Change::Update { desired, live, fields: now, forced }
                if same && now == *fields && forced.is_empty() != force =>
            {
                Ok((desired, live))
            }
            Change::Adopt { desired, live, fields: now, .. } if same && force && now == *fields => {
                Ok((desired, live))
            }
            Change::Create { .. }
            | Change::Update { .. }
            | Change::Adopt { .. }
            | Change::Delete { .. }
            | Change::Unchanged { .. }
            | Change::Conflict { .. }
            | Change::Refused { .. }
            | Change::Terminating { .. }
            | Change::Keep { .. } => Err(WriteError::Moved),
        }
    }
}

/// The ApplySet that the object will be a member of.
fn applyset_of(desired: &Object) -> String {
    let labels = desired.body().pointer("/metadata/labels").and_then(|labels| labels.get(PART_OF));
    labels.and_then(serde_json::Value::as_str).unwrap_or_default().to_owned()
}

/// Why an object was not written.
enum Stopped {
    Failed(Failure),
    Interrupted(ObjectId),
}

fn write_of(change: Change) -> Option<Write> {
    match change {
        Change::Create { desired, check: _ } => Some(Write::Create(desired)),
        Change::Update { desired, live, fields, forced } => {
            Some(Write::Update { desired, live, fields, force: !forced.is_empty() })
        }
        Change::Adopt { desired, live, fields, from } => Some(Write::Adopt { desired, live, fields, from }),
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
            Self::Create(desired) | Self::Update { desired, .. } | Self::Adopt { desired, .. } => {
                desired.id()
            }
        }
    }

    fn action(&self) -> Action {
        match self {
            Self::Create(_) => Action::Created,
            Self::Update { .. } => Action::Updated,
            Self::Adopt { .. } => Action::Adopted,
        }
    }
}

pub(super) fn failure_of(id: ObjectId, error: &ClusterError) -> Failure {
    let conflicts = error.status().map(ApiStatus::field_conflicts).unwrap_or_default();
    let is_conflict = !conflicts.is_empty() || error.status().is_some_and(ApiStatus::is_stale);
    let mut fix = error.hints().join("; ");
    if let Some(conflict) = conflicts.first() {
        let kind_name = format!("{}/{}", id.group_kind.kind, id.name);
        fix = format!(
            "to take the field from {}: --force-conflicts {kind_name}:{}",
            conflict.manager, conflict.field
        );
    }
    Failure { id, message: error.to_string(), fix, is_conflict }
}

fn failure(id: ObjectId, error: WriteError) -> Failure {
    match error {
        WriteError::Cluster(error) => failure_of(id, &error),
        WriteError::Moved => Failure {
            id,
            message:
                "somebody changed it since it was planned, and the change would not be the one that was shown"
                    .to_owned(),
            fix: "run `bridge plan` again".to_owned(),
            is_conflict: true,
        },
    }
}
