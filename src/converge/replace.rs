//! Deleting an object and making it anew, as one change: nothing else comes between.

use std::time::Duration;

use crate::cluster::{Applied, Cluster, ClusterError, Deletion, Kinds};
use crate::converge::delete::{self, Purpose};
use crate::converge::event::{Action, Event};
use crate::converge::failure::{Stage, WriteError};
use crate::converge::ready::Patience;
use crate::converge::run::Run;
use crate::converge::trial::excuse;
use crate::converge::write::Writer;
use crate::desired::object::Object;
use crate::plan::change::Check;
use crate::plan::live::Live;
use crate::plan::refusal::Anew;
use crate::plan::replace::rehearsal;

/// How long after a first Ctrl-C it is waited for the old object: as long as most pods take to stop.
const GRACE: Duration = Duration::from_secs(60);

impl Writer<'_, '_> {
    /// Deletes the object as it was planned, waits until it is gone, and creates it. Right before, the server is asked once
    /// more whether it would create it. An interruption only shortens the wait: what was begun is ended, because an object
    /// that is deleted and not there anew helps nobody.
    ///
    /// An apply that is killed in between leaves no object and a recorded kind, so that the next one creates it.
    pub(super) async fn replace(
        &self,
        desired: Object,
        live: &Live,
    ) -> Result<(Applied, Action), WriteError> {
        let run = self.run;
        if let Anew::Refused(why) = rehearse(run.cluster, self.kinds, &desired, live).await? {
            return Err(WriteError::NotMadeAnew(why));
        }
        if run.is_lock_lost() {
            return Err(WriteError::LockLost);
        }
        let (gone, action) = match self.begin_deletion(live).await? {
            Deletion::Accepted => (Stage::Deleted, Action::Replaced),
            Deletion::WasGone => (Stage::WasGone, Action::Created),
        };
        if gone == Stage::Deleted {
            (run.emit)(Event::Replacing { id: live.id().clone() });
        }
        let halfway = |stage| move |cause| WriteError::Halfway { stage, cause: Box::new(cause) };
        let remains = await_gone(run, self.kinds, live).await;
        let remains = remains.map_err(WriteError::Cluster).map_err(halfway(Stage::Going))?;
        match remains {
            Some(_) if run.is_lock_lost() => Err(halfway(Stage::Going)(WriteError::LockLost)),
            Some(now) => Err(halfway(Stage::Going)(WriteError::Remains(delete::holder(&now)))),
            None if run.is_lock_lost() => Err(halfway(gone)(WriteError::LockLost)),
            None => {
                let applied = self.settle(desired, None, &[], false).await.map_err(halfway(gone))?;
                Ok((applied, action))
            }
        }
    }

    /// Where nobody knows whether a DELETE was carried out, the object itself says so.
    async fn begin_deletion(&self, live: &Live) -> Result<Deletion, WriteError> {
        let Run { cluster, .. } = self.run;
        let error = match delete::delete_one(self.run, self.kinds, live, Purpose::Replacement).await {
            Ok(deletion) => return Ok(deletion),
            Err(error) if error.may_be_delivered() => error,
            Err(error) => return Err(error.into()),
        };
        match cluster.get(self.kinds, live.id(), live.object().api_version()).await {
            Ok(Some(now)) if now.uid() == live.uid() && !now.is_terminating() => Err(error.into()),
            Ok(_) => Ok(Deletion::Accepted),
            Err(_) => Err(WriteError::Halfway { stage: Stage::Asked, cause: Box::new(error.into()) }),
        }
    }
}

/// Waits until the object is gone; where it is not in time, gives it as it is by then.
async fn await_gone(run: &Run<'_>, kinds: &Kinds, live: &Live) -> Result<Option<Live>, ClusterError> {
    let mut patience = Patience::amid_a_change(run, GRACE);
    let mut has_said_so = false;
    loop {
        let now = delete::still_there(run, kinds, std::slice::from_ref(live)).await?;
        let Some(now) = now.into_iter().next() else { return Ok(None) };
        if !patience.goes_on(vec![format!("{} is still there", live.id())]).await {
            return Ok(Some(now));
        }
        if patience.is_on_grace() && !has_said_so {
            (run.emit)(Event::PutOff { id: live.id().clone(), longest: patience.longest_grace() });
            has_said_so = true;
        }
    }
}

/// Asks the server what it would say of the new object, under a name that is free while the old one has its own.
pub(super) async fn rehearse(
    cluster: &Cluster,
    kinds: &Kinds,
    desired: &Object,
    live: &Live,
) -> Result<Anew, ClusterError> {
    let (id, body) = rehearsal(desired, live);
    match cluster.try_create(kinds, &id, &body).await {
        Ok(()) => Ok(Anew::Checked(Check::ByServer)),
        Err(ClusterError::Api(status)) => Ok(match excuse(desired, &status) {
            Some(why) => Anew::Checked(Check::NotChecked(why)),
            None => Anew::Refused(status.message),
        }),
        Err(error @ ClusterError::Forbidden { .. }) => {
            let hints = error.hints().into_iter().take(1);
            Ok(Anew::Refused(hints.fold(error.to_string(), |text, hint| format!("{text}; {hint}"))))
        }
        Err(error) => Err(error),
    }
}
