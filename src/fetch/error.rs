//! What can go wrong on the way to the manifest.

use crate::code::Code;
use crate::profile::finding::Finding;
use crate::profile::names::Sha256;

/// Why there is no manifest.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// A file that the profile names.
    #[error("{path} cannot be read")]
    Unreadable {
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// The bytes are other ones than those that were pinned.
    #[error(
        "{what} has another digest than {pinned_by}\n  expected sha256 {expected}\n  found    sha256 {found}"
    )]
    Digest {
        /// File or address.
        what: String,
        /// Who pins: `bridge.lock`, `the profile`, `bridge itself`.
        pinned_by: &'static str,
        /// The pinned digest.
        expected: Sha256,
        /// The digest of what was read.
        found: Sha256,
    },
    /// bridge.lock pins something else than what bridge knows of this release.
    #[error(
        "bridge.lock pins another {file} of Argo CD than the official one\n  bridge.lock sha256 {locked}\n  official    sha256 {official}"
    )]
    Contradiction {
        /// The manifest's file.
        file: String,
        /// What bridge.lock says.
        locked: Sha256,
        /// What bridge knows.
        official: Sha256,
    },
    /// A download would be needed, and may not be made.
    #[error("{url} is not in the cache, and nothing may be downloaded")]
    NotHere {
        /// What would be downloaded.
        url: String,
        /// The file in which bridge would find it, or, where the digest is not known, what to do instead.
        place: String,
    },
    /// bridge.lock must name the file, and does not.
    #[error("bridge.lock has no entry for {file}; add this line below `manifests:`\n{line}")]
    NotLocked {
        /// The manifest's file.
        file: String,
        /// The line.
        line: String,
        /// Whether the line is complete.
        is_complete: bool,
    },
    /// The server says that there is no such file.
    #[error("{url} does not exist")]
    NotFound {
        /// The address.
        url: String,
    },
    /// The download failed for good.
    #[error("{url} could not be downloaded: {reason} (tried {attempts} times)")]
    Download {
        /// The address.
        url: String,
        /// What happened the last time.
        reason: String,
        /// How often it was tried.
        attempts: u32,
    },
    /// The address, or one that it leads to, has no TLS.
    #[error("{url} is not https")]
    Insecure {
        /// The address.
        url: String,
    },
    /// More bytes than a manifest can have.
    #[error("{url} is larger than {limit} bytes")]
    TooLarge {
        /// The address.
        url: String,
        /// The limit.
        limit: usize,
    },
    /// What was downloaded without a known digest is no manifest.
    #[error("{}", .0.message)]
    NotAManifest(Finding),
}

impl FetchError {
    /// Its stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Unreadable { .. } => Code::MANIFEST_UNREADABLE,
            Self::Digest { .. } | Self::Contradiction { .. } => Code::MANIFEST_DIGEST,
            Self::NotHere { .. } => Code::DOWNLOAD_REFUSED,
            Self::NotLocked { .. } => Code::LOCK_MISSING,
            Self::NotFound { .. } => Code::NOT_FOUND,
            Self::Download { .. } => Code::DOWNLOAD_FAILED,
            Self::Insecure { .. } => Code::DOWNLOAD_INSECURE,
            Self::TooLarge { .. } => Code::DOWNLOAD_TOO_LARGE,
            Self::NotAManifest(finding) => finding.code,
        }
    }

    /// What to do about it; empty when the message says it all.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::NotHere { place, .. } => place.clone(),
            Self::NotLocked { is_complete: false, .. } => {
                "run `bridge plan` once without `--locked`: it downloads the file and writes the line"
                    .to_owned()
            }
            Self::NotLocked { is_complete: true, .. } => {
                "or run `bridge plan` once without `--locked`, which writes it".to_owned()
            }
            Self::Digest { pinned_by: "bridge.lock", .. } => {
                "if the file was meant to change, delete its line from bridge.lock and run `bridge plan`"
                    .to_owned()
            }
            Self::Contradiction { file, locked, official } => {
                format!("in the line of {file}, write `sha256: {official}` in place of {locked}")
            }
            Self::NotFound { .. } => "check `argocd.version` and `argocd.flavor`".to_owned(),
            Self::Download { .. } => {
                "check the network and HTTPS_PROXY, or name a local copy with `argocd.manifests.path`"
                    .to_owned()
            }
            Self::NotAManifest(finding) => finding.fix.clone(),
            Self::Unreadable { .. } | Self::Digest { .. } | Self::Insecure { .. } | Self::TooLarge { .. } => {
                String::new()
            }
        }
    }
}
