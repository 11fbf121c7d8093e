//! What ended a command, as one JSON document: `--output json` where there is no other document to write.

use schemars::JsonSchema;
use serde::Serialize;

use crate::profile::finding::Finding;
use crate::report::finding_json::{self, FindingDocument};

/// The name and version of the document.
pub const FORMAT: &str = "bridge.error/v1";

/// Why a command ended without its document.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ErrorDocument {
    /// The name and version of the document.
    #[schemars(extend("const" = FORMAT))]
    pub format: &'static str,
    /// The version of bridge that wrote it.
    pub bridge_version: &'static str,
    /// The exit code of the process.
    pub exit_code: u8,
    /// What went wrong; an error that no line of a file is to blame for has no place.
    pub findings: Vec<FindingDocument>,
}

/// The document of an error.
#[must_use]
pub fn document(findings: &[Finding], exit_code: u8) -> ErrorDocument {
    ErrorDocument {
        format: FORMAT,
        bridge_version: env!("CARGO_PKG_VERSION"),
        exit_code,
        findings: findings.iter().map(finding_json::one).collect(),
    }
}
