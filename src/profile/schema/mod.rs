//! The JSON schema of the profile, for editors: completion, hovers, and most mistakes while typing.
//!
//! The types below mirror the file. Nothing is read through them: a serde decoder stops at the first mistake, so the
//! profile has a decoder of its own, and a test keeps the keys of both equal.

mod argocd;
mod clusters;
mod kind;
mod projects;
mod repositories;
mod root;
mod value;

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

/// The schema of both kinds of file, with a newline at its end.
#[must_use]
pub fn schema() -> String {
    let text = serde_json::to_string_pretty(&document()).unwrap_or_default();
    format!("{text}\n")
}

/// The schema as a value.
#[must_use]
pub fn document() -> Value {
    let generator = SchemaSettings::draft07().into_generator();
    let mut root = generator.into_root_schema_for::<root::Profile>().to_value();
    let mut definitions = take_object(&mut root, "definitions");
    let profile = without_meta(root);
    definitions.insert("ProfileBase".to_owned(), base_of(&profile));
    definitions.insert("Profile".to_owned(), profile);
    // A language server follows `if` and reports mistakes of one kind; of `oneOf` it reports those of both.
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "bridge profile",
        "description": "A profile of bridge, or a base that profiles extend.",
        "type": "object",
        "if": { "properties": { "kind": { "const": "ProfileBase" } }, "required": ["kind"] },
        "then": { "$ref": "#/definitions/ProfileBase" },
        "else": { "$ref": "#/definitions/Profile" },
        "definitions": definitions,
    })
}

fn take_object(from: &mut Value, key: &str) -> Map<String, Value> {
    match from.get_mut(key).map(Value::take) {
        Some(Value::Object(map)) => map,
        Some(_) | None => Map::new(),
    }
}

fn without_meta(mut root: Value) -> Value {
    if let Value::Object(map) = &mut root {
        map.retain(|key, _| !["$schema", "title", "definitions"].contains(&key.as_str()));
    }
    root
}

/// A base says the same as a profile, but need not say any of it, and goes by another kind.
fn base_of(profile: &Value) -> Value {
    let mut base = profile.clone();
    base["description"] = json!("A part of a profile, which profiles and other bases extend.");
    base["properties"]["kind"] = json!({
        "description": "Always `ProfileBase` for a file that others extend.",
        "const": "ProfileBase",
    });
    base["required"] = json!(["apiVersion", "kind"]);
    base
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::document;
    use crate::profile::decode::keys;

    #[test]
    fn schema_and_decoder_know_the_same_keys() {
        let document = document();
        let definitions = document["definitions"].as_object().unwrap();
        for shape in keys::ALL {
            let properties = definitions[shape.name]["properties"].as_object();
            let schema: BTreeSet<&str> = properties.unwrap().keys().map(String::as_str).collect();
            assert_eq!(schema, shape.keys.iter().copied().collect(), "{}", shape.name);
        }
        let shapes: BTreeSet<&str> = keys::ALL.iter().map(|shape| shape.name).collect();
        let with_keys = definitions.iter().filter(|(_, schema)| schema.get("properties").is_some());
        let unknown: Vec<&String> =
            with_keys.map(|(name, _)| name).filter(|name| !shapes.contains(name.as_str())).collect();
        assert_eq!(unknown, ["ProfileBase"]);
    }

    #[test]
    fn every_map_with_known_keys_is_strict_and_explained() {
        for (name, schema) in document()["definitions"].as_object().unwrap() {
            let Some(properties) = schema["properties"].as_object() else { continue };
            assert_eq!(schema["additionalProperties"], false, "{name}");
            for (key, property) in properties {
                assert!(property.get("description").is_some(), "{name}.{key} has no description");
            }
        }
    }
}
