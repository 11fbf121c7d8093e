//! `bridge init`.

mod files;

use std::path::Path;

use clap::Args as ClapArgs;

use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::{manifest, prepare};
use crate::code::Code;
use crate::fetch::lock;
use crate::profile::finding::has_errors;
use crate::profile::model::{Install, Profile};
use crate::report::finding;
use crate::report::style::{self, paint};

/// What the schema file is called, as the profile's first line names it.
const SCHEMA: &str = "bridge.schema.json";

/// Write a first profile, asking nothing
///
/// Writes a commented bridge.yaml that is valid as it stands, the JSON schema that editors check it against, and
/// bridge.lock. Never overwrites a file.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// Extend this ProfileBase, or copy this Profile
    #[arg(long, value_name = "PROFILE")]
    from: Option<String>,
}

/// Writes the files.
pub(super) async fn exec(context: &Context, args: &Args) -> Result<Exit, CliError> {
    context.output("init", &[crate::cli::args::Output::Text])?;
    let path = only_one(context)?;
    let folder = prepare::folder(&path);
    let text = match &args.from {
        Some(from) => match files::from(from, &folder)? {
            files::From::Base(base) => extending(context, &path, &base)?,
            files::From::Copy(text) => text,
        },
        None => files::FIRST.to_owned(),
    };
    files::create(Path::new(&path), &text)?;
    context.ui.status(&format!("{} {path}", paint(style::ADD, "+")));
    create_beside(context, &folder.join(SCHEMA), &crate::profile::schema::schema())?;
    check(context, &path, &folder)
}

fn only_one(context: &Context) -> Result<String, CliError> {
    let mut profiles = context.profiles();
    if profiles.len() > 1 {
        return Err(
            CliError::usage(Code::USAGE, "`bridge init` writes one profile").hinted("give `--profile` once")
        );
    }
    Ok(profiles.remove(0))
}

/// The profile that extends a base, with a hub exactly where the base has none.
fn extending(context: &Context, path: &str, base: &str) -> Result<String, CliError> {
    // An empty list adds nothing to the base's clusters, and stands for the list that a bare base lacks.
    let text = files::extending(base, true) + "clusters: []\n";
    let loaded = prepare::preview(context, path, &text)?;
    let has_hub = !loaded.findings.iter().any(|finding| finding.code == Code::NO_HUB);
    Ok(files::extending(base, has_hub))
}

/// Shows what the new profile lacks, pins its manifest where the digest is known, and says what to do next.
fn check(context: &Context, path: &str, folder: &Path) -> Result<Exit, CliError> {
    let loaded = prepare::read(context, path)?;
    context.ui.say(&finding::render(&loaded.findings, context.ui.redactor()));
    if let Some(text) = loaded.profile.as_ref().and_then(locked) {
        create_beside(context, &folder.join(lock::FILE), &text)?;
    }
    next_steps(context, path, has_errors(&loaded.findings));
    Ok(Exit::Done)
}

fn locked(profile: &Profile) -> Option<String> {
    match &profile.argocd.install {
        Install::Existing => None,
        Install::Manifests(manifests) => manifest::built_in_lock(manifests),
    }
}

/// Writes a file that bridge could write again; one that is there already stays.
fn create_beside(context: &Context, path: &Path, text: &str) -> Result<(), CliError> {
    if files::exists(path) {
        context.ui.status(&format!("  {} is there already and stays as it is", path.display()));
        return Ok(());
    }
    files::create(path, text)?;
    context.ui.status(&format!("{} {}", paint(style::ADD, "+"), path.display()));
    Ok(())
}

fn next_steps(context: &Context, path: &str, has_errors: bool) {
    let option = if path == "bridge.yaml" { String::new() } else { format!(" -f {path}") };
    let first = if has_errors {
        "mend what is listed above"
    } else {
        "edit it: every field has a comment or a schema"
    };
    context.ui.status(&format!(
        "\nNext:\n  1. {first}\n  2. bridge validate{option}          every mistake at once, offline\n  3. bridge plan{option} --offline    what would be installed, without a cluster\n  4. bridge plan{option}              what would change on your cluster\n  5. bridge apply{option}             change it, after asking"
    ));
}
