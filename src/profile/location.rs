//! Where in the user's files something stands.

use std::fmt;
use std::sync::Arc;

/// One file that was read: its path as the user wrote it, and its text, for excerpts.
///
/// `Debug` shows the path only, because a literal credential may stand in the text.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub struct Source {
    /// The path, relative to the folder bridge runs in wherever the user gave it so.
    pub path: String,
    /// The whole text. Never holds a resolved secret: only what the user's file says.
    pub text: String,
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Source({})", self.path)
    }
}

/// A place in a source file: 1-based line and column, as editors count them.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Location {
    /// The file.
    pub source: Arc<Source>,
    /// 1-based line.
    pub line: usize,
    /// 1-based column, in characters.
    pub column: usize,
    /// How many characters of the line the place covers; at least 1.
    pub length: usize,
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.source.path, self.line, self.column)
    }
}

impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
