//! Taking out of the user's kubeconfig files what `bridge up` wrote into them, once the clusters are gone.
#![expect(clippy::disallowed_methods, reason = "the files that `--kubeconfig` named are edited")]

use std::collections::BTreeMap;
use std::fs::{File, Metadata};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::warn;
use crate::cli::context::Context;
use crate::cluster::KubeconfigFiles;
use crate::code::Code;
use crate::kind::{self, Problem, Written};
use crate::plan::consent::shell_word;
use crate::report::style::plain;
use crate::template::yaml;

/// Takes the contexts out, with their clusters and users, and says so. A file that cannot be edited keeps what leads nowhere
/// any more, which is worth a warning and no more.
pub(super) fn take_out(context: &Context, written: &Written) {
    let mut problems = Vec::new();
    for (file, marks) in written {
        let shown = plain(&file.display().to_string());
        match edit(file, marks) {
            Ok(gone) if gone.is_empty() => {}
            Ok(gone) => context.ui.status(&format!("kubeconfig {shown}: took out {}", gone.join(", "))),
            Err(why) => problems.push(stays(file, marks, &why)),
        }
    }
    warn(context, &problems);
}

fn stays(file: &Path, marks: &BTreeMap<String, String>, why: &str) -> Problem {
    let names: Vec<&str> = marks.keys().map(String::as_str).collect();
    let message =
        format!("{} may still have {}, whose clusters are gone: {why}", file.display(), names.join(", "));
    let kubectl = format!("kubectl --kubeconfig {} config", shell_word(&file.display().to_string()));
    let line = |name: &&str| {
        let (name, each) = (shell_word(name), ["delete-context", "delete-cluster", "delete-user"]);
        each.map(|what| format!("{kubectl} {what} {name}")).join("; ")
    };
    Problem {
        code: Code::KIND_KUBECONFIG,
        message,
        fixes: names.iter().map(line).collect(),
        is_warning: true,
    }
}

/// Takes out what is as it was written; in words, what that was.
///
/// # Errors
/// Why the file stays as it is.
fn edit(file: &Path, marks: &BTreeMap<String, String>) -> Result<Vec<String>, String> {
    if !file.exists() {
        return Ok(Vec::new());
    }
    let _lock = Lock::take(file).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => format!("another program is writing it, or left {}.lock", file.display()),
        _ => error.to_string(),
    })?;
    let there = KubeconfigFiles::new(vec![file.to_path_buf()]);
    let is_it =
        |name: &str, mark: &str| there.endpoint(name).is_ok_and(|endpoint| kind::mark(&endpoint) == mark);
    let ours = marks.iter().filter(|(name, mark)| is_it(name, mark)).map(|(name, _)| name.clone());
    let text = std::fs::read_to_string(file).map_err(|error| error.to_string())?;
    let mut documents = yaml::parse_documents(&text).map_err(|error| error.to_string())?;
    let [document] = documents.as_mut_slice() else { return Ok(Vec::new()) };
    let gone: Vec<String> = ours.filter(|name| is_kinds(document, name)).collect();
    if gone.is_empty() {
        return Ok(gone);
    }
    let current = document.get("current-context").cloned().unwrap_or_default();
    remove(document, &gone);
    replace(file, &yaml::print(document)).map_err(|error| error.to_string())?;
    let words = |name| if current == name { format!("{name}, the current context") } else { name };
    Ok(gone.into_iter().map(words).collect())
}

/// Whether a context is as kind writes it, with a cluster and a user of its own name. Another one is somebody's own work.
fn is_kinds(document: &Value, name: &str) -> bool {
    let contexts = document.get("contexts").and_then(Value::as_array).into_iter().flatten();
    let mut named = contexts.filter(|entry| entry["name"] == name);
    named.all(|entry| entry["context"]["cluster"] == name && entry["context"]["user"] == name)
}

fn remove(document: &mut Value, gone: &[String]) {
    let is_gone = |name: &Value| name.as_str().is_some_and(|name| gone.iter().any(|gone| gone == name));
    for list in ["contexts", "clusters", "users"] {
        if let Some(Value::Array(entries)) = document.get_mut(list) {
            entries.retain(|entry| !is_gone(&entry["name"]));
        }
    }
    if let Some(current) = document.get_mut("current-context").filter(|current| is_gone(current)) {
        *current = Value::from("");
    }
}

/// Puts a text in the place of a file, all of it at once, with the mode and the owner that the file had. A link stays one.
fn replace(file: &Path, text: &str) -> io::Result<()> {
    let file = file.canonicalize()?;
    let before = std::fs::metadata(&file)?;
    let mut new = tempfile::NamedTempFile::new_in(file.parent().unwrap_or(Path::new(".")))?;
    new.write_all(text.as_bytes())?;
    new.as_file().set_permissions(before.permissions())?;
    keep_owner(new.as_file(), &before)?;
    new.as_file().sync_all()?;
    new.persist(&file)?;
    Ok(())
}

/// Somebody who runs bridge with sudo keeps the file all the same.
#[cfg(unix)]
fn keep_owner(new: &File, before: &Metadata) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt as _;
    let now = new.metadata()?;
    if (now.uid(), now.gid()) == (before.uid(), before.gid()) {
        return Ok(());
    }
    std::os::unix::fs::fchown(new, Some(before.uid()), Some(before.gid()))
}

#[cfg(not(unix))]
fn keep_owner(_: &File, _: &Metadata) -> io::Result<()> {
    Ok(())
}

/// The lock that kubectl and kind take, too; gone when dropped.
struct Lock(PathBuf);

impl Lock {
    fn take(file: &Path) -> io::Result<Self> {
        let lock = kind::lock_of(file);
        File::create_new(&lock).map(|_| Self(lock))
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        let _gone = std::fs::remove_file(&self.0);
    }
}
