//! What apply would do to one object.

use std::collections::BTreeSet;

use crate::desired::id::ObjectId;
use crate::desired::object::Object;
use crate::desired::wave::Wave;
use crate::plan::live::Live;

/// What apply would do to one object. Each kind of change carries just its own data.
#[derive(Debug, Clone)]
pub enum Change {
    /// The object does not exist.
    Create {
        /// What will be created.
        desired: Object,
        /// Whether the server has seen it.
        check: Check,
    },
    /// The object is ours and differs.
    Update {
        /// What will be applied.
        desired: Object,
        /// What is there now.
        live: Live,
        /// The fields that will differ afterwards; empty when only the ownership of fields changes.
        fields: Vec<FieldChange>,
        /// Fields of other managers that the user allowed to be taken.
        forced: Vec<FieldConflict>,
    },
    /// The object exists and is not ours; the user allowed to take it over from these managers.
    Adopt {
        /// What will be applied.
        desired: Object,
        /// What is there now.
        live: Live,
        /// The fields that will differ afterwards.
        fields: Vec<FieldChange>,
        /// Whose fields become ours.
        from: BTreeSet<String>,
    },
    /// The object is ours and differs in fields that cannot be changed; the user allowed it to be deleted and made anew.
    Replace {
        /// What will be created.
        desired: Object,
        /// What is there now, and will be deleted.
        live: Live,
        /// The fields that will differ afterwards.
        fields: Vec<FieldChange>,
        /// The fields that cannot be changed in place, as the server names them.
        immutable: Vec<String>,
        /// Whether the server has seen the new object, under another name.
        check: Check,
    },
    /// The object is ours and no longer asked for.
    Delete {
        /// What is there now.
        live: Live,
    },
    /// Nothing to do.
    Unchanged(Unchanged),
    /// It cannot be applied: somebody else owns what the profile asks to be different.
    Conflict {
        /// What is there now.
        live: Live,
        /// What stands in the way.
        reason: ConflictReason,
    },
    /// The server refuses the object as it is asked for.
    Refused {
        /// Which object.
        id: ObjectId,
        /// In the server's words.
        message: String,
        /// What the user can do about it.
        remedy: Remedy,
    },
    /// The object is being deleted; it can be created again once it is gone.
    Terminating {
        /// What is there now.
        live: Live,
    },
    /// The object is ours and no longer asked for, yet it stays.
    Keep {
        /// What is there now.
        live: Live,
        /// Why it is not deleted.
        reason: KeepReason,
    },
}

impl Change {
    /// Which object.
    #[must_use]
    pub fn id(&self) -> &ObjectId {
        match self {
            Self::Create { desired, check: _ } => desired.id(),
            Self::Update { live, .. }
            | Self::Adopt { live, .. }
            | Self::Replace { live, .. }
            | Self::Delete { live }
            | Self::Conflict { live, reason: _ }
            | Self::Terminating { live }
            | Self::Keep { live, reason: _ } => live.id(),
            Self::Unchanged(Unchanged { id, .. }) | Self::Refused { id, .. } => id,
        }
    }
}

impl Change {
    /// What is there now of an object that does not stay as it is.
    #[must_use]
    pub fn live(&self) -> Option<&Live> {
        match self {
            Self::Update { live, .. }
            | Self::Adopt { live, .. }
            | Self::Replace { live, .. }
            | Self::Delete { live }
            | Self::Conflict { live, .. }
            | Self::Terminating { live }
            | Self::Keep { live, .. } => Some(live),
            Self::Create { .. } | Self::Unchanged(_) | Self::Refused { .. } => None,
        }
    }

    /// What would be written; nothing for a change that writes nothing.
    #[must_use]
    pub fn desired(&self) -> Option<&Object> {
        match self {
            Self::Create { desired, .. }
            | Self::Update { desired, .. }
            | Self::Adopt { desired, .. }
            | Self::Replace { desired, .. } => Some(desired),
            Self::Delete { .. }
            | Self::Unchanged(_)
            | Self::Conflict { .. }
            | Self::Refused { .. }
            | Self::Terminating { .. }
            | Self::Keep { .. } => None,
        }
    }

    /// As [`Change::desired`], to be completed before it is written.
    pub fn desired_mut(&mut self) -> Option<&mut Object> {
        match self {
            Self::Create { desired, .. }
            | Self::Update { desired, .. }
            | Self::Adopt { desired, .. }
            | Self::Replace { desired, .. } => Some(desired),
            Self::Delete { .. }
            | Self::Unchanged(_)
            | Self::Conflict { .. }
            | Self::Refused { .. }
            | Self::Terminating { .. }
            | Self::Keep { .. } => None,
        }
    }

