//! The ApplicationSets that come from the profile's own templates: whether their selectors match a cluster.

use std::sync::Arc;

use serde_json::Value;

use crate::checkout::application_set;
use crate::checkout::check::Fleet;
use crate::profile::finding::{Finding, Severity};
use crate::profile::location::{Location, Source};
use crate::profile::model::Profile;
use crate::profile::yaml;

/// What these documents select and no cluster has, at the templates that they were made from. An addon that is off
/// everywhere is nothing to be warned of in each plan.
#[must_use]
pub fn own(profile: &Profile, rendered: &[(Location, Value)]) -> Vec<Finding> {
    let fleet = Fleet::of(profile);
    let found = rendered.iter().flat_map(|(template, document)| {
        let source = Arc::new(Source { path: template.source.path.clone(), text: document.to_string() });
        let mut findings = Vec::new();
        let documents = yaml::parse_documents(&source, &mut findings).unwrap_or_default();
        for set in application_set::of(&documents, &mut findings) {
            fleet.check(&set, &mut findings);
        }
        findings.retain(|finding| finding.severity != Severity::Note);
        findings.into_iter().map(|finding| at_template(finding, template))
    });
    found.collect()
}

/// The place is one of what was rendered, which nobody has on disk: the same words are looked for in the template.
fn at_template(finding: Finding, template: &Location) -> Finding {
    let words = finding.location.as_ref().and_then(|at| {
        let line = at.source.text.lines().nth(at.line - 1)?;
        let words: String = line.chars().skip(at.column - 1).take(at.length).collect();
        Some(words.trim_matches('"').to_owned()).filter(|words| !words.is_empty())
    });
    let place = words.and_then(|words| find(&template.source, &words));
    Finding { location: Some(place.unwrap_or_else(|| template.clone())), ..finding }
}

/// The first line with these words that is no comment.
fn find(source: &Arc<Source>, words: &str) -> Option<Location> {
    let lines = source.text.lines().enumerate();
    lines.filter(|(_, text)| !text.trim_start().starts_with('#')).find_map(|(index, text)| {
        let column = text[..text.find(words)?].chars().count() + 1;
        Some(Location { source: Arc::clone(source), line: index + 1, column, length: words.chars().count() })
    })
}
