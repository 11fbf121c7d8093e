//! The table of faults: what each comes to, and which test shows it. `docs/faults.md` shows the same table.

use std::fmt::Write as _;

use super::inject::Runs;
use super::rows::{HTTP, REFUSED};
use super::surroundings::SURROUNDINGS;

/// A fault, and what it comes to.
pub struct Row {
    pub fault: &'static str,
    pub verdict: Verdict,
    pub exit: i32,
    /// Words that the user reads.
    pub reads: &'static str,
    pub shown: Shown,
}

/// What a run under a fault has done by its end. After each, one more run without the fault leaves the state that a run
/// in one go leaves.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Everything.
    Done,
    /// Everything but what the fault hit, and what depends on that.
    Partly,
    /// Nothing.
    Nothing,
    /// As the test says.
    Other(&'static str),
}

impl Verdict {
    fn words(self) -> &'static str {
        match self {
            Self::Done => "tried again; ends as if nothing had happened",
            Self::Partly => {
                "that object fails, the others of its wave go on, what comes after is not tried; the next run ends it"
            }
            Self::Nothing => "nothing is written; the next run does it",
            Self::Other(words) => words,
        }
    }
}

/// Where a row is shown.
#[derive(Clone, Copy)]
pub enum Shown {
    /// Here, while one object is updated, one created and one pruned; each set of rules in a run of its own.
    Change(Runs),
    /// The same for a fault that takes a minute.
    Slow(Runs),
    /// Here, in an apply to an empty cluster.
    First(Runs),
    /// Here, in a destroy.
    Destroy(Runs),
    /// By a test of its own: its file in `e2e/tests/control_plane`, and its name.
    By(&'static str, &'static str),
}

pub const MAIN: &str = "faults.rs";

/// All rows.
pub fn rows() -> impl Iterator<Item = &'static Row> {
    HTTP.iter().chain(&REFUSED).chain(&SURROUNDINGS)
}

/// The table as Markdown.
pub fn markdown() -> String {
    let mut text = String::from(
        "| fault | verdict | exit code | what the user reads | shown by |\n|---|---|---|---|---|\n",
    );
    for Row { fault, verdict, exit, reads, shown } in rows() {
        let (file, test) = match shown {
            Shown::Change(_) => (MAIN, "while_a_fleet_is_changed"),
            Shown::Slow(_) => (MAIN, "while_the_server_hangs"),
            Shown::First(_) => (MAIN, "in_a_first_apply"),
            Shown::Destroy(_) => (MAIN, "in_a_destroy"),
            Shown::By(file, test) => (*file, *test),
        };
        let verdict = verdict.words();
        let _ = writeln!(text, "| {fault} | {verdict} | {exit} | `{reads}` | `{file}` {test} |");
    }
    text
}
