//! One Application: sync, health, and what was last said of what is wrong.

use std::fmt;

use serde_json::Value;

use crate::desired::id::ObjectId;
use crate::plan::live::Live;
use crate::profile::address::without_credentials;

/// Argo CD's mark on what it deploys: `APPLICATION:GROUP/KIND:NAMESPACE/NAME`.
const TRACKING_ID: &str = "argocd.argoproj.io/tracking-id";
/// The same with `application.resourceTrackingMethod: label`.
const INSTANCE: &str = "app.kubernetes.io/instance";
/// How Argo CD's controller begins the condition of an Application whose cluster it cannot read (`controller/state.go`, the same
/// in v3.4.9 and v3.5.3).
const NO_LIVE_STATE: &str = "Failed to load live state: ";
/// What is said of an Application without a status.
const NOT_LOOKED_AT: &str = "Argo CD has not looked at it yet";

/// An Application, as far as its status needs it.
#[derive(Debug, Clone)]
pub struct Application {
    /// Which.
    pub id: ObjectId,
    /// Who made it.
    pub maker: Maker,
    /// Where it deploys to.
    pub destination: Destination,
    /// Whether the cluster has what git has.
    pub sync: Sync,
    /// Whether what it deployed works.
    pub health: Health,
    /// What Argo CD said last of what is wrong, its first line; of one that is well, nothing.
    pub reason: Option<String>,
    /// Whether a condition says that there is an error. Argo CD keeps sync and health from before it.
    pub has_error: bool,
    /// Whether its deletion has begun.
    pub is_terminating: bool,
    /// Why Argo CD could not read the cluster for it.
    pub no_live_state: Option<String>,
}

/// Who made an object on the hub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Maker {
    /// The ApplicationSet of this uid, as its live controller.
    Set(String),
    /// Argo CD, for this Application.
    Application(String),
    /// Nobody whom Argo CD knows.
    Nobody,
}

/// `spec.destination`: by the cluster's server or by its name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Destination {
    /// Address of the API server.
    pub server: Option<String>,
    /// Name of the cluster.
    pub name: Option<String>,
}

/// `status.sync.status`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sync {
    /// The cluster has what git has.
    Synced,
    /// It has not.
    OutOfSync,
    /// Argo CD cannot tell.
    Unknown,
}

/// `status.health.status`, the best first, as Argo CD orders them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Health {
    /// All of it works.
    Healthy,
    /// Something is paused.
    Suspended,
    /// Something does not work yet.
    Progressing,
    /// Something is not there.
    Missing,
    /// Something has failed.
    Degraded,
    /// Argo CD cannot tell.
    Unknown,
}

impl fmt::Display for Sync {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Synced => "Synced",
            Self::OutOfSync => "OutOfSync",
            Self::Unknown => "Unknown",
        })
    }
}

impl fmt::Display for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Healthy => "Healthy",
            Self::Suspended => "Suspended",
            Self::Progressing => "Progressing",
            Self::Missing => "Missing",
            Self::Degraded => "Degraded",
            Self::Unknown => "Unknown",
        })
    }
}

impl Sync {
    fn read(text: &str) -> Self {
        [Self::Synced, Self::OutOfSync]
            .into_iter()
            .find(|one| one.to_string() == text)
            .unwrap_or(Self::Unknown)
    }
}

impl Health {
    fn read(text: &str) -> Self {
        let known = [Self::Healthy, Self::Suspended, Self::Progressing, Self::Missing, Self::Degraded];
        known.into_iter().find(|one| one.to_string() == text).unwrap_or(Self::Unknown)
    }
}

impl Maker {
    /// Who made the object: its live controller, else what Argo CD's mark says, where that mark was made for this object.
    #[must_use]
    pub fn of(live: &Live) -> Self {
        let is_set = |owner: &&Value| {
            owner["controller"] == true
                && owner["kind"] == "ApplicationSet"
                && text(owner, "/apiVersion").starts_with("argoproj.io/")
        };
        if let Some(owner) = live.owner_references().iter().find(is_set) {
            return Self::Set(text(owner, "/uid").to_owned());
        }
        let name = match live.annotation(TRACKING_ID) {
            Some(mark) => tracked(mark, live.id()),
            None => live.label(INSTANCE),
        };
        name.map_or(Self::Nobody, |name| Self::Application(name.to_owned()))
    }
}

