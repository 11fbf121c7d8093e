//! A file of variable values: YAML, JSON, or what `terraform output -json` prints.

use crate::code::Code;
use crate::profile::finding::{Finding, Severity};
use crate::profile::node::{Entry, Node, Value};
use crate::profile::sensitive::Sensitive;

/// A value from a file.
#[derive(Debug)]
pub(crate) struct FileValue {
    /// The value. Wrapped always, because only its declaration says whether it may be shown.
    pub(crate) text: Sensitive,
    /// Whether the file itself says that it is sensitive.
    pub(crate) is_sensitive: bool,
}

/// The values of a file that the profile declares.
pub(crate) fn read(
    node: &Node,
    is_declared: &dyn Fn(&str) -> bool,
    undeclared_fix: &dyn Fn(&str) -> String,
    findings: &mut Vec<Finding>,
) -> Vec<(String, FileValue)> {
    let mut values = Vec::new();
    for entry in node.entries() {
        let name = &entry.key.text;
        if is_declared(name) {
            values.extend(value(entry, findings).map(|value| (name.clone(), value)));
        } else if !is_output(&entry.value) {
            // A state has outputs for others too, but a file of values is written for this profile.
            let message = format!("a value is given for `{name}`, which the profile does not declare");
            let finding =
                Finding::error(Code::UNDECLARED_VALUE, &entry.key.location, message, undeclared_fix(name));
            findings.push(finding.with_severity(Severity::Warning));
        }
    }
    values
}

/// `{"sensitive": false, "type": "string", "value": "vpc-1"}`
fn is_output(node: &Node) -> bool {
    let has = |key: &str| node.entries().iter().any(|entry| entry.key.text == key);
    has("value") && has("sensitive")
}

fn value(entry: &Entry, findings: &mut Vec<Finding>) -> Option<FileValue> {
    let node = &entry.value;
    let (node, is_sensitive) = if is_output(node) {
        // Anything but a clear "no" is taken for a "yes".
        (node.get("value")?, node.get("sensitive").and_then(Node::text) != Some("false"))
    } else {
        (node, false)
    };
    match &node.value {
        // A null is no value, as in Terraform.
        Value::Scalar(scalar) if scalar.is_null() => None,
        Value::Scalar(scalar) => Some(FileValue { text: Sensitive::new(scalar.text.as_str()), is_sensitive }),
        Value::Secret(_) | Value::Unresolved => None,
        Value::Sequence(_) | Value::Mapping(_) => {
            let message =
                format!("the value of `{}` is {}, and a variable is a text", entry.key.text, node.kind());
            let fix = "give each value that the profile needs as a text of its own";
            findings.push(Finding::error(Code::VARIABLE_NOT_TEXT, &entry.key.location, message, fix));
            None
        }
    }
}
