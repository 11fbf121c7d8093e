//! `gitops` and `applicationSets`: what the root ApplicationSets pull, and how.

use crate::code::Code;
use crate::profile::address;
use crate::profile::decode::decoder::{Decoder, Fields};
use crate::profile::decode::keys;
use crate::profile::model::{ApplicationSets, GitOps, GitSource, PerCluster};
use crate::profile::node::Node;

/// Decodes `gitops`.
pub(crate) fn gitops(node: &Node, d: &mut Decoder) -> Option<GitOps> {
    let fields = d.fields(node, keys::GITOPS)?;
    let mut source = |key: &str| fields.get(key).map(|node| git_source(node, d));
    let (addons, addons_extras) = (source("addons"), source("addonsExtras"));
    let (workloads, clusters) = (source("workloads"), source("clusters"));
    // A source that is there but broken was reported; the profile is refused for that.
    Some(GitOps {
        addons: addons.flatten(),
        addons_extras: addons_extras.flatten(),
        workloads: workloads.flatten(),
        clusters: clusters.flatten(),
    })
}

fn git_source(node: &Node, d: &mut Decoder) -> Option<GitSource> {
    let fields = d.fields(node, keys::GIT_SOURCE)?;
    let url = fields.require(d, "url").and_then(|node| address::git(d, node, "`url`"));
    let base_path = relative(&fields, "basePath", d);
    let path = relative(&fields, "path", d);
    let revision = match fields.get("revision") {
        Some(node) => d.filled_text(node, "`revision`"),
        None => Some("HEAD".to_owned()),
    };
    let base_path = match base_path?.as_str() {
        "" => "./".to_owned(),
        base_path => format!("{base_path}/"),
    };
    Some(GitSource { url: url?, base_path, path: path?, revision: revision? })
}

/// A path inside a repository, without slashes at its ends.
fn relative(fields: &Fields<'_>, key: &str, d: &mut Decoder) -> Option<String> {
    let Some(node) = fields.get(key) else { return Some(String::new()) };
    let text = d.text(node, &format!("`{key}`"))?;
    if text.starts_with('/') || text.split('/').any(|part| part == "..") || text.contains('\\') {
        let message = format!("`{key}: {text}` does not stay inside the repository");
        let fix = "write a path relative to the root of the repository, without `..` and with `/`";
        d.error(Code::GIT_PATH, &node.location, message, fix);
        return None;
    }
    let parts = text.split('/').filter(|part| !part.is_empty() && *part != ".");
    Some(parts.collect::<Vec<_>>().join("/"))
}

/// Decodes `applicationSets`, or what it is when the profile does not mention it.
pub(crate) fn application_sets(node: Option<&Node>, d: &mut Decoder) -> Option<ApplicationSets> {
    let per_cluster = PerCluster::default();
    let Some(node) = node else {
        return Some(ApplicationSets { preserve_resources_on_deletion: true, per_cluster, templates: None });
    };
    let fields = d.fields(node, keys::APPLICATION_SETS)?;
    let templates = fields.get("templates").and_then(|node| {
        let path = d.path(node, "`templates`")?;
        Some((path, node.location.clone()))
    });
    Some(ApplicationSets {
        preserve_resources_on_deletion: d.flag(&fields, "preserveResourcesOnDeletion", true),
        per_cluster: PerCluster {
            addons: per_cluster_of(&fields, "addons", d),
            workloads: per_cluster_of(&fields, "workloads", d),
            clusters: per_cluster_of(&fields, "clusters", d),
        },
        templates,
    })
}

fn per_cluster_of(fields: &Fields<'_>, set: &str, d: &mut Decoder) -> bool {
    let Some(node) = fields.get(set) else { return false };
    d.fields(node, keys::ROOT_SET).is_some_and(|fields| d.flag(&fields, "perCluster", false))
}
