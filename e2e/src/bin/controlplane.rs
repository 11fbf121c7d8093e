//! `controlplane fetch` gets the binaries of a control plane into the cache, `controlplane fetch-controllers` those of L1+,
//! `controlplane fetch-argocd` Argo CD's own, `controlplane fetch-kind` what L3's images are made of; `controlplane run` starts a control plane, with `--argocd` also Argo CD on it.

use anyhow::{Result, bail};
use bridge_e2e::argocd::{self, ArgoCd};
use bridge_e2e::cluster::ControlPlane;
use bridge_e2e::manifests;
use bridge_e2e::tools::{self, Binaries, ControllerBinaries};

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["fetch"] => tokio::task::spawn_blocking(fetch).await?,
        ["fetch-controllers"] => tokio::task::spawn_blocking(fetch_controllers).await?,
        ["fetch-argocd"] => tokio::task::spawn_blocking(fetch_argocd).await?,
        ["fetch-kind"] => tokio::task::spawn_blocking(fetch_kind).await?,
        ["run", "--argocd"] => run("hub", true).await,
        ["run"] => run("hub", false).await,
        ["run", context] => run(context, false).await,
        _ => bail!(
            "usage: controlplane fetch | fetch-controllers | fetch-argocd | fetch-kind | run [CONTEXT] | run --argocd (context `hub`)"
        ),
    }
}

/// Everything that the tests and the demo need and that is not in the repository.
fn fetch() -> Result<()> {
    let binaries = Binaries::obtain()?;
    println!("etcd            {}", binaries.etcd.display());
    println!("kube-apiserver  {}", binaries.kube_apiserver.display());
    println!("from            {}", binaries.origin);
    println!("manifests       {}", manifests::argocd_manifests(manifests::VERSION)?.display());
    Ok(())
}

/// What level L1+ needs beside it.
fn fetch_controllers() -> Result<()> {
    let ControllerBinaries { controller_manager, scheduler, kwok } = ControllerBinaries::obtain()?;
    println!("kube-controller-manager  {}", controller_manager.display());
    println!("kube-scheduler           {}", scheduler.display());
    println!("kwok                     {}", kwok.display());
    Ok(())
}

/// What level L2 needs beside it.
fn fetch_argocd() -> Result<()> {
    println!("kubectl {}", tools::kubectl()?.display());
    println!("argocd  {}", argocd::prepare()?.display());
    Ok(())
}

/// What level L3 makes its images of: one `NAME PATH` a line on stdout, for `e2e/offline-kind`.
fn fetch_kind() -> Result<()> {
    for (name, path) in tools::kind::binaries()?.into_iter().chain(tools::kind::sources()?) {
        println!("{name} {}", path.display());
    }
    println!("argocd-manifests {}", manifests::argocd_manifests(manifests::VERSION)?.display());
    Ok(())
}

/// A control plane to try `bridge` on, until Ctrl-C. Argo CD starts once somebody has installed it.
async fn run(context: &str, with_argocd: bool) -> Result<()> {
    let cluster = ControlPlane::start().await?;
    let kubeconfig = cluster.kubeconfig_cert(context)?;
    println!("{}", kubeconfig.display());
    eprintln!(
        "running: {}; export KUBECONFIG={}; Ctrl-C stops it",
        cluster.apiserver_url(),
        kubeconfig.display()
    );
    if !with_argocd {
        return Ok(tokio::signal::ctrl_c().await?);
    }
    eprintln!("waiting for Argo CD in the namespace argocd: `bridge apply --no-wait`");
    let started = tokio::select! {
        started = ArgoCd::start(&cluster, "argocd") => started?,
        interrupted = tokio::signal::ctrl_c() => return Ok(interrupted?),
    };
    eprintln!("Argo CD runs: {} (no login)", started.url());
    Ok(tokio::signal::ctrl_c().await?)
}
