//! A bare repository beside the tree that its commit is made of.

use anyhow::{Context, Result, ensure};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

struct Repository {
    bare: PathBuf,
    tree: PathBuf,
}

/// Makes `NAME.git` below `root`, whose branch `main` has one commit with the files of a folder.
pub(super) fn create(root: &Path, name: &str, folder: &Path) -> Result<()> {
    let repository = Repository { bare: root.join(format!("{name}.git")), tree: root.join(name) };
    repository.git(&["init", "--quiet", "--bare", "--initial-branch=main"])?;
    copy(folder, &repository.tree)?;
    repository.git(&["add", "--all"])?;
    repository.git(&["commit", "--quiet", "--message", "Start"])
}

impl Repository {
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
