//! Taking out of the user's kubeconfig files what `bridge up` wrote into them, once the clusters are gone.
#![expect(clippy::disallowed_methods, reason = "the files that `--kubeconfig` named are edited")]

use std::collections::BTreeMap;
use std::fs::{File, Metadata};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::warn;
use crate::cli::context::Context;
use crate::cluster::{Entries, KubeconfigFiles};
use crate::code::Code;
use crate::kind::{self, Mark, Problem, Written, has_cluster, has_user};
use crate::profile::shell::{shell_path, shell_word};
use crate::report::style::plain;
use crate::template::yaml;

type Marks = BTreeMap<String, Vec<Mark>>;
/// A name, its marks, and what the file has under it.
type Found<'a> = (&'a str, &'a Vec<Mark>, Entries);

/// Takes the contexts out, with their clusters and users, and says what goes and what stays. A file that cannot be edited keeps
/// what leads nowhere any more, which is worth a warning; it is given back, for the next time.
pub(super) async fn take_out(context: &Context, written: Written) -> Written {
    let (mut problems, mut left) = (Vec::new(), Written::new());
    for (file, marks) in written {
        let shown = plain(&file.display().to_string());
        match edit(&file, &marks).await {
            Ok(Edited { gone, kept }) => {
                if !gone.is_empty() {
                    context.ui.status(&format!("kubeconfig {shown}: took out {}", gone.join(", ")));
                }
                for kept in kept {
                    context.ui.status(&format!("kubeconfig {shown}: left {kept}"));
                }
            }
            Err(why) => {
                problems.push(stays(&file, &marks, &why));
                left.insert(file, marks);
            }
        }
    }
    warn(context, &problems);
    left
}

fn stays(file: &Path, marks: &Marks, why: &str) -> Problem {
    let names: Vec<&str> = marks.keys().map(String::as_str).collect();
    let message =
        format!("{} may still have {}, whose clusters are gone: {why}", file.display(), names.join(", "));
    let kubectl = format!("kubectl --kubeconfig {} config", shell_path(file));
    let line = |name: &&str| {
        let (name, each) = (shell_word(name), ["delete-context", "delete-cluster", "delete-user"]);
        each.map(|what| format!("{kubectl} {what} {name}")).join("; ")
    };
    let again = "`bridge down` takes it out when it can".to_owned();
    Problem {
        code: Code::KIND_KUBECONFIG,
        message,
        fixes: std::iter::once(again).chain(names.iter().map(line)).collect(),
        is_warning: true,
    }
}

/// In words, what went and what stayed.
#[derive(Default)]
struct Edited {
    gone: Vec<String>,
    kept: Vec<String>,
}

