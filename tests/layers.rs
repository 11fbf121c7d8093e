//! The direction of imports: a layer sees only those before it, and outside crates stay in their places.
#![expect(clippy::disallowed_methods, reason = "tests read files")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::{Path, PathBuf};

/// The layers in the order of the flow, each with those before it that it does not see.
const LAYERS: [(&str, &[&str]); 12] = [
    ("code", &[]),
    ("profile", &[]),
    ("template", &[]),
    ("desired", &[]),
    ("checkout", &["template"]),
    ("plan", &["checkout"]),
    ("cluster", &["checkout"]),
    ("fetch", &["cluster", "plan", "checkout"]),
    ("converge", &["fetch", "checkout"]),
    ("kind", &["template", "desired", "checkout", "plan", "fetch"]),
    ("report", &["cluster", "fetch", "checkout", "kind"]),
    ("cli", &[]),
];

/// Crates that only one layer names.
const OWNERS: [(&str, &str); 8] = [
    ("kube", "cluster"),
    ("k8s_openapi", "cluster"),
    ("reqwest", "fetch"),
    ("tera", "template"),
    ("indicatif", "report"),
    ("clap", "cli"),
    ("clap_complete", "cli"),
    ("tracing_subscriber", "cli"),
];

/// What a file of a layer may not say, with the reason.
fn violations(layer: &str, text: &str) -> Vec<String> {
    let code: Vec<(usize, &str)> = text
        .lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line))
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
        .collect();
    let mut found = Vec::new();
    for (number, line) in code {
        let names = |word: &str| contains_path(line, word);
        for forbidden in forbidden(layer).iter().filter(|other| names(&format!("crate::{other}"))) {
            found.push(format!("{number}: `{layer}` must not see `{forbidden}`"));
        }
        for (name, owner) in OWNERS.iter().filter(|(name, owner)| *owner != layer && names(name)) {
            found.push(format!("{number}: only `{owner}` names the crate `{name}`"));
        }
    }
    found
}

/// The layers after this one, and those before it that it does not see.
fn forbidden(layer: &str) -> Vec<&'static str> {
    let position = LAYERS.iter().position(|(name, _)| *name == layer).unwrap();
    let later = LAYERS[position + 1..].iter().map(|(name, _)| *name);
    later.chain(LAYERS[position].1.iter().copied()).collect()
}

/// Whether the line has the path, not as a part of a longer name.
fn contains_path(line: &str, path: &str) -> bool {
    let is_name = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    line.match_indices(path).any(|(start, _)| {
        let before = line[..start].chars().next_back();
        let after = &line[start + path.len()..];
        let is_import = line.trim_start().starts_with("use ") && after.starts_with(';');
        !before.is_some_and(is_name)
            && (after.starts_with("::") || is_import || path.starts_with("crate::"))
            && !after.starts_with(|c: char| c.is_alphanumeric() || c == '_')
    })
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => files.extend(self::files(&path)),
            false if path.extension().is_some_and(|extension| extension == "rs") => files.push(path),
            false => {}
        }
    }
    files
}

#[test]
fn imports_follow_the_flow() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    for (layer, _) in LAYERS {
        for file in files(&source.join(layer)) {
            let text = std::fs::read_to_string(&file).unwrap();
            let name = file.strip_prefix(&source).unwrap().display().to_string();
            found.extend(violations(layer, &text).into_iter().map(|line| format!("src/{name}:{line}")));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn every_module_is_a_layer() {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs")).unwrap();
    let modules: Vec<&str> =
        text.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    assert_eq!(modules, LAYERS.map(|(name, _)| name), "lib.rs lists the layers in the order of the flow");
}

#[test]
fn a_planted_violation_is_found() {
    for (layer, line, is_wrong) in [
        ("plan", "use crate::cluster::Cluster;", true),
        ("plan", "    let x = crate::cli::run();", true),
        ("fetch", "use crate::cluster::Cluster;", true),
        ("report", "use crate::cluster::ClusterError;", true),
        ("report", "use kube::Client;", true),
        ("converge", "use reqwest::Client;", true),
        ("report", "use clap::Parser;", true),
        ("desired", "fn x(c: kube::Client) {}", true),
        ("cluster", "use kube::Client;", false),
        ("cli", "use crate::report::ui::Ui;", false),
        ("plan", "// use crate::cluster::Cluster;", false),
        ("plan", "use crate::desired::cluster_secret::object;", false),
        ("profile", "let cluster = names::cluster(x);", false),
    ] {
        assert_eq!(!violations(layer, line).is_empty(), is_wrong, "{layer}: {line}");
    }
}
