//! The ApplicationSets' and Applications' parts of the document.

use schemars::JsonSchema;
use serde::Serialize;

use crate::plan::status::application_set::Condition;
use crate::plan::status::{GeneratedApplication, GeneratingSet, Origin};
use crate::report::plan_json::{ObjectDocument, object};
use crate::report::status_json::hub::{ReadyState, state};
use crate::report::status_words as words;

/// An ApplicationSet.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ApplicationSetDocument {
    /// Which.
    pub object: ObjectDocument,
    /// Whether nothing is wrong with it.
    pub is_well: bool,
    /// What its conditions say, in a word.
    pub state: ReadyState,
    /// Why it is not ready.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What its controller said last.
    pub conditions: Vec<ConditionDocument>,
    /// When its `spec` was changed after all of its conditions were written, RFC 3339: they may be about what was before. Its
    /// controller writes none that stays the same, so this alone is no failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changed_since: Option<String>,
    /// The Application that deployed it; absent for the profile's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deployed_by: Option<String>,
    /// How many Applications have it as their controller.
    pub applications: usize,
}

/// A condition of an ApplicationSet.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConditionDocument {
    /// `ErrorOccurred`, `ParametersGenerated`, `ResourcesUpToDate`, `RolloutProgressing`.
    #[serde(rename = "type")]
    pub kind: String,
    /// `True`, `False` or `Unknown`.
    pub status: String,
    /// In a word of Argo CD's.
    pub reason: String,
    /// The first line of its message.
    pub message: String,
    /// Since when, RFC 3339.
    pub last_transition_time: String,
}

/// An Application.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ApplicationDocument {
    /// Which.
    pub object: ObjectDocument,
    /// Whether it is Synced and Healthy, without an error.
    pub is_well: bool,
    /// `Synced`, `OutOfSync` or `Unknown`.
    pub sync: String,
    /// `Healthy`, `Progressing`, `Degraded`, `Suspended`, `Missing` or `Unknown`.
    pub health: String,
    /// What Argo CD said last of what is wrong, its first line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The ApplicationSet that controls it; absent where another Application deployed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub application_set: Option<String>,
    /// The cluster that it deploys to, by its name in `clusters`; absent where there is none such.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
}

pub(super) fn set(GeneratingSet { set, origin, applications }: &GeneratingSet) -> ApplicationSetDocument {
    ApplicationSetDocument {
        object: object(&set.id),
        is_well: set.is_well(),
        state: state(&set.readiness),
        reason: words::unready(&set.readiness).map(str::to_owned),
        conditions: set.conditions.iter().map(condition).collect(),
        changed_since: set.changed_since.clone(),
        deployed_by: match origin {
            Origin::Profile => None,
            Origin::Application(name) => Some(name.clone()),
        },
        applications: *applications,
    }
}

fn condition(condition: &Condition) -> ConditionDocument {
    let Condition { kind, status, reason, message, since } = condition.clone();
    ConditionDocument { kind, status, reason, message, last_transition_time: since }
}

pub(super) fn application(generated: &GeneratedApplication) -> ApplicationDocument {
    let GeneratedApplication { application, set, cluster } = generated;
    ApplicationDocument {
        object: object(&application.id),
        is_well: application.is_well(),
        sync: application.sync.to_string(),
        health: application.health.to_string(),
        reason: application.reason.clone(),
        application_set: set.clone(),
        cluster: cluster.clone(),
    }
}
