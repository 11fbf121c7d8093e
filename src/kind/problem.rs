//! What is in the way of a local cluster, ready to be shown.

use crate::code::Code;

/// One thing that is in the way, or may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Its stable code.
    pub code: Code,
    /// What is wrong, and why.
    pub message: String,
    /// What helps, each a command or a line.
    pub fixes: Vec<String>,
    /// Whether bridge goes on all the same.
    pub is_warning: bool,
}

impl Problem {
    /// One that ends the run.
    pub(super) fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), fixes: Vec::new(), is_warning: false }
    }

    /// One that is told of, and nothing else.
    pub(super) fn warning(code: Code, message: impl Into<String>) -> Self {
        Self { is_warning: true, ..Self::new(code, message) }
    }

    /// The same with what helps.
    pub(super) fn fix(mut self, fix: impl Into<String>) -> Self {
        self.fixes.push(fix.into());
        self
    }
}
