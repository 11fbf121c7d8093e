//! Container images from another registry, and the Secrets to pull them with.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::desired::pods::{containers_mut, pod_spec_mut};
use crate::profile::model::Images;

/// Rewrites the images of an object that makes pods, and adds the pull Secrets to it.
pub fn rewrite(document: &mut Value, images: &Images) {
    let Images { registries, pull_secrets } = images;
    let Some(spec) = pod_spec_mut(document) else { return };
    for container in containers_mut(spec) {
        if let Some(Value::String(image)) = container.get_mut("image")
            && let Some(mirrored) = mirror(image, registries)
        {
            *image = mirrored;
        }
    }
    for name in pull_secrets {
        add_pull_secret(spec, name.as_str());
    }
}

fn add_pull_secret(spec: &mut Value, name: &str) {
    let Some(spec) = spec.as_object_mut() else { return };
    let list = spec.entry("imagePullSecrets").or_insert_with(|| json!([]));
    let entry = json!({ "name": name });
    if let Some(list) = list.as_array_mut().filter(|list| !list.contains(&entry)) {
        list.push(entry);
    }
}

/// The image at its mirror; `None` when no rewrite is for it.
///
/// The longest prefix wins, and prefixes end where a part of the path ends: `quay.io/argoproj` is no prefix of
/// `quay.io/argoprojlabs/x`.
#[must_use]
pub fn mirror(image: &str, registries: &BTreeMap<String, String>) -> Option<String> {
    let canonical = canonical(image);
    let matches = registries.iter().filter_map(|(from, to)| {
        let from = registry_alias(from.trim_end_matches('/'));
        let rest = canonical.strip_prefix(&from)?;
        (rest.is_empty() || rest.starts_with(['/', ':', '@'])).then_some((from.len(), to, rest))
    });
    let (_, to, rest) = matches.max_by_key(|(length, _, _)| *length)?;
    Some(format!("{}{rest}", to.trim_end_matches('/')))
}

/// The image with the registry and path that a container runtime takes where they are left out:
/// `redis:7` is `docker.io/library/redis:7` (github.com/distribution/reference, `ParseNormalizedNamed`).
#[must_use]
pub fn canonical(image: &str) -> String {
    let (first, rest) = image.split_once('/').unwrap_or(("", image));
    let is_registry = first.contains(['.', ':']) || first == "localhost";
    if !is_registry && first.is_empty() {
        return format!("docker.io/library/{image}");
    }
    if !is_registry {
        return format!("docker.io/{image}");
    }
    match registry_alias(first).as_str() {
        "docker.io" if !rest.contains('/') => format!("docker.io/library/{rest}"),
        registry => format!("{registry}/{rest}"),
    }
}

/// Docker Hub has several names.
fn registry_alias(name: &str) -> String {
    let (registry, rest) =
        name.split_once('/').map_or((name, None), |(registry, rest)| (registry, Some(rest)));
    let registry = match registry {
        "index.docker.io" | "registry-1.docker.io" => "docker.io",
        other => other,
    };
    rest.map_or_else(|| registry.to_owned(), |rest| format!("{registry}/{rest}"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{canonical, mirror};

    #[test]
    fn names_without_a_registry_are_docker_hub() {
        for (image, expected) in [
            ("redis:7", "docker.io/library/redis:7"),
            ("redis", "docker.io/library/redis"),
            ("redis@sha256:ab", "docker.io/library/redis@sha256:ab"),
            ("bitnami/redis:7", "docker.io/bitnami/redis:7"),
            ("docker.io/redis:7", "docker.io/library/redis:7"),
            ("index.docker.io/a/b", "docker.io/a/b"),
            ("localhost/a", "localhost/a"),
            ("reg:5000/a:1", "reg:5000/a:1"),
            ("quay.io/argoproj/argocd:v3", "quay.io/argoproj/argocd:v3"),
        ] {
            assert_eq!(canonical(image), expected, "{image}");
        }
    }

    #[test]
    fn the_longest_prefix_wins() {
        let rewrites = [
            ("quay.io", "mirror.example/quay"),
            ("quay.io/argoproj", "mirror.example/argo/"),
            ("docker.io/library/redis", "mirror.example/r"),
        ];
        let rewrites: BTreeMap<_, _> = rewrites.map(|(a, b)| (a.to_owned(), b.to_owned())).into();
        for (image, expected) in [
            ("quay.io/argoproj/argocd:v3", Some("mirror.example/argo/argocd:v3")),
            ("quay.io/argoprojlabs/x:1", Some("mirror.example/quay/argoprojlabs/x:1")),
            ("redis:7", Some("mirror.example/r:7")),
            ("rediss:7", None),
            ("ghcr.io/dexidp/dex:v2", None),
        ] {
            assert_eq!(mirror(image, &rewrites).as_deref(), expected, "{image}");
        }
    }
}
