//! The demo: what `bridge` does, on three throwaway API servers, as somebody would type it.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::bridge_cmd::bridge_binary;
use crate::cluster::{ControlPlane, User};
use crate::kubeconfig::Kubeconfig;
use crate::manifests::seed_cache;

const PROFILE: &str = include_str!("../../examples/demo/bridge.yaml");
const EDIT: (&str, &str) = ("    teams: [team-a]\n", "    teams: [team-a]\n    labels: { tier: gold }\n");

/// The clusters and the folder of a demo.
struct Stage {
    folder: tempfile::TempDir,
    dev: ControlPlane,
    prod: ControlPlane,
    /// Ended after the spokes, whose etcd it shares.
    _hub: ControlPlane,
}

/// Plays the demo, and writes what a terminal would show to `out`.
pub async fn play(out: &mut (dyn Write + Send)) -> Result<()> {
    writeln!(out, "Starting three API servers on this machine: a hub and two spokes ...")?;
    let stage = Stage::build().await?;
    stage.bridge(out, "The profile is checked offline: every finding at once.", &["validate"])?;
    stage.bridge(out, "What would happen to the empty hub?", &["plan"])?;
    stage.bridge(
        out,
        "Do it. Nothing runs pods here, so there is nothing to wait for: --no-wait.",
        &["apply", "--auto-approve", "--no-wait"],
    )?;
    stage.bridge(out, "The cluster is the state. Nothing is left to do:", &["plan"])?;
    stage.edit(out)?;
    stage.bridge(out, "Exactly that edit:", &["plan"])?;
    stage.bridge(out, "", &["apply", "--auto-approve", "--no-wait"])?;
    stage.bridge(out, "And back again. Only what bridge made goes.", &["destroy", "--auto-approve"])?;
    writeln!(out, "\nNow with a cluster of your own:")?;
    writeln!(
        out,
        "    bridge init                 # writes a commented bridge.yaml; put your context into it"
    )?;
    writeln!(out, "    bridge plan                 # shows what would happen, and writes nothing")?;
    writeln!(out, "    bridge apply                # shows it again, and asks")?;
    Ok(())
}

impl Stage {
    async fn build() -> Result<Self> {
        let hub = ControlPlane::start().await?;
        let (dev, prod) = tokio::try_join!(hub.sibling(), hub.sibling())?;
        let folder = tempfile::Builder::new().prefix("bridge-demo-").tempdir()?;
        let path = |name: &str| folder.path().join(name);
        seed_cache(&path("cache"))?;
        fs::write(path("bridge.yaml"), PROFILE)?;
        Kubeconfig::new().context("demo-hub", hub.access_by_token(User::Admin)).write(&path("kubeconfig"))?;
        Ok(Self { folder, dev, prod, _hub: hub })
    }

    fn edit(&self, out: &mut dyn Write) -> Result<()> {
        writeln!(out, "\n# A label for one spoke:\n$ $EDITOR bridge.yaml")?;
        let path = self.folder.path().join("bridge.yaml");
        let before = fs::read_to_string(&path)?;
        ensure!(before.contains(EDIT.0), "the demo's profile has no line to edit");
        for line in EDIT.1.trim_start_matches(EDIT.0).lines() {
            writeln!(out, "  + {}", line.trim())?;
        }
        Ok(fs::write(&path, before.replacen(EDIT.0, EDIT.1, 1))?)
    }

    fn bridge(&self, out: &mut dyn Write, why: &str, args: &[&str]) -> Result<()> {
        if !why.is_empty() {
            writeln!(out, "\n# {why}")?;
        }
        let separator = if why.is_empty() { "\n" } else { "" };
        writeln!(out, "{separator}$ bridge {}", args.join(" "))?;
        let (reader, writer) = std::io::pipe()?;
        let mut command = self.command(args)?;
        command.stdout(writer.try_clone()?).stderr(writer);
        let mut child = command.spawn().context("cannot start bridge")?;
        // The command holds the pipe's other end; without it the reader sees the end of the output.
        drop(command);
        for line in BufReader::new(reader).lines() {
            writeln!(out, "{}", line?)?;
        }
        let status = child.wait()?;
        ensure!(status.success(), "bridge {} ended with {status}", args.join(" "));
        Ok(())
    }

    fn command(&self, args: &[&str]) -> Result<Command> {
        let folder: &Path = self.folder.path();
        let mut command = Command::new(bridge_binary()?);
        command.current_dir(folder).args(args).env_remove("CI").stdin(std::process::Stdio::null());
        for (name, _) in
            std::env::vars_os().filter(|(name, _)| name.as_encoded_bytes().starts_with(b"BRIDGE_"))
        {
            command.env_remove(name);
        }
        command.env("KUBECONFIG", folder.join("kubeconfig")).env("BRIDGE_CACHE_DIR", folder.join("cache"));
        for (name, spoke) in [("dev", &self.dev), ("prod", &self.prod)] {
            command.env(format!("BRIDGE_VAR_{name}_server"), spoke.apiserver_url());
            command.env(format!("BRIDGE_VAR_{name}_ca"), STANDARD.encode(spoke.ca_pem()));
            command.env(format!("SPOKE_{}_TOKEN", name.to_uppercase()), spoke.token(User::Admin));
        }
        Ok(command)
    }
}
