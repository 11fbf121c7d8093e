//! Every call of the YAML library for documents, behind three functions.

use std::fmt::Write as _;

use serde::de::DeserializeOwned;
use serde_json::Value;

/// Why a text is no YAML.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct YamlError {
    /// 1-based line; 1 when the parser could not tell.
    pub line: usize,
    /// 1-based column.
    pub column: usize,
    /// What is wrong, without position.
    pub message: String,
}

/// Parses every document of a text; empty documents are left out.
///
/// Scalars are read as Kubernetes' Go libraries read them as far as they differ from YAML 1.2 without doubt: `0755` is
/// octal. `yes` and `on` stay text: no tool that writes Kubernetes objects means a boolean by them.
///
/// # Errors
/// When the text is no YAML, has duplicate keys, or is absurdly large.
pub fn parse_documents(text: &str) -> Result<Vec<Value>, YamlError> {
    let documents: Vec<Value> =
        serde_saphyr::from_multiple_with_options(text, options()).map_err(|error| describe(&error))?;
    Ok(documents.into_iter().filter(|document| !document.is_null()).collect())
}

/// Parses one document of a known form.
///
/// # Errors
/// When the text is no YAML of that form.
pub fn decode<T: DeserializeOwned>(text: &str) -> Result<T, YamlError> {
    serde_saphyr::from_str_with_options(text, options()).map_err(|error| describe(&error))
}

fn options() -> serde_saphyr::Options {
    serde_saphyr::options! {
        strict_booleans: true,
        legacy_octal_numbers: true,
        with_snippet: false,
    }
}

fn describe(error: &serde_saphyr::Error) -> YamlError {
    let (line, column) = error
        .location()
        .and_then(|at| Some((usize::try_from(at.line()).ok()?, usize::try_from(at.column()).ok()?)))
        .unwrap_or((1, 1));
    let text = error.without_snippet().to_string();
    let message = text.lines().next().unwrap_or_default();
    let message = message.split(" at line ").next().unwrap_or(message).to_owned();
    YamlError { line: line.max(1), column: column.max(1), message }
}

/// Prints one value as YAML that Go's YAML 1.1 reader reads back unchanged: `yes`, `on` and `1.20` are quoted.
#[must_use]
pub fn print(value: &Value) -> String {
    let mut text = String::new();
    print_to(&mut text, value);
    text
}

/// As [`print()`], at the end of a text.
pub fn print_to(out: &mut String, value: &Value) {
    // Long lines are not folded: a folded scalar is hard to search, and its rules differ between readers.
    let options = serde_saphyr::ser_options! { folded_wrap_chars: 1_000_000 };
    if let Err(error) = serde_saphyr::to_fmt_writer_with_options(&mut *out, value, options) {
        // A serde_json value has text keys and finite numbers, so it always prints; JSON is YAML anyway.
        let _written = write!(out, "{value} # {error}");
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{parse_documents, print};

    #[test]
    fn what_go_would_read_as_another_type_is_quoted() {
        let words = [
            "yes",
            "no",
            "on",
            "off",
            "y",
            "n",
            "Y",
            "true",
            "null",
            "~",
            "",
            "1.20",
            "1_000",
            "0755",
            "0o7",
            "2024-01-01",
            "12:30:45",
            "1e3",
            "=",
            "<<",
            "- a",
            "a: b",
            "#",
            "0x1F",
            ".inf",
            "+1",
        ];
        for word in words {
            let text = print(&json!({ "key": word }));
            assert!(text.contains('"') || text.contains('\''), "{word:?} was printed unquoted: {text}");
            assert_eq!(parse_documents(&text).unwrap(), [json!({ "key": word })]);
        }
    }

    #[test]
    fn texts_of_several_lines_come_back() {
        for text in [
            "a\nb\n",
            "a\nb",
            "\n",
            " a\nb",
            "a\n\n\n",
            "\ta\n",
            "a \nb",
            "- x\n  y: |\n",
            "a\r\nb",
            "é\u{85}",
        ] {
            let value = json!({ "data": { "file": text } });
            assert_eq!(parse_documents(&print(&value)).unwrap(), [value]);
        }
    }

    #[test]
    fn an_error_has_a_position_and_no_excerpt() {
        let error = parse_documents("a: 1\nb: [1, 2\nc: 3\n").unwrap_err();
        assert!(error.line >= 2, "{error:?}");
        assert!(!error.message.contains('\n'), "{error:?}");
    }

    #[test]
    fn duplicate_keys_are_refused() {
        assert!(parse_documents("a: 1\na: 2\n").is_err());
    }
}
