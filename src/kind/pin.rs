//! Node images that are named by a tag alone: a registry may give the tag to another image at any time.

use crate::code::Code;
use crate::kind::engine::Engine;
use crate::kind::image::without_tag;
use crate::kind::problem::Problem;

/// Tells how to pin an image that the engine has, where it has a tag and no digest.
///
/// Nothing is told of an image that certainly came from no registry: it has no digest there to be pinned to. Some engines give
/// digests to what was built here, too (docker with containerd's store).
pub async fn unpinned(engine: &Engine, image: &str) -> Option<Problem> {
    if image.contains('@') || image.starts_with("localhost/") {
        return None;
    }
    let repository = repository(image);
    let digests = engine.repo_digests(image).await;
    let digest = digests.iter().find_map(|known| {
        let (name, digest) = known.split_once('@')?;
        (self::repository(name) == repository).then_some(digest)
    })?;
    let message = format!(
        "the node image {image} is named by a tag alone, which may be another image elsewhere or tomorrow"
    );
    Some(
        Problem::warning(Code::UNPINNED_IMAGE, message)
            .fix(format!("if it came from a registry, the one that is here: `image: \"{image}@{digest}\"`"))
            .fix("those built for a kind: https://github.com/kubernetes-sigs/kind/releases"),
    )
}

/// An image's name without tag and digest, and without what docker leaves out of it.
fn repository(image: &str) -> &str {
    let name = image.split_once('@').map_or(image, |(name, _)| name);
    let name = without_tag(name);
    let name = name.strip_prefix("docker.io/").unwrap_or(name);
    name.strip_prefix("library/").unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::repository;

    #[test]
    fn an_image_has_one_repository_however_it_is_written() {
        for image in ["kindest/node:v1.36.1", "docker.io/kindest/node", "docker.io/kindest/node@sha256:45"] {
            assert_eq!(repository(image), "kindest/node", "{image}");
        }
        assert_eq!(repository("registry.example:5000/node"), "registry.example:5000/node");
        assert_eq!(repository("registry.example:5000/node:v1@sha256:45"), "registry.example:5000/node");
    }
}
