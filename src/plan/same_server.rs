//! A renamed cluster keeps its Secret.
//!
//! Argo CD knows a cluster by its server. Were a renamed cluster's Secret deleted and another one created, Argo CD would
//! see a time without the cluster and delete its Applications; so the Secret is found by `server` and changed in place.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::desired::object::{NotAnObject, Object};
use crate::plan::live::Live;

/// Gives desired cluster Secrets the names of the live ones that stand for the same server.
///
/// # Errors
/// Never for objects that were proven to be some.
pub fn keep_names(objects: Vec<Object>, live: &[Live]) -> Result<Vec<Object>, NotAnObject> {
    let mut by_server: BTreeMap<String, Vec<&Live>> = BTreeMap::new();
    for secret in live {
        by_server.entry(server(secret.object())).or_default().push(secret);
    }
    objects.into_iter().map(|object| keep_name(object, &by_server)).collect()
}

fn keep_name(object: Object, by_server: &BTreeMap<String, Vec<&Live>>) -> Result<Object, NotAnObject> {
    if !is_cluster_secret(&object) {
        return Ok(object);
    }
    let candidates = by_server.get(&server(&object)).map_or(&[][..], Vec::as_slice);
    if candidates.iter().any(|live| live.id() == object.id()) {
        return Ok(object);
    }
    let Some(live) = candidates.first() else { return Ok(object) };
    let name = live.id().name.clone();
    object.map(|mut body| {
        body["metadata"]["name"] = Value::String(name);
        body
    })
}

fn is_cluster_secret(object: &Object) -> bool {
    let label =
        object.body().pointer("/metadata/labels/argocd.argoproj.io~1secret-type").and_then(Value::as_str);
    object.id().group_kind.kind == "Secret" && label == Some("cluster")
}

/// The server that a cluster Secret stands for, without the trailing slashes that Argo CD ignores.
fn server(object: &Object) -> String {
    let encoded = object.body().pointer("/data/server").and_then(Value::as_str).unwrap_or_default();
    let bytes = STANDARD.decode(encoded).unwrap_or_default();
    String::from_utf8_lossy(&bytes).trim_end_matches('/').to_owned()
}
