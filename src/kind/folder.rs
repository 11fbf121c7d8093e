//! The folder of a profile's local clusters: records that are mounted, marks of unfinished work, and the kubeconfig.
//!
//! ```text
//! profile                        whose it is
//! id                             what no other folder is called, although it may have the same path on another machine
//! engine                         which engine has the clusters
//! lock                           held while clusters are made or deleted
//! kubeconfig                     of all of them, 0600
//! written.json                   what was written into other kubeconfigs, to be taken out again
//! clusters/NAME/finished         kind has made it as a whole
//! clusters/NAME/kind.json        what kind was given on standard input; locked as long as kind lives
//! clusters/NAME/made/ID-DIGEST/  the record, mounted on the node
//! ```
#![expect(clippy::disallowed_methods, reason = "this layer keeps state on disk")]

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::code::Code;
use crate::kind::problem::Problem;
use crate::kind::spec::{SUMMARY, Spec};
use crate::profile::names::KindName;
use crate::profile::shell::shell_path;

/// The folder of one profile. While it is held, no other bridge makes or deletes clusters of the profile.
#[derive(Debug)]
pub struct Folder {
    root: PathBuf,
    id: String,
    /// Closed, and so unlocked, when this ends.
    _lock: Option<File>,
}

/// Somebody else is at work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Busy;

impl Folder {
    /// Makes the folder where it is not there, and holds it.
    ///
    /// # Errors
    /// When it cannot be written, or another bridge holds it.
    pub fn hold(root: &Path, profile: &Path) -> Result<Self, Problem> {
        let unwritable = |error: &io::Error| unwritable(root, error);
        if root.to_string_lossy().contains(':') {
            let message = format!(
                "{} has a colon in it, by which engines part the two halves of a mount",
                root.display()
            );
            return Err(
                Problem::new(Code::KIND_FOLDER, message).fix("give another folder with BRIDGE_STATE_DIR")
            );
        }
        let lock = lock(root).map_err(|error| unwritable(&error))?;
        let Some(lock) = lock else {
            let message =
                format!("another bridge is making or deleting the clusters of {}", profile.display());
            return Err(
                Problem::new(Code::KIND_BUSY, message).fix("wait for it, or end it, and run bridge again")
            );
        };
        write(&root.join("profile"), &format!("{}\n", profile.display()))
            .map_err(|error| unwritable(&error))?;
        let id = id(root).map_err(|error| unwritable(&error))?;
        Ok(Self { root: root.to_path_buf(), id, _lock: lock })
    }

    /// Notes which engine has the clusters.
    ///
    /// # Errors
    /// When another one has some: what this one does not show would be taken for gone.
    pub fn on_engine(&self, provider: &str, id: &str) -> Result<(), Problem> {
        let (file, now) = (self.root.join("engine"), format!("{provider} {id}\n"));
        let before = std::fs::read_to_string(&file).unwrap_or_else(|_| now.clone());
        let clusters = self.recorded();
        if before != now && !clusters.is_empty() {
            let names: Vec<&str> = clusters.iter().map(KindName::as_str).collect();
            let (names, before, now) = (names.join(", "), before.trim(), now.trim());
            let message =
                format!("the clusters {names} were made with another engine ({before}), and this is {now}");
            return Err(Problem::new(Code::KIND_OTHER_ENGINE, message)
                .fix("set DOCKER_HOST or KIND_EXPERIMENTAL_PROVIDER as they were, and start that engine")
                .fix(format!("where that engine is gone for good: `rm -r {}`", shell_path(&self.root))));
        }
        write(&file, &now).map_err(|error| unwritable(&self.root, &error))
    }

    /// The clusters that were made, or begun.
    #[must_use]
    pub fn recorded(&self) -> Vec<KindName> {
        let folders = std::fs::read_dir(self.root.join("clusters")).into_iter().flatten().flatten();
        let names = folders.filter_map(|folder| folder.file_name().to_str()?.parse().ok());
        let mut names: Vec<KindName> = names.collect();
        names.sort_by(|a, b| a.as_str().cmp(b.as_str()));
        names
    }

