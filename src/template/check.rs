//! Finds names that do not exist before a template is rendered.
//!
//! Tera reports a missing name where it prints one, but inside `if` a missing name is quietly false: a misspelt setting
//! would switch something off without a word.

use std::collections::BTreeMap;

use crate::template::lexer::{Kind, Tag, Token, tags};
use crate::template::shape::{CONTEXT, Shape};

/// A name that does not exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownName {
    /// Byte offset of the name in the template.
    pub offset: usize,
    /// The whole name up to the part that is missing: `hub.regoin`.
    pub name: String,
    /// The part that is missing: `regoin`.
    pub part: String,
    /// The names that exist there.
    pub available: Vec<String>,
}

const KEYWORDS: &[&str] = &[
    "and",
    "or",
    "not",
    "in",
    "is",
    "if",
    "else",
    "elif",
    "for",
    "true",
    "True",
    "false",
    "False",
    "none",
    "None",
    "null",
    "loop",
    "self",
    "__tera_context",
];

/// Every name of the template that neither the profile nor the template itself defines.
#[must_use]
pub fn unknown_names(template: &str) -> Vec<UnknownName> {
    let mut check = Check { scopes: vec![BTreeMap::new()], found: Vec::new() };
    for tag in tags(template) {
        check.tag(&tag);
    }
    check.found
}

