//! Which binaries a control plane needs, and where they come from.
//!
//! In this order: the folder `KUBEBUILDER_ASSETS`, the cache, the official envtest archive where the network has
//! it, and `go build` of the tool modules under `e2e/tools`, which needs nothing but a Go module proxy.

pub mod kind;

use crate::cache::Cache;
use crate::download::{Archive, hex};
use crate::go::Toolchain;
use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A Go module in this repository that pins one upstream and everything that upstream was tested with.
#[derive(Debug)]
pub struct Module {
    /// Its folder under `e2e/tools`.
    pub folder: &'static str,
    /// The upstream module whose version counts.
    pub upstream: &'static str,
    go_mod: &'static str,
    go_sum: &'static str,
}

/// etcd.
pub static ETCD_MODULE: Module = Module {
    folder: "etcd",
    upstream: "go.etcd.io/etcd/server/v3",
    go_mod: include_str!("../tools/etcd/go.mod"),
    go_sum: include_str!("../tools/etcd/go.sum"),
};

/// Kubernetes, with all its staging modules.
pub static KUBERNETES_MODULE: Module = Module {
    folder: "kubernetes",
    upstream: "k8s.io/kubernetes",
    go_mod: include_str!("../tools/kubernetes/go.mod"),
    go_sum: include_str!("../tools/kubernetes/go.sum"),
};

/// kwok, which plays nodes and their pods.
pub static KWOK_MODULE: Module = Module {
    folder: "kwok",
    upstream: "sigs.k8s.io/kwok",
    go_mod: include_str!("../tools/kwok/go.mod"),
    go_sum: include_str!("../tools/kwok/go.sum"),
};

/// Argo CD: its servers are built, and its official manifests are read.
pub static ARGOCD_MODULE: Module = Module {
    folder: "argocd",
    upstream: "github.com/argoproj/argo-cd/v3",
    go_mod: include_str!("../tools/argocd/go.mod"),
    go_sum: include_str!("../tools/argocd/go.sum"),
};

impl Module {
    /// The pinned version of the upstream, as go.mod names it.
    pub fn version(&self) -> &'static str {
        self.go_mod
            .lines()
            .map(|line| line.trim().trim_start_matches("require "))
            .find_map(|line| line.strip_prefix(self.upstream)?.strip_prefix(' '))
            .and_then(|rest| rest.split_whitespace().next())
            .unwrap_or("unpinned")
    }

    /// The cache key: the version, and a hash of go.mod and go.sum so that any changed pin builds again.
    pub fn key(&self) -> String {
        let mut hash = Sha256::new();
        hash.update(self.go_mod);
        hash.update(self.go_sum);
        let digest = hex(&hash.finalize());
        format!("{}-{}-{}", self.folder, self.version(), digest.get(..12).unwrap_or(&digest))
    }

    /// Its folder in this checkout.
    pub fn path(&self) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tools").join(self.folder)
    }
}

/// One program of a module.
#[derive(Debug)]
pub struct Tool {
    /// The name of the binary.
    pub name: &'static str,
    /// The Go package that is its `main`.
    pub package: &'static str,
    /// The module that pins it.
    pub module: &'static Module,
    /// How long a cold build takes on two cores, as a person wants to read it.
    pub cold_build: &'static str,
}

/// The etcd server.
pub static ETCD: Tool = Tool {
    name: "etcd",
    package: "go.etcd.io/etcd/server/v3",
    module: &ETCD_MODULE,
    cold_build: "about 1 minute",
};

/// The Kubernetes API server.
pub static KUBE_APISERVER: Tool = Tool {
    name: "kube-apiserver",
    package: "k8s.io/kubernetes/cmd/kube-apiserver",
    module: &KUBERNETES_MODULE,
    cold_build: "3 to 6 minutes",
};

/// The reference client, which the benchmark measures `bridge` against.
pub static KUBECTL: Tool = Tool {
    name: "kubectl",
    package: "k8s.io/kubernetes/cmd/kubectl",
    module: &KUBERNETES_MODULE,
    cold_build: "about 1 minute",
};

/// The controllers of Kubernetes' own kinds.
pub static KUBE_CONTROLLER_MANAGER: Tool = Tool {
    name: "kube-controller-manager",
    package: "k8s.io/kubernetes/cmd/kube-controller-manager",
    module: &KUBERNETES_MODULE,
    cold_build: "1 to 5 minutes",
};

/// The scheduler.
pub static KUBE_SCHEDULER: Tool = Tool {
    name: "kube-scheduler",
    package: "k8s.io/kubernetes/cmd/kube-scheduler",
    module: &KUBERNETES_MODULE,
    cold_build: "seconds",
};

