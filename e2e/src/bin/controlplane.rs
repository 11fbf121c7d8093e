//! `controlplane fetch` gets the binaries of a control plane into the cache, `controlplane fetch-controllers` those of L1+;
//! `controlplane run` starts one.

use anyhow::{Result, bail};
use bridge_e2e::cluster::ControlPlane;
use bridge_e2e::manifests;
use bridge_e2e::tools::{Binaries, ControllerBinaries};

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["fetch"] => tokio::task::spawn_blocking(fetch).await?,
        ["fetch-controllers"] => tokio::task::spawn_blocking(fetch_controllers).await?,
        ["run"] => run("hub").await,
        ["run", context] => run(context).await,
        _ => bail!("usage: controlplane fetch | controlplane fetch-controllers | controlplane run [CONTEXT]"),
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

/// A control plane to try `bridge` on, until Ctrl-C.
async fn run(context: &str) -> Result<()> {
    let cluster = ControlPlane::start().await?;
    let kubeconfig = cluster.kubeconfig_cert(context)?;
    println!("{}", kubeconfig.display());
    eprintln!(
        "running: {}; export KUBECONFIG={}; Ctrl-C stops it",
        cluster.apiserver_url(),
        kubeconfig.display()
    );
    tokio::signal::ctrl_c().await?;
    Ok(())
}
