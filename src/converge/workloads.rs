//! Reading what tells what a plan does to Applications: only where it may do anything to them.

use crate::cluster::{Cluster, ClusterError};
use crate::converge::hub::{APPLICATION, Hub};
use crate::desired::id::{GroupKind, ObjectId};
use crate::plan::summary::Plan;
use crate::plan::workloads::{Application, ControllerPolicy, Seen, Set, Workloads, is_concerned};

/// The ConfigMap of Argo CD's own with the flags of its servers.
const PARAMETERS: &str = "argocd-cmd-params-cm";

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
    let parameters = ObjectId {
        group_kind: GroupKind::parse("ConfigMap"),
        namespace: Some(plan.owner.namespace.clone()),
        name: PARAMETERS.to_owned(),
    };
    let (registered, parameters, sets, applications) = tokio::try_join!(
        hub.registered(),
        cluster.get(&kinds, &parameters, "v1"),
        hub.sets(|live| Set::of(&live)),
        hub.applications(|live| Application::of(&live)),
    )?;
    let policy = parameters.as_ref().map(ControllerPolicy::of).unwrap_or_default();
    Ok(Seen { registered, policy, sets, applications })
}
