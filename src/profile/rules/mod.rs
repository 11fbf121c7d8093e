//! Rules that need more than one field. They read the tree, not the model, so that they hold for the sound parts of a
//! profile that has other mistakes.

mod argocd;
mod clusters;
mod duplicates;
mod glob;
mod kind;
mod labels;
mod projects;
mod repositories;
mod root_sets;

use crate::profile::decode::decoder::Decoder;
use crate::profile::node::Node;

/// Checks every rule.
pub(crate) fn check(root: &Node, d: &mut Decoder) {
    argocd::check(root, d);
    repositories::check(root, d);
    projects::check(root, d);
    root_sets::check(root, d);
    clusters::check(root, d);
    kind::check(root, d);
}

/// The items of a list at the top of the profile.
fn items<'n>(root: &'n Node, key: &str) -> &'n [Node] {
    root.get(key).map_or(&[], Node::items)
}
