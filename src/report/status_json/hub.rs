//! The hub's part of the document.

use schemars::JsonSchema;
use serde::Serialize;

use crate::plan::build::Owner;
use crate::plan::ready::Readiness;
use crate::plan::status::hub::{ArgoCdStatus, HubStatus, InventoryStatus, Workload};
use crate::report::plan_json::{ObjectDocument, object};
use crate::report::status_words as words;

/// The hub.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HubDocument {
    /// Whether nothing is wrong with it.
    pub is_well: bool,
    /// Whose it is.
    pub inventory: InventoryDocument,
    /// What runs on it.
    pub argo_cd: ArgoCdDocument,
}

/// What stands where the profile's inventory should be.
#[derive(Debug, Serialize, JsonSchema)]
pub struct InventoryDocument {
    /// In a word.
    pub state: InventoryState,
    /// In a sentence.
    pub reason: String,
}

/// What stands where the profile's inventory should be. Later versions may add words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum InventoryState {
    /// The profile's own inventory.
    Own,
    /// Nothing.
    Absent,
    /// That of another profile.
    AnotherProfile,
    /// No inventory of bridge's.
    Foreign,
}

/// Argo CD.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ArgoCdDocument {
    /// In a word.
    pub state: ArgoCdState,
    /// In a sentence.
    pub reason: String,
    /// Whether it is known which workloads there should be, so that missing ones are among them: bridge installs it, and its
    /// manifest is on this machine.
    pub is_complete: bool,
    /// Its workloads, by name.
    pub workloads: Vec<WorkloadDocument>,
}

/// What was found of Argo CD. Later versions may add words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ArgoCdState {
    /// Its workloads are there, and `workloads` says how each is.
    Installed,
    /// The cluster does not serve its kinds.
    NotInstalled,
    /// bridge installs it, none of its workloads is there, and which there should be is not known.
    NoWorkloads,
    /// Somebody else installs it, and none of its workloads was recognised.
    NotSeen,
}

/// A workload of Argo CD's.
#[derive(Debug, Serialize, JsonSchema)]
pub struct WorkloadDocument {
    /// Which.
    pub object: ObjectDocument,
    /// In a word.
    pub state: ReadyState,
    /// Why it is not ready.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Whether an object does its work. Later versions may add words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ReadyState {
    /// It does.
    Ready,
    /// Not yet.
    Progressing,
    /// It will not without help.
    Failed,
}

pub(super) fn state(readiness: &Readiness) -> ReadyState {
    match readiness {
        Readiness::Ready => ReadyState::Ready,
        Readiness::Progressing(_) => ReadyState::Progressing,
        Readiness::Failed(_) => ReadyState::Failed,
    }
}

pub(super) fn document(hub: &HubStatus, owner: &Owner) -> HubDocument {
    let HubStatus { inventory, argo_cd } = hub;
    HubDocument {
        is_well: hub.is_well(),
        inventory: InventoryDocument {
            state: match inventory {
                InventoryStatus::Own => InventoryState::Own,
                InventoryStatus::Absent => InventoryState::Absent,
                InventoryStatus::OfAnotherProfile(_) => InventoryState::AnotherProfile,
                InventoryStatus::Foreign(_) => InventoryState::Foreign,
            },
            reason: words::inventory(inventory, owner),
        },
        argo_cd: ArgoCdDocument {
            state: match argo_cd {
                ArgoCdStatus::Installed { .. } => ArgoCdState::Installed,
                ArgoCdStatus::NotInstalled => ArgoCdState::NotInstalled,
                ArgoCdStatus::NoWorkloads => ArgoCdState::NoWorkloads,
                ArgoCdStatus::NotSeen => ArgoCdState::NotSeen,
            },
            reason: words::argo_cd(argo_cd, owner),
            is_complete: matches!(argo_cd, ArgoCdStatus::Installed { is_complete: true, .. }),
            workloads: argo_cd.workloads().iter().map(workload).collect(),
        },
    }
}

fn workload(Workload { id, readiness }: &Workload) -> WorkloadDocument {
    let reason = words::unready(readiness).map(str::to_owned);
    WorkloadDocument { object: object(id), state: state(readiness), reason }
}
