//! Limits on size, and files that belong together.
#![expect(clippy::disallowed_methods, reason = "tests read files")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use bridge::code::Code;

/// The longest file.
const LONGEST: usize = 400;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file below a folder, with its path from the root.
fn files(folder: &str) -> Vec<(String, PathBuf)> {
    let mut all = Vec::new();
    let Ok(entries) = std::fs::read_dir(root().join(folder)) else { return all };
    for entry in entries {
        let path = entry.unwrap().path();
        let name = path.strip_prefix(root()).unwrap().display().to_string();
        if path.is_dir() { all.extend(files(&name)) } else { all.push((name, path)) }
    }
    all.sort();
    all
}

fn rust_files(folder: &str) -> impl Iterator<Item = (String, String)> {
    let is_rust = |name: &str| name.ends_with(".rs");
    files(folder)
        .into_iter()
        .filter(move |(name, _)| is_rust(name))
        .map(|(name, path)| (name, std::fs::read_to_string(path).unwrap()))
}

#[test]
fn no_source_file_is_longer_than_the_limit() {
    let too_long: Vec<String> = rust_files("src")
        .map(|(name, text)| (text.lines().count(), name))
        .filter(|(lines, _)| *lines > LONGEST)
        .map(|(lines, name)| format!("{name}: {lines} lines"))
        .collect();
    assert!(too_long.is_empty(), "{}", too_long.join("\n"));
}

#[test]
fn no_module_is_called_after_nothing() {
    for (name, _) in files("src") {
        for bad in ["utils", "util", "helpers", "common", "manager", "misc"] {
            assert!(!name.split(['/', '.']).any(|part| part == bad), "{name}: name what it does");
        }
    }
}

#[test]
fn every_example_has_its_expected_output() {
    let examples: BTreeSet<String> =
        files("examples").iter().filter_map(|(name, _)| name.split('/').nth(1).map(str::to_owned)).collect();
    for example in examples.iter().filter(|name| root().join("examples").join(name).is_dir()) {
        let folder = root().join("examples").join(example);
        assert!(folder.join("expected").is_dir(), "examples/{example} has no expected/");
        assert!(folder.join("README.md").is_file(), "examples/{example} has no README.md");
    }
}

#[test]
fn every_test_file_is_declared() {
    for folder in std::fs::read_dir(root().join("tests")).unwrap() {
        let folder = folder.unwrap().path();
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        let Ok(crate_root) = std::fs::read_to_string(folder.with_extension("rs")) else { continue };
        for (path, _) in files(&format!("tests/{name}")).into_iter().filter(|(path, _)| path.ends_with(".rs"))
        {
            let module = Path::new(&path).file_stem().unwrap().to_string_lossy().into_owned();
            let is_declared = crate_root.contains(&format!("mod {module};"));
            assert!(is_declared, "{path} is not declared in tests/{name}.rs, so it never runs");
        }
    }
}

#[test]
fn every_code_is_used() {
    let sources: String =
        rust_files("src").filter(|(name, _)| !name.starts_with("src/code/")).map(|(_, text)| text).collect();
    let declared = rust_files("src/code").flat_map(|(_, text)| constants(&text));
    let unused: Vec<String> = declared.filter(|name| !sources.contains(&format!("Code::{name}"))).collect();
    assert!(unused.is_empty(), "codes that nothing reports: {}", unused.join(", "));
}

/// The names that a table of codes declares.
fn constants(text: &str) -> Vec<String> {
    let name = |line: &str| {
        let (name, rest) = line.trim().split_once(" = ")?;
        let is_constant = name.chars().all(|c| c.is_ascii_uppercase() || c == '_' || c.is_ascii_digit());
        (is_constant && rest.starts_with(|c: char| c.is_ascii_digit())).then(|| name.to_owned())
    };
    text.lines().filter_map(name).collect()
}

#[test]
fn every_code_has_words() {
    for code in Code::all() {
        assert!(
            !code.title().ends_with('.') && code.title().chars().count() <= 90,
            "{code}: {}",
            code.title()
        );
        assert!(code.explanation().len() > 60, "{code} explains nothing");
    }
}
