//! The `kind` command.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use tokio::process::Command;

use crate::code::Code;
use crate::kind::engine::Engine;
use crate::kind::finished::{QUESTION, finish};
use crate::kind::problem::Problem;
use crate::profile::names::KindName;

/// From v0.27 on, a node's containerd reads `/etc/containerd/certs.d`, which mirrors need.
const OLDEST: (u64, u64) = (0, 27);
const INSTALL: &str = "install it: `go install sigs.k8s.io/kind@v0.33.0`, `brew install kind`, or a release from https://kind.sigs.k8s.io; or point BRIDGE_KIND at it";

/// The `kind` command, found and of a known version.
#[derive(Debug, Clone)]
pub struct Kind {
    program: PathBuf,
}

impl Kind {
    /// Looks whether the command is there, and asks for its version.
    ///
    /// # Errors
    /// When there is none, or it is too old.
    pub async fn find(program: Option<&Path>) -> Result<Self, Problem> {
        let program = program.unwrap_or(Path::new("kind")).to_path_buf();
        let shown = program.display();
        let mut command = Command::new(&program);
        command.arg("version");
        let finished = finish(command, QUESTION).await.map_err(|error| {
            Problem::new(Code::NO_KIND, format!("the command `{shown}` cannot be run: {error}")).fix(INSTALL)
        })?;
        let text = finished.stdout.trim();
        let Some(version) = version(text).filter(|_| finished.is_success) else {
            let message = format!("`{shown} version` does not answer as kind does: {}", finished.words());
            return Err(Problem::new(Code::NO_KIND, message).fix(INSTALL));
        };
        if version < OLDEST {
            let (major, minor) = OLDEST;
            let message = format!("`{shown}` is {text}, and bridge needs v{major}.{minor} or newer");
            return Err(Problem::new(Code::NO_KIND, message).fix(INSTALL));
        }
        Ok(Self { program })
    }

    /// A command line of kind's with this engine.
    pub(super) fn command<A: AsRef<OsStr>>(
        &self,
        engine: &Engine,
        args: impl IntoIterator<Item = A>,
    ) -> Command {
        let mut command = Command::new(&self.program);
        // Otherwise kind would choose again, and may choose another one.
        command.args(args).env("KIND_EXPERIMENTAL_PROVIDER", engine.provider());
        command
    }

    /// Adds the contexts of a cluster to a kubeconfig file, which becomes the current one, with the mode 0600.
    ///
    /// # Errors
    /// When the cluster or the file is not as it has to be.
    pub async fn export_kubeconfig(
        &self,
        engine: &Engine,
        name: &KindName,
        file: &Path,
    ) -> Result<(), Problem> {
        let args = ["export", "kubeconfig", "--name", name.as_str(), "--kubeconfig"].map(OsStr::new);
        let command = self.command(engine, args.into_iter().chain([file.as_os_str()]));
        let why = match finish(command, QUESTION).await {
            Ok(finished) if finished.is_success => return Ok(()),
            Ok(finished) => finished.words(),
            Err(error) => error.to_string(),
        };
        let message =
            format!("the kubeconfig {} cannot be given the cluster `{name}`: {why}", file.display());
        Err(Problem::new(Code::KIND_KUBECONFIG, message).fix(format!(
            "see that the folder can be written and that `{} ps` shows {}",
            engine.provider(),
            name.control_plane()
        )))
    }
}

/// `kind v0.33.0 go1.26.1 linux/amd64`: major and minor.
fn version(text: &str) -> Option<(u64, u64)> {
    let version = text.strip_prefix("kind")?.split_whitespace().next()?;
    let mut parts = version.trim_start_matches(['v', '(']).split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_read() {
        assert_eq!(version("kind v0.33.0 go1.26.1 linux/amd64"), Some((0, 33)));
        assert_eq!(version("kind v0.34.0-alpha+abc go1.26.1 linux/amd64"), Some((0, 34)));
        assert_eq!(version("kind (kindling) 1"), None);
        assert_eq!(version("git version 2.39"), None);
    }
}
