//! Tera, as bridge uses it: own delimiters, own filters for YAML, and only pure functions.

use std::sync::Arc;

use serde_json::Value;
use tera::{Delimiters, ErrorKind, Kwargs, State, Tera};

use crate::code::Code;
use crate::profile::finding::Finding;
use crate::profile::location::{Location, Source};
use crate::template::check::{UnknownName, unknown_names};
use crate::template::source::Template;
use crate::template::yaml;

/// Templates that parsed and use only names that exist.
pub struct Engine<'a> {
    tera: Tera,
    templates: &'a [Template],
}

impl std::fmt::Debug for Engine<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("templates", &self.templates).finish_non_exhaustive()
    }
}

impl<'a> Engine<'a> {
    /// Parses and checks all templates.
    ///
    /// # Errors
    /// A finding for each template that does not parse, and for each name that does not exist.
    pub fn new(templates: &'a [Template]) -> Result<Self, Vec<Finding>> {
        let findings: Vec<Finding> = templates.iter().flat_map(check).collect();
        if !findings.is_empty() {
            return Err(findings);
        }
        let engine = Self { tera: bare_tera(), templates };
        engine.load()
    }

    /// All at once, because templates may include and extend each other.
    fn load(mut self) -> Result<Self, Vec<Finding>> {
        let texts = self.templates.iter().map(|t| (t.name.as_str(), t.source.text.as_str()));
        match self.tera.add_raw_templates(texts) {
            Ok(()) => Ok(self),
            Err(error) => Err(vec![finding(Code::TEMPLATE_SYNTAX, self.templates, None, &error)]),
        }
    }

    /// Renders one template.
    ///
    /// # Errors
    /// A finding at the place where a value does not fit.
    pub fn render(&self, template: &Template, context: &tera::Context) -> Result<String, Finding> {
        self.tera
            .render(&template.name, context)
            .map_err(|error| finding(Code::TEMPLATE_RENDER, self.templates, Some(template), &error))
    }
}

/// An engine without templates. Tera's own functions are `range` and `throw`: both pure.
fn bare_tera() -> Tera {
    let mut tera = Tera::default();
    let delimiters = Delimiters {
        block_start: "<%".into(),
        block_end: "%>".into(),
        variable_start: "<<".into(),
        variable_end: ">>".into(),
        comment_start: "<#".into(),
        comment_end: "#>".into(),
    };
    let accepted = tera.set_delimiters(delimiters);
    debug_assert!(accepted.is_ok(), "the delimiters are constant and valid");
    tera.register_filter("to_yaml", to_yaml);
    tera.register_filter("quote", quote);
    tera.register_filter("json", json);
    tera
}

fn plain(value: &tera::Value) -> tera::TeraResult<Value> {
    serde_json::to_value(value).map_err(|error| tera::Error::message(error.to_string()))
}

/// A value as block YAML, without the last line's end: `<< hub.labels | to_yaml | indent(width=4) >>`.
fn to_yaml(value: &tera::Value, _: Kwargs, _: &State<'_>) -> tera::TeraResult<String> {
    Ok(yaml::print(&plain(value)?).trim_end_matches('\n').to_owned())
}

/// A value as a quoted YAML string.
fn quote(value: &tera::Value, _: Kwargs, _: &State<'_>) -> tera::TeraResult<String> {
    let text = match plain(value)? {
        Value::String(text) => text,
        other => other.to_string(),
    };
    Ok(Value::String(text).to_string())
}

/// A value as JSON, which is YAML too.
fn json(value: &tera::Value, _: Kwargs, _: &State<'_>) -> tera::TeraResult<String> {
    Ok(plain(value)?.to_string())
}

/// What is wrong with one template by itself: its syntax, else its names.
fn check(template: &Template) -> Vec<Finding> {
    let mut alone = bare_tera();
    let parsed = alone.add_raw_template(&template.name, &template.source.text);
    match parsed.as_ref().map_err(tera::Error::kind) {
        Err(ErrorKind::SyntaxError(report)) => {
            let at = location(&template.source, report.span());
            vec![Finding::error(Code::TEMPLATE_SYNTAX, &at, report.message(), "")]
        }
        // What includes or extends others cannot be judged alone.
        Ok(()) | Err(_) => unknown_names(&template.source.text)
            .iter()
            .map(|unknown| unknown_name(&template.source, unknown))
            .collect(),
    }
}

fn unknown_name(source: &Arc<Source>, unknown: &UnknownName) -> Finding {
    let at = location_of_offset(source, unknown.offset, unknown.part.chars().count());
    let closest = closest(&unknown.part, unknown.available.iter().map(String::as_str));
    let hint = closest.map(|name| format!("did you mean `{name}`? ")).unwrap_or_default();
    let fix = if unknown.available.is_empty() {
        "it is a plain value and has no fields".to_owned()
    } else {
        format!("{hint}Available fields: {}", unknown.available.join(", "))
    };
    Finding::error(Code::TEMPLATE_NAME, &at, format!("`{}` does not exist", unknown.name), fix)
}

/// The most similar of several names, if one is similar enough to be meant.
pub fn closest<'a>(wanted: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    names
        .map(|name| (strsim::jaro_winkler(wanted, name), name))
        .filter(|(similarity, _)| *similarity > 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}

fn finding(code: Code, templates: &[Template], which: Option<&Template>, error: &tera::Error) -> Finding {
    let (message, at) = match error.kind() {
        ErrorKind::SyntaxError(report) | ErrorKind::RenderingError(report) => {
            let template = templates.iter().find(|template| template.name == report.filename());
            let at = template.or(which).map(|template| location(&template.source, report.span()));
            (report.message().to_owned(), at)
        }
        other => (other.to_string(), which.map(|template| location_of_offset(&template.source, 0, 1))),
    };
    Finding { location: at, ..Finding::without_location(code, message, "") }
}

fn location(source: &Arc<Source>, span: &tera::Span) -> Location {
    let length = span.range.len().max(1);
    let (line, column) = (span.start_line.max(1), span.start_col + 1);
    Location { source: Arc::clone(source), line, column, length }
}

/// The place of a byte offset.
#[must_use]
pub fn location_of_offset(source: &Arc<Source>, offset: usize, length: usize) -> Location {
    let before = source.text.get(..offset).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    Location { source: Arc::clone(source), line, column, length: length.max(1) }
}
