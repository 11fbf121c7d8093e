//! From a path to everything that the desired state is made of.
#![expect(clippy::disallowed_methods, reason = "the profile's files are read here")]

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::checkout;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::interrupt::unless;
use crate::cli::read::{self, LARGEST};
use crate::cli::{manifest, secrets, templates};
use crate::code::Code;
use crate::converge::interrupt::Interrupt;
use crate::desired::assemble::{Inputs, assemble};
use crate::desired::secrets::Secrets;
use crate::desired::state::Desired;
use crate::desired::{images, shards};
use crate::fetch::manifest::Manifest;
use crate::profile::finding::Finding;
use crate::profile::location::Source;
use crate::profile::model::{Install, Profile};
use crate::profile::places::Places;
use crate::profile::sensitive::Sensitive;
use crate::profile::{Loaded, VariableValue, VariableValues};
use crate::report::finding;
use crate::template::output;

/// A profile without errors, and where it stands. Clones share it.
#[derive(Debug, Clone)]
pub(super) struct Ready {
    /// The profile's file.
    pub(super) path: String,
    /// What the user wants.
    pub(super) profile: Arc<Profile>,
    /// The folder that its paths count from.
    pub(super) folder: PathBuf,
    /// The user's templates.
    templates: Vec<Arc<Source>>,
    /// The texts that all of it was made from, without secrets: those of the files, and the variables' values.
    pub(super) texts: Arc<[Sensitive]>,
    /// Where the profile says what a checkout is compared with.
    pub(super) places: Arc<Places>,
}

/// Loads a profile; warnings are shown.
///
/// # Errors
/// When there is no such file, or its findings are errors.
pub(super) fn load(context: &Context, path: &str) -> Result<Ready, CliError> {
    let (ready, findings) = ready(context, read(context, path)?, path)?;
    context.ui.say(&finding::render(&findings, context.ui.redactor()));
    Ok(ready)
}

/// The same beside the thread that listens for Ctrl-C, which ends it.
///
/// # Errors
/// The same, and when the user asked to stop.
pub(super) async fn load_unless(
    context: &Context,
    path: &str,
    interrupt: &Interrupt,
) -> Result<Ready, CliError> {
    let (context, path) = (context.clone(), path.to_owned());
    unless(interrupt, beside(move || load(&context, &path))).await?
}

/// Runs work that keeps a processor busy on a thread of its own, so that the others can go on meanwhile.
async fn beside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, CliError> + Send + 'static,
) -> Result<T, CliError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        // Where it is caught nothing of its text is shown, which may hold a secret.
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Err(CliError::new(Code::INTERNAL, Exit::Failed, "bridge was stopped while it worked")),
        },
    }
}

/// Loads each of these profiles, with what is wrong with it.
pub(super) async fn all(
    context: &Context,
    paths: Vec<String>,
    interrupt: &Interrupt,
) -> Vec<(String, Result<Ready, CliError>)> {
    let mut all = Vec::new();
    for path in paths {
        let ready = load_unless(context, &path, interrupt).await;
        all.push((path, ready));
    }
    all
}

/// What to work with, and what was found that is no error.
///
/// # Errors
/// When a finding is an error, or the templates cannot be read.
pub(super) fn ready(
    context: &Context,
    loaded: Loaded,
    path: &str,
) -> Result<(Ready, Vec<Finding>), CliError> {
    let Loaded { profile, findings, sources, variables, places } = loaded;
    let Some(profile) = profile else { return Err(findings.into()) };
    let folder = folder(path);
    let templates = templates::read(&profile)?;
    let files = sources.iter().chain(&templates).map(|source| source.text.clone());
    let texts = files.chain(variables.iter().filter_map(plain_value));
    let redactor = context.ui.redactor();
    let texts = texts.map(|text| Sensitive::new(redactor.scrub(&text))).collect();
    let path = path.to_owned();
    let (profile, places) = (Arc::new(profile), Arc::new(places));
    Ok((Ready { path, profile, folder, templates, texts, places }, findings))
}

/// `name=value` of a variable that is no secret.
fn plain_value((name, value): (&String, &VariableValue)) -> Option<String> {
    match value {
        VariableValue::Plain(value) => Some(format!("{name}={value}")),
        VariableValue::Sensitive(_) => None,
    }
}

/// Loads a profile with all its findings.
///
/// # Errors
/// When there is no such file, or `--var` is not of its form.
pub(super) fn read(context: &Context, path: &str) -> Result<Loaded, CliError> {
    if !Path::new(path).exists() {
        let hint = match path {
            "-" => "`-f /dev/stdin` reads standard input",
            _ => "`bridge init` writes a first one; `--profile FILE` names another",
        };
        return Err(CliError::usage(Code::NO_PROFILE, format!("there is no profile `{path}`")).hinted(hint));
    }
    std::iter::once(path).chain(context.global.var_file.iter().map(String::as_str)).try_for_each(check)?;
    let loaded =
        crate::profile::load(path, &variables(context)?, &|path| read::bounded(Path::new(path), LARGEST));
    register(context, &loaded);
    Ok(loaded)
}

