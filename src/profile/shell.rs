//! Words of command lines that are shown to be copied.

/// An argument as a POSIX shell takes it.
#[must_use]
pub fn shell_word(argument: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@=,+".contains(c);
    if !argument.is_empty() && argument.chars().all(is_plain) {
        return argument.to_owned();
    }
    format!("'{}'", argument.replace('\'', r"'\''"))
}

/// A path in the same way.
#[must_use]
pub fn shell_path(path: &std::path::Path) -> String {
    shell_word(&path.display().to_string())
}
