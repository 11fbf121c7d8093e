//! The container engine, by its own command: docker, podman and nerdctl understand the same few lines.

use std::io::ErrorKind;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;
use tokio::process::Command;

use crate::code::Code;
use crate::kind::finished::{Finished, QUESTION, finish};
use crate::kind::node::{Node, nodes};
use crate::kind::problem::Problem;

/// In the order in which kind looks for them.
const KNOWN: [&str; 4] = ["docker", "nerdctl", "finch", PODMAN];
/// The one that kind treats otherwise than the others.
const PODMAN: &str = "podman";
/// What kind writes on each container that it makes; the value is the cluster's name.
pub(super) const CLUSTER_LABEL: &str = "io.x-k8s.kind.cluster";

const ON_PODMAN: &str = "it talks to podman's socket, and podman's own command is what bridge can use";

/// A container that goes is listed and then unknown. So is one that comes, for as long as its volume is being filled: seconds,
/// on a slow disk.
const LOOKS: u32 = 120;
const PAUSE: Duration = Duration::from_millis(250);
/// How long a removal may take: podman gives each container ten seconds to end by itself, and a node's volume has gigabytes.
const REMOVAL: Duration = Duration::from_secs(300);

/// A container engine that answers.
#[derive(Debug, Clone)]
pub struct Engine {
    /// The command, and kind's name for it.
    provider: String,
}

/// What an engine says about itself and its machine; nothing where it says nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Info {
    /// Which engine of all engines it is.
    pub id: String,
    /// The name of its machine.
    pub name: String,
    /// Whether podman uses another podman's service.
    pub is_remote: bool,
    /// The folder that it keeps images and containers in, on its own machine.
    pub root: Option<PathBuf>,
    /// Memory of the engine's machine in bytes.
    pub memory: Option<u64>,
    /// Whether its kernel gives it control groups of version 1 only.
    pub is_cgroup_v1: bool,
    /// podman's version.
    pub podman: Option<String>,
}

impl Engine {
    /// The engine that the user named (`KIND_EXPERIMENTAL_PROVIDER`), else the first that answers.
    ///
    /// # Errors
    /// When none answers, with what each says.
    pub async fn find(named: Option<&str>) -> Result<(Self, Info), Problem> {
        let candidates: Vec<&str> = named.map_or_else(|| KNOWN.to_vec(), |named| vec![named]);
        let mut said = Vec::new();
        for provider in candidates {
            let engine = Self { provider: provider.to_owned() };
            if named.is_none() && engine.is_somebody_else().await {
                continue;
            }
            match engine.run(&["info", "--format", "{{json .}}"]).await {
                Ok(finished) if finished.is_success => match info(&finished.stdout) {
                    Ok(_) if engine.is_on_podman().await => {
                        said.push((provider.to_owned(), ON_PODMAN.to_owned()));
                    }
                    Ok(info) => return Ok((engine, info)),
                    Err(errors) => said.push((provider.to_owned(), errors)),
                },
                Ok(finished) => said.push((provider.to_owned(), finished.words())),
                Err(error) if error.kind() == ErrorKind::NotFound => match named {
                    None => {}
                    Some(named) => return Err(no_command(named)),
                },
                Err(error) => said.push((provider.to_owned(), error.to_string())),
            }
        }
        Err(none_answers(&said))
    }

    pub(super) fn is_podman(&self) -> bool {
        self.provider == PODMAN
    }

    /// kind's name for it.
    #[must_use]
    pub fn provider(&self) -> &str {
        &self.provider
    }

    /// Where docker's client leads; nothing where it does not say.
    pub(super) async fn endpoint(&self) -> Option<String> {
        let asked = self.run(&["context", "inspect", "--format", "{{.Endpoints.docker.Host}}"]).await;
        asked.ok().filter(|finished| finished.is_success).map(|finished| finished.stdout)
    }

    /// Whether docker's client talks to podman's socket, which gives itself another id at each call: nobody would know a
    /// moment later which engine has the clusters.
    async fn is_on_podman(&self) -> bool {
        let components = "{{range .Server.Components}}{{.Name}} {{end}}";
        self.provider == "docker"
            && self
                .run(&["version", "--format", components])
                .await
                .is_ok_and(|said| said.stdout.contains("Podman"))
    }

    /// Whether `docker` is podman's in disguise, which kind would treat as docker.
    async fn is_somebody_else(&self) -> bool {
        let version = if self.provider == "docker" { self.run(&["--version"]).await } else { return false };
        version.is_ok_and(|finished| finished.is_success && !finished.stdout.starts_with("Docker version"))
    }