    /// The kubeconfig of all clusters.
    #[must_use]
    pub fn kubeconfig(&self) -> PathBuf {
        kubeconfig(&self.root)
    }

    /// Where it is.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    fn cluster(&self, name: &KindName) -> PathBuf {
        self.root.join("clusters").join(name.as_str())
    }

    /// The folder that is mounted on the node of a cluster that is made from this.
    pub(super) fn record(&self, spec: &Spec) -> PathBuf {
        self.cluster(&spec.name).join("made").join(format!("{}-{}", self.id, spec.digest()))
    }

    /// The digest that a record of a cluster of this profile is named by; nothing for a folder of anybody else's.
    pub(super) fn digest_of(&self, cluster: &str, record: &Path) -> Option<String> {
        let made = self.root.join("clusters").join(cluster).join("made");
        let here = here(record);
        let digest = record.strip_prefix(&made).or(here.strip_prefix(&made)).ok()?;
        let mut parts = digest.components();
        let first = parts.next()?.as_os_str().to_str()?.to_owned();
        let digest = first.strip_prefix(&self.id)?.strip_prefix('-')?.to_owned();
        parts.next().is_none().then_some(digest)
    }

    /// What a cluster was made from.
    pub(super) fn made_from(&self, cluster: &KindName, digest: &str) -> Option<Value> {
        let record = self.cluster(cluster).join("made").join(format!("{}-{digest}", self.id));
        let text = std::fs::read_to_string(record.join(SUMMARY)).ok()?;
        serde_json::from_str(&text).ok()
    }

    /// Whether kind made a cluster to its end.
    pub(super) fn is_finished(&self, name: &KindName) -> bool {
        self.cluster(name).join("finished").exists()
    }

    /// Writes the record, and opens what kind reads, locked for as long as kind lives.
    ///
    /// # Errors
    /// When it cannot be written, or a kind of an earlier run still works on it.
    pub(super) fn begin(&self, spec: &Spec) -> Result<Result<File, Busy>, Problem> {
        let folder = self.cluster(&spec.name);
        let record = self.record(spec);
        let begin = || -> io::Result<Result<File, Busy>> {
            private_folder(&folder)?;
            if self.is_at_work(&spec.name) {
                return Ok(Err(Busy));
            }
            for (path, text) in spec.files(&record) {
                std::fs::create_dir_all(path.parent().unwrap_or(&record))?;
                write(&path, &text)?;
            }
            let configuration = folder.join("kind.json");
            write(&configuration, &format!("{:#}\n", spec.configuration(&record)))?;
            let configuration = OpenOptions::new().read(true).write(true).open(configuration)?;
            if let Err(TryLockError::WouldBlock) = configuration.try_lock() {
                return Ok(Err(Busy));
            }
            absent(&folder.join("finished"))?;
            Ok(Ok(configuration))
        };
        begin().map_err(|error| unwritable(&folder, &error))
    }

    /// Whether a kind that an earlier run started lives on: it holds the lock of its standard input.
    #[must_use]
    pub fn is_at_work(&self, name: &KindName) -> bool {
        let file = OpenOptions::new().read(true).write(true).open(self.cluster(name).join("kind.json"));
        file.is_ok_and(|file| matches!(file.try_lock(), Err(TryLockError::WouldBlock)))
    }

    /// Notes that kind made a cluster to its end.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub(super) fn finish(&self, name: &KindName) -> Result<(), Problem> {
        let mark = self.cluster(name).join("finished");
        write(&mark, "").map_err(|error| unwritable(&mark, &error))
    }

    /// Forgets a cluster that is gone.
    pub(super) fn forget(&self, name: &KindName) {
        let folder = self.cluster(name);
        if let Err(error) = std::fs::remove_dir_all(&folder)
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(folder = %folder.display(), %error, "the record of a deleted cluster stays");
        }
    }

    /// Forgets everything, after the last cluster is gone.
    pub fn forget_all(self) {
        if let Err(error) = std::fs::remove_dir_all(&self.root) {
            tracing::warn!(folder = %self.root.display(), %error, "the folder of the clusters stays");
        }
    }

    /// Puts a kubeconfig in the place of the one that is there, when it is whole.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn replace_kubeconfig(&self, with: &Path) -> Result<(), Problem> {
        std::fs::rename(with, self.kubeconfig()).map_err(|error| unwritable(&self.root, &error))
    }

    /// An empty folder for a kubeconfig that is being written; gone when dropped.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn temporary(&self) -> Result<tempfile::TempDir, Problem> {
        tempfile::tempdir_in(&self.root).map_err(|error| unwritable(&self.root, &error))
    }
}

