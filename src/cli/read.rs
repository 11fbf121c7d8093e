//! Files that users name: never a device that does not end, never more than fits.
#![expect(clippy::disallowed_methods, reason = "the one place that reads them")]

use std::fs::{File, FileType};
use std::io::{Error, Read, Result};
use std::path::Path;

/// Profiles, their bases, files of variables and manifests.
pub(super) const LARGEST: u64 = 64 << 20;
/// Files that hold one secret.
pub(super) const LARGEST_SECRET: u64 = 1 << 20;

/// The content of a file.
///
/// # Errors
/// When it is no regular file, is larger than the limit, or cannot be read.
pub(super) fn bounded(path: &Path, limit: u64) -> Result<Vec<u8>> {
    check(path, limit)?;
    let mut bytes = Vec::new();
    File::open(path)?.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit { Err(too_large(limit)) } else { Ok(bytes) }
}

/// The same as text.
///
/// # Errors
/// The same, and when it is no UTF-8.
pub(super) fn bounded_text(path: &Path) -> Result<String> {
    String::from_utf8(bounded(path, LARGEST)?).map_err(|_| Error::other("no UTF-8 text"))
}

/// Refuses what must not even be opened: opening a pipe waits for its writer.
///
/// # Errors
/// When it is no regular file, or larger than the limit.
pub(super) fn check(path: &Path, limit: u64) -> Result<()> {
    let metadata = std::fs::metadata(path)?;
    if metadata.is_dir() {
        return Err(Error::other("it is a folder"));
    }
    if !metadata.is_file() && !is_stream_of_the_shell(path, metadata.file_type()) {
        return Err(Error::other("it is no regular file"));
    }
    if metadata.len() > limit { Err(too_large(limit)) } else { Ok(()) }
}

fn too_large(limit: u64) -> Error {
    Error::other(format!("it is larger than {} MiB", limit >> 20))
}

/// `/dev/stdin` and `<(terraform output -json)`: pipes whose writer is there already.
#[cfg(unix)]
fn is_stream_of_the_shell(path: &Path, kind: FileType) -> bool {
    use std::os::unix::fs::FileTypeExt;
    kind.is_fifo() && (path.starts_with("/dev/fd") || path == Path::new("/dev/stdin"))
}

#[cfg(not(unix))]
fn is_stream_of_the_shell(_: &Path, _: FileType) -> bool {
    false
}
