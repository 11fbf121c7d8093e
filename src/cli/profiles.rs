//! Which profiles a run is about: `-f` as it stands, or every file that it matches.
#![expect(clippy::disallowed_methods, reason = "whether a file is a base is read in it")]

use std::path::{Path, PathBuf};

use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::read;
use crate::code::Code;

/// The profiles of this run, at least one and each once. Bases among several, such as `*.yaml` brings along, are passed
/// over.
///
/// # Errors
/// When a pattern matches nothing, or nothing but bases.
pub(super) fn profiles(context: &Context) -> Result<Vec<String>, CliError> {
    let mut all: Vec<String> = Vec::new();
    for named in context.profiles() {
        let matched = matched(&named)?;
        for path in matched.into_iter().filter(|path| !all.contains(path)).collect::<Vec<_>>() {
            match all.iter().find(|first| place(first).is_some_and(|place_of| Some(place_of) == place(&path)))
            {
                Some(first) => {
                    context.ui.status(&format!("`{path}` is the same file as `{first}`: read once"));
                }
                None => all.push(path),
            }
        }
    }
    if all.len() < 2 {
        return Ok(all);
    }
    let bases = all.len();
    // A pipe can be read only once.
    let is_base = |path: &Path| path.is_file() && read::bounded_text(path).is_ok_and(|text| is_base(&text));
    all.retain(|path| !is_base(Path::new(path)));
    if all.is_empty() {
        let message = format!("all of the {bases} files are bases, which nobody applies by themselves");
        return Err(CliError::usage(Code::NO_PROFILE, message)
            .hinted("name the profiles that extend them: `kind: Profile`"));
    }
    Ok(all)
}

/// Where a file is, however its folder was called. A link is a profile of its own: its other files are beside the link.
fn place(path: &str) -> Option<PathBuf> {
    let path = Path::new(path);
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    Some(folder.canonicalize().ok()?.join(path.file_name()?))
}

/// The files that a quoted pattern stands for, in order of their names: a shell expands `profiles/*.yaml` only where
/// nobody quoted it. A file whose own name looks like a pattern is that file.
fn matched(named: &str) -> Result<Vec<String>, CliError> {
    if !named.contains(['*', '?', '[']) || Path::new(named).exists() {
        return Ok(vec![named.to_owned()]);
    }
    let wrong = |error: &dyn std::error::Error| {
        CliError::usage(Code::NO_PROFILE, format!("`{named}` cannot be used as a pattern")).caused_by(error)
    };
    // As a shell has it: `*` stays within a folder, and finds no hidden file.
    let options = glob::MatchOptions {
        case_sensitive: true,
        require_literal_separator: true,
        require_literal_leading_dot: true,
    };
    let found = glob::glob_with(named, options).map_err(|error| wrong(&error))?;
    let paths = found.map(|path| path.map(|path| path.display().to_string()).map_err(|error| wrong(&error)));
    let paths: Vec<String> = paths.collect::<Result<_, _>>()?;
    if paths.is_empty() {
        return Err(CliError::usage(Code::NO_PROFILE, format!("no file matches `{named}`"))
            .hinted("the pattern counts from the current folder"));
    }
    Ok(paths)
}

/// Whether the text says `kind: ProfileBase`.
pub(super) fn is_base(text: &str) -> bool {
    let kind = text.lines().find_map(|line| line.strip_prefix("kind:"));
    kind.is_some_and(|kind| kind.trim().trim_matches(['"', '\'']).starts_with("ProfileBase"))
}
