//! The clusters: whether Argo CD knows them, and whether it can read them.
//!
//! Argo CD keeps its own connection state of a cluster in its cache (redis), where the Kubernetes API does not show it. What can
//! be read are the Applications that deploy there: an Application is compared only after its cluster was read.

use std::collections::{BTreeMap, BTreeSet};

use crate::plan::status::application::{Application, Destination};
use crate::plan::status::probe::Probe;
use crate::plan::token::Expiry;
use crate::template::context::IN_CLUSTER;

/// How Argo CD itself calls the cluster that it runs in.
pub const IN_CLUSTER_NAME: &str = "in-cluster";

/// A cluster of the profile.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FleetCluster {
    /// Its name.
    pub name: String,
    /// The API server as Argo CD knows it, without a trailing slash; empty where only a kubeconfig knows it that is not here.
    pub server: String,
}

/// A cluster Secret on the hub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registered {
    /// `data.name`.
    pub name: String,
    /// `data.server`, without a trailing slash.
    pub server: String,
    /// Whether it is a member of the profile's inventory.
    pub is_member: bool,
    /// When the token in it ends, where it is one of a ServiceAccount.
    pub token: Option<Expiry>,
}

/// A cluster, and what is known of its connections.
#[derive(Debug)]
pub struct ClusterStatus {
    /// Its name.
    pub name: String,
    /// The API server as Argo CD knows it.
    pub server: String,
    /// Whether Argo CD knows it.
    pub registration: Registration,
    /// Whether it answers where bridge runs.
    pub probe: Probe,
    /// Whether Argo CD can read it.
    pub connection: Connection,
    /// When Argo CD's token for it ends, where it has one that does.
    pub token: Option<Expiry>,
}

/// Whether Argo CD knows a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Registration {
    /// The profile names it, and there is a Secret for its server.
    Registered,
    /// The profile names it, and there is none.
    Missing,
    /// The inventory has a Secret for it, and the profile does not name it any more.
    Surplus,
}

/// Whether Argo CD can read a cluster, by the Applications that deploy there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Connection {
    /// None deploys there, and Argo CD watches no cluster without one.
    NotWatched,
    /// So many deploy there, and none says anything about the cluster.
    NotKnown {
        /// How many.
        applications: usize,
    },
    /// At least one of so many was compared with the cluster, and none could not be.
    Works {
        /// How many.
        applications: usize,
    },
    /// Some could not be compared, because the cluster could not be read.
    Fails {
        /// How many deploy there.
        applications: usize,
        /// How many say so.
        failing: usize,
        /// In the words of Argo CD, of the first by name.
        why: String,
    },
}

impl ClusterStatus {
    /// Whether it was asked from here, and did not answer.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        matches!(self.probe, Probe::Silent(_))
    }

    /// Whether nothing is wrong with it. Surplus ones are what the next apply removes, and nothing is wrong with that.
    #[must_use]
    pub fn is_well(&self) -> bool {
        let is_registered = match self.registration {
            Registration::Registered => self.token.is_none_or(|token| !token.is_over),
            Registration::Surplus => true,
            Registration::Missing => false,
        };
        let is_read = match self.connection {
            Connection::NotWatched | Connection::NotKnown { .. } | Connection::Works { .. } => true,
            Connection::Fails { .. } => false,
        };
        is_registered && is_read && self.probe.is_well()
    }
}

/// Puts the profile's clusters, those that are registered, and what Applications say of them together.
pub(super) fn judge(
    asked: Vec<(FleetCluster, Probe)>,
    registered: &[Registered],
    applications: &[Application],
) -> (Vec<ClusterStatus>, Names) {
    let asked: Vec<(FleetCluster, Probe)> =
        asked.into_iter().map(|(cluster, probe)| (found(cluster, registered), probe)).collect();
    let surplus = surplus(&asked, registered);
    let known: BTreeSet<&str> = registered.iter().map(|one| one.server.as_str()).collect();
    let of_profile = asked.into_iter().map(|(cluster, probe)| {
        let is_known = known.contains(cluster.server.as_str());
        (cluster, probe, if is_known { Registration::Registered } else { Registration::Missing })
    });
    let unnamed = || Probe::NotProbed("the profile does not name it".to_owned());
    let surplus = surplus.into_iter().map(|cluster| (cluster, unnamed(), Registration::Surplus));
    let fleet: Vec<(FleetCluster, Probe, Registration)> = of_profile.chain(surplus).collect();
    let names = Names::new(fleet.iter().map(|(cluster, ..)| cluster), registered);
    let connections = connections(&names, applications);
    // Of several for one server bridge's own counts.
    let (ours, theirs): (Vec<&Registered>, Vec<&Registered>) =
        registered.iter().partition(|one| one.is_member);
    let tokens: BTreeMap<&str, Option<Expiry>> =
        theirs.into_iter().chain(ours).map(|one| (one.server.as_str(), one.token)).collect();
    let status = |((cluster, probe, registration), connection)| {
        let FleetCluster { name, server } = cluster;
        let token = tokens.get(server.as_str()).copied().flatten();
        ClusterStatus { name, server, registration, probe, connection, token }
    };
    (fleet.into_iter().zip(connections).map(status).collect(), names)
}

