//! Whole-process measurements: wall time and peak memory of a command, as the operating system accounts them.
//!
//! Peak memory is that of the largest child so far, so every run is made by a process of its own: this executable, called
//! with `--measure`.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use nix::sys::resource::{UsageWho, getrusage};

/// The word by which an executable is told to measure one command.
pub const FLAG: &str = "--measure";

/// One run.
#[derive(Debug, Clone, Copy)]
pub struct Run {
    /// From start to exit.
    pub wall: Duration,
    /// Peak resident memory, in KiB.
    pub peak_kib: u64,
    /// The exit code.
    pub code: i32,
}

/// Runs a command through this executable and reads what it measured. The command's output is thrown away.
pub fn run(command: &Command) -> Result<Run> {
    let mut outer = Command::new(std::env::current_exe()?);
    outer.arg(FLAG).arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => outer.env(name, value),
            None => outer.env_remove(name),
        };
    }
    if let Some(folder) = command.get_current_dir() {
        outer.current_dir(folder);
    }
    let output = outer.stderr(Stdio::inherit()).output()?;
    let text = String::from_utf8(output.stdout)?;
    let numbers: Vec<u64> = text.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    let [micros, peak_kib, code] = numbers[..] else { anyhow::bail!("no measurement: {text}") };
    Ok(Run { wall: Duration::from_micros(micros), peak_kib, code: i32::try_from(code)? })
}

/// The inner side: runs the command, and prints microseconds, KiB and exit code.
pub fn measure(arguments: &[String]) -> Result<String> {
    let (program, arguments) = arguments.split_first().context("nothing to measure")?;
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let started = Instant::now();
    let status = command.status().with_context(|| format!("cannot start {program}"))?;
    let wall = started.elapsed();
    let peak = getrusage(UsageWho::RUSAGE_CHILDREN)?.max_rss();
    let code = status.code().context("ended by a signal")?;
    Ok(format!("{} {peak} {code}", wall.as_micros()))
}

/// The run in the middle, by wall time.
pub fn median(mut runs: Vec<Run>) -> Result<Run> {
    ensure!(!runs.is_empty(), "no runs");
    runs.sort_by_key(|run| run.wall);
    Ok(runs[runs.len() / 2])
}
