//! Argo CD's manifest for a profile, and the entries of bridge.lock that come with it.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;
use serde_json::Value;
use tokio::sync::Mutex;

use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::prepare::Ready;
use crate::cli::read::{self, LARGEST};
use crate::code::Code;
use crate::desired;
use crate::fetch::cache::Cache;
use crate::fetch::error::FetchError;
use crate::fetch::files;
use crate::fetch::http::Limits;
use crate::fetch::lock;
use crate::fetch::manifest::{Fetched, Manifest, Policy, Site, find};
use crate::profile::finding::{Finding, Severity};
use crate::profile::model::{Install, ManifestSource, Manifests};
use crate::report::error::causes;

/// Held while one profile's manifest is looked for: bridge.lock is read, and written with what is new.
static LOOKING: Mutex<()> = Mutex::const_new(());

/// Whether bridge.lock may be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lock {
    /// `init`, `plan` and `apply`.
    Write,
    /// Every other command.
    ReadOnly,
}

/// The manifest; `None` when somebody else installs Argo CD.
///
/// # Errors
/// When it cannot be had.
pub(super) async fn obtain(
    context: &Context,
    ready: &Ready,
    lock: Lock,
) -> Result<Option<Manifest>, CliError> {
    let Some(manifests) = manifests(ready) else { return Ok(None) };
    let policy = Policy { no_download: context.global.no_download, locked: context.is_locked() };
    let manifest = look(context, ready, manifests, policy, lock).await?.map_err(|error| match error {
        FetchError::NotAManifest(finding) => FetchError::NotAManifest(finding.or_at(&manifests.at)),
        other => other,
    })?;
    Ok(Some(manifest))
}

/// The documents of the manifest if they are on this machine, for `validate`; else a note that says what was not checked.
///
/// # Errors
/// When bridge.lock cannot be read, or the cache has no place.
pub(super) async fn at_hand(
    context: &Context,
    ready: &Ready,
) -> Result<(Option<Vec<Value>>, Vec<Finding>), CliError> {
    let Some(manifests) = manifests(ready) else { return Ok((None, Vec::new())) };
    let policy = Policy { no_download: true, locked: context.is_locked() };
    match look(context, ready, manifests, policy, Lock::ReadOnly).await? {
        Ok(manifest) => match documents(ready, &manifest) {
            Ok(documents) => Ok((Some(documents), Vec::new())),
            Err(CliError::Findings(findings)) => Ok((None, findings)),
            Err(error @ (CliError::One(_) | CliError::Preflight { .. })) => Err(error),
        },
        Err(error) => Ok((None, vec![not_checked(&error).or_at(&manifests.at)])),
    }
}

fn manifests(ready: &Ready) -> Option<&Manifests> {
    match &ready.profile.argocd.install {
        Install::Existing => None,
        Install::Manifests(manifests) => Some(manifests),
    }
}

/// What is wrong with bridge.lock or the cache ends the command; what is wrong with the manifest is up to the caller.
async fn look(
    context: &Context,
    ready: &Ready,
    manifests: &Manifests,
    policy: Policy,
    lock: Lock,
) -> Result<Result<Manifest, FetchError>, CliError> {
    // Profiles in one folder share their bridge.lock, and most profiles the manifest that is fetched.
    let _alone = LOOKING.lock().await;
    let path = ready.folder.join(lock::FILE);
    check_lock(&path)?;
    if let Err(error) = check_path(manifests) {
        return Ok(Err(error));
    }
    let mut locked = lock::read(&path, &path.display().to_string()).map_err(|finding| vec![finding])?;
    let manifest = find(manifests, &locked, &site(context, policy)?).await;
    if let (Ok(manifest), Lock::Write) = (&manifest, lock) {
        let entries = manifest.new_entries.clone();
        let is_new = !entries.is_empty();
        lock::add(&path, &mut locked, entries).map_err(|error| not_written(&path, &error))?;
        if is_new {
            context.ui.status(&format!("wrote {}; commit it beside the profile", path.display()));
        }
    }
    Ok(manifest)
}

