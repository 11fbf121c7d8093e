//! What a part of a status is, in a sentence without its subject.

use crate::desired::ownership::INVENTORY;
use crate::plan::build::Owner;
use crate::plan::ready::Readiness;
use crate::plan::status::application_set::ApplicationSet;
use crate::plan::status::fleet::{ClusterStatus, Connection, Registration};
use crate::plan::status::hub::{ArgoCdStatus, InventoryStatus, Workload};
use crate::plan::status::probe::Probe;
use crate::plan::token::Expiry;

/// `1 Application`, `2 Applications`.
pub(super) fn counted(count: usize, word: &str) -> String {
    if count == 1 { format!("1 {word}") } else { format!("{count} {word}s") }
}

/// Whose hub it is, with what to do where it is not the profile's.
pub(super) fn inventory(inventory: &InventoryStatus, owner: &Owner) -> String {
    let Owner { profile, namespace, installs_argocd: _ } = owner;
    match inventory {
        InventoryStatus::Own => {
            format!("ConfigMap {namespace}/{INVENTORY} is that of the profile `{profile}`")
        }
        InventoryStatus::Absent => format!(
            "there is no inventory (ConfigMap {namespace}/{INVENTORY}): the profile `{profile}` was not applied here; \
             run `bridge apply`, or check `--profile` and `--context`"
        ),
        InventoryStatus::OfAnotherProfile(other) => format!(
            "the hub belongs to the profile `{other}`, and this one is `{profile}`; check `--profile` and `--context`"
        ),
        InventoryStatus::Foreign(foreign) => foreign.to_string(),
    }
}

/// How Argo CD is, as a whole.
pub(super) fn argo_cd(argo_cd: &ArgoCdStatus, owner: &Owner) -> String {
    let namespace = &owner.namespace;
    match argo_cd {
        ArgoCdStatus::NotInstalled => {
            "is not installed: the cluster serves no ApplicationSets; run `bridge apply`".to_owned()
        }
        ArgoCdStatus::NoWorkloads => {
            format!("has none of its workloads in the namespace `{namespace}`; run `bridge apply`")
        }
        ArgoCdStatus::NotSeen => format!(
            "was not looked at: somebody else installs it, and no workload in the namespace `{namespace}` is labelled \
             app.kubernetes.io/part-of=argocd"
        ),
        ArgoCdStatus::Installed { workloads, is_complete } => {
            let ready = workloads.iter().filter(|one| one.is_well()).count();
            let unknown = match (is_complete, owner.installs_argocd) {
                (true, _) => "",
                (false, true) => {
                    "; which there should be is known once `bridge plan` has fetched the manifest"
                }
                (false, false) => "; somebody else installs it, and knows which there should be",
            };
            format!("{ready} of {} are ready{unknown}", counted(workloads.len(), "workload"))
        }
    }
}

/// Why something is not ready; nothing for what is.
pub(super) fn unready(readiness: &Readiness) -> Option<&str> {
    match readiness {
        Readiness::Ready => None,
        Readiness::Progressing(why) | Readiness::Failed(why) => Some(why),
    }
}

/// A workload and how it is.
pub(super) fn workload(Workload { id, readiness }: &Workload) -> String {
    format!("{id}: {}", unready(readiness).unwrap_or("ready"))
}

/// What came of asking the cluster from here.
pub(super) fn probe(probe: &Probe) -> String {
    match probe {
        Probe::Answers { version } => format!("answers ({version})"),
        Probe::NotReady { version, why } => format!("answers ({version}) that it is not ready: {why}"),
        Probe::Silent(why) => format!("does not answer from here: {why}"),
        Probe::NotProbed(why) => format!("not probed: {why}"),
    }
}

/// Whether Argo CD knows it; nothing where all is as it should be.
pub(super) fn registration(registration: &Registration) -> Option<&'static str> {
    match registration {
        Registration::Registered => None,
        Registration::Missing => {
            Some("not registered: Argo CD has no Secret for its server; run `bridge apply`")
        }
        Registration::Surplus => Some("not in the profile any more: the next apply removes it"),
    }
}

/// Whether Argo CD can read it.
pub(super) fn connection(connection: &Connection) -> String {
    match connection {
        Connection::NotWatched => "Argo CD does not watch it: no Application deploys there".to_owned(),
        Connection::NotKnown { applications } => {
            format!(
                "Argo CD has not said yet whether it can read it ({})",
                counted(*applications, "Application")
            )
        }
        Connection::Works { applications } => {
            format!("Argo CD reads it ({})", counted(*applications, "Application"))
        }
        Connection::Fails { applications, failing, why } => {
            format!(
                "Argo CD cannot read it, by {failing} of {}: {why}",
                counted(*applications, "Application")
            )
        }
    }
}

/// When Argo CD's token for it ends.
fn token(Expiry { at, is_over }: Expiry) -> String {
    if is_over {
        format!(
            "Argo CD's token for it expired at {at}: `bridge credentials rotate` makes another where bridge made this one, else change it in the profile"
        )
    } else {
        format!("Argo CD's token for it expires at {at}")
    }
}

/// All of it about a cluster.
pub(super) fn cluster(cluster: &ClusterStatus) -> Vec<String> {
    let ClusterStatus { name: _, server: _, registration, probe, connection, token } = cluster;
    let registration = self::registration(registration).map(str::to_owned);
    let mut known = [self::connection(connection), self::probe(probe)];
    if cluster.is_silent() {
        known.reverse();
    }
    registration.into_iter().chain(known).chain(token.map(self::token)).collect()
}

/// That conditions may be about what was before.
pub(super) fn stale(set: &ApplicationSet) -> Option<String> {
    let changed = set.changed_since.as_ref()?;
    Some(format!("its conditions are older than its last change, at {changed}"))
}
