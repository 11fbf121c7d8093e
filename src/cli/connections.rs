//! The connections that a plan gives to Argo CD, tried from here before the first write.
//!
//! What bridge cannot reach says nothing: names inside docker, private endpoints, proxies. Nothing is asked about a connection
//! that stays as it is.
#![expect(clippy::disallowed_methods, reason = "tokens expire by the clock, and asking has to end")]

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use futures::{StreamExt, stream};
use jiff::Timestamp;

use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::spokes::{Spokes, connect_options, leads_to_hub};
use crate::cluster::{self, Cluster, Proof};
use crate::code::Code;
use crate::desired::secrets::Secrets;
use crate::plan::change::Change;
use crate::plan::kubernetes::{Age, Minor, age};
use crate::plan::summary::Plan;
use crate::plan::token::expiry;
use crate::profile::finding::{Finding, Severity, has_errors};
use crate::profile::model::{
    self, Auth, Connection, Install, ManifestSource, Profile, Remote, SecretReference, SecretSource,
};
use crate::profile::sensitive::Sensitive;
use crate::report::finding;

/// The longest that one spoke, and all of them together, are waited for.
const LIMIT: Duration = Duration::from_secs(5);
const ALL: Duration = Duration::from_secs(15);
/// How many are asked at the same time, at least: most of the time is waiting.
const AT_ONCE: usize = 16;

const NEW_TOKEN: &str =
    "put a new one there, or write `connection: { context: NAME }`, with which bridge makes and renews it";

/// A token that the profile refers to, and the connection that it is for. One that bridge makes is none.
fn given_token(cluster: &model::Cluster) -> Option<(&Remote, &SecretReference)> {
    let remote = match &cluster.connection {
        Connection::Remote(remote) => remote,
        Connection::InCluster | Connection::Context(_) => return None,
    };
    match &remote.auth {
        Auth::Token(reference) => {
            let is_made = matches!(reference.source, SecretSource::SpokeToken { .. });
            (!is_made).then_some((remote, reference))
        }
        Auth::Basic { .. } | Auth::ClientCertificate { .. } | Auth::Aws { .. } | Auth::Exec(_) => None,
    }
}

/// What the connections of a plan are checked with.
pub(super) struct Check<'a> {
    pub(super) context: &'a Context,
    pub(super) hub: &'a Cluster,
    /// The profile as it is written.
    pub(super) written: &'a Profile,
    /// The profile with what the kubeconfig says of its contexts.
    pub(super) resolved: &'a Profile,
}

