//! 6. The loop: observe, plan, write wave by wave, wait. Prints nothing; speaks through [`event::Event`].

pub mod apply;
mod delete;
mod diagnosis;
pub mod error;
pub mod event;
mod foreign;
mod homes;
pub mod interrupt;
mod lock;
pub mod observe;
pub mod outcome;
mod ready;
mod record;
mod replace;
pub mod run;
pub mod trial;
mod write;

use crate::cluster::Cluster;
use crate::converge::error::ConvergeError;
use crate::converge::event::Emit;
use crate::converge::trial::Creates;
use crate::desired::state::Desired;
use crate::plan::build::{self, Owner};
use crate::plan::consent::Consent;
use crate::plan::summary::Plan;

/// Compares the desired state with the cluster. Writes nothing.
///
/// # Errors
/// When the cluster cannot be asked, or the hub belongs to another profile.
pub async fn plan(
    cluster: &Cluster,
    desired: Desired,
    consent: &Consent,
    creates: Creates,
    emit: Emit<'_>,
) -> Result<Plan, ConvergeError> {
    let owner = Owner {
        profile: desired.profile,
        namespace: desired.namespace,
        installs_argocd: desired.installs_argocd,
    };
    let observed = observe::observe(cluster, &owner, desired.objects, consent, creates, emit).await?;
    Ok(build::build(&owner, observed, consent))
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
    let observed = observe::observe(cluster, owner, Vec::new(), consent, Creates::Written, emit).await?;
    Ok(build::build(owner, observed, consent))
}
