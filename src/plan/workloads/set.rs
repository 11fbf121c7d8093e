//! What is kept of an ApplicationSet and of an Application: there may be ten thousand.

use serde_json::Value;

use crate::plan::live::Live;
use crate::plan::status::application::{Destination, Maker, text};
use crate::plan::workloads::cluster::Cluster;
use crate::plan::workloads::generators::{Source, overrides_template};
use crate::plan::workloads::policy::Policy;
use crate::plan::workloads::text::Text;

/// The finalizers by which Argo CD deletes what an Application deployed (`isPropagationPolicyFinalizer`, v3.5.3). Where the
/// destination leads nowhere it takes each of them off and deletes nothing: the plain one before it deletes the Application, the
/// others when it finds no cluster (`removeFinalizerOnInvalidDestination`, `finalizeApplicationDeletion`).
const CASCADES: [&str; 3] = [
    "resources-finalizer.argocd.argoproj.io",
    "resources-finalizer.argocd.argoproj.io/foreground",
    "resources-finalizer.argocd.argoproj.io/background",
];
/// Those of hooks, which Argo CD takes off by itself, too; each may have a suffix.
const HOOKS: [&str; 2] =
    ["pre-delete-finalizer.argocd.argoproj.io", "post-delete-finalizer.argocd.argoproj.io"];

/// An ApplicationSet, as far as a change of a cluster needs it.
#[derive(Debug, Clone)]
pub struct Set {
    pub(super) name: String,
    pub(super) uid: String,
    /// The Application that deployed it, where one did.
    pub(super) maker: Maker,
    pub(super) sources: Vec<Source>,
    /// What it says that its controller may do to Applications.
    pub(super) policy: Policy,
    /// Whether its last look at the generators ended in an error, with which nothing is changed or deleted.
    pub(super) has_error: bool,
    /// Whether its own deletion waits for a controller.
    pub(super) has_finalizers: bool,
    name_template: Option<Text>,
    server_template: Option<Text>,
    destination_template: Option<Text>,
}

impl Set {
    /// What is kept of an ApplicationSet.
    #[must_use]
    pub fn of(live: &Live) -> Self {
        let body = live.body();
        let spec = body.get("spec").unwrap_or(&Value::Null);
        let is_go = spec.get("goTemplate") == Some(&Value::Bool(true));
        let is_patched = spec.get("templatePatch").is_some_and(|patch| !patch.is_null());
        let is_readable = !is_patched && !overrides_template(spec);
        let template = |pointer: &str| {
            let text = Some(text(spec, pointer)).filter(|text| !text.is_empty() && is_readable)?;
            Text::parse(text, is_go)
        };
        Self {
            name: live.id().name.clone(),
            uid: live.uid().to_owned(),
            maker: Maker::of(live),
            sources: Source::all(spec),
            policy: Policy::of(text(spec, "/syncPolicy/applicationsSync")),
            has_error: has_error(body),
            has_finalizers: !finalizers(live).is_empty(),
            name_template: template("/template/metadata/name"),
            server_template: template("/template/spec/destination/server"),
            destination_template: template("/template/spec/destination/name"),
        }
    }

    /// How an Application for this cluster is called, where that can be said.
    pub(super) fn name_for(&self, cluster: &Cluster) -> Option<String> {
        self.name_template.as_ref()?.of(cluster).filter(|_| self.is_plain())
    }

    /// Where an Application for this cluster deploys to, where that can be said.
    pub(super) fn destination_for(&self, cluster: &Cluster) -> Option<Destination> {
        let of = |template: &Option<Text>| template.as_ref().and_then(|text| text.of(cluster));
        let server = of(&self.server_template).map(|server| server.trim_end_matches('/').to_owned());
        let name = of(&self.destination_template);
        (self.is_plain() && (server.is_some() || name.is_some())).then_some(Destination { server, name })
    }

    /// Whether what is generated for a cluster deploys to that cluster.
    pub(super) fn deploys_to_its_cluster(&self, cluster: &Cluster) -> bool {
        let of = |template: &Option<Text>| template.as_ref().and_then(|text| text.of(cluster));
        of(&self.server_template).is_some_and(|server| server.trim_end_matches('/') == cluster.address())
            || of(&self.destination_template).is_some_and(|name| name == cluster.name)
    }

    fn is_plain(&self) -> bool {
        self.sources.iter().all(|source| matches!(source, Source::Selected { is_plain: true, .. }))
    }
}

fn has_error(body: &Value) -> bool {
    let conditions = body.pointer("/status/conditions").and_then(Value::as_array);
    let is_error = |condition: &Value| condition["type"] == "ErrorOccurred" && condition["status"] == "True";
    conditions.into_iter().flatten().any(is_error)
}

fn finalizers(live: &Live) -> Vec<&str> {
    let all = live.object().metadata("finalizers").and_then(Value::as_array);
    all.into_iter().flatten().filter_map(Value::as_str).collect()
}

/// An Application, as far as a change of a cluster needs it.
#[derive(Debug, Clone)]
pub struct Application {
    pub(super) name: String,
    pub(super) maker: Maker,
    pub(super) destination: Destination,
    /// Whether Argo CD deletes what it deployed when it goes.
    pub(super) cascades: bool,
    /// Finalizers that somebody else has to take off.
    pub(super) held_by: Vec<String>,
    pub(super) is_terminating: bool,
}

impl Application {
    /// What is kept of an Application.
    #[must_use]
    pub fn of(live: &Live) -> Self {
        let finalizers = finalizers(live);
        let cascades = |finalizer: &&str| CASCADES.contains(finalizer);
        let is_own =
            |finalizer: &&str| cascades(finalizer) || HOOKS.iter().any(|hook| finalizer.starts_with(hook));
        Self {
            name: live.id().name.clone(),
            maker: Maker::of(live),
            destination: Destination::of(live.body()),
            cascades: finalizers.iter().any(cascades),
            held_by: finalizers.iter().filter(|one| !is_own(one)).map(|one| (*one).to_owned()).collect(),
            is_terminating: live.is_terminating(),
        }
    }
}
