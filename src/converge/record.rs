//! The inventory during an apply: wide before anything is written, narrow once it is known what is gone.

use crate::cluster::{Apply, ClusterError, Deletion, Guard, Kinds, Propagation};
use crate::converge::error::ConvergeError;
use crate::converge::inventory::{check_profile, parent_id};
use crate::converge::outcome::Outcome;
use crate::converge::run::{LOOKS, Run};
use crate::plan::build::Owner;
use crate::plan::inventory::Inventory;
use crate::plan::live::Live;
use crate::plan::summary::Plan;

/// Field manager of the inventory: apart from bridge's own, as kubectl does it, so that an apply never prunes it.
const MANAGER: &str = "bridge-applyset";

/// What the inventory records, and what it shall record.
pub(super) struct Record {
    owner: Owner,
    /// The inventory as it was last seen; the next write expects it so.
    parent: Option<Live>,
    recorded: Option<Inventory>,
    wanted: Option<Inventory>,
    is_destroy: bool,
}

impl Record {
    pub(super) fn new(plan: &Plan) -> Self {
        let Plan { cluster: _, owner, changes: _, parent, recorded, wanted, is_destroy, workloads: _ } = plan;
        Self {
            owner: owner.clone(),
            parent: parent.clone(),
            recorded: recorded.clone(),
            wanted: wanted.clone(),
            is_destroy: *is_destroy,
        }
    }

    /// Records what was recorded and what will be, together. Nothing is written when it is recorded already.
    pub(super) async fn widen(&mut self, run: &Run<'_>, kinds: &Kinds) -> Result<(), ConvergeError> {
        let superset = match (&self.recorded, &self.wanted) {
            (Some(recorded), Some(wanted)) if recorded.covers(wanted) => return Ok(()),
            (Some(recorded), Some(wanted)) => wanted.union(recorded),
            (None, Some(wanted)) => wanted.clone(),
            (Some(_) | None, None) => return Ok(()),
        };
        self.write(run, kinds, superset).await
    }

    /// Records exactly what is there now; when anything failed or is still there, all that was recorded stays.
    pub(super) async fn narrow(
        &mut self,
        run: &Run<'_>,
        kinds: &Kinds,
        outcome: &Outcome,
    ) -> Result<(), ConvergeError> {
        if !outcome.is_complete() || run.is_stopped() || self.recorded == self.wanted {
            return Ok(());
        }
        match self.wanted.clone() {
            Some(wanted) => self.write(run, kinds, wanted).await,
            None => self.remove(run, kinds).await,
        }
    }

    /// Writes the inventory in the state in which it was seen. Where another run wrote it meanwhile, both records are kept
    /// together, unless it is another profile's by now.
    async fn write(
        &mut self,
        run: &Run<'_>,
        kinds: &Kinds,
        mut inventory: Inventory,
    ) -> Result<(), ConvergeError> {
        let id = parent_id(&self.owner);
        for attempt in 1..=LOOKS {
            let body = inventory.parent(&self.owner.namespace);
            let guard = Some(self.parent.as_ref().map_or(Guard::Absent, Guard::of));
            let apply = Apply { manager: MANAGER, force: true, guard, ..Apply::new(&id, &body) };
            match run.cluster.apply(kinds, &apply).await {
                Ok(applied) => {
                    self.parent = Some(applied.live);
                    break;
                }
                Err(ClusterError::Api(status)) if status.is_stale() && attempt < LOOKS => {}
                Err(error) => return Err(error.into()),
            }
            self.parent = run.cluster.get(kinds, &id, "v1").await?;
            if let Some(parent) = &self.parent {
                let found = check_profile(Inventory::read(parent)?, &self.owner, &run.settings.consent)?;
                inventory = inventory.union(&found);
            }
        }
        self.recorded = Some(inventory);
        Ok(())
    }

    /// Removes the inventory, when nothing is left that it would have to record. One that another run has written
    /// meanwhile stays: it may record what that run has made.
    pub(super) async fn remove(&mut self, run: &Run<'_>, kinds: &Kinds) -> Result<(), ConvergeError> {
        for attempt in 1..=LOOKS {
            let Some(parent) = &self.parent else { break };
            match run.cluster.delete(kinds, parent, Propagation::Background).await {
                Ok(Deletion::Accepted | Deletion::WasGone) => self.parent = None,
                Err(ClusterError::Api(status)) if status.is_stale() && attempt < LOOKS => {
                    self.parent = run.cluster.get(kinds, &parent_id(&self.owner), "v1").await?;
                    let found = self.parent.as_ref().map(Inventory::read).transpose()?;
                    if found.is_some() && found != self.recorded {
                        return Err(ConvergeError::InventoryMoved);
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
        self.recorded = None;
        Ok(())
    }

    /// Whether everything that may go goes.
    pub(super) fn is_destroy(&self) -> bool {
        self.is_destroy
    }

    /// Whether the inventory goes when the plan is applied.
    pub(super) fn goes(&self) -> bool {
        self.wanted.is_none()
    }
}