    pub(super) async fn run(&self, args: &[&str]) -> std::io::Result<Finished> {
        self.run_within(args, QUESTION).await
    }

    pub(super) async fn run_within(&self, args: &[&str], limit: Duration) -> std::io::Result<Finished> {
        let mut command = Command::new(&self.provider);
        command.args(args);
        finish(command, limit).await
    }

    /// Runs the engine's command, which has to succeed.
    async fn ask(&self, args: &[&str]) -> Result<String, Problem> {
        self.ask_within(args, QUESTION).await
    }

    async fn ask_within(&self, args: &[&str], limit: Duration) -> Result<String, Problem> {
        let why = match self.run_within(args, limit).await {
            Ok(finished) if finished.is_success => return Ok(finished.stdout),
            Ok(finished) => finished.words(),
            Err(error) => error.to_string(),
        };
        let line = format!("{} {}", self.provider, args.join(" "));
        Err(Problem::new(Code::NO_ENGINE, format!("`{line}` failed: {why}")).fix(format!("run `{line}`")))
    }

    /// The nodes of every kind cluster that the engine has, whoever made it.
    ///
    /// # Errors
    /// When the engine does not answer.
    pub async fn nodes(&self) -> Result<Vec<Node>, Problem> {
        let filter = format!("label={CLUSTER_LABEL}");
        let mut last = Err(Problem::new(Code::NO_ENGINE, "the engine's containers come and go"));
        for attempt in 0..LOOKS {
            if attempt > 0 {
                tokio::time::sleep(PAUSE).await;
            }
            let listed = self.ask(&["ps", "--all", "--quiet", "--no-trunc", "--filter", &filter]).await?;
            let ids: Vec<&str> = listed.split_whitespace().collect();
            if ids.is_empty() {
                return Ok(Vec::new());
            }
            let inspect = ["inspect", "--type", "container"];
            last = self.ask(&inspect.into_iter().chain(ids).collect::<Vec<_>>()).await;
            if !last.as_ref().is_err_and(is_unknown) {
                break;
            }
        }
        nodes(&last?).map_err(|error| {
            let message =
                format!("`{} inspect` answers what bridge does not understand: {error}", self.provider);
            Problem::new(Code::NO_ENGINE, message).fix(format!("update {}", self.provider))
        })
    }

    /// Starts a node that was stopped, as after the machine was.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn start(&self, node: &Node) -> Result<(), Problem> {
        self.ask(&["start", &node.name]).await.map(drop)
    }

    /// Removes containers with what they keep, by their ids: of a name nobody knows whose it is a moment later.
    ///
    /// # Errors
    /// When one of them stays.
    pub(super) async fn remove(&self, nodes: &[Node]) -> Result<(), Problem> {
        let ids = nodes.iter().map(|node| node.id.as_str());
        let args: Vec<&str> = ["rm", "--force", "--volumes"].into_iter().chain(ids).collect();
        self.ask_within(&args, REMOVAL).await?;
        // kind gives podman's nodes volumes with names, which `--volumes` leaves, with the keys and Secrets of the cluster.
        for volume in nodes.iter().filter_map(|node| node.volume.as_deref()).filter(|_| self.is_podman()) {
            match self.ask_within(&["volume", "rm", volume], REMOVAL).await {
                Err(problem) if !is_unknown(&problem) => return Err(problem),
                _ => {}
            }
        }
        Ok(())
    }
}

/// `Error: No such container: 2e84d96e34e0`, in the words of each engine.
fn is_unknown(problem: &Problem) -> bool {
    problem.message.to_ascii_lowercase().contains("no such ")
}

fn none_answers(said: &[(String, String)]) -> Problem {
    if said.is_empty() {
        let message = format!("kind needs a container engine, and there is none ({})", KNOWN.join(", "));
        let fix = "install Docker (https://docs.docker.com/engine/install/) or Podman";
        return Problem::new(Code::NO_ENGINE, message).fix(fix);
    }
    let each: Vec<String> = said.iter().map(|(provider, words)| format!("{provider}: {words}")).collect();
    let problem = Problem::new(Code::NO_ENGINE, format!("no container engine answers; {}", each.join("; ")));
    if said.iter().any(|(_, words)| words == ON_PODMAN) {
        return problem.fix("install podman's command, and `export KIND_EXPERIMENTAL_PROVIDER=podman`");
    }
    let denied = said.iter().any(|(_, words)| words.to_ascii_lowercase().contains("permission denied"));
    if denied {
        let fix =
            "you may not use its socket; docker's: `sudo usermod -aG docker \"$USER\"`, and log in again";
        return problem.fix(fix);
    }
    if said.iter().all(|(provider, _)| provider == PODMAN) {
        return problem
            .fix("`podman info` says what is wrong; on macOS and Windows, start its machine: `podman machine start`")
            .fix("where it listens elsewhere, CONTAINER_HOST says where");
    }
    problem
        .fix("start it: `sudo systemctl start docker`, Docker Desktop, or `podman machine start`")
        .fix("where it listens elsewhere, DOCKER_HOST says where")
}

