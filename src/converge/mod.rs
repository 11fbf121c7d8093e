//! 6. The loop: observe, plan, write wave by wave, wait. Prints nothing; speaks through [`event::Event`].

mod applications;
pub mod apply;
mod delete;
mod diagnosis;
pub mod error;
pub mod event;
mod failure;
mod foreign;
mod homes;
mod hub;
pub mod interrupt;
mod inventory;
mod judge;
mod lock;
mod members;
pub mod observe;
pub mod outcome;
mod pods;
mod ready;
mod record;
mod replace;
pub mod run;
pub mod spoke;
pub mod status;
pub mod trial;
mod wanted;
pub mod workloads;
mod write;

use std::collections::BTreeSet;

use crate::cluster::{Cluster, Kinds};
use crate::converge::error::ConvergeError;
use crate::converge::event::Emit;
use crate::converge::observe::Intent;
use crate::converge::trial::Creates;
use crate::desired::object::Object;
use crate::plan::build::{self, Owner};
use crate::plan::consent::Consent;
use crate::plan::summary::Plan;
use crate::plan::workloads::Workloads;

/// Compares the desired state with the cluster. Writes nothing.
///
/// The desired objects may still be in the making: meanwhile the cluster is read.
///
/// # Errors
/// When there are no desired objects, the cluster cannot be asked, or the hub belongs to another profile.
pub async fn plan<E: From<ConvergeError>>(
    cluster: &Cluster,
    intent: Intent<'_>,
    desired: impl Future<Output = Result<Vec<Object>, E>>,
    emit: Emit<'_>,
) -> Result<Plan, E> {
    let observed = observe::observe(cluster, intent, desired, emit).await?;
    Ok(build::build(intent.owner, observed, intent.consent))
}

/// Plans the removal of everything that the profile owns. Writes nothing.
///
/// # Errors
/// When the cluster cannot be asked, or the hub belongs to another profile.
pub async fn plan_destroy(
    cluster: &Cluster,
    owner: &Owner,
    consent: &Consent,
    emit: Emit<'_>,
) -> Result<Plan, ConvergeError> {
    let intent = Intent::new(owner, consent, Creates::None);
    plan(cluster, intent, async { Ok(Vec::new()) }, emit).await
}

/// The plan that takes spokes out of the inventory on which nothing of bridge's is left; `None` where none is recorded.
///
/// # Errors
/// When the cluster cannot be asked, or the hub belongs to another profile.
pub async fn forget_spokes(
    cluster: &Cluster,
    owner: &Owner,
    consent: &Consent,
    uids: &BTreeSet<String>,
) -> Result<Option<Plan>, ConvergeError> {
    let kinds = Kinds::core();
    let Some((parent, recorded)) = inventory::read(cluster, &kinds, owner, consent).await? else {
        return Ok(None);
    };
    let mut wanted = recorded.clone();
    wanted.spokes.retain(|uid, _| !uids.contains(uid));
    // What a destroy left only because of them.
    let wanted = Some(wanted).filter(|wanted| !(wanted.group_kinds.is_empty() && wanted.spokes.is_empty()));
    Ok(Some(Plan {
        cluster: Some(cluster.identity().clone()),
        owner: owner.clone(),
        changes: Vec::new(),
        parent: Some(parent),
        recorded: Some(recorded),
        wanted,
        is_destroy: false,
        workloads: Workloads::default(),
    })
    .filter(|plan| !plan.is_empty()))
}
