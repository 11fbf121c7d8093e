//! An object that is not ready, and why, for machines.

use schemars::JsonSchema;
use serde::Serialize;

use crate::converge::outcome::{Late, LateCause, LatePod, PodLog};
use crate::report::late_text::log_line;
use crate::report::plan_json::{self, ObjectDocument};

/// An object that was applied and did not become ready.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LateDocument {
    /// Which.
    pub object: ObjectDocument,
    /// What ended the wait for it.
    pub cause: LateCauseDocument,
    /// Why, by its own status; where it cannot become ready by itself, also why that is certain.
    pub reason: String,
    /// The last Warning event about the object itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warning: Option<String>,
    /// The first of its pods that are not ready.
    pub pods: Vec<LatePodDocument>,
    /// How many more of its pods are not ready.
    pub more_pods: usize,
    /// What could not be looked at, and why.
    pub not_looked_at: Vec<String>,
}

/// What ended the wait for an object.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LateCauseDocument {
    /// It cannot become ready without help.
    Failed,
    /// The time was over.
    TimedOut,
    /// Another one cannot become ready, so that this one was not waited for to the end.
    NotAwaited,
    /// Nothing did: it is waited for still.
    Awaited,
}

/// A pod that is not ready.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LatePodDocument {
    /// Its name.
    pub name: String,
    /// Why, by its status.
    pub reason: String,
    /// The last Warning event about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warning: Option<String>,
    /// The end of the log that tells more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log: Option<LogDocument>,
}

/// The last lines of a container's log.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LogDocument {
    /// The container.
    pub container: String,
    /// Whether it is the log of the run before the present one.
    pub is_previous: bool,
    /// Whole lines, the last one last.
    pub lines: Vec<String>,
}

pub(super) fn late(late: &Late) -> LateDocument {
    let Late { id, cause, why, warning, pods, more_pods, not_seen } = late.clone();
    LateDocument {
        object: plan_json::object(&id),
        cause: match cause {
            LateCause::Failed => LateCauseDocument::Failed,
            LateCause::TimedOut => LateCauseDocument::TimedOut,
            LateCause::NotAwaited => LateCauseDocument::NotAwaited,
            LateCause::Awaited => LateCauseDocument::Awaited,
        },
        reason: why,
        warning,
        pods: pods.into_iter().map(pod).collect(),
        more_pods,
        not_looked_at: not_seen,
    }
}

fn pod(pod: LatePod) -> LatePodDocument {
    let LatePod { name, why, warning, log } = pod;
    LatePodDocument { name, reason: why, warning, log: log.map(self::log) }
}

fn log(log: PodLog) -> LogDocument {
    let PodLog { of, lines } = log;
    let lines = lines.iter().map(|line| log_line(line)).collect();
    LogDocument { container: of.container, is_previous: of.previous, lines }
}
