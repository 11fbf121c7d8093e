//! `bridge.lock`: the digests of what was downloaded, beside the profile and under version control.
#![expect(clippy::disallowed_methods, reason = "this layer does I/O")]

use std::collections::BTreeMap;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer};

use crate::code::Code;
use crate::profile::finding::Finding;
use crate::profile::location::{Location, Source};
use crate::profile::names::{ArgoCdVersion, Sha256};
use crate::template::yaml;

/// The name of the file.
pub const FILE: &str = "bridge.lock";

const HEADER: &str = "# Written by bridge; commit it. It pins what bridge downloads.\n";

/// The pinned digests.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lock {
    entries: BTreeMap<(ArgoCdVersion, String), Sha256>,
}

/// One pinned file of a release.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Argo CD's version.
    #[serde(deserialize_with = "checked")]
    pub version: ArgoCdVersion,
    /// The file, relative to Argo CD's folder `manifests`.
    pub file: String,
    /// Its digest.
    #[serde(deserialize_with = "checked")]
    pub sha256: Sha256,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    version: u32,
    manifests: Option<Vec<Entry>>,
}

fn checked<'de, D: Deserializer<'de>, T: FromStr<Err: std::fmt::Display>>(from: D) -> Result<T, D::Error> {
    String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
}

impl Lock {
    /// Reads the text of a lock file.
    ///
    /// # Errors
    /// A finding where the text is not what bridge writes.
    pub fn parse(source: &Arc<Source>) -> Result<Self, Finding> {
        let refuse = |line: usize, column: usize, message: String| {
            let at = Location { source: Arc::clone(source), line, column, length: 1 };
            Finding::error(Code::LOCK_INVALID, &at, message, "restore it, or delete it and run `bridge plan`")
        };
        let document: Document =
            yaml::decode(&source.text).map_err(|error| refuse(error.line, error.column, error.message))?;
        if document.version != 1 {
            let message = format!("version {} of the lock file is newer than this bridge", document.version);
            return Err(refuse(1, 1, message));
        }
        let mut lock = Self::default();
        for entry in document.manifests.into_iter().flatten() {
            if lock.digest(&entry.version, &entry.file).is_some_and(|digest| *digest != entry.sha256) {
                let message = format!("{} of {} has two digests", entry.file, entry.version);
                return Err(refuse(1, 1, message));
            }
            lock.insert(entry);
        }
        Ok(lock)
    }

    /// The text of the file: sorted, so that two people who pin the same things write the same bytes.
    #[must_use]
    pub fn print(&self) -> String {
        let lines =
            self.entries.iter().map(|((version, file), digest)| line(version, file, digest.as_str()) + "\n");
        format!("{HEADER}version: 1\nmanifests:\n{}", lines.collect::<String>())
    }

    /// The pinned digest of a file.
    #[must_use]
    pub fn digest(&self, version: &ArgoCdVersion, file: &str) -> Option<&Sha256> {
        self.entries.get(&(version.clone(), file.to_owned()))
    }

    /// Pins a file.
    pub fn insert(&mut self, entry: Entry) {
        let Entry { version, file, sha256 } = entry;
        self.entries.insert((version, file), sha256);
    }
}

/// One line of the file.
#[must_use]
pub fn line(version: &ArgoCdVersion, file: &str, digest: &str) -> String {
    format!("  - {{ version: {version}, file: {file}, sha256: {digest} }}")
}

/// Reads the lock file of a folder; a folder without one has an empty lock.
///
/// `shown` is the path to name in findings.
///
/// # Errors
/// A finding when the file is there and cannot be read.
pub fn read(path: &Path, shown: &str) -> Result<Lock, Finding> {
    match std::fs::read_to_string(path) {
        Ok(text) => Lock::parse(&Arc::new(Source { path: shown.to_owned(), text })),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Lock::default()),
        Err(error) => {
            let source = Arc::new(Source { path: shown.to_owned(), text: String::new() });
            let at = Location { source, line: 1, column: 1, length: 1 };
            Err(Finding::error(Code::LOCK_INVALID, &at, error.to_string(), ""))
        }
    }
}

/// Adds entries to the lock file: for `init`, `plan` and `apply` only. Without new entries nothing is written.
///
/// # Errors
/// When the folder cannot be written.
pub fn add(path: &Path, lock: &mut Lock, entries: Vec<Entry>) -> std::io::Result<()> {
    if entries.is_empty() {
        return Ok(());
    }
    entries.into_iter().for_each(|entry| lock.insert(entry));
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file =
        tempfile::Builder::new().prefix(".bridge.lock").permissions(readable()).tempfile_in(folder)?;
    std::io::Write::write_all(&mut file, lock.print().as_bytes())?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// The lock file is for everybody to read, unlike tempfile's default.
#[cfg(unix)]
fn readable() -> std::fs::Permissions {
    std::os::unix::fs::PermissionsExt::from_mode(0o644)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{Entry, Lock};
    use crate::profile::location::Source;

    fn parse(text: &str) -> Result<Lock, String> {
        let source = Arc::new(Source { path: "bridge.lock".to_owned(), text: text.to_owned() });
        Lock::parse(&source).map_err(|finding| format!("{} {}", finding.location.unwrap(), finding.message))
    }

    fn entry(version: &str, file: &str, digit: &str) -> Entry {
        Entry {
            version: version.parse().unwrap(),
            file: file.to_owned(),
            sha256: digit.repeat(64).parse().unwrap(),
        }
    }

    #[test]
    fn what_is_printed_is_read_back() {
        let mut lock = Lock::default();
        assert_eq!(parse(&lock.print()), Ok(lock.clone()));
        lock.insert(entry("v3.5.3", "install.yaml", "b"));
        lock.insert(entry("v3.5.3", "ha/install.yaml", "a"));
        let text = lock.print();
        assert_eq!(parse(&text), Ok(lock));
        assert!(text.find("ha/").unwrap() < text.find(" install.yaml").unwrap());
    }

    #[test]
    fn damage_is_named_with_its_place() {
        for (text, expected) in [
            ("version: 2\nmanifests:\n", "newer"),
            ("version: 1\nmanifest: []\n", "bridge.lock:2:"),
            ("version: 1\nmanifests:\n  - { version: stable, file: a, sha256: b }\n", "no Argo CD version"),
            ("version: 1\nmanifests:\n  - { version: v1.2.3, file: a, sha256: b }\n", "no SHA-256 digest"),
            ("<<<<<<< HEAD\nversion: 1\n", "bridge.lock:"),
            ("", "bridge.lock:"),
        ] {
            let message = parse(text).unwrap_err();
            assert!(message.contains(expected), "{text:?}: {message}");
        }
    }
}
