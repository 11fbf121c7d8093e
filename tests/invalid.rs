//! Broken profiles, each with a golden of everything that is found in it.
//!
//! A fixture is `NAME.yaml` beside `NAME.findings`, or a folder `NAME` with `bridge.yaml`, `findings`, and perhaps
//! `args`: lines of `var NAME=VALUE`, `env NAME=VALUE` and `file PATH`. UPDATE_GOLDEN=1 rewrites the goldens.
#![expect(clippy::disallowed_methods, reason = "reads fixtures")]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use bridge::code::Code;
use bridge::profile::finding::{Finding, Severity, has_errors};
use bridge::profile::{Loaded, VariableValues, load};

struct Fixture {
    name: String,
    folder: PathBuf,
    profile: String,
    golden: PathBuf,
    values: VariableValues,
}

impl Fixture {
    fn load(&self) -> Loaded {
        load(&self.profile, &self.values, &|path| std::fs::read(self.folder.join(path)))
    }
}

fn fixtures() -> Vec<Fixture> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/invalid");
    let mut fixtures: Vec<Fixture> =
        std::fs::read_dir(root).unwrap().filter_map(|entry| fixture(&entry.unwrap().path())).collect();
    fixtures.sort_by(|a, b| a.name.cmp(&b.name));
    fixtures
}

fn fixture(path: &Path) -> Option<Fixture> {
    let name = path.file_stem()?.to_str()?.to_owned();
    if path.is_dir() {
        let values = std::fs::read_to_string(path.join("args"))
            .map_or_else(|_| VariableValues::default(), |args| values(&args));
        let (folder, profile) = (path.to_owned(), "bridge.yaml".to_owned());
        return Some(Fixture { name, golden: folder.join("findings"), folder, profile, values });
    }
    let is_profile = path.extension()? == "yaml";
    let folder = path.parent()?.to_owned();
    let profile = format!("{name}.yaml");
    let golden = folder.join(format!("{name}.findings"));
    is_profile.then(|| Fixture { name, golden, folder, profile, values: VariableValues::default() })
}

fn values(args: &str) -> VariableValues {
    let mut values = VariableValues::default();
    for line in args.lines() {
        let (kind, rest) = line.split_once(' ').unwrap();
        let (name, value) = rest.split_once('=').unwrap_or((rest, ""));
        match kind {
            "var" => values.command_line.push((name.to_owned(), value.to_owned())),
            "env" => drop(values.environment.insert(name.to_owned(), value.to_owned())),
            "file" => values.files.push(rest.to_owned()),
            other => panic!("`{other}` is no kind of argument"),
        }
    }
    values
}

fn print(findings: &[Finding]) -> String {
    let mut text = String::new();
    for Finding { location, severity, code, message, fix } in findings {
        let at = location.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string);
        let severity = match severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        };
        writeln!(text, "{at}: {severity}[{code}] {message}").unwrap();
        if !fix.is_empty() {
            writeln!(text, "  fix: {fix}").unwrap();
        }
    }
    text
}

#[test]
fn every_broken_profile_has_exactly_the_findings_of_its_golden() {
    let fixtures = fixtures();
    assert!(fixtures.len() >= 60, "only {} fixtures", fixtures.len());
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    let mut stale = Vec::new();
    for fixture in &fixtures {
        let found = print(&fixture.load().findings);
        if update {
            std::fs::write(&fixture.golden, &found).unwrap();
        } else if std::fs::read_to_string(&fixture.golden).unwrap_or_default() != found {
            stale.push(format!("--- {}\n{found}", fixture.name));
        }
    }
    assert!(stale.is_empty(), "these differ from their goldens:\n{}", stale.join("\n"));
}

#[test]
fn a_broken_profile_gives_no_profile_and_every_finding_helps() {
    for fixture in fixtures() {
        let Loaded { profile, findings, .. } = fixture.load();
        assert!(has_errors(&findings) && profile.is_none(), "{} was accepted", fixture.name);
        for finding in findings {
            assert!(!finding.message.is_empty() && !finding.fix.is_empty(), "{}: {finding:?}", fixture.name);
        }
    }
}

#[test]
fn places_are_inside_the_text_that_excerpts_are_cut_from() {
    for fixture in fixtures() {
        for finding in fixture.load().findings {
            let Some(location) = finding.location else { continue };
            // The text of a file of values is not kept, and an error can stand behind the last line.
            let Some(line) = location.source.text.lines().nth(location.line - 1) else { continue };
            assert!(location.column <= line.chars().count() + 1, "{}: {location}", fixture.name);
            assert!(location.length >= 1);
        }
    }
}

#[test]
fn every_code_of_the_profile_has_a_fixture_and_an_explanation() {
    let found: BTreeSet<Code> =
        fixtures().iter().flat_map(|fixture| fixture.load().findings).map(|finding| finding.code).collect();
    let mine = |code: &Code| code.to_string().as_str() < "BRG1400";
    let missing: Vec<Code> = Code::all().filter(mine).filter(|code| !found.contains(code)).collect();
    assert_eq!(missing, [], "no fixture shows these codes");
    for code in Code::all().filter(mine) {
        assert!(code.explanation().len() > 100, "{code} is explained too shortly");
    }
}

#[test]
fn most_fixtures_show_that_findings_come_all_at_once() {
    let fixtures = fixtures();
    let several = fixtures.iter().filter(|fixture| fixture.load().findings.len() > 1).count();
    assert!(several * 2 > fixtures.len(), "only {several} of {} have several findings", fixtures.len());
}
