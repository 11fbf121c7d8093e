//! The part of Argo CD's templates that can be evaluated without an engine: text, and tags that name one value of a cluster
//! Secret. Everything else is `None`, and so is a value that is missing.
//!
//! A reader compares what comes of it with the Application that is there before trusting it.

use crate::plan::workloads::cluster::Cluster;

/// A template of nothing but text and values of a cluster Secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Text(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Literal(String),
    Name,
    NameNormalized,
    Server,
    Label(String),
    Annotation(String),
}

impl Text {
    /// Reads a template; `is_go` as `spec.goTemplate` says.
    pub(super) fn parse(template: &str, is_go: bool) -> Option<Self> {
        let (mut parts, mut rest) = (Vec::new(), template);
        while let Some((literal, tagged)) = rest.split_once("{{") {
            let (tag, after) = tagged.split_once("}}")?;
            parts.push(Part::Literal(literal.to_owned()));
            parts.push(if is_go { go_tag(tag.trim())? } else { flat_tag(tag.trim())? });
            rest = after;
        }
        parts.push(Part::Literal(rest.to_owned()));
        (!rest.contains("}}")).then_some(Self(parts))
    }

    /// What it is for this cluster.
    pub(super) fn of(&self, cluster: &Cluster) -> Option<String> {
        let value = |part: &Part| match part {
            Part::Literal(text) => Some(text.clone()),
            Part::Name => Some(cluster.name.clone()),
            Part::NameNormalized => Some(normalized(&cluster.name)),
            Part::Server => Some(cluster.server.clone()),
            Part::Label(key) => cluster.labels.get(key).cloned(),
            Part::Annotation(key) => cluster.annotations.get(key).cloned(),
        };
        self.0.iter().map(value).collect()
    }
}

/// `.name`, `.metadata.labels.env`, `index .metadata.labels "team-a"`
fn go_tag(tag: &str) -> Option<Part> {
    let is_field = |key: &str| key.chars().all(|c| c.is_alphanumeric() || c == '_') && !key.is_empty();
    if let Some(key) = tag.strip_prefix(".metadata.labels.").filter(|key| is_field(key)) {
        return Some(Part::Label(key.to_owned()));
    }
    if let Some(key) = tag.strip_prefix(".metadata.annotations.").filter(|key| is_field(key)) {
        return Some(Part::Annotation(key.to_owned()));
    }
    if let Some(key) = tag.strip_prefix("index .metadata.labels ") {
        return quoted(key).map(Part::Label);
    }
    if let Some(key) = tag.strip_prefix("index .metadata.annotations ") {
        return quoted(key).map(Part::Annotation);
    }
    known(tag.strip_prefix('.')?)
}

fn quoted(text: &str) -> Option<String> {
    let inner = text.trim().strip_prefix('"')?.strip_suffix('"')?;
    (!inner.contains(['"', '\\'])).then(|| inner.to_owned())
}

/// `name`, `metadata.labels.team-a`
fn flat_tag(tag: &str) -> Option<Part> {
    if let Some(key) = tag.strip_prefix("metadata.labels.") {
        return Some(Part::Label(key.to_owned()));
    }
    if let Some(key) = tag.strip_prefix("metadata.annotations.") {
        return Some(Part::Annotation(key.to_owned()));
    }
    known(tag)
}

fn known(tag: &str) -> Option<Part> {
    match tag {
        "name" => Some(Part::Name),
        "nameNormalized" => Some(Part::NameNormalized),
        "server" => Some(Part::Server),
        _ => None,
    }
}

/// `SanitizeName` of Argo CD's `applicationset/utils`.
fn normalized(name: &str) -> String {
    let is_kept = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.');
    let name: String = name.to_lowercase().chars().map(|c| if is_kept(c) { c } else { '-' }).collect();
    let cut: String = name.chars().take(253).collect();
    cut.trim_matches(['-', '.']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cluster() -> Cluster {
        let labels = [("env".to_owned(), "dev".to_owned()), ("team-a".to_owned(), "true".to_owned())];
        Cluster {
            name: "Spoke_A.".to_owned(),
            server: "https://a/".to_owned(),
            labels: labels.into(),
            annotations: [("vpc".to_owned(), "1".to_owned())].into(),
        }
    }

    fn of(template: &str, is_go: bool) -> Option<String> {
        Text::parse(template, is_go)?.of(&cluster())
    }

    #[test]
    fn text_and_values_of_the_secret_are_evaluated() {
        for (template, is_go, expected) in [
            ("addons", true, "addons"),
            ("a-{{.name}}", true, "a-Spoke_A."),
            ("{{ .nameNormalized }}-x", true, "spoke-a-x"),
            ("{{.server}}", true, "https://a/"),
            ("{{.metadata.labels.env}}-{{.metadata.annotations.vpc}}", true, "dev-1"),
            (r#"{{ index .metadata.labels "team-a" }}"#, true, "true"),
            (r#"{{ index .metadata.annotations "vpc" }}"#, true, "1"),
            ("a-{{name}}", false, "a-Spoke_A."),
            ("{{ nameNormalized }}-{{metadata.labels.team-a}}", false, "spoke-a-true"),
            ("{{metadata.annotations.vpc}}", false, "1"),
        ] {
            assert_eq!(of(template, is_go).as_deref(), Some(expected), "{template}");
        }
    }

    #[test]
    fn whatever_else_a_template_says_is_not_evaluated() {
        for (template, is_go) in [
            ("{{.name | upper}}", true),
            ("{{- .name }}", true),
            ("{{name}}", true),
            ("{{.metadata.labels.team-a}}", true),
            ("{{.metadata.labels.nope}}", true),
            ("{{ index .metadata.labels $x }}", true),
            ("{{.values.x}}", true),
            ("{{.path.basename}}", true),
            ("{{if .name}}x{{end}}", true),
            ("{{.name", true),
            ("x}}", true),
            ("{{values.x}}", false),
            ("{{.name}}", false),
            ("{{metadata.labels.nope}}", false),
        ] {
            assert_eq!(of(template, is_go), None, "{template}");
        }
    }
}
