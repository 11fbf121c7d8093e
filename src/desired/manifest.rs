//! Text to documents: the manifest, before anything is done to it.

use serde_json::Value;

use crate::code::Code;
use crate::profile::finding::Finding;
use crate::template::yaml;

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
    let documents = yaml::parse_documents(text).map_err(|error| {
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
    fn lists_become_their_items() {
        let text = "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n---\n---\n# nothing\n";
        assert_eq!(parse("x", text.as_bytes()).unwrap().len(), 1);
    }
}
