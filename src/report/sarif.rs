//! Findings as SARIF 2.1.0, which code hosts show on the lines of a pull request.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::code::Code;
use crate::profile::finding::{Finding, Severity};

/// The log of one run.
#[must_use]
pub fn document(findings: &[Finding]) -> Value {
    let codes: BTreeSet<Code> = findings.iter().map(|finding| finding.code).collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "bridge",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": codes.into_iter().map(rule).collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "results": findings.iter().map(result).collect::<Vec<_>>(),
        }],
    })
}

fn rule(code: Code) -> Value {
    json!({
        "id": code.to_string(),
        "shortDescription": { "text": code.title() },
        "fullDescription": { "text": code.explanation() },
        "help": { "text": code.explanation() },
    })
}

fn result(finding: &Finding) -> Value {
    let Finding { location, severity, code, message, fix } = finding;
    let text = if fix.is_empty() { message.clone() } else { format!("{message}\nFix: {fix}") };
    let locations: Vec<Value> = location
        .iter()
        .map(|at| {
            json!({ "physicalLocation": {
                "artifactLocation": { "uri": at.source.path.replace('\\', "/").replace(' ', "%20") },
                "region": {
                    "startLine": at.line.max(1),
                    "startColumn": at.column.max(1),
                    "endColumn": at.column.max(1) + at.length.max(1),
                },
            }})
        })
        .collect();
    json!({
        "ruleId": code.to_string(),
        "level": level(*severity),
        "message": { "text": text },
        "locations": locations,
    })
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}
