//! `clusters`: the hub and its spokes.

use std::collections::BTreeMap;
use std::str::FromStr;

use crate::code::Code;
use crate::profile::address;
use crate::profile::decode::connection;
use crate::profile::decode::decoder::{Decoder, Fields};
use crate::profile::decode::{keys, kind};
use crate::profile::model::{Cluster, Role};
use crate::profile::names::{AddonName, AnnotationKey, InvalidName, LabelKey, LabelValue};
use crate::profile::node::{Entry, Key, Node};
use crate::profile::{reserved, suggest};

/// The clusters of a profile.
pub(crate) struct Clusters {
    /// The hub; `None` when there is none, or it was not valid.
    pub(crate) hub: Option<Cluster>,
    /// How bridge reaches it.
    pub(crate) hub_context: Option<String>,
    /// The others.
    pub(crate) spokes: Vec<Cluster>,
}

/// Decodes the list of clusters.
pub(crate) fn clusters(node: &Node, d: &mut Decoder) -> Clusters {
    let mut clusters = Clusters { hub: None, hub_context: None, spokes: Vec::new() };
    for node in d.list(node, "clusters") {
        let Some(cluster) = cluster(node, d) else { continue };
        match cluster.role {
            Role::Hub => {
                clusters.hub_context = context(node, &cluster);
                clusters.hub = Some(cluster);
            }
            Role::Spoke => clusters.spokes.push(cluster),
        }
    }
    clusters
}

fn context(node: &Node, cluster: &Cluster) -> Option<String> {
    match &cluster.kind_cluster {
        Some(kind) => Some(kind.name.context()),
        None => node.at(&["connection", "context"]).and_then(Node::text).map(str::to_owned),
    }
}

fn cluster(node: &Node, d: &mut Decoder) -> Option<Cluster> {
    let fields = d.fields(node, keys::CLUSTER)?;
    let name =
        fields.require(d, "name").and_then(|node| d.name(node, Code::INVALID_NAME, "a cluster's name"));
    let role = role(&fields, d);
    let kind_cluster = kind::cluster(&fields, d);
    let connection = match (role, &kind_cluster) {
        (Some(role), Some(Some(kind))) => kind::connection(kind, role),
        (Some(role), Some(None)) => connection::connection(&fields, role, d),
        // What the profile says of the connection is not for this cluster, whatever was meant.
        (Some(_), None) | (None, _) => None,
    };
    let kind = match label(&fields, "type", d) {
        Some(kind) => Some(kind),
        None => role.and_then(default_kind),
    };
    let namespaces = fields.get("namespaces").map(|node| d.names(node, Code::INVALID_NAME, "a namespace"));
    let cluster_resources =
        fields.get("clusterResources").and_then(|node| d.boolean(node, "`clusterResources`"));
    let project = fields.get("project").and_then(|node| d.name(node, Code::INVALID_NAME, "a project's name"));
    let shard = fields.get("shard").and_then(|node| d.number(node, "`shard`"));
    let (env, region, cloud) =
        (label(&fields, "env", d), label(&fields, "region", d), label(&fields, "cloud", d));
    let kubernetes_version = label(&fields, "kubernetesVersion", d);
    let teams = fields.get("teams").map(|node| d.names(node, Code::LABEL_KEY, "a team"));
    let (addons, labels, metadata) = (addons(&fields, d), labels(&fields, d), metadata(&fields, d));
    Some(Cluster {
        name: name?,
        role: role?,
        connection: connection?,
        kind_cluster: kind_cluster?,
        env,
        region,
        cloud,
        kind: kind?,
        kubernetes_version,
        teams: teams.unwrap_or_default(),
        addons,
        labels,
        metadata,
        namespaces: namespaces.unwrap_or_default(),
        cluster_resources,
        project,
        shard,
        at: node.location.clone(),
    })
}

