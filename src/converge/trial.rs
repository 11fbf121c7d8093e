//! A dry run of each desired object: the server itself says what an apply would do, defaults and webhooks included.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::cluster::{ApiStatus, Applied, Apply, Cluster, ClusterError, Kinds};
use crate::converge::error::ConvergeError;
use crate::converge::replace::rehearse;
use crate::converge::wanted::Wanted;
use crate::desired::id::{GroupKind, ObjectId};
use crate::desired::object::Object;
use crate::plan::change::{Check, NotChecked, Unchanged};
use crate::plan::consent::Consent;
use crate::plan::decide::{Observation, Seen, Trial, may_force};
use crate::plan::keep_live::keep_live;
use crate::plan::live::Live;
use crate::plan::refusal::Refusal;
use crate::plan::replace::never_replaced;
use crate::plan::unchanged::is_certain;

/// How much is asked about an object that does not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Creates {
    /// The server checks it in a dry run: for a plan that somebody reads.
    Tried,
    /// Nothing: none is created where everything is destroyed.
    None,
    /// Nothing more, as long as none of the objects is there: the apply that follows at once has it checked as it is
    /// written. Where some are, it is tried all the same.
    Written,
}

/// Tries objects on one cluster.
pub(super) struct Tester<'a> {
    cluster: &'a Cluster,
    kinds: &'a Kinds,
    consent: &'a Consent,
    creates: Creates,
    /// The names that exist, by kind and namespace, where it was worth a LIST to know them.
    names: BTreeMap<(GroupKind, Option<String>), BTreeSet<String>>,
    /// Namespaces that objects of the plan are in and that do not exist yet.
    missing_namespaces: BTreeSet<String>,
    places: Places,
}

/// What the objects need to be there, and bring along themselves.
#[derive(Default)]
pub(super) struct Places {
    /// Namespaces that they are in.
    namespaces: BTreeSet<String>,
    /// Namespaces that are among them.
    own_namespaces: BTreeSet<String>,
    /// Namespaces that are among them, and there already.
    unchanged_namespaces: BTreeSet<String>,
    /// Kinds whose CustomResourceDefinition is among them.
    own_kinds: BTreeSet<GroupKind>,
}

impl Places {
    /// Those of all wanted objects.
    pub(super) fn of(wanted: &[Wanted]) -> Self {
        let mut places = Self::default();
        for one in wanted {
            match one {
                Wanted::Unchanged { unchanged, defines } => {
                    places.add(&unchanged.id);
                    places.own_kinds.extend(defines.clone());
                    places.unchanged_namespaces.extend(namespace_name(&unchanged.id));
                }
                Wanted::Open { name: _, object } => places.add_object(object),
            }
        }
        places
    }

    /// Those of one object.
    pub(super) fn of_one(object: &Object) -> Self {
        let mut places = Self::default();
        places.add_object(object);
        places
    }

    fn add_object(&mut self, object: &Object) {
        self.add(object.id());
        self.own_kinds.extend(object.defined_kind());
    }

    fn add(&mut self, id: &ObjectId) {
        self.namespaces.extend(id.namespace.clone());
        self.own_namespaces.extend(namespace_name(id));
    }
}

fn namespace_name(id: &ObjectId) -> Option<String> {
    (id.group_kind == GroupKind::parse("Namespace")).then(|| id.name.clone())
}

impl<'a> Tester<'a> {
    pub(super) async fn new(
        cluster: &'a Cluster,
        kinds: &'a Kinds,
        consent: &'a Consent,
        places: Places,
        known: &BTreeMap<ObjectId, Live>,
    ) -> Result<Self, ConvergeError> {
        let missing_namespaces = missing_namespaces(cluster, kinds, &places, known).await?;
        let (creates, names) = (Creates::Tried, BTreeMap::new());
        Ok(Self { cluster, kinds, consent, creates, names, missing_namespaces, places })
    }

