//! Commands that print a credential: bounded in time and output, and gone with everything that they started.

use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::process::{Child, Command};

/// How much such a command may print: 1 MiB.
pub const LARGEST_OUTPUT: u64 = 1 << 20;

/// Who could answer a question of the command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// Nobody: no standard input, and nothing of what it says is shown.
    Nobody,
    /// The person at the terminal, whom the command sees as if it had been started by hand.
    Person,
}

impl Audience {
    /// How long the command may take: a person who logs in by a browser needs longer than a machine.
    #[must_use]
    pub fn patience(self) -> Duration {
        match self {
            Self::Nobody => Duration::from_secs(60),
            Self::Person => Duration::from_secs(15 * 60),
        }
    }
}

/// How a command ended.
pub enum Ended {
    /// By itself, with this standard output.
    Finished(ExitStatus, Vec<u8>),
    /// It printed too much.
    TooMuch,
    /// It took too long.
    TooLong,
}

/// Runs a command and reads its standard output. Dropping the future ends the command.
///
/// # Errors
/// When it cannot be started or read.
pub async fn run(mut command: Command, audience: Audience) -> io::Result<Ended> {
    command.stdout(Stdio::piped()).kill_on_drop(true);
    match audience {
        Audience::Nobody => alone(&mut command),
        // Only the terminal's own process group may read from it, so that this command shares bridge's.
        Audience::Person => command.stdin(Stdio::inherit()).stderr(Stdio::inherit()),
    };
    let mut child = command.spawn()?;
    // Dropped at the time limit, and when the user asks to stop.
    let _group = (audience == Audience::Nobody).then(|| Group::of(&child));
    match tokio::time::timeout(audience.patience(), finish(&mut child)).await {
        Ok(ended) => ended,
        Err(_) => Ok(Ended::TooLong),
    }
}

fn alone(command: &mut Command) -> &mut Command {
    #[cfg(unix)]
    command.process_group(0);
    command.stdin(Stdio::null()).stderr(Stdio::null())
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

/// A command that leads a process group of its own, and what it started. Killed when dropped; when all of it has ended,
/// there is nobody to kill.
#[cfg(unix)]
#[derive(Debug)]
pub struct Group(Option<rustix::process::Pid>);

#[cfg(unix)]
impl Group {
    /// The group of a command that was started with `process_group(0)`.
    #[must_use]
    pub fn of(child: &Child) -> Self {
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

/// What there is of it where processes have no groups.
#[cfg(not(unix))]
#[derive(Debug)]
pub struct Group;

#[cfg(not(unix))]
impl Group {
    /// Nothing to end.
    #[must_use]
    pub fn of(_: &Child) -> Self {
        Self
    }
}
