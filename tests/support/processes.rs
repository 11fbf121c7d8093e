//! Signals, and whether somebody is still there.
#![cfg(unix)]

use std::process::{Command, Stdio};

/// Sends a signal such as `-INT`; whether there was a process to send it to.
pub(crate) fn signal(signal: &str, id: &str) -> bool {
    Command::new("kill").args([signal, id]).stderr(Stdio::null()).status().unwrap().success()
}

/// Whether the process ends within two seconds.
pub(crate) fn is_gone(id: &str) -> bool {
    // A killed child stays visible until somebody has collected it.
    let stat = || std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    let is_alive = || signal("-0", id) && !stat().contains(") Z ");
    (0..100).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(20));
        !is_alive()
    })
}
