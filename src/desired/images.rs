//! Container images from another registry, and the Secrets to pull them with.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::code::Code;
use crate::desired::pods::{containers_mut, pod_spec_mut};
use crate::profile::finding::{Finding, Severity};
use crate::profile::model::{Images, Mirror};

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
pub fn mirror(image: &str, registries: &BTreeMap<String, Mirror>) -> Option<String> {
    let canonical = canonical(image);
    let matches = registries.iter().filter_map(|(from, to)| {
        let (length, rest) = below(&canonical, from)?;
        Some((length, &to.address, rest))
    });
    let (_, to, rest) = matches.max_by_key(|(length, _, _)| *length)?;
    Some(format!("{}{rest}", to.trim_end_matches('/')))
}

/// What follows a registry in an image, and how long the registry is; `None` when the image is not from there.
fn below<'a>(canonical: &'a str, registry: &str) -> Option<(usize, &'a str)> {
    let from = registry_alias(registry.trim_end_matches('/'));
    let rest = canonical.strip_prefix(&from)?;
    (rest.is_empty() || rest.starts_with(['/', ':', '@'])).then_some((from.len(), rest))
}

/// A warning for each rewrite that no image of the manifest is for: a slip there shows only where nothing can be pulled.
#[must_use]
pub fn unused(documents: &[Value], images: &Images) -> Vec<Finding> {
    let Images { registries, pull_secrets: _ } = images;
    if registries.is_empty() {
        return Vec::new();
    }
    let all: BTreeSet<String> = documents.iter().flat_map(images_of).collect();
    let is_unused = |from: &str| !all.iter().any(|image| below(image, from).is_some());
    registries.iter().filter(|(from, _)| is_unused(from)).map(|(from, to)| warning(from, to, &all)).collect()
}

fn images_of(document: &Value) -> Vec<String> {
    let mut document = document.clone();
    let Some(spec) = pod_spec_mut(&mut document) else { return Vec::new() };
    containers_mut(spec).filter_map(|container| container.get("image")?.as_str().map(canonical)).collect()
}

/// Names what there is, with as many parts as the rewrite has: hosts for a host.
fn warning(from: &str, to: &Mirror, all: &BTreeSet<String>) -> Finding {
    let depth = from.trim_end_matches('/').split('/').count();
    let prefix = |image: &String| {
        let repository = image.split('@').next().unwrap_or_default();
        repository.split('/').take(depth).collect::<Vec<_>>().join("/")
    };
    let known: BTreeSet<String> = all.iter().map(prefix).collect();
    let known: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
    let message = format!("no image of the manifest comes from `{from}`, so this rewrite does nothing");
    let fix = format!("the manifest's images come from {}", known.join(", "));
    Finding::error(Code::REWRITE_UNUSED, &to.at, message, fix).with_severity(Severity::Warning)
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

    use std::sync::Arc;

    use serde_json::json;

    use super::{canonical, mirror, unused};
    use crate::profile::location::{Location, Source};
    use crate::profile::model::{Images, Mirror};

    fn rewrites(all: &[(&str, &str)]) -> BTreeMap<String, Mirror> {
        let source = Arc::new(Source { path: "bridge.yaml".to_owned(), text: String::new() });
        let at = Location { source, line: 7, column: 3, length: 1 };
        let mirror = |to: &str| Mirror { address: to.to_owned(), at: at.clone() };
        all.iter().map(|(from, to)| ((*from).to_owned(), mirror(to))).collect()
    }

    #[test]
    fn a_rewrite_that_no_image_is_for_is_a_warning_with_what_there_is() {
        let pod = |image: &str| json!({ "kind": "Pod", "spec": { "containers": [{ "image": image }] } });
        let documents = [pod("quay.io/argoproj/argocd:v3"), pod("redis:7"), json!({ "kind": "Service" })];
        let all = [("qay.io", "m.example"), ("quay.io/argo", "m.example"), ("docker.io", "m.example")];
        let images = Images { registries: rewrites(&all), pull_secrets: Vec::new() };
        let findings = unused(&documents, &images);
        let shown: Vec<String> =
            findings.iter().map(|f| format!("{:?} {}: {}", f.location, f.message, f.fix)).collect();
        insta::assert_snapshot!(shown.join("\n"), @r"
        Some(bridge.yaml:7:3) no image of the manifest comes from `qay.io`, so this rewrite does nothing: the manifest's images come from `docker.io`, `quay.io`
        Some(bridge.yaml:7:3) no image of the manifest comes from `quay.io/argo`, so this rewrite does nothing: the manifest's images come from `docker.io/library`, `quay.io/argoproj`
        ");
    }

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
        let rewrites = self::rewrites(&rewrites);
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
