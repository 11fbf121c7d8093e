//! `bridge --explain CODE`.

use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::code::Code;
use crate::report::style::{self, paint};

/// Prints what a code means and how it is mended.
pub(super) fn exec(context: &Context, text: &str) -> Result<Exit, CliError> {
    let code: Code =
        text.parse().map_err(|error: crate::code::UnknownCode| unknown(text, &error.to_string()))?;
    let heading = paint(style::STRONG, &format!("{code}: {}", code.title()));
    context.ui.data(&format!("{heading}\n\n{}\n", wrapped(code.explanation())))?;
    Ok(Exit::Done)
}

fn unknown(text: &str, message: &str) -> CliError {
    let wanted = text.trim().to_ascii_uppercase();
    let numbered = format!("BRG{wanted}");
    let names: Vec<String> = Code::all().map(|code| code.to_string()).collect();
    let similarity =
        |name: &str| strsim::jaro_winkler(&wanted, name).max(strsim::jaro_winkler(&numbered, name));
    let closest = names.iter().max_by(|a, b| similarity(a).total_cmp(&similarity(b)));
    let error = CliError::usage(Code::UNKNOWN_CODE, message);
    match closest.filter(|name| similarity(name) > 0.8) {
        Some(name) => error.hinted(format!("did you mean `{name}`?")),
        None => error,
    }
}

/// Paragraphs in lines of at most 100 characters; indented lines are examples and stay as they are.
fn wrapped(text: &str) -> String {
    let line = |line: &str| if line.starts_with(' ') { line.to_owned() } else { wrapped_line(line) };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

fn wrapped_line(text: &str) -> String {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if line.chars().count() + 1 + word.chars().count() <= 100 => {
                line.push(' ');
                line.push_str(word);
            }
            Some(_) | None => lines.push(word.to_owned()),
        }
    }
    lines.join("\n")
}
