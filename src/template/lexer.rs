//! Finds the tags of a template and their tokens: as much of Tera's grammar as the check of names needs.

/// A `<< >>` or `<% %>` of a template, as tokens.
#[derive(Debug, PartialEq, Eq)]
pub struct Tag<'a> {
    /// Its tokens.
    pub tokens: Vec<Token<'a>>,
    /// Whether it is a statement, `<% %>`.
    pub statement: bool,
}

/// A token and where it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token<'a> {
    /// What it is.
    pub kind: Kind<'a>,
    /// Byte offset in the template.
    pub offset: usize,
}

/// A token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind<'a> {
    /// A name or keyword.
    Name(&'a str),
    /// A quoted text, without its quotes.
    Text(&'a str),
    /// A number.
    Number,
    /// Any other character; `?.` counts as `.`, and `?[` as `[`.
    Symbol(char),
    /// `==`, `!=`, `<=` or `>=`.
    Operator,
}

/// The tags of a template, in order. Text that Tera itself will refuse is left for Tera to report.
#[must_use]
pub fn tags(template: &str) -> Vec<Tag<'_>> {
    let mut found = Vec::new();
    let mut at = 0;
    let mut raw = false;
    while let Some((open, start)) = next_open(template, at) {
        if open == "<#" {
            at = template[start..].find("#>").map_or(template.len(), |end| start + end + 2);
            continue;
        }
        let close = if open == "<%" { "%>" } else { ">>" };
        let (tokens, end) = tokens(template, start, close);
        at = end;
        let first = tokens.first().map(|token| token.kind);
        raw = if raw { first != Some(Kind::Name("endraw")) } else { first == Some(Kind::Name("raw")) };
        if !raw && first != Some(Kind::Name("endraw")) {
            found.push(Tag { tokens, statement: open == "<%" });
        }
    }
    found
}

/// The next opening delimiter and the offset after it, and after its `-`.
fn next_open(template: &str, at: usize) -> Option<(&str, usize)> {
    let rest = template.get(at..)?;
    let found = ["<#", "<%", "<<"].into_iter().filter_map(|open| rest.find(open)).min()?;
    let start = at + found + 2;
    let trims = template[start..].starts_with('-');
    Some((&template[at + found..start], start + usize::from(trims)))
}

/// The tokens up to the closing delimiter, and the offset after it.
fn tokens<'a>(template: &'a str, start: usize, close: &str) -> (Vec<Token<'a>>, usize) {
    let mut tokens = Vec::new();
    let mut offset = start;
    while offset < template.len() {
        let rest = &template[offset..];
        if rest.starts_with(close) {
            return (tokens, offset + close.len());
        }
        let (kind, length) = token(rest);
        tokens.extend(kind.map(|kind| Token { kind, offset }));
        offset += length;
    }
    (tokens, template.len())
}

fn token(rest: &str) -> (Option<Kind<'_>>, usize) {
    let first = rest.chars().next().unwrap_or(' ');
    match first {
        '"' | '\'' | '`' => quoted(rest, first),
        c if c.is_alphabetic() || c == '_' => {
            let length = length_while(rest, |c| c.is_alphanumeric() || c == '_');
            (Some(Kind::Name(&rest[..length])), length)
        }
        c if c.is_ascii_digit() => {
            (Some(Kind::Number), length_while(rest, |c| c.is_ascii_digit() || c == '_').max(1))
        }
        '?' if rest.starts_with("?.") => (Some(Kind::Symbol('.')), 2),
        '?' if rest.starts_with("?[") => (Some(Kind::Symbol('[')), 2),
        '=' | '!' | '<' | '>' if rest[1..].starts_with('=') => (Some(Kind::Operator), 2),
        c if c.is_whitespace() => (None, c.len_utf8()),
        c => (Some(Kind::Symbol(c)), c.len_utf8()),
    }
}

fn quoted(rest: &str, quote: char) -> (Option<Kind<'_>>, usize) {
    let mut escaped = false;
    for (index, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return (Some(Kind::Text(&rest[1..index])), index + 1),
            _ => {}
        }
    }
    (None, rest.len())
}

fn length_while(text: &str, accept: impl Fn(char) -> bool) -> usize {
    text.find(|c| !accept(c)).unwrap_or(text.len())
}
