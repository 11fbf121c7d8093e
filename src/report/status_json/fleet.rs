//! The clusters' part of the document.

use schemars::JsonSchema;
use serde::Serialize;

use crate::plan::status::fleet::{ClusterStatus, Connection, Registration};
use crate::plan::status::probe::Probe;
use crate::plan::token::Expiry;
use crate::report::status_words as words;

/// A cluster.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClusterStatusDocument {
    /// Its name.
    pub name: String,
    /// The API server as Argo CD knows it.
    pub server: String,
    /// Whether nothing is wrong with it.
    pub is_well: bool,
    /// Whether Argo CD knows it.
    pub registration: RegistrationState,
    /// Whether it answers where bridge runs.
    pub probe: ProbeDocument,
    /// Whether Argo CD can read it, by the Applications that deploy there.
    pub connection: ConnectionDocument,
    /// When Argo CD's token for it expires, where it has one of a ServiceAccount that does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_expires: Option<String>,
}

/// Whether Argo CD knows a cluster. Later versions may add words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum RegistrationState {
    /// The profile names it, and there is a Secret for its server.
    Registered,
    /// The profile names it, and there is none.
    Missing,
    /// The inventory has a Secret for it, and the profile does not name it any more.
    Surplus,
}

/// What came of asking a cluster from where bridge runs.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ProbeDocument {
    /// In a word.
    pub state: ProbeState,
    /// The version of its API server, where it answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Why it is not ready, does not answer, or was not probed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What came of asking a cluster. Later versions may add words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ProbeState {
    /// It answers.
    Answers,
    /// It answers that it is not ready.
    NotReady,
    /// It was asked, and did not answer, which is no failure: Argo CD may reach it all the same.
    Silent,
    /// It was not asked.
    NotProbed,
}

/// Whether Argo CD can read a cluster.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionDocument {
    /// In a word.
    pub state: ConnectionState,
    /// How many Applications deploy there, whoever made them.
    pub applications: usize,
    /// How many of them say that the cluster cannot be read.
    pub failing: usize,
    /// In a sentence.
    pub reason: String,
}

/// Whether Argo CD can read a cluster: told by the Applications that deploy there, because its own state of the connection is in
/// its cache only. Later versions may add words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ConnectionState {
    /// No Application deploys there, so Argo CD does not watch it.
    NotWatched,
    /// No Application that deploys there was compared yet, and none says that the cluster cannot be read.
    NotKnown,
    /// An Application was compared with it.
    Works,
    /// An Application says that it cannot be read.
    Fails,
}

pub(super) fn document(cluster: &ClusterStatus) -> ClusterStatusDocument {
    let ClusterStatus { name, server, registration, probe, connection, token } = cluster;
    ClusterStatusDocument {
        name: name.clone(),
        server: server.clone(),
        is_well: cluster.is_well(),
        registration: match registration {
            Registration::Registered => RegistrationState::Registered,
            Registration::Missing => RegistrationState::Missing,
            Registration::Surplus => RegistrationState::Surplus,
        },
        probe: self::probe(probe),
        connection: self::connection(connection),
        token_expires: token.map(|Expiry { at, is_over: _ }| at.to_string()),
    }
}

fn probe(probe: &Probe) -> ProbeDocument {
    let (state, version, reason) = match probe.clone() {
        Probe::Answers { version } => (ProbeState::Answers, Some(version), None),
        Probe::NotReady { version, why } => (ProbeState::NotReady, Some(version), Some(why)),
        Probe::Silent(why) => (ProbeState::Silent, None, Some(why)),
        Probe::NotProbed(why) => (ProbeState::NotProbed, None, Some(why)),
    };
    ProbeDocument { state, version, reason }
}

fn connection(connection: &Connection) -> ConnectionDocument {
    let (state, applications, failing) = match connection {
        Connection::NotWatched => (ConnectionState::NotWatched, 0, 0),
        Connection::NotKnown { applications } => (ConnectionState::NotKnown, *applications, 0),
        Connection::Works { applications } => (ConnectionState::Works, *applications, 0),
        Connection::Fails { applications, failing, why: _ } => {
            (ConnectionState::Fails, *applications, *failing)
        }
    };
    ConnectionDocument { state, applications, failing, reason: words::connection(connection) }
}
