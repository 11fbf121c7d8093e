//! Reading what tells what a plan does to Applications: only where it may do anything to them.

use crate::cluster::{Cluster, ClusterError};
use crate::converge::hub::{APPLICATION, Hub};
use crate::desired::id::GroupKind;
use crate::plan::summary::Plan;
use crate::plan::workloads::{Application, Seen, Set, Workloads, is_concerned};

/// Finds out what a plan does to Applications. A hub that does not let this be read does not stop the plan, which says so.
pub async fn look(cluster: &Cluster, plan: &Plan) -> Workloads {
    if !is_concerned(plan) {
        return Workloads::default();
    }
    match read(cluster, plan).await {
        Ok(seen) => Workloads::of(plan, seen),
        Err(error) => Workloads::not_read(error.to_string()),
    }
}

async fn read(cluster: &Cluster, plan: &Plan) -> Result<Seen, ClusterError> {
    let kinds = cluster.kinds().await?;
    if !kinds.serves(&GroupKind::parse(APPLICATION)) {
        return Ok(Seen::default());
    }
    let hub = Hub { cluster, kinds: &kinds, owner: &plan.owner };
    let (registered, sets, applications) = tokio::try_join!(
        hub.registered(),
        hub.sets(|live| Set::of(&live)),
        hub.applications(|live| Application::of(&live)),
    )?;
    Ok(Seen { registered, sets, applications })
}
