//! An apply or a destroy as JSON lines: `--output json`.
//!
//! Each line is one document with `type`, `time` and the `file` of its profile: the lines of several profiles mix. Those of
//! one begin with `version`, which names the format, and end with `complete` or `error`, which carry the exit code: a reader
//! that saw one of them has seen everything of this profile. Their JSON schema is `bridge schema apply`; a field is never removed or given another meaning within one `format`.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::converge::event::{Action, Event};
use crate::converge::outcome::{Failure, FailureClass, Outcome};
use crate::converge::spoke::Spoke;
use crate::desired::id::ObjectId;
use crate::plan::gate::NeedsConsent;
use crate::plan::summary::Plan;
use crate::profile::finding::Finding;
use crate::report::apply_text::{Operation, is_complete};
use crate::report::finding_json::{self, FindingDocument};
use crate::report::late_json::{self, LateDocument};
use crate::report::plan_json::{
    self, ChangeDocument, ClusterDocument, NeedsConsentDocument, ObjectDocument, SummaryDocument,
};
use crate::report::spoke_json::{self, SpokeDocument};
use crate::report::workloads_json::{self, WorkloadsDocument};

/// The name and version of the lines.
pub const FORMAT: &str = "bridge.apply/v1";

/// One line.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Line {
    /// What happened.
    #[serde(flatten)]
    pub content: Content,
    /// When, in UTC.
    pub time: String,
    /// The profile's file; absent when bridge stopped before it looked at one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
}

/// What a line says. Its name is the line's `type`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum Content {
    /// The first line of a profile.
    Version {
        /// The name and version of the lines.
        #[schemars(extend("const" = FORMAT))]
        format: &'static str,
        /// The version of bridge that wrote it.
        bridge_version: &'static str,
        /// Which command.
        operation: OperationDocument,
    },
    /// One change of the plan.
    PlannedChange {
        /// The change, as `bridge plan --output json` shows it.
        change: ChangeDocument,
    },
    /// A spoke that bridge registers.
    PlannedSpoke {
        /// The spoke, as `bridge plan --output json` shows it.
        spoke: SpokeDocument,
    },
    /// The end of the plan.
    ChangeSummary {
        /// The profile's `metadata.name`.
        profile: String,
        /// The cluster.
        cluster: Option<ClusterDocument>,
        /// How many changes of each kind.
        summary: SummaryDocument,
        /// What it does to Applications; `workloads` of a change says which.
        workloads: WorkloadsDocument,
        /// What `--auto-approve` would need; absent when nothing.
        #[serde(skip_serializing_if = "Option::is_none")]
        needs_consent: Option<NeedsConsentDocument>,
    },
    /// Reading the cluster has begun.
    Observing {
        /// How many objects are asked for.
        objects: usize,
    },
    /// So many of the objects have been compared.
    Observed {
        /// How many so far.
        done: usize,
        /// Of how many.
        total: usize,
    },
    /// A wave begins.
    Wave {
        /// What is in it.
        name: &'static str,
        /// How many changes.
        changes: usize,
    },
    /// An object was written.
    Written {
        /// Which.
        object: ObjectDocument,
        /// What was done.
        action: WrittenDocument,
        /// How long the request took.
        milliseconds: u64,
    },
    /// The server accepted the deletion of an object that is replaced; it is created anew once it is gone.
    Replacing {
        /// Which.
        object: ObjectDocument,
    },
    /// The user asked to stop while an object is replaced, which is waited for so much longer.
    PutOff {
        /// Which.
        object: ObjectDocument,
        /// How much longer.
        seconds: u64,
    },
    /// An object could not be written.
    Failed {
        /// Which.
        object: ObjectDocument,
        /// Why.
        message: String,
    },
    /// An object was not tried.
    Skipped {
        /// Which.
        object: ObjectDocument,
        /// Why.
        reason: String,
    },
    /// Waiting for objects to become ready, or to be gone.
    Waiting {
        /// What for; the first few of them.
        pending: Vec<String>,
        /// How long so far.
        elapsed_seconds: u64,
    },
    /// Something that is waited for stands still. It is waited for all the same.
    Late {
        /// What was found behind it so far.
        late: LateDocument,
    },
    /// The server said something beside its answer, or does not let something be looked at.
    Warning {
        /// About which object.
        object: ObjectDocument,
        /// In a sentence, with the server's words.
        message: String,
    },
    /// The last line of a profile that was applied, in part or whole.
    Complete {
        /// Whether everything is done and ready.
        complete: bool,
        /// What was done.
        summary: DoneDocument,
        /// Objects that could not be written.
        failures: Vec<FailureDocument>,
        /// Objects that were not tried.
        not_tried: Vec<ObjectDocument>,
        /// Objects that did not become ready.
        not_ready: Vec<LateDocument>,
        /// Objects that were asked to go and are still there.
        remaining: Vec<PendingDocument>,
        /// Whether the user interrupted.
        interrupted: bool,
        /// What ended it before its time.
        #[serde(skip_serializing_if = "Option::is_none")]
        error: Option<ProblemDocument>,
        /// The exit code for this profile.
        exit_code: u8,
    },
    /// The last line of a profile of which nothing was applied.
    Error {
        /// Why.
        findings: Vec<FindingDocument>,
        /// The exit code for this profile.
        exit_code: u8,
    },
}

/// Which command.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum OperationDocument {
    /// `bridge apply`.
    Apply,
    /// `bridge destroy`.
    Destroy,
}

/// What was done to an object.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum WrittenDocument {
    /// It was created.
    Created,
    /// It was updated.
    Updated,
    /// It was taken over.
    Adopted,
    /// It was deleted and created anew.
    Replaced,
    /// It was deleted.
    Deleted,
}

