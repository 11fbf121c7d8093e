//! Reading what a status is judged by. Nothing is written, and of each object next to nothing is kept.

#![expect(clippy::disallowed_methods, reason = "probing has a time limit as a whole")]

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use futures::{StreamExt, stream};

use crate::cluster::{self, Cluster, ClusterError, ConnectOptions, Kinds};
use crate::converge::hub::Hub;
use crate::converge::inventory::parent_id;
use crate::desired::id::{GroupKind, ObjectId};
use crate::desired::ownership::{PART_OF, inventory_id};
use crate::plan::build::Owner;
use crate::plan::live::Live;
use crate::plan::ready::{WrittenKey, readiness};
use crate::plan::status::application::Application;
use crate::plan::status::application_set::ApplicationSet;
use crate::plan::status::expected::{APPLICATION_SET, Expected, WORKLOADS};
use crate::plan::status::fleet::{FleetCluster, Registered};
use crate::plan::status::hub::{ArgoCdStatus, HubStatus, InventoryStatus, Workload};
use crate::plan::status::probe::Probe;
use crate::plan::status::{Seen, Status};

/// The longest that a cluster is asked how it is.
const LONGEST_PROBE: Duration = Duration::from_secs(10);
/// The longest that the fleet is: a thousand contexts of clusters that are gone must not take an hour.
const LONGEST_PROBES: Duration = Duration::from_secs(30);
/// What Argo CD's own manifests and its chart label their workloads with.
const PART: (&str, &str) = ("app.kubernetes.io/part-of", "argocd");

/// A cluster to look at, and how bridge itself gets there.
#[derive(Debug)]
pub struct Look {
    /// The cluster.
    pub cluster: FleetCluster,
    /// How it is reached from where bridge runs.
    pub way: Way,
}

/// How bridge itself gets to a cluster.
#[derive(Debug)]
pub enum Way {
    /// It is the hub, to which there is a connection.
    Hub,
    /// By a context of the kubeconfig.
    Context(Box<ConnectOptions>),
    /// Not at all; why.
    None(String),
}

/// Reads and judges the hub and its fleet. What cannot be reached beside the hub is said in the status.
///
/// # Errors
/// When the hub cannot be asked, or denies it.
pub async fn status(
    cluster: &Cluster,
    owner: &Owner,
    expected: &Expected,
    fleet: Vec<Look>,
) -> Result<Status, ClusterError> {
    // Probes of clusters that are not there take the longest, so they begin at once.
    let (probes, hub) = tokio::join!(probe_all(cluster, fleet), read(cluster, owner, expected));
    let Read { hub, registered, sets, applications } = hub?;
    let seen =
        Seen { cluster: cluster.identity().clone(), hub, clusters: probes, registered, sets, applications };
    Ok(Status::of(owner, expected, seen))
}

async fn probe_all(hub: &Cluster, fleet: Vec<Look>) -> Vec<(FleetCluster, Probe)> {
    let started = Instant::now();
    let one = |Look { cluster, way }: Look| async move {
        let limit = LONGEST_PROBES.saturating_sub(started.elapsed()).min(LONGEST_PROBE);
        let probe = match way {
            Way::Hub => hub.probe(LONGEST_PROBE).await,
            Way::Context(_) if limit.is_zero() => {
                Probe::NotProbed(format!("others took all of {} s", LONGEST_PROBES.as_secs()))
            }
            Way::Context(options) => cluster::probe(&options, limit).await,
            Way::None(why) => Probe::NotProbed(why),
        };
        (cluster, probe)
    };
    stream::iter(fleet).map(one).buffered(hub.parallelism()).collect().await
}

struct Read {
    hub: HubStatus,
    registered: Vec<Registered>,
    sets: Vec<ApplicationSet>,
    applications: Vec<Application>,
}

async fn read(cluster: &Cluster, owner: &Owner, expected: &Expected) -> Result<Read, ClusterError> {
    let kinds = cluster.kinds().await?;
    let hub = Hub { cluster, kinds: &kinds, owner };
    let (inventory, argo_cd, registered, sets, applications) = tokio::try_join!(
        hub.inventory(),
        hub.argo_cd(expected.workloads.as_ref()),
        hub.registered(),
        hub.sets(|live| ApplicationSet::of(&live, PART_OF)),
        hub.applications(|live| Application::of(&live)),
    )?;
    Ok(Read { hub: HubStatus { inventory, argo_cd }, registered, sets, applications })
}

impl Hub<'_> {
    async fn inventory(self) -> Result<InventoryStatus, ClusterError> {
        let parent = self.cluster.get(self.kinds, &parent_id(self.owner), "v1").await?;
        Ok(InventoryStatus::of(parent.as_ref(), self.owner))
    }

    async fn argo_cd(self, expected: Option<&BTreeSet<ObjectId>>) -> Result<ArgoCdStatus, ClusterError> {
        if !self.kinds.serves(&GroupKind::parse(APPLICATION_SET)) {
            return Ok(ArgoCdStatus::NotInstalled);
        }
        let is_expected = |workload: &Workload| expected.is_some_and(|ids| ids.contains(&workload.id));
        let mut workloads = Vec::new();
        for kind in WORKLOADS {
            for Found { is_marked, workload, written } in
                self.list(kind, String::new(), found(self.owner)).await?
            {
                if is_marked || is_expected(&workload) {
                    workloads.push(self.with_written(workload, written).await?);
                }
            }
        }
        Ok(ArgoCdStatus::of(workloads, expected, self.owner))
    }

    /// One that is ready by its own status has to have written what the others need.
    async fn with_written(
        self,
        workload: Workload,
        written: Option<WrittenKey>,
    ) -> Result<Workload, ClusterError> {
        match written {
            Some(written) if workload.is_well() => {
                let secret = self.cluster.get(&Kinds::core(), &written.secret, "v1").await?;
                Ok(Workload { readiness: written.readiness(secret.as_ref()), ..workload })
            }
            Some(_) | None => Ok(workload),
        }
    }
}

/// A workload in Argo CD's namespace.
struct Found {
    /// Whether it carries the mark of whoever installs Argo CD.
    is_marked: bool,
    workload: Workload,
    written: Option<WrittenKey>,
}

/// bridge's own workloads are members of its inventory; those of others carry the label of Argo CD's manifests.
fn found(owner: &Owner) -> impl Fn(Live) -> Found + Clone + Send + use<> {
    let (key, value) = match owner.installs_argocd {
        true => (PART_OF, inventory_id(&owner.namespace)),
        false => (PART.0, PART.1.to_owned()),
    };
    move |live: Live| Found {
        is_marked: live.label(key) == Some(&value),
        workload: Workload { id: live.id().clone(), readiness: readiness(&live) },
        written: WrittenKey::of(&live),
    }
}
