//! The desired state as YAML, for people and for `kubectl`.

use std::borrow::Cow;

use serde_json::Value;

use crate::desired::object::Object;
use crate::desired::secrets::PLACEHOLDER;
use crate::desired::state::Desired;
use crate::template::yaml;

/// Prints every object as one YAML document; the same state always gives the same bytes.
///
/// Without `show_secrets` every value of a Secret that is not declared public reads `(sensitive)`. That is no base64 on
/// purpose: who applies the output by mistake gets an error and not a broken credential.
#[must_use]
pub fn to_yaml(desired: &Desired, show_secrets: bool) -> String {
    let mut text = String::new();
    for object in &desired.objects {
        if !text.is_empty() {
            text.push_str("---\n");
        }
        let body = if show_secrets { Cow::Borrowed(object.body()) } else { masked(object) };
        yaml::print_to(&mut text, &body);
    }
    text
}

/// The object without the values that may not be shown.
#[must_use]
pub fn masked(object: &Object) -> Cow<'_, Value> {
    let group_kind = &object.id().group_kind;
    if !group_kind.group.is_empty() || group_kind.kind != "Secret" {
        return Cow::Borrowed(object.body());
    }
    let mut body = object.body().clone();
    if let Some(data) = body.get_mut("data").and_then(Value::as_object_mut) {
        let hidden = data.iter_mut().filter(|(key, _)| !object.public_data().contains(*key));
        hidden.for_each(|(_, value)| *value = Value::from(PLACEHOLDER));
    }
    Cow::Owned(body)
}