/// Where the server is not known here, the Secret of its name says it.
fn found(cluster: FleetCluster, registered: &[Registered]) -> FleetCluster {
    let server = match registered.iter().find(|one| one.name == cluster.name) {
        Some(one) if cluster.server.is_empty() => one.server.clone(),
        Some(_) | None => cluster.server,
    };
    FleetCluster { name: cluster.name, server }
}

/// The members of the inventory that the profile does not name, by name.
fn surplus(asked: &[(FleetCluster, Probe)], registered: &[Registered]) -> Vec<FleetCluster> {
    let named: BTreeSet<&str> = asked.iter().map(|(cluster, _)| cluster.server.as_str()).collect();
    let others = registered.iter().filter(|one| one.is_member && !named.contains(one.server.as_str()));
    let mut surplus: Vec<FleetCluster> =
        others.map(|one| FleetCluster { name: one.name.clone(), server: one.server.clone() }).collect();
    surplus.sort();
    surplus
}

/// The place of each cluster, by the ways in which Applications name it.
pub(super) struct Names {
    by_server: BTreeMap<String, usize>,
    by_name: BTreeMap<String, usize>,
    names: Vec<String>,
}

impl Names {
    fn new<'a>(clusters: impl Iterator<Item = &'a FleetCluster>, registered: &[Registered]) -> Self {
        let (mut by_server, mut by_name, mut names) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
        for (index, FleetCluster { name, server }) in clusters.enumerate() {
            by_server.insert(server.clone(), index);
            by_name.insert(name.clone(), index);
            names.push(name.clone());
        }
        // Argo CD finds a cluster by the name in its Secret, which is another one until a rename is applied.
        let live = registered.iter().filter_map(|one| Some((one.name.clone(), *by_server.get(&one.server)?)));
        by_name.extend(live);
        by_name.extend(by_server.get(IN_CLUSTER).map(|index| (IN_CLUSTER_NAME.to_owned(), *index)));
        Self { by_server, by_name, names }
    }

    /// The name of the cluster that an Application deploys to.
    pub(super) fn of(&self, destination: &Destination) -> Option<String> {
        self.index(destination).and_then(|index| self.names.get(index).cloned())
    }

    fn index(&self, Destination { server, name }: &Destination) -> Option<usize> {
        match (server, name) {
            (Some(server), _) => self.by_server.get(server).copied(),
            (None, Some(name)) => self.by_name.get(name).copied(),
            (None, None) => None,
        }
    }
}

#[derive(Clone, Default)]
struct Tally<'a> {
    applications: usize,
    compared: usize,
    failing: Vec<(&'a str, &'a str)>,
}

fn connections(names: &Names, applications: &[Application]) -> Vec<Connection> {
    let mut tallies = vec![Tally::default(); names.names.len()];
    for application in applications {
        let Some(index) = names.index(&application.destination) else { continue };
        let tally = &mut tallies[index];
        tally.applications += 1;
        tally.compared += usize::from(application.is_compared());
        let why = application.no_live_state.as_deref();
        tally.failing.extend(why.map(|why| (application.id.name.as_str(), why)));
    }
    tallies.into_iter().map(connection).collect()
}

fn connection(Tally { applications, compared, failing }: Tally<'_>) -> Connection {
    match failing.iter().min() {
        Some((_, why)) => Connection::Fails { applications, failing: failing.len(), why: (*why).to_owned() },
        None if applications == 0 => Connection::NotWatched,
        None if compared == 0 => Connection::NotKnown { applications },
        None => Connection::Works { applications },
    }
}
