//! One ApplicationSet: its conditions, and whether they are about what it says now.

use serde_json::Value;

use crate::desired::id::ObjectId;
use crate::plan::live::Live;
use crate::plan::ready::{Readiness, readiness};
use crate::plan::status::application::{Maker, first_line, text};
use crate::plan::status::expected::NOT_THERE;

/// An ApplicationSet, as far as its status needs it.
#[derive(Debug, Clone)]
pub struct ApplicationSet {
    /// Which.
    pub id: ObjectId,
    /// Its uid, by which Applications name their controller; empty for one that is not there.
    pub uid: String,
    /// The id of the ApplySet that it is a member of.
    pub applyset: Option<String>,
    /// Who made it, as far as Argo CD knows.
    pub maker: Maker,
    /// What its conditions say.
    pub readiness: Readiness,
    /// What its controller said last, in the order in which it is stored.
    pub conditions: Vec<Condition>,
    /// When it was changed after its conditions were written, RFC 3339.
    ///
    /// The controller writes no condition that stays the same, so good ones may be older for good. Nobody can tell that from a
    /// controller that has not looked yet.
    pub changed_since: Option<String>,
}

/// A condition of an ApplicationSet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// `ErrorOccurred`, `ParametersGenerated`, `ResourcesUpToDate`, `RolloutProgressing`.
    pub kind: String,
    /// `True`, `False` or `Unknown`.
    pub status: String,
    /// In a word.
    pub reason: String,
    /// The first line of its message.
    pub message: String,
    /// Since when, RFC 3339.
    pub since: String,
}

impl ApplicationSet {
    /// What is kept of an ApplicationSet; `mark` is the label of the ApplySet's members.
    #[must_use]
    pub fn of(live: &Live, mark: &str) -> Self {
        let conditions = live.body().pointer("/status/conditions").and_then(Value::as_array);
        let conditions: Vec<Condition> = conditions.into_iter().flatten().map(condition).collect();
        Self {
            id: live.id().clone(),
            uid: live.uid().to_owned(),
            applyset: live.label(mark).map(str::to_owned),
            maker: Maker::of(live),
            readiness: of_one_line(readiness(live)),
            changed_since: changed_since(live, &conditions),
            conditions,
        }
    }

    /// One that the profile asks for and that is not there.
    #[must_use]
    pub(super) fn missing(id: ObjectId) -> Self {
        Self {
            id,
            uid: String::new(),
            applyset: None,
            maker: Maker::Nobody,
            readiness: Readiness::Failed(NOT_THERE.to_owned()),
            conditions: Vec::new(),
            changed_since: None,
        }
    }

    /// Whether its controller has made of it what it says.
    #[must_use]
    pub fn is_well(&self) -> bool {
        self.readiness == Readiness::Ready
    }
}

fn condition(condition: &Value) -> Condition {
    let of = |key: &str| text(condition, key).to_owned();
    Condition {
        kind: of("/type"),
        status: of("/status"),
        reason: of("/reason"),
        message: first_line(text(condition, "/message")),
        since: of("/lastTransitionTime"),
    }
}

fn of_one_line(readiness: Readiness) -> Readiness {
    match readiness {
        Readiness::Ready => Readiness::Ready,
        Readiness::Progressing(why) => Readiness::Progressing(first_line(&why)),
        Readiness::Failed(why) => Readiness::Failed(first_line(&why)),
    }
}

/// The time of the last change of its `spec`, whoever made it, where every condition is older. Times are of whole seconds; the
/// same second counts as no change.
fn changed_since(live: &Live, conditions: &[Condition]) -> Option<String> {
    let is_of_spec = |fields: &Value| fields.get("f:spec").is_some();
    let writes = live.managed_fields().filter(|entry| is_of_spec(entry.fields()));
    let changed = writes.map(|entry| text(entry.raw(), "/time")).max()?;
    let said = conditions.iter().map(|condition| condition.since.as_str()).max()?;
    // RFC 3339 in UTC with whole seconds, as the API server writes times, compares as text.
    (said < changed).then(|| changed.to_owned())
}
