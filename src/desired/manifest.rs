//! Text to documents: the manifest, before anything is done to it.

use serde_json::Value;

use crate::code::Code;
use crate::profile::finding::Finding;
use crate::template::yaml::{self, YamlError};

/// Parses a manifest into its Kubernetes objects; a `List` becomes its items.
///
/// `name` stands in messages: the path or address that the user knows the file by.
///
/// # Errors
/// A finding when the bytes are HTML, cut off, not UTF-8, or no Kubernetes objects.
pub fn parse(name: &str, bytes: &[u8]) -> Result<Vec<Value>, Finding> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        invalid(format!("{name} is no text: byte {} is not UTF-8", error.valid_up_to()), "")
    })?;
    if text.trim_start().starts_with('<') {
        let fix = "a proxy or a login page may have answered in its place; fetch the file again";
        return Err(invalid(format!("{name} is HTML or XML, not YAML"), fix));
    }
    let documents = parse_documents(text).map_err(|error| {
        let message = format!("{name}:{}:{}: {error}", error.line, error.column);
        invalid(message, "the file may have been cut off: fetch it again")
    })?;
    let documents: Vec<Value> = documents.into_iter().flat_map(items).collect();
    documents.iter().enumerate().try_for_each(|(index, document)| check(name, index, document))?;
    if documents.is_empty() {
        return Err(invalid(format!("{name} is empty"), ""));
    }
    Ok(documents)
}

/// Argo CD's manifest is two megabytes, most of what a plan of no change has to read: two threads read half of it each.
fn parse_documents(text: &str) -> Result<Vec<Value>, YamlError> {
    let (first, second) = halves(text);
    if second.is_empty() {
        return yaml::parse_documents(first);
    }
    std::thread::scope(|scope| {
        let later = scope.spawn(|| yaml::parse_documents(second));
        let documents = yaml::parse_documents(first);
        let later = later.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        let mut documents = documents?;
        let lines_before = first.lines().count();
        let below = |error: YamlError| YamlError { line: error.line + lines_before, ..error };
        documents.extend(later.map_err(below)?);
        Ok(documents)
    })
}

/// Cuts a text in the middle where one document ends and the next begins: at a line of `---`, which cannot be a part of
/// any value (YAML 1.2, rule `c-forbidden`). The second half is empty where there is no such line.
fn halves(text: &str) -> (&str, &str) {
    const MARK: &str = "\n---\n";
    let middle = text.len() / 2;
    let found = text.as_bytes()[middle..].windows(MARK.len()).position(|bytes| bytes == MARK.as_bytes());
    let Some(end) = found.map(|at| middle + at + 1) else { return (text, "") };
    let (first, second) = text.split_at(end);
    // A directive belongs to the document after it.
    let is_directive = first.lines().next_back().is_some_and(|line| line.starts_with('%'));
    if is_directive { (text, "") } else { (first, second) }
}

fn items(mut document: Value) -> Vec<Value> {
    let is_list = document.get("kind").and_then(Value::as_str).is_some_and(|kind| kind.ends_with("List"));
    match document.get_mut("items").map(Value::take) {
        Some(Value::Array(items)) if is_list => items,
        Some(items) => {
            document["items"] = items;
            vec![document]
        }
        None => vec![document],
    }
}

fn check(name: &str, index: usize, document: &Value) -> Result<(), Finding> {
    let missing = ["/apiVersion", "/kind", "/metadata/name"]
        .into_iter()
        .find(|pointer| document.pointer(pointer).and_then(Value::as_str).is_none_or(str::is_empty));
    missing.map_or(Ok(()), |pointer| {
        let field = pointer.trim_start_matches('/').replace('/', ".");
        let message = format!("document {} of {name} has no `{field}`", index + 1);
        Err(invalid(message, "the file may have been cut off, or is no Kubernetes manifest"))
    })
}

fn invalid(message: String, fix: &str) -> Finding {
    Finding::without_location(Code::MANIFEST_INVALID, message, fix)
}

#[cfg(test)]
mod tests {
    use super::parse;

    fn message(text: &str) -> String {
        parse("install.yaml", text.as_bytes()).unwrap_err().message
    }

    #[test]
    fn what_is_no_manifest_is_named() {
        assert_eq!(message("<!DOCTYPE html>\n<html>"), "install.yaml is HTML or XML, not YAML");
        assert_eq!(message(""), "install.yaml is empty");
        assert_eq!(message("hello"), "document 1 of install.yaml has no `apiVersion`");
        assert_eq!(
            message("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  labels: {}\n"),
            "document 1 of install.yaml has no `metadata.name`"
        );
        assert!(
            message("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a\n").starts_with("install.yaml:")
        );
        let bytes = parse("install.yaml", b"a: \xff").unwrap_err().message;
        assert_eq!(bytes, "install.yaml is no text: byte 3 is not UTF-8");
    }

    #[test]
    fn the_second_half_is_read_as_if_it_were_in_one_piece() {
        let object = |name: &str| {
            format!(
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {{ name: {name} }}\ndata:\n  a: |\n    --- no mark\n"
            )
        };
        let text = [object("a"), object("b"), object("c"), object("d")].join("---\n");
        let names = |text: &str| -> Vec<String> {
            let parsed = parse("x", text.as_bytes()).unwrap();
            parsed.iter().map(|one| one["metadata"]["name"].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(names(&text), ["a", "b", "c", "d"]);
        let (first, second) = super::halves(&text);
        assert_eq!((first.ends_with("mark\n"), second.starts_with("---\n")), (true, true));
        let last = text.lines().count();
        assert!(
            message(&format!("{text}\tx: [")).starts_with(&format!("install.yaml:{}:", last + 1)),
            "{last}"
        );
        let directive = text.replace("mark\n---\n", "mark\n...\n%YAML 1.2\n---\n");
        assert_eq!(names(&directive), ["a", "b", "c", "d"]);
    }

    #[test]
    fn lists_become_their_items() {
        let text = "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n---\n---\n# nothing\n";
        assert_eq!(parse("x", text.as_bytes()).unwrap().len(), 1);
    }
}
