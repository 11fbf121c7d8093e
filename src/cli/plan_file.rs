//! Plan files: what is read is checked before it is believed, and what is written is for its owner's eyes only.

use std::io::{self, ErrorKind, Write};
use std::path::Path;

use serde_json::Value;
use tempfile::NamedTempFile;

use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::read;
use crate::code::Code;
use crate::plan::saved::{FORMAT, SavedPlan};
use crate::profile::shell::shell_word;
use crate::report::plan_json;

/// The formats of all versions begin so.
const FAMILY: &str = "bridge.plan-file/";
/// What every plan file begins with.
const BEGINNING: &str = r#"{"format":"bridge.plan-file/"#;

/// Reads a plan file.
///
/// # Errors
/// When there is none, or it is none of this version of bridge.
pub(super) fn read(path: &str) -> Result<SavedPlan, CliError> {
    let text = read::bounded_text(Path::new(path)).map_err(|error| match error.kind() {
        ErrorKind::NotFound => CliError::usage(Code::PLAN_FILE, format!("there is no plan file `{path}`"))
            .hinted(format!("`bridge plan --out {}` writes it", shell_word(path))),
        _ => CliError::usage(Code::UNREADABLE_FILE, format!("`{path}` cannot be read")).caused_by(&error),
    })?;
    parse(path, &text)
}

fn parse(path: &str, text: &str) -> Result<SavedPlan, CliError> {
    let value: Value = serde_json::from_str(text).map_err(|error| no_json(path, text, &error))?;
    let word = |key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default();
    match word("format") {
        FORMAT => {}
        other if other.starts_with(FAMILY) => {
            return Err(of_another_version(path, other, word("bridgeVersion")));
        }
        plan_json::FORMAT => {
            return Err(no_plan(path, "is the output of `bridge plan --output json`")
                .hinted("a plan to be applied is written by `bridge plan --out FILE`"));
        }
        _ => {
            return Err(no_plan(path, "is no plan file").hinted("`bridge plan --out FILE` writes one"));
        }
    }
    serde_json::from_value(value).map_err(|error| damaged(path, &error))
}

/// The error of a plan file in which something is wrong.
pub(super) fn damaged(path: &str, error: &dyn std::error::Error) -> CliError {
    no_plan(path, "is a damaged plan file").caused_by(error).hinted(again(path))
}

fn no_json(path: &str, text: &str, error: &serde_json::Error) -> CliError {
    if text.lines().any(|line| line.starts_with("apiVersion: bridge.gitops/")) {
        let apply = format!("this applies it: bridge apply -f {}", shell_word(path));
        return no_plan(path, "is a profile, not a plan file").hinted(apply);
    }
    if text.starts_with(BEGINNING) {
        return damaged(path, error);
    }
    no_plan(path, "is no plan file").caused_by(error).hinted("`bridge plan --out FILE` writes one")
}

fn no_plan(path: &str, what: &str) -> CliError {
    CliError::usage(Code::PLAN_FILE, format!("`{path}` {what}"))
}

fn again(path: &str) -> String {
    format!("make it again: bridge plan --out {}", shell_word(path))
}

fn of_another_version(path: &str, format: &str, version: &str) -> CliError {
    let own = env!("CARGO_PKG_VERSION");
    let what = format!("is of the format {format}, and this bridge ({own}) reads {FORMAT}");
    no_plan(path, &what)
        .hinted(format!("apply it with the bridge that wrote it ({version}), or {}", again(path)))
}

/// Refuses early what could not be written later, and a place where something else than a plan stands: a profile is quickly
/// named by mistake.
///
/// # Errors
/// When there is such a file, or the folder cannot be written.
pub(super) fn check_may_write(path: &str) -> Result<(), CliError> {
    let is_free = match read::bounded_text(Path::new(path)) {
        Ok(text) => text.is_empty() || text.starts_with(BEGINNING),
        Err(error) => error.kind() == ErrorKind::NotFound,
    };
    if is_free {
        return temporary(Path::new(path)).map(drop).map_err(|error| unwritable(path, &error));
    }
    let message = format!("`{path}` is there already, and is no plan file");
    Err(CliError::usage(Code::WOULD_OVERWRITE, message)
        .hinted("give another name with `--out FILE`, or remove it"))
}

/// Writes a plan file, whole or not at all, readable for its owner only.
///
/// # Errors
/// When the folder cannot be written.
pub(super) fn write(path: &str, document: &Value) -> Result<(), CliError> {
    replace(Path::new(path), &format!("{document}\n")).map_err(|error| unwritable(path, &error))
}

fn unwritable(path: &str, error: &io::Error) -> CliError {
    let message = format!("the plan file `{path}` cannot be written");
    CliError::new(Code::OUTPUT_FAILED, Exit::Failed, message)
        .caused_by(error)
        .hinted("check the folder and its permissions, or give another name with `--out FILE`")
}

fn replace(path: &Path, text: &str) -> io::Result<()> {
    let mut file = temporary(path)?;
    file.write_all(text.as_bytes())?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// A file beside the path. It has the mode 0600, and keeps it under its new name.
fn temporary(path: &Path) -> io::Result<NamedTempFile> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    tempfile::Builder::new().prefix(".bridge.plan").tempfile_in(folder)
}
