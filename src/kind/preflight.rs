//! What is looked at before the first cluster is made, all of it, so that everything is told at once.
#![expect(clippy::disallowed_methods, reason = "the machine is what is looked at")]

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::net::{TcpListener, UdpSocket};
use std::path::Path;

use crate::code::Code;
use crate::kind::engine::{Engine, Info};
use crate::kind::maker::Maker;
use crate::kind::named::Named;
use crate::kind::node::Status;
use crate::kind::problem::Problem;
use crate::kind::resources::Counts;
use crate::kind::spec::Spec;
use crate::kind::standing::Found;
use crate::profile::model::{PortMapping, Protocol};
use crate::profile::shell::shell_path;

/// From this minor release on, a kubelet does not start on control groups of version 1 (`FailCgroupV1` in its
/// configuration).
const NEEDS_CGROUP_V2: u64 = 35;
/// From this release on, podman writes no name server of the machine's beside its own into a container's resolv.conf.
/// Source: its pull request 17578.
const ONE_NAME_SERVER: (u64, u64) = (4, 5);

/// What is looked at.
pub struct Preflight<'a> {
    /// The engine and what it says of itself; nothing where there is none.
    pub engine: Option<(&'a Engine, &'a Info)>,
    /// Each cluster that the profile wants, the hub first, with what stands under its name.
    pub clusters: &'a [(Spec, Found)],
    /// Ports that the profile's own clusters have already.
    pub published: &'a BTreeSet<u16>,
    /// The kubeconfig that the clusters are to be written into, beside bridge's own.
    pub kubeconfig: Option<&'a Path>,
    /// The folder of the profile's clusters.
    pub folder: &'a Path,
    /// Whether clusters that were made from another configuration are made anew.
    pub recreate: bool,
}

impl Preflight<'_> {
    /// What is in the way of these clusters, or may be.
    pub async fn problems(&self) -> Vec<Problem> {
        let new: Vec<&Spec> =
            self.clusters.iter().filter(|(_, found)| self.is_new(found)).map(|(spec, _)| spec).collect();
        let mut problems = Vec::new();
        if let Some(file) = self.kubeconfig {
            let named = Named { file, folder: self.folder };
            problems.extend(named.problem(self.clusters.iter().map(|(spec, _)| &spec.name)).await);
        }
        if let Some((engine, _)) = self.engine {
            problems.extend(self.clusters.iter().filter_map(|(spec, found)| match found {
                Found::Foreign(maker) => Some(foreign(spec, maker, self.folder)),
                found => standing(engine, spec, found, self.recreate),
            }));
        }
        let ports = new.iter().flat_map(|spec| spec.ports.iter().map(move |port| (spec, port)));
        let free = ports.filter(|(_, port)| !self.published.contains(&port.host));
        problems.extend(free.filter_map(|(spec, port)| taken(spec, port)));
        problems.extend(self.clusters.iter().flat_map(|(spec, _)| missing_mounts(spec)));
        if let Some((engine, info)) = self.engine {
            if !new.is_empty() {
                problems.extend(name_servers(info, self.clusters.len()));
            }
            for spec in new.into_iter().filter(|_| info.is_cgroup_v1) {
                problems.extend(cgroup(engine, spec).await);
            }
        }
        problems
    }

    /// How many clusters there will be. One that is made anew takes what it had.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let is_more = |(_, found): &&(Spec, Found)| matches!(found, Found::Nothing | Found::Unfinished);
        Counts {
            all: self.clusters.len(),
            new: self.clusters.iter().filter(is_more).count(),
            hubs: usize::from(!self.clusters.is_empty()),
            new_hubs: self.clusters.iter().take(1).filter(is_more).count(),
        }
    }

    fn is_new(&self, found: &Found) -> bool {
        match found {
            Found::Nothing | Found::Unfinished => true,
            Found::Made { differences, .. } => self.recreate && !differences.is_empty(),
            Found::Foreign(_) => false,
        }
    }
}

fn standing(engine: &Engine, spec: &Spec, found: &Found, recreate: bool) -> Option<Problem> {
    let name = &spec.name;
    match found {
        Found::Made { node, differences }
            if node.status == Status::Paused && (!recreate || differences.is_empty()) =>
        {
            let message = format!("the cluster `{name}` is paused");
            let fix = format!("`{} unpause {}`, then run bridge again", engine.provider(), node.name);
            Some(Problem::new(Code::KIND_NOT_READY, message).fix(fix))
        }
        Found::Made { differences, .. } if !differences.is_empty() && !recreate => {
            let message = format!(
                "the cluster `{name}` was made from another configuration, and none of it can be changed while it lives: {}",
                differences.join("; ")
            );
            Some(
                Problem::new(Code::KIND_DRIFT, message)
                    .fix(
                        "`bridge up --recreate` deletes the cluster with everything in it, and makes it anew",
                    )
                    .fix("or undo the change in the profile"),
            )
        }
        Found::Nothing | Found::Unfinished | Found::Made { .. } | Found::Foreign(_) => None,
    }
}

