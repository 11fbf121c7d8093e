//! The real binary in an environment that holds nothing of the person who runs the tests.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// A folder of its own, and nothing else.
pub(crate) struct TestEnv {
    root: TempDir,
    variables: Vec<(String, String)>,
}

/// What a run did.
#[must_use = "either look at the output or assert the exit code"]
pub(crate) struct Run {
    /// Exit code.
    pub(crate) code: i32,
    /// Data.
    pub(crate) stdout: String,
    /// Everything else.
    pub(crate) stderr: String,
}

impl TestEnv {
    /// An empty folder.
    pub(crate) fn new() -> Self {
        let root = tempfile::Builder::new().prefix("bridge-test-").tempdir().unwrap();
        Self { root, variables: Vec::new() }
    }

    /// A folder with a small profile, its manifest, and a kubeconfig for nobody.
    pub(crate) fn with_profile() -> Self {
        let env = Self::new();
        env.write("manifest.yaml", include_str!("manifest.yaml"));
        env.write("bridge.yaml", PROFILE);
        env.write("kubeconfig", KUBECONFIG);
        env
    }

    /// Sets an environment variable for every run.
    pub(crate) fn set(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Writes a file.
    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Reads a file.
    pub(crate) fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.path(path)).unwrap()
    }

    /// A path in the folder.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.root.path().join(path)
    }

    /// Runs bridge without a terminal.
    pub(crate) fn run(&self, args: &[&str]) -> Run {
        let output = self.command(args).output().unwrap();
        Run {
            code: output.status.code().unwrap_or(-1),
            stdout: self.normal(&output.stdout),
            stderr: self.normal(&output.stderr),
        }
    }

    /// The command, to be started in another way.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("bridge"));
        command.args(args).current_dir(self.root.path()).env_clear().stdin(Stdio::null());
        command.env("HOME", self.root.path()).env("TMPDIR", self.root.path()).env("LC_ALL", "C.UTF-8");
        command.env("BRIDGE_CACHE_DIR", self.path("cache")).env("COLUMNS", "100");
        command.env("KUBECONFIG", self.path("kubeconfig"));
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    fn normal(&self, bytes: &[u8]) -> String {
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        text.replace(&self.root.path().display().to_string(), "$TEST_ENV")
    }

    /// Every file below the folder, for searches.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() { walk(&path, files) } else { files.push(path) }
            }
        }
        let mut files = Vec::new();
        walk(self.root.path(), &mut files);
        files
    }
}

impl Run {
    /// Both streams.
    pub(crate) fn all(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }

    /// The same after a check of the exit code.
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self}");
        self
    }
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "exit {}\n--- stdout\n{}--- stderr\n{}", self.code, self.stdout, self.stderr)
    }
}

/// A hub, a spoke and a repository, both with credentials.
pub(crate) const PROFILE: &str = r#"apiVersion: bridge.gitops/v1alpha1
kind: Profile
metadata: { name: acme }
argocd:
  version: v3.5.3
  manifests: { path: manifest.yaml }
repositories:
  - name: platform
    url: https://git.example.com/acme/platform.git
    credentials: { username: { env: GIT_USER }, password: { env: GIT_TOKEN } }
gitops:
  addons: { url: https://git.example.com/acme/platform.git, basePath: argocd/, path: appsets, revision: main }
clusters:
  - name: hub
    role: hub
    env: prod
    addons: { cert_manager: true }
    connection: { context: hub-admin }
  - name: spoke-dev
    env: dev
    labels: { tier: gold }
    connection:
      server: https://dev.example.com:6443
      insecure: true
      token: { file: token }
"#;

/// Two contexts on a port where nobody listens.
pub(crate) const KUBECONFIG: &str = r#"apiVersion: v1
kind: Config
current-context: hub-admin
clusters: [{ name: nobody, cluster: { server: "https://127.0.0.1:1" } }]
users: [{ name: nobody, user: { token: kubeconfig-t0ken-value } }]
contexts:
  - { name: hub-admin, context: { cluster: nobody, user: nobody } }
  - { name: spoke-admin, context: { cluster: nobody, user: nobody } }
"#;
