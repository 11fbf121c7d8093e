//! An apply as JSON lines: `bridge apply --output json`.
//!
//! The first line names the format; every line has `type` and `time`. The last line is `complete` and carries the exit
//! code, so that a reader that saw it has seen everything.

use serde_json::{Value, json};

use crate::converge::event::{Action, Event};
use crate::converge::outcome::{Failure, FailureClass, Outcome};
use crate::desired::id::ObjectId;
use crate::plan::summary::Plan;
use crate::report::apply_text::is_complete;
use crate::report::plan_json;

/// The name and version of the lines.
pub const FORMAT: &str = "bridge.apply/v1";

/// The first line.
#[must_use]
pub fn version(profile: &str) -> Value {
    line(
        "version",
        json!({ "format": FORMAT, "bridgeVersion": env!("CARGO_PKG_VERSION"), "profile": profile }),
    )
}

/// The plan, one line a change, and its summary.
#[must_use]
pub fn plan(plan: &Plan) -> Vec<Value> {
    let changes = plan.changes.iter().filter_map(plan_json::change);
    let mut out: Vec<Value> =
        changes.map(|change| line("planned_change", json!({ "change": change }))).collect();
    let cluster = plan.cluster.as_ref().map(plan_json::cluster);
    let summary = plan_json::summary(&plan.counts());
    out.push(line("change_summary", json!({ "cluster": cluster, "summary": summary })));
    out
}

/// One event of the engine.
#[must_use]
pub fn event(event: &Event) -> Value {
    match event {
        Event::Observing { objects } => line("observing", json!({ "objects": objects })),
        Event::Observed { done, total } => line("observed", json!({ "done": done, "total": total })),
        Event::WaveStarted { name, changes } => line("wave", json!({ "name": name, "changes": changes })),
        Event::Written { id, action, took } => line(
            "written",
            json!({ "object": object(id), "action": word(*action), "milliseconds": took.as_millis() as u64 }),
        ),
        Event::Failed { id, message } => line("failed", json!({ "object": object(id), "message": message })),
        Event::Skipped { id, reason } => line("skipped", json!({ "object": object(id), "reason": reason })),
        Event::Waiting { pending, elapsed } => {
            line("waiting", json!({ "pending": pending, "elapsedSeconds": elapsed.as_secs() }))
        }
        Event::Warning { id, message } => {
            line("warning", json!({ "object": object(id), "message": message }))
        }
    }
}

/// The last line.
#[must_use]
pub fn outcome(outcome: &Outcome, exit_code: u8) -> Value {
    let Outcome { added, changed, destroyed, failures, not_tried, not_ready, remaining, interrupted, error } =
        outcome;
    line(
        "complete",
        json!({
            "complete": is_complete(outcome),
            "summary": { "added": added, "changed": changed, "destroyed": destroyed },
            "failures": failures.iter().map(failure).collect::<Vec<_>>(),
            "notTried": not_tried.iter().map(object).collect::<Vec<_>>(),
            "notReady": reasons(not_ready),
            "remaining": reasons(remaining),
            "interrupted": interrupted,
            "error": error.as_ref().map(|error| json!({ "code": error.code().to_string(), "message": error.to_string() })),
            "exitCode": exit_code,
        }),
    )
}

/// An error that ended the run before there was an outcome; also a last line.
#[must_use]
pub fn error(code: &str, message: &str, hints: &[String], exit_code: u8) -> Value {
    line("error", json!({ "code": code, "message": message, "hints": hints, "exitCode": exit_code }))
}

fn failure(failure: &Failure) -> Value {
    let Failure { id, message, fix, class } = failure;
    json!({ "object": object(id), "message": message, "fix": fix, "isConflict": *class == FailureClass::Conflict })
}

fn reasons(objects: &[(ObjectId, String)]) -> Vec<Value> {
    objects.iter().map(|(id, reason)| json!({ "object": object(id), "reason": reason })).collect()
}

fn object(id: &ObjectId) -> Value {
    json!(plan_json::object(id))
}

fn word(action: Action) -> &'static str {
    match action {
        Action::Created => "created",
        Action::Updated => "updated",
        Action::Adopted => "adopted",
        Action::Deleted => "deleted",
    }
}

/// One line: its type, the time, and what it carries.
#[expect(clippy::disallowed_methods, reason = "a report says when something happened")]
fn line(kind: &str, content: Value) -> Value {
    let mut line = json!({ "type": kind, "time": jiff::Timestamp::now().to_string() });
    if let (Some(line), Value::Object(content)) = (line.as_object_mut(), content) {
        line.extend(content);
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_one_document_with_a_type_and_a_time() {
        let id = ObjectId {
            group_kind: crate::desired::id::GroupKind::parse("Secret"),
            namespace: None,
            name: "a\nb".into(),
        };
        let took = std::time::Duration::from_millis(7);
        let lines = [
            version("acme"),
            event(&Event::Written { id, action: Action::Created, took }),
            outcome(&Outcome::default(), 0),
        ];
        assert_eq!(
            lines.iter().map(|line| line["type"].as_str().unwrap()).collect::<Vec<_>>(),
            ["version", "written", "complete"]
        );
        assert!(lines.iter().all(|line| line["time"].is_string()));
        assert_eq!(lines[0]["format"], FORMAT);
        assert_eq!(lines[1]["milliseconds"], 7);
        assert_eq!(lines[2]["exitCode"], 0);
    }
}