/// Nodes and pods without kubelets.
pub static KWOK: Tool = Tool {
    name: "kwok",
    package: "sigs.k8s.io/kwok/cmd/kwok",
    module: &KWOK_MODULE,
    cold_build: "about 2 minutes",
};

/// Argo CD's servers and its command line in one binary, which plays the role that `ARGOCD_BINARY_NAME` names.
pub static ARGOCD: Tool = Tool {
    name: "argocd",
    package: "github.com/argoproj/argo-cd/v3/cmd",
    module: &ARGOCD_MODULE,
    cold_build: "5 to 10 minutes",
};

/// Argo CD of level L2 from the cache, built first where it is missing. Blocks for minutes then, and says so on stderr.
pub fn argocd() -> Result<PathBuf> {
    obtain(&Cache::of_user()?, &ARGOCD)
}

/// The pinned kubectl from the cache, built first where it is missing. Whatever is on PATH may be any version.
pub fn kubectl() -> Result<PathBuf> {
    obtain(&Cache::of_user()?, &KUBECTL)
}

fn obtain(cache: &Cache, tool: &Tool) -> Result<PathBuf> {
    match cache.find(&tool.module.key(), tool.name) {
        Some(found) => Ok(found),
        None => Toolchain::obtain(cache)?.build(cache, tool),
    }
}

/// The binaries of level L1+, which no archive carries: they are built.
#[derive(Clone, Debug)]
pub struct ControllerBinaries {
    /// kube-controller-manager.
    pub controller_manager: PathBuf,
    /// kube-scheduler.
    pub scheduler: PathBuf,
    /// kwok.
    pub kwok: PathBuf,
}

impl ControllerBinaries {
    /// From the cache, built first where they are missing. Blocks for minutes then, and says so on stderr.
    pub fn obtain() -> Result<Self> {
        let cache = Cache::of_user()?;
        Ok(Self {
            controller_manager: obtain(&cache, &KUBE_CONTROLLER_MANAGER)?,
            scheduler: obtain(&cache, &KUBE_SCHEDULER)?,
            kwok: obtain(&cache, &KWOK)?,
        })
    }
}

impl Tool {
    /// The arguments of `go build` beside `-o` and the package.
    pub fn build_flags(&self) -> Vec<String> {
        let mut flags = vec!["-trimpath".to_owned()];
        let mut ldflags = "-s -w".to_owned();
        let (upstream, version) = (self.module.upstream, self.module.version());
        match upstream {
            // The tags of the official release build; without `-X` the server gives its version as a template.
            "k8s.io/kubernetes" => {
                flags.push("-tags=selinux,notest,grpcnotrace".to_owned());
                ldflags += &kubernetes_stamp(version);
            }
            "github.com/argoproj/argo-cd/v3" => {
                ldflags += &format!(" -X {upstream}/common.version={}", version.trim_start_matches('v'));
            }
            // As kind builds it for its nodes: snapshotters that want C libraries are left out.
            "github.com/containerd/containerd/v2" => {
                flags.push("-tags=no_aufs,no_zfs,no_btrfs,no_devmapper".to_owned());
                ldflags += &format!(" -X {upstream}/version.Version={version}");
            }
            "helm.sh/helm/v4" => ldflags += &format!(" -X {upstream}/internal/version.version={version}"),
            _ => {}
        }
        flags.extend(["-ldflags".to_owned(), ldflags]);
        flags
    }
}

fn kubernetes_stamp(version: &str) -> String {
    let mut numbers = version.trim_start_matches('v').split('.');
    let (major, minor) = (numbers.next().unwrap_or("0"), numbers.next().unwrap_or("0"));
    [
        format!("k8s.io/component-base/version.gitVersion={version}"),
        format!("k8s.io/component-base/version.gitMajor={major}"),
        format!("k8s.io/component-base/version.gitMinor={minor}"),
        "k8s.io/component-base/version.gitTreeState=clean".to_owned(),
        format!("k8s.io/client-go/pkg/version.gitVersion={version}"),
    ]
    .map(|stamp| format!(" -X {stamp}"))
    .concat()
}

/// The binaries of a control plane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binaries {
    /// The etcd server.
    pub etcd: PathBuf,
    /// The Kubernetes API server.
    pub kube_apiserver: PathBuf,
    /// Where they were found, for people.
    pub origin: String,
}

const NAMES: [&str; 2] = ["etcd", "kube-apiserver"];

impl Binaries {
    /// What this machine has already: `KUBEBUILDER_ASSETS`, then the cache. Builds and downloads nothing.
    ///
    /// A `KUBEBUILDER_ASSETS` that lacks a binary is an error: whoever sets it wants those binaries and no others.
    pub fn locate(cache: &Cache) -> Result<Option<Self>> {
        if let Some(folder) = std::env::var_os("KUBEBUILDER_ASSETS").filter(|value| !value.is_empty()) {
            return Self::in_assets(Path::new(&folder)).map(Some);
        }
        Ok(Self::built(cache).or_else(|| Self::downloaded(cache, &Archive::pinned()?)))
    }

