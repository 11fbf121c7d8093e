//! Making one cluster: from nothing, or from what an interrupted run left, to nodes that are ready.

use std::fs::File;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Child;

use crate::cluster::command::Group;
use crate::code::Code;
use crate::converge::interrupt::Interrupt;
use crate::kind::delete::delete;
use crate::kind::finished::{Tools, last_lines};
use crate::kind::folder::{Busy, Folder};
use crate::kind::node::{Node, Status};
use crate::kind::problem::Problem;
use crate::kind::ready;
use crate::kind::spec::Spec;
use crate::kind::standing::Standing;

/// Between two looks at something that takes minutes.
const PAUSE: Duration = Duration::from_millis(500);
/// How many of kind's lines an error repeats.
const LINES: usize = 12;

/// What a cluster is made with.
pub struct Making<'a> {
    /// kind and the engine.
    pub tools: &'a Tools,
    /// The folder of the profile's clusters.
    pub folder: &'a Folder,
    /// How long its nodes may take to become ready once kind has ended.
    pub timeout: Duration,
    /// The user's wish to stop.
    pub interrupt: &'a Interrupt,
    /// Who is told what goes on.
    pub say: &'a (dyn Fn(&Spec, Step<'_>) + Sync),
}

/// What goes on.
#[derive(Debug, Clone, Copy)]
pub enum Step<'a> {
    /// Its node was stopped, and is started.
    Starts,
    /// What an interrupted run left is removed.
    CleansUp,
    /// A kind that an interrupted run started is still at work.
    WaitsForKind,
    /// kind says this.
    Kind(&'a str),
    /// Not ready yet, because of this.
    NotReady(&'a str),
}

/// How the making of a cluster ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Made {
    /// It is there and ready.
    Ready,
    /// The user asked to stop; what was begun is gone again.
    Interrupted,
}

/// Makes a cluster, and waits until its API server answers and its node is ready.
///
/// # Errors
/// When kind fails, with its last words, or the node does not become ready.
pub async fn create(making: &Making<'_>, spec: &Spec) -> Result<Made, Problem> {
    let Making { tools, folder, timeout: _, interrupt, say } = making;
    let Some(configuration) = begin(making, spec).await? else { return Ok(Made::Interrupted) };
    // What an earlier run left is in the way of this one.
    let standing = Standing::new(tools.engine.nodes().await?);
    if let Some(left) = standing.nodes_of_ours(folder, spec.name.as_str()) {
        say(spec, Step::CleansUp);
        tools.engine.remove(&left).await?;
    }
    let temporary = folder.temporary()?;
    let kubeconfig = temporary.path().join("kubeconfig");
    let child = start(making, spec, &kubeconfig, configuration)?;
    let ended = tokio::select! {
        ended = follow(child, |line| say(spec, Step::Kind(line))) => Some(ended),
        () = requested(interrupt) => None,
    };
    match ended {
        Some(Ok(())) => folder.finish(&spec.name)?,
        Some(Err(said)) => return Err(failed(spec, &said, clean_up(making, spec).await.err())),
        None => {
            clean_up(making, spec).await?;
            return Ok(Made::Interrupted);
        }
    }
    ready::wait(making, spec, &kubeconfig).await
}

/// What kind reads, once no kind of an earlier run is at work any more; nothing where the user asked to stop.
async fn begin(making: &Making<'_>, spec: &Spec) -> Result<Option<File>, Problem> {
    let Making { tools: _, folder, timeout, interrupt, say } = making;
    for _ in 0..=timeout.as_millis() / PAUSE.as_millis() {
        if interrupt.is_requested() {
            return Ok(None);
        }
        match folder.begin(spec)? {
            Ok(file) => return Ok(Some(file)),
            Err(Busy) => {
                say(spec, Step::WaitsForKind);
                interrupt.pause(PAUSE).await;
            }
        }
    }
    let message =
        format!("a kind that an interrupted run started is still at work on the cluster `{}`", spec.name);
    let fix = format!(
        "`pgrep --full 'kind create cluster --name {}'` names it; end it and run bridge again",
        spec.name
    );
    Err(Problem::new(Code::KIND_BUSY, message).fix(fix))
}

