//! Credential commands: bounded in time and output, and gone with everything that they started.

use std::io;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::process::{Child, Command};

/// How long a credential command may take.
pub(super) const LONGEST: Duration = Duration::from_secs(60);
/// How much it may print.
pub(super) const LARGEST_OUTPUT: u64 = 1 << 20;

/// How a command ended.
pub(super) enum Ended {
    /// By itself.
    Finished(ExitStatus, Vec<u8>),
    /// It printed too much.
    TooMuch,
    /// It took too long.
    TooLong,
}

/// Runs a command: no shell, no standard input, nothing of what it prints is shown.
///
/// # Errors
/// When it cannot be started or read.
pub(super) async fn run(program: &str, arguments: &[String], folder: &Path) -> io::Result<Ended> {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(if folder.as_os_str().is_empty() { Path::new(".") } else { folder });
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
    #[cfg(unix)]
    command.process_group(0);
    let mut child = command.spawn()?;
    // Dropped at the time limit, and when the user asks to stop.
    let _group = Group::of(&child);
    match tokio::time::timeout(LONGEST, finish(&mut child)).await {
        Ok(ended) => ended,
        Err(_) => Ok(Ended::TooLong),
    }
}

async fn finish(child: &mut Child) -> io::Result<Ended> {
    let mut bytes = Vec::new();
    if let Some(output) = child.stdout.take() {
        output.take(LARGEST_OUTPUT + 1).read_to_end(&mut bytes).await?;
    }
    if bytes.len() as u64 > LARGEST_OUTPUT {
        return Ok(Ended::TooMuch);
    }
    Ok(Ended::Finished(child.wait().await?, bytes))
}

/// The command and what it started. Killed when dropped; when all of it has ended, there is nobody to kill.
#[cfg(unix)]
struct Group(Option<rustix::process::Pid>);

#[cfg(unix)]
impl Group {
    fn of(child: &Child) -> Self {
        let id = child.id().and_then(|id| i32::try_from(id).ok());
        Self(id.and_then(rustix::process::Pid::from_raw))
    }
}

#[cfg(unix)]
impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            rustix::process::kill_process_group(group, rustix::process::Signal::KILL).unwrap_or_default();
        }
    }
}

#[cfg(not(unix))]
struct Group;

#[cfg(not(unix))]
impl Group {
    fn of(_: &Child) -> Self {
        Self
    }
}
