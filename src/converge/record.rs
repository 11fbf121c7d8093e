//! The inventory during an apply: wide before anything is written, narrow once it is known what is gone.

use crate::cluster::{Apply, Kinds};
use crate::converge::apply::Run;
use crate::converge::error::ConvergeError;
use crate::converge::observe::parent_id;
use crate::converge::outcome::Outcome;
use crate::plan::build::Owner;
use crate::plan::inventory::Inventory;
use crate::plan::summary::Plan;

/// Field manager of the inventory: apart from bridge's own, as kubectl does it, so that an apply never prunes it.
const MANAGER: &str = "bridge-applyset";

/// What the inventory records, and what it shall record.
pub(super) struct Record {
    owner: Owner,
    recorded: Option<Inventory>,
    wanted: Option<Inventory>,
}

impl Record {
    pub(super) fn new(plan: &Plan) -> Self {
        Self { owner: plan.owner.clone(), recorded: plan.recorded.clone(), wanted: plan.wanted.clone() }
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
        if !outcome.is_complete() || run.interrupt.is_requested() || self.recorded == self.wanted {
            return Ok(());
        }
        match self.wanted.clone() {
            Some(wanted) => self.write(run, kinds, wanted).await,
            None => self.remove(run, kinds).await,
        }
    }

    async fn write(
        &mut self,
        run: &Run<'_>,
        kinds: &Kinds,
        inventory: Inventory,
    ) -> Result<(), ConvergeError> {
        let parent = inventory.parent(&self.owner.namespace);
        let id = parent_id(&self.owner);
        let apply = Apply { manager: MANAGER, force: true, ..Apply::new(&id, &parent) };
        run.cluster.apply(kinds, &apply).await?;
        self.recorded = Some(inventory);
        Ok(())
    }

    /// Removes the inventory, when nothing is left that it would have to record.
    pub(super) async fn remove(&mut self, run: &Run<'_>, kinds: &Kinds) -> Result<(), ConvergeError> {
        if let Some(parent) = run.cluster.get(kinds, &parent_id(&self.owner), "v1").await? {
            run.cluster.delete(kinds, &parent).await?;
        }
        self.recorded = None;
        Ok(())
    }

    /// Whether the inventory goes when the plan is applied.
    pub(super) fn goes(&self) -> bool {
        self.wanted.is_none()
    }
}
