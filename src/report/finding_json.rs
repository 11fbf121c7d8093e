//! Findings as one JSON document: `bridge validate --output json`.

use schemars::JsonSchema;
use serde::Serialize;

use crate::profile::finding::{Finding, Severity, has_errors};

/// The name and version of the document.
pub const FORMAT: &str = "bridge.findings/v1";

/// Every finding of one or several profiles.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FindingsDocument {
    /// The name and version of the document.
    #[schemars(extend("const" = FORMAT))]
    pub format: &'static str,
    /// The version of bridge that wrote it.
    pub bridge_version: &'static str,
    /// Whether no finding is an error.
    pub valid: bool,
    /// The findings.
    pub findings: Vec<FindingDocument>,
}

/// One finding.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FindingDocument {
    /// Its stable code, such as `BRG3003`.
    pub code: String,
    /// How bad it is.
    pub severity: SeverityDocument,
    /// What is wrong.
    pub message: String,
    /// What to do about it; may be empty.
    pub fix: String,
    /// The file; absent when no line is to blame.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// 1-based line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// 1-based column.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<usize>,
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum SeverityDocument {
    /// bridge refuses to go on.
    Error,
    /// bridge goes on, and says so.
    Warning,
    /// Something that was left out.
    Note,
}

/// The document of findings.
#[must_use]
pub fn document(findings: &[Finding]) -> FindingsDocument {
    FindingsDocument {
        format: FORMAT,
        bridge_version: env!("CARGO_PKG_VERSION"),
        valid: !has_errors(findings),
        findings: findings.iter().map(one).collect(),
    }
}

/// One finding as a document.
pub(super) fn one(finding: &Finding) -> FindingDocument {
    let Finding { location, severity, code, message, fix } = finding.clone();
    FindingDocument {
        code: code.to_string(),
        severity: severity.into(),
        message,
        fix,
        file: location.as_ref().map(|at| at.source.path.clone()),
        line: location.as_ref().map(|at| at.line),
        column: location.as_ref().map(|at| at.column),
    }
}

impl From<Severity> for SeverityDocument {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::Error => Self::Error,
            Severity::Warning => Self::Warning,
            Severity::Note => Self::Note,
        }
    }
}
