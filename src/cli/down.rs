//! `bridge down`.

use clap::Args as ClapArgs;

use crate::cli::approve;
use crate::cli::args::Output;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::interrupt;
use crate::cli::local::{self, Removal};
use crate::cli::prepare;
use crate::converge::interrupt::Interrupt;
use crate::profile::model::{Cluster, Connection, ContextAuth, Profile};
use crate::profile::names::{ClusterName, KindName};

/// Remove the clusters that `bridge up` made for the profile
///
/// Deletes each kind cluster whose nodes say that bridge made them for this very profile, with everything in it, and no
/// other: a cluster of the same name that somebody else made stays. What `bridge up --kubeconfig FILE` wrote into the file
/// goes with them.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// Do not ask
    #[arg(long)]
    auto_approve: bool,
}

/// Removes the clusters of each profile.
pub(super) async fn exec(context: &Context, args: &Args) -> Result<Exit, CliError> {
    context.output("down", &[Output::Text])?;
    approve::check_can_ask(context, args.auto_approve)?;
    let interrupt = interrupt::listen(context.ui.clone());
    crate::cli::for_each_profile(context, async |path| {
        one(context, args, path, &interrupt).await.map(|()| Exit::Done)
    })
    .await
}

async fn one(context: &Context, args: &Args, path: &str, interrupt: &Interrupt) -> Result<(), CliError> {
    let (ready, _) = prepare::ready(context, prepare::read(context, path)?, path)?;
    let removal = interrupt::unless(interrupt, local::look_for_removal(context, &ready)).await??;
    let ui = &context.ui;
    for (name, maker) in &removal.foreign {
        ui.status(&format!("kind: {name}: stays; {maker}; if it may go: kind delete cluster --name {name}"));
    }
    // What knows of them goes with the hub.
    for name in registered_elsewhere(&ready.profile).filter(|_| !removal.clusters.is_empty()) {
        ui.status(&format!(
            "{name}: is no cluster of bridge's, so Argo CD's account there stays, with its token; `bridge destroy` before this removes it"
        ));
    }
    if removal.clusters.is_empty() {
        ui.status("there is no cluster that bridge made for this profile");
    } else if !args.auto_approve {
        ui.say(&shown(&removal));
        let names = words(&removal.clusters);
        let what = format!("bridge will delete {names}, with everything in it. There is no undo.");
        approve::ask_to_destroy(context, &what, interrupt).await?;
    }
    let had_clusters = !removal.clusters.is_empty();
    local::remove(context, removal, interrupt).await?;
    if had_clusters {
        ui.status("done. The engine keeps what others may use: node images, and its network `kind`");
    }
    Ok(())
}

/// Spokes of somebody else's on which bridge made an account for this hub.
fn registered_elsewhere(profile: &Profile) -> impl Iterator<Item = &ClusterName> {
    let is_registered = |cluster: &&Cluster| match &cluster.connection {
        Connection::Context(by) => {
            cluster.kind_cluster.is_none() && matches!(by.auth, ContextAuth::ServiceAccount(_))
        }
        Connection::InCluster | Connection::Remote(_) => false,
    };
    profile.spokes.iter().filter(is_registered).map(|cluster| &cluster.name)
}

fn shown(removal: &Removal) -> String {
    removal.clusters.iter().map(|name| format!("  - kind cluster {name}\n")).collect()
}

fn words(names: &[KindName]) -> String {
    match names {
        [one] => format!("the cluster {one}"),
        several => format!("these {} clusters", several.len()),
    }
}
