//! `provider` and `kind`: a cluster that bridge makes itself, and how it is reached.

mod image;
mod mirrors;
mod mounts;
mod ports;

use std::collections::BTreeMap;

use crate::code::Code;
use crate::profile::decode::decoder::{Decoder, Fields};
use crate::profile::decode::{authentication, clusters, keys};
use crate::profile::model::{ByContext, Connection, ContextAuth, KindCluster, Mount, PortMapping, Role};
use crate::profile::names::{ClusterName, KindName, LabelKey, LabelValue};
use crate::profile::node::{Entry, Node};
use crate::profile::suggest;

/// Who makes a cluster, where bridge does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Provider {
    Kind,
}

/// Decodes what bridge makes a cluster from: the outer `None` where that is wrong, the inner one where somebody else makes it.
pub(crate) fn cluster(cluster: &Fields<'_>, d: &mut Decoder) -> Option<Option<Box<KindCluster>>> {
    let provider = cluster.get("provider").map(|node| (node, provider(node, d)));
    // What is written is checked, also where it is in a wrong place.
    let settings = match cluster.get("kind") {
        Some(node) => d.fields(node, keys::KIND_CLUSTER).map(|fields| settings(&fields, d)),
        None => Some(Settings::default()),
    };
    let Some((node, provider)) = provider else { return Some(None) };
    let Provider::Kind = provider?;
    let settings = settings?;
    let name = match settings.name {
        Some(name) => name,
        None => own_name(cluster, d),
    };
    Some(Some(Box::new(KindCluster {
        name: name?,
        image: settings.image,
        ports: settings.ports,
        mirrors: settings.mirrors,
        mounts: settings.mounts,
        labels: settings.labels,
        at: node.location.clone(),
    })))
}

fn provider(node: &Node, d: &mut Decoder) -> Option<Provider> {
    let text = d.text(node, "`provider`")?;
    if text == "kind" {
        return Some(Provider::Kind);
    }
    let message = format!("`{text}` is no provider of a cluster");
    let fix = match suggest::closest(text, ["kind"]) {
        Some(meant) => format!("did you mean `{meant}`?"),
        // What Terraform calls a provider is where the cluster runs.
        None => "remove it, or write `kind` where bridge makes the cluster; `cloud` says where one runs"
            .to_owned(),
    };
    d.error(Code::INVALID_CHOICE, &node.location, message, fix);
    None
}

/// How a cluster of bridge's own is reached: it follows from kind's conventions.
pub(crate) fn connection(kind: &KindCluster, role: Role) -> Option<Connection> {
    let by_context = |account| ByContext {
        context: kind.name.context(),
        server: Some(kind.name.server()),
        tls: None,
        auth: ContextAuth::ServiceAccount(account),
        proxy_url: None,
        disable_compression: false,
        allow_loopback: false,
        at: kind.at.clone(),
    };
    match role {
        Role::Hub => Some(Connection::InCluster),
        Role::Spoke => {
            authentication::account().map(|account| Connection::Context(Box::new(by_context(account))))
        }
    }
}

/// What stands in `kind`.
#[derive(Default)]
struct Settings {
    /// The inner `None` where it is not valid.
    name: Option<Option<KindName>>,
    image: Option<String>,
    ports: Vec<PortMapping>,
    mirrors: BTreeMap<String, Vec<String>>,
    mounts: Vec<Mount>,
    labels: BTreeMap<LabelKey, LabelValue>,
}

fn settings(fields: &Fields<'_>, d: &mut Decoder) -> Settings {
    Settings {
        name: fields.get("name").map(|node| d.name(node, Code::KIND_NAME, "kind's name for the cluster")),
        image: fields.get("image").and_then(|node| image::image(node, d)),
        ports: fields.get("ports").map_or_else(Vec::new, |node| ports::ports(node, d)),
        mirrors: mirrors::mirrors(fields, d),
        mounts: fields.get("mounts").map_or_else(Vec::new, |node| mounts::mounts(node, d)),
        labels: clusters::entries(fields, "labels", "a map of labels", d, node_label),
    }
}

/// The cluster's name, where it can be kind's. Any that is valid can, but for a long one.
fn own_name(cluster: &Fields<'_>, d: &mut Decoder) -> Option<KindName> {
    let node = cluster.get("name")?;
    let text = node.text()?;
    let name = text.parse::<KindName>().ok();
    // Any other mistake in it was reported.
    if name.is_none() && text.parse::<ClusterName>().is_ok() {
        let message = format!("`{text}` is too long for kind, whose names have at most 49 characters");
        let short = suggest::valid_name::<KindName>(text);
        let fix = format!("add `kind: {{ name: NAME }}` with a shorter one, {short}");
        d.error(Code::KIND_NAME, &node.location, message, fix);
    }
    name
}

/// Labels of Kubernetes' own that a kubelet gives its node. Source: `IsKubeletLabel` of `k8s.io/kubelet/pkg/apis`.
const KUBELET_LABELS: [&str; 11] = [
    "beta.kubernetes.io/arch",
    "beta.kubernetes.io/instance-type",
    "beta.kubernetes.io/os",
    "failure-domain.beta.kubernetes.io/region",
    "failure-domain.beta.kubernetes.io/zone",
    "kubernetes.io/arch",
    "kubernetes.io/hostname",
    "kubernetes.io/os",
    "node.kubernetes.io/instance-type",
    "topology.kubernetes.io/region",
    "topology.kubernetes.io/zone",
];

/// A label of the node, which its kubelet is told: one that it refuses keeps it from starting.
fn node_label(entry: &Entry, d: &mut Decoder) -> Option<(LabelKey, LabelValue)> {
    let (key, value) = clusters::label_entry(entry, d)?;
    let is_in = |domain: &str, of: &str| domain == of || domain.ends_with(&format!(".{of}"));
    let domain = key.as_str().split_once('/').map_or("", |(domain, _)| domain);
    let is_kubernetes = is_in(domain, "kubernetes.io") || is_in(domain, "k8s.io");
    let is_allowed = KUBELET_LABELS.contains(&key.as_str())
        || is_in(domain, "kubelet.kubernetes.io")
        || is_in(domain, "node.kubernetes.io");
    if is_kubernetes && !is_allowed {
        let message = format!("the kubelet of the node would not start with the label `{key}`");
        let fix = "use a label of your own, such as `acme.example/tier`; only `node.kubernetes.io/` is free below `kubernetes.io`";
        d.error(Code::NODE_LABEL, &entry.key.location, message, fix);
        return None;
    }
    Some((key, value))
}
