//! Commands that Debian's packages bring to a machine that lacks them.

use anyhow::{Result, bail};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};

/// Makes sure of what a package brings: installs it where this process may, else fails with `remedy`, one line.
pub(crate) fn require(package: &str, is_there: impl Fn() -> bool, remedy: &str) -> Result<()> {
    static INSTALLING: Mutex<()> = Mutex::new(());
    let _one_at_a_time = INSTALLING.lock().unwrap_or_else(PoisonError::into_inner);
    if is_there() || (may_install() && install(package) && is_there()) {
        return Ok(());
    }
    bail!("{remedy}")
}

/// Whether a command ends well; what it says is thrown away.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

fn may_install() -> bool {
    rustix::process::geteuid().is_root() && Path::new("/etc/debian_version").exists()
}

fn install(package: &str) -> bool {
    crate::say(&format!("installing the Debian package {package}"));
    let _stale_lists_are_fine = succeeds(Command::new("apt-get").args(["-q", "update"]));
    let mut command = Command::new("apt-get");
    command.args([
        "-q",
        "-y",
        "--no-install-recommends",
        "-o",
        "DPkg::Lock::Timeout=120",
        "install",
        package,
    ]);
    // In runlevel 1 no package starts its service: the tests start their own.
    succeeds(command.env("DEBIAN_FRONTEND", "noninteractive").env("RUNLEVEL", "1"))
}
