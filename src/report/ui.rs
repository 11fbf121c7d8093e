//! The two streams. Data goes to standard output, everything else to standard error; secrets go nowhere.

use std::borrow::Cow;
use std::io::{self, IsTerminal, Write};
use std::sync::Arc;

use anstream::AutoStream;
use indicatif::MultiProgress;
use serde_json::Value;

use crate::report::redact::Redactor;
use crate::report::style::{self, paint, plain};

/// When to use colours.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl From<Color> for anstream::ColorChoice {
    fn from(color: Color) -> Self {
        match color {
            Color::Auto => Self::Auto,
            Color::Always => Self::Always,
            Color::Never => Self::Never,
        }
    }
}

/// The only way to the terminal. Clones write to the same streams.
#[derive(Debug, Clone, Default)]
pub struct Ui {
    redactor: Redactor,
    color: Color,
    quiet: bool,
    bars: Arc<MultiProgress>,
    /// Whose lines these are, where several speak at once.
    label: Option<Arc<str>>,
}

impl Ui {
    /// Decides once how this run prints.
    #[must_use]
    pub fn new(color: Color, quiet: bool) -> Self {
        Self { color, quiet, ..Self::default() }
    }

    /// The same streams for one of several that speak at once: its lines on standard error begin with the label.
    #[must_use]
    pub fn labelled(&self, label: &str) -> Self {
        Self { label: Some(label.into()), ..self.clone() }
    }

    /// The text with the label before each of its lines.
    #[must_use]
    pub fn with_label<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let Some(label) = &self.label else { return Cow::Borrowed(text) };
        let label = paint(style::HINT, &format!("{}:", plain(label)));
        let line = |line: &'t str| if line == "\n" { line.to_owned() } else { format!("{label} {line}") };
        Cow::Owned(text.split_inclusive('\n').map(line).collect())
    }

    /// Where secrets are made known.
    #[must_use]
    pub fn redactor(&self) -> &Redactor {
        &self.redactor
    }

    /// Writes data to standard output. A reader that has gone away is no failure.
    ///
    /// # Errors
    /// When the stream cannot be written, such as on a full disk.
    pub fn data(&self, text: &str) -> io::Result<()> {
        self.write_data(&self.redactor.scrub(text))
    }

    /// Writes one JSON document to standard output.
    ///
    /// # Errors
    /// When the stream cannot be written, such as on a full disk.
    pub fn document(&self, document: Value) -> io::Result<()> {
        self.write_data(&format!("{:#}\n", self.redactor.scrub_document(document)))
    }

    /// Writes JSON documents to standard output, each as one line.
    ///
    /// # Errors
    /// When the stream cannot be written, such as on a full disk.
    pub fn lines(&self, documents: Vec<Value>) -> io::Result<()> {
        let lines = documents.into_iter().map(|line| format!("{}\n", self.redactor.scrub_document(line)));
        self.write_data(&lines.collect::<String>())
    }

    /// Writes to standard output what was made without secrets, or what the user explicitly asked to see unmasked.
    ///
    /// # Errors
    /// When the stream cannot be written, such as on a full disk.
    pub fn data_as_it_is(&self, text: &str) -> io::Result<()> {
        self.write_data(text)
    }

    fn write_data(&self, text: &str) -> io::Result<()> {
        let written = self.bars.suspend(|| {
            let mut stream = AutoStream::new(io::stdout().lock(), self.color.into());
            stream.write_all(text.as_bytes()).and_then(|()| stream.flush())
        });
        written.or_else(|error| (error.kind() == io::ErrorKind::BrokenPipe).then_some(()).ok_or(error))
    }

    /// Says what is going on, in one line; silent with `--quiet`.
    pub fn status(&self, line: &str) {
        if !self.quiet {
            self.say(&format!("{line}\n"));
        }
    }

    /// Warns, also with `--quiet`.
    pub fn warn(&self, message: &str) {
        self.say(&format!("{} {message}\n", paint(style::WARNING, "warning:")));
    }

    /// Says what to do next; silent with `--quiet`.
    pub fn hint(&self, message: &str) {
        self.status(&format!("{} {message}", paint(style::HINT, "hint:")));
    }

    /// Writes to standard error, whatever `--quiet` says. Nothing is left to do when that fails.
    pub fn say(&self, text: &str) {
        // The label comes last: it would part the lines of a secret.
        let text = self.redactor.scrub(text);
        let text = self.with_label(&text);
        self.bars.suspend(|| {
            let mut stream = AutoStream::new(io::stderr().lock(), self.color.into());
            stream.write_all(text.as_bytes()).and_then(|()| stream.flush()).unwrap_or_default();
        });
    }

    /// Where progress bars are drawn; `None` where plain lines are wanted.
    #[must_use]
    pub fn bars(&self) -> Option<&MultiProgress> {
        // Hidden on a terminal that cannot redraw a line, such as TERM=dumb.
        (!self.quiet && io::stderr().is_terminal() && !self.bars.is_hidden()).then_some(&self.bars)
    }

    /// Whether a person can answer a question: both the question and the answer go through a terminal.
    #[must_use]
    pub fn can_ask(&self) -> bool {
        io::stdin().is_terminal() && io::stderr().is_terminal()
    }

    /// A writer for the log, which is scrubbed like everything else.
    #[must_use]
    pub fn log(&self) -> Log {
        Log(self.clone())
    }
}

/// Writes log lines through the [`Ui`].
#[derive(Debug, Clone)]
pub struct Log(Ui);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.say(&String::from_utf8_lossy(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use anstream::adapter::strip_str;

    use super::Ui;

    #[test]
    fn every_line_of_one_of_several_says_whose_it_is() {
        let ui = Ui::default();
        assert_eq!(ui.with_label("a\nb\n"), "a\nb\n");
        let labelled = ui.labelled("eu.yaml");
        let text = |text| strip_str(&labelled.with_label(text)).to_string();
        assert_eq!(text("a\n\nb\n"), "eu.yaml: a\n\neu.yaml: b\n");
        assert_eq!(text("no end"), "eu.yaml: no end");
        assert_eq!(text(""), "");
    }
}
