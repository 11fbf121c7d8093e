//! No input makes the profile layer panic, and none makes it tell a secret. Bounded by cases, not by time.
#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a test reads fixtures, and fails by panicking"
)]

use std::path::Path;

use bridge::profile::finding::has_errors;
use bridge::profile::{Loaded, VariableValue, VariableValues, load};
use proptest::prelude::*;

const PLANTED: &str = "pl4nted-s3cret-value";

/// Loads bytes as `bridge.yaml`. Every other path gives the same bytes, so that `extends` and files of values are tried.
fn load_bytes(bytes: &[u8]) -> Loaded {
    let variables = VariableValues {
        environment: [("secret".to_owned(), PLANTED.to_owned())].into(),
        files: vec!["values.yaml".to_owned()],
        command_line: vec![("x".to_owned(), "y".to_owned())],
    };
    load("bridge.yaml", &variables, &|_| Ok(bytes.to_vec()))
}

/// Loads a text as `bridge.yaml`, with the base of the full fixture beside it.
fn load_text(text: &str) -> Loaded {
    let variables = VariableValues {
        environment: [("secret".to_owned(), PLANTED.to_owned())].into(),
        files: vec!["outputs.json".to_owned()],
        command_line: Vec::new(),
    };
    let outputs = format!(r#"{{"output": {{"sensitive": true, "type": "string", "value": "{PLANTED}"}}}}"#);
    load("bridge.yaml", &variables, &|path| match path {
        "bridge.yaml" => Ok(text.as_bytes().to_vec()),
        "lower.yaml" => Ok(fixture("lower.yaml").into_bytes()),
        "outputs.json" => Ok(outputs.clone().into_bytes()),
        _ => Err(std::io::ErrorKind::NotFound.into()),
    })
}

fn fixture(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/valid");
    std::fs::read_to_string(folder.join(name)).unwrap()
}

/// The full fixture with two sensitive variables, used where they may be.
fn seed() -> String {
    let secrets = "variables:\n  secret: { sensitive: true }\n  output: { default: \"\" }\n";
    fixture("full.yaml")
        .replace("variables:\n", secrets)
        .replace("{ file: /run/secrets/git-token }", "{ value: \"${var.secret}\" }")
        .replace("{ env: SPOKE_TOKEN }", "{ value: \"${var.output}\" }")
}

/// That and the fixture of clusters that bridge makes.
fn seeds() -> Vec<String> {
    let kind = fixture("kind.yaml").replace("variables:\n", "variables:\n  secret: { sensitive: true }\n");
    vec![seed(), kind]
}

/// What holds for every input.
fn check(loaded: &Loaded) {
    assert_eq!(loaded.profile.is_some(), !has_errors(&loaded.findings), "{:?}", loaded.findings);
    // An edit may take `sensitive: true` away from the variable; then its value is none by the profile's own word.
    if loaded.variables.values().any(|value| matches!(value, VariableValue::Plain(text) if text == PLANTED)) {
        return;
    }
    assert!(!format!("{loaded:?}").contains(PLANTED), "a secret is shown");
    for finding in &loaded.findings {
        let shown = format!("{}{}", finding.message, finding.fix);
        assert!(!shown.contains(PLANTED), "{finding:?}");
    }
    assert!(
        loaded.sources.iter().all(|source| !source.text.contains(PLANTED)),
        "an excerpt could show a secret"
    );
}

/// One edit of a text, as a person or a broken tool makes it.
#[derive(Debug, Clone)]
enum Edit {
    RemoveLine(usize),
    RepeatLine(usize),
    SwapLines(usize, usize),
    Indent(usize, usize),
    Insert(usize, String),
    RemoveChars(usize, usize),
    ReplaceWord(usize, String),
    Truncate(usize),
}

fn edit() -> impl Strategy<Value = Edit> {
    let word = prop::sample::select(vec![
        "true",
        "null",
        "~",
        "[]",
        "{}",
        "-1",
        "99999999999999999999",
        "1e400",
        "${var.secret}",
        "${var.output}x",
        "\"${var.none}\"",
        "${",
        "&a",
        "*a",
        "<<:",
        "!tag",
        "|",
        ">",
        "'",
        "\"",
        "#",
        "---",
        "? ",
        "- ",
        ": ",
        "\t",
        "{ env: A, file: b }",
        "{ value: \"${var.secret}\" }",
        "https://u:p@h",
        "git@h:x",
        "é",
        "\u{feff}",
        "\u{0}",
        "name",
        "role: hub",
        "secretRef",
        "https://[::1]:6443",
        "@daily",
        "0 0 * * *",
        "!",
        "a/b/c",
        "%YAML 1.1",
    ])
    .prop_map(str::to_owned);
    let at = 0usize..10_000;
    prop_oneof![
        at.clone().prop_map(Edit::RemoveLine),
        at.clone().prop_map(Edit::RepeatLine),
        (at.clone(), at.clone()).prop_map(|(a, b)| Edit::SwapLines(a, b)),
        (at.clone(), 0usize..5).prop_map(|(line, width)| Edit::Indent(line, width)),
        (at.clone(), word.clone()).prop_map(|(at, text)| Edit::Insert(at, text)),
        (at.clone(), 1usize..12).prop_map(|(at, count)| Edit::RemoveChars(at, count)),
        (at.clone(), word).prop_map(|(at, text)| Edit::ReplaceWord(at, text)),
        at.prop_map(Edit::Truncate),
    ]
}

fn apply(text: &str, edit: &Edit) -> String {
    let mut lines: Vec<String> = text.split('\n').map(str::to_owned).collect();
    let count = lines.len();
    match edit {
        Edit::RemoveLine(at) => drop(lines.remove(at % count)),
        Edit::RepeatLine(at) => lines.insert(at % count, lines[at % count].clone()),
        Edit::SwapLines(a, b) => lines.swap(a % count, b % count),
        Edit::Indent(at, width) => {
            let line = lines[at % count].trim_start().to_owned();
            lines[at % count] = format!("{}{line}", " ".repeat(*width));
        }
        Edit::Insert(at, new) => return splice(text, *at, 0, new),
        Edit::RemoveChars(at, count) => return splice(text, *at, *count, ""),
        Edit::ReplaceWord(at, new) => return replace_word(text, *at, new),
        Edit::Truncate(at) => return splice(text, *at, usize::MAX, ""),
    }
    lines.join("\n")
}

fn splice(text: &str, at: usize, remove: usize, new: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let at = at % (chars.len() + 1);
    let end = at.saturating_add(remove).min(chars.len());
    chars[..at].iter().copied().chain(new.chars()).chain(chars[end..].iter().copied()).collect()
}

fn replace_word(text: &str, at: usize, new: &str) -> String {
    let words: Vec<&str> = text.split(' ').collect();
    let at = at % words.len();
    let replaced = words.iter().enumerate().map(|(index, word)| if index == at { new } else { *word });
    replaced.collect::<Vec<_>>().join(" ")
}

#[test]
fn the_seeds_are_accepted() {
    for seed in seeds() {
        let loaded = load_text(&seed);
        assert_eq!(loaded.findings, []);
        check(&loaded);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        check(&load_bytes(&bytes));
    }

    #[test]
    fn text_of_yaml_characters_never_panics(text in "[ab:\\-?\\[\\]{}&*!|>'\"#%@`,~<=\\$\\\\0-9 \t\r\n.]{0,200}") {
        check(&load_bytes(text.as_bytes()));
        check(&load_text(&format!("clusters: {text}")));
    }

    #[test]
    fn edits_of_a_valid_profile_never_panic(seed in prop::sample::select(seeds()), edits in prop::collection::vec(edit(), 1..6)) {
        let text = edits.iter().fold(seed, |text, edit| apply(&text, edit));
        check(&load_text(&text));
    }

    #[test]
    fn loading_twice_gives_the_same(seed in prop::sample::select(seeds()), edits in prop::collection::vec(edit(), 0..2)) {
        let text = edits.iter().fold(seed, |text, edit| apply(&text, edit));
        let (first, second) = (load_text(&text), load_text(&text));
        prop_assert_eq!(format!("{:?}", first.findings), format!("{:?}", second.findings));
        prop_assert_eq!(format!("{:?}", first.profile), format!("{:?}", second.profile));
    }
}

#[test]
fn findings_are_sorted_and_no_two_are_equal() {
    let text = seed().replace("region", "regoin").replace("role: hub", "role: hob");
    let loaded = load_text(&text);
    let places: Vec<(usize, usize)> = loaded
        .findings
        .iter()
        .filter_map(|finding| {
            finding.location.as_ref().filter(|location| location.source.path == "bridge.yaml")
        })
        .map(|location| (location.line, location.column))
        .collect();
    assert!(places.len() > 1 && places.is_sorted(), "{places:?}");
    let mut texts: Vec<String> = loaded.findings.iter().map(|finding| format!("{finding:?}")).collect();
    let count = texts.len();
    texts.dedup();
    assert_eq!(texts.len(), count);
}

/// Every path to a value below a value.
fn paths(value: &serde_json::Value, at: &str, found: &mut Vec<String>) {
    let children: Vec<(String, &serde_json::Value)> = match value {
        serde_json::Value::Object(map) => map.iter().map(|(key, child)| (key.clone(), child)).collect(),
        serde_json::Value::Array(list) => {
            list.iter().enumerate().map(|(index, child)| (index.to_string(), child)).collect()
        }
        _ => Vec::new(),
    };
    for (key, child) in children {
        let path = format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"));
        // What a merge patch says is free, and what a credential command wants to know.
        if !path.contains("/merge/")
            && !path.contains("/exec/config/")
            && !path.ends_with("/json6902/0/value")
        {
            paths(child, &path, found);
            found.push(path);
        }
    }
}

#[test]
fn every_key_is_read_so_a_value_of_the_wrong_kind_is_found_everywhere() {
    for (name, least) in [("full.yaml", 250), ("kind.yaml", 40)] {
        let whole: serde_json::Value = serde_saphyr::from_str(&fixture(name)).unwrap();
        let mut found = Vec::new();
        paths(&whole, "", &mut found);
        assert!(found.len() > least, "{name}: {}", found.len());
        for path in found {
            let mut broken = whole.clone();
            *broken.pointer_mut(&path).unwrap() = serde_json::json!([[{ "wrong": "kind" }]]);
            let loaded = load_text(&broken.to_string());
            assert!(has_errors(&loaded.findings), "{name}: {path} is not read");
        }
    }
}