    /// The object that goes, when the change is a deletion.
    #[must_use]
    pub fn deleted(&self) -> Option<&Live> {
        match self {
            Self::Delete { live } => Some(live),
            Self::Create { .. }
            | Self::Update { .. }
            | Self::Adopt { .. }
            | Self::Replace { .. }
            | Self::Unchanged { .. }
            | Self::Conflict { .. }
            | Self::Refused { .. }
            | Self::Terminating { .. }
            | Self::Keep { .. } => None,
        }
    }
}

/// An object that stays as it is. There may be thousands, so only what later steps ask for is kept of each.
#[derive(Debug, Clone)]
pub struct Unchanged {
    /// Which object.
    pub id: ObjectId,
    /// When it would be applied.
    pub wave: Wave,
    /// Everyone who owns fields of it; bridge among them.
    pub managers: BTreeSet<String>,
    /// The whole object, where its wave is waited for until it is ready.
    pub awaited: Option<Live>,
}

impl Unchanged {
    /// What is kept of an object.
    #[must_use]
    pub fn of(live: Live) -> Self {
        let wave = Wave::of(live.object());
        Self {
            id: live.id().clone(),
            wave,
            managers: live.managers(),
            awaited: wave.is_awaited().then_some(live),
        }
    }
}

/// What the user can do about an object that the server refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remedy {
    /// The mistake is in what the profile asks for.
    Correct,
    /// `--replace` deletes the object and makes it anew: nothing but these fields stands in the way.
    Replace {
        /// The fields that cannot be changed in place, as the server names them.
        immutable: Vec<String>,
    },
    /// A new object would do, and bridge does not delete this one.
    ByHand {
        /// Why not.
        why: NotReplaced,
        /// The fields that cannot be changed in place, as the server names them.
        immutable: Vec<String>,
    },
}

/// Why an object is not replaced, whatever the user allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotReplaced {
    /// No object of its kind ever is; why.
    Kind(&'static str),
    /// bridge did not make it, or it is no member of bridge's ApplySet any more.
    NotOurs,
    /// The object says so itself.
    Protected(KeepReason),
    /// It is a StatefulSet whose PersistentVolumeClaims would be deleted with it.
    TakesVolumes,
}

/// Whether the server has checked an object that will be created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Check {
    /// A dry run was accepted.
    ByServer,
    /// The server checks it when apply writes it, at once.
    OnWrite,
    /// There was no dry run.
    NotChecked(NotChecked),
}

/// Why the server could not check an object yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotChecked {
    /// The plan creates the namespace of the object.
    NamespaceIsNew,
    /// The plan creates the CustomResourceDefinition of the object.
    KindIsNew,
    /// Somebody else makes the namespace of the object; apply waits for it.
    NamespaceIsAwaited,
    /// Somebody else installs the CustomResourceDefinition of the object; apply waits for it.
    KindIsAwaited,
    /// The plan creates the role that the binding refers to.
    RoleIsNew,
    /// An admission webhook does not support dry runs; its words.
    Webhook(String),
    /// There is no cluster: `plan --offline`.
    Offline,
}

/// A field that somebody else owns and the profile wants different.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FieldConflict {
    /// The field as the server writes it: `.spec.replicas`.
    pub field: String,
    /// Who owns it.
    pub manager: String,
}

/// A field that stands in the way, and what both sides want of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contested {
    /// Which field, and whose.
    pub conflict: FieldConflict,
    /// From the live value to the one of the profile, as it may be shown; `None` where the field could not be found.
    pub change: Option<ValueChange>,
}

/// Why an object cannot be applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConflictReason {
    /// Other managers own fields that the profile wants different.
    Fields(Vec<Contested>),
    /// The object exists and bridge did not make it; these managers own what bridge would own.
    NotOurs(BTreeSet<String>),
    /// The object belongs to another ApplySet; its id.
    AnotherApplySet(String),
}

/// Why an object that nobody asks for any more is not deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeepReason {
    /// It is part of an Argo CD that the profile leaves to somebody else (`argocd.install: existing`).
    LeftAlone,
    /// Namespaces and CustomResourceDefinitions take everything in them along; they go only when named.
    NeedsConsent,
    /// The annotation `bridge.gitops/keep`.
    Annotated,
    /// bridge's manager owns nothing in it: the label was copied by somebody.
    NotApplied,
    /// It belongs to another object.
    OwnedByAnother(String),
    /// Its kind is not in the inventory.
    NotRecorded,
    /// Foreign things are in it that would go with it.
    HoldsForeign(String),
}

/// How one field changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldChange {
    /// The field, as `metadata.labels.env` or `spec.containers[name=server].image`.
    pub path: String,
    /// Before and after.
    pub change: ValueChange,
}

/// Before and after of a field, as text that may be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ValueChange {
    /// The field appears.
    Added(Shown),
    /// The field goes.
    Removed(Shown),
    /// The field gets another value.
    Changed(Shown, Shown),
}

/// A value in a form that may be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    /// A text; shown in quotes, or as a block where it has several lines.
    Text(String),
    /// A number, boolean, list or map, as JSON.
    Json(String),
    /// A secret.
    Sensitive,
}