    /// The binaries, whatever it takes. Blocks for minutes on a machine that has none, and says so on stderr.
    pub fn obtain() -> Result<Self> {
        let cache = Cache::of_user()?;
        if let Some(found) = Self::locate(&cache)? {
            return Ok(found);
        }
        match Archive::pinned() {
            None => crate::say("no envtest archive exists for this platform; building from source"),
            Some(archive) => match Self::download(&cache, &archive) {
                Ok(binaries) => return Ok(binaries),
                Err(error) => crate::say(&format!("{}; building from source instead", in_short(&error))),
            },
        }
        Self::build(&cache, &Toolchain::obtain(&cache)?)
    }

    /// Downloads the envtest archive into the cache.
    pub fn download(cache: &Cache, archive: &Archive) -> Result<Self> {
        let locked = cache.lock(&archive.key())?;
        if let Some(found) = Self::downloaded(cache, archive) {
            return Ok(found);
        }
        crate::say(&format!("trying {}", archive.url()));
        let started = Instant::now();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(archive.install(&locked, &NAMES))?;
        crate::say(&format!("downloaded envtest {} in {}", archive.version, minutes(started.elapsed())));
        Self::downloaded(cache, archive).context("the cache lost what was just put there")
    }

    /// Builds both binaries from their tool modules into the cache.
    pub fn build(cache: &Cache, go: &Toolchain) -> Result<Self> {
        Ok(Self {
            etcd: go.build(cache, &ETCD)?,
            kube_apiserver: go.build(cache, &KUBE_APISERVER)?,
            origin: format!("built from the Go module, Kubernetes {}", KUBERNETES_MODULE.version()),
        })
    }

    fn in_assets(folder: &Path) -> Result<Self> {
        if let Some(missing) = NAMES.iter().find(|name| !folder.join(name).is_file()) {
            bail!("KUBEBUILDER_ASSETS={} holds no `{missing}`: correct it, or unset it", folder.display());
        }
        Ok(Self::in_folder(folder, format!("KUBEBUILDER_ASSETS={}", folder.display())))
    }

    fn built(cache: &Cache) -> Option<Self> {
        Some(Self {
            etcd: cache.find(&ETCD_MODULE.key(), ETCD.name)?,
            kube_apiserver: cache.find(&KUBERNETES_MODULE.key(), KUBE_APISERVER.name)?,
            origin: format!("cache, Kubernetes {}", KUBERNETES_MODULE.version()),
        })
    }

    fn downloaded(cache: &Cache, archive: &Archive) -> Option<Self> {
        let folder = cache.folder(&archive.key());
        let complete = NAMES.iter().all(|name| folder.join(name).is_file());
        complete.then(|| Self::in_folder(&folder, format!("cache, envtest {}", archive.version)))
    }

    fn in_folder(folder: &Path, origin: String) -> Self {
        Self { etcd: folder.join(NAMES[0]), kube_apiserver: folder.join(NAMES[1]), origin }
    }
}

/// What failed and its root, without the layers between.
fn in_short(error: &anyhow::Error) -> String {
    let root = error.root_cause().to_string();
    if error.chain().len() > 1 { format!("{error} ({root})") } else { root }
}

/// `m:ss`, as a person reads a build time.
pub fn minutes(elapsed: Duration) -> String {
    format!("{}:{:02}", elapsed.as_secs() / 60, elapsed.as_secs() % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_come_from_go_mod() {
        assert_eq!(ETCD_MODULE.version(), "v3.7.3");
        assert_eq!(KUBERNETES_MODULE.version(), "v1.36.3");
        assert_eq!(ARGOCD_MODULE.version(), "v3.5.3");
        assert_eq!(KWOK_MODULE.version(), "v0.8.0");
    }

    #[test]
    fn kubernetes_gives_its_version() {
        let flags = KUBE_APISERVER.build_flags().join(" ");
        assert!(flags.contains("version.gitVersion=v1.36.3 -X"), "{flags}");
        assert!(flags.contains("version.gitMinor=36 "), "{flags}");
    }

    #[test]
    fn argo_cd_gives_its_version() {
        let flags = ARGOCD.build_flags().join(" ");
        assert!(flags.ends_with("-X github.com/argoproj/argo-cd/v3/common.version=3.5.3"), "{flags}");
    }

    #[test]
    fn an_assets_folder_without_a_binary_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let error = Binaries::in_assets(folder.path()).unwrap_err().to_string();
        assert!(error.contains("holds no `etcd`"), "{error}");
    }
}
