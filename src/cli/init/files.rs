//! The files that `bridge init` writes.
#![expect(clippy::disallowed_methods, reason = "init writes files")]

use std::io::Write;
use std::path::{Path, PathBuf};

use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::profiles::is_base;
use crate::cli::read;
use crate::code::Code;

/// The first profile.
pub(super) const FIRST: &str = include_str!("../../../templates/init/bridge.yaml");

const EXTENDING: &str = include_str!("../../../templates/init/extending.yaml");
const CLUSTERS: &str = include_str!("../../../templates/init/clusters.yaml");

const SCHEMA_LINE: &str = "# yaml-language-server: $schema=./bridge.schema.json\n";

/// Whether something is at the path already.
pub(super) fn exists(path: &Path) -> bool {
    path.exists()
}

/// Writes a new file.
///
/// # Errors
/// When there is one already, or the folder cannot be written.
pub(super) fn create(path: &Path, text: &str) -> Result<(), CliError> {
    let opened = std::fs::OpenOptions::new().write(true).create_new(true).open(path);
    opened.and_then(|mut file| file.write_all(text.as_bytes())).map_err(|error| {
        if error.kind() == std::io::ErrorKind::AlreadyExists {
            return CliError::usage(Code::WOULD_OVERWRITE, format!("`{}` is there already", path.display()))
                .hinted("give another name with `--profile FILE`, or remove it");
        }
        CliError::new(Code::OUTPUT_FAILED, Exit::Failed, format!("`{}` cannot be written", path.display()))
            .caused_by(&error)
    })
}

/// What a new profile is made from.
#[derive(Debug)]
pub(super) enum From {
    /// A base, by its path from the new profile's folder.
    Base(String),
    /// The text of a profile.
    Copy(String),
}

/// Looks at what `--from` names.
///
/// # Errors
/// When the file cannot be read.
pub(super) fn from(from: &str, folder: &Path) -> Result<From, CliError> {
    let text = read::bounded_text(Path::new(from)).map_err(|error| {
        CliError::usage(Code::UNREADABLE_FILE, format!("`{from}` cannot be read")).caused_by(&error)
    })?;
    Ok(if is_base(&text) { From::Base(relative(from, folder)) } else { From::Copy(copied(&text)) })
}

/// A profile that extends a base. One whose base lacks the hub gets the clusters of a first profile.
pub(super) fn extending(base: &str, has_hub: bool) -> String {
    let head = EXTENDING.replace("BASE", &serde_json::Value::from(base).to_string());
    let first = FIRST.find("\nclusters:\n").map_or("", |at| &FIRST[at + 1..]);
    head + if has_hub { CLUSTERS } else { first }
}

/// The same text under the schema line of this folder.
fn copied(text: &str) -> String {
    let body = match text.split_once('\n') {
        Some((first, rest)) if first.contains("yaml-language-server") => rest,
        Some(_) | None => text,
    };
    format!("{SCHEMA_LINE}{body}")
}

/// The path of the base as the new profile's folder sees it.
fn relative(from: &str, folder: &Path) -> String {
    let up: PathBuf = folder.components().map(|_| "..").collect();
    let path = if Path::new(from).is_absolute() { PathBuf::from(from) } else { up.join(from) };
    path.display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_is_extended_by_its_path_from_the_new_folder() {
        assert_eq!(relative("profiles/base.yaml", Path::new("")), "profiles/base.yaml");
        assert_eq!(relative("profiles/base.yaml", Path::new("envs/dev")), "../../profiles/base.yaml");
        assert_eq!(relative("/x/base.yaml", Path::new("envs")), "/x/base.yaml");
    }

    #[test]
    fn a_copy_has_one_schema_line() {
        let copy = copied("# yaml-language-server: $schema=../x.json\nkind: Profile\n");
        assert_eq!(copy, format!("{SCHEMA_LINE}kind: Profile\n"));
        assert!(is_base("a: b\nkind: ProfileBase\n") && !is_base(&copy));
    }
}
