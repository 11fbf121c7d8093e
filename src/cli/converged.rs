//! What `plan`, `apply` and `destroy` share: a connection, and the engine's verdicts as exit codes.

use std::sync::Arc;

use crate::cli::context::Context;
use crate::cli::error::{CliError, OneError};
use crate::cli::exit::Exit;
use crate::cli::prepare::Ready;
use crate::cli::secrets::{self, Reach};
use crate::cli::spokes::rotation::Rotation;
use crate::cli::spokes::{self, Spokes};
use crate::cli::target::Target;
use crate::cli::{connections, endpoints, interrupt, manifest};
use crate::cluster::Cluster;
use crate::converge::error::ConvergeError;
use crate::converge::event::Event;
use crate::converge::interrupt::Interrupt;
use crate::converge::observe::Intent;
use crate::converge::outcome::{FailureClass, Outcome};
use crate::converge::trial::Creates;
use crate::converge::workloads;
use crate::desired::secrets::Secrets;
use crate::plan::build::Owner;
use crate::plan::consent::Consent;
use crate::plan::summary::{ClusterIdentity, Plan};
use crate::report::apply_text::is_complete;
use crate::report::progress::Progress;
use crate::report::style::plain;

/// A plan, and the secrets that were resolved for it.
#[derive(Debug)]
pub(super) struct Planned {
    /// The plan.
    pub(super) plan: Plan,
    /// What the profile's references stand for; a destroy needs none of it.
    pub(super) secrets: Secrets,
    /// The spokes that bridge registers; none in a destroy.
    pub(super) spokes: Spokes,
}

/// A hub that answers.
#[derive(Debug)]
pub(super) struct Hub {
    /// The connection.
    pub(super) cluster: Cluster,
    /// Whether the user asked to stop.
    pub(super) interrupt: Arc<Interrupt>,
}

impl Hub {
    /// Connects, and says to what.
    ///
    /// # Errors
    /// When the cluster cannot be reached.
    pub(super) async fn connect(
        context: &Context,
        target: &Target,
        interrupt: &Arc<Interrupt>,
    ) -> Result<Self, CliError> {
        target.register_credentials(context);
        let cluster = interrupt::unless(interrupt, Cluster::connect(&target.options)).await??;
        let ClusterIdentity { server, context: name, uid, kubectl: _ } = cluster.identity();
        context.ui.status(&format!(
            "► context {}  server {}  uid {}",
            plain(name),
            plain(server),
            plain(uid)
        ));
        Ok(Self { cluster, interrupt: Arc::clone(interrupt) })
    }

    /// Plans the way to the profile. Writes nothing to the cluster.
    ///
    /// # Errors
    /// When a secret, the manifest or the cluster is not as it has to be.
    pub(super) async fn plan(
        &self,
        context: &Context,
        ready: &Ready,
        consent: &Consent,
        creates: Creates,
        emit: &(dyn Fn(Event) + Sync),
    ) -> Result<Planned, CliError> {
        let owner = Owner::of(&ready.profile);
        let work = async {
            let remotes = endpoints::read(context, &ready.profile)?;
            let spokes =
                spokes::plan(context, &self.cluster, &ready.profile, &remotes, consent, None).await?;
            let (written, ready) = (&ready.profile, &spokes.resolve(&remotes, ready));
            let secrets =
                secrets::resolve(context, &ready.profile, &ready.folder, Reach::Everything(&self.cluster))
                    .await?
                    .with(spokes.tokens());
            // First what may take minutes: what the cluster has is read as late as it can be.
            let manifest = manifest::obtain(context, ready, manifest::Lock::Write).await?;
            let desired = async {
                let desired = ready.complete(context, manifest, &secrets).await?;
                Ok::<_, CliError>(desired.objects)
            };
            let (recorded, keeps_clusters) = (spokes.recorded(), !spokes.failed().is_empty());
            let intent = Intent { owner: &owner, consent, creates, spokes: &recorded, keeps_clusters };
            let mut plan = crate::converge::plan(&self.cluster, intent, desired, emit).await?;
            spokes.hold(&mut plan);
            plan.workloads = workloads::look(&self.cluster, &plan).await;
            let check = connections::Check { context, hub: &self.cluster, written, resolved: &ready.profile };
            check.all(&secrets, &plan, &spokes).await?;
            let spokes = spokes.with_leaving(context, &self.cluster, &plan, consent).await;
            Ok(Planned { plan, secrets, spokes })
        };
        interrupt::unless(&self.interrupt, work).await?
    }

    /// Plans new tokens for spokes, and nothing else. Writes nothing to the cluster.
    ///
    /// # Errors
    /// When a secret or a cluster is not as it has to be, or more than tokens would change.
    pub(super) async fn plan_rotation(
        &self,
        context: &Context,
        ready: &Ready,
        rotation: &Rotation,
        emit: &(dyn Fn(Event) + Sync),
    ) -> Result<Planned, CliError> {
        let owner = Owner::of(&ready.profile);
        let consent = Consent::default();
        let work = async {
            let remotes = endpoints::read(context, &ready.profile)?;
            let mut spokes =
                spokes::plan(context, &self.cluster, &ready.profile, &remotes, &consent, Some(rotation))
                    .await?;
            let consent = Consent { targets: spokes.rotated(rotation)?, ..consent.clone() };
            if consent.targets.is_empty() {
                let plan = Plan::nothing(self.cluster.identity().clone(), owner.clone());
                return Ok(Planned { plan, secrets: Secrets::Masked, spokes });
            }
            let ready = &spokes.resolve(&remotes, ready);
            let secrets =
                secrets::resolve(context, &ready.profile, &ready.folder, Reach::Everything(&self.cluster))
                    .await?
                    .with(spokes.tokens());
            // Argo CD itself is no target, so its manifest is not needed.
            let desired = async { Ok::<_, CliError>(ready.complete(context, None, &secrets).await?.objects) };
            let recorded = spokes.recorded();
            let intent = Intent {
                owner: &owner,
                consent: &consent,
                creates: Creates::Written,
                spokes: &recorded,
                keeps_clusters: true,
            };
            let mut plan = crate::converge::plan(&self.cluster, intent, desired, emit).await?;
            spokes.only_tokens(rotation, &mut plan)?;
            Ok(Planned { plan, secrets, spokes })
        };
        interrupt::unless(&self.interrupt, work).await?
    }

