//! Deleting an object and making it anew, as one change: nothing else comes between.

use crate::cluster::{Applied, ClusterError, Kinds};
use crate::converge::delete::{self, Purpose};
use crate::converge::ready::Patience;
use crate::converge::run::Run;
use crate::converge::write::{WriteError, Writer};
use crate::desired::object::Object;
use crate::plan::live::Live;

impl Writer<'_, '_> {
    /// Deletes the object as it was planned, waits until it is gone, and creates it. An interruption ends the wait and
    /// nothing else: what was begun is ended, because an object that is deleted and not there anew helps nobody.
    ///
    /// An apply that is killed in between leaves no object and a recorded kind, so that the next one creates it.
    pub(super) async fn replace(&self, desired: Object, live: &Live) -> Result<Applied, WriteError> {
        delete::delete_one(self.run, self.kinds, live, Purpose::Replacement).await?;
        let halfway = |is_gone| move |cause| WriteError::Halfway { is_gone, cause: Box::new(cause) };
        let still_there = await_gone(self.run, self.kinds, live).await;
        match still_there.map_err(WriteError::Cluster).map_err(halfway(false))? {
            Some(why) => Err(halfway(false)(WriteError::Remains(why))),
            None => self.settle(desired, None, &[], false).await.map_err(halfway(true)),
        }
    }
}

/// Waits until the object is gone; tells what holds it where it is not in time.
async fn await_gone(run: &Run<'_>, kinds: &Kinds, live: &Live) -> Result<Option<String>, ClusterError> {
    let mut patience = Patience::new(run);
    loop {
        let now = delete::still_there(run, kinds, std::slice::from_ref(live)).await?;
        let Some(now) = now.first() else { return Ok(None) };
        if !patience.goes_on(vec![format!("{} is still there", live.id())]).await {
            return Ok(Some(delete::what_holds(now)));
        }
    }
}