/// Whether a template could read the variable `name`, or prints all of them.
#[must_use]
pub fn mentions(template: &str, name: &str) -> bool {
    let is_it = |token: &Token<'_>| [Kind::Name(name), Kind::Name("__tera_context")].contains(&token.kind);
    let is_root = |tokens: &[Token<'_>], at: usize| at == 0 || tokens[at - 1].kind != Kind::Symbol('.');
    tags(template)
        .iter()
        .any(|tag| tag.tokens.iter().enumerate().any(|(at, token)| is_it(token) && is_root(&tag.tokens, at)))
}

struct Check {
    /// Names that the template defines itself: loop variables and `set`, the innermost scope last.
    scopes: Vec<BTreeMap<String, Shape>>,
    found: Vec<UnknownName>,
}

impl Check {
    fn tag(&mut self, tag: &Tag<'_>) {
        let tokens = tag.tokens.as_slice();
        match tokens.first().map(|token| token.kind) {
            Some(Kind::Name("for")) if tag.statement => self.open_loop(&tokens[1..]),
            Some(Kind::Name("set" | "set_global")) if tag.statement => self.set(&tokens[1..]),
            Some(Kind::Name("component")) if tag.statement => self.open_component(&tokens[1..]),
            Some(Kind::Name("endfor" | "endcomponent")) if tag.statement => self.close(),
            Some(Kind::Name("if" | "elif" | "filter" | "include")) if tag.statement => {
                self.expression(&tokens[1..]);
            }
            // `else`, `endif`, `block NAME`, `extends`, `break` hold no expression.
            Some(_) if tag.statement => {}
            Some(_) => self.expression(tokens),
            None => {}
        }
    }

    fn close(&mut self) {
        if self.scopes.len() > 1 {
            self.scopes.pop();
        }
    }

    fn define(&mut self, name: &str, shape: Shape) {
        if let Some(scope) = self.scopes.last_mut() {
            scope.insert(name.to_owned(), shape);
        }
    }

    /// `for x in expression` or `for key, value in expression`.
    fn open_loop(&mut self, tokens: &[Token<'_>]) {
        let split = tokens.iter().position(|token| token.kind == Kind::Name("in")).unwrap_or(tokens.len());
        let (variables, expression) = (&tokens[..split], tokens.get(split + 1..).unwrap_or_default());
        let element = self.value_of(expression).element();
        self.expression(expression);
        self.scopes.push(BTreeMap::new());
        let names: Vec<&str> = variables.iter().filter_map(name).collect();
        let shape = if names.len() == 1 { element } else { Shape::Open };
        names.into_iter().for_each(|variable| self.define(variable, shape));
    }

    /// `set x = expression`, or `set x` with a body.
    fn set(&mut self, tokens: &[Token<'_>]) {
        let Some((variable, rest)) = tokens.split_first() else { return };
        let expression = rest.get(1..).unwrap_or_default();
        let shape = self.value_of(expression);
        self.expression(expression);
        if let Some(variable) = name(variable) {
            self.define(variable, shape);
        }
    }

    /// A component's arguments are whatever its callers pass.
    fn open_component(&mut self, tokens: &[Token<'_>]) {
        self.scopes.push(BTreeMap::new());
        tokens.iter().filter_map(name).for_each(|argument| self.define(argument, Shape::Open));
    }

    /// The shape of an expression that is one plain path; everything else may be anything.
    fn value_of(&self, tokens: &[Token<'_>]) -> Shape {
        let Some(root) = tokens.first().and_then(name) else { return Shape::Open };
        let path = tokens[1..].chunks(2).map(|pair| {
            let [dot, part] = pair else { return None };
            name(part).filter(|_| dot.kind == Kind::Symbol('.'))
        });
        let start = self.root(root);
        path.fold(start, |shape, part| shape?.get(part?)).unwrap_or(Shape::Open)
    }

    fn root(&self, name: &str) -> Option<Shape> {
        let own = self.scopes.iter().rev().find_map(|scope| scope.get(name).copied());
        own.or_else(|| CONTEXT.get(name))
    }

    fn expression(&mut self, tokens: &[Token<'_>]) {
        self.scopes.push(comprehension_variables(tokens));
        let mut index = 0;
        while index < tokens.len() {
            index = if is_path_start(tokens, index) { self.path(tokens, index) } else { index + 1 };
        }
        self.scopes.pop();
    }

    /// Checks the path that begins at `index`; returns the index after it.
    fn path(&mut self, tokens: &[Token<'_>], index: usize) -> usize {
        let Some(root) = name(&tokens[index]) else { return index + 1 };
        let Some(mut shape) = self.root(root) else {
            self.report(tokens[index].offset, "", root, self.visible());
            return index + 1;
        };
        let (mut at, mut walked) = (index + 1, root.to_owned());
        while let Some((part, offset, next)) = step(tokens, at) {
            match part.map(|part| (part, shape.get(part))) {
                None => shape = shape.element(),
                Some((part, Some(next))) => {
                    shape = next;
                    walked = format!("{walked}.{part}");
                }
                Some((part, None)) => {
                    let fields = shape.fields().iter().map(|field| field.name.to_owned()).collect();
                    self.report(offset, &walked, part, fields);
                    return next;
                }
            }
            at = next;
        }
        at
    }

    fn visible(&self) -> Vec<String> {
        let own = self.scopes.iter().flat_map(|scope| scope.keys().cloned());
        let mut names: Vec<String> =
            CONTEXT.fields().iter().map(|field| field.name.to_owned()).chain(own).collect();
        names.sort();
        names.dedup();
        names
    }

    fn report(&mut self, offset: usize, walked: &str, part: &str, available: Vec<String>) {
        let name = if walked.is_empty() { part.to_owned() } else { format!("{walked}.{part}") };
        self.found.push(UnknownName { offset, name, part: part.to_owned(), available });
    }
}

fn name<'a>(token: &Token<'a>) -> Option<&'a str> {
    match token.kind {
        Kind::Name(name) => Some(name),
        Kind::Text(_) | Kind::Number | Kind::Symbol(_) | Kind::Operator => None,
    }
}

/// The step of a path at `at`: its part (`None` for an index whose value is not written out), where the part stands,
/// and the index after it.
fn step<'a>(tokens: &[Token<'a>], at: usize) -> Option<(Option<&'a str>, usize, usize)> {
    let next = tokens.get(at + 1)?;
    if tokens[at].kind == Kind::Symbol('.') {
        return Some((Some(name(next)?), next.offset, at + 2));
    }
    if tokens[at].kind != Kind::Symbol('[') || !closes(tokens, at + 2) {
        return None;
    }
    match next.kind {
        Kind::Text(part) => Some((Some(part), next.offset, at + 3)),
        Kind::Number => Some((None, next.offset, at + 3)),
        Kind::Name(_) | Kind::Symbol(_) | Kind::Operator => None,
    }
}

fn closes(tokens: &[Token<'_>], at: usize) -> bool {
    tokens.get(at).is_some_and(|token| token.kind == Kind::Symbol(']'))
}

/// Whether a name at `index` is read as a variable: not a keyword, filter, test, function, argument or field.
fn is_path_start(tokens: &[Token<'_>], index: usize) -> bool {
    let Some(word) = name(&tokens[index]) else { return false };
    let before = index.checked_sub(1).map(|before| tokens[before].kind);
    let after = tokens.get(index + 1).map(|token| token.kind);
    let is_test = before == Some(Kind::Name("is"))
        || (before == Some(Kind::Name("not")) && index >= 2 && tokens[index - 2].kind == Kind::Name("is"));
    let is_field_or_filter = matches!(before, Some(Kind::Symbol('.' | '|')));
    let is_call_or_argument = matches!(after, Some(Kind::Symbol('(' | '=' | ':')));
    !(KEYWORDS.contains(&word) || is_test || is_field_or_filter || is_call_or_argument)
}

/// The variables of list comprehensions, `[x.name for x in list]`, which are used before they are named.
fn comprehension_variables(tokens: &[Token<'_>]) -> BTreeMap<String, Shape> {
    let mut variables = BTreeMap::new();
    let mut rest = tokens;
    while let Some(at) = rest.iter().position(|token| token.kind == Kind::Name("for")) {
        rest = &rest[at + 1..];
        let names = rest.iter().take_while(|token| token.kind != Kind::Name("in")).filter_map(name);
        variables.extend(names.map(|name| (name.to_owned(), Shape::Open)));
    }
    variables
}

#[cfg(test)]
mod tests {
    use super::unknown_names;

    fn names(template: &str) -> Vec<String> {
        unknown_names(template).into_iter().map(|unknown| unknown.name).collect()
    }

    #[test]
    fn a_missing_name_is_found_wherever_it_stands() {
        assert_eq!(names("<< hub.regoin >>"), ["hub.regoin"]);
        assert_eq!(names("<% if hub.regoin %>x<% endif %>"), ["hub.regoin"]);
        assert_eq!(names("<% if nope %>x<% elif hbu.name %>y<% endif %>"), ["nope", "hbu"]);
        assert_eq!(
            names("<% for c in clusters %><% if c.nmae and c.name %><% endif %><% endfor %>"),
            ["c.nmae"]
        );
        assert_eq!(names("<% for c in clusters %><% endfor %><< c.name >>"), ["c"]);
        assert_eq!(names("<% set s = gitops.addons %><< s.urll >>"), ["s.urll"]);
        assert_eq!(names(r#"<< hub["regoin"] >>"#), ["hub.regoin"]);
        assert_eq!(names("<< clusters[0].nmae >>"), ["clusters.nmae"]);
        assert_eq!(names("<< hub.name.first >>"), ["hub.name.first"]);
    }

    #[test]
    fn what_exists_is_left_alone() {
        let template = r#"{{ .name }} {{- if nope }} <# nope #><% raw %><< nope >><% endraw %>
            <%- for key, value in hub.labels -%> << key | quote >>: << value | default(value="x") >> << loop.index >>
            <% endfor %><% if hub.labels.tier is defined and hub.env is not none %><% endif %>
            << [c.name for c in clusters] | join(sep=",") >> << range(end=3) >> << "nope" >> << hub.addons.x?.y >>
            <% set x %>body<% endset %><< x >>"#;
        assert_eq!(names(template), Vec::<String>::new());
    }

    #[test]
    fn a_mention_is_a_variable_of_that_name() {
        assert!(super::mentions("<% for c in clusters %><% endfor %>", "clusters"));
        assert!(super::mentions("<< __tera_context >>", "clusters"));
        assert!(!super::mentions("clusters: << gitops.clusters.url >> << 'clusters' >>", "clusters"));
    }

    #[test]
    fn the_names_that_exist_are_listed() {
        let found = unknown_names("<< gitops.adons.url >>");
        assert_eq!(found[0].available, ["addons", "addons_extras", "clusters", "workloads"]);
        assert_eq!(found[0].offset, "<< gitops.".len());
    }
}
