//! Whether an apply would change nothing, told without a request.
//!
//! The API server records in `managedFields` which fields bridge's last apply named. When the desired object names
//! exactly these, and each of them has the desired value, a server-side apply merges into the very same object: nothing is
//! modified, nothing that was named is missing, and no conflict is possible because no field of the desired object differs
//! (structured-merge-diff, `merge.Updater.Apply`). Such an object needs neither a dry run nor a write.
//!
//! Everything that this comparison is not sure of is "perhaps changed", which costs a dry run and nothing else.

use serde_json::{Map, Value};

use crate::desired::id::GroupKind;
use crate::desired::object::Object;
use crate::desired::ownership::FIELD_MANAGER;
use crate::plan::consent::Consent;
use crate::plan::fields::{children, is_leaf};
use crate::plan::keep_live::keep_live;
use crate::plan::live::{Live, ManagedFields};

/// Fields with maps, or with lists of maps, that Kubernetes' own kinds treat as one value wherever they stand
/// (`x-kubernetes-map-type: atomic` in the API server's OpenAPI document; a test asks a real one). Of any other map that is
/// a leaf in `fieldsV1` it is not known whether it was applied whole or empty.
pub const ATOMIC_MAPS: [&str; 12] = [
    "configMapKeyRef",
    "fieldRef",
    "imagePullSecrets",
    "labelSelector",
    "namespaceSelector",
    "nodeSelector",
    "podSelector",
    "resourceFieldRef",
    "roleRef",
    "secretKeyRef",
    "secrets",
    "selector",
];

/// The API groups in which [`ATOMIC_MAPS`] holds.
pub const BUILT_IN_GROUPS: [&str; 5] =
    ["", "apps", "batch", "networking.k8s.io", "rbac.authorization.k8s.io"];

const TYPE: [&str; 3] = ["apiVersion", "kind", "metadata"];

/// What of `metadata` identifies the object or is the server's; no apply owns it.
const IDENTITY: [&str; 8] = [
    "creationTimestamp",
    "generation",
    "managedFields",
    "name",
    "namespace",
    "resourceVersion",
    "selfLink",
    "uid",
];

/// Whether an apply changes nothing, so that no dry run is needed. One is for a share of fields that is to be adopted from
/// another manager.
#[must_use]
pub fn is_certain(object: &Object, live: &Live, consent: &Consent) -> bool {
    !live.is_terminating()
        && !live.managed_fields().any(|entry| consent.adopt.contains(entry.manager()))
        && is_unchanged(&keep_live(object, live), live)
}

/// Whether an apply of the desired object is certain to change nothing of the live one.
#[must_use]
pub fn is_unchanged(desired: &Object, live: &Live) -> bool {
    let Some(ours) = our_entry(live) else { return false };
    let api_version = desired.api_version();
    if ours.api_version() != api_version || live.object().api_version() != api_version {
        return false;
    }
    let walk = Walk::of(&desired.id().group_kind);
    let none = Value::Null;
    let (wanted, found, owned) = (desired.body(), live.body(), ours.fields());
    let metadata = owned.get("f:metadata").unwrap_or(&none);
    walk.object(wanted.get("metadata"), found.get("metadata"), metadata, &IDENTITY)
        && walk.object(Some(wanted), Some(found), owned, &TYPE)
}

/// The one entry of bridge's applies. Two, of two versions of the API, are a case for the server.
fn our_entry(live: &Live) -> Option<ManagedFields<'_>> {
    let mut entries =
        live.managed_fields().filter(|entry| entry.is_apply() && entry.manager() == FIELD_MANAGER);
    let only = entries.next()?;
    entries.next().is_none().then_some(only)
}

/// A walk through the desired value, the live one and the owned fields at once. `true` means "certainly the same".
struct Walk {
    atomic_maps: &'static [&'static str],
}

impl Walk {
    fn of(group_kind: &GroupKind) -> Self {
        let is_built_in = BUILT_IN_GROUPS.contains(&group_kind.group.as_str());
        Self { atomic_maps: if is_built_in { &ATOMIC_MAPS } else { &[] } }
    }

