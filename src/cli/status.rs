//! `bridge status`.

use std::sync::Arc;

use clap::Args as ClapArgs;

use crate::cli::args::Output;
use crate::cli::context::Context;
use crate::cli::converged::Hub;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::prepare::{self, Ready};
use crate::cli::secrets::{self, Reach};
use crate::cli::target::{self, Target};
use crate::cli::{endpoints, for_each_profile, interrupt, local, manifest, profiles};
use crate::cluster::ConnectOptions;
use crate::code::Code;
use crate::converge::interrupt::Interrupt;
use crate::converge::status::{Look, Way, status};
use crate::desired::secrets::Secrets;
use crate::plan::build::Owner;
use crate::plan::status::Status;
use crate::plan::status::expected::Expected;
use crate::plan::status::fleet::FleetCluster;
use crate::profile::model::{Cluster, Connection, Role};
use crate::report::plan_text::Detail;
use crate::report::{status_json, status_text};
use crate::template::context::server;

/// Show how the hub, its clusters, ApplicationSets and Applications are
///
/// Reads only. Exit code 0 when all is well, and 1 when anything is wrong: a workload of Argo CD's that is not ready, a
/// cluster that is not registered or that Argo CD cannot read, an ApplicationSet with an error, an Application that is not
/// Synced and Healthy. What cannot be reached from here is said to be not probed, and is no failure.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// List everything, not only what is not well; the same as -v
    #[arg(long)]
    all: bool,
}

/// Shows the status of each profile.
pub(super) async fn exec(context: &Context, args: &Args) -> Result<Exit, CliError> {
    let output = context.output("status", &[Output::Text, Output::Json])?;
    check_one_profile(context, output)?;
    let detail = if args.all { Detail::Full } else { context.detail() };
    let interrupt = interrupt::listen(context.ui.clone());
    for_each_profile(context, async |path| {
        let ready = prepare::load_unless(context, path, &interrupt).await?;
        let status = read(context, &ready, &interrupt).await?;
        show(context, &status, output, detail)?;
        Ok(if status.is_well() { Exit::Done } else { Exit::Failed })
    })
    .await
}

/// A reader of JSON takes the output for one document.
fn check_one_profile(context: &Context, output: Output) -> Result<(), CliError> {
    let profiles = profiles::profiles(context)?.len();
    if output != Output::Json || profiles < 2 {
        return Ok(());
    }
    let message = format!("`--output json` is one document, and {profiles} profiles are given");
    Err(CliError::usage(Code::USAGE, message).hinted("run `bridge status` once for each profile"))
}

async fn read(context: &Context, ready: &Ready, interrupt: &Arc<Interrupt>) -> Result<Status, CliError> {
    let profile = &ready.profile;
    // Argo CD repeats what git and clusters say. What can be known of secrets without asking anybody is masked in it; a
    // reference that leads nowhere matters to an apply only.
    let _ = secrets::resolve(context, profile, &ready.folder, Reach::Local).await;
    let expected = expected(context, ready).await?;
    let context = &local::for_profile(context, ready)?;
    let target = target::choose(context, profile)?;
    let hub = Hub::connect(context, &target, interrupt).await;
    let hub = hub.map_err(|error| local::hint(ready, error))?;
    let fleet = profile.clusters().map(|cluster| look(context, cluster, &target)).collect();
    let owner = Owner::of(profile);
    Ok(interrupt::unless(interrupt, status(&hub.cluster, &owner, &expected, fleet)).await??)
}

/// What has to be there. Nothing is downloaded for a look: without Argo CD's manifest its workloads are not known.
async fn expected(context: &Context, ready: &Ready) -> Result<Expected, CliError> {
    let (manifest, _) = manifest::at_hand(context, ready).await?;
    let has_argo_cd = manifest.is_some();
    let desired = ready.assemble(manifest, &Secrets::Masked)?;
    Ok(Expected::of(&desired.objects, has_argo_cd))
}

fn look(context: &Context, cluster: &Cluster, target: &Target) -> Look {
    let way = match (cluster.role, &cluster.connection) {
        (Role::Hub, _) => Way::Hub,
        (Role::Spoke, Connection::Context(by)) => Way::Context(Box::new(ConnectOptions {
            context: Some(by.context.clone()),
            in_cluster: false,
            ..target.options.clone()
        })),
        (Role::Spoke, Connection::InCluster | Connection::Remote(_)) => {
            Way::None("no context in the profile".to_owned())
        }
    };
    let server = match &cluster.connection {
        // A context that this kubeconfig lacks is no failure of the fleet: its Secret is found by the name.
        Connection::Context(by) => {
            endpoints::remote(context, by).map(|remote| remote.server).unwrap_or_default()
        }
        other => server(other).to_owned(),
    };
    let server = server.trim_end_matches('/').to_owned();
    Look { cluster: FleetCluster { name: cluster.name.to_string(), server }, way }
}

fn show(context: &Context, status: &Status, output: Output, detail: Detail) -> std::io::Result<()> {
    let ui = &context.ui;
    match output {
        Output::Json => ui.document(serde_json::json!(status_json::document(status))),
        Output::Text | Output::Sarif | Output::Markdown => {
            ui.data(&status_text::render(status, detail, ui.redactor()))
        }
    }
}