/// A way to ask a spoke.
enum Way<'a> {
    /// bridge makes a token there.
    Connected(&'a Cluster),
    /// The profile says how Argo CD authenticates.
    Given { context: Option<&'a str>, token: Option<(&'a Remote, &'a SecretReference, Sensitive)> },
}

impl Check<'_> {
    /// Reads when tokens expire, and asks each spoke whose connection is new or another one, all at once; warnings are shown.
    ///
    /// # Errors
    /// The findings, where one of them is an error.
    pub(super) async fn all(&self, secrets: &Secrets, plan: &Plan, spokes: &Spokes) -> Result<(), CliError> {
        let changed: BTreeSet<&str> = plan.changes.iter().filter_map(new_connection).collect();
        let connected: BTreeMap<&str, &Cluster> = spokes.written().collect();
        let ways = self.written.spokes.iter().zip(&self.resolved.spokes).filter_map(|(written, resolved)| {
            let name = written.name.as_str();
            if let Some(connection) = connected.get(name) {
                return Some((resolved, Way::Connected(connection)));
            }
            let context = match &written.connection {
                Connection::Context(by) => Some(by.context.as_str()),
                Connection::InCluster | Connection::Remote(_) => None,
            };
            let token = given_token(resolved)
                .map(|(remote, reference)| (remote, reference, secrets.value(&reference.source)));
            changed.contains(name).then_some((resolved, Way::Given { context, token }))
        });
        let until = Instant::now() + ALL;
        let asked = stream::iter(ways).map(|(cluster, way)| self.ask(cluster, way, until));
        let at_once = self.hub.parallelism().max(AT_ONCE);
        let findings: Vec<Vec<Finding>> = asked.buffered(at_once).collect().await;
        let findings: Vec<Finding> =
            self.expired(secrets, &changed).into_iter().chain(findings.into_iter().flatten()).collect();
        if has_errors(&findings) {
            return Err(findings.into());
        }
        self.context.ui.say(&finding::render(&findings, self.context.ui.redactor()));
        Ok(())
    }

    /// Tokens of the profile that have expired by their own words. One that Argo CD has already does not hold up the rest.
    fn expired(&self, secrets: &Secrets, changed: &BTreeSet<&str>) -> Vec<Finding> {
        let now = Timestamp::now();
        let finding = |cluster: &model::Cluster| {
            let (_, reference) = given_token(cluster)?;
            let expires = expiry(&secrets.value(&reference.source)).filter(|expires| *expires <= now)?;
            let message = format!("the token of `{}` has expired at {expires}", cluster.name);
            let is_new = changed.contains(cluster.name.as_str());
            let severity = if is_new { Severity::Error } else { Severity::Warning };
            Some(Finding::error(Code::GIVEN_TOKEN, &reference.at, message, NEW_TOKEN).with_severity(severity))
        };
        self.resolved.clusters().filter_map(finding).collect()
    }

    async fn ask(&self, cluster: &model::Cluster, way: Way<'_>, until: Instant) -> Vec<Finding> {
        let (mut version, mut findings) = (None, Vec::new());
        let limit = || LIMIT.min(until.saturating_duration_since(Instant::now()));
        let is_registered = matches!(way, Way::Connected(_));
        match way {
            Way::Connected(connection) => version = connection.version(limit()).await,
            Way::Given { context, token } => {
                if let Some(context) = context {
                    let options = connect_options(self.context, context);
                    let found = cluster::identify(&options, limit()).await;
                    let is_hub = found.as_ref().is_some_and(|(uid, _)| *uid == self.hub.identity().uid);
                    findings.extend(is_hub.then(|| leads_to_hub(cluster, context)));
                    version = found.map(|(_, version)| version);
                }
                if let Some((remote, reference, token)) = token {
                    let proof = cluster::prove(remote, &token, limit()).await;
                    match judge(cluster, remote, reference, proof) {
                        Ok(answered) => version = answered.or(version),
                        Err(finding) => findings.push(finding),
                    }
                }
            }
        }
        findings.extend(version.and_then(|version| self.old(cluster, &version, is_registered)));
        findings
    }

    fn old(&self, cluster: &model::Cluster, version: &str, is_registered: bool) -> Option<Finding> {
        // Of somebody else's manifest nobody knows which version it is.
        let argo_cd = match &self.resolved.argocd.install {
            Install::Manifests(manifests) if manifests.source == ManifestSource::Official => {
                Some(manifests.version.to_string())
            }
            Install::Manifests(_) | Install::Existing => None,
        };
        let name = &cluster.name;
        let minor = |text: &str| text.parse::<Minor>().ok();
        let finding = |message, fix: &str| Finding::error(Code::OLD_KUBERNETES, &cluster.at, message, fix);
        match age(minor(version)?, argo_cd.as_deref().and_then(minor), is_registered) {
            Age::Fine => None,
            Age::Untested { oldest, tested_by } => {
                let argo_cd = argo_cd.unwrap_or_default();
                let message = format!(
                    "`{name}` runs Kubernetes {version}, and Argo CD {argo_cd} is tested with {oldest} and newer"
                );
                let other = tested_by
                    .map_or_else(String::new, |argo_cd| format!(" Argo CD {argo_cd} is tested with it."));
                let fix = format!("upgrade the cluster; until then look at it with care.{other}");
                Some(finding(message, &fix).with_severity(Severity::Warning))
            }
            Age::Unregistrable { oldest } => {
                let message = format!(
                    "`{name}` runs Kubernetes {version}, and bridge can make an account from {oldest} on"
                );
                let fix = "upgrade the cluster, or give it another way to authenticate, such as `token`";
                Some(finding(message, fix))
            }
        }
    }
}

/// The cluster whose connection a change writes: a new Secret, or one with another server or `config`.
fn new_connection(change: &Change) -> Option<&str> {
    let object = change.desired().filter(|object| object.is_cluster_secret())?;
    let part = |body: &serde_json::Value| {
        (body.pointer("/data/server").cloned(), body.pointer("/data/config").cloned())
    };
    let is_new = change.live().is_none_or(|live| part(live.body()) != part(object.body()));
    object.label("cluster_name").filter(|_| is_new)
}

/// What an API server said to the holder of the token: its version, or what is wrong.
fn judge(
    cluster: &model::Cluster,
    remote: &Remote,
    reference: &SecretReference,
    proof: Proof,
) -> Result<Option<String>, Finding> {
    let (name, server) = (&cluster.name, &remote.server);
    match proof {
        Proof::Accepted(version) => Ok(Some(version)),
        Proof::NotAsked => Ok(None),
        Proof::Refused => {
            let message = format!("the API server of `{name}`, {server}, does not accept its token (401)");
            Err(Finding::error(Code::GIVEN_TOKEN, &reference.at, message, NEW_TOKEN))
        }
        Proof::Untrusted(why) => {
            let message =
                format!("the certificate of {server}, asked for `{name}`, is not to be trusted: {why}");
            let fix = match remote.tls {
                model::Tls::Ca { .. } => {
                    "see that `caData` is the cluster's own; add `serverName` where its certificate has another name"
                }
                model::Tls::SystemRoots { .. } | model::Tls::Insecure { .. } => {
                    "write the cluster's `caData`, unless Argo CD's image knows its authority"
                }
            };
            // Private addresses are given out many times: who answers here need not be whom Argo CD reaches.
            Err(Finding::error(Code::WRONG_AUTHORITY, &cluster.at, message, fix)
                .with_severity(Severity::Warning))
        }
    }
}
