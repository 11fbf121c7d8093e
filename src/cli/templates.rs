//! The files of the user's templates folder.
#![expect(clippy::disallowed_methods, reason = "the templates folder is read here")]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::cli::error::CliError;
use crate::cli::read;
use crate::code::Code;
use crate::profile::finding::Finding;
use crate::profile::location::{Location, Source};
use crate::profile::model::Profile;

/// Reads them, sorted by name; hidden files are left alone.
///
/// # Errors
/// A finding for the folder or each file that cannot be read.
pub(super) fn read(profile: &Profile) -> Result<Vec<Arc<Source>>, CliError> {
    let Some((templates, at)) = &profile.application_sets.templates else { return Ok(Vec::new()) };
    let files = files(templates).map_err(|(path, error)| vec![unreadable(&path, &error, at)])?;
    let (mut sources, mut findings) = (Vec::new(), Vec::new());
    for path in files {
        match read::bounded_text(&path) {
            Ok(text) => sources.push(Arc::new(Source { path: path.display().to_string(), text })),
            Err(error) => findings.push(unreadable(&path, &error, at)),
        }
    }
    if findings.is_empty() { Ok(sources) } else { Err(findings.into()) }
}

fn files(folder: &Path) -> Result<Vec<PathBuf>, (PathBuf, std::io::Error)> {
    let failed = |error| (folder.to_path_buf(), error);
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let is_hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if !is_hidden && path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn unreadable(path: &Path, error: &std::io::Error, at: &Location) -> Finding {
    let message = format!("`{}` cannot be read: {error}", path.display());
    Finding::error(Code::UNREADABLE_FILE, at, message, "the path counts from the profile's folder")
}
