//! `validate --checkout`: the files of a local checkout that its root ApplicationSet would pull.
#![expect(clippy::disallowed_methods, reason = "the checkout is read here")]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::checkout::repository::{Checkout, FileKind, Repository, folders, kind};
use crate::cli::error::CliError;
use crate::cli::prepare::Ready;
use crate::cli::read;
use crate::code::Code;
use crate::profile::finding::{Finding, Severity};
use crate::profile::location::{Location, Source};
use crate::profile::model::GitSource;

/// A repository and the folder that it is checked out in: `addons=../addons`.
#[derive(Debug, Clone)]
pub(super) struct Given {
    repository: Repository,
    folder: PathBuf,
}

impl std::str::FromStr for Given {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, folder) = text
            .split_once('=')
            .filter(|(_, folder)| !folder.is_empty())
            .ok_or("it takes NAME=DIR, such as addons=../addons")?;
        let repository = name
            .parse()
            .map_err(|error: crate::checkout::repository::UnknownRepository| error.to_string())?;
        Ok(Self { repository, folder: folder.into() })
    }
}

/// What the checkouts and the profile say to each other.
///
/// # Errors
/// When a checkout is no folder.
pub(super) fn check(given: &[Given], ready: &Ready) -> Result<Vec<Finding>, CliError> {
    let (mut checkouts, mut findings) = (Vec::new(), Vec::new());
    for Given { repository, folder } in given {
        if !folder.is_dir() {
            let message = format!("`--checkout {}={}` names no folder", repository.name(), folder.display());
            return Err(CliError::usage(Code::UNREADABLE_FILE, message)
                .hinted("the path counts from the current folder"));
        }
        let Some(source) = repository.source(&ready.profile.gitops) else {
            findings.push(undeclared(*repository, ready));
            continue;
        };
        let missing = missing(*repository, folder, source, ready);
        if !missing.is_empty() {
            // Everything else would be said of nothing.
            findings.extend(missing);
            continue;
        }
        let mut files = Vec::new();
        for below in folders(source) {
            walk(&folder.join(below), "", &mut files, &mut findings);
        }
        checkouts.push(Checkout { repository: *repository, files });
    }
    findings.extend(crate::checkout::check(&ready.profile, &ready.places, &checkouts));
    Ok(findings)
}

fn undeclared(repository: Repository, ready: &Ready) -> Finding {
    let name = repository.name();
    let message = format!("the profile has no `gitops.{name}`, so its checkout was not looked at");
    let fix = format!("declare it, or leave out `--checkout {name}=DIR`");
    Finding::error(Code::CHECKOUT_NOT_EVALUATED, &ready.profile.hub.at, message, fix)
        .with_severity(Severity::Warning)
}

fn missing(repository: Repository, folder: &Path, source: &GitSource, ready: &Ready) -> Vec<Finding> {
    let at = ready.places.sources.get(repository.name()).unwrap_or(&ready.profile.hub.at);
    let gone = folders(source).into_iter().filter(|below| !folder.join(below).is_dir());
    gone.map(|below| {
        let message = format!(
            "the checkout `{}` has no folder `{below}`, which the root ApplicationSet `{}` pulls",
            folder.display(),
            repository.name()
        );
        Finding::error(Code::CHECKOUT_PATH, at, message, nearest(folder, &below))
    })
    .collect()
}

/// How far the path leads, and what there is.
fn nearest(folder: &Path, below: &str) -> String {
    let mut reached = String::new();
    for part in below.split('/') {
        let next = if reached.is_empty() { part.to_owned() } else { format!("{reached}/{part}") };
        if !folder.join(&next).is_dir() {
            break;
        }
        reached = next;
    }
    let mut names: Vec<String> = entries(&folder.join(&reached))
        .unwrap_or_default()
        .into_iter()
        .filter(|path| path.is_dir())
        .filter_map(|path| name(&path))
        .filter(|name| !name.starts_with('.'))
        .collect();
    names.truncate(10);
    let place =
        if reached.is_empty() { "the root of the repository".to_owned() } else { format!("`{reached}`") };
    match names.as_slice() {
        [] => format!("there is no folder in {place}; correct `basePath` and `path`"),
        names => format!("in {place} there is: {}; correct `basePath` and `path`", names.join(", ")),
    }
}

/// Every file below, in order of the paths. As Argo CD does, links to folders are not followed.
fn walk(folder: &Path, below: &str, files: &mut Vec<Arc<Source>>, findings: &mut Vec<Finding>) {
    let all = match entries(folder) {
        Ok(all) => all,
        Err(error) => return findings.push(unreadable(folder, &error)),
    };
    for path in all {
        let Some(name) = name(&path) else { continue };
        let inside = if below.is_empty() { name } else { format!("{below}/{name}") };
        if path.is_dir() {
            if !path.is_symlink() {
                walk(&path, &inside, files, findings);
            }
            continue;
        }
        match kind(&inside) {
            FileKind::Ignored => {}
            FileKind::Jsonnet => findings.push(jsonnet(&path)),
            FileKind::Manifest => match read::bounded_text(&path) {
                Ok(text) => files.push(Arc::new(Source { path: path.display().to_string(), text })),
                Err(error) => findings.push(unreadable(&path, &error)),
            },
        }
    }
}

fn entries(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path()));
    let mut all = entries.collect::<Result<Vec<_>, _>>()?;
    all.sort();
    Ok(all)
}

fn name(path: &Path) -> Option<String> {
    path.file_name().map(|name| name.to_string_lossy().into_owned())
}

fn unreadable(path: &Path, error: &std::io::Error) -> Finding {
    let message = format!("the file of the checkout cannot be read: {error}");
    Finding::error(Code::UNREADABLE_FILE, &top(path), message, "check that it is a text, and its permissions")
}

fn jsonnet(path: &Path) -> Finding {
    let message = "what a Jsonnet program makes was not evaluated";
    Finding::error(Code::CHECKOUT_NOT_EVALUATED, &top(path), message, "").with_severity(Severity::Note)
}

fn top(path: &Path) -> Location {
    let source = Arc::new(Source { path: path.display().to_string(), text: String::new() });
    Location { source, line: 1, column: 1, length: 1 }
}
