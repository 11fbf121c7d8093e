//! What ends a command: code, words, remedies and the exit code, decided in one place.

use std::io;

use crate::cli::exit::Exit;
use crate::cluster::ClusterError;
use crate::code::Code;
use crate::plan::gate::NeedsConsent;
use crate::profile::finding::{Finding, Severity};
use crate::report::error::{ErrorReport, causes};
use crate::report::ui::Ui;
use crate::report::{error, finding};

/// What ends a command.
#[derive(Debug)]
pub(super) enum CliError {
    /// Findings, which are shown with their places.
    Findings(Vec<Finding>),
    /// One error.
    One(Box<OneError>),
    /// What is in the way on this machine, all of it, none of it the profile's fault.
    Preflight {
        /// What is in the way.
        findings: Vec<Finding>,
        /// How the process ends.
        exit: Exit,
    },
}

/// One error, ready to be shown.
#[derive(Debug)]
pub(super) struct OneError {
    /// Its stable code.
    pub(super) code: Code,
    /// What went wrong.
    pub(super) message: String,
    /// Why, outermost first.
    pub(super) causes: Vec<String>,
    /// What to do about it.
    pub(super) hints: Vec<String>,
    /// How the process ends.
    pub(super) exit: Exit,
}

impl CliError {
    /// An error without causes and hints.
    pub(super) fn new(code: Code, exit: Exit, message: impl Into<String>) -> Self {
        let message = message.into();
        Self::One(Box::new(OneError { code, message, causes: Vec::new(), hints: Vec::new(), exit }))
    }

    /// A wrong command line.
    pub(super) fn usage(code: Code, message: impl Into<String>) -> Self {
        Self::new(code, Exit::Usage, message)
    }

    /// The same with a remedy.
    #[must_use]
    pub(super) fn hinted(self, hint: impl Into<String>) -> Self {
        match self {
            Self::One(mut one) => {
                one.hints.push(hint.into());
                Self::One(one)
            }
            other @ (Self::Findings(_) | Self::Preflight { .. }) => other,
        }
    }

    /// The same with the error that led to it, and what led to that.
    #[must_use]
    pub(super) fn caused_by(self, source: &dyn std::error::Error) -> Self {
        match self {
            Self::One(mut one) => {
                one.causes.push(source.to_string());
                one.causes.extend(causes(source));
                Self::One(one)
            }
            other @ (Self::Findings(_) | Self::Preflight { .. }) => other,
        }
    }

    /// The same with what led to it, outermost first.
    #[must_use]
    pub(super) fn with_causes(self, causes: Vec<String>) -> Self {
        match self {
            Self::One(one) => Self::One(Box::new(OneError { causes, ..*one })),
            other @ (Self::Findings(_) | Self::Preflight { .. }) => other,
        }
    }

    /// How the process ends.
    #[must_use]
    pub(super) fn exit(&self) -> Exit {
        match self {
            Self::Findings(_) => Exit::Usage,
            Self::One(one) => one.exit,
            Self::Preflight { findings: _, exit } => *exit,
        }
    }

    /// It as findings, for machines: an error is a finding without a place.
    #[must_use]
    pub(super) fn findings(&self) -> Vec<Finding> {
        match self {
            Self::Findings(findings) | Self::Preflight { findings, exit: _ } => findings.clone(),
            Self::One(one) => vec![one.finding()],
        }
    }

    /// Shows it, and says how the process ends.
    pub(super) fn end(&self, ui: &Ui) -> Exit {
        self.show(ui);
        self.exit()
    }

    /// Shows it.
    pub(super) fn show(&self, ui: &Ui) {
        match self {
            Self::Findings(findings) | Self::Preflight { findings, exit: _ } => {
                ui.say(&finding::render(findings, ui.redactor()));
            }
            Self::One(one) => ui.say(&one.render()),
        }
    }
}

impl OneError {
    fn finding(&self) -> Finding {
        let Self { code, message, causes, hints, exit: _ } = self;
        let message = std::iter::once(message).chain(causes).cloned().collect::<Vec<_>>().join(": ");
        Finding { location: None, severity: Severity::Error, code: *code, message, fix: hints.join("; ") }
    }

    fn render(&self) -> String {
        let Self { code, message, causes, hints, exit: _ } = self;
        error::render(&ErrorReport { code: *code, message, causes, hints })
    }
}

impl From<Vec<Finding>> for CliError {
    fn from(findings: Vec<Finding>) -> Self {
        Self::Findings(findings)
    }
}

impl From<ClusterError> for CliError {
    fn from(error: ClusterError) -> Self {
        Self::One(Box::new(OneError {
            code: error.code(),
            causes: causes(&error),
            hints: error.hints(),
            exit: cluster_exit(&error),
            message: error.to_string(),
        }))
    }
}

/// A kubeconfig or context that does not exist is wrong usage; a server that says no is not.
pub(super) fn cluster_exit(error: &ClusterError) -> Exit {
    match error {
        ClusterError::NoKubeconfig { .. }
        | ClusterError::Kubeconfig(_)
        | ClusterError::NoContext { .. }
        | ClusterError::NoCurrentContext { .. }
        | ClusterError::NotInCluster(_) => Exit::Usage,
        ClusterError::Unreachable { .. }
        | ClusterError::Tls { .. }
        | ClusterError::TimedOut { .. }
        | ClusterError::Unauthorized { .. }
        | ClusterError::Forbidden { .. } => Exit::Unreachable,
        ClusterError::Api(_) | ClusterError::NoSuchKind { .. } | ClusterError::Malformed { .. } => {
            Exit::Failed
        }
    }
}

impl From<NeedsConsent> for CliError {
    fn from(error: NeedsConsent) -> Self {
        let NeedsConsent { reason, objects, deletions } = error;
        let named: Vec<String> = objects.iter().take(10).map(ToString::to_string).collect();
        let more = objects.len().saturating_sub(named.len());
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        Self::new(Code::DELETE_NEEDS_CONSENT, Exit::Conflict, format!("{reason}; nothing was written"))
            .hinted(format!("it would delete {}{more}", named.join(", ")))
            .hinted("if that is a surprise, check `--profile` and `--context`")
            .hinted(format!(
                "if it is meant, add `--allow-delete {deletions}`, or `--allow-delete KIND/NAME` for each"
            ))
    }
}

impl From<io::Error> for CliError {
    /// The error of a stream that bridge writes its output to.
    fn from(error: io::Error) -> Self {
        Self::new(Code::OUTPUT_FAILED, Exit::Failed, "the output cannot be written").caused_by(&error)
    }
}