    /// Does not try what will be created, for objects of which none is known to be there. Where they are more of a kind
    /// than requests run at once, one LIST of their metadata tells which of them exist; for a few it takes a GET each.
    pub(super) async fn without_trying_creates(mut self, wanted: &[Wanted]) -> Result<Self, ClusterError> {
        let mut unknown: BTreeMap<(GroupKind, Option<String>), usize> = BTreeMap::new();
        for id in wanted.iter().map(Wanted::id).filter(|id| self.cannot_be_checked(id).is_none()) {
            let ObjectId { group_kind, namespace, name: _ } = id.clone();
            *unknown.entry((group_kind, namespace)).or_default() += 1;
        }
        unknown.retain(|_, count| *count > self.cluster.parallelism());
        for (place, _) in unknown {
            let found = self.cluster.peek(self.kinds, &place.0, place.1.as_deref()).await?;
            let name =
                |item: &Value| item.pointer("/metadata/name").and_then(Value::as_str).map(str::to_owned);
            self.names.insert(place, found.iter().filter_map(name).collect());
        }
        self.creates = Creates::Written;
        Ok(self)
    }

    /// Tries one object; `live` where it is known to be there.
    pub(super) async fn observe(&self, object: Object, live: Option<Live>) -> Result<Seen, ClusterError> {
        if let Some(reason) = self.cannot_be_checked(object.id()) {
            return Ok(Seen::Asked(object, Observation::Absent(Check::NotChecked(reason))));
        }
        let live = match live {
            None if self.creates == Creates::Written => self.find(&object).await?,
            None if object.id().group_kind.kind == "AppProject" => self.read(&object).await?,
            // Listed in the version that the server prefers; the same object has other fields in another one.
            Some(live) if live.object().api_version() != object.api_version() => self.read(&object).await?,
            live => live,
        };
        let Some(live) = live else { return self.absent(object).await };
        if is_certain(&object, &live, self.consent) {
            return Ok(Seen::Unchanged(Unchanged::of(live)));
        }
        let object = keep_live(&object, &live).into_owned();
        let trial = if live.is_terminating() {
            Trial::Refused(being_deleted())
        } else {
            self.try_existing(&object, &live).await?
        };
        Ok(Seen::Asked(object, Observation::Present { live, trial }))
    }

    async fn absent(&self, object: Object) -> Result<Seen, ClusterError> {
        let observation = match self.creates {
            Creates::Written => Observation::Absent(Check::OnWrite),
            Creates::Tried | Creates::None => self.try_unknown(&object).await?,
        };
        Ok(Seen::Asked(object, observation))
    }

    fn cannot_be_checked(&self, id: &ObjectId) -> Option<NotChecked> {
        if let Some(namespace) = id.namespace.as_ref().filter(|name| self.missing_namespaces.contains(*name))
        {
            let is_new = self.places.own_namespaces.contains(namespace);
            return Some(if is_new { NotChecked::NamespaceIsNew } else { NotChecked::NamespaceIsAwaited });
        }
        match (self.kinds.serves(&id.group_kind), self.places.own_kinds.contains(&id.group_kind)) {
            (true, _) => None,
            (false, true) => Some(NotChecked::KindIsNew),
            (false, false) => Some(NotChecked::KindIsAwaited),
        }
    }

    /// Reads an object of which it is not known whether it is there.
    async fn find(&self, object: &Object) -> Result<Option<Live>, ClusterError> {
        let ObjectId { group_kind, namespace, name } = object.id().clone();
        match self.names.get(&(group_kind, namespace)) {
            Some(names) if !names.contains(&name) => Ok(None),
            Some(_) | None => self.read(object).await,
        }
    }

    async fn read(&self, object: &Object) -> Result<Option<Live>, ClusterError> {
        self.cluster.get(self.kinds, object.id(), object.api_version()).await
    }

    async fn dry_run(&self, object: &Object, force: bool) -> Result<Applied, ClusterError> {
        let apply = Apply { dry_run: true, force, ..Apply::new(object.id(), object.body()) };
        self.cluster.apply(self.kinds, &apply).await
    }

    async fn try_existing(&self, object: &Object, live: &Live) -> Result<Trial, ClusterError> {
        match self.dry_run(object, false).await {
            Ok(applied) => Ok(Trial::Accepted(applied.live)),
            Err(ClusterError::Api(status)) => self.explain(object, Some(live), &status).await,
            Err(error) => Err(error),
        }
    }