fn check_lock(path: &Path) -> Result<(), CliError> {
    match read::check(path, LARGEST) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            let message = format!("`{}` cannot be read", path.display());
            Err(CliError::usage(Code::UNREADABLE_FILE, message).caused_by(&error))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Refuses a manifest that would never end; a folder may be one.
fn check_path(manifests: &Manifests) -> Result<(), FetchError> {
    let path = match &manifests.source {
        ManifestSource::Path { path, .. } => path,
        ManifestSource::Url { .. } | ManifestSource::Official => return Ok(()),
    };
    if path.read_dir().is_ok() {
        return Ok(());
    }
    let shown = path.display().to_string();
    read::check(path, LARGEST).map_err(|source| FetchError::Unreadable { path: shown, source })
}

fn not_written(path: &Path, error: &std::io::Error) -> CliError {
    CliError::new(Code::LOCK_WRITE, Exit::Failed, format!("`{}` cannot be written", path.display()))
        .caused_by(error)
}

fn site(context: &Context, policy: Policy) -> Result<Site, CliError> {
    let base = context.environment.manifest_base_url.clone();
    Ok(Site {
        folder: PathBuf::new(),
        cache: Cache::new(cache_folder(context)?),
        base: base.unwrap_or_else(|| files::OFFICIAL.to_owned()),
        limits: Limits::default(),
        policy,
    })
}

fn cache_folder(context: &Context) -> Result<PathBuf, CliError> {
    if let Some(folder) = &context.environment.cache_dir {
        return Ok(folder.clone());
    }
    let strategy = etcetera::choose_base_strategy().map_err(|error| {
        CliError::usage(Code::NO_CACHE, "there is no home folder to keep the cache in")
            .caused_by(&error)
            .hinted("set BRIDGE_CACHE_DIR")
    })?;
    Ok(strategy.cache_dir().join("bridge"))
}

/// The documents of the manifest.
///
/// # Errors
/// When it is none.
pub(super) fn documents(ready: &Ready, manifest: &Manifest) -> Result<Vec<Value>, CliError> {
    let place = manifests(ready).map_or(&ready.profile.hub.at, |manifests| &manifests.at);
    let (mut documents, mut findings) = (Vec::new(), Vec::new());
    for Fetched { name, bytes } in &manifest.files {
        match desired::manifest::parse(name, bytes) {
            Ok(more) => documents.extend(more),
            Err(finding) => findings.push(finding.or_at(place)),
        }
    }
    if findings.is_empty() { Ok(documents) } else { Err(findings.into()) }
}

/// A manifest that is not here is no fault of the profile; one that is wrong is.
fn not_checked(error: &FetchError) -> Finding {
    let finding =
        |severity, message, fix| Finding { location: None, severity, code: error.code(), message, fix };
    match error {
        FetchError::NotHere { .. } => finding(
            Severity::Note,
            "Argo CD's manifest is not on this machine, so patches, images and its objects were not checked"
                .to_owned(),
            "`bridge plan --offline` downloads it and checks them".to_owned(),
        ),
        FetchError::NotAManifest(finding) => finding.clone(),
        FetchError::Unreadable { .. }
        | FetchError::Digest { .. }
        | FetchError::Contradiction { .. }
        | FetchError::NotLocked { .. }
        | FetchError::NotFound { .. }
        | FetchError::Download { .. }
        | FetchError::Insecure { .. }
        | FetchError::TooLarge { .. } => {
            let message =
                std::iter::once(error.to_string()).chain(causes(error)).collect::<Vec<_>>().join(": ");
            finding(Severity::Error, message, error.hint())
        }
    }
}

impl From<FetchError> for CliError {
    fn from(error: FetchError) -> Self {
        let exit = fetch_exit(&error);
        if let FetchError::NotAManifest(finding) = error {
            return Self::Findings(vec![finding]);
        }
        let hint = error.hint();
        let shown = Self::new(error.code(), exit, error.to_string()).with_causes(causes(&error));
        if hint.is_empty() { shown } else { shown.hinted(hint) }
    }
}

/// What the profile or bridge.lock decides is usage; what the network decides is a failure.
fn fetch_exit(error: &FetchError) -> Exit {
    match error {
        FetchError::Unreadable { .. }
        | FetchError::Contradiction { .. }
        | FetchError::NotHere { .. }
        | FetchError::NotLocked { .. }
        | FetchError::NotFound { .. }
        | FetchError::Insecure { .. }
        | FetchError::NotAManifest(_) => Exit::Usage,
        FetchError::Digest { .. } | FetchError::Download { .. } | FetchError::TooLarge { .. } => Exit::Failed,
    }
}

/// The entries that bridge knows by itself, for `init`.
pub(super) fn built_in_lock(manifests: &Manifests) -> Option<String> {
    let entries = files::of(manifests.flavor).iter().map(|file| {
        let sha256 = crate::fetch::digests::built_in(&manifests.version, file)?;
        Some(lock::Entry { version: manifests.version.clone(), file: (*file).to_owned(), sha256 })
    });
    let mut lock = lock::Lock::default();
    entries.collect::<Option<Vec<_>>>()?.into_iter().for_each(|entry| lock.insert(entry));
    Some(lock.print())
}
