//! Why an object is blocked, kept or not checked, in a word that programs can compare.

use schemars::JsonSchema;
use serde::Serialize;

use crate::plan::change::{ConflictReason, KeepReason, NotChecked, Remedy};

/// Why, in a word; `reason` says it in a sentence. Later versions may add words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Cause {
    /// `conflict`: other managers own fields that the profile wants different.
    FieldsOwned,
    /// `conflict`: the object exists and bridge did not make it.
    NotOurs,
    /// `conflict`: the object belongs to another ApplySet.
    AnotherApplySet,
    /// `refused`: the mistake is in what the profile asks for.
    Invalid,
    /// `refused`: `--replace` would delete the object and make it anew.
    Immutable,
    /// `refused`: a new object would do, and bridge does not delete this one.
    NeverReplaced,
    /// `terminating`: the object is being deleted.
    BeingDeleted,
    /// `keep`: it is part of an Argo CD that the profile leaves to somebody else.
    LeftAlone,
    /// `keep`: it would take everything in it along, and goes only when named.
    NeedsConsent,
    /// `keep`: the annotation `bridge.gitops/keep`.
    Annotated,
    /// `keep`: bridge never applied it.
    NotApplied,
    /// `keep`: it belongs to another object.
    OwnedByAnother,
    /// `keep`: its kind is not in the inventory.
    NotRecorded,
    /// `keep`: foreign things are in it that would go with it.
    HoldsForeign,
    /// `create`, not checked: the plan creates its namespace.
    NamespaceIsNew,
    /// `create`, not checked: the plan creates its CustomResourceDefinition.
    KindIsNew,
    /// `create`, not checked: somebody else makes its namespace.
    NamespaceIsAwaited,
    /// `create`, not checked: somebody else installs its CustomResourceDefinition.
    KindIsAwaited,
    /// `create`, not checked: the plan creates the role that the binding refers to.
    RoleIsNew,
    /// `create`, not checked: an admission webhook does not support dry runs.
    Webhook,
    /// `create`, not checked: there is no cluster.
    Offline,
}

impl From<&ConflictReason> for Cause {
    fn from(reason: &ConflictReason) -> Self {
        match reason {
            ConflictReason::Fields(_) => Self::FieldsOwned,
            ConflictReason::NotOurs(_) => Self::NotOurs,
            ConflictReason::AnotherApplySet(_) => Self::AnotherApplySet,
        }
    }
}

impl From<&Remedy> for Cause {
    fn from(remedy: &Remedy) -> Self {
        match remedy {
            Remedy::Correct => Self::Invalid,
            Remedy::Replace { immutable: _ } => Self::Immutable,
            Remedy::ByHand { .. } => Self::NeverReplaced,
        }
    }
}

impl From<&KeepReason> for Cause {
    fn from(reason: &KeepReason) -> Self {
        match reason {
            KeepReason::LeftAlone => Self::LeftAlone,
            KeepReason::NeedsConsent => Self::NeedsConsent,
            KeepReason::Annotated => Self::Annotated,
            KeepReason::NotApplied => Self::NotApplied,
            KeepReason::OwnedByAnother(_) => Self::OwnedByAnother,
            KeepReason::NotRecorded => Self::NotRecorded,
            KeepReason::HoldsForeign(_) => Self::HoldsForeign,
        }
    }
}

impl From<&NotChecked> for Cause {
    fn from(why: &NotChecked) -> Self {
        match why {
            NotChecked::NamespaceIsNew => Self::NamespaceIsNew,
            NotChecked::KindIsNew => Self::KindIsNew,
            NotChecked::NamespaceIsAwaited => Self::NamespaceIsAwaited,
            NotChecked::KindIsAwaited => Self::KindIsAwaited,
            NotChecked::RoleIsNew => Self::RoleIsNew,
            NotChecked::Webhook(_) => Self::Webhook,
            NotChecked::Offline => Self::Offline,
        }
    }
}
