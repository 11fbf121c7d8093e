//! Which contexts bridge wrote into kubeconfig files of the user's, each with marks of the clusters that it led to.
#![expect(clippy::disallowed_methods, reason = "this layer keeps state on disk")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::cluster::Entries;
use crate::kind::folder::{Folder, unwritable};
use crate::kind::problem::Problem;
use crate::kind::spec::short_digest;

/// Of each file, by its absolute path, the marks of its contexts. A context has several where its cluster was made anew: which
/// of them the file has is not known when bridge was killed in between.
pub type Written = BTreeMap<PathBuf, BTreeMap<String, Vec<Mark>>>;

/// What tells the entries of a cluster from others of its name, as digests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// Of its address and its authority, which kubeadm makes anew for each.
    cluster: String,
    /// Of its credentials, which are random keys: nobody finds them by their digest.
    user: String,
}

impl Mark {
    /// Of what a kubeconfig has under the cluster's name; nothing where something is missing.
    #[must_use]
    pub fn of(entries: &Entries) -> Option<Self> {
        let (cluster, user) = (entries.cluster.as_deref()?, entries.user.as_ref()?);
        Some(Self { cluster: short_digest(cluster), user: short_digest(user.expose()) })
    }
}

/// Whether one of the marks is that of the cluster that these entries have.
#[must_use]
pub fn has_cluster(marks: &[Mark], entries: &Entries) -> bool {
    let digest = entries.cluster.as_deref().map(short_digest);
    digest.is_some_and(|digest| marks.iter().any(|mark| mark.cluster == digest))
}

/// Whether one of the marks is that of the user that these entries have.
#[must_use]
pub fn has_user(marks: &[Mark], entries: &Entries) -> bool {
    let digest = entries.user.as_ref().map(|user| short_digest(user.expose()));
    digest.is_some_and(|digest| marks.iter().any(|mark| mark.user == digest))
}

/// What was written for the profile whose folder this is. A record that cannot be read is none: then nothing is taken out again.
#[must_use]
pub fn written(root: &Path) -> Written {
    let text = std::fs::read_to_string(file(root)).unwrap_or_default();
    serde_json::from_str(&text).unwrap_or_default()
}

/// The one name of a file, also behind a link.
#[must_use]
pub(super) fn own_name(file: &Path) -> PathBuf {
    let name = file.canonicalize().or_else(|_| std::path::absolute(file));
    name.unwrap_or_else(|_| file.to_path_buf())
}

impl Folder {
    /// Notes a context that is about to be written, or stands there already.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn note_written(&self, file: &Path, context: &str, mark: &Mark) -> Result<(), Problem> {
        let mut written = written(self.root());
        let marks = written.entry(own_name(file)).or_default().entry(context.to_owned()).or_default();
        if marks.contains(mark) {
            return Ok(());
        }
        marks.push(mark.clone());
        self.keep_written(&written)
    }

    /// Puts a new record in the place of the old one.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn keep_written(&self, written: &Written) -> Result<(), Problem> {
        let record = file(self.root());
        let new = record.with_extension("new");
        let text = serde_json::to_string_pretty(written).map_err(std::io::Error::from);
        text.and_then(|text| std::fs::write(&new, text))
            .and_then(|()| std::fs::rename(&new, &record))
            .map_err(|error| unwritable(&record, &error))
    }
}

fn file(root: &Path) -> PathBuf {
    root.join("written.json")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::sensitive::Sensitive;

    #[test]
    fn a_cluster_that_was_made_anew_is_another_one() {
        let of = |cluster: &str, user: &str| Entries {
            context: Some(true),
            cluster: Some(cluster.to_owned()),
            user: Some(Sensitive::new(user)),
        };
        let one = of("https://127.0.0.1:4000 Q0E=", "key");
        let marks = [Mark::of(&one).unwrap()];
        assert!(has_cluster(&marks, &one) && has_user(&marks, &one));
        for other in ["https://127.0.0.1:4001 Q0E=", "https://127.0.0.1:4000 Q0I="] {
            assert!(!has_cluster(&marks, &of(other, "key")), "{other}");
        }
        assert!(!has_user(&marks, &of("https://127.0.0.1:4000 Q0E=", "other")));
        assert!(Mark::of(&Entries::default()).is_none() && !has_user(&marks, &Entries::default()));
    }
}