    async fn explain(
        &self,
        object: &Object,
        live: Option<&Live>,
        status: &ApiStatus,
    ) -> Result<Trial, ClusterError> {
        let conflicts = status.field_conflicts();
        if conflicts.is_empty() {
            return self.rehearsed(object, live, status).await;
        }
        if !may_force(object.id(), live, &conflicts, self.consent) {
            return Ok(Trial::Conflict(conflicts));
        }
        match self.dry_run(object, true).await {
            Ok(applied) => Ok(Trial::Forced(applied.live, conflicts)),
            Err(ClusterError::Api(status)) => self.rehearsed(object, live, &status).await,
            Err(error) => Err(error),
        }
    }

    /// A refusal. Where the object could be replaced, the server is asked for the new one, too.
    async fn rehearsed(
        &self,
        object: &Object,
        live: Option<&Live>,
        status: &ApiStatus,
    ) -> Result<Trial, ClusterError> {
        let refusal = status.refusal();
        let may_be_replaced =
            !refusal.immutable.is_empty() && never_replaced(&object.id().group_kind).is_none();
        let anew = match live.filter(|_| may_be_replaced) {
            Some(live) => Some(rehearse(self.cluster, self.kinds, object, live).await?),
            None => None,
        };
        Ok(Trial::Refused(Refusal { anew, ..refusal }))
    }

    /// Tries an object of which it is not known whether it is there. A dry run that would create it answers without a
    /// resourceVersion.
    async fn try_unknown(&self, object: &Object) -> Result<Observation, ClusterError> {
        let outcome = self.dry_run(object, false).await;
        match outcome {
            Ok(applied) if applied.live.resource_version().is_empty() => {
                Ok(Observation::Absent(Check::ByServer))
            }
            Ok(applied) => self.found(object, Trial::Accepted(applied.live)).await,
            Err(ClusterError::Api(status)) if !status.field_conflicts().is_empty() => {
                let live = self.read(object).await?;
                let trial = self.explain(object, live.as_ref(), &status).await?;
                self.found(object, trial).await
            }
            Err(ClusterError::Api(status)) => self.refused(object, status).await,
            Err(error) => Err(error),
        }
    }

    async fn found(&self, object: &Object, trial: Trial) -> Result<Observation, ClusterError> {
        Ok(match self.read(object).await? {
            Some(live) => Observation::Present { live, trial },
            None => Observation::Absent(Check::ByServer),
        })
    }

    async fn refused(&self, object: &Object, status: ApiStatus) -> Result<Observation, ClusterError> {
        // Also of a refusal that says nothing about the object: it may be there, and somebody else's.
        Ok(match (self.read(object).await?, excuse(object, &status)) {
            (Some(live), _) => {
                let trial = self.rehearsed(object, Some(&live), &status).await?;
                Observation::Present { live, trial }
            }
            (None, Some(reason)) => Observation::Absent(Check::NotChecked(reason)),
            (None, None) => Observation::Refused(status.message),
        })
    }
}

/// What stands for the answer to a dry run on an object that is going.
fn being_deleted() -> Refusal {
    Refusal { message: "it is being deleted".to_owned(), immutable: Vec::new(), anew: None }
}

/// The namespaces that objects are in and that do not exist.
async fn missing_namespaces(
    cluster: &Cluster,
    kinds: &Kinds,
    places: &Places,
    known: &BTreeMap<ObjectId, Live>,
) -> Result<BTreeSet<String>, ConvergeError> {
    let mut missing = BTreeSet::new();
    for name in places.namespaces.difference(&places.unchanged_namespaces) {
        let id = ObjectId::of_namespace(name);
        let live = match known.get(&id) {
            Some(live) => Some(live.clone()),
            None => cluster.get(kinds, &id, "v1").await?,
        };
        match live {
            Some(live) if live.is_terminating() => {
                return Err(ConvergeError::NamespaceTerminating(name.clone()));
            }
            Some(_) => {}
            None => {
                missing.insert(name.clone());
            }
        }
    }
    Ok(missing)
}

/// A refusal that says nothing about the object.
pub(super) fn excuse(object: &Object, status: &ApiStatus) -> Option<NotChecked> {
    let is_binding = object.id().group_kind.kind.ends_with("RoleBinding");
    if is_binding && status.code == 404 {
        return Some(NotChecked::RoleIsNew);
    }
    let is_webhook = status.code == 400 && status.message.contains("does not support dry run");
    is_webhook.then(|| NotChecked::Webhook(status.message.clone()))
}
