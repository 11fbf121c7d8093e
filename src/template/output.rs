//! The result of this layer: ApplicationSet documents that are safe to apply.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::code::Code;
use crate::profile::finding::Finding;
use crate::profile::location::{Location, Source};
use crate::profile::model::Profile;
use crate::template::check::mentions;
use crate::template::context;
use crate::template::engine::{Engine, location_of_offset};
use crate::template::source::{Template, overlay};
use crate::template::yaml;

/// An ApplicationSet that a template rendered.
#[derive(Debug, Clone)]
pub struct Rendered {
    /// The document.
    pub document: Value,
    /// The template it comes from.
    pub at: Location,
}

/// Renders every template for a profile; `user` are the files of the user's templates folder.
///
/// # Errors
/// Every finding: templates that do not parse, names that do not exist, and what is rendered but no ApplicationSet.
pub fn render(profile: &Profile, user: &[Arc<Source>]) -> Result<Vec<Rendered>, Vec<Finding>> {
    let templates = overlay(user)?;
    let engine = Engine::new(&templates)?;
    let asks = templates.iter().any(|template| mentions(&template.source.text, "clusters"));
    let context = if asks { context::build(profile) } else { context::build_without_clusters(profile) };
    let context = tera::Context::from_serialize(&context).map_err(|error| vec![broken(&error)])?;
    let (mut rendered, mut findings) = (Vec::new(), Vec::new());
    for template in templates.iter().filter(|template| !template.is_part()) {
        match engine
            .render(template, &context)
            .map_err(|finding| vec![finding])
            .and_then(|t| parse(template, &t))
        {
            Ok(documents) => rendered.extend(documents),
            Err(more) => findings.extend(more),
        }
    }
    findings.extend(check(&rendered, profile.argocd.namespace.as_str()));
    if findings.is_empty() { Ok(rendered) } else { Err(findings) }
}

/// The context is built of maps with text keys, so this does not happen; it must not panic if it ever did.
fn broken(error: &tera::Error) -> Finding {
    Finding::without_location(Code::TEMPLATE_RENDER, error.to_string(), "")
}

fn parse(template: &Template, text: &str) -> Result<Vec<Rendered>, Vec<Finding>> {
    let at = location_of_offset(&template.source, 0, 1);
    let documents = yaml::parse_documents(text).map_err(|error| {
        let line = text.lines().nth(error.line - 1).unwrap_or_default().trim();
        let message = format!("line {} of the rendered text is no YAML: {error}: `{line}`", error.line);
        vec![Finding::error(
            Code::TEMPLATE_OUTPUT,
            &at,
            message,
            "values need `| quote` where they may hold `:` or `#`",
        )]
    })?;
    Ok(documents.into_iter().map(|document| Rendered { document, at: at.clone() }).collect())
}

fn check(rendered: &[Rendered], namespace: &str) -> Vec<Finding> {
    let mut findings: Vec<Finding> = rendered.iter().filter_map(|one| refuse(one, namespace)).collect();
    let mut seen: BTreeMap<&str, &Location> = BTreeMap::new();
    for one in rendered {
        let Some(name) = text(&one.document, "/metadata/name") else { continue };
        if let Some(first) = seen.insert(name, &one.at) {
            let message = format!("ApplicationSet `{name}` is also rendered by {}", first.source.path);
            let fix = "an ApplicationSet's name must be unique; name the file like a built-in template to replace it";
            findings.push(Finding::error(Code::TEMPLATE_OUTPUT, &one.at, message, fix));
        }
    }
    findings
}

fn refuse(rendered: &Rendered, namespace: &str) -> Option<Finding> {
    let message = objection(&rendered.document, namespace)?;
    let fix = "a template renders documents of `apiVersion: argoproj.io/v1alpha1`, `kind: ApplicationSet`";
    Some(Finding::error(Code::TEMPLATE_OUTPUT, &rendered.at, message, fix))
}

fn objection(document: &Value, namespace: &str) -> Option<String> {
    let of = |pointer| text(document, pointer);
    let (version, kind) = (of("/apiVersion").unwrap_or("none"), of("/kind").unwrap_or("none"));
    if (version, kind) != ("argoproj.io/v1alpha1", "ApplicationSet") {
        return Some(format!("rendered a document of apiVersion {version} and kind {kind}"));
    }
    let Some(name) = of("/metadata/name").filter(|name| !name.is_empty()) else {
        return Some("rendered an ApplicationSet without a name".to_owned());
    };
    if let Err(error) = name.parse::<crate::profile::names::ObjectName>() {
        return Some(error.to_string());
    }
    match document.pointer("/metadata/namespace") {
        None => None,
        Some(Value::String(other)) if other == namespace => None,
        Some(other) => Some(format!(
            "ApplicationSet `{name}` is in namespace {other}; Argo CD reads them in `{namespace}` only"
        )),
    }
}

fn text<'a>(document: &'a Value, pointer: &str) -> Option<&'a str> {
    document.pointer(pointer).and_then(Value::as_str)
}