fn foreign(spec: &Spec, maker: &Maker, folder: &Path) -> Problem {
    let name = &spec.name;
    let message = format!("there is a kind cluster `{name}` already, and {maker}");
    let problem = Problem::new(Code::FOREIGN_KIND_CLUSTER, message)
        .fix("give this profile's cluster another name: `kind: { name: ... }`");
    let down = maker.down(folder).map(|line| format!("or run `{line}` first"));
    down.into_iter()
        .fold(problem, Problem::fix)
        .fix(format!("or, if it may go: `kind delete cluster --name {name}`"))
}

/// A port that somebody listens on. What cannot be tried, such as a port below 1024 that only the engine may open, says nothing.
fn taken(spec: &Spec, port: &PortMapping) -> Option<Problem> {
    let PortMapping { host, node: _, address, protocol, at: _ } = port;
    let tried = match protocol {
        Protocol::Tcp => TcpListener::bind((*address, *host)).map(drop),
        Protocol::Udp => UdpSocket::bind((*address, *host)).map(drop),
        Protocol::Sctp => Ok(()),
    };
    let error = tried.err().filter(|error| error.kind() == ErrorKind::AddrInUse)?;
    let message =
        format!("the port {address}:{host} that the cluster `{}` wants is taken: {error}", spec.name);
    Some(
        Problem::new(Code::PORT_TAKEN, message)
            .fix(format!("`ss -lntup 'sport = :{host}'` names who listens there"))
            .fix("or change `kind.ports` in the profile"),
    )
}

/// An engine would make an empty folder that belongs to root.
fn missing_mounts(spec: &Spec) -> impl Iterator<Item = Problem> {
    let missing = spec.mounts.iter().filter(|(host, _)| !host.exists());
    missing.map(|(host, mount)| {
        let message = format!(
            "{} does not exist, which the cluster `{}` is to see as {}",
            host.display(),
            spec.name,
            mount.node
        );
        Problem::new(Code::NO_MOUNT, message).fix(format!("mkdir -p {}", shell_path(host)))
    })
}

/// Argo CD finds a spoke by its node's name, which only podman's own name server knows. CoreDNS asks any that its node has.
fn name_servers(info: &Info, clusters: usize) -> Option<Problem> {
    let version = info.podman.as_deref().filter(|_| clusters > 1)?;
    let mut parts = version.split('.').map_while(|part| part.parse().ok());
    let is_old = (parts.next()?, parts.next()?) < ONE_NAME_SERVER;
    let (major, minor) = ONE_NAME_SERVER;
    is_old.then(|| {
        let message = format!(
            "podman {version} gives nodes the machine's name servers beside its own, and only its own knows nodes: Argo CD will not find the other clusters at every try"
        );
        Problem::warning(Code::OLD_PODMAN, message).fix(format!("update podman to {major}.{minor} or newer"))
    })
}

/// Whether the kubelet of an image starts where there are control groups of version 1 only.
async fn cgroup(engine: &Engine, spec: &Spec) -> Option<Problem> {
    let fix = "boot with `systemd.unified_cgroup_hierarchy=1`, or write a node image before v1.35 into `kind.image`";
    let refuses = |message: String| Problem::new(Code::CGROUP_V1, message).fix(fix);
    let unknown = |message: String| Problem::warning(Code::CGROUP_V1, message).fix(fix);
    let Some(image) = &spec.image else {
        return Some(unknown(
            "this machine has control groups of version 1, which the kubelets of kind's newer node images refuse"
                .to_owned(),
        ));
    };
    if !engine.has_image(image).await {
        return minor(image).filter(|minor| *minor >= NEEDS_CGROUP_V2).map(|_| {
            unknown(format!(
                "this machine has control groups of version 1, which the kubelet of {image} probably refuses"
            ))
        });
    }
    let version = engine.file_of_image(image, "/kind/version").await.unwrap_or_default();
    let options = engine.file_of_image(image, "/etc/default/kubelet").await.unwrap_or_default();
    let is_new = minor(&version).is_some_and(|minor| minor >= NEEDS_CGROUP_V2);
    (is_new && !options.contains("--fail-cgroupv1=false")).then(|| {
        let version = version.trim();
        refuses(format!(
            "this machine has control groups of version 1, which the kubelet {version} of {image} refuses"
        ))
    })
}

/// The minor release in `v1.36.1` or `kindest/node:v1.36.1@sha256:...`.
fn minor(text: &str) -> Option<u64> {
    let version = text.rsplit_once("v1.").map(|(_, rest)| rest)?;
    version.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_podman_whose_nodes_ask_others_for_names_is_told_of() {
        let of = |version: Option<&str>, clusters| {
            name_servers(&Info { podman: version.map(str::to_owned), ..Info::default() }, clusters)
        };
        assert!(of(Some("4.3.1"), 2).is_some_and(|problem| problem.is_warning));
        assert!(of(Some("3.4.4"), 2).is_some());
        for (version, clusters) in [(Some("4.3.1"), 1), (Some("4.5.0"), 2), (Some("5.4.2"), 2), (None, 2)] {
            assert_eq!(of(version, clusters), None, "{version:?}");
        }
    }

    #[test]
    fn the_minor_release_of_an_image_is_read() {
        assert_eq!(minor("v1.36.3\n"), Some(36));
        assert_eq!(minor("kindest/node:v1.35.0@sha256:4521"), Some(35));
        assert_eq!(minor("registry.example.com/node:latest"), None);
    }
}
