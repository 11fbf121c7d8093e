//! The templates: the built-in ones, replaced and joined by the user's.

use std::sync::Arc;

use crate::code::Code;
use crate::profile::finding::Finding;
use crate::profile::location::Source;
use crate::template::engine::location_of_offset;

const SUFFIX: &str = ".yaml.tera";

const BUILT_IN: [(&str, &str); 3] = [
    ("addons.yaml.tera", include_str!("../../templates/addons.yaml.tera")),
    ("clusters.yaml.tera", include_str!("../../templates/clusters.yaml.tera")),
    ("workloads.yaml.tera", include_str!("../../templates/workloads.yaml.tera")),
];

/// One template.
#[derive(Debug, Clone)]
pub struct Template {
    /// Its file name, by which others include it: `addons.yaml.tera`.
    pub name: String,
    /// Its text and the path to name in findings.
    pub source: Arc<Source>,
}

impl Template {
    /// Whether it is only there for others to include.
    #[must_use]
    pub fn is_part(&self) -> bool {
        self.name.starts_with('_')
    }
}

/// The built-in templates and the user's, in order of their names; of two with one name the user's.
///
/// # Errors
/// A finding for each file of the user that is neither a template nor a part of one.
pub fn overlay(user: &[Arc<Source>]) -> Result<Vec<Template>, Vec<Finding>> {
    let findings: Vec<Finding> = user.iter().filter_map(refuse).collect();
    if !findings.is_empty() {
        return Err(findings);
    }
    let own: Vec<Template> = user.iter().map(template).collect();
    let mut all: Vec<Template> = built_in().filter(|t| own.iter().all(|o| o.name != t.name)).collect();
    all.extend(own);
    all.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(all)
}

fn built_in() -> impl Iterator<Item = Template> {
    BUILT_IN.into_iter().map(|(name, text)| Template {
        name: name.to_owned(),
        source: Arc::new(Source { path: format!("built-in {name}"), text: text.to_owned() }),
    })
}

fn template(source: &Arc<Source>) -> Template {
    Template { name: file_name(&source.path).to_owned(), source: Arc::clone(source) }
}

fn file_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

fn refuse(source: &Arc<Source>) -> Option<Finding> {
    let name = file_name(&source.path);
    let accepted = name.starts_with('_') || (name.ends_with(SUFFIX) && name.len() > SUFFIX.len());
    (!accepted).then(|| {
        let at = location_of_offset(source, 0, 1);
        let stem = name.split('.').next().unwrap_or(name);
        let fix = format!("name it `{stem}{SUFFIX}`, or `_{stem}.tera` if other templates include it");
        Finding::error(Code::TEMPLATE_FILE_NAME, &at, format!("`{name}` is no template"), fix)
    })
}
