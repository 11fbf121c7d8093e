//! Commands that end by themselves: kind's and the engine's short ones.

use std::io;
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;

use crate::kind::binary::Kind;
use crate::kind::engine::Engine;

/// How long a question to the engine may take: one that swaps takes seconds, a dead one for ever.
pub(super) const QUESTION: Duration = Duration::from_secs(60);

/// The two commands that local clusters are made with.
#[derive(Debug, Clone)]
pub struct Tools {
    /// kind.
    pub kind: Kind,
    /// The engine that kind uses.
    pub engine: Engine,
}

/// How a command ended.
#[derive(Debug)]
pub(super) struct Finished {
    pub(super) is_success: bool,
    pub(super) stdout: String,
    pub(super) stderr: String,
}

impl Finished {
    /// What it said last, for an error: its own words are the best there are.
    pub(super) fn words(&self) -> String {
        let text = if self.stderr.trim().is_empty() { &self.stdout } else { &self.stderr };
        last_lines(text, 5)
    }
}

/// The last lines of a text that are not empty, in one line.
pub(super) fn last_lines(text: &str, lines: usize) -> String {
    let said: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    said[said.len().saturating_sub(lines)..].join("; ")
}

/// Runs a command that asks nothing of anybody, in a process group of its own: a Ctrl-C at the terminal is bridge's matter.
///
/// # Errors
/// When it cannot be started, or takes longer than the limit.
pub(super) async fn finish(mut command: Command, limit: Duration) -> io::Result<Finished> {
    command.stdin(Stdio::null()).kill_on_drop(true);
    #[cfg(unix)]
    command.process_group(0);
    let output = tokio::time::timeout(limit, command.output()).await.map_err(|_| {
        let seconds = limit.as_secs();
        io::Error::new(io::ErrorKind::TimedOut, format!("it did not end within {seconds} s"))
    })??;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok(Finished {
        is_success: output.status.success(),
        stdout: text(&output.stdout),
        stderr: text(&output.stderr),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_words_are_one_line() {
        assert_eq!(last_lines("a\n\n b \nc\n", 2), "b; c");
        assert_eq!(last_lines("", 2), "");
    }
}