    /// Plans the removal of all that the profile owns. Writes nothing to the cluster.
    ///
    /// # Errors
    /// When the cluster is not as it has to be.
    pub(super) async fn plan_destroy(
        &self,
        context: &Context,
        ready: &Ready,
        consent: &Consent,
        emit: &(dyn Fn(Event) + Sync),
    ) -> Result<Planned, CliError> {
        let owner = Owner::of(&ready.profile);
        let work = async {
            let mut plan = crate::converge::plan_destroy(&self.cluster, &owner, consent, emit).await?;
            plan.workloads = workloads::look(&self.cluster, &plan).await;
            Ok::<_, ConvergeError>(plan)
        };
        let plan = interrupt::unless(&self.interrupt, work).await??;
        let spokes = Spokes::default().with_leaving(context, &self.cluster, &plan, consent).await;
        Ok(Planned { plan, secrets: Secrets::Masked, spokes })
    }
}

/// Shows progress as long as the returned function lives.
pub(super) fn progress(context: &Context) -> impl Fn(Event) + Sync + use<> {
    let progress = Progress::new(&context.ui);
    move |event| progress.show(&event)
}

/// How the process ends after an apply or a destroy.
pub(super) fn outcome_exit(outcome: &Outcome) -> Exit {
    let of_error = outcome.error.as_ref().map_or(Exit::Done, converge_exit);
    let of = |is_so: bool, exit: Exit| if is_so { exit } else { Exit::Done };
    let any = |class| outcome.failures.iter().any(|failure| failure.class == class);
    let is_unreachable = any(FailureClass::Unreachable) || any(FailureClass::Forbidden);
    let is_conflict = any(FailureClass::Conflict);
    let has_failed = any(FailureClass::Failed) || !outcome.not_tried.is_empty();
    let is_late = !outcome.not_ready.is_empty() || !outcome.remaining.is_empty();
    let exit = [
        of(outcome.interrupted && !is_complete(outcome), Exit::Interrupted),
        of(is_unreachable, Exit::Unreachable),
        of(is_conflict, Exit::Conflict),
        of(has_failed && !is_conflict, Exit::Failed),
        of(is_late, Exit::NotReady),
    ];
    exit.into_iter().fold(of_error, Exit::worst)
}

impl From<ConvergeError> for CliError {
    fn from(error: ConvergeError) -> Self {
        match error {
            ConvergeError::Cluster(error) => error.into(),
            other => Self::One(Box::new(OneError {
                code: other.code(),
                message: other.to_string(),
                causes: Vec::new(),
                hints: other.hints(),
                exit: converge_exit(&other),
            })),
        }
    }
}

fn converge_exit(error: &ConvergeError) -> Exit {
    match error {
        ConvergeError::Cluster(error) => crate::cli::error::cluster_exit(error),
        ConvergeError::ForeignInventory(_)
        | ConvergeError::AnotherProfile { .. }
        | ConvergeError::AnotherNamespace { .. }
        | ConvergeError::AnotherCluster { .. }
        | ConvergeError::InventoryMoved
        | ConvergeError::Locked { .. }
        | ConvergeError::LockLost
        | ConvergeError::NoInventory(_) => Exit::Conflict,
        ConvergeError::NoSuchTarget { .. } => Exit::Usage,
        ConvergeError::NamespaceTerminating(_)
        | ConvergeError::NoArgoCd { .. }
        | ConvergeError::NoToken { .. }
        | ConvergeError::WeakToken { .. }
        | ConvergeError::UnfitToken { .. }
        | ConvergeError::NothingAsked
        | ConvergeError::Object(_) => Exit::Failed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::converge::outcome::{Failure, FailureClass, Late, LateCause};
    use crate::desired::id::{GroupKind, ObjectId};

    fn id() -> ObjectId {
        ObjectId { group_kind: GroupKind::parse("Secret"), namespace: None, name: "x".into() }
    }

    fn failure(class: FailureClass) -> Failure {
        Failure { id: id(), message: String::new(), fix: String::new(), class }
    }

    #[test]
    fn the_worst_part_of_an_outcome_decides() {
        let late = Late {
            id: id(),
            cause: LateCause::TimedOut,
            why: String::new(),
            warning: None,
            pods: Vec::new(),
            more_pods: 0,
            not_seen: Vec::new(),
        };
        let done = Outcome::default();
        let late = Outcome { not_ready: vec![late], ..done.clone() };
        let failed =
            Outcome { failures: vec![failure(FailureClass::Failed)], not_tried: vec![id()], ..late.clone() };
        let conflict = Outcome {
            failures: vec![failure(FailureClass::Conflict)],
            not_tried: vec![id()],
            ..late.clone()
        };
        let stopped = Outcome { interrupted: true, not_tried: vec![id()], ..done.clone() };
        let outcomes = [done, late, failed, conflict, stopped];
        assert_eq!(outcomes.map(|outcome| outcome_exit(&outcome).code()), [0, 6, 1, 5, 130]);
    }
}
