//! Secrets that somebody wrote into a profile. The file is wrong, but its excerpts need not show the secret to a CI log.

use std::sync::Arc;

use crate::code::Code;
use crate::profile::decode::keys;
use crate::profile::finding::Finding;
use crate::profile::location::{Location, Source};
use crate::profile::node::{Node, Value};

/// Keys of the profile whose value is a secret, or a reference to one.
pub(crate) const SECRET_KEYS: [&str; 7] =
    ["password", "token", "bearerToken", "sshPrivateKey", "privateKey", "keyData", "username"];

/// Moves every place of a tree to another text of the same file.
pub(crate) fn relocate(node: &mut Node, source: &Arc<Source>) {
    node.walk_mut(&mut |node| {
        node.location.source = Arc::clone(source);
        if let Value::Mapping(mapping) = &mut node.value {
            for entry in &mut mapping.entries {
                entry.key.location.source = Arc::clone(source);
            }
        }
    });
}

/// Moves findings from one text of a file to another.
pub(crate) fn relocate_findings(findings: &mut [Finding], from: &Arc<Source>, to: &Arc<Source>) {
    for location in findings.iter_mut().filter_map(|finding| finding.location.as_mut()) {
        if Arc::ptr_eq(&location.source, from) {
            location.source = Arc::clone(to);
        }
    }
}

/// A repeated key can be a secret itself; its finding says no more than the excerpt does.
pub(crate) fn hide_keys(findings: &mut [Finding], masked: &Source) {
    let is_repeated = |finding: &&mut Finding| finding.code == Code::DUPLICATE_KEY;
    let lines: Vec<&str> = match findings.iter_mut().any(|finding| is_repeated(&finding)) {
        true => masked.text.split('\n').collect(),
        false => return,
    };
    for finding in findings.iter_mut().filter(is_repeated) {
        let Some(Location { line, column, .. }) = &finding.location else { continue };
        let shown = lines.get(line.saturating_sub(1)).and_then(|line| line.chars().nth(column - 1));
        if shown.is_none_or(|c| c == '*') {
            finding.message = Code::DUPLICATE_KEY.title().to_owned();
        }
    }
}

/// The text of a file that is no YAML: of each line nothing but a key that profiles have.
pub(crate) fn blank_values(text: &str) -> String {
    text.split_inclusive(['\n', '\r']).map(blank_line).collect()
}

fn blank_line(line: &str) -> String {
    let indent = line.find(|c: char| !c.is_whitespace() && c != '-').unwrap_or(line.len());
    let rest = &line[indent..];
    let end = rest.find(": ").or_else(|| rest.trim_end().strip_suffix(':').map(str::len)).unwrap_or(0);
    let shown = if keys::is_known(rest[..end].trim()) { indent + end + 1 } else { indent };
    let (shown, hidden) = line.split_at(shown);
    let stars = hidden.chars().map(|c| if c.is_whitespace() { c } else { '*' });
    shown.chars().chain(stars).collect()
}

#[cfg(test)]
mod tests {
    use super::blank_values;

    #[test]
    fn of_a_file_that_is_no_yaml_only_keys_are_shown() {
        for (text, shown) in [
            ("  password: a: b\r\n", "  password: ** *\r\n"),
            ("  - name: x # y\n", "  - name: * * *\n"),
            ("clusters:\n", "clusters:\n"),
            ("  hunter2: [\n", "  ******** *\n"),
            ("- hunter2", "- *******"),
            ("password:hunter2", "****************"),
        ] {
            assert_eq!(blank_values(text), shown);
        }
    }
}
