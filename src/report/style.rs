//! Colours by meaning. Whether they reach the terminal is decided in [`crate::report::ui`].

use anstyle::{AnsiColor, Style};

/// Something appears.
pub const ADD: Style = AnsiColor::Green.on_default();
/// Something changes.
pub const CHANGE: Style = AnsiColor::Yellow.on_default();
/// Something goes.
pub const DESTROY: Style = AnsiColor::Red.on_default();
/// The heading of an error.
pub const ERROR: Style = AnsiColor::Red.on_default().bold();
/// The heading of a warning.
pub const WARNING: Style = AnsiColor::Yellow.on_default().bold();
/// The heading of a note.
pub const NOTE: Style = AnsiColor::Blue.on_default().bold();
/// What to do next.
pub const HINT: Style = AnsiColor::Cyan.on_default();
/// Success.
pub const SUCCESS: Style = AnsiColor::Green.on_default().bold();
/// Headings and totals.
pub const STRONG: Style = Style::new().bold();
/// Line numbers, gutters and side remarks.
pub const FAINT: Style = Style::new().dimmed();

/// The text in a style.
#[must_use]
pub fn paint(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}

/// The symbol of what is deleted and created anew, as Terraform has it.
#[must_use]
pub fn replace_mark() -> String {
    format!("{}/{}", paint(DESTROY, "-"), paint(ADD, "+"))
}

/// Text from elsewhere (a server, a file) without control characters, which could move the cursor or fake output.
/// Line breaks and tabs stay.
#[must_use]
pub fn plain(text: &str) -> String {
    let is_harmless = |c: char| !c.is_control() || c == '\n' || c == '\t';
    if text.chars().all(is_harmless) {
        return text.to_owned();
    }
    text.chars().fold(String::with_capacity(text.len()), |mut out, c| {
        if is_harmless(c) {
            out.push(c);
        } else {
            out.extend(c.escape_default());
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn control_characters_are_shown_and_not_obeyed() {
        assert_eq!(plain("a\u{1b}[2Jb\tc\nd\r"), "a\\u{1b}[2Jb\tc\nd\\r");
        assert_eq!(plain("déjà vu"), "déjà vu");
    }
}