/// The kubeconfig of all clusters of the profile whose folder this is.
#[must_use]
pub fn kubeconfig(root: &Path) -> PathBuf {
    root.join("kubeconfig")
}

/// Docker Desktop shows a folder as its own machine sees it: below this one.
pub(super) fn here(record: &Path) -> PathBuf {
    let inside = record.strip_prefix("/host_mnt").map(|inside| Path::new("/").join(inside));
    inside.unwrap_or_else(|_| record.to_path_buf())
}

/// The profile whose folder a record is in, where that folder is on this machine.
pub(super) fn profile_of(record: &Path) -> Option<PathBuf> {
    let record = here(record);
    let root = record.ancestors().nth(4)?;
    let id = std::fs::read_to_string(root.join("id")).ok()?;
    let is_its = record.file_name()?.to_str()?.strip_prefix(&id)?.starts_with('-');
    let file = std::fs::read_to_string(root.join("profile")).ok().filter(|_| is_its)?;
    Some(PathBuf::from(file.trim_end_matches('\n')))
}

/// Makes the folder and takes its lock; nothing where somebody else has it.
fn lock(root: &Path) -> io::Result<Option<Option<File>>> {
    loop {
        private_folder(root)?;
        let path = root.join("lock");
        let lock = OpenOptions::new().create(true).truncate(false).write(true).open(&path)?;
        match lock.try_lock() {
            // Whoever had it before may have forgotten the whole folder meanwhile.
            Ok(()) if !is_same(&lock, &path) => {}
            Ok(()) => return Ok(Some(Some(lock))),
            // A folder on a file system without locks is no reason to do nothing.
            Err(TryLockError::Error(_)) => return Ok(Some(None)),
            Err(TryLockError::WouldBlock) => return Ok(None),
        }
    }
}

#[cfg(unix)]
fn is_same(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let of = |metadata: std::fs::Metadata| (metadata.dev(), metadata.ino());
    file.metadata().ok().map(of) == std::fs::metadata(path).ok().map(of)
}

#[cfg(not(unix))]
fn is_same(_: &File, path: &Path) -> bool {
    path.exists()
}

/// The id of the folder, which is drawn once. Two machines with one engine may have the same paths.
fn id(root: &Path) -> io::Result<String> {
    let file = root.join("id");
    let is_id = |id: &String| id.len() == 16 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    if let Some(id) = std::fs::read_to_string(&file).ok().filter(is_id) {
        return Ok(id);
    }
    let id = format!("{:016x}", getrandom::u64().map_err(|error| io::Error::other(error.to_string()))?);
    write(&file, &id)?;
    Ok(id)
}

fn absent(path: &Path) -> io::Result<()> {
    std::fs::remove_file(path).or_else(|error| match error.kind() {
        io::ErrorKind::NotFound => Ok(()),
        _ => Err(error),
    })
}

/// A folder that is its owner's alone: kubeconfigs are in it.
fn private_folder(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
    }
    #[cfg(not(unix))]
    std::fs::create_dir_all(path)
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

pub(super) fn unwritable(path: &Path, error: &io::Error) -> Problem {
    Problem::new(Code::KIND_FOLDER, format!("{} cannot be written: {error}", path.display()))
        .fix("check its permissions and the disk, or give another folder with BRIDGE_STATE_DIR")
}