/// The user named an engine whose command is not there.
fn no_command(named: &str) -> Problem {
    let message = format!("KIND_EXPERIMENTAL_PROVIDER names `{named}`, and there is no such command");
    Problem::new(Code::NO_ENGINE, message).fix(format!("install {named}, or see that PATH leads to it")).fix(
        format!(
            "or let bridge take an engine that answers: `unset KIND_EXPERIMENTAL_PROVIDER` ({})",
            KNOWN.join(", ")
        ),
    )
}

/// docker's and nerdctl's names, else podman's.
///
/// # Errors
/// What docker's client says of an engine that does not answer: some versions of it end with 0 all the same.
fn info(text: &str) -> Result<Info, String> {
    let document: Value = serde_json::from_str(text).unwrap_or_default();
    let errors =
        document.get("ServerErrors").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    if !errors.is_empty() {
        return Err(errors.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("; "));
    }
    let find = |docker, podman| document.pointer(docker).or_else(|| document.pointer(podman));
    let text = |docker, podman| find(docker, podman).and_then(Value::as_str);
    let cgroup = text("/CgroupVersion", "/host/cgroupVersion");
    let root = text("/DockerRootDir", "/store/graphRoot");
    let host = text("/Name", "/host/hostname").unwrap_or_default();
    let id = document.get("ID").and_then(Value::as_str).filter(|id| !id.is_empty());
    Ok(Info {
        id: id.map_or_else(|| format!("{host}:{}", root.unwrap_or_default()), str::to_owned),
        name: host.to_owned(),
        is_remote: document.pointer("/host/serviceIsRemote") == Some(&Value::Bool(true)),
        root: root.map(PathBuf::from),
        memory: find("/MemTotal", "/host/memTotal").and_then(Value::as_u64),
        is_cgroup_v1: cgroup.is_some_and(|version| ["1", "v1"].contains(&version)),
        podman: document.pointer("/version/Version").and_then(Value::as_str).map(str::to_owned),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_engines_say_of_themselves_is_read() {
        let docker = info(
            r#"{"ID":"a-b","MemTotal":25769803776,"CgroupVersion":"1","DockerRootDir":"/var/lib/docker"}"#,
        );
        let docker = docker.unwrap();
        assert_eq!(
            (docker.id.as_str(), docker.memory, docker.is_cgroup_v1),
            ("a-b", Some(25_769_803_776), true)
        );
        assert_eq!(docker.root, Some(PathBuf::from("/var/lib/docker")));
        let podman = r#"{"host":{"hostname":"h","serviceIsRemote":true,"memTotal":1024,"cgroupVersion":"v2"},"store":{"graphRoot":"/g"},"version":{"APIVersion":"5.4.2","Version":"5.4.2"}}"#;
        let podman = info(podman).unwrap();
        assert_eq!((podman.podman.as_deref(), docker.podman), (Some("5.4.2"), None));
        assert_eq!((podman.id.as_str(), podman.memory, podman.is_cgroup_v1), ("h:/g", Some(1024), false));
        assert_eq!((podman.name.as_str(), podman.is_remote, docker.is_remote), ("h", true, false));
        let dead = r#"{"ID":"","ServerErrors":["Cannot connect to the Docker daemon"]}"#;
        assert_eq!(info(dead), Err("Cannot connect to the Docker daemon".to_owned()));
    }

    #[test]
    fn each_way_to_have_no_engine_has_its_remedy() {
        let of = |said: &[(&str, &str)]| {
            let said: Vec<_> = said.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
            none_answers(&said).fixes.join(" ")
        };
        assert!(of(&[]).contains("install Docker"));
        assert!(of(&[("docker", "Cannot connect to the Docker daemon")]).contains("systemctl start"));
        assert!(of(&[("docker", "Permission denied while connecting")]).contains("usermod"));
        let podman = of(&[("podman", "Error: unable to connect to Podman socket")]);
        assert!(podman.contains("podman machine start") && !podman.contains("docker"), "{podman}");
    }
}
