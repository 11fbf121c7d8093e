//! A bare repository beside the tree that its commits are made of.

use anyhow::{Context, Result, ensure};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A repository of a [`super::GitServer`].
#[derive(Debug)]
pub struct Repository {
    url: String,
    bare: PathBuf,
    tree: PathBuf,
}

impl Repository {
    pub(super) fn create(root: &Path, name: &str, url: String, folder: &Path) -> Result<Self> {
        let (bare, tree) = (root.join(format!("{name}.git")), root.join(name));
        let repository = Self { url, bare, tree };
        repository.git(&["init", "--quiet", "--bare", "--initial-branch=main"])?;
        copy(folder, &repository.tree)?;
        repository.commit("Start")?;
        Ok(repository)
    }

    /// The address to clone it from.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Writes a file into the tree; [`Repository::commit`] publishes it.
    pub fn write(&self, path: &str, text: &str) -> Result<()> {
        let path = self.tree.join(path);
        fs::create_dir_all(path.parent().unwrap_or(&self.tree))?;
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
    }

    /// Makes a commit of the tree on the branch `main`.
    pub fn commit(&self, message: &str) -> Result<()> {
        self.git(&["add", "--all"])?;
        self.git(&["commit", "--quiet", "--message", message])
    }

    fn git(&self, args: &[&str]) -> Result<()> {
        let mut command = Command::new("git");
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        // Nothing of whoever runs the tests: no signing, no hooks, no name.
        command.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null");
        for role in ["AUTHOR", "COMMITTER"] {
            command
                .env(format!("GIT_{role}_NAME"), "e2e")
                .env(format!("GIT_{role}_EMAIL"), "e2e@example.com");
        }
        command.env("GIT_DIR", &self.bare);
        if self.tree.is_dir() {
            command.env("GIT_WORK_TREE", &self.tree).current_dir(&self.tree);
        }
        let output = command.args(args).stdin(Stdio::null()).output().context("cannot start git")?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "git {} failed: {said}", args.join(" "));
        Ok(())
    }
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), &target)?;
        }
    }
    Ok(())
}
