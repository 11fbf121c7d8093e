//! Downloads, kept by their content: `<folder>/sha256/<digest>`.
#![expect(clippy::disallowed_methods, reason = "this layer does I/O")]

use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::fetch::digests;
use crate::profile::names::Sha256;

/// A cache folder; it need not exist yet.
#[derive(Debug, Clone)]
pub struct Cache {
    folder: PathBuf,
}

impl Cache {
    /// The cache in a folder.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// Where the content of a digest is kept.
    #[must_use]
    pub fn place(&self, digest: &Sha256) -> PathBuf {
        self.folder.join("sha256").join(digest.as_str())
    }

    /// The content of a digest. An entry that was damaged on disk counts as absent, and is replaced by the next
    /// [`Cache::put`].
    #[must_use]
    pub fn get(&self, digest: &Sha256) -> Option<Vec<u8>> {
        let place = self.place(digest);
        let bytes = std::fs::read(&place).ok()?;
        if digests::of(&bytes) == *digest {
            return Some(bytes);
        }
        tracing::warn!(entry = %place.display(), "a damaged cache entry is ignored");
        None
    }

    /// Keeps content under its digest.
    ///
    /// A cache that cannot be written costs a download next time and nothing else, so it is no error.
    pub fn put(&self, digest: &Sha256, bytes: &[u8]) {
        let place = self.place(digest);
        if let Err(error) = write(&place, bytes) {
            tracing::warn!(entry = %place.display(), %error, "the download could not be cached");
        }
    }
}

/// Writes beside the target and renames, so that no reader ever sees half a file.
fn write(place: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = place.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.persist(place).map_err(|error| error.error)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::Cache;
    use crate::fetch::digests;

    #[test]
    fn a_damaged_entry_is_absent_and_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path().join("new"));
        let digest = digests::of(b"content");
        assert_eq!(cache.get(&digest), None);
        cache.put(&digest, b"content");
        assert_eq!(cache.get(&digest).as_deref(), Some(&b"content"[..]));
        std::fs::write(cache.place(&digest), "conten").unwrap();
        assert_eq!(cache.get(&digest), None);
        cache.put(&digest, b"content");
        assert_eq!(cache.get(&digest).as_deref(), Some(&b"content"[..]));
    }

    #[test]
    fn a_cache_that_cannot_be_written_is_no_error() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, "").unwrap();
        Cache::new(&file).put(&digests::of(b"x"), b"x");
    }
}
