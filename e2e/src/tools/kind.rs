//! What level L3 is made of where no container registry can be reached: kind, and what its node image and Argo CD's
//! pods run. `e2e/offline-kind` makes images of it.

use super::{
    ARGOCD, ARGOCD_MODULE, KUBE_APISERVER, KUBE_CONTROLLER_MANAGER, KUBE_SCHEDULER, KUBECTL, Module, Tool,
    obtain,
};
use crate::cache::Cache;
use crate::go::Toolchain;
use anyhow::Result;
use std::path::PathBuf;

/// A module under `e2e/tools` and its upstream.
macro_rules! module {
    ($folder:literal, $upstream:literal) => {
        Module {
            folder: $folder,
            upstream: $upstream,
            go_mod: include_str!(concat!("../../tools/", $folder, "/go.mod")),
            go_sum: include_str!(concat!("../../tools/", $folder, "/go.sum")),
        }
    };
}

/// kind itself, and the files of its base image.
pub static KIND_MODULE: Module = module!("kind", "sigs.k8s.io/kind");
/// What of Kubernetes runs on nodes only: beside `kubernetes`, whose cached servers a change of its go.mod would throw away.
static NODE_MODULE: Module = module!("kubernetes-node", "k8s.io/kubernetes");
static CONTAINERD_MODULE: Module = module!("containerd", "github.com/containerd/containerd/v2");
static CNI_MODULE: Module = module!("cni-plugins", "github.com/containernetworking/plugins");
/// The etcd that kubeadm asks for, which is older than the one of level L1.
static NODE_ETCD_MODULE: Module = module!("etcd-node", "go.etcd.io/etcd/server/v3");
static COREDNS_MODULE: Module = module!("coredns", "github.com/coredns/coredns");
static REGISTRY_MODULE: Module = module!("registry", "github.com/distribution/distribution/v3");
static HELM_MODULE: Module = module!("helm", "helm.sh/helm/v4");
static KUSTOMIZE_MODULE: Module = module!("kustomize", "sigs.k8s.io/kustomize/kustomize/v5");

const fn tool(
    name: &'static str,
    package: &'static str,
    module: &'static Module,
    cold_build: &'static str,
) -> Tool {
    Tool { name, package, module, cold_build }
}

/// The binaries that only level L3 needs. The first is kind.
static OWN: [Tool; 16] = [
    tool("kind", "sigs.k8s.io/kind", &KIND_MODULE, "seconds"),
    tool("kubeadm", "k8s.io/kubernetes/cmd/kubeadm", &NODE_MODULE, "about 1 minute"),
    tool("kubelet", "k8s.io/kubernetes/cmd/kubelet", &NODE_MODULE, "1 to 2 minutes"),
    tool("kube-proxy", "k8s.io/kubernetes/cmd/kube-proxy", &NODE_MODULE, "seconds"),
    tool(
        "containerd",
        "github.com/containerd/containerd/v2/cmd/containerd",
        &CONTAINERD_MODULE,
        "about 1 minute",
    ),
    tool(
        "containerd-shim-runc-v2",
        "github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2",
        &CONTAINERD_MODULE,
        "seconds",
    ),
    tool("ctr", "github.com/containerd/containerd/v2/cmd/ctr", &CONTAINERD_MODULE, "seconds"),
    tool("ptp", "github.com/containernetworking/plugins/plugins/main/ptp", &CNI_MODULE, "seconds"),
    tool("loopback", "github.com/containernetworking/plugins/plugins/main/loopback", &CNI_MODULE, "seconds"),
    tool(
        "host-local",
        "github.com/containernetworking/plugins/plugins/ipam/host-local",
        &CNI_MODULE,
        "seconds",
    ),
    tool("portmap", "github.com/containernetworking/plugins/plugins/meta/portmap", &CNI_MODULE, "seconds"),
    tool("etcd", "go.etcd.io/etcd/server/v3", &NODE_ETCD_MODULE, "about 1 minute"),
    tool("coredns", "github.com/coredns/coredns", &COREDNS_MODULE, "2 to 3 minutes"),
    tool(
        "registry",
        "github.com/distribution/distribution/v3/cmd/registry",
        &REGISTRY_MODULE,
        "about 2 minutes",
    ),
    tool("helm", "helm.sh/helm/v4/cmd/helm", &HELM_MODULE, "about 1 minute"),
    tool("kustomize", "sigs.k8s.io/kustomize/kustomize/v5", &KUSTOMIZE_MODULE, "seconds"),
];

/// The binaries that it shares with other levels.
static SHARED: [&Tool; 5] = [&KUBE_APISERVER, &KUBE_CONTROLLER_MANAGER, &KUBE_SCHEDULER, &KUBECTL, &ARGOCD];

/// Every binary by its name, built first where the cache has none: 10 to 20 minutes from nothing, said on stderr.
///
/// All are built here, also those of which `KUBEBUILDER_ASSETS` or an archive has another copy: what is in a node's
/// image must be of one version.
pub fn binaries() -> Result<Vec<(&'static str, PathBuf)>> {
    let cache = Cache::of_user()?;
    OWN.iter().chain(SHARED).map(|tool| Ok((tool.name, obtain(&cache, tool)?))).collect()
}

/// The source folders of two modules, some files of which become parts of images, by names of their own.
pub fn sources() -> Result<[(&'static str, PathBuf); 2]> {
    let go = Toolchain::obtain(&Cache::of_user()?)?;
    Ok([("kind-source", go.source(&KIND_MODULE)?), ("argocd-source", go.source(&ARGOCD_MODULE)?)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pin_is_a_version() {
        for tool in OWN.iter().chain(SHARED) {
            assert!(tool.module.version().starts_with('v'), "{}: {}", tool.name, tool.module.version());
        }
    }

    #[test]
    fn nodes_run_the_version_of_the_servers() {
        assert_eq!(NODE_MODULE.version(), KUBE_APISERVER.module.version());
    }

    #[test]
    fn what_runs_on_a_node_gives_its_version() {
        let flags = OWN[1].build_flags().join(" ");
        assert!(flags.contains("version.gitVersion=v1.36.3 -X"), "{flags}");
    }
}
