//! An ApplicationSet as Argo CD's controller writes it back.
//!
//! After a refresh, which a person or a git server's webhook asks for, the controller writes the whole object, with every
//! field that its Go types cannot leave out. To server-side apply the list of generators is one value: what the controller
//! adds there would make the list its own, and each later plan a conflict. So bridge writes these fields itself. They mean
//! what their absence means.

use serde_json::{Map, Value, json};

/// The generators that have a template of their own, each with its other fields that are always written (Argo CD v3.5,
/// `applicationset_types.go`: structs and strings that are no pointers and not omitted when empty).
const KINDS: [(&str, &[&str]); 9] = [
    ("clusterDecisionResource", &["labelSelector"]),
    ("clusters", &["selector"]),
    ("git", &[]),
    ("list", &[]),
    ("matrix", &[]),
    ("merge", &[]),
    ("plugin", &["input"]),
    ("pullRequest", &[]),
    ("scmProvider", &[]),
];

/// Completes the generators of one document.
pub fn complete(document: &mut Value) {
    generators(document.pointer_mut("/spec/generators"), true);
}

/// A combination inside of a combination has no type there: the controller writes it back as it is.
fn generators(list: Option<&mut Value>, may_combine: bool) {
    let list = list.and_then(Value::as_array_mut).into_iter().flatten();
    for generator in list.filter_map(Value::as_object_mut) {
        for (kind, fields) in KINDS {
            let combines = matches!(kind, "matrix" | "merge");
            if let Some(settings) = generator.get_mut(kind).and_then(Value::as_object_mut)
                && (may_combine || !combines)
            {
                settle(settings, kind, fields);
                if combines {
                    generators(settings.get_mut("generators"), false);
                }
            }
        }
    }
}

fn settle(settings: &mut Map<String, Value>, kind: &str, fields: &[&str]) {
    for field in fields {
        settings.entry(*field).or_insert_with(|| json!({}));
    }
    if kind == "git" {
        settings.entry("revision").or_insert_with(|| json!(""));
    }
    let template = settings.entry("template").or_insert_with(|| json!({}));
    if let Some(template) = template.as_object_mut() {
        template.entry("metadata").or_insert_with(|| json!({}));
        let spec = template.entry("spec").or_insert_with(|| json!({}));
        if let Some(spec) = spec.as_object_mut() {
            spec.entry("destination").or_insert_with(|| json!({}));
            spec.entry("project").or_insert_with(|| json!(""));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::complete;

    fn completed(generator: &Value) -> Value {
        let mut document = json!({ "kind": "ApplicationSet", "spec": { "generators": [generator] } });
        complete(&mut document);
        document["spec"]["generators"][0].clone()
    }

    fn empty() -> Value {
        json!({ "metadata": {}, "spec": { "destination": {}, "project": "" } })
    }

    #[test]
    fn each_generator_has_a_template() {
        assert_eq!(
            completed(&json!({ "clusters": {} })),
            json!({ "clusters": { "selector": {}, "template": empty() } })
        );
        let git = json!({ "git": { "repoURL": "r", "revision": "main" }, "selector": { "matchLabels": {} } });
        let expected = json!({
            "git": { "repoURL": "r", "revision": "main", "template": empty() }, "selector": { "matchLabels": {} },
        });
        assert_eq!(completed(&git), expected);
    }

    #[test]
    fn what_is_written_stays() {
        let template = json!({ "metadata": { "name": "x" }, "spec": { "project": "p" } });
        let generator = completed(&json!({ "list": { "elements": [], "template": template } }));
        let expected = json!({ "metadata": { "name": "x" }, "spec": { "project": "p", "destination": {} } });
        assert_eq!(generator["list"]["template"], expected);
    }

    #[test]
    fn what_is_combined_is_completed_and_what_is_combined_inside_of_it_is_not() {
        let inner = json!({ "matrix": { "generators": [{ "clusters": {} }] } });
        let generator = completed(&json!({ "merge": { "generators": [{ "clusters": {} }, inner] } }));
        assert_eq!(generator["merge"]["template"], empty());
        assert_eq!(generator["merge"]["generators"][0]["clusters"]["template"], empty());
        assert_eq!(generator["merge"]["generators"][1], inner);
    }
}
