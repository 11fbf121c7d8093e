//! Why an object was not written, in words.

use crate::cluster::{ApiStatus, ClusterError};
use crate::converge::outcome::{Failure, FailureClass};
use crate::desired::id::ObjectId;

pub(super) enum WriteError {
    Cluster(ClusterError),
    /// The change is not the one that was planned any more.
    Moved,
    /// It was to be replaced, and the server would not make it anew; its words. Nothing was deleted.
    NotMadeAnew(String),
    /// Somebody else has the lock.
    LockLost,
    /// Its deletion has begun and does not end; what holds it.
    Remains(Holder),
    /// It was to be replaced, which came so far, and is not there anew.
    Halfway {
        stage: Stage,
        /// What went wrong then.
        cause: Box<WriteError>,
    },
}

/// How far a replacement came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// A deletion was asked for, and nobody knows what came of it.
    Asked,
    /// The old object is going.
    Going,
    /// bridge deleted it.
    Deleted,
    /// It was gone before bridge deleted it.
    WasGone,
}

/// What holds an object that is being deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Holder {
    /// What it owns goes first: nobody is to clear that finalizer.
    Owned,
    /// Finalizers of others.
    Finalizers(Vec<String>),
    /// Nothing that can be seen.
    Nothing,
}

impl Holder {
    /// In a few words.
    pub(super) fn words(&self) -> String {
        match self {
            Self::Owned => "its pods are still stopping".to_owned(),
            Self::Finalizers(names) => format!("held by the finalizer {}", names.join(", ")),
            Self::Nothing => "it is still being deleted".to_owned(),
        }
    }

    fn fix(&self) -> &'static str {
        match self {
            Self::Owned => "wait until its pods are gone",
            Self::Finalizers(_) => "clear what holds it",
            Self::Nothing => "wait until it is gone",
        }
    }
}

impl From<ClusterError> for WriteError {
    fn from(error: ClusterError) -> Self {
        Self::Cluster(error)
    }
}

pub(super) fn failure_of(id: ObjectId, error: &ClusterError) -> Failure {
    let conflicts = error.status().map(ApiStatus::field_conflicts).unwrap_or_default();
    let is_conflict = !conflicts.is_empty() || error.status().is_some_and(ApiStatus::is_stale);
    let class = match error {
        _ if is_conflict => FailureClass::Conflict,
        ClusterError::Unreachable { .. }
        | ClusterError::Tls { .. }
        | ClusterError::TimedOut { .. }
        | ClusterError::Unauthorized { .. } => FailureClass::Unreachable,
        ClusterError::Forbidden { .. } => FailureClass::Forbidden,
        _ => FailureClass::Failed,
    };
    let mut fix = error.hints().join("; ");
    if let Some(conflict) = conflicts.first() {
        let kind_name = format!("{}/{}", id.group_kind.kind, id.name);
        fix = format!(
            "to take the field from {}: --force-conflicts {kind_name}:{}",
            conflict.manager, conflict.field
        );
    }
    if fix.is_empty() {
        fix = format!("`bridge --explain {}` says what may be the cause", error.code());
    }
    Failure { id, message: error.to_string(), fix, class }
}

pub(super) fn failure(id: ObjectId, error: WriteError) -> Failure {
    let of = |message: &str, fix: &str, class| Failure {
        id: id.clone(),
        message: message.to_owned(),
        fix: fix.to_owned(),
        class,
    };
    match error {
        WriteError::Cluster(error) => failure_of(id, &error),
        WriteError::Moved => of(
            "somebody changed it since it was planned, and the change would not be the one that was shown",
            "run `bridge plan` again",
            FailureClass::Conflict,
        ),
        WriteError::NotMadeAnew(why) => of(
            &format!("it was not deleted, because the server would not make it anew: {why}"),
            "correct it in the profile, a patch or a template, or clear what the server names",
            FailureClass::Failed,
        ),
        WriteError::LockLost => of(
            "somebody else has the lock",
            "wait until the other run has ended, then run `bridge plan` again",
            FailureClass::Conflict,
        ),
        WriteError::Remains(holder) => {
            of(&format!("it is still there, {}", holder.words()), holder.fix(), FailureClass::Failed)
        }
        WriteError::Halfway { stage, cause } => halfway(id, stage, *cause),
    }
}

/// The next apply finds no object, and creates it; unless somebody else made one meanwhile.
fn halfway(id: ObjectId, stage: Stage, cause: WriteError) -> Failure {
    let may_exist = matches!(&cause, WriteError::Cluster(error) if error.may_be_delivered());
    let is_lock_lost = matches!(cause, WriteError::LockLost);
    let cause = failure(id, cause);
    let anew = if may_exist { "nobody knows whether it is there anew" } else { "it is not there anew" };
    let (so_far, then) = match stage {
        Stage::Asked => {
            ("it may have been deleted to be replaced".to_owned(), "where it is gone, it creates it")
        }
        Stage::Going => (
            "its deletion has begun to be replaced, and it is not there anew".to_owned(),
            "once the old one is gone, it creates it",
        ),
        Stage::Deleted => (format!("it was deleted to be replaced, and {anew}"), "it creates it"),
        Stage::WasGone => (format!("it was gone when it was to be replaced, and {anew}"), "it creates it"),
    };
    let fix = match cause.class {
        FailureClass::Conflict if is_lock_lost => cause.fix,
        FailureClass::Conflict => "somebody made it meanwhile: run `bridge plan` again".to_owned(),
        FailureClass::Failed | FailureClass::Forbidden | FailureClass::Unreachable => {
            format!("{}; then run `bridge apply` again: {then}", cause.fix)
        }
    };
    Failure { message: format!("{so_far}: {}", cause.message), fix, ..cause }
}

#[cfg(test)]
mod tests {
    use super::{ClusterError, Stage, WriteError, failure};
    use crate::desired::id::{GroupKind, ObjectId};

    #[test]
    fn a_create_that_nobody_answered_may_have_been_carried_out() {
        let id = ObjectId { group_kind: GroupKind::parse("Service"), namespace: None, name: "x".into() };
        let unanswered =
            || ClusterError::TimedOut { server: "hub".into(), request: "PATCH /x".into(), seconds: 60 };
        let refused = || ClusterError::NoSuchKind { kind: "Service".into(), api_version: "v1".into() };
        let message = |stage, error| {
            let cause = Box::new(WriteError::Cluster(error));
            failure(id.clone(), WriteError::Halfway { stage, cause }).message
        };
        for (stage, begin) in
            [(Stage::Deleted, "it was deleted to be replaced"), (Stage::WasGone, "it was gone when")]
        {
            let (unknown, missing) = (message(stage, unanswered()), message(stage, refused()));
            assert!(unknown.starts_with(begin) && missing.starts_with(begin), "{unknown}, {missing}");
            assert!(unknown.contains("nobody knows whether it is there anew"), "{unknown}");
            assert!(missing.contains("it is not there anew"), "{missing}");
        }
    }
}
