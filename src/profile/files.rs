//! The files of a profile: bytes to text to a tree, each finding of a broken file included.

use std::io;
use std::sync::Arc;

use crate::code::Code;
use crate::profile::excerpts::Excerpts;
use crate::profile::finding::{Finding, Severity};
use crate::profile::literals;
use crate::profile::location::{Location, Source};
use crate::profile::node::Node;
use crate::profile::yaml;

/// The largest file that is read. A profile of 10,000 clusters has about 10 MiB.
const LARGEST: usize = 64 * 1024 * 1024;

/// Reads the bytes of a file. The profile layer itself does no I/O.
pub(crate) type Read<'a> = &'a dyn Fn(&str) -> io::Result<Vec<u8>>;

fn is_in(finding: &Finding, source: &Arc<Source>) -> bool {
    finding.location.as_ref().is_some_and(|location| Arc::ptr_eq(&location.source, source))
}

/// Whatever stands in a file of values may be a secret, even an alias or a tag that is none.
fn hide_text(finding: &mut Finding) {
    finding.message = finding.code.title().to_owned();
    finding.fix = "mend this place; what stands there is not shown, because it may be a secret".to_owned();
}

/// What the path of a file is relative to.
fn base_of(at: Option<&Location>) -> &'static str {
    match at {
        Some(_) => "check the path; it is relative to the file that names it",
        None => "check the path; it is relative to the folder that bridge runs in",
    }
}

/// Opens files, and keeps what was found in them.
pub(crate) struct Files<'a> {
    pub(crate) read: Read<'a>,
    /// Every file that was opened, for excerpts.
    pub(crate) sources: Vec<Arc<Source>>,
    /// What is wrong with them.
    pub(crate) findings: Vec<Finding>,
}

impl<'a> Files<'a> {
    /// No file so far.
    pub(crate) fn new(read: Read<'a>) -> Self {
        Self { read, sources: Vec::new(), findings: Vec::new() }
    }

    /// The tree of a file of the profile; `at` is where another file asks for it.
    pub(crate) fn open(&mut self, path: &str, at: Option<&Location>) -> Option<Node> {
        let text = self.text(path, at, Code::FILE_UNREADABLE)?;
        let source = Arc::new(Source { path: path.to_owned(), text });
        let before = self.findings.len();
        let mut excerpts = Excerpts::default();
        let mut node = yaml::parse(&source, &mut excerpts, &mut self.findings);
        // Without a tree nobody knows what is secret.
        let shown = match node {
            Some(_) => excerpts.text(&source.text),
            None => literals::blank_values(&source.text),
        };
        let masked = Arc::new(Source { path: path.to_owned(), text: shown });
        literals::relocate_findings(&mut self.findings[before..], &source, &masked);
        literals::hide_keys(&mut self.findings[before..], &masked);
        if let Some(node) = &mut node {
            literals::relocate(node, &masked);
        }
        self.sources.push(masked);
        node
    }

    /// The tree of a file of variable values. Its text is not kept, so that no excerpt can show a value.
    pub(crate) fn open_values(&mut self, path: &str) -> Option<Node> {
        let text = self.text(path, None, Code::VARIABLE_FILE)?;
        let source = Arc::new(Source { path: path.to_owned(), text });
        let before = self.findings.len();
        let node = yaml::parse(&source, &mut Excerpts::default(), &mut self.findings);
        let silent = Arc::new(Source { path: path.to_owned(), text: String::new() });
        literals::relocate_findings(&mut self.findings[before..], &source, &silent);
        self.findings[before..].iter_mut().for_each(hide_text);
        // As in Terraform, an empty file gives no values.
        self.findings.retain(|finding| finding.code != Code::EMPTY_FILE || !is_in(finding, &silent));
        self.sources.push(Arc::clone(&silent));
        node.map(|mut node| {
            literals::relocate(&mut node, &silent);
            node
        })
    }

    fn text(&mut self, path: &str, at: Option<&Location>, code: Code) -> Option<String> {
        let bytes = match (self.read)(path) {
            Ok(bytes) => bytes,
            Err(error) => {
                self.unreadable(path, at, code, &error);
                return None;
            }
        };
        if bytes.len() > LARGEST {
            let message = format!("`{path}` has {} bytes; at most {LARGEST} are read", bytes.len());
            self.report(Code::FILE_UNREADABLE, at.cloned(), message, "is this really a profile?");
            return None;
        }
        let without_mark = bytes.strip_prefix(b"\xEF\xBB\xBF").map_or(bytes.as_slice(), |rest| rest);
        match std::str::from_utf8(without_mark) {
            Ok(text) => Some(text.to_owned()),
            Err(error) => {
                self.not_utf8(path, without_mark, error.valid_up_to(), code);
                None
            }
        }
    }

    fn unreadable(&mut self, path: &str, at: Option<&Location>, code: Code, error: &io::Error) {
        let (reason, fix) = match error.kind() {
            io::ErrorKind::NotFound => ("there is no such file", base_of(at)),
            io::ErrorKind::PermissionDenied => ("permission denied", "let the user that runs bridge read it"),
            io::ErrorKind::IsADirectory => ("it is a folder", "name the file in it"),
            // The enum is open; the system's own words say the rest.
            _ => ("it cannot be read", "check the path and the disk"),
        };
        self.report(code, at.cloned(), format!("`{path}`: {reason}"), fix);
    }

    fn not_utf8(&mut self, path: &str, bytes: &[u8], valid: usize, code: Code) {
        let before = String::from_utf8_lossy(&bytes[..valid]);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().map_or(0, |last| last.chars().count()) + 1;
        // A file of values never shows its text.
        let keeps_text = code != Code::VARIABLE_FILE;
        let text =
            if keeps_text { literals::blank_values(&String::from_utf8_lossy(bytes)) } else { String::new() };
        let source = Arc::new(Source { path: path.to_owned(), text });
        self.sources.push(Arc::clone(&source));
        let (message, fix) = if bytes.starts_with(b"\xFF\xFE") || bytes.starts_with(b"\xFE\xFF") {
            ("the file is UTF-16, not UTF-8".to_owned(), "save it as UTF-8")
        } else {
            (format!("the byte 0x{:02X} is not valid UTF-8", bytes[valid]), "save the file as UTF-8")
        };
        let location = Location { source, line, column, length: 1 };
        self.report(Code::NOT_UTF8, Some(location), message, fix);
    }

    fn report(&mut self, code: Code, location: Option<Location>, message: String, fix: &str) {
        self.findings.push(Finding {
            location,
            severity: Severity::Error,
            code,
            message,
            fix: fix.to_owned(),
        });
    }
}
