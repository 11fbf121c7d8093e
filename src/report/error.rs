//! An error as people read it: what, why, what now.

use crate::code::Code;
use crate::report::style::{self, paint, plain};

/// What is shown of an error.
#[derive(Debug, Clone, Copy)]
pub struct ErrorReport<'a> {
    /// Its stable code.
    pub code: Code,
    /// What went wrong.
    pub message: &'a str,
    /// Why, from the outermost cause to the innermost.
    pub causes: &'a [String],
    /// What to do about it.
    pub hints: &'a [String],
}

/// The error as text that ends in a line break.
#[must_use]
pub fn render(report: &ErrorReport<'_>) -> String {
    let ErrorReport { code, message, causes, hints } = report;
    let heading = paint(style::ERROR, &format!("error[{code}]:"));
    let mut out = format!("{heading} {}\n", plain(message));
    out.extend(causes.iter().map(|cause| format!("  caused by: {}\n", plain(cause))));
    let hint = paint(style::HINT, "hint:");
    out.extend(hints.iter().map(|text| format!("  {hint} {}\n", plain(text).replace('\n', "\n    "))));
    out + &explain_line(*code)
}

/// Where to read more about a code.
#[must_use]
pub fn explain_line(code: Code) -> String {
    format!("  {}\n", paint(style::FAINT, &format!("more: bridge --explain {code}")))
}

/// The messages of an error's sources, outermost first, each said once.
#[must_use]
pub fn causes(error: &dyn std::error::Error) -> Vec<String> {
    let mut causes: Vec<String> = Vec::new();
    let mut next = error.source();
    while let Some(source) = next {
        let text = source.to_string();
        if causes.last() != Some(&text) {
            causes.push(text);
        }
        next = source.source();
    }
    causes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_says_what_why_and_what_now() {
        let report = ErrorReport {
            code: Code::NO_PROFILE,
            message: "cannot read `bridge.yaml`",
            causes: &["no such file".to_owned()],
            hints: &["run `bridge init`".to_owned()],
        };
        insta::assert_snapshot!(anstream::adapter::strip_str(&render(&report)), @r"
        error[BRG4001]: cannot read `bridge.yaml`
          caused by: no such file
          hint: run `bridge init`
          more: bridge --explain BRG4001
        ");
    }
}
