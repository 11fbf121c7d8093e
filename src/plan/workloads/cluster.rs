//! What changes of a cluster, as ApplicationSets see it: the name, the server, labels and annotations of its Secret.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::desired::id::ObjectId;
use crate::desired::object::Object;
use crate::desired::secret_data;
use crate::plan::change::{Change, FieldChange, Shown, ValueChange};
use crate::plan::diff::path_of;
use crate::plan::live::Live;

/// A cluster as ApplicationSets see it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Cluster {
    /// `data.name`.
    pub(super) name: String,
    /// `data.server` as it is written.
    pub(super) server: String,
    pub(super) labels: BTreeMap<String, String>,
    pub(super) annotations: BTreeMap<String, String>,
}

impl Cluster {
    /// What a cluster Secret says.
    pub(super) fn of(secret: &Object) -> Self {
        let data = |key| secret_data::text(secret.body(), key).unwrap_or_default();
        Self {
            name: data("name"),
            server: data("server"),
            labels: texts(secret.metadata("labels")),
            annotations: texts(secret.metadata("annotations")),
        }
    }

    /// The server as Argo CD compares it.
    pub(super) fn address(&self) -> &str {
        self.server.trim_end_matches('/')
    }

    /// The cluster after the fields changed. The fields are those that a dry run on the server showed, so that also what others
    /// own in the Secret, and what an admission webhook adds, is in it.
    fn after(&self, desired: &Self, fields: &[FieldChange]) -> Self {
        let changed = |path: &[&str]| {
            let path = path_of(path);
            fields.iter().find(|field| field.path == path).map(|field| &field.change)
        };
        let map = |name: &str, before: &BTreeMap<String, String>, desired: &BTreeMap<String, String>| {
            let keys: BTreeSet<&String> = before.keys().chain(desired.keys()).collect();
            let mut after: BTreeMap<String, String> = BTreeMap::new();
            for key in keys {
                let value = match changed(&["metadata", name, key]) {
                    Some(change) => value(change, desired.get(key)),
                    None => before.get(key).cloned(),
                };
                after.extend(value.map(|value| (key.clone(), value)));
            }
            after
        };
        let data = |key: &str, before: &str, desired: &str| {
            if changed(&["data", key]).is_some() { desired.to_owned() } else { before.to_owned() }
        };
        Self {
            name: data("name", &self.name, &desired.name),
            server: data("server", &self.server, &desired.server),
            labels: map("labels", &self.labels, &desired.labels),
            annotations: map("annotations", &self.annotations, &desired.annotations),
        }
    }
}

/// A value that is not shown is the one that the profile asks for.
fn value(change: &ValueChange, desired: Option<&String>) -> Option<String> {
    match change {
        ValueChange::Removed(_) => None,
        ValueChange::Added(Shown::Text(text)) | ValueChange::Changed(_, Shown::Text(text)) => {
            Some(text.clone())
        }
        ValueChange::Added(Shown::Json(_) | Shown::Sensitive)
        | ValueChange::Changed(_, Shown::Json(_) | Shown::Sensitive) => desired.cloned(),
    }
}

fn texts(map: Option<&Value>) -> BTreeMap<String, String> {
    let entries = map.and_then(Value::as_object).into_iter().flatten();
    entries.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect()
}

/// A cluster Secret that goes, or changes in what ApplicationSets see of it.
#[derive(Debug)]
pub(super) struct ClusterChange {
    /// Which Secret.
    pub(super) id: ObjectId,
    pub(super) before: Cluster,
    /// `None` where it goes.
    pub(super) after: Option<Cluster>,
}

impl ClusterChange {
    /// Nothing for what is no such change, or is not carried out.
    pub(super) fn of(change: &Change) -> Option<Self> {
        let secret = |live: &Live| live.is_cluster_secret().then(|| Cluster::of(live.object()));
        let (live, after) = match change {
            Change::Delete { live } => (live, None),
            Change::Update { desired, live, fields, .. } | Change::Adopt { desired, live, fields, .. } => {
                (live, Some((Cluster::of(desired), fields)))
            }
            Change::Create { .. }
            | Change::Replace { .. }
            | Change::Unchanged(_)
            | Change::Conflict { .. }
            | Change::Refused { .. }
            | Change::Terminating { .. }
            | Change::Keep { .. } => return None,
        };
        let before = secret(live)?;
        let after = after.map(|(desired, fields)| before.after(&desired, fields));
        (after.as_ref() != Some(&before)).then(|| Self { id: live.id().clone(), before, after })
    }
}