/// Loads a profile that is not written yet.
///
/// # Errors
/// When `--var` is not of its form.
pub(super) fn preview(context: &Context, path: &str, text: &str) -> Result<Loaded, CliError> {
    let read = |other: &str| {
        if other == path { Ok(text.into()) } else { read::bounded(Path::new(other), LARGEST) }
    };
    let loaded = crate::profile::load(path, &variables(context)?, &read);
    register(context, &loaded);
    Ok(loaded)
}

/// Says what is wrong with a file that must not even be opened; one that is missing is a finding.
fn check(path: &str) -> Result<(), CliError> {
    match read::check(Path::new(path), LARGEST) {
        Err(error) if error.kind() == ErrorKind::Other => {
            Err(CliError::usage(Code::UNREADABLE_FILE, format!("`{path}` cannot be read")).caused_by(&error))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Makes what the profile calls sensitive known to the redactor.
fn register(context: &Context, loaded: &Loaded) {
    for value in loaded.variables.values() {
        match value {
            VariableValue::Plain(_) => {}
            VariableValue::Sensitive(secret) => context.ui.redactor().register(secret),
        }
    }
    if let Some(profile) = &loaded.profile {
        secrets::register_literals(context, profile);
    }
}

fn variables(context: &Context) -> Result<VariableValues, CliError> {
    let command_line = context.global.var.iter().map(|text| variable(text)).collect::<Result<_, _>>()?;
    let environment: BTreeMap<String, String> = context.environment.variables.clone();
    Ok(VariableValues { environment, files: context.global.var_file.clone(), command_line })
}

/// `name=value`; the text is not repeated, because it may be a secret all the same.
fn variable(text: &str) -> Result<(String, String), CliError> {
    let (name, value) = text.split_once('=').ok_or_else(|| {
        CliError::usage(Code::USAGE, "`--var` takes NAME=VALUE").hinted("for example --var vpc_id=vpc-0123")
    })?;
    Ok((name.to_owned(), value.to_owned()))
}

/// The folder of a profile; empty for the current one.
pub(super) fn folder(path: &str) -> PathBuf {
    Path::new(path).parent().map(Path::to_path_buf).unwrap_or_default()
}

impl Ready {
    /// The same with another form of the profile.
    #[must_use]
    pub(super) fn with_profile(self, profile: Profile) -> Self {
        Self { profile: Arc::new(profile), ..self }
    }

    /// The desired state, with the manifest from wherever it may come.
    ///
    /// # Errors
    /// When the manifest cannot be had, or anything in it, in patches or templates is wrong.
    pub(super) async fn desired(
        &self,
        context: &Context,
        lock: manifest::Lock,
        secrets: &Secrets,
    ) -> Result<Desired, CliError> {
        let manifest = manifest::obtain(context, self, lock).await?;
        self.complete(context, manifest, secrets).await
    }

    /// The desired state with a manifest that was obtained.
    ///
    /// # Errors
    /// When anything in the manifest, in patches or templates is wrong.
    pub(super) async fn complete(
        &self,
        context: &Context,
        manifest: Option<Manifest>,
        secrets: &Secrets,
    ) -> Result<Desired, CliError> {
        let (ready, context, secrets) = (self.clone(), context.clone(), secrets.clone());
        beside(move || {
            let documents = manifest.map(|manifest| manifest::documents(&ready, &manifest)).transpose()?;
            let warnings = ready.warnings(documents.as_deref());
            context.ui.say(&finding::render(&warnings, context.ui.redactor()));
            let desired = ready.assemble(documents, &secrets)?;
            let warnings = shards::unused(&ready.profile, &desired.objects);
            context.ui.say(&finding::render(&warnings, context.ui.redactor()));
            Ok(desired)
        })
        .await
    }

    /// What the profile says about the manifest to no effect, and what its templates select to none.
    #[must_use]
    pub(super) fn warnings(&self, manifest: Option<&[serde_json::Value]>) -> Vec<Finding> {
        let mut findings = match (&self.profile.argocd.install, manifest) {
            (Install::Manifests(manifests), Some(documents)) => images::unused(documents, &manifests.images),
            (Install::Existing, _) | (_, None) => Vec::new(),
        };
        findings.extend(self.unmatched());
        findings
    }

    /// Selectors of the user's own templates that no cluster matches. What is wrong with a template itself is told elsewhere.
    fn unmatched(&self) -> Vec<Finding> {
        if self.templates.is_empty() {
            return Vec::new();
        }
        let rendered = output::render(&self.profile, &self.templates).unwrap_or_default();
        let own = rendered.into_iter().filter(|one| self.templates.contains(&one.at.source));
        checkout::own(&self.profile, &own.map(|one| (one.at, one.document)).collect::<Vec<_>>())
    }

    /// The desired state; without a manifest, Argo CD itself is left out.
    ///
    /// # Errors
    /// When anything in the manifest, in patches or templates is wrong.
    pub(super) fn assemble(
        &self,
        manifest: Option<Vec<serde_json::Value>>,
        secrets: &Secrets,
    ) -> Result<Desired, CliError> {
        let Self { path: _, profile, folder: _, templates, texts: _, places: _ } = self;
        Ok(assemble(Inputs { profile, manifest, templates, secrets })?)
    }
}
