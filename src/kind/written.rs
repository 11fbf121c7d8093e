//! Which contexts bridge wrote into kubeconfig files of the user's, each with a mark of the cluster that it led to.
#![expect(clippy::disallowed_methods, reason = "this layer keeps state on disk")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::kind::folder::{Folder, unwritable};
use crate::kind::problem::Problem;
use crate::kind::spec::short_digest;
use crate::profile::model::{Endpoint, Tls};

/// Of each file, by its absolute path, the marks of its contexts.
pub type Written = BTreeMap<PathBuf, BTreeMap<String, String>>;

impl Folder {
    /// What was written. A record that cannot be read is none: then nothing is taken out again.
    #[must_use]
    pub fn written(&self) -> Written {
        let text = std::fs::read_to_string(self.written_file()).unwrap_or_default();
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// Notes a context that is about to be written, or stands there already.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn note_written(&self, file: &Path, context: &str, endpoint: &Endpoint) -> Result<(), Problem> {
        let (record, mut written) = (self.written_file(), self.written());
        let file = std::path::absolute(file).unwrap_or_else(|_| file.to_path_buf());
        let before = written.entry(file).or_default().insert(context.to_owned(), mark(endpoint));
        if before == Some(mark(endpoint)) {
            return Ok(());
        }
        let text = serde_json::to_string_pretty(&written).map_err(std::io::Error::from);
        let new = record.with_extension("new");
        text.and_then(|text| std::fs::write(&new, text))
            .and_then(|()| std::fs::rename(&new, &record))
            .map_err(|error| unwritable(&record, &error))
    }
}

/// What tells a cluster from another one of its name: its address and its authority, which kubeadm makes anew for each.
#[must_use]
pub fn mark(endpoint: &Endpoint) -> String {
    let Endpoint { server, tls } = endpoint;
    let authority = match tls {
        Tls::Ca { data, server_name: _ } => data.as_str(),
        Tls::SystemRoots { server_name: _ } | Tls::Insecure { server_name: _ } => "",
    };
    short_digest(&format!("{server} {authority}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_that_was_made_anew_is_another_one() {
        let of = |server: &str, data: &str| {
            let tls = Tls::Ca { data: data.to_owned(), server_name: None };
            mark(&Endpoint { server: server.to_owned(), tls })
        };
        let one = of("https://127.0.0.1:4000", "Q0E=");
        assert_eq!(one, of("https://127.0.0.1:4000", "Q0E="));
        assert_ne!(one, of("https://127.0.0.1:4001", "Q0E="));
        assert_ne!(one, of("https://127.0.0.1:4000", "Q0I="));
    }
}
