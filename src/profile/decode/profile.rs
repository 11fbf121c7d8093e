//! The top of the profile.

use crate::code::Code;
use crate::profile::decode::clusters::{self, Clusters};
use crate::profile::decode::decoder::{Decoder, Fields};
use crate::profile::decode::{argocd, gitops, keys, projects, repositories};
use crate::profile::model::{GitOps, Profile};
use crate::profile::names::ProfileName;
use crate::profile::node::Node;

/// Decodes a whole profile. `None` when something that it needs was reported.
pub(crate) fn profile(root: &Node, d: &mut Decoder) -> Option<Profile> {
    let fields = d.fields(root, keys::PROFILE)?;
    let name = name(&fields, d);
    // First, because references to secrets lead to Argo CD's namespace unless they name another.
    let argocd = argocd::argocd(fields.get("argocd"), fields.at, d);
    let repositories = fields.get("repositories").map(|node| repositories::repositories(node, d));
    let gitops = fields.get("gitops").map_or_else(|| Some(GitOps::default()), |node| gitops::gitops(node, d));
    let projects = fields.get("projects").map(|node| projects::projects(node, d));
    let clusters = fields.require(d, "clusters").map(|node| clusters::clusters(node, d));
    let application_sets = gitops::application_sets(fields.get("applicationSets"), d);
    let Clusters { hub, hub_context, spokes } = clusters?;
    Some(Profile {
        name: name?,
        argocd: argocd?,
        repositories: repositories.unwrap_or_default(),
        gitops: gitops?,
        projects: projects.unwrap_or_default(),
        hub: hub?,
        hub_context,
        spokes,
        application_sets: application_sets?,
    })
}

fn name(fields: &Fields<'_>, d: &mut Decoder) -> Option<ProfileName> {
    let metadata = fields.require(d, "metadata")?;
    let metadata = d.fields(metadata, keys::METADATA)?;
    let name = metadata.require(d, "name")?;
    d.name(name, Code::INVALID_NAME, "the profile's name")
}
