//! Which repository was checked out, and what of it the root ApplicationSet pulls.

use std::collections::BTreeSet;
use std::str::FromStr;
use std::sync::Arc;

use crate::profile::location::Source;
use crate::profile::model::{GitOps, GitSource};
use crate::profile::paths;

/// A repository that a root ApplicationSet pulls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Repository {
    /// `gitops.addons`.
    Addons,
    /// `gitops.workloads`.
    Workloads,
    /// `gitops.clusters`.
    Clusters,
}

impl Repository {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Addons, Self::Workloads, Self::Clusters];

    /// Its key in `gitops`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Addons => "addons",
            Self::Workloads => "workloads",
            Self::Clusters => "clusters",
        }
    }

    /// What the profile says about it.
    #[must_use]
    pub fn source(self, gitops: &GitOps) -> Option<&GitSource> {
        match self {
            Self::Addons => gitops.addons.as_ref(),
            Self::Workloads => gitops.workloads.as_ref(),
            Self::Clusters => gitops.clusters.as_ref(),
        }
    }
}

/// The text names no repository of `gitops` that a root ApplicationSet pulls.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is none of addons, workloads and clusters")]
pub struct UnknownRepository(String);

impl FromStr for Repository {
    type Err = UnknownRepository;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.into_iter().find(|repository| repository.name() == text);
        known.ok_or_else(|| UnknownRepository(text.to_owned()))
    }
}

/// The files of one checkout that its root ApplicationSet pulls.
#[derive(Debug)]
pub struct Checkout {
    /// Of which repository.
    pub repository: Repository,
    /// The texts, in order of their paths.
    pub files: Vec<Arc<Source>>,
}

/// The folders of the repository that templates pull by this source: `{{base}}{{path}}` (GitOps Bridge) and
/// `{{base}}/{{path}}` (DoKa Seca). One, as long as the base path ends in a slash.
#[must_use]
pub fn folders(GitSource { url: _, base_path, path, revision: _ }: &GitSource) -> BTreeSet<String> {
    [format!("{base_path}{path}"), format!("{base_path}/{path}")].map(|joined| paths::tidy(&joined)).into()
}

/// What is to be done with a file of the folder, by its path from there. The root sets read every folder below, but for
/// `exclude/`; of a directory Argo CD takes what has one of these endings.
#[must_use]
pub fn kind(path: &str) -> FileKind {
    let ending = path.rsplit_once('.').map_or("", |(_, ending)| ending);
    match ending {
        // The glob `exclude/*` of the root sets: `*` crosses slashes, and the path counts from the folder.
        _ if path.starts_with("exclude/") => FileKind::Ignored,
        "yaml" | "yml" | "json" => FileKind::Manifest,
        "jsonnet" => FileKind::Jsonnet,
        _ => FileKind::Ignored,
    }
}

/// What Argo CD does with a file of a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// Its documents are applied.
    Manifest,
    /// A program makes documents of it.
    Jsonnet,
    /// Nothing.
    Ignored,
}

#[cfg(test)]
mod tests {
    use super::{FileKind, folders, kind};
    use crate::profile::model::GitSource;

    fn joined(base_path: &str, path: &str) -> Vec<String> {
        let (url, revision) = (String::new(), String::new());
        let source = GitSource { url, base_path: base_path.to_owned(), path: path.to_owned(), revision };
        folders(&source).into_iter().collect()
    }

    #[test]
    fn both_dialects_join_what_a_profile_says_to_one_folder() {
        assert_eq!(joined("argocd/", "appsets"), ["argocd/appsets"]);
        assert_eq!(joined("./", "appsets"), ["appsets"]);
        assert_eq!(joined("./", ""), ["."]);
        assert_eq!(joined("a/b/", ""), ["a/b"]);
        assert_eq!(joined("argocd", "appsets"), ["argocd/appsets", "argocdappsets"]);
    }

    #[test]
    fn what_is_read_is_what_the_root_sets_read() {
        for (path, expected) in [
            ("a.yaml", FileKind::Manifest),
            ("oss/a.yml", FileKind::Manifest),
            ("a.json", FileKind::Manifest),
            ("a.jsonnet", FileKind::Jsonnet),
            ("exclude/a.yaml", FileKind::Ignored),
            ("exclude/deep/a.yaml", FileKind::Ignored),
            ("oss/exclude/a.yaml", FileKind::Manifest),
            ("excluded/a.yaml", FileKind::Manifest),
            ("README.md", FileKind::Ignored),
            ("yaml", FileKind::Ignored),
        ] {
            assert_eq!(kind(path), expected, "{path}");
        }
    }
}
