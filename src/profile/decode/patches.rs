//! `argocd.patches`: changes to the manifest of Argo CD.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::code::Code;
use crate::profile::decode::decoder::Decoder;
use crate::profile::decode::keys;
use crate::profile::model::{Patch, PatchOperation, PatchTarget};
use crate::profile::names::{LabelKey, LabelValue};
use crate::profile::node::Node;

/// Decodes one patch.
pub(crate) fn patch(node: &Node, d: &mut Decoder) -> Option<Patch> {
    let fields = d.fields(node, keys::PATCH)?;
    let target = fields.require(d, "target").and_then(|node| target(node, d));
    let operation = match (fields.get("json6902"), fields.get("merge")) {
        (Some(node), None) => json6902(node, d),
        (None, Some(node)) => merge(node, d),
        (Some(_), Some(_)) | (None, None) => {
            let message = "a patch has exactly one of `json6902` and `merge`";
            d.error(Code::PATCH_OPERATION, &node.location, message, "keep or add one of them");
            None
        }
    };
    let (target, operation) = (target?, operation?);
    if target.kind == "Secret" && sets_data(&operation) {
        let message = "the patch writes the data of a Secret, and a profile holds only references to secrets";
        let fix = "remove `data` and `stringData`, and let what fills your other Secrets fill this one";
        d.error(Code::SECRET_LITERAL, &node.location, message, fix);
        return None;
    }
    Some(Patch { target, operation, at: node.location.clone() })
}

fn target(node: &Node, d: &mut Decoder) -> Option<PatchTarget> {
    let fields = d.fields(node, keys::PATCH_TARGET)?;
    // The group of core objects is empty, so an empty text means something here.
    let group = fields.get("group").map(|node| d.text(node, "`group`").map(str::to_owned));
    let kind = fields.require(d, "kind").and_then(|node| d.filled_text(node, "`kind`"));
    let name = fields.get("name").map(|node| d.filled_text(node, "`name`"));
    let labels = fields.get("labels").map_or_else(BTreeMap::new, |node| labels(node, d));
    let group = group.map_or(Some(None), |group| group.map(Some));
    let name = name.map_or(Some(None), |name| name.map(Some));
    Some(PatchTarget { group: group?, kind: kind?, name: name?, labels })
}

fn labels(node: &Node, d: &mut Decoder) -> BTreeMap<String, String> {
    let mut labels = BTreeMap::new();
    let Some(mapping) = d.mapping(node, "a map of labels") else { return labels };
    for entry in &mapping.entries {
        let key = crate::profile::decode::clusters::key::<LabelKey>(&entry.key, Code::LABEL_KEY, d);
        let value: Option<LabelValue> = d.name(&entry.value, Code::LABEL_VALUE, "a label's value");
        if let (Some(key), Some(value)) = (key, value) {
            labels.insert(key.to_string(), value.to_string());
        }
    }
    labels
}

fn json6902(node: &Node, d: &mut Decoder) -> Option<PatchOperation> {
    let operations = d.json(node)?;
    if serde_json::from_value::<json_patch::Patch>(operations.clone()).is_err() {
        // What serde says of a broken operation can hold its value.
        let is_broken = |operation: &&Json| {
            serde_json::from_value::<json_patch::PatchOperation>((*operation).clone()).is_err()
        };
        let broken = operations.as_array().and_then(|all| all.iter().position(|one| is_broken(&one)));
        let message = match broken {
            Some(index) => format!("operation {} is no JSON 6902 operation", index + 1),
            None => "this is no list of JSON 6902 operations".to_owned(),
        };
        let fix = "write a list of `{ op: replace, path: /spec/replicas, value: 2 }`; a `/` in a key is `~1`";
        d.error(Code::PATCH_SYNTAX, &node.location, message, fix);
        return None;
    }
    Some(PatchOperation::Json6902(operations))
}

fn merge(node: &Node, d: &mut Decoder) -> Option<PatchOperation> {
    d.mapping(node, "a map for a merge patch")?;
    d.json(node).map(PatchOperation::Merge)
}

/// The two keys of a Secret that hold what is secret.
const DATA: [&str; 2] = ["data", "stringData"];

/// Whether an operation on a Secret writes out what is secret. Taking a key away does not.
fn sets_data(operation: &PatchOperation) -> bool {
    match operation {
        PatchOperation::Merge(merge) => has_data(merge),
        PatchOperation::Json6902(operations) => operations.as_array().into_iter().flatten().any(|one| {
            let path = one.get("path").and_then(Json::as_str).unwrap_or_default();
            let value = one.get("value").unwrap_or(&Json::Null);
            match path.trim_start_matches('/').split('/').next() {
                Some("") | None => has_data(value),
                Some(first) => DATA.contains(&first) && has_value(value),
            }
        }),
    }
}

fn has_data(object: &Json) -> bool {
    DATA.iter().filter_map(|key| object.get(key)).any(has_value)
}

fn has_value(value: &Json) -> bool {
    match value {
        Json::Null => false,
        Json::Object(map) => map.values().any(has_value),
        Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Array(_) => true,
    }
}
