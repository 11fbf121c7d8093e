//! What stands beside the clusters, on their network, in containers of its own.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use bridge_e2e::git::publish_into;
use bridge_e2e::manifests;
use bridge_e2e::process::Watchdog;
use testcontainers::core::{CmdWaitFor, ExecCommand, Mount, WaitFor};
use testcontainers::runners::SyncRunner;
use testcontainers::{Container, GenericImage, ImageExt};

use crate::engine::NETWORK;

/// The repositories that the clusters of a test pull.
pub const REPOSITORIES: [&str; 3] = ["addons", "workloads", "clusters"];

/// Who may read a repository that is not everybody's.
#[derive(Clone, Copy)]
pub struct Reader {
    pub repository: &'static str,
    pub user: &'static str,
    pub password: &'static str,
}

/// A git server with the repositories of `tests/fixtures/kind/`; it goes when this is dropped.
pub struct GitServer {
    container: Container<GenericImage>,
    #[expect(dead_code, reason = "its drop removes the repositories")]
    folder: tempfile::TempDir,
    #[expect(dead_code, reason = "removes the container after a test that was killed")]
    watchdog: Watchdog,
    url: String,
}

impl GitServer {
    /// Starts it, and waits until the clusters' network leads to each repository. `purpose` keeps tests apart.
    pub fn start(purpose: &str, reader: Option<Reader>) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("bridge-e2e-repositories-").tempdir()?;
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/kind");
        for name in REPOSITORIES {
            publish_into(folder.path(), name, &fixtures.join(name))?;
        }
        let name = format!("bridge-e2e-git-{purpose}-{}", std::process::id());
        let private = reader.map_or_else(String::new, |reader| {
            format!("{} {} {}", reader.repository, reader.user, reader.password)
        });
        let watchdog = Watchdog::start(r#"docker rm --force --volumes "$1""#, [&name])?;
        let (image, tag) = image();
        let container = GenericImage::new(image, tag)
            .with_entrypoint("/usr/local/bin/git-server")
            .with_wait_for(WaitFor::message_on_stdout("serving"))
            .with_cmd(["/srv/git"])
            .with_container_name(&name)
            .with_network(NETWORK)
            // Owner of nothing, reader of everything, whoever runs the tests.
            .with_user("0")
            .with_mount(read_only(Path::new(env!("CARGO_BIN_EXE_git-server")), "/usr/local/bin/git-server")?)
            .with_mount(read_only(folder.path(), "/srv/git")?)
            .with_env_var("GIT_PRIVATE", private)
            .start()
            .context("the git server does not start")?;
        let server = Self { container, folder, watchdog, url: format!("http://{name}") };
        for name in REPOSITORIES {
            server.expect_readable(name, reader.filter(|reader| reader.repository == name))?;
        }
        Ok(server)
    }

    /// Where the repositories are, without a slash at the end.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Asks as Argo CD does; a repository that has a reader is nobody else's.
    fn expect_readable(&self, name: &str, reader: Option<Reader>) -> Result<()> {
        let url =
            |user: &str| format!("{}/{name}.git", self.url.replace("http://", &format!("http://{user}")));
        let Some(reader) = reader else {
            ensure!(self.lists(&url(""))?, "{name} cannot be read");
            return Ok(());
        };
        ensure!(!self.lists(&url(""))?, "{name} can be read by anybody");
        let user = format!("{}:{}@", reader.user, reader.password);
        ensure!(self.lists(&url(&user))?, "{name} cannot be read by its reader");
        Ok(())
    }

    fn lists(&self, url: &str) -> Result<bool> {
        let command = ExecCommand::new(["git", "ls-remote", "--exit-code", url, "refs/heads/main"])
            .with_env_vars([("GIT_TERMINAL_PROMPT", "0")])
            .with_cmd_ready_condition(CmdWaitFor::exit());
        Ok(self.container.exec(command)?.exit_code()? == Some(0))
    }
}

/// Argo CD's own image: it has git, and the clusters need it anyway. Offline it is in the registry beside the nodes.
fn image() -> (String, String) {
    let path = "argoproj/argocd";
    let registry = std::env::var("BRIDGE_E2E_REGISTRY").unwrap_or_else(|_| "quay.io".to_owned());
    (format!("{registry}/{path}"), manifests::VERSION.to_owned())
}

fn read_only(path: &Path, target: &str) -> Result<Mount> {
    let path: PathBuf = path.canonicalize()?;
    let path = path.to_str().context("a path that is no text")?;
    Ok(Mount::bind_mount(path, target).with_access_mode(testcontainers::core::AccessMode::ReadOnly))
}
