//! Deleting one cluster, after another look at whose it is.

use crate::code::Code;
use crate::kind::finished::Tools;
use crate::kind::folder::Folder;
use crate::kind::problem::Problem;
use crate::kind::standing::Standing;
use crate::profile::names::KindName;

/// Deletes a cluster that bridge made for this profile. One that is gone already is no failure.
///
/// What is deleted are the containers that were looked at, by their ids. `kind delete cluster` would take whatever has the
/// name by then.
///
/// # Errors
/// When a node of it does not carry the profile's record, or the engine keeps one.
pub async fn delete(tools: &Tools, folder: &Folder, name: &KindName) -> Result<(), Problem> {
    let standing = Standing::new(tools.engine.nodes().await?);
    if standing.is_there(name.as_str()) {
        let Some(nodes) = standing.nodes_of_ours(folder, name.as_str()) else {
            let message =
                format!("the cluster `{name}` was not made by bridge for this profile, so it stays");
            return Err(Problem::new(Code::FOREIGN_KIND_CLUSTER, message)
                .fix(format!("if it may go: `kind delete cluster --name {name}`")));
        };
        tools.engine.remove(&nodes).await.map_err(|Problem { message, fixes, .. }| {
            let message = format!("the cluster `{name}` cannot be deleted: {message}");
            let problem = Problem::new(Code::KIND_FAILED, message);
            fixes.into_iter().fold(problem, Problem::fix).fix("run `bridge down` again")
        })?;
    }
    folder.forget(name);
    Ok(())
}