/// Takes out what is as it was written, and nothing that another context needs.
///
/// # Errors
/// Why the file stays as it is.
async fn edit(file: &Path, marks: &Marks) -> Result<Edited, String> {
    if !file.exists() {
        return Ok(Edited::default());
    }
    let _lock = Lock::take(file).await.map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => format!("another program is writing it, or left {}.lock", file.display()),
        _ => error.to_string(),
    })?;
    let there = KubeconfigFiles::new(vec![file.to_path_buf()]);
    let mut found = Vec::new();
    for (name, marks) in marks {
        found.push((name.as_str(), marks, there.entries(name).map_err(|error| error.to_string())?));
    }
    let text = std::fs::read_to_string(file).map_err(|error| error.to_string())?;
    let mut documents = yaml::parse_documents(&text).map_err(|error| error.to_string())?;
    let [document] = documents.as_mut_slice() else { return Err("it is not one YAML document".to_owned()) };
    let is_ours = |(_, marks, entries): &&Found| entries.context == Some(true) && has_cluster(marks, entries);
    let gone: Vec<&str> = found.iter().filter(is_ours).map(|(name, _, _)| *name).collect();
    let was_current = take(document, "contexts", &gone);
    let mut edited = Edited::default();
    let (mut clusters, mut users) = (Vec::new(), Vec::new());
    for (name, marks, entries) in &found {
        let cluster = Fate::of(
            entries.cluster.is_some(),
            has_cluster(marks, entries),
            user_of(document, "cluster", name),
        );
        let user =
            Fate::of(entries.user.is_some(), has_user(marks, entries), user_of(document, "user", name));
        clusters.extend(cluster.goes().then_some(*name));
        users.extend(user.goes().then_some(*name));
        let mut kept = Vec::new();
        if gone.contains(name) {
            let current = ", the current context, so there is none now";
            edited
                .gone
                .push(format!("{name}{}", if was_current.as_deref() == Some(*name) { current } else { "" }));
        } else {
            kept.extend(entries.context.map(|_| format!("the context {name}, which leads elsewhere by now")));
            let whats = [("cluster", &cluster), ("user", &user)].into_iter().filter(|(_, fate)| fate.goes());
            edited.gone.extend(whats.map(|(what, _)| format!("the {what} {name}")));
        }
        kept.extend(cluster.words("cluster", name, "which is another one by now"));
        kept.extend(user.words("user", name, "whose credentials are others by now"));
        edited.kept.extend((!kept.is_empty()).then(|| kept.join("; ")));
    }
    if edited.gone.is_empty() {
        return Ok(edited);
    }
    take(document, "clusters", &clusters);
    take(document, "users", &users);
    replace(file, &yaml::print(document)).map_err(|error| error.to_string())?;
    Ok(edited)
}

/// What becomes of a cluster or a user.
enum Fate {
    /// There is none.
    Absent,
    /// It is taken out.
    Goes,
    /// It is not what bridge wrote.
    Foreign,
    /// A context of this name leads to it.
    Used(String),
}

impl Fate {
    fn of(is_there: bool, is_ours: bool, used_by: Option<String>) -> Self {
        match used_by {
            _ if !is_there => Self::Absent,
            _ if !is_ours => Self::Foreign,
            Some(context) => Self::Used(context),
            None => Self::Goes,
        }
    }

    fn goes(&self) -> bool {
        matches!(self, Self::Goes)
    }

    fn words(&self, what: &str, name: &str, foreign: &str) -> Option<String> {
        match self {
            Self::Absent | Self::Goes => None,
            Self::Foreign => Some(format!("the {what} {name}, {foreign}")),
            Self::Used(context) => {
                Some(format!("the {what} {name}, which the context {} still names", plain(context)))
            }
        }
    }
}

/// The first context that leads to a cluster or a user of this name.
fn user_of(document: &Value, what: &str, name: &str) -> Option<String> {
    let mut contexts = document.get("contexts").and_then(Value::as_array).into_iter().flatten();
    let context = contexts.find(|entry| entry["context"][what] == name)?;
    Some(context["name"].as_str().unwrap_or_default().to_owned())
}

/// Takes entries out of a list; of contexts the current one, too, which is what comes back.
fn take(document: &mut Value, list: &str, gone: &[&str]) -> Option<String> {
    let is_gone = |name: &Value| name.as_str().is_some_and(|name| gone.contains(&name));
    if let Some(Value::Array(entries)) = document.get_mut(list) {
        entries.retain(|entry| !is_gone(&entry["name"]));
    }
    let current =
        document.get_mut("current-context").filter(|current| list == "contexts" && is_gone(current))?;
    let before = std::mem::replace(current, Value::from(""));
    before.as_str().map(str::to_owned)
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
    /// Takes it, when nobody else has it any more.
    async fn take(file: &Path) -> io::Result<Self> {
        let lock = kind::lock_of(file);
        let mut end = std::pin::pin!(tokio::time::sleep(kind::PATIENCE));
        loop {
            match File::create_new(&lock) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists && !end.is_elapsed() => {}
                taken => return taken.map(|_| Self(lock)),
            }
            tokio::select! {
                () = &mut end => {}
                _ = kind::wait_for_lock(file) => {}
            }
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        let _gone = std::fs::remove_file(&self.0);
    }
}
