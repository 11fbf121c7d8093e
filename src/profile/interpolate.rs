//! `${var.x}` in the values of a profile. `$${` writes a `${` that means nothing.

use crate::code::Code;
use crate::profile::decode::decoder::Decoder;
use crate::profile::node::{Node, Secret, Style, Value};
use crate::profile::sensitive::Sensitive;
use crate::profile::suggest;
use crate::profile::variables::{self, Resolved, VariableValue};

/// How many bytes the values of variables may add. Aliases of a long text with many variables multiply.
const LARGEST: usize = 64 * 1024 * 1024;

/// How much the profile has grown.
#[derive(Default)]
struct Growth {
    bytes: usize,
    is_reported: bool,
}

impl Growth {
    /// Whether there is room for another text. Reports once when there is none.
    fn has_room(&mut self, text: &str, node: &Node, decoder: &mut Decoder) -> bool {
        let bytes = self.bytes.saturating_add(text.len());
        if bytes <= LARGEST {
            self.bytes = bytes;
            return true;
        }
        if !self.is_reported {
            self.is_reported = true;
            let message = format!("with its variables the profile has more than {LARGEST} bytes");
            let fix = "use shorter values, or fewer aliases of what has variables in it";
            decoder.error(Code::INTERPOLATION_TOO_LARGE, &node.location, message, fix);
        }
        false
    }
}

/// Replaces the variables in every value but those of `variables` and `extends`, which are read before.
pub(crate) fn interpolate(root: &mut Node, variables: &Resolved, decoder: &mut Decoder) {
    let Value::Mapping(mapping) = &mut root.value else { return };
    let mut growth = Growth::default();
    for entry in &mut mapping.entries {
        if !["variables", "extends", "apiVersion", "kind"].contains(&entry.key.text.as_str()) {
            entry.value.walk_mut(&mut |node| replace(node, variables, &mut growth, decoder));
        }
    }
}

fn replace(node: &mut Node, variables: &Resolved, growth: &mut Growth, decoder: &mut Decoder) {
    let Value::Scalar(scalar) = &node.value else { return };
    if !scalar.text.contains("${") {
        return;
    }
    let last_line = scalar.last_line;
    let pieces = split(&scalar.text);
    let mut built = Built::default();
    for piece in &pieces {
        match piece {
            Piece::Text(text) => built.text.push_str(text),
            Piece::Variable(name) => {
                let text = variables.get(*name).and_then(Option::as_ref).map_or("", VariableValue::text);
                if growth.has_room(text, node, decoder) {
                    built.add(name, variables, node, decoder);
                } else {
                    built.is_unresolved = true;
                }
            }
            // It can be a part of a secret, so it is not repeated.
            Piece::Broken(_) => {
                built.is_unresolved = true;
                let message = "what stands in `${ }` here is no variable";
                let fix = "write `${var.NAME}`, or `$${` for a `${` that bridge leaves alone";
                decoder.error(Code::BAD_INTERPOLATION, &node.location, message, fix);
            }
        }
    }
    node.value = built.into_value(pieces.len() == 1, last_line);
}

#[derive(Default)]
struct Built {
    text: String,
    secret: Option<String>,
    has_variable: bool,
    is_unresolved: bool,
}

impl Built {
    fn add(&mut self, name: &str, variables: &Resolved, node: &Node, decoder: &mut Decoder) {
        self.has_variable = true;
        match variables.get(name) {
            Some(Some(VariableValue::Plain(text))) => self.text.push_str(text),
            Some(Some(VariableValue::Sensitive(text))) => {
                self.text.push_str(text.expose());
                self.secret.get_or_insert_with(|| name.to_owned());
            }
            // Reported where the variable is declared.
            Some(None) => self.is_unresolved = true,
            None => {
                self.is_unresolved = true;
                undefined(name, variables, node, decoder);
            }
        }
    }

    fn into_value(self, is_one_piece: bool, last_line: usize) -> Value {
        if self.is_unresolved {
            return Value::Unresolved;
        }
        if let Some(variable) = self.secret {
            let text = Sensitive::new(self.text);
            return Value::Secret(Secret { text, is_one_variable: is_one_piece, variable });
        }
        let style = if self.has_variable { Style::Interpolated } else { Style::Quoted };
        Value::Scalar(crate::profile::node::Scalar { text: self.text, style, last_line })
    }
}

fn undefined(name: &str, variables: &Resolved, node: &Node, decoder: &mut Decoder) {
    let message = format!("the variable `{name}` is not declared");
    let fix = match suggest::closest(name, variables.keys().map(String::as_str)) {
        Some(meant) => format!("did you mean `${{var.{meant}}}`?"),
        None => format!("declare it: `variables: {{ {name}: {{ description: ... }} }}`"),
    };
    decoder.error(Code::UNDEFINED_VARIABLE, &node.location, message, fix);
}

#[derive(Debug, PartialEq, Eq)]
enum Piece<'t> {
    Text(&'t str),
    Variable(&'t str),
    Broken(&'t str),
}

fn split(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        let is_escaped = rest[..start].ends_with('$');
        // An escape loses one of its two dollar signs.
        let before = if is_escaped { &rest[..start - 1] } else { &rest[..start] };
        if !before.is_empty() {
            pieces.push(Piece::Text(before));
        }
        let after = &rest[start + 2..];
        if is_escaped {
            pieces.push(Piece::Text("${"));
            rest = after;
        } else {
            let (piece, left) = read(&rest[start..]);
            pieces.push(piece);
            rest = left;
        }
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest));
    }
    pieces
}

/// What starts with `${`, and what follows it.
fn read(text: &str) -> (Piece<'_>, &str) {
    let Some(end) = text.find('}') else { return (Piece::Broken("${"), "") };
    let (whole, rest) = text.split_at(end + 1);
    let name = whole[2..end].trim().strip_prefix("var.").filter(|name| variables::is_name(name));
    (name.map_or(Piece::Broken(whole), Piece::Variable), rest)
}

#[cfg(test)]
mod tests {
    use super::{Piece, split};

    #[test]
    fn variables_and_escapes_are_told_apart() {
        for (text, expected) in [
            ("a${var.x}b", vec![Piece::Text("a"), Piece::Variable("x"), Piece::Text("b")]),
            ("$${var.x}", vec![Piece::Text("${"), Piece::Text("var.x}")]),
            ("${ var.x }", vec![Piece::Variable("x")]),
            ("${x}", vec![Piece::Broken("${x}")]),
            ("${var.}", vec![Piece::Broken("${var.}")]),
            ("${var.x", vec![Piece::Broken("${")]),
            ("a $ b", vec![Piece::Text("a $ b")]),
        ] {
            assert_eq!(split(text), expected, "{text}");
        }
    }
}
