//! Deleting one cluster, after another look at whose it is.

use crate::code::Code;
use crate::kind::finished::Tools;
use crate::kind::folder::Folder;
use crate::kind::problem::Problem;
use crate::kind::standing::Standing;
use crate::profile::names::KindName;

/// Deletes a cluster that bridge made for this profile. One that is gone already is no failure.
///
/// # Errors
/// When a node of it does not carry the profile's record, or kind fails.
pub async fn delete(tools: &Tools, folder: &Folder, name: &KindName) -> Result<(), Problem> {
    let standing = Standing::new(tools.engine.nodes().await?);
    if standing.is_there(name.as_str()) {
        if !standing.is_ours(folder, name.as_str()) {
            let message =
                format!("the cluster `{name}` was not made by bridge for this profile, so it stays");
            return Err(Problem::new(Code::FOREIGN_KIND_CLUSTER, message)
                .fix(format!("if it may go: `kind delete cluster --name {name}`")));
        }
        let deleted = tools.kind.delete(&tools.engine, name, &folder.kubeconfig_of(name)).await;
        let why = match deleted {
            Ok(finished) if finished.is_success => None,
            Ok(finished) => Some(finished.words()),
            Err(error) => Some(error.to_string()),
        };
        // What kind says of it is one thing, what is there another.
        if Standing::new(tools.engine.nodes().await?).is_there(name.as_str()) {
            let why = why.unwrap_or_else(|| "kind says that it did".to_owned());
            let message = format!("the cluster `{name}` cannot be deleted: {why}");
            let fix = format!("`kind delete cluster --name {name}`, then run bridge again");
            return Err(Problem::new(Code::KIND_FAILED, message).fix(fix));
        }
    }
    folder.forget(name);
    Ok(())
}
