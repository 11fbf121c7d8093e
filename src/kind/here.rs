//! Whether the engine is on this machine: folders are mounted and ports published where it is.
#![expect(clippy::disallowed_methods, reason = "the machine is what is looked at")]

use std::net::{IpAddr, UdpSocket};
use std::path::Path;
use std::time::Duration;

use crate::code::Code;
use crate::kind::engine::{Engine, Info};
use crate::kind::problem::Problem;
use crate::profile::address;

/// How long a resolver may take.
const RESOLVER: Duration = Duration::from_secs(5);
/// What docker and podman put into each container.
const IN_CONTAINER: [&str; 2] = ["/.dockerenv", "/run/.containerenv"];

/// Refuses an engine of another machine, on which neither the record nor anything else of this one would be, and warns of one
/// whose socket probably came into this container from outside.
///
/// Only docker's client says where it leads: `context inspect` heeds DOCKER_HOST, DOCKER_CONTEXT and its configuration.
pub async fn where_is(engine: &Engine, info: &Info, is_ci: bool) -> Option<Problem> {
    match engine.provider() {
        "docker" => {
            let endpoint = engine.endpoint().await?;
            match other_machine(&endpoint).await {
                Some(host) => Some(refused("docker", &host, is_ci)),
                None => of_the_host(&endpoint, info, &IN_CONTAINER.map(Path::new)),
            }
        }
        // Elsewhere podman's engine always is in a machine of its own, which has this one's folders and ports.
        "podman" if info.is_remote && cfg!(target_os = "linux") => {
            let message = "podman uses the service of another podman (`serviceIsRemote`): folders would be mounted and ports be published where that is";
            Some(
                Problem::new(Code::REMOTE_ENGINE, message)
                    .fix("use podman itself: `unset CONTAINER_HOST CONTAINER_CONNECTION`, `podman system connection list`"),
            )
        }
        _ => None,
    }
}

fn refused(provider: &str, host: &str, is_ci: bool) -> Problem {
    let message = format!(
        "{provider} leads to another machine, {host}: folders would be mounted and ports be published there, and kind writes 127.0.0.1 into the kubeconfig"
    );
    let problem = Problem::new(Code::REMOTE_ENGINE, message);
    // The name of a service of a CI job, such as `docker`.
    if is_ci || !host.contains(['.', ':']) {
        return problem.fix(
            "in a CI job one of these works: dockerd in the job's own container, which is privileged; an executor where the service shares the job's network (GitLab's for Kubernetes); a runner with an engine of its own (a shell executor, a hosted machine)",
        );
    }
    problem.fix(format!("run `bridge up` on {host}")).fix(
        "or use an engine of this machine: `unset DOCKER_HOST DOCKER_CONTEXT`, `docker context use default`",
    )
}

/// The host of an address that leads to another machine; those of sockets and pipes have none.
async fn other_machine(endpoint: &str) -> Option<String> {
    let host = address::parse(endpoint.trim())?.host;
    if address::is_loopback(host) {
        return None;
    }
    let resolved = tokio::time::timeout(RESOLVER, tokio::net::lookup_host((host, 0))).await;
    let addresses: Vec<IpAddr> = resolved
        .ok()
        .and_then(Result::ok)
        .map(|all| all.map(|address| address.ip()).collect())
        .unwrap_or_default();
    let is_here = !addresses.is_empty() && addresses.into_iter().all(is_own);
    (!is_here).then(|| host.to_owned())
}

/// Nobody can listen on an address of another machine.
fn is_own(address: IpAddr) -> bool {
    address.is_loopback() || UdpSocket::bind((address, 0)).is_ok()
}

/// A socket of the machine that this container runs on. An engine that runs in the container itself has its name.
fn of_the_host(endpoint: &str, info: &Info, in_container: &[&Path]) -> Option<Problem> {
    let is_socket = endpoint.trim().starts_with("unix://");
    if !is_socket || info.name == own_name() || !in_container.iter().any(|mark| mark.exists()) {
        return None;
    }
    let message = "bridge runs in a container and the engine's socket may be its host's: then folders to mount, published ports and 127.0.0.1 in the kubeconfig are the host's";
    Some(Problem::warning(Code::REMOTE_ENGINE, message).fix(
        "give the container its host's network and folders under the same paths, or start an engine in it",
    ))
}

#[cfg(unix)]
fn own_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

#[cfg(not(unix))]
fn own_name() -> String {
    String::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_engine_of_another_machine_is_told_by_its_address() {
        for here in [
            "unix:///var/run/docker.sock",
            "npipe:////./pipe/docker_engine",
            "tcp://localhost:2375",
            "tcp://127.0.0.1:2375",
            "ssh://me@[::1]:22",
            "tcp://0.0.0.0:2375",
            "",
        ] {
            assert_eq!(other_machine(here).await, None, "{here}");
        }
        for (endpoint, host) in [
            ("ssh://me@build.invalid\n", "build.invalid"),
            ("tcp://192.0.2.7:2375", "192.0.2.7"),
            ("tcp://[2001:db8::7]:2375", "2001:db8::7"),
        ] {
            assert_eq!(other_machine(endpoint).await.as_deref(), Some(host));
        }
    }

    /// As the alias `docker` of a job of GitLab's Kubernetes executor.
    #[cfg(unix)]
    #[tokio::test]
    async fn a_name_of_this_machine_leads_nowhere_else() {
        let name = own_name();
        let known = tokio::net::lookup_host((name.as_str(), 0)).await;
        let is_own = known.is_ok_and(|mut all| all.all(|address| super::is_own(address.ip())));
        let other = other_machine(&format!("tcp://{name}:2375")).await;
        assert_eq!(other.is_none(), is_own, "{name}");
    }

    #[test]
    fn a_ci_job_is_told_what_works_there() {
        let of = |host: &str, is_ci| refused("docker", host, is_ci).fixes.join("; ");
        for (host, is_ci) in [("docker", false), ("192.0.2.7", true)] {
            assert!(of(host, is_ci).contains("dockerd in the job's own container"), "{host}");
        }
        for host in ["build.example", "2001:db8::7"] {
            assert!(of(host, false).contains("run `bridge up` on"), "{host}");
        }
    }

    #[test]
    fn a_socket_from_outside_the_container_is_warned_of() {
        let of = |endpoint: &str, name: &str, mark: &str| {
            let info = Info { name: name.to_owned(), ..Info::default() };
            of_the_host(endpoint, &info, &[Path::new(mark)])
        };
        let socket = "unix:///var/run/docker.sock\n";
        assert!(of(socket, "the-host.example", "/").is_some_and(|problem| problem.is_warning));
        assert_eq!(of(socket, "the-host.example", "/no/such/mark"), None);
        assert_eq!(of(socket, &own_name(), "/"), None);
        assert_eq!(of("tcp://127.0.0.1:2375", "the-host.example", "/"), None);
    }
}