/// The Application in a mark that is about this object: marks get copied along with manifests.
fn tracked<'a>(mark: &'a str, id: &ObjectId) -> Option<&'a str> {
    let (application, of) = mark.split_once(':')?;
    let namespace = id.namespace.as_deref().unwrap_or_default();
    let own = format!("{}/{}:{namespace}/{}", id.group_kind.group, id.group_kind.kind, id.name);
    (of == own).then_some(application)
}

impl Destination {
    /// The destination of an Application, the server without the trailing slashes that Argo CD ignores.
    #[must_use]
    pub fn of(body: &Value) -> Self {
        let filled = |pointer: &str| Some(text(body, pointer)).filter(|text| !text.is_empty());
        Self {
            server: filled("/spec/destination/server").map(|server| server.trim_end_matches('/').to_owned()),
            name: filled("/spec/destination/name").map(str::to_owned),
        }
    }
}

impl Application {
    /// What is kept of an Application.
    #[must_use]
    pub fn of(live: &Live) -> Self {
        let body = live.body();
        let error = last_error(body);
        let mut application = Self {
            id: live.id().clone(),
            maker: Maker::of(live),
            destination: Destination::of(body),
            sync: Sync::read(text(body, "/status/sync/status")),
            health: Health::read(text(body, "/status/health/status")),
            reason: None,
            has_error: error.is_some(),
            is_terminating: live.is_terminating(),
            no_live_state: no_live_state(body),
        };
        if !application.is_well() {
            application.reason = error.or_else(|| reason(live, application.health));
        }
        application
    }

    /// Whether the cluster has what git has, and it works.
    #[must_use]
    pub fn is_well(&self) -> bool {
        let is_good = self.sync == Sync::Synced && self.health == Health::Healthy;
        is_good && !self.has_error && !self.is_terminating
    }

    /// Whether Argo CD has compared it with its cluster, for which it has to have read that.
    #[must_use]
    pub fn is_compared(&self) -> bool {
        self.sync != Sync::Unknown && self.no_live_state.is_none()
    }
}

/// Conditions that are errors end so, as Argo CD itself tells them from warnings (`ApplicationCondition.IsError`).
fn errors(body: &Value) -> impl Iterator<Item = &Value> {
    let conditions = body.pointer("/status/conditions").and_then(Value::as_array);
    conditions.into_iter().flatten().filter(|condition| text(condition, "/type").ends_with("Error"))
}

/// The newest error: `ComparisonError: Failed to load target state: ...`.
fn last_error(body: &Value) -> Option<String> {
    let newest = errors(body).max_by_key(|condition| text(condition, "/lastTransitionTime"))?;
    Some(format!("{}: {}", text(newest, "/type"), first_line(text(newest, "/message"))))
}

fn no_live_state(body: &Value) -> Option<String> {
    let why = errors(body).find_map(|condition| text(condition, "/message").strip_prefix(NO_LIVE_STATE))?;
    Some(first_line(why))
}

/// Why one without an error is not well: its deletion, its last sync, or the first resource that is as bad as the whole.
fn reason(live: &Live, health: Health) -> Option<String> {
    let body = live.body();
    if live.is_terminating() {
        return Some("is being deleted".to_owned());
    }
    if body.get("status").is_none_or(|status| status.get("sync").is_none()) {
        return Some(NOT_LOOKED_AT.to_owned());
    }
    let said = first_line(text(body, "/status/operationState/message"));
    match text(body, "/status/operationState/phase") {
        phase @ ("Failed" | "Error" | "Running") if !said.is_empty() => {
            Some(format!("sync {}: {said}", phase.to_lowercase()))
        }
        _ => resource(body, health),
    }
}

/// `Deployment/NAMESPACE/NAME is Degraded: ...`. Argo CD keeps the health of resources here only with
/// `controller.resource.health.persist`.
fn resource(body: &Value, health: Health) -> Option<String> {
    let resources = body.pointer("/status/resources").and_then(Value::as_array)?;
    let is_bad = |resource: &&Value| {
        health != Health::Healthy && text(resource, "/health/status") == health.to_string()
    };
    let resource = resources.iter().find(is_bad)?;
    let parts = ["/kind", "/namespace", "/name"].map(|key| text(resource, key));
    let path: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    let message = first_line(text(resource, "/health/message"));
    let message = if message.is_empty() { String::new() } else { format!(": {message}") };
    Some(format!("{} is {health}{message}", path.join("/")))
}

pub(in crate::plan) fn text<'a>(body: &'a Value, pointer: &str) -> &'a str {
    body.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// The first line with something in it, without the credentials of addresses: git and Helm repeat those in their errors.
pub(super) fn first_line(text: &str) -> String {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty());
    without_credentials(line.unwrap_or_default())
}
