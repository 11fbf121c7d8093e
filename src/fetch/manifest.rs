//! Argo CD's manifest: from a file, the cache, or the network, always by its digest.
#![expect(clippy::disallowed_methods, reason = "this layer does I/O")]

use std::path::{Path, PathBuf};

use crate::desired;
use crate::fetch::cache::Cache;
use crate::fetch::error::FetchError;
use crate::fetch::http::{self, Limits};
use crate::fetch::lock::{Entry, Lock, line};
use crate::fetch::{digests, files};
use crate::profile::model::{ManifestSource, Manifests};
use crate::profile::names::{ArgoCdVersion, Sha256};

/// What may be fetched.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Policy {
    /// Never touch the network: `--no-download`.
    pub no_download: bool,
    /// What bridge.lock does not name is an error: `--locked`, and in CI.
    pub locked: bool,
}

/// Where to look.
#[derive(Debug, Clone)]
pub struct Site {
    /// What a relative `manifests.path` counts from. The profile layer has joined it to the profile's folder already, so
    /// the command line leaves this empty.
    pub folder: PathBuf,
    /// Where downloads are kept.
    pub cache: Cache,
    /// Where releases are published: [`files::OFFICIAL`] but for tests and mirrors.
    pub base: String,
    /// How patient downloads are.
    pub limits: Limits,
    /// What may be fetched.
    pub policy: Policy,
}

/// One file of the manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// The path or address to name in messages.
    pub name: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// The manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// Its files: one, but for the flavor `namespaced`.
    pub files: Vec<Fetched>,
    /// What bridge.lock does not name yet; `init`, `plan` and `apply` add it with [`crate::fetch::lock::add`].
    pub new_entries: Vec<Entry>,
}

/// Finds the manifest of an installation.
///
/// # Errors
/// When a file is missing, has another digest, may not be downloaded, or cannot be.
pub async fn find(manifests: &Manifests, lock: &Lock, site: &Site) -> Result<Manifest, FetchError> {
    match &manifests.source {
        ManifestSource::Path { path, sha256, at: _ } => {
            let files = local(manifests, &site.folder.join(path), sha256.as_ref())?;
            Ok(Manifest { files, new_entries: Vec::new() })
        }
        ManifestSource::Url { url, sha256 } => {
            let pin = Pin { digest: sha256.clone(), by: "the profile" };
            let bytes = pinned(url, &pin, site).await?;
            Ok(Manifest { files: vec![Fetched { name: url.clone(), bytes }], new_entries: Vec::new() })
        }
        ManifestSource::Official => official(manifests, lock, site).await,
    }
}

/// A digest and who says so.
struct Pin {
    digest: Sha256,
    by: &'static str,
}

impl Pin {
    fn check(&self, what: &str, bytes: Vec<u8>) -> Result<Vec<u8>, FetchError> {
        let found = digests::of(&bytes);
        if found == self.digest {
            return Ok(bytes);
        }
        let expected = self.digest.clone();
        Err(FetchError::Digest { what: what.to_owned(), pinned_by: self.by, expected, found })
    }
}

/// A file; or a folder laid out like Argo CD's own `manifests`, which is how a flavor of several files comes along.
fn local(manifests: &Manifests, path: &Path, sha256: Option<&Sha256>) -> Result<Vec<Fetched>, FetchError> {
    if path.is_dir() && sha256.is_none() {
        return files::of(manifests.flavor).iter().map(|file| read(&path.join(file), None)).collect();
    }
    Ok(vec![read(path, sha256)?])
}

fn read(path: &Path, sha256: Option<&Sha256>) -> Result<Fetched, FetchError> {
    let name = path.display().to_string();
    let bytes =
        std::fs::read(path).map_err(|source| FetchError::Unreadable { path: name.clone(), source })?;
    let bytes = match sha256 {
        Some(digest) => Pin { digest: digest.clone(), by: "the profile" }.check(&name, bytes)?,
        None => bytes,
    };
    Ok(Fetched { name, bytes })
}

async fn official(manifests: &Manifests, lock: &Lock, site: &Site) -> Result<Manifest, FetchError> {
    let mut manifest = Manifest { files: Vec::new(), new_entries: Vec::new() };
    for file in files::of(manifests.flavor) {
        let pin = pin(&manifests.version, file, lock, site.policy)?;
        let name = files::address(&site.base, &manifests.version, file);
        let bytes = match &pin {
            Some(pin) => pinned(&name, pin, site).await?,
            None => unknown(&name, site).await?,
        };
        if lock.digest(&manifests.version, file).is_none() {
            let sha256 = pin.map_or_else(|| digests::of(&bytes), |pin| pin.digest);
            manifest.new_entries.push(Entry {
                version: manifests.version.clone(),
                file: (*file).to_owned(),
                sha256,
            });
        }
        manifest.files.push(Fetched { name, bytes });
    }
    Ok(manifest)
}

/// The digest that a file must have: bridge.lock's, else the one that is built in.
fn pin(version: &ArgoCdVersion, file: &str, lock: &Lock, policy: Policy) -> Result<Option<Pin>, FetchError> {
    let official = digests::built_in(version, file);
    match (lock.digest(version, file).cloned(), official) {
        (Some(locked), Some(official)) if locked != official => {
            Err(FetchError::Contradiction { file: file.to_owned(), locked, official })
        }
        (Some(digest), _) => Ok(Some(Pin { digest, by: "bridge.lock" })),
        (None, official) if policy.locked => Err(not_locked(version, file, official.as_ref())),
        (None, official) => Ok(official.map(|digest| Pin { digest, by: "bridge itself" })),
    }
}

fn not_locked(version: &ArgoCdVersion, file: &str, official: Option<&Sha256>) -> FetchError {
    let digest = official.map_or("<sha256 of the file>", Sha256::as_str);
    FetchError::NotLocked {
        file: format!("{file} of Argo CD {version}"),
        line: line(version, file, digest),
        is_complete: official.is_some(),
    }
}

/// Content with a known digest: from the cache, else downloaded and checked.
async fn pinned(url: &str, pin: &Pin, site: &Site) -> Result<Vec<u8>, FetchError> {
    if let Some(bytes) = site.cache.get(&pin.digest) {
        return Ok(bytes);
    }
    if site.policy.no_download {
        let place = format!(
            "download it where there is a network and put it here: {}",
            site.cache.place(&pin.digest).display()
        );
        return Err(FetchError::NotHere { url: url.to_owned(), place });
    }
    let bytes = pin.check(url, http::get(url, &site.limits).await?)?;
    site.cache.put(&pin.digest, &bytes);
    Ok(bytes)
}

/// The first download of a release that bridge does not know: nothing pins it yet, so it must at least be a manifest
/// before its digest goes into bridge.lock.
async fn unknown(url: &str, site: &Site) -> Result<Vec<u8>, FetchError> {
    if site.policy.no_download {
        let place = "name a local copy with `argocd.manifests.path`, or run `bridge plan` once where there is a network";
        return Err(FetchError::NotHere { url: url.to_owned(), place: place.to_owned() });
    }
    let bytes = http::get(url, &site.limits).await?;
    desired::manifest::parse(url, &bytes).map_err(FetchError::NotAManifest)?;
    site.cache.put(&digests::of(&bytes), &bytes);
    Ok(bytes)
}
