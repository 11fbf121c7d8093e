//! Findings as people read them: where, what, the line itself, and the fix.

use std::collections::HashMap;
use std::sync::Arc;

use crate::profile::finding::{Finding, Severity};
use crate::profile::location::{Location, Source};
use crate::report::mask::mask_line;
use crate::report::redact::{Clean, Redactor};
use crate::report::style::{self, paint, plain};

/// Longer lines are cut in excerpts.
const LONGEST_LINE: usize = 200;

/// Of longer lines the rest is not looked at: enough that no mask depends on what is cut away.
const LONGEST_READ: usize = 4096;

/// All findings, and a line that counts them; empty where there are none. Lines are cut, so the redactor sees them first.
#[must_use]
pub fn render(findings: &[Finding], redactor: &Redactor) -> String {
    let mut lines = Lines { redactor, texts: HashMap::new(), shown: HashMap::new() };
    let mut out: String = findings.iter().map(|finding| one(finding, &mut lines) + "\n").collect();
    if !findings.is_empty() {
        out.push_str(&count_line(findings));
        out.push('\n');
    }
    out
}

/// `2 errors and 1 warning`.
#[must_use]
pub fn count_line(findings: &[Finding]) -> String {
    let count = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
    let parts: Vec<String> = [Severity::Error, Severity::Warning, Severity::Note]
        .into_iter()
        .filter(|severity| count(*severity) > 0)
        .map(|severity| counted(count(severity), word(severity)))
        .collect();
    parts.join(", ")
}

/// `1 error`, `2 errors`.
fn counted(count: usize, word: &str) -> String {
    if count == 1 { format!("1 {word}") } else { format!("{count} {word}s") }
}

/// The severity in a word.
#[must_use]
pub fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

/// The lines of the files, found and masked once, however many findings point at them.
struct Lines<'f> {
    redactor: &'f Redactor,
    texts: HashMap<*const Source, Vec<&'f str>>,
    shown: HashMap<(*const Source, usize), (String, bool)>,
}

impl<'f> Lines<'f> {
    /// The line of a place as it is shown, and whether something was taken out of it.
    fn shown(&mut self, location: &'f Location) -> Option<&(String, bool)> {
        let source: *const Source = Arc::as_ptr(&location.source);
        let texts = self.texts.entry(source).or_insert_with(|| location.source.text.lines().collect());
        let line = texts.get(location.line.saturating_sub(1))?;
        Some(self.shown.entry((source, location.line)).or_insert_with(|| show(line, self.redactor)))
    }
}

fn show(line: &str, redactor: &Redactor) -> (String, bool) {
    let clean: Clean = redactor.clean(line);
    let (shown, is_masked) = mask_line(&plain(&clean.cut(LONGEST_READ).replace('\t', " ")));
    (shown.chars().take(LONGEST_LINE).collect(), is_masked || clean.text() != line)
}

fn one<'f>(finding: &'f Finding, lines: &mut Lines<'f>) -> String {
    let Finding { location, severity, code, message, fix } = finding;
    let style = match severity {
        Severity::Error => style::ERROR,
        Severity::Warning => style::WARNING,
        Severity::Note => style::NOTE,
    };
    let heading = paint(style, &format!("{}[{code}]:", word(*severity)));
    let mut out = format!("{heading} {}\n", plain(message));
    if let Some(location) = location {
        out.push_str(&excerpt(location, style, lines));
    }
    if !fix.is_empty() {
        out.push_str(&format!(
            "  {} {}\n",
            paint(style::HINT, "fix:"),
            plain(fix).replace('\n', "\n       ")
        ));
    }
    out
}

/// The place, and the line with a caret under it.
fn excerpt<'f>(location: &'f Location, style: anstyle::Style, lines: &mut Lines<'f>) -> String {
    let number = location.line.to_string();
    let margin = " ".repeat(number.len());
    let faint = |text: &str| paint(style::FAINT, text);
    let mut out = format!("{margin}{} {location}\n", faint("-->"));
    let Some((shown, is_masked)) = lines.shown(location) else { return out };
    out.push_str(&format!("{margin} {}\n{} {shown}\n", faint("|"), faint(&format!("{number} |"))));
    let column = location.column.saturating_sub(1).min(shown.chars().count());
    let room = shown.chars().count().saturating_sub(column);
    let length = if *is_masked { 1 } else { location.length.clamp(1, room.max(1)) };
    let caret = paint(style, &"^".repeat(length));
    out.push_str(&format!("{margin} {} {}{caret}\n", faint("|"), " ".repeat(column)));
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::code::Code;
    use crate::profile::sensitive::Sensitive;

    fn finding(text: &str, line: usize, column: usize, length: usize) -> Finding {
        let source = Arc::new(Source { path: "bridge.yaml".into(), text: text.into() });
        let at = Location { source, line, column, length };
        Finding::error(Code::YAML_SYNTAX, &at, "`regoin` is no field of a cluster", "did you mean `region`?")
    }

    fn shown(findings: &[Finding]) -> String {
        anstream::adapter::strip_str(&render(findings, &Redactor::default())).to_string()
    }

    #[test]
    fn a_finding_shows_the_line_the_place_and_the_fix() {
        let finding = finding("clusters:\n  - name: hub\n    regoin: eu\n", 3, 5, 6);
        insta::assert_snapshot!(shown(&[finding]), @r"
        error[BRG1001]: `regoin` is no field of a cluster
         --> bridge.yaml:3:5
          |
        3 |     regoin: eu
          |     ^^^^^^
          fix: did you mean `region`?

        1 error
        ");
    }

    #[test]
    fn a_literal_credential_is_not_quoted() {
        let text = shown(&[finding("password: hunter2hunter2", 1, 11, 14)]);
        assert!(text.contains("password: (sensitive)") && !text.contains("hunter2"), "{text}");
    }

    #[test]
    fn a_known_secret_is_not_cut_in_half() {
        let redactor = Redactor::default();
        redactor.register(&Sensitive::new("hunter2-hunter2"));
        let text = format!("{}hunter2-hunter2", "a ".repeat((LONGEST_LINE - 6) / 2));
        let shown = render(&[finding(&text, 1, 1, 1)], &redactor);
        assert!(shown.contains("a a") && !shown.contains("hunt"), "{shown}");
    }

    #[test]
    fn thousands_of_findings_on_one_long_line_are_all_shown() {
        let first = finding(&"a: [b], ".repeat(20_000), 1, 1, 1);
        let findings: Vec<Finding> = (0..4_000).map(|_| first.clone()).collect();
        assert!(shown(&findings).contains("4000 errors"));
    }

    #[test]
    fn places_outside_of_the_file_do_no_harm() {
        for (line, column, length) in [(0, 0, 0), (1, 900, 900), (900, 1, 1)] {
            assert!(shown(&[finding("a: b", line, column, length)]).contains("1 error"));
        }
    }
}
