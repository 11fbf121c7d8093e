//! Findings: everything that is wrong with the user's input, all of it at once.

use crate::code::Code;
use crate::profile::location::Location;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// bridge refuses to go on.
    Error,
    /// bridge goes on, and says so.
    Warning,
    /// Something that was left out, such as a check that needs what is not there.
    Note,
}

/// One result of validation.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// Where; `None` when no line of a file is to blame.
    pub location: Option<Location>,
    /// How bad.
    pub severity: Severity,
    /// Which problem.
    pub code: Code,
    /// What is wrong here, with the values involved; never a secret.
    pub message: String,
    /// What to do about it; empty when the message says it all.
    pub fix: String,
}

impl Finding {
    /// An error at a place.
    pub fn error(
        code: Code,
        location: &Location,
        message: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        Self {
            location: Some(location.clone()),
            severity: Severity::Error,
            code,
            message: message.into(),
            fix: fix.into(),
        }
    }

    /// An error about something else than the user's files, such as a manifest; who knows what led to it adds the place.
    pub fn without_location(code: Code, message: impl Into<String>, fix: impl Into<String>) -> Self {
        let (message, fix) = (message.into(), fix.into());
        Self { location: None, severity: Severity::Error, code, message, fix }
    }

    /// The same finding; where it has no place yet, at this one.
    #[must_use]
    pub fn or_at(self, place: &Location) -> Self {
        Self { location: self.location.or_else(|| Some(place.clone())), ..self }
    }

    /// The same finding with another severity.
    #[must_use]
    pub fn with_severity(self, severity: Severity) -> Self {
        Self { severity, ..self }
    }
}

/// Whether any of the findings stops bridge.
#[must_use]
pub fn has_errors(findings: &[Finding]) -> bool {
    findings.iter().any(|finding| finding.severity == Severity::Error)
}
