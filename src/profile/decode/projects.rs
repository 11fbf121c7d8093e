//! `projects`: Argo CD's AppProjects, checked field by field and written as Argo CD reads them.

use serde_json::{Map, Value as Json};

use crate::code::Code;
use crate::profile::address;
use crate::profile::decode::decoder::{Decoder, Fields};
use crate::profile::decode::keys::{self, Shape};
use crate::profile::decode::sync_window;
use crate::profile::model::Project;
use crate::profile::names::ObjectName;
use crate::profile::node::Node;

/// Decodes the list of projects.
pub(crate) fn projects(node: &Node, d: &mut Decoder) -> Vec<Project> {
    d.list(node, "projects").iter().filter_map(|node| project(node, d)).collect()
}

fn project(node: &Node, d: &mut Decoder) -> Option<Project> {
    let fields = d.fields(node, keys::PROJECT)?;
    let name: Option<ObjectName> =
        fields.require(d, "name").and_then(|node| d.name(node, Code::INVALID_NAME, "a project's name"));
    let mut spec = Map::new();
    let project_name = name.as_ref().map(ObjectName::as_str);
    write_texts(&fields, d, &mut spec);
    write_lists(&fields, d, &mut spec, project_name);
    if let Some(node) = fields.get("orphanedResources") {
        spec.extend(orphaned(node, d).map(|value| ("orphanedResources".to_owned(), value)));
    }
    if let Some(node) = fields.get("permitOnlyProjectScopedClusters") {
        let only = d.boolean(node, "`permitOnlyProjectScopedClusters`");
        spec.extend(only.map(|only| ("permitOnlyProjectScopedClusters".to_owned(), only.into())));
    }
    Some(Project { name: name?, spec, at: node.location.clone() })
}

fn write_texts(fields: &Fields<'_>, d: &mut Decoder, spec: &mut Map<String, Json>) {
    write_text(fields, "description", d, spec);
    for key in ["sourceRepos", "sourceNamespaces"] {
        write_text_list(fields, key, d, spec);
    }
    for source in fields.get("sourceRepos").map_or(&[] as &[Node], Node::items) {
        refuse_password(Some(source), d);
    }
}

/// Copies a text of the profile to the object under the same key.
pub(crate) fn write_text(fields: &Fields<'_>, key: &str, d: &mut Decoder, to: &mut Map<String, Json>) {
    let text = fields.get(key).and_then(|node| d.text(node, &format!("`{key}`")).map(str::to_owned));
    to.extend(text.map(|text| (key.to_owned(), text.into())));
}

/// Copies a list of texts of the profile to the object under the same key.
pub(crate) fn write_text_list(fields: &Fields<'_>, key: &str, d: &mut Decoder, to: &mut Map<String, Json>) {
    let texts = fields.get(key).map(|node| d.texts(node, &format!("`{key}`")));
    to.extend(texts.map(|texts| (key.to_owned(), texts.into())));
}

fn write_lists(fields: &Fields<'_>, d: &mut Decoder, spec: &mut Map<String, Json>, project: Option<&str>) {
    write_list(fields, "destinations", d, spec, destination);
    for key in [
        "clusterResourceWhitelist",
        "clusterResourceBlacklist",
        "namespaceResourceWhitelist",
        "namespaceResourceBlacklist",
    ] {
        write_list(fields, key, d, spec, group_kind);
    }
    write_list(fields, "roles", d, spec, |node, d| role(node, project, d));
    write_list(fields, "syncWindows", d, spec, sync_window::sync_window);
    write_list(fields, "destinationServiceAccounts", d, spec, service_account);
}

fn write_list(
    fields: &Fields<'_>,
    key: &str,
    d: &mut Decoder,
    spec: &mut Map<String, Json>,
    read: impl Fn(&Node, &mut Decoder) -> Option<Json>,
) {
    let Some(node) = fields.get(key) else { return };
    let items: Vec<Json> = d.list(node, "maps").iter().filter_map(|item| read(item, d)).collect();
    spec.insert(key.to_owned(), items.into());
}