    fn object(&self, desired: Option<&Value>, live: Option<&Value>, owned: &Value, but: &[&str]) -> bool {
        match (desired.and_then(Value::as_object), live.and_then(Value::as_object)) {
            (Some(desired), Some(live)) => self.map(desired, live, owned, but),
            _ => false,
        }
    }

    /// Every desired field is owned and has the live value, and no other field is owned.
    fn map(
        &self,
        desired: &Map<String, Value>,
        live: &Map<String, Value>,
        owned: &Value,
        but: &[&str],
    ) -> bool {
        let mut left = desired.keys().filter(|field| !but.contains(&field.as_str())).count();
        for (key, owned) in children(owned) {
            let Some(field) = key.strip_prefix("f:") else { return false };
            if but.contains(&field) {
                continue;
            }
            match (desired.get(field), live.get(field)) {
                (Some(desired), Some(live)) if self.value(field, desired, live, owned) => left -= 1,
                _ => return false,
            }
        }
        left == 0
    }

    fn value(&self, field: &str, desired: &Value, live: &Value, owned: &Value) -> bool {
        match (desired, live) {
            _ if is_leaf(owned) => self.leaf(field, desired, live),
            (Value::Object(desired), Value::Object(live)) => self.map(desired, live, owned, &[]),
            (Value::Array(desired), Value::Array(live)) => self.list(field, desired, live, owned),
            _ => false,
        }
    }

    fn leaf(&self, field: &str, desired: &Value, live: &Value) -> bool {
        let is_filled_map = desired.as_object().is_some_and(|map| !map.is_empty());
        desired == live && (!is_filled_map || self.atomic_maps.contains(&field))
    }

    /// A list that is merged by the keys of its items, or a set. The order of its items is part of its value.
    fn list(&self, field: &str, desired: &[Value], live: &[Value], owned: &Value) -> bool {
        let owned: Option<Vec<Item<'_>>> =
            children(owned).map(|(key, owned)| Item::parse(key, owned)).collect();
        let Some(owned) = owned.filter(|owned| owned.len() == desired.len()) else { return false };
        let mut next = 0;
        desired.iter().all(|wanted| {
            let Some(item) = only(owned.iter().filter(|item| item.is_wanted(wanted))) else { return false };
            let Some((at, found)) = only(live.iter().enumerate().filter(|(_, found)| item.is(found))) else {
                return false;
            };
            let is_in_order = at >= next;
            next = at + 1;
            let Item::Keyed(_, owned) = item else { return is_in_order };
            is_in_order && self.value(field, wanted, found, owned)
        })
    }
}

/// An owned item of a list: `v:<value>` in a set, `k:<keys>` in a list that is merged by keys.
enum Item<'a> {
    Element(Value),
    Keyed(Map<String, Value>, &'a Value),
}

impl<'a> Item<'a> {
    fn parse(key: &str, owned: &'a Value) -> Option<Self> {
        match key.split_once(':')? {
            ("v", value) => serde_json::from_str(value).ok().map(Item::Element),
            ("k", keys) => serde_json::from_str(keys).ok().map(|keys| Item::Keyed(keys, owned)),
            _ => None,
        }
    }

    fn is(&self, live: &Value) -> bool {
        match self {
            Item::Element(value) => value == live,
            Item::Keyed(keys, _) => keys.iter().all(|(key, value)| live.get(key) == Some(value)),
        }
    }

    /// A key that the desired item leaves out is one that the server filled in, provided that bridge does not own it.
    fn is_wanted(&self, desired: &Value) -> bool {
        match self {
            Item::Element(value) => value == desired,
            Item::Keyed(keys, owned) => keys.iter().all(|(key, value)| match desired.get(key) {
                Some(wanted) => wanted == value,
                None => owned.get(format!("f:{key}")).is_none(),
            }),
        }
    }
}

/// The only one of its kind.
fn only<T>(mut items: impl Iterator<Item = T>) -> Option<T> {
    let first = items.next()?;
    items.next().is_none().then_some(first)
}
