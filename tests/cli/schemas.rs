//! The schemas of what machines read: committed, current, and described in `docs/output.md`.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::env::TestEnv;

/// Every document but the profile, whose schema stands beside the README.
const DOCUMENTS: [&str; 6] = ["plan", "plan-file", "findings", "error", "apply", "status"];

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs")
}

fn schema(of: &str) -> String {
    TestEnv::new().run(&["schema", of]).expect(0).stdout
}

#[test]
fn the_committed_schemas_are_the_current_ones() {
    for of in DOCUMENTS {
        let path = docs().join("schemas").join(format!("{of}.json"));
        let current = schema(of);
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(&path, &current).unwrap();
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(committed == current, "{} is stale: run this test with UPDATE_GOLDEN=1", path.display());
    }
}

#[test]
fn the_schemas_pin_the_format() {
    for (of, at) in DOCUMENTS.map(|of| (of, if of == "apply" { "/oneOf/0" } else { "" })) {
        let schema: Value = serde_json::from_str(&schema(of)).unwrap();
        let format = &schema.pointer(at).unwrap()["properties"]["format"]["const"];
        assert_eq!(*format, format!("bridge.{of}/v1"), "{of}");
    }
}

#[test]
fn every_document_is_described() {
    let text = std::fs::read_to_string(docs().join("output.md")).unwrap();
    for of in DOCUMENTS {
        assert!(text.contains(&format!("`bridge.{of}/v1`")), "{of}: its format");
        assert!(text.contains(&format!("(schemas/{of}.json)")), "{of}: its schema");
    }
}

#[test]
fn every_type_of_line_is_described() {
    let schema: Value = serde_json::from_str(&schema("apply")).unwrap();
    let types = schema["oneOf"].as_array().unwrap().iter().map(|line| &line["properties"]["type"]["const"]);
    let types: Vec<String> = types.map(|name| name.as_str().unwrap().to_owned()).collect();
    let text = std::fs::read_to_string(docs().join("output.md")).unwrap();
    let (_, table) = text.split_once("| `type` |").unwrap();
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    let described: Vec<&str> = rows.map(|row| row.split('`').nth(1).unwrap()).collect();
    assert_eq!(described, types, "docs/output.md: one row for each type of line, in the order of the schema");
}
