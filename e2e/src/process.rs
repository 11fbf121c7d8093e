//! A process, most of all a server, that never outlives the one that started it.

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process_group};
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

/// Kills and cleans up, unless a failed test wants the logs. The pause lets the server stop writing before its folder goes.
const KILL: &str =
    r#"kill -s KILL -- "-$1"; [ -z "$2" ] || [ -e "$2/.keep" ] || { sleep 0.3; rm -rf "$2"; }"#;

/// A running server (or build): killed with all its children on drop, and by a watchdog when this process dies without dropping it.
#[derive(Debug)]
pub struct Server {
    child: Child,
    // Dropped after the server was stopped: a process id that is free again could be somebody else's.
    _watchdog: Watchdog,
    log: PathBuf,
}

impl Server {
    /// Starts `command` with its output in `log`. `scratch` is removed if this process dies before the drop.
    pub fn start(command: &mut Command, log: &Path, scratch: Option<&Path>) -> Result<Self> {
        let file = File::create(log).with_context(|| format!("cannot create {}", log.display()))?;
        // A group of its own: Ctrl-C in a terminal reaches this process alone, and the servers end with it.
        command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file).process_group(0);
        let mut child =
            command.spawn().with_context(|| format!("cannot start {:?}", command.get_program()))?;
        let args = [OsString::from(child.id().to_string()), scratch.map(Into::into).unwrap_or_default()];
        match Watchdog::start(KILL, args) {
            Ok(watchdog) => Ok(Self { child, _watchdog: watchdog, log: log.to_owned() }),
            Err(error) => {
                stop(&mut child);
                Err(error)
            }
        }
    }

    /// The process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// How it ended, if it did.
    pub fn exited(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// The last lines of its log.
    pub fn log_tail(&self) -> String {
        tail(&self.log, 15)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        stop(&mut self.child);
    }
}

/// A shell command that is run once this process has died without dropping it.
///
/// It waits for the end of its stdin, which only that death brings: a pipe closes however a process dies, and unlike the
/// kernel's parent-death signal it does not fire when one thread ends.
#[derive(Debug)]
pub struct Watchdog(Child);

impl Watchdog {
    /// Starts it; the script finds its arguments in `$1` and so on.
    pub fn start(script: &str, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Result<Self> {
        let mut command = Command::new("sh");
        command.args(["-c", &format!("read -r _; {script}"), "bridge-e2e-watchdog"]).args(args);
        // A group of its own: what ends the tests by a signal to their group must not end it.
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
        Ok(Self(command.spawn().context("cannot start sh, which cleans up after a killed test")?))
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        stop(&mut self.0);
    }
}

/// Kills the whole group of a child that has not been reaped yet, so that its id cannot be somebody else's.
fn stop(child: &mut Child) {
    if matches!(child.try_wait(), Ok(None)) {
        let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        let _already_gone = group.map(|group| kill_process_group(group, Signal::KILL));
        let _reaped = child.wait();
    }
}

/// The last `count` lines of a file; nothing if it cannot be read.
pub fn tail(path: &Path, count: usize) -> String {
    let bytes = std::fs::read(path).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}

/// A loopback port that was free a moment ago.
///
/// The servers cannot be handed a bound socket, so another process may take the port first; whoever starts a
/// server with it tries again with another one.
pub fn free_port() -> Result<u16> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).context("no free port on loopback")?;
    Ok(listener.local_addr()?.port())
}