/// What was done.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DoneDocument {
    /// Objects created, replaced ones among them.
    pub added: usize,
    /// Objects updated or adopted.
    pub changed: usize,
    /// Objects deleted and confirmed gone, replaced ones among them.
    pub destroyed: usize,
}

/// An object that could not be written.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FailureDocument {
    /// Which.
    pub object: ObjectDocument,
    /// Why.
    pub message: String,
    /// What to do about it; may be empty.
    pub fix: String,
    /// Whether somebody else owns it, or changed it since the plan.
    pub is_conflict: bool,
}

/// An object that is not as it should be yet.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PendingDocument {
    /// Which.
    pub object: ObjectDocument,
    /// Why.
    pub reason: String,
}

/// What ended an apply before its time.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ProblemDocument {
    /// Its stable code.
    pub code: String,
    /// What went wrong.
    pub message: String,
}

/// The lines as those of this profile.
#[must_use]
pub fn of(file: &str, mut lines: Vec<Value>) -> Vec<Value> {
    lines.iter_mut().for_each(|line| line["file"] = file.into());
    lines
}

/// The first line of a profile.
#[must_use]
pub fn version(operation: Operation) -> Value {
    let operation = match operation {
        Operation::Apply => OperationDocument::Apply,
        Operation::Destroy => OperationDocument::Destroy,
    };
    line(Content::Version { format: FORMAT, bridge_version: env!("CARGO_PKG_VERSION"), operation })
}

/// The plan, one line a change, and its summary.
#[must_use]
pub fn plan<'a>(
    plan: &Plan,
    needs: Option<&NeedsConsent>,
    spokes: impl Iterator<Item = &'a Spoke>,
) -> Vec<Value> {
    let changes = plan_json::changes(plan).into_iter();
    let mut out: Vec<Value> = changes.map(|change| line(Content::PlannedChange { change })).collect();
    out.extend(spokes.map(|spoke| line(Content::PlannedSpoke { spoke: spoke_json::document(spoke) })));
    out.push(line(Content::ChangeSummary {
        profile: plan.owner.profile.clone(),
        cluster: plan.cluster.as_ref().map(plan_json::cluster),
        summary: plan_json::summary(&plan.counts()),
        workloads: workloads_json::summary(plan),
        needs_consent: needs.map(plan_json::needs_consent),
    }));
    out
}

/// One event of the engine.
#[must_use]
pub fn event(event: &Event) -> Value {
    let object = plan_json::object;
    line(match event.clone() {
        Event::Observing { objects } => Content::Observing { objects },
        Event::Observed { done, total } => Content::Observed { done, total },
        Event::WaveStarted { name, changes } => Content::Wave { name, changes },
        Event::Written { id, action, took } => Content::Written {
            object: object(&id),
            action: written(action),
            milliseconds: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        },
        Event::Replacing { id } => Content::Replacing { object: object(&id) },
        Event::PutOff { id, longest } => Content::PutOff { object: object(&id), seconds: longest.as_secs() },
        Event::Failed { id, message } => Content::Failed { object: object(&id), message },
        Event::Skipped { id, reason } => Content::Skipped { object: object(&id), reason },
        Event::Waiting { pending, elapsed } => {
            Content::Waiting { pending, elapsed_seconds: elapsed.as_secs() }
        }
        Event::Late(late) => Content::Late { late: late_json::late(&late) },
        Event::Warning { id, message } => Content::Warning { object: object(&id), message },
    })
}

/// The last line after an outcome.
#[must_use]
pub fn outcome(outcome: &Outcome, exit_code: u8) -> Value {
    let Outcome { added, changed, destroyed, failures, not_tried, not_ready, remaining, interrupted, error } =
        outcome;
    line(Content::Complete {
        complete: is_complete(outcome),
        summary: DoneDocument { added: *added, changed: *changed, destroyed: *destroyed },
        failures: failures.iter().map(failure).collect(),
        not_tried: not_tried.iter().map(plan_json::object).collect(),
        not_ready: not_ready.iter().map(late_json::late).collect(),
        remaining: pending(remaining),
        interrupted: *interrupted,
        error: error
            .as_ref()
            .map(|error| ProblemDocument { code: error.code().to_string(), message: error.to_string() }),
        exit_code,
    })
}

/// The last line where there was no outcome.
#[must_use]
pub fn error(findings: &[Finding], exit_code: u8) -> Value {
    line(Content::Error { findings: findings.iter().map(finding_json::one).collect(), exit_code })
}

fn failure(failure: &Failure) -> FailureDocument {
    let Failure { id, message, fix, class } = failure.clone();
    let is_conflict = class == FailureClass::Conflict;
    FailureDocument { object: plan_json::object(&id), message, fix, is_conflict }
}

fn pending(objects: &[(ObjectId, String)]) -> Vec<PendingDocument> {
    let one = |(id, reason): &(ObjectId, String)| PendingDocument {
        object: plan_json::object(id),
        reason: reason.clone(),
    };
    objects.iter().map(one).collect()
}

fn written(action: Action) -> WrittenDocument {
    match action {
        Action::Created => WrittenDocument::Created,
        Action::Updated => WrittenDocument::Updated,
        Action::Adopted => WrittenDocument::Adopted,
        Action::Replaced => WrittenDocument::Replaced,
        Action::Deleted => WrittenDocument::Deleted,
    }
}

#[expect(clippy::disallowed_methods, reason = "a report says when something happened")]
fn line(content: Content) -> Value {
    serde_json::json!(Line { content, time: jiff::Timestamp::now().to_string(), file: None })
}

#[cfg(test)]
mod tests;
