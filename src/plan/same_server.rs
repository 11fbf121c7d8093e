//! A renamed cluster keeps its Secret.
//!
//! Argo CD knows a cluster by its server. Were a renamed cluster's Secret deleted and another one created, Argo CD would
//! see a time without the cluster and delete its Applications; so the Secret is found by `server` and changed in place.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::desired::object::{NotAnObject, Object};
use crate::desired::secret_data;
use crate::plan::live::Live;

/// The live cluster Secrets by their servers.
#[derive(Debug)]
pub struct KnownClusters<'a> {
    /// Of each server, in the order in which they count.
    by_server: BTreeMap<String, Vec<&'a Live>>,
}

impl<'a> KnownClusters<'a> {
    /// Of several for one server bridge's own come before those of others, which cannot be written without consent, and each by
    /// name, so that the same one is always found.
    #[must_use]
    pub fn new(secrets: impl IntoIterator<Item = &'a Live>, is_ours: impl Fn(&Live) -> bool) -> Self {
        let mut secrets: Vec<&Live> = secrets.into_iter().collect();
        secrets.sort_by_key(|live| live.id());
        let (mut ours, mut others) = (BTreeMap::new(), BTreeMap::<String, Vec<&Live>>::new());
        for secret in secrets {
            let of = if is_ours(secret) { &mut ours } else { &mut others };
            of.entry(server(secret.body())).or_default().push(secret);
        }
        others.extend(ours);
        Self { by_server: others }
    }

    /// The Secret that stands for a server: the one of the wanted name, else the first.
    #[must_use]
    pub fn standing_for(&self, server: &str, name: &str) -> Option<&'a Live> {
        let secrets = self.by_server.get(server.trim_end_matches('/'))?;
        secrets.iter().find(|secret| secret.id().name == name).or(secrets.first()).copied()
    }
}

/// Gives desired cluster Secrets the names of the live ones that stand for the same server.
///
/// A new cluster that was given the name which a renamed cluster's Secret keeps gets a name of its own, derived from its
/// server so that it stays the same.
///
/// # Errors
/// Never for objects that were proven to be some.
pub fn keep_names(objects: Vec<Object>, known: &KnownClusters<'_>) -> Result<Vec<Object>, NotAnObject> {
    let taken: BTreeSet<String> = objects.iter().filter_map(|object| live_name(object, known)).collect();
    objects.into_iter().map(|object| keep_name(object, known, &taken)).collect()
}

fn live_name(object: &Object, known: &KnownClusters<'_>) -> Option<String> {
    if !object.is_cluster_secret() {
        return None;
    }
    let live = known.standing_for(&server(object.body()), &object.id().name)?;
    Some(live.id().name.clone())
}

fn keep_name(
    object: Object,
    known: &KnownClusters<'_>,
    taken: &BTreeSet<String>,
) -> Result<Object, NotAnObject> {
    let name = object.id().name.clone();
    let wanted = match live_name(&object, known) {
        Some(live) => live,
        None if object.is_cluster_secret() && taken.contains(&name) => {
            let digest = Sha256::digest(server(object.body()));
            format!("{name}-{:02x}{:02x}{:02x}{:02x}", digest[0], digest[1], digest[2], digest[3])
        }
        None => return Ok(object),
    };
    object.map(|mut body| {
        body["metadata"]["name"] = Value::String(wanted);
        body
    })
}

/// The server that a cluster Secret stands for, without the trailing slashes that Argo CD ignores.
#[must_use]
pub fn server(secret: &Value) -> String {
    let server = secret_data::text(secret, "server").unwrap_or_default();
    server.trim_end_matches('/').to_owned()
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use serde_json::{Value, json};

    use super::{KnownClusters, Live, Object, keep_names};

    fn secret(name: &str, server: &str) -> Value {
        let labels = json!({"argocd.argoproj.io/secret-type": "cluster"});
        let metadata = json!({"name": name, "namespace": "argocd", "labels": labels});
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": {"server": STANDARD.encode(server)}})
    }

    fn lives(secrets: &[(&str, &str)]) -> Vec<Live> {
        secrets.iter().map(|(name, server)| Live::new(secret(name, server)).unwrap()).collect()
    }

    fn names_beside(desired: &[(&str, &str)], ours: &[(&str, &str)], others: &[(&str, &str)]) -> Vec<String> {
        let desired =
            desired.iter().map(|(name, server)| Object::new(secret(name, server)).unwrap()).collect();
        let (all, ours) = (lives(&[others, ours].concat()), lives(ours));
        let is_ours = |live: &Live| ours.iter().any(|own| own.id() == live.id());
        let kept = keep_names(desired, &KnownClusters::new(&all, is_ours)).unwrap();
        kept.iter().map(|object| object.id().name.clone()).collect()
    }

    fn names(desired: &[(&str, &str)], live: &[(&str, &str)]) -> Vec<String> {
        names_beside(desired, live, &[])
    }

    #[test]
    fn a_foreign_secret_never_comes_before_our_own() {
        let (ours, theirs) = ([("old", "https://a")], [("new", "https://a")]);
        assert_eq!(names_beside(&[("new", "https://a")], &ours, &theirs), ["old"]);
        assert_eq!(names_beside(&[("x", "https://a")], &[], &theirs), ["new"], "it is found, to be shown");
    }

    #[test]
    fn a_renamed_cluster_keeps_its_secret() {
        assert_eq!(names(&[("new", "https://a")], &[("old", "https://a/")]), ["old"]);
        assert_eq!(
            names(&[("a", "https://b"), ("b", "https://a")], &[("a", "https://a"), ("b", "https://b")]),
            ["b", "a"]
        );
    }

    #[test]
    fn a_new_cluster_never_takes_the_secret_that_a_renamed_one_keeps() {
        let names = names(&[("old", "https://new"), ("renamed", "https://a")], &[("old", "https://a")]);
        assert_eq!(names[1], "old");
        assert!(names[0].starts_with("old-") && names[0].len() == 12, "{names:?}");
    }

    #[test]
    fn other_objects_keep_their_names() {
        assert_eq!(names(&[("x", "https://x")], &[("y", "https://y")]), ["x"]);
    }
}
