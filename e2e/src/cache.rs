//! The folder where binaries are kept between runs.
//!
//! A file gets its final name only once it is whole, by a rename inside one file system, and only by the
//! process that holds the folder's lock. A build that fails or is killed leaves at most a `.partial-*` folder,
//! which the next holder of the lock sweeps away.

use anyhow::{Context, Result};
use std::fs::{self, File};
use std::path::{Path, PathBuf};

const PARTIAL: &str = ".partial-";

/// The root of the cache.
#[derive(Clone, Debug)]
pub struct Cache {
    root: PathBuf,
}

impl Cache {
    /// The user's cache: `$XDG_CACHE_HOME/bridge-e2e`, else `~/.cache/bridge-e2e`.
    pub fn of_user() -> Result<Self> {
        let xdg = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
        let base = match xdg {
            Some(path) => path,
            None => {
                std::env::home_dir().context("no home folder: set HOME or XDG_CACHE_HOME")?.join(".cache")
            }
        };
        Ok(Self { root: base.join("bridge-e2e") })
    }

    /// A cache in a folder of the caller's choice.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The folder of one key; it need not exist.
    pub fn folder(&self, key: &str) -> PathBuf {
        self.root.join(key)
    }

    /// The file `name` under `key`, if it is there.
    pub fn find(&self, key: &str, name: &str) -> Option<PathBuf> {
        let path = self.folder(key).join(name);
        path.is_file().then_some(path)
    }

    /// Waits until this process alone may write under `key`.
    pub fn lock(&self, key: &str) -> Result<Locked> {
        let folder = self.folder(key);
        fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
        let path = folder.join(".lock");
        let file = File::create(&path).with_context(|| format!("cannot create {}", path.display()))?;
        if file.try_lock().is_err() {
            crate::say(&format!("another process is filling {key} in the cache; waiting for it"));
            file.lock().with_context(|| format!("cannot lock {}", path.display()))?;
        }
        let locked = Locked { folder, _file: file };
        locked.sweep();
        Ok(locked)
    }
}

/// The right to write under one key, until it is dropped or the process ends.
#[derive(Debug)]
pub struct Locked {
    folder: PathBuf,
    // The operating system releases the lock with the file, also when the process is killed.
    _file: File,
}

impl Locked {
    /// The file `name`, if a previous holder of the lock has put it here.
    pub fn find(&self, name: &str) -> Option<PathBuf> {
        let path = self.folder.join(name);
        path.exists().then_some(path)
    }

    /// A folder to work in, on the same file system, removed when it is dropped.
    pub fn workspace(&self) -> Result<tempfile::TempDir> {
        tempfile::Builder::new()
            .prefix(PARTIAL)
            .tempdir_in(&self.folder)
            .with_context(|| format!("cannot work in {}", self.folder.display()))
    }

    /// Gives a finished file or folder its name in the cache, in one step.
    pub fn keep(&self, finished: &Path, name: &str) -> Result<PathBuf> {
        let path = self.folder.join(name);
        fs::rename(finished, &path).with_context(|| format!("cannot keep {}", path.display()))?;
        Ok(path)
    }

    /// Removes what killed holders left: with the lock held, nobody else is working here.
    fn sweep(&self) {
        let Ok(entries) = fs::read_dir(&self.folder) else { return };
        for entry in entries.flatten() {
            if entry.file_name().to_string_lossy().starts_with(PARTIAL) {
                let _best_effort = fs::remove_dir_all(entry.path());
            }
        }
    }
}
