//! Images of nodes, and their names.

use std::borrow::Cow;
use std::time::Duration;

use crate::code::Code;
use crate::kind::engine::Engine;
use crate::kind::problem::Problem;

impl Engine {
    /// The name by which kind asks this engine for an image.
    fn name_of<'a>(&self, image: &'a str) -> Cow<'a, str> {
        if self.is_podman() { full_name(image).into() } else { image.into() }
    }

    /// Whether the engine has an image.
    pub async fn has_image(&self, image: &str) -> bool {
        let args = ["image", "inspect", "--format", "{{.Id}}", &self.name_of(image)];
        self.run(&args).await.is_ok_and(|finished| finished.is_success)
    }

    /// The digests by which registries know an image that the engine has, each behind its repository and an `@`.
    pub(super) async fn repo_digests(&self, image: &str) -> Vec<String> {
        let inspect = ["image", "inspect", "--format", "{{json .RepoDigests}}", &self.name_of(image)];
        let finished = self.run(&inspect).await.ok().filter(|finished| finished.is_success);
        // Null, where there are none.
        finished.and_then(|finished| serde_json::from_str(&finished.stdout).ok()).unwrap_or_default()
    }

    /// Pulls an image: nearly a gigabyte for a node.
    ///
    /// # Errors
    /// When it cannot be had.
    pub async fn pull(&self, image: &str) -> Result<(), Problem> {
        let (limit, image) = (Duration::from_secs(30 * 60), &*self.name_of(image));
        let why = match self.run_within(&["pull", "--quiet", image], limit).await {
            Ok(finished) if finished.is_success => return Ok(()),
            Ok(finished) => finished.words(),
            Err(error) => error.to_string(),
        };
        let message = format!("the node image {image} cannot be had: {why}");
        let fix = "the release notes of kind list the images that fit it (https://github.com/kubernetes-sigs/kind/releases): write one into `kind.image`";
        Err(Problem::new(Code::NO_NODE_IMAGE, message)
            .fix(fix)
            .fix(format!("try it by hand: `{} pull {image}`", self.provider())))
    }

    /// A file of an image that the engine has; nothing where it cannot be read.
    pub(super) async fn file_of_image(&self, image: &str, file: &str) -> Option<String> {
        let image = &*self.name_of(image);
        let args =
            ["run", "--rm", "--network", "none", "--pull", "never", "--entrypoint", "cat", image, file];
        let finished = self.run(&args).await.ok()?;
        finished.is_success.then_some(finished.stdout)
    }
}

/// An image's name without its tag.
pub(super) fn without_tag(name: &str) -> &str {
    match name.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => name,
        _ => name,
    }
}

/// An image's name with its registry, and with no tag beside a digest: podman looks for short names where its configuration
/// says, which in most is nowhere, and below `localhost/`.
///
/// Source: `sanitizeImage` in kind's pkg/cluster/internal/providers/podman.
fn full_name(image: &str) -> String {
    let (name, digest) = image.split_once('@').map_or((image, None), |(name, digest)| (name, Some(digest)));
    let plain = digest.map_or_else(|| name.to_owned(), |digest| format!("{}@{digest}", without_tag(name)));
    match name.split_once('/') {
        None => format!("docker.io/library/{plain}"),
        Some((host, _)) if host.contains(['.', ':']) || host == "localhost" => plain,
        Some(_) => format!("docker.io/{plain}"),
    }
}

#[cfg(test)]
mod tests {
    use super::full_name;

    #[test]
    fn podman_is_asked_for_full_names() {
        for (image, full) in [
            ("kindest/node:v1.36.1", "docker.io/kindest/node:v1.36.1"),
            ("kindest/node:v1.36.1@sha256:45", "docker.io/kindest/node@sha256:45"),
            ("node", "docker.io/library/node"),
            ("localhost/node:v1", "localhost/node:v1"),
            ("localhost:5000/node:v1@sha256:45", "localhost:5000/node@sha256:45"),
            ("registry.example/a/node@sha256:45", "registry.example/a/node@sha256:45"),
        ] {
            assert_eq!(full_name(image), full);
        }
    }
}
