//! The kubeconfig that the user names: whether what kind has to write into it can be written, before there is anything to write.
#![expect(clippy::disallowed_methods, reason = "whether a file can be written is seen by opening it")]

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::cluster::{Entries, KubeconfigFiles};
use crate::code::Code;
use crate::kind::folder::kubeconfig;
use crate::kind::problem::Problem;
use crate::kind::written::{Mark, has_cluster, has_user, own_name, written};
use crate::profile::names::KindName;
use crate::profile::shell::{shell_path, shell_word};

/// More than a kubeconfig of several clusters takes.
const SIZE: usize = 64 << 10;

/// How long another program may take to write the file: kubectl and kind take milliseconds.
pub const PATIENCE: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(50);

/// The file that `--kubeconfig` names, and what is to be written into it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Named<'a> {
    /// The file.
    pub(super) file: &'a Path,
    /// The folder of the profile's clusters, which knows what was written before.
    pub(super) folder: &'a Path,
}

impl Named<'_> {
    /// What is in the way of writing the contexts of these clusters into the file, or should be known before.
    pub(super) async fn problem<'n>(&self, names: impl IntoIterator<Item = &'n KindName>) -> Option<Problem> {
        let file = self.file;
        let unwritable = |why: &str| {
            let message = format!(
                "the kubeconfig {} that `--kubeconfig` names cannot be written: {why}",
                file.display()
            );
            Problem::new(Code::KIND_KUBECONFIG, message)
        };
        // To open a device or a pipe may do something, or never end.
        if std::fs::metadata(file).is_ok_and(|metadata| !metadata.is_file()) {
            return Some(unwritable("it is no regular file").fix("name another file"));
        }
        if !wait_for_lock(file).await {
            let lock = lock_of(file);
            let why = format!("{} says that another program is writing it", lock.display());
            let fix = format!("run bridge again; where nobody is at work: `rm {}`", shell_path(&lock));
            return Some(unwritable(&why).fix(fix));
        }
        if let Err(error) = try_to_write(file) {
            let fix = "check its permissions, its folder's and the disk, or name another file";
            return Some(unwritable(&error.to_string()).fix(fix));
        }
        match foreign(file, self.folder, names) {
            Err(why) => return Some(unwritable(&why).fix("mend it, or name another file")),
            Ok(foreign) if foreign.is_some() => return foreign,
            Ok(_) => {}
        }
        is_open(file).then(|| {
            let message = format!(
                "others can read {}, which gets credentials of cluster administrators",
                file.display()
            );
            Problem::warning(Code::KIND_KUBECONFIG, message).fix(format!("chmod 600 {}", shell_path(file)))
        })
    }
}

/// What the file has under the names of these clusters that bridge did not write: kind would put its own in the place of it.
///
/// # Errors
/// Why the file cannot be read.
pub fn foreign<'n>(
    file: &Path,
    folder: &Path,
    names: impl IntoIterator<Item = &'n KindName>,
) -> Result<Option<Problem>, String> {
    // kind takes an empty file for none.
    if !std::fs::metadata(file).is_ok_and(|metadata| metadata.len() > 0) {
        return Ok(None);
    }
    let (there, own) =
        (KubeconfigFiles::new(vec![file.into()]), KubeconfigFiles::new(vec![kubeconfig(folder)]));
    let noted = written(folder).remove(&own_name(file)).unwrap_or_default();
    let kubectl = format!("kubectl --kubeconfig {} config", shell_path(file));
    let (mut found, mut lines) = (Vec::new(), Vec::new());
    for name in names {
        let name = name.context();
        let entries = there.entries(&name).map_err(|error| error.to_string())?;
        let own = own.entries(&name).unwrap_or_default();
        let mut marks = noted.get(&name).cloned().unwrap_or_default();
        marks.extend(Mark::of(&own));
        let whats = foreign_entries(&entries, &own, &marks);
        if whats.is_empty() {
            continue;
        }
        found.push(format!("{} `{name}`", whats.join(" and ")));
        let word = shell_word(&name);
        if whats == ["context"] {
            lines.push(format!("keep it by another name: `{kubectl} rename-context {word} NEW-NAME`"));
        }
        let delete = whats.iter().map(|what| format!("{kubectl} delete-{what} {word}"));
        lines.push(format!("if it may go: `{}`", delete.collect::<Vec<_>>().join("; ")));
    }
    if found.is_empty() {
        return Ok(None);
    }
    let message = format!(
        "the kubeconfig {} has the {} already, which `bridge up` did not write and kind would overwrite",
        file.display(),
        found.join(", the ")
    );
    let problem = Problem::new(Code::KIND_KUBECONFIG, message)
        .fix("name another file with `--kubeconfig`, or give this profile's cluster another name: `kind: { name: ... }`");
    Ok(Some(lines.into_iter().fold(problem, Problem::fix)))
}

/// In kubectl's words, which of the entries are neither written by bridge nor what it would write.
fn foreign_entries(there: &Entries, own: &Entries, marks: &[Mark]) -> Vec<&'static str> {
    let leads_to_own = there.context == Some(true) && there.cluster == own.cluster;
    // Then nothing is written.
    if leads_to_own && there.cluster.is_some() {
        return Vec::new();
    }
    let (is_cluster_ours, is_user_ours) = (has_cluster(marks, there), has_user(marks, there));
    let foreign = [
        ("context", there.context.is_some_and(|is_kinds| !(is_kinds && is_cluster_ours))),
        ("cluster", there.cluster.is_some() && !is_cluster_ours),
        ("user", there.user.is_some() && !is_user_ours),
    ];
    foreign.into_iter().filter(|(_, is_foreign)| *is_foreign).map(|(what, _)| what).collect()
}

/// Whether nobody is writing the file, at the latest after a while.
pub async fn wait_for_lock(file: &Path) -> bool {
    let lock = lock_of(file);
    for _ in 0..PATIENCE.as_millis() / PAUSE.as_millis() {
        if !lock.exists() {
            return true;
        }
        tokio::time::sleep(PAUSE).await;
    }
    !lock.exists()
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
