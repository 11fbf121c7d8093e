//! Argo CD's official manifests, for tests: never committed.

use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

/// The folder of the official manifests: `BRIDGE_TEST_MANIFESTS`, else from the Go module of Argo CD.
pub(crate) fn folder() -> PathBuf {
    match std::env::var_os("BRIDGE_TEST_MANIFESTS") {
        Some(folder) => PathBuf::from(folder),
        None => from_go_module(),
    }
}

fn from_go_module() -> PathBuf {
    let help =
        "these tests need Argo CD's manifests: set BRIDGE_TEST_MANIFESTS to a folder of them, or install Go";
    let output = Command::new("go")
        .args(["mod", "download", "-json", "github.com/argoproj/argo-cd/v3@v3.5.3"])
        .current_dir(std::env::temp_dir())
        .output()
        .unwrap_or_else(|error| panic!("{help} ({error})"));
    let answer: Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{help} ({error})"));
    let folder = answer["Dir"].as_str().unwrap_or_else(|| panic!("{help} ({answer})"));
    PathBuf::from(folder).join("manifests")
}
