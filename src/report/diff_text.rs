//! One changed field as `+ ~ -` lines.

use anstyle::Style;
use similar::{ChangeTag, TextDiff};

use crate::plan::change::{FieldChange, Shown, ValueChange};
use crate::report::style::{self, paint, plain};

/// Unchanged lines shown around a changed one of a text of several lines.
const CONTEXT: usize = 2;

/// The lines of one changed field, without indentation; a field of one line is one line.
pub(super) fn field_lines(field: &FieldChange) -> Vec<String> {
    let path = plain(&field.path);
    match &field.change {
        ValueChange::Added(after) => one_sided("+", style::ADD, &path, after),
        ValueChange::Removed(before) => one_sided("-", style::DESTROY, &path, before),
        ValueChange::Changed(Shown::Text(before), Shown::Text(after))
            if is_block(before) || is_block(after) =>
        {
            block_diff(&path, before, after)
        }
        ValueChange::Changed(Shown::Sensitive, Shown::Sensitive) => {
            vec![format!("{} {path}: (sensitive, changed)", paint(style::CHANGE, "~"))]
        }
        ValueChange::Changed(before, after) => {
            vec![format!("{} {path}: {} -> {}", paint(style::CHANGE, "~"), inline(before), inline(after))]
        }
    }
}

fn one_sided(symbol: &str, style: Style, path: &str, value: &Shown) -> Vec<String> {
    let symbol = paint(style, symbol);
    match value {
        Shown::Text(text) if is_block(text) => {
            let lines = text.lines().map(|line| format!("    {symbol} {}", plain(line)));
            std::iter::once(format!("{symbol} {path}:")).chain(lines).collect()
        }
        Shown::Text(_) | Shown::Json(_) | Shown::Sensitive => {
            vec![format!("{symbol} {path}: {}", inline(value))]
        }
    }
}

/// Whether a text is shown line by line.
fn is_block(text: &str) -> bool {
    text.trim_end_matches('\n').contains('\n')
}

/// A value on one line; quoting it as JSON also shows control characters instead of obeying them.
pub(super) fn inline(value: &Shown) -> String {
    match value {
        Shown::Text(text) => serde_json::Value::from(text.as_str()).to_string(),
        Shown::Json(json) => plain(json),
        Shown::Sensitive => "(sensitive)".to_owned(),
    }
}

fn block_diff(path: &str, before: &str, after: &str) -> Vec<String> {
    let diff = TextDiff::from_lines(before, after);
    let mut lines = vec![format!("{} {path}:", paint(style::CHANGE, "~"))];
    for (number, group) in diff.grouped_ops(CONTEXT).iter().enumerate() {
        if number > 0 {
            lines.push("      ...".to_owned());
        }
        let changes = group.iter().flat_map(|op| diff.iter_changes(op));
        lines.extend(changes.map(|change| block_line(change.tag(), change.value())));
    }
    lines
}

fn block_line(tag: ChangeTag, text: &str) -> String {
    let text = plain(text.trim_end_matches('\n'));
    match tag {
        ChangeTag::Equal => format!("      {text}"),
        ChangeTag::Insert => format!("    {} {text}", paint(style::ADD, "+")),
        ChangeTag::Delete => format!("    {} {text}", paint(style::DESTROY, "-")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(change: ValueChange) -> String {
        let field = FieldChange { path: "metadata.labels.env".into(), change };
        anstream::adapter::strip_str(&field_lines(&field).join("\n")).to_string()
    }

    fn text(text: &str) -> Shown {
        Shown::Text(text.into())
    }

    #[test]
    fn one_field_is_one_line() {
        let changed = shown(ValueChange::Changed(text("dev"), text("stg")));
        assert_eq!(changed, r#"~ metadata.labels.env: "dev" -> "stg""#);
        assert_eq!(shown(ValueChange::Added(Shown::Json("3".into()))), "+ metadata.labels.env: 3");
        assert_eq!(shown(ValueChange::Removed(Shown::Sensitive)), "- metadata.labels.env: (sensitive)");
        let secret = shown(ValueChange::Changed(Shown::Sensitive, Shown::Sensitive));
        assert_eq!(secret, "~ metadata.labels.env: (sensitive, changed)");
    }

    #[test]
    fn only_the_changed_lines_of_a_long_text_are_shown() {
        let before: String = (1..=20).map(|n| format!("line {n}\n")).collect();
        let after = before.replace("line 10\n", "line ten\n");
        insta::assert_snapshot!(shown(ValueChange::Changed(text(&before), text(&after))), @r"
        ~ metadata.labels.env:
              line 8
              line 9
            - line 10
            + line ten
              line 11
              line 12
        ");
    }

    #[test]
    fn control_characters_of_the_cluster_are_not_obeyed() {
        assert!(!shown(ValueChange::Added(text("\u{1b}[2J"))).contains('\u{1b}'));
        assert!(!shown(ValueChange::Added(text("a\n\u{1b}[2Jb\n"))).contains('\u{1b}'));
    }
}
