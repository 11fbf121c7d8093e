//! The kubeconfig that the user names: whether what kind has to write into it can be written, before there is anything to write.
#![expect(clippy::disallowed_methods, reason = "whether a file can be written is seen by opening it")]

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use crate::cluster::KubeconfigFiles;
use crate::code::Code;
use crate::kind::problem::Problem;

/// More than a kubeconfig of several clusters takes.
const SIZE: usize = 64 << 10;

/// What is in the way of writing contexts into this file, or should be known before.
pub(super) fn problem(file: &Path) -> Option<Problem> {
    let shown = file.display();
    let unwritable = |why: String| {
        let message = format!("the kubeconfig {shown} that `--kubeconfig` names cannot be written: {why}");
        Problem::new(Code::KIND_KUBECONFIG, message)
    };
    let lock = lock_of(file);
    if lock.exists() {
        let message = format!("{} says that another program is writing it", lock.display());
        let fix = format!("run bridge again; where nobody is at work: `rm {}`", lock.display());
        return Some(unwritable(message).fix(fix));
    }
    if let Err(error) = try_to_write(file) {
        let fix = "check its permissions, its folder's and the disk, or name another file";
        return Some(unwritable(error.to_string()).fix(fix));
    }
    // kind takes an empty file for none.
    let has_text = std::fs::metadata(file).is_ok_and(|metadata| metadata.len() > 0);
    if has_text && let Err(error) = KubeconfigFiles::new(vec![file.to_path_buf()]).contexts() {
        return Some(unwritable(error.to_string()).fix("mend it, or name another file"));
    }
    is_open(file).then(|| {
        let message = format!("others can read {shown}, which gets credentials of cluster administrators");
        Problem::warning(Code::KIND_KUBECONFIG, message).fix(format!("chmod 600 {shown}"))
    })
}

/// Where kind, kubectl and every other client of Go's say that they are writing a kubeconfig.
/// Source: `lockName` in client-go's tools/clientcmd.
#[must_use]
pub fn lock_of(file: &Path) -> PathBuf {
    let mut name = OsString::from(file);
    name.push(".lock");
    PathBuf::from(name)
}

/// Opens the file where it is there, and tries for the space in its folder. Leaves nothing behind.
fn try_to_write(file: &Path) -> io::Result<()> {
    match OpenOptions::new().append(true).open(file) {
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    // kind makes the folders that are missing.
    let folders = file.ancestors().skip(1).map(|folder| match folder.as_os_str().is_empty() {
        true => Path::new("."),
        false => folder,
    });
    let folder = folders.into_iter().find(|folder| folder.exists()).unwrap_or(Path::new("."));
    let mut space: File = tempfile::tempfile_in(folder)?;
    space.write_all(&[0; SIZE])?;
    space.sync_all()
}

#[cfg(unix)]
fn is_open(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(file).is_ok_and(|metadata| metadata.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn is_open(_: &Path) -> bool {
    false
}
