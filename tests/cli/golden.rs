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
        .filter(|path| path.is_dir())
        .collect();
    examples.sort();
    examples
}

/// The profiles of an example, each with the folder of what is expected: `bridge.yaml`, or those in `profiles/`.
fn profiles(example: &Path) -> Vec<(PathBuf, PathBuf)> {
    let (only, expected) = (example.join("bridge.yaml"), example.join("expected"));
    if only.is_file() {
        return vec![(only, expected)];
    }
    let files = std::fs::read_dir(example.join("profiles")).unwrap().map(|entry| entry.unwrap().path());
    let is_profile = |path: &PathBuf| {
        path.extension().is_some_and(|ending| ending == "yaml")
            && std::fs::read_to_string(path).unwrap().contains("\nkind: Profile\n")
    };
    let mut profiles: Vec<PathBuf> = files.filter(is_profile).collect();
    profiles.sort();
    assert!(profiles.len() > 1, "{}", example.display());
    let with_folder = |path: PathBuf| (path.clone(), expected.join(path.file_stem().unwrap()));
    profiles.into_iter().map(with_folder).collect()
}

/// The profiles of every example.
fn all() -> Vec<(PathBuf, PathBuf)> {
    examples().iter().flat_map(|example| profiles(example)).collect()
}

#[test]
fn every_example_renders_what_is_expected() {
    assert!(examples().len() >= 10, "{:?}", examples());
    for (profile, expected) in all() {
        let (rendered, again) = (render(&profile), render(&profile));
        assert!(rendered == again, "{} renders differently from run to run", profile.display());
        let (own, manifest) = split(&rendered);
        expect(&expected.join("render.yaml"), &own);
        expect(&expected.join("manifest.sha256"), &manifest);
    }
}

#[test]
fn every_example_is_valid_and_can_be_planned_offline() {
    for (profile, _) in all() {
        let env = environment();
        let args = arguments(&profile);
        for command in [&["validate"][..], &["plan", "--offline", "--no-download"]] {
            let args: Vec<&str> = command.iter().copied().chain(args.iter().map(String::as_str)).collect();
            let run = env.run(&args);
            assert_eq!(run.code, 0, "{} {args:?}\n{}{}", profile.display(), run.stdout, run.stderr);
        }
    }
}

/// The repositories beside a profile and the profile itself fit together: what is said of them is no more than notes.
#[test]
fn every_example_fits_its_checkouts() {
    let mut seen = 0;
    for example in examples().into_iter().filter(|example| example.join("checkouts").is_dir()) {
        let folder = example.display().to_string();
        let mut args = vec!["validate".to_owned(), "--profile".to_owned(), format!("{folder}/bridge.yaml")];
        for repository in ["addons", "workloads", "clusters"] {
            let checkout = example.join("checkouts").join(repository);
            if checkout.is_dir() {
                args.extend(["--checkout".to_owned(), format!("{repository}={}", checkout.display())]);
            }
        }
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let run = environment().run(&args).expect(0);
        assert!(!run.stdout.contains("error[") && !run.stdout.contains("warning["), "{run}");
        expect(&example.join("expected/validate.txt"), &run.stdout.replace(&format!("{folder}/"), ""));
        seen += 1;
    }
    assert!(seen > 0);
}

/// One command for all hubs, from the folder that a user stands in.
#[test]
fn a_pattern_finds_the_profiles_of_a_topology_and_passes_over_their_base() {
    for (example, profiles) in [("distributed", 3), ("hub-spoke-shared", 3)] {
        let pattern =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(example).join("profiles/*.yaml");
        let args = ["plan", "--offline", "--no-download", "-f", &pattern.display().to_string()];
        let run = environment().run(&args).expect(0);
        assert_eq!(run.stdout.matches("\nPlan: ").count(), profiles, "{run}");
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

fn arguments(profile: &Path) -> Vec<String> {
    let mut args = vec!["--profile".to_owned(), profile.display().to_string()];
    for variables in ["outputs.json", "expected/variables.json"].map(|name| profile.with_file_name(name)) {
        if variables.is_file() {
            args.extend(["--var-file".to_owned(), variables.display().to_string()]);
        }
    }
    args
}

fn render(profile: &Path) -> String {
    let args = arguments(profile);
    let args: Vec<&str> =
        ["render", "--no-download"].into_iter().chain(args.iter().map(String::as_str)).collect();
    let run = environment().run(&args);
    assert_eq!(run.code, 0, "{}: {}", profile.display(), run.stderr);
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
