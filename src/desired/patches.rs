//! The user's changes to single objects of the manifest.

use json_patch::{Patch as JsonPatch, PatchErrorKind};
use serde_json::Value;

use crate::code::Code;
use crate::desired::patch_finding::{missing_path, nothing_selected, select};
use crate::profile::finding::Finding;
use crate::profile::model::{Patch, PatchOperation};

/// Applies the patches in order.
///
/// # Errors
/// Every finding: patches that select nothing, change what does not exist, or change which object it is.
pub fn apply(documents: &mut [Value], patches: &[Patch]) -> Result<(), Vec<Finding>> {
    let findings: Vec<Finding> = patches.iter().flat_map(|patch| apply_one(documents, patch)).collect();
    if findings.is_empty() { Ok(()) } else { Err(findings) }
}

fn apply_one(documents: &mut [Value], patch: &Patch) -> Vec<Finding> {
    let Patch { target, operation, at } = patch;
    let selected = select(documents, target);
    if selected.is_empty() {
        return vec![nothing_selected(documents, target, at)];
    }
    let change = match Change::new(operation) {
        Ok(change) => change,
        Err(message) => return vec![Finding::error(Code::PATCH_INVALID, at, message, "")],
    };
    let refuse = |refusal: Refusal| Finding::error(refusal.code, at, refusal.message, refusal.fix);
    selected.into_iter().filter_map(|index| change.apply(&mut documents[index]).err().map(refuse)).collect()
}

/// A patch that has been read.
enum Change<'a> {
    Json(JsonPatch),
    Merge(&'a Value),
}

struct Refusal {
    code: Code,
    message: String,
    fix: String,
}

impl<'a> Change<'a> {
    fn new(operation: &'a PatchOperation) -> Result<Self, String> {
        match operation {
            PatchOperation::Json6902(operations) => serde_json::from_value(operations.clone())
                .map(Change::Json)
                .map_err(|error| format!("these are no JSON Patch operations: {error}")),
            PatchOperation::Merge(changes) if changes.is_object() => Ok(Change::Merge(changes)),
            PatchOperation::Merge(_) => Err("a merge patch is a map of fields".to_owned()),
        }
    }

    fn apply(&self, document: &mut Value) -> Result<(), Refusal> {
        let before = identity(document);
        match self {
            Change::Json(patch) => json(document, patch)?,
            Change::Merge(changes) => {
                removes_nothing_absent(document, changes, "")?;
                json_patch::merge(document, changes);
            }
        }
        let after = identity(document);
        (before == after).then_some(()).ok_or_else(|| identity_changed(&before, &after))
    }
}

fn json(document: &mut Value, patch: &JsonPatch) -> Result<(), Refusal> {
    json_patch::patch(document, patch).map_err(|error| {
        let path = error.path.to_string();
        match error.kind {
            PatchErrorKind::TestFailed => Refusal {
                code: Code::PATCH_TEST,
                message: format!("operation {}: the value at {path} is another one", error.operation + 1),
                fix: String::new(),
            },
            PatchErrorKind::InvalidFromPointer => absent(document, &from(patch, error.operation)),
            // The crate's enum may grow; whatever it is, the operation at this path failed.
            _ => absent(document, &path),
        }
    })
}

fn from(patch: &JsonPatch, operation: usize) -> String {
    match patch.0.get(operation) {
        Some(json_patch::PatchOperation::Move(operation)) => operation.from.to_string(),
        Some(json_patch::PatchOperation::Copy(operation)) => operation.from.to_string(),
        Some(other) => other.path().to_string(),
        None => String::new(),
    }
}

fn absent(document: &Value, path: &str) -> Refusal {
    let fix = missing_path(document, path);
    Refusal { code: Code::PATCH_PATH, message: format!("{path} does not exist in {}", name(document)), fix }
}

/// A merge patch may add what is not there, but removing what is not there is a slip of the pen.
fn removes_nothing_absent(document: &Value, changes: &Value, path: &str) -> Result<(), Refusal> {
    let Some(changes) = changes.as_object() else { return Ok(()) };
    for (key, change) in changes {
        let path = format!("{path}/{}", key.replace('~', "~0").replace('/', "~1"));
        match (document.pointer(&path), change) {
            (None, Value::Null) => return Err(absent(document, &path)),
            (Some(_), Value::Object(_)) => removes_nothing_absent(document, change, &path)?,
            (Some(_) | None, _) => {}
        }
    }
    Ok(())
}

/// What makes an object this one and not another.
fn identity(document: &Value) -> [String; 4] {
    ["/apiVersion", "/kind", "/metadata/namespace", "/metadata/name"].map(|pointer| {
        document.pointer(pointer).map_or_else(String::new, |v| v.as_str().unwrap_or_default().to_owned())
    })
}

fn identity_changed(before: &[String; 4], after: &[String; 4]) -> Refusal {
    let show = |identity: &[String; 4]| {
        identity.iter().filter(|part| !part.is_empty()).cloned().collect::<Vec<_>>().join(" ")
    };
    Refusal {
        code: Code::PATCH_IDENTITY,
        message: format!("the patch turns {} into {}", show(before), show(after)),
        fix: "apiVersion, kind, name and namespace stay as they are".to_owned(),
    }
}

fn name(document: &Value) -> String {
    let [_, kind, _, name] = identity(document);
    format!("{kind} {name}")
}
