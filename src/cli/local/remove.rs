//! Removing the clusters that bridge made for a profile, and nothing else.

use super::{hold, in_the_way, specs, tools};
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::prepare::Ready;
use crate::kind::{self, Folder, Found, Standing, Tools};
use crate::profile::names::KindName;

/// What would be removed, and what it is removed with.
pub(in crate::cli) struct Removal {
    /// The clusters that bridge made for the profile, whether it still names them or not.
    pub(in crate::cli) clusters: Vec<KindName>,
    /// Clusters under names of the profile that bridge did not make for it, which stay.
    pub(in crate::cli) foreign: Vec<KindName>,
    tools: Tools,
    folder: Folder,
}

/// Looks at what is there. Changes nothing.
///
/// # Errors
/// When kind or the engine is not there, or another bridge is at work on these clusters.
pub(in crate::cli) async fn look(context: &Context, ready: &Ready) -> Result<Removal, CliError> {
    let specs = specs(ready)?;
    let (tools, _) = tools(context).await?;
    let folder = hold(context, ready)?;
    let nodes = tools.engine.nodes().await.map_err(|problem| in_the_way(&[problem]))?;
    let standing = Standing::new(nodes);
    let is_foreign = |found: Found| matches!(found, Found::Foreign { .. });
    let foreign = specs.iter().filter(|spec| is_foreign(standing.find(&folder, spec)));
    let foreign = foreign.map(|spec| spec.name.clone()).collect();
    Ok(Removal { clusters: standing.made_for(&folder), foreign, tools, folder })
}

/// Removes them, each after another look at whose it is. What fails does not hold up the others.
///
/// # Errors
/// What could not be removed.
pub(in crate::cli) async fn remove(context: &Context, removal: Removal) -> Result<(), CliError> {
    let Removal { clusters, foreign: _, tools, folder } = removal;
    let mut problems = Vec::new();
    for name in &clusters {
        context.ui.status(&format!("kind: {name}: deleting it"));
        problems.extend(kind::delete(&tools, &folder, name).await.err());
    }
    if !problems.is_empty() {
        return Err(in_the_way(&problems));
    }
    folder.forget_all();
    Ok(())
}
