//! Real control planes for the tests and the demo of `bridge`.
//!
//! Level L1 of the test ladder is etcd and kube-apiserver as processes of this machine, on loopback, with real
//! certificates, real admission and real RBAC; [`controllers`] makes it L1+, [`argocd`] L2. A test reads like this:
//!
//! ```no_run
//! # async fn example() -> anyhow::Result<()> {
//! use bridge_e2e::{bridge_cmd::Bridge, cluster::{ControlPlane, User}, proxy::Proxy};
//!
//! let hub = ControlPlane::start().await?;
//! let proxy = Proxy::start(&hub).await?;
//! let kubeconfig = proxy.kubeconfig("hub", User::Admin)?;
//! let outcome = Bridge::new()?.kubeconfig(&kubeconfig).args(["apply", "--auto-approve"]).run()?;
//! assert_eq!(outcome.code, Some(0), "{outcome}");
//! assert!(proxy.writes().len() > 10);
//! # Ok(())
//! # }
//! ```
//!
//! | module | concern |
//! |---|---|
//! | [`tools`] | which binaries a control plane needs, and where they come from |
//! | [`cache`] | the folder they are kept in, safe against killed and concurrent builds |
//! | [`download`] | the official envtest archive, digest checked |
//! | [`go`] | the Go toolchain and `go build` of the pinned tool modules |
//! | [`process`] | a server process that never outlives its test |
//! | [`certificates`] | authorities, server and client certificates |
//! | [`kubeconfig`] | kubeconfig files for every identity |
//! | [`cluster`] | etcd and apiservers, and what a test asks them |
//! | [`tokens`] | ServiceAccount tokens of any age |
//! | [`controllers`] | controller manager, scheduler, and a node that kwok plays |
//! | [`argocd`] | Argo CD's own servers, as processes (level L2) |
//! | [`git`] | a git server on loopback, and its repositories |
//! | [`forwarder`] | further addresses of one apiserver |
//! | [`proxy`] | a reverse proxy that records, counts and breaks requests |
//! | [`kind`] | clusters with real nodes and pods (level L3) |
//! | [`container`] | control planes in containers, which can be paused and replaced (level L3) |
//! | [`wire`] | a TCP proxy that can be cut |
//! | [`engine`] | the container engine's command |
//! | [`manifests`] | Argo CD's official manifests, from its Go module |
//! | [`bridge_cmd`] | the real `bridge` binary in a hermetic environment |
//!
//! Environment: `KUBEBUILDER_ASSETS` names a folder with etcd and kube-apiserver; `XDG_CACHE_HOME` moves the
//! cache; `BRIDGE_E2E_ENVTEST_BASE` names a mirror of the envtest releases; `BRIDGE_E2E_KEEP=1` keeps the
//! folders and logs of every control plane; `BRIDGE_BIN` names the binary under test.

mod apiserver;
pub mod argocd;
pub mod bridge_cmd;
pub mod cache;
pub mod certificates;
pub mod cluster;
pub mod container;
pub mod controllers;
mod debian;
pub mod demo;
pub mod download;
pub mod engine;
mod etcd;
pub mod forwarder;
pub mod git;
pub mod go;
pub mod kind;
pub mod kubeconfig;
pub mod manifests;
pub mod measure;
pub mod process;
pub mod proxy;
mod scratch;
pub mod tokens;
pub mod tools;
pub mod wire;

pub use scratch::keep_logs;

/// Installs the one crypto provider that every TLS user in this crate shares.
///
/// With two providers compiled in, or none chosen, building a kube client panics; so every entry point of this
/// crate calls it, and calling it again does nothing.
pub fn install_crypto() {
    let _already_installed = rustls::crypto::ring::default_provider().install_default();
}

/// One line of progress for the person who waits, on stderr.
pub(crate) fn say(line: &str) {
    eprintln!("control plane: {line}");
}
