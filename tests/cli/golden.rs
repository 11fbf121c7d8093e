//! `render` of every example is byte-identical from run to run, and to its `expected/`.
//!
//! `expected/render.yaml` holds what bridge itself makes. What it takes from Argo CD's manifest stands in
//! `expected/manifest.sha256`, one line with a digest for each object, because the manifest is not ours to commit.
//! `UPDATE_GOLDEN=1` writes both; review what it wrote.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use crate::manifests;
use crate::support::env::TestEnv;
use sha2::{Digest, Sha256};

const FILES: [&str; 3] = ["install.yaml", "ha/install.yaml", "core-install.yaml"];

fn examples() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let mut examples: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.join("bridge.yaml").is_file())
        .collect();
    examples.sort();
    examples
}

#[test]
fn every_example_renders_what_is_expected() {
    let examples = examples();
    assert!(examples.len() >= 6, "{examples:?}");
    for example in examples {
        let (rendered, again) = (render(&example), render(&example));
        assert!(rendered == again, "{} renders differently from run to run", example.display());
        let (own, manifest) = split(&rendered);
        expect(&example.join("expected/render.yaml"), &own);
        expect(&example.join("expected/manifest.sha256"), &manifest);
    }
}

#[test]
fn every_example_is_valid_and_can_be_planned_offline() {
    for example in examples() {
        let env = environment();
        let args = arguments(&example);
        for command in [&["validate"][..], &["plan", "--offline", "--no-download"]] {
            let args: Vec<&str> = command.iter().copied().chain(args.iter().map(String::as_str)).collect();
            let run = env.run(&args);
            assert_eq!(run.code, 0, "{} {args:?}\n{}{}", example.display(), run.stdout, run.stderr);
        }
    }
}

/// A cache that holds the official manifests.
fn environment() -> TestEnv {
    let env = TestEnv::new();
    for file in FILES {
        let bytes = std::fs::read(manifests::folder().join(file)).unwrap();
        env.write(&format!("cache/sha256/{}", hexadecimal(&bytes)), &String::from_utf8(bytes).unwrap());
    }
    env
}

fn arguments(example: &Path) -> Vec<String> {
    let mut args = vec!["--profile".to_owned(), example.join("bridge.yaml").display().to_string()];
    for variables in ["outputs.json", "expected/variables.json"].map(|name| example.join(name)) {
        if variables.is_file() {
            args.extend(["--var-file".to_owned(), variables.display().to_string()]);
        }
    }
    args
}

fn render(example: &Path) -> String {
    let args = arguments(example);
    let args: Vec<&str> =
        ["render", "--no-download"].into_iter().chain(args.iter().map(String::as_str)).collect();
    let run = environment().run(&args);
    assert_eq!(run.code, 0, "{}: {}", example.display(), run.stderr);
    run.stdout
}

/// What bridge makes, and the digests of what the manifest brings.
fn split(rendered: &str) -> (String, String) {
    let (mut own, mut manifest) = (String::new(), String::new());
    for document in rendered.split("---\n").filter(|document| !document.is_empty()) {
        if is_own(document) {
            write!(own, "---\n{document}").unwrap();
        } else {
            writeln!(manifest, "{}  {}", hexadecimal(document.as_bytes()), identity(document)).unwrap();
        }
    }
    (own, manifest)
}

fn is_own(document: &str) -> bool {
    let kind = field(document, "kind: ");
    matches!(kind, "Namespace" | "ApplicationSet" | "AppProject")
        || document.contains("argocd.argoproj.io/secret-type:")
}

fn identity(document: &str) -> String {
    format!("{}/{}", field(document, "kind: "), field(document, "  name: "))
}

fn field<'a>(document: &'a str, key: &str) -> &'a str {
    document.lines().find_map(|line| line.strip_prefix(key)).unwrap_or_default()
}

fn hexadecimal(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn expect(path: &Path, text: &str) {
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let expected = std::fs::read_to_string(path).unwrap_or_default();
    assert!(expected == text, "{} is not what is rendered; UPDATE_GOLDEN=1 writes it", path.display());
}