fn role(fields: &Fields<'_>, d: &mut Decoder) -> Option<Role> {
    match fields.get("role") {
        Some(node) => d.choice(node, "role of a cluster", &[("hub", Role::Hub), ("spoke", Role::Spoke)]),
        None => Some(Role::Spoke),
    }
}

fn default_kind(role: Role) -> Option<LabelValue> {
    let kind = match role {
        Role::Hub => "hub",
        Role::Spoke => "workload",
    };
    kind.parse().ok()
}

fn label(fields: &Fields<'_>, key: &str, d: &mut Decoder) -> Option<LabelValue> {
    fields.get(key).and_then(|node| d.name(node, Code::LABEL_VALUE, &format!("`{key}`")))
}

/// A key that has to be a name.
pub(crate) fn key<T: FromStr<Err = InvalidName>>(key: &Key, code: Code, d: &mut Decoder) -> Option<T> {
    match key.text.parse::<T>() {
        Ok(name) => Some(name),
        Err(error) => {
            d.error(code, &key.location, error.to_string(), suggest::valid_name::<T>(&key.text));
            None
        }
    }
}

fn addons(fields: &Fields<'_>, d: &mut Decoder) -> BTreeMap<AddonName, bool> {
    entries(fields, "addons", "a map of addons", d, |entry, d| {
        let name = addon_name(&entry.key, d);
        let is_on = d.boolean(&entry.value, "an addon");
        Some((name?, is_on?))
    })
}

fn addon_name(written: &Key, d: &mut Decoder) -> Option<AddonName> {
    if let Some(bare) = written.text.strip_prefix("enable_").filter(|bare| !bare.is_empty()) {
        let message =
            format!("the addon `{}` would become the label `enable_{}`", written.text, written.text);
        d.error(Code::ADDON_NAME, &written.location, message, format!("write `{bare}`"));
        return None;
    }
    key(written, Code::ADDON_NAME, d)
}

fn labels(fields: &Fields<'_>, d: &mut Decoder) -> BTreeMap<LabelKey, LabelValue> {
    entries(fields, "labels", "a map of labels", d, |entry, d| {
        let label = label_entry(entry, d);
        // bridge writes these itself; a rule compares the values.
        let is_written_anyway = reserved::is_typed_label(&entry.key.text);
        label.filter(|_| !is_written_anyway)
    })
}

/// A label and its value.
pub(crate) fn label_entry(entry: &Entry, d: &mut Decoder) -> Option<(LabelKey, LabelValue)> {
    let name = key(&entry.key, Code::LABEL_KEY, d);
    let value = d.name(&entry.value, Code::LABEL_VALUE, "a label's value");
    Some((name?, value?))
}

fn metadata(fields: &Fields<'_>, d: &mut Decoder) -> BTreeMap<AnnotationKey, String> {
    entries(fields, "metadata", "a map of annotations", d, |entry, d| {
        let name = key(&entry.key, Code::ANNOTATION_KEY, d);
        let value = d.text(&entry.value, "an annotation").map(str::to_owned);
        if let Some(text) = value.as_ref().filter(|text| address::has_password(text)) {
            address::refuse_password(d, &entry.value, text);
        }
        let is_written_anyway = reserved::is_typed_annotation(&entry.key.text);
        (!is_written_anyway).then_some((name?, value?))
    })
}

/// The entries of a map that say something; those that `read` reports are left out.
pub(crate) fn entries<K: Ord, V>(
    fields: &Fields<'_>,
    key: &str,
    expected: &str,
    d: &mut Decoder,
    read: impl Fn(&Entry, &mut Decoder) -> Option<(K, V)>,
) -> BTreeMap<K, V> {
    let Some(node) = fields.get(key) else { return BTreeMap::new() };
    let Some(mapping) = d.mapping(node, expected) else { return BTreeMap::new() };
    // A key without a value, as an overlay writes it to take one away, says nothing.
    let set = mapping.entries.iter().filter(|entry| !entry.value.is_null());
    set.filter_map(|entry| read(entry, d)).collect()
}
