//! Folders of one control plane: removed when all is well, kept for whoever must find out why it is not.

use anyhow::{Context, Result};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, Once, PoisonError};
use tempfile::TempDir;

/// A file in a folder that must outlive its owner; the watchdog respects it, too.
const KEEP: &str = ".keep";

/// The folders of all control planes of this process.
///
/// A control plane that several tests share lives in a static and is never dropped, so a failing test cannot be
/// seen from its drop; a panic hook can.
static LIVE: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// A temporary folder that survives a failing test.
#[derive(Debug)]
pub(crate) struct Scratch {
    folder: Option<TempDir>,
    path: PathBuf,
    files: AtomicUsize,
}

impl Scratch {
    pub(crate) fn new(purpose: &str) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix(&format!("bridge-e2e-{purpose}-")).tempdir();
        let folder = folder.context("cannot create a temporary folder")?;
        keep_on_panic();
        LIVE.lock().unwrap_or_else(PoisonError::into_inner).push(folder.path().to_owned());
        Ok(Self { path: folder.path().to_owned(), folder: Some(folder), files: AtomicUsize::new(0) })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// A path in the folder that no other call gets.
    pub(crate) fn fresh_path(&self, stem: &str) -> PathBuf {
        self.path.join(format!("{stem}-{}", self.files.fetch_add(1, Ordering::Relaxed)))
    }

    /// The folder, where the watchdog may remove it after this process died.
    pub(crate) fn doomed(&self) -> Option<&Path> {
        (!keep_all()).then_some(self.path.as_path())
    }

    /// Keeps the folder when its owner goes.
    pub(crate) fn keep(&mut self) {
        self.release();
    }

    /// Keeps the folder for good.
    pub(crate) fn keep_folder(mut self) -> PathBuf {
        self.release();
        self.path.clone()
    }

    fn release(&mut self) {
        if let Some(folder) = self.folder.take() {
            let _kept = folder.keep();
        }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        LIVE.lock().unwrap_or_else(PoisonError::into_inner).retain(|path| *path != self.path);
        if keep_all() || self.path.join(KEEP).exists() {
            self.release();
        }
    }
}

/// Marks every live folder when any test fails, and says where the logs are.
fn keep_on_panic() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            usual(info);
            keep_logs();
        }));
    });
}

/// Keeps the folders of all control planes of this process, and says where the logs are: for a test that fails without
/// a panic, before it drops anything.
pub fn keep_logs() {
    for path in LIVE.lock().unwrap_or_else(PoisonError::into_inner).iter() {
        let _best_effort = std::fs::write(path.join(KEEP), "");
        crate::say(&format!("logs kept in {}", path.display()));
    }
}

fn keep_all() -> bool {
    std::env::var_os("BRIDGE_E2E_KEEP").is_some_and(|value| !value.is_empty() && value != "0")
}