/// A map whose keys are texts, those in `required` without exception.
fn text_map(
    node: &Node,
    shape: &'static Shape,
    required: &[&str],
    d: &mut Decoder,
) -> Option<Map<String, Json>> {
    let fields = d.fields(node, shape)?;
    let mut map = Map::new();
    for key in shape.keys {
        if required.contains(key) {
            fields.require(d, key);
        }
        write_text(&fields, key, d, &mut map);
    }
    Some(map)
}

/// What a project allows is stored in clear.
fn refuse_password(node: Option<&Node>, d: &mut Decoder) {
    if let Some((node, text)) = node.and_then(|node| Some((node, node.text()?))) {
        address::refuse_password(d, node, text);
    }
}

fn destination(node: &Node, d: &mut Decoder) -> Option<Json> {
    let map = text_map(node, keys::DESTINATION, &["namespace"], d)?;
    refuse_password(node.get("server"), d);
    let (message, fix) = match (node.get("server"), node.get("name")) {
        (Some(_), None) | (None, Some(_)) => return Some(Json::Object(map)),
        (Some(_), Some(_)) => {
            ("a destination has a `server` and a `name`", "keep one of them; Argo CD refuses both")
        }
        (None, None) => ("a destination names no cluster", "add `name: \"*\"`, or a `server`"),
    };
    d.error(Code::DESTINATION, &node.location, message, fix);
    None
}

fn group_kind(node: &Node, d: &mut Decoder) -> Option<Json> {
    text_map(node, keys::GROUP_KIND, &["group", "kind"], d).map(Json::Object)
}

fn service_account(node: &Node, d: &mut Decoder) -> Option<Json> {
    refuse_password(node.get("server"), d);
    text_map(node, keys::SERVICE_ACCOUNT, keys::SERVICE_ACCOUNT.keys, d).map(Json::Object)
}

fn orphaned(node: &Node, d: &mut Decoder) -> Option<Json> {
    let fields = d.fields(node, keys::ORPHANED)?;
    let mut map = Map::new();
    if let Some(node) = fields.get("warn") {
        map.extend(d.boolean(node, "`warn`").map(|warn| ("warn".to_owned(), warn.into())));
    }
    write_list(&fields, "ignore", d, &mut map, |node, d| {
        text_map(node, keys::ORPHANED_KEY, &[], d).map(Json::Object)
    });
    Some(Json::Object(map))
}

fn role(node: &Node, project: Option<&str>, d: &mut Decoder) -> Option<Json> {
    let fields = d.fields(node, keys::ROLE)?;
    let mut map = Map::new();
    fields.require(d, "name");
    write_text(&fields, "name", d, &mut map);
    write_text(&fields, "description", d, &mut map);
    write_text_list(&fields, "policies", d, &mut map);
    write_text_list(&fields, "groups", d, &mut map);
    let role = node.get("name").and_then(Node::text);
    if let (Some(project), Some(role), Some(policies)) = (project, role, fields.get("policies")) {
        for policy in policies.items() {
            check_policy(policy, &format!("proj:{project}:{role}"), project, d);
        }
    }
    Some(Json::Object(map))
}

/// `p, proj:<project>:<role>, <resource>, <action>, <project>/<object>, allow|deny`: what Argo CD's API insists on.
fn check_policy(node: &Node, subject: &str, project: &str, d: &mut Decoder) {
    let Some(text) = node.text() else { return };
    let parts: Vec<&str> = text.split(',').map(str::trim).collect();
    let is_valid = match parts.as_slice() {
        ["p", found, _, _, object, "allow" | "deny"] => {
            *found == subject && object.split('/').next().is_some_and(|owner| owner == project)
        }
        _ => false,
    };
    if !is_valid {
        let message = format!("`{text}` is no policy that this role can have");
        let fix = format!("write `p, {subject}, applications, sync, {project}/*, allow`");
        d.error(Code::ROLE_POLICY, &node.location, message, fix);
    }
}
