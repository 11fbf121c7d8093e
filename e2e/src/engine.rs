//! The container engine of level L3, by its own command.

use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

/// The network that kind puts every node on.
pub const NETWORK: &str = "kind";

/// Runs docker to its end; what it prints.
pub fn docker(args: &[&str]) -> Result<String> {
    run(args).map(|(printed, _)| printed)
}

/// What a container has written to standard error, its last lines or `all`.
pub fn log(container: &str, lines: &str) -> Result<String> {
    run(&["logs", "--tail", lines, container]).map(|(_, said)| said)
}

fn run(args: &[&str]) -> Result<(String, String)> {
    let output = Command::new("docker").args(args).stdin(Stdio::null()).output();
    let output = output.context("docker cannot be started")?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    ensure!(output.status.success(), "docker {}: {said}", args.join(" "));
    Ok((String::from_utf8_lossy(&output.stdout).into_owned(), said))
}

/// The address of a container on its network, which this machine reaches without a published port.
pub fn address(container: &str) -> Result<String> {
    let format = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}";
    let address = docker(&["inspect", "--format", format, container])?.trim().to_owned();
    ensure!(!address.is_empty(), "{container} has no address: it does not run");
    Ok(address)
}
