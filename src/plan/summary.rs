//! The plan: every change, and what they add up to.

use crate::plan::build::Owner;
use crate::plan::change::Change;
use crate::plan::inventory::Inventory;
use crate::plan::live::Live;
use crate::plan::workloads::Workloads;

/// Which cluster a plan was made for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterIdentity {
    /// Address of the API server.
    pub server: String,
    /// The kubeconfig context, or `in-cluster`.
    pub context: String,
    /// `metadata.uid` of the namespace kube-system: the same for as long as the cluster lives.
    pub uid: String,
    /// The options by which kubectl reaches the same cluster, each after a space; none in a pod of it.
    pub kubectl: String,
}

/// Every change that brings the cluster to the desired state.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The cluster; `None` for `plan --offline`.
    pub cluster: Option<ClusterIdentity>,
    /// Whose inventory the objects are recorded in.
    pub owner: Owner,
    /// In the order in which they are applied; deletions last.
    pub changes: Vec<Change>,
    /// The inventory as it was read, whose version guards its next write; `None` before the first apply.
    pub parent: Option<Live>,
    /// What the inventory records now; `None` before the first apply.
    pub recorded: Option<Inventory>,
    /// What the inventory records once the plan is applied; `None` when nothing is left to record and it goes.
    pub wanted: Option<Inventory>,
    /// Whether nothing is desired at all: the plan of a destroy.
    pub is_destroy: bool,
    /// What it does to Applications, as far as that was looked at.
    pub workloads: Workloads,
}

/// How many objects a plan adds, changes and destroys, in Terraform's words.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Created; replaced ones count here and below.
    pub add: usize,
    /// Updated or adopted.
    pub change: usize,
    /// Deleted; replaced ones count here and above.
    pub destroy: usize,
    /// Cannot be applied: conflicts, refusals and objects that are being deleted.
    pub blocked: usize,
    /// Already as asked for.
    pub unchanged: usize,
}

impl Plan {
    /// The plan to leave everything as it is.
    #[must_use]
    pub fn nothing(cluster: ClusterIdentity, owner: Owner) -> Self {
        Self {
            cluster: Some(cluster),
            owner,
            changes: Vec::new(),
            parent: None,
            recorded: None,
            wanted: None,
            is_destroy: false,
            workloads: Workloads::default(),
        }
    }

    /// A plan of these changes for a test: of a profile `acme` that installs Argo CD, with nothing recorded.
    #[cfg(test)]
    pub(crate) fn with(changes: Vec<Change>) -> Self {
        let owner =
            Owner { profile: "acme".to_owned(), namespace: "argocd".to_owned(), installs_argocd: true };
        Self {
            cluster: None,
            owner,
            changes,
            parent: None,
            recorded: None,
            wanted: None,
            is_destroy: false,
            workloads: Workloads::default(),
        }
    }

    /// Counts the changes.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.changes.iter().fold(Counts::default(), |counts, change| match change {
            Change::Create { .. } => Counts { add: counts.add + 1, ..counts },
            Change::Update { .. } | Change::Adopt { .. } => Counts { change: counts.change + 1, ..counts },
            Change::Replace { .. } => Counts { add: counts.add + 1, destroy: counts.destroy + 1, ..counts },
            Change::Delete { .. } => Counts { destroy: counts.destroy + 1, ..counts },
            Change::Unchanged { .. } | Change::Keep { .. } => {
                Counts { unchanged: counts.unchanged + 1, ..counts }
            }
            Change::Conflict { .. } | Change::Refused { .. } | Change::Terminating { .. } => {
                Counts { blocked: counts.blocked + 1, ..counts }
            }
        })
    }

    /// Whether the inventory has to be written although no object changes, such as after an interrupted apply.
    #[must_use]
    pub fn inventory_is_stale(&self) -> bool {
        self.recorded != self.wanted
    }

    /// Whether apply would write nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let Counts { add, change, destroy, blocked, unchanged: _ } = self.counts();
        add + change + destroy + blocked == 0 && !self.inventory_is_stale()
    }
}
