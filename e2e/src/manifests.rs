//! Argo CD's official manifests, from its Go module: the real input where the network has no GitHub.

use crate::cache::Cache;
use crate::download::hex;
use crate::go::Toolchain;
use crate::tools::ARGOCD_MODULE;
use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};
use std::fs;
use std::path::{Path, PathBuf};

/// The version whose digests are known here.
pub const VERSION: &str = "v3.5.3";

/// The files of [`VERSION`] that `bridge` reads, relative to `manifests/`, with their sha256.
pub const FILES: [(&str, &str); 7] = [
    ("install.yaml", "7efe2d6bbc03f63623640f1e4198f16c84009d510fb810ef71e56df1b7614ba9"),
    ("ha/install.yaml", "9b93be301ff1a7897a00677cb9f530f395fb1bdd346219af4ba68a46144cd604"),
    ("core-install.yaml", "1a87025d8eb2eae621653fd312fb9ca51df1b4b3b6992a030e3a9ef38e45c448"),
    ("namespace-install.yaml", "df727dfc83666dbcc78dceef969505cf9c1659af774c64f9c08a204b09bd7dba"),
    ("crds/application-crd.yaml", "5dde0e229249b6b707beb98674c1deae3949d5c319a6c45b9f5a80c99618e40c"),
    ("crds/applicationset-crd.yaml", "7d282054f41ca2b71a22bab04a8caf0000e07e53a62432e6ea292dae5ab4f07d"),
    ("crds/appproject-crd.yaml", "ab225266944322750136f1198d93786e4a79a0e43c8d149abfba44da30a3eac8"),
];

/// The release before it: what somebody upgrades from.
pub const OLDER: &str = "v3.5.2";

/// The folder `manifests/` of any released version, downloaded by `go mod download` and not compiled.
///
/// Go checks the module against go.sum (the pinned version) or against its checksum database (any other).
pub fn argocd_manifests(version: &str) -> Result<PathBuf> {
    let cache = Cache::of_user()?;
    let key = format!("argocd-manifests-{version}");
    if let Some(folder) = remembered(&cache, &key) {
        return Ok(folder);
    }
    let locked = cache.lock(&key)?;
    let go = Toolchain::obtain(&cache)?;
    crate::say(&format!("fetching Argo CD {version}'s manifests from its Go module (seconds)"));
    let workspace = locked.workspace()?;
    let folder = download(&go, version, workspace.path())?;
    let note = workspace.path().join("folder");
    fs::write(&note, folder.as_os_str().as_encoded_bytes())?;
    locked.keep(&note, "folder")?;
    Ok(folder)
}

/// Copies the manifests of [`VERSION`] into a cache folder of `bridge`, as `<folder>/sha256/<digest>`.
pub fn seed_cache(folder: &Path) -> Result<()> {
    let manifests = argocd_manifests(VERSION)?;
    let by_digest = folder.join("sha256");
    fs::create_dir_all(&by_digest).with_context(|| format!("cannot create {}", by_digest.display()))?;
    for (name, sha256) in FILES {
        let bytes =
            fs::read(manifests.join(name)).with_context(|| format!("Argo CD {VERSION} has no {name}"))?;
        let actual = hex(&Sha256::digest(&bytes));
        if actual != sha256 {
            bail!("wrong digest of Argo CD {VERSION}'s {name}: expected sha256 {sha256}, got {actual}");
        }
        let partial = tempfile::NamedTempFile::new_in(&by_digest)?;
        fs::write(partial.path(), &bytes)?;
        partial.persist(by_digest.join(sha256))?;
    }
    Ok(())
}

/// Copies the standard manifest of any version into a cache folder of `bridge`, and pins it in the `bridge.lock` of a
/// profile's folder, as if `bridge plan` had downloaded it.
pub fn pin(version: &str, profile: &Path, cache: &Path) -> Result<()> {
    let bytes = fs::read(argocd_manifests(version)?.join("install.yaml"))?;
    let sha256 = hex(&Sha256::digest(&bytes));
    fs::write(cache.join("sha256").join(&sha256), bytes)?;
    let entry = format!("{{ version: {version}, file: install.yaml, sha256: {sha256} }}");
    Ok(fs::write(profile.join("bridge.lock"), format!("version: 1\nmanifests:\n  - {entry}\n"))?)
}

/// Where an earlier run found the module; Go's own cache may have been emptied since.
fn remembered(cache: &Cache, key: &str) -> Option<PathBuf> {
    let folder = PathBuf::from(fs::read_to_string(cache.find(key, "folder")?).ok()?);
    folder.join("install.yaml").is_file().then_some(folder)
}

/// Runs in a copy of the pinned module: Go adds the sums of other versions to the go.sum it finds.
fn download(go: &Toolchain, version: &str, workspace: &Path) -> Result<PathBuf> {
    for name in ["go.mod", "go.sum"] {
        fs::copy(ARGOCD_MODULE.path().join(name), workspace.join(name))?;
    }
    let module = format!("{}@{version}", ARGOCD_MODULE.upstream);
    let output = go.command(workspace).args(["mod", "download", "-json", &module]).output();
    let output = output.context("cannot start go")?;
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout)
        .with_context(|| format!("go mod download {module}: {}", String::from_utf8_lossy(&output.stderr)))?;
    if let Some(error) = answer["Error"].as_str().filter(|error| !error.is_empty()) {
        bail!("go mod download {module}: {error}");
    }
    let folder = Path::new(answer["Dir"].as_str().context("go named no folder")?).join("manifests");
    if !folder.join("install.yaml").is_file() {
        bail!("{module} has no manifests/install.yaml");
    }
    Ok(folder)
}
