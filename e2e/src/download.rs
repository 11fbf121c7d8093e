//! The official envtest archive: etcd and kube-apiserver, built by Kubernetes' own release process.
//!
//! It spares a machine on the open internet the compilation. Nothing of an archive is kept unless its whole
//! digest is right.

use crate::cache::Locked;
use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha512};
use std::path::Path;
use std::time::Duration;

/// Decides quickly whether the network has the archive at all.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(4);
/// How long a connection may stay silent.
const READ_TIMEOUT: Duration = Duration::from_secs(30);
/// Far above the real size (about 100 MB), far below what fills a disk.
const MAX_BYTES: u64 = 400 << 20;
const OFFICIAL_BASE: &str = "https://github.com/kubernetes-sigs/controller-tools/releases/download";

/// One release of the envtest archive for one platform.
#[derive(Clone, Debug)]
pub struct Archive {
    /// The release, such as `v1.36.2`.
    pub version: String,
    /// Go's name of the platform, such as `linux-amd64`.
    pub platform: String,
    /// The archive's sha512, in lower-case hexadecimal digits.
    pub sha512: String,
    /// Where releases are served from, without a trailing slash.
    pub base: String,
}

impl Archive {
    /// The pinned release for this machine; nothing where the release has no archive for its platform.
    pub fn pinned() -> Option<Self> {
        let (platform, sha512) = match (std::env::consts::OS, std::env::consts::ARCH) {
            ("linux", "x86_64") => (
                "linux-amd64",
                "ea743186c8a799f5cf8faf16969f86189d003cb7d130e0ac4b58789f1e5748dcf30ebe91c837a10d5ac415383da3e10b9e64d65785c938c23e739781cfb76f08",
            ),
            ("linux", "aarch64") => (
                "linux-arm64",
                "2d72ee985a8e262a3c57dc9f7f0fd891f6a8c7bf7ebaa2db6dc6d8eac8ae28181afe51c1f368b67756cdb40b10de9b205609e1726e5f27f7c6d824dd9c6649ac",
            ),
            _ => return None,
        };
        let base = std::env::var("BRIDGE_E2E_ENVTEST_BASE").unwrap_or_else(|_| OFFICIAL_BASE.to_owned());
        Some(Self {
            version: "v1.36.2".to_owned(),
            platform: platform.to_owned(),
            sha512: sha512.to_owned(),
            base: base.trim_end_matches('/').to_owned(),
        })
    }

    /// The cache key: another digest is another archive.
    pub fn key(&self) -> String {
        let digest = self.sha512.get(..12).unwrap_or(&self.sha512);
        format!("envtest-{}-{}-{digest}", self.version, self.platform)
    }

    /// The archive's address.
    pub fn url(&self) -> String {
        let Self { version, platform, base, .. } = self;
        format!("{base}/envtest-{version}/envtest-{version}-{platform}.tar.gz")
    }

    /// Downloads, checks and unpacks the binaries `names` into the locked folder.
    pub async fn install(&self, into: &Locked, names: &[&str]) -> Result<()> {
        let workspace = into.workspace()?;
        let bytes = fetch(&self.url()).await?;
        self.check(&bytes)?;
        unpack(&bytes, workspace.path(), names).context("the envtest archive cannot be unpacked")?;
        for name in names {
            let file = workspace.path().join(name);
            if !file.is_file() {
                bail!("the envtest archive holds no `{name}`");
            }
            into.keep(&file, name)?;
        }
        Ok(())
    }

    fn check(&self, bytes: &[u8]) -> Result<()> {
        let actual = hex(&Sha512::digest(bytes));
        if actual != self.sha512 {
            bail!(
                "wrong digest of {}: expected sha512 {}, got {actual}; nothing was kept",
                self.url(),
                self.sha512
            );
        }
        Ok(())
    }
}

/// Lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

async fn fetch(url: &str) -> Result<Vec<u8>> {
    crate::install_crypto();
    let client =
        reqwest::Client::builder().connect_timeout(CONNECT_TIMEOUT).read_timeout(READ_TIMEOUT).build()?;
    let response = client.get(url).send().await.and_then(reqwest::Response::error_for_status);
    let mut response = response.with_context(|| format!("{url} cannot be had"))?;
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.with_context(|| format!("{url} broke off"))? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() as u64 > MAX_BYTES {
            bail!("{url} is larger than {} MB", MAX_BYTES >> 20);
        }
    }
    Ok(bytes)
}

/// Unpacks only the wanted files, by their last path component: an archive cannot choose where it writes.
fn unpack(bytes: &[u8], folder: &Path, names: &[&str]) -> Result<()> {
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(bytes));
    for entry in archive.entries()? {
        let mut entry = entry?;
        let path = entry.path()?.into_owned();
        let wanted = names.iter().find(|name| path.file_name().is_some_and(|file| file == **name));
        if let Some(name) = wanted.filter(|_| entry.header().entry_type().is_file()) {
            entry.unpack(folder.join(name))?;
        }
    }
    Ok(())
}