/// Starts kind. What it makes stays where it fails (`--retain`): otherwise it would delete whatever has the name by then.
fn start(making: &Making<'_>, spec: &Spec, kubeconfig: &Path, configuration: File) -> Result<Child, Problem> {
    let name = spec.name.as_str();
    let args =
        ["create", "cluster", "--name", name, "--retain", "--wait", "0s", "--config", "-", "--kubeconfig"];
    let mut command = making.tools.kind.command(&making.tools.engine, args);
    command.arg(kubeconfig).stdin(configuration).stdout(Stdio::null()).stderr(Stdio::piped());
    command.kill_on_drop(true);
    #[cfg(unix)]
    command.process_group(0);
    command.spawn().map_err(|error| {
        Problem::new(Code::KIND_FAILED, format!("kind cannot be started: {error}"))
            .fix("run bridge again; `kind version` says whether kind works")
    })
}

/// Removes what kind had made when it failed or was ended.
async fn clean_up(making: &Making<'_>, spec: &Spec) -> Result<(), Problem> {
    let Making { tools, folder, say, .. } = making;
    if Standing::new(tools.engine.nodes().await?).is_ours(folder, spec.name.as_str()) {
        say(spec, Step::CleansUp);
        return delete(tools, folder, &spec.name).await;
    }
    // The record stays: what the engine was told last may still come to be.
    Ok(())
}

/// Brings a cluster that is there to where it is ready: starts its node where it was stopped, as after the machine was.
///
/// # Errors
/// When it does not start, or does not become ready.
pub async fn wake(making: &Making<'_>, spec: &Spec, node: &Node) -> Result<Made, Problem> {
    let Making { tools, folder, say, .. } = making;
    if node.status == Status::Stopped {
        say(spec, Step::Starts);
        tools.engine.start(node).await?;
    }
    let temporary = folder.temporary()?;
    let kubeconfig = temporary.path().join("kubeconfig");
    tools.kind.export_kubeconfig(&tools.engine, &spec.name, &kubeconfig).await?;
    ready::wait(making, spec, &kubeconfig).await
}

async fn requested(interrupt: &Interrupt) {
    while !interrupt.is_requested() {
        interrupt.pause(Duration::from_secs(3600)).await;
    }
}

/// Repeats each of kind's lines until it ends. Dropping this ends kind and what it started.
///
/// # Errors
/// What kind said, where it failed.
async fn follow(mut child: Child, mut say: impl FnMut(&str)) -> Result<(), String> {
    let _group = Group::of(&child);
    let mut said = String::new();
    if let Some(stderr) = child.stderr.take() {
        let mut lines = BufReader::new(stderr).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            said.push_str(&line);
            said.push('\n');
            if let Some(words) = progress(&line) {
                say(words.trim());
            }
        }
    }
    match child.wait().await {
        Ok(status) if status.success() => Ok(()),
        Ok(_) => Err(said),
        Err(error) => Err(error.to_string()),
    }
}

/// ` • Preparing nodes 📦  ...` begins something; everything else is kind's own small talk.
fn progress(line: &str) -> Option<String> {
    let begun = line.trim_start().strip_prefix('•')?;
    let plain: String = begun.chars().filter(char::is_ascii).collect();
    Some(plain.trim_end_matches(['.', ' ']).to_owned())
}

fn failed(spec: &Spec, said: &str, left: Option<Problem>) -> Problem {
    let error: String = said.find("ERROR").map_or(said, |at| &said[at..]).to_owned();
    let words = last_lines(&error, LINES);
    let problem =
        Problem::new(Code::KIND_FAILED, format!("kind could not make the cluster `{}`: {words}", spec.name));
    let lower = words.to_ascii_lowercase();
    if left.is_none() && lower.contains("already exist for a cluster") {
        let fix = "somebody made a cluster of this name meanwhile; run `bridge up` again, which says who";
        return problem.fix(fix);
    }
    let fixed = if lower.contains("port is already allocated") || lower.contains("address already in use") {
        problem.fix("another process listens on one of the ports: end it, or change `kind.ports`")
    } else if lower.contains("too many open files") {
        problem.fix("sudo sysctl fs.inotify.max_user_instances=512 fs.inotify.max_user_watches=524288")
    } else {
        problem.fix("https://kind.sigs.k8s.io/docs/user/known-issues/ has the usual causes")
    };
    match left {
        None => fixed.fix("what there was of it is removed again; `bridge up` goes on with what is there"),
        Some(Problem { message, .. }) => fixed.fix(format!(
            "what there is of it could not be removed ({message}); `bridge up` or `bridge down` tries that again"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_kind_begins_is_repeated_without_its_pictures() {
        assert_eq!(progress(" • Preparing nodes 📦  ...").as_deref().map(str::trim), Some("Preparing nodes"));
        assert_eq!(progress(" ✓ Preparing nodes 📦"), None);
        assert_eq!(progress("Have a nice day! 👋"), None);
    }
}
