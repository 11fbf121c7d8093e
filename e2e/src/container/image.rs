//! The one image of a control plane: two static binaries, and nothing else.

use crate::cache::Cache;
use crate::download::hex;
use crate::engine::docker;
use crate::tools::Binaries;
use anyhow::{Context, Result, ensure};
use sha2::{Digest, Sha256};
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};

const NAME: &str = "bridge-e2e/control-plane";

/// Where the binaries are in it.
pub(super) const ETCD: &str = "/usr/local/bin/etcd";
pub(super) const KUBE_APISERVER: &str = "/usr/local/bin/kube-apiserver";

/// Name and tag of the image, which is made where the engine does not have it.
pub(super) fn obtain() -> Result<(String, String)> {
    static TAG: Mutex<Option<String>> = Mutex::new(None);
    let mut known = TAG.lock().unwrap_or_else(PoisonError::into_inner);
    let tag = match known.take() {
        Some(tag) => tag,
        None => make(&Binaries::obtain()?)?,
    };
    *known = Some(tag.clone());
    Ok((NAME.to_owned(), tag))
}

/// The tag is of what is in it.
fn make(binaries: &Binaries) -> Result<String> {
    let (etcd, apiserver) = (read(&binaries.etcd)?, read(&binaries.kube_apiserver)?);
    let mut hash = Sha256::new();
    hash.update(&etcd);
    hash.update(&apiserver);
    let tag = hex(&hash.finalize())[..12].to_owned();
    let image = format!("{NAME}:{tag}");
    // Of two processes the second finds the image of the first.
    let _locked = Cache::of_user()?.lock("control-plane-image")?;
    if docker(&["image", "inspect", "--format", "{{.Id}}", &image]).is_err() {
        crate::say(&format!("making the image {image}"));
        import(&image, &[(ETCD, &etcd), (KUBE_APISERVER, &apiserver)])?;
    }
    Ok(tag)
}

fn read(binary: &Path) -> Result<Vec<u8>> {
    fs::read(binary).with_context(|| format!("cannot read {}", binary.display()))
}

/// As `FROM scratch` and one `COPY`, without a builder, which an engine need not have.
fn import(image: &str, files: &[(&str, &[u8])]) -> Result<()> {
    let mut command = Command::new("docker");
    command.args(["import", "-", image]).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().context("docker cannot be started")?;
    let written = write_archive(child.stdin.take().context("no stdin")?, files);
    let output = child.wait_with_output()?;
    ensure!(output.status.success(), "docker import: {}", String::from_utf8_lossy(&output.stderr));
    written.context("docker import took no archive")
}

fn write_archive(to: impl Write, files: &[(&str, &[u8])]) -> Result<()> {
    let mut archive = tar::Builder::new(to);
    for (path, bytes) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len().try_into()?);
        header.set_mode(0o755);
        archive.append_data(&mut header, path.trim_start_matches('/'), *bytes)?;
    }
    archive.into_inner()?.flush()?;
    Ok(())
}
