//! Removing the clusters that bridge made for a profile, and nothing else.

use super::{contexts, hold, in_the_way, specs, tools};
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::prepare::Ready;
use crate::code::Code;
use crate::converge::interrupt::Interrupt;
use crate::kind::{self, Folder, Found, Maker, Standing, Tools};
use crate::profile::names::KindName;

/// What would be removed, and what it is removed with.
pub(in crate::cli) struct Removal {
    /// The clusters that bridge made for the profile, whether it still names them or not.
    pub(in crate::cli) clusters: Vec<KindName>,
    /// Clusters under names of the profile that bridge did not make for it, which stay.
    pub(in crate::cli) foreign: Vec<(KindName, Maker)>,
    tools: Tools,
    folder: Folder,
}

/// Looks at what is there. Changes nothing.
///
/// # Errors
/// When kind or the engine is not there, or somebody else is at work on these clusters.
pub(in crate::cli) async fn look(context: &Context, ready: &Ready) -> Result<Removal, CliError> {
    let specs = specs(ready);
    let (tools, info) = tools(context).await.map_err(|missing| in_the_way(&missing))?;
    let folder = hold(context, ready, &tools.engine, &info)?;
    let nodes = tools.engine.nodes().await.map_err(|problem| in_the_way(&[problem]))?;
    let standing = Standing::new(nodes);
    if let Some(name) = folder.recorded().into_iter().find(|name| folder.is_at_work(name)) {
        let message =
            format!("a kind that an interrupted run started is still at work on the cluster `{name}`");
        return Err(CliError::new(Code::KIND_BUSY, Exit::Conflict, message).hinted(format!(
            "`pgrep --full 'kind create cluster --name {name}'` names it; wait for its end, or end it"
        )));
    }
    let foreign = specs.iter().filter_map(|spec| match standing.find(&folder, spec) {
        Found::Foreign(maker) => Some((spec.name.clone(), maker)),
        Found::Nothing | Found::Unfinished | Found::Made { .. } => None,
    });
    let foreign = foreign.collect();
    Ok(Removal { clusters: standing.made_for(&folder), foreign, tools, folder })
}

/// Removes them, each after another look at whose it is. What fails does not hold up the others.
///
/// # Errors
/// What could not be removed, or was not because the user asked to stop.
pub(in crate::cli) async fn remove(
    context: &Context,
    removal: Removal,
    interrupt: &Interrupt,
) -> Result<(), CliError> {
    let Removal { clusters, foreign: _, tools, folder } = removal;
    let mut problems = Vec::new();
    for (at, name) in clusters.iter().enumerate() {
        if interrupt.is_requested() {
            let left: Vec<&str> = clusters[at..].iter().map(KindName::as_str).collect();
            let message = format!("interrupted; still there: {}", left.join(", "));
            return Err(
                CliError::new(Code::INTERRUPTED, Exit::Interrupted, message).hinted("`bridge down` goes on")
            );
        }
        context.ui.status(&format!("kind: {name}: deleting it"));
        problems.extend(kind::delete(&tools, &folder, name).await.err());
    }
    if !problems.is_empty() {
        return Err(in_the_way(&problems));
    }
    let left = contexts::take_out(context, kind::written(folder.root())).await;
    if left.is_empty() {
        folder.forget_all();
        return Ok(());
    }
    // The next `bridge down` takes it out.
    folder.keep_written(&left).map_err(|problem| in_the_way(&[problem]))
}
