//! The difference between two states of an object, field by field, with secrets masked.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use crate::plan::change::{FieldChange, Shown, ValueChange};
use crate::profile::address::holds_credentials;

/// What the API server writes by itself; never a change that somebody asked for.
const SERVER_METADATA: [&str; 6] =
    ["managedFields", "resourceVersion", "generation", "uid", "creationTimestamp", "selfLink"];

/// Holds a copy of everything that kubectl applied, secrets included.
pub(super) const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Keys by which the items of a list are told apart, as Kubernetes' own list-map keys and Argo CD's lists use them.
const ITEM_KEYS: [&str; 6] = ["name", "key", "containerPort", "port", "mountPath", "kind"];

/// Compares what is with what will be.
///
/// `public_data` are the keys of a Secret's `data` that may be shown; all others are masked.
#[must_use]
pub fn diff(before: &Value, after: &Value, public_data: &BTreeSet<String>) -> Vec<FieldChange> {
    let is_secret = after.get("kind").and_then(Value::as_str) == Some("Secret");
    let mut walk = Walk { is_secret, public_data, path: Vec::new(), changes: Vec::new() };
    walk.values(&comparable(before), &comparable(after));
    walk.changes
}

/// Whether a value that `shown` hides is another one than when it was shown: the lines would still look the same.
///
/// `before` and `now` are two states of the object to which the changes in `shown` apply.
#[must_use]
pub fn moved_unseen(before: &Value, now: &Value, shown: &[FieldChange]) -> bool {
    let moved = diff(before, now, &BTreeSet::new());
    moved.iter().any(|moved| shown.iter().any(|field| field.path == moved.path))
}

/// Whether both are equal but for what the API server writes by itself.
#[must_use]
pub fn is_same(before: &Value, after: &Value) -> bool {
    comparable(before) == comparable(after)
}

/// The object without what the API server writes by itself.
pub(super) fn comparable(object: &Value) -> Value {
    let mut object = object.clone();
    if let Some(fields) = object.as_object_mut() {
        fields.retain(|key, _| key != "status");
        if let Some(metadata) = fields.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.retain(|key, _| !SERVER_METADATA.contains(&key.as_str()));
        }
    }
    object
}

struct Walk<'a> {
    is_secret: bool,
    public_data: &'a BTreeSet<String>,
    path: Vec<Segment>,
    changes: Vec<FieldChange>,
}

enum Segment {
    Field(String),
    Item(String),
}

impl Walk<'_> {
    fn values(&mut self, before: &Value, after: &Value) {
        match (before, after) {
            (Value::Object(before), Value::Object(after)) => self.maps(before, after),
            (Value::Array(before), Value::Array(after)) => self.lists(before, after),
            (before, after) if before == after => {}
            (before, after) => {
                let change = ValueChange::Changed(self.show(before), self.show(after));
                self.record(change);
            }
        }
    }

    fn maps(&mut self, before: &Map<String, Value>, after: &Map<String, Value>) {
        let keys: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
        for key in keys {
            self.within(Segment::Field(key.clone()), |walk| walk.pair(before.get(key), after.get(key)));
        }
    }

    fn pair(&mut self, before: Option<&Value>, after: Option<&Value>) {
        match (before, after) {
            (Some(before), Some(after)) => self.values(before, after),
            (None, Some(after)) => self.one_sided(after, ValueChange::Added),
            (Some(before), None) => self.one_sided(before, ValueChange::Removed),
            (None, None) => {}
        }
    }

    /// A map that appears or goes is shown by its fields, so that one label is one line wherever it stands.
    fn one_sided(&mut self, value: &Value, change: fn(Shown) -> ValueChange) {
        match value {
            Value::Object(fields) if !fields.is_empty() => {
                for (key, value) in fields {
                    self.within(Segment::Field(key.clone()), |walk| walk.one_sided(value, change));
                }
            }
            value => {
                let shown = self.show(value);
                self.record(change(shown));
            }
        }
    }

    fn lists(&mut self, before: &[Value], after: &[Value]) {
        if before == after {
            return;
        }
        match item_key(before, after) {
            Some(key) if same_order(before, after, key) => self.keyed_lists(before, after, key),
            _ => {
                let change = ValueChange::Changed(self.show_list(before), self.show_list(after));
                self.record(change);
            }
        }
    }

    fn keyed_lists(&mut self, before: &[Value], after: &[Value], key: &str) {
        let find = |items: &[Value], wanted: &Value| {
            items.iter().find(|item| item.get(key) == Some(wanted)).cloned()
        };
        for old in before {
            let Some(wanted) = old.get(key) else { continue };
            let new = find(after, wanted);
            self.within(item_segment(key, wanted), |walk| walk.pair(Some(old), new.as_ref()));
        }
        for new in after {
            let Some(wanted) = new.get(key) else { continue };
            if find(before, wanted).is_none() {
                self.within(item_segment(key, wanted), |walk| walk.pair(None, Some(new)));
            }
        }
    }

    fn within(&mut self, segment: Segment, step: impl FnOnce(&mut Self)) {
        self.path.push(segment);
        step(self);
        self.path.pop();
    }

    fn record(&mut self, change: ValueChange) {
        let path = format_path(&self.path);
        self.changes.push(FieldChange { path, change });
    }

    fn show_list(&self, items: &[Value]) -> Shown {
        self.show(&Value::Array(items.to_vec()))
    }

    fn show(&self, value: &Value) -> Shown {
        match (self.secrecy(), value) {
            (Secrecy::Secret, _) => Shown::Sensitive,
            (Secrecy::PublicData, Value::String(text)) => text_or_mask(decoded(text)),
            (Secrecy::Public, Value::String(text)) => text_or_mask(text.clone()),
            (Secrecy::PublicData | Secrecy::Public, value) => Shown::Json(value.to_string()),
        }
    }

    fn secrecy(&self) -> Secrecy {
        let field = |at: usize| match self.path.get(at) {
            Some(Segment::Field(name)) => name.as_str(),
            Some(Segment::Item(_)) | None => "",
        };
        match (self.is_secret, field(0), field(1)) {
            (true, "data", key) if self.public_data.contains(key) => Secrecy::PublicData,
            (true, "data" | "stringData", _) => Secrecy::Secret,
            (true, "metadata", "annotations") if field(2) == LAST_APPLIED || self.path.len() == 2 => {
                Secrecy::Secret
            }
            (true | false, _, _) => Secrecy::Public,
        }
    }
}

enum Secrecy {
    Secret,
    /// base64 of something that may be shown.
    PublicData,
    Public,
}

/// A profile has no address with a password or token in it; what others left on the cluster may have one.
fn text_or_mask(text: String) -> Shown {
    let is_address = text.contains("://") && !text.contains(char::is_whitespace);
    if is_address && holds_credentials(&text) { Shown::Sensitive } else { Shown::Text(text) }
}

fn decoded(text: &str) -> String {
    let bytes = STANDARD.decode(text).ok();
    bytes.and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_else(|| text.to_owned())
}

/// A key that every item of both lists has, with a different scalar value each.
fn item_key(before: &[Value], after: &[Value]) -> Option<&'static str> {
    ITEM_KEYS.into_iter().find(|key| is_keyed(before, key) && is_keyed(after, key))
}

fn is_keyed(items: &[Value], key: &str) -> bool {
    let values: Vec<String> = items
        .iter()
        .filter_map(|item| item.get(key))
        .filter(|v| is_scalar(v))
        .map(Value::to_string)
        .collect();
    let distinct: BTreeSet<&String> = values.iter().collect();
    values.len() == items.len() && distinct.len() == items.len()
}

fn is_scalar(value: &Value) -> bool {
    value.is_string() || value.is_number()
}

/// Whether the items that both lists have stand in the same order; another order is a change of its own.
fn same_order(before: &[Value], after: &[Value], key: &str) -> bool {
    let common = |items: &[Value], others: &[Value]| -> Vec<Value> {
        let others: Vec<&Value> = others.iter().filter_map(|item| item.get(key)).collect();
        items.iter().filter_map(|item| item.get(key)).filter(|v| others.contains(v)).cloned().collect()
    };
    common(before, after) == common(after, before)
}

fn item_segment(key: &str, value: &Value) -> Segment {
    let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    Segment::Item(format!("{key}={value}"))
}

/// How a diff calls a field below these names.
pub(super) fn path_of(fields: &[&str]) -> String {
    let segments: Vec<Segment> = fields.iter().map(|field| Segment::Field((*field).to_owned())).collect();
    format_path(&segments)
}

fn format_path(path: &[Segment]) -> String {
    let mut text = String::new();
    for segment in path {
        match segment {
            Segment::Field(name) if is_plain(name) && text.is_empty() => text.push_str(name),
            Segment::Field(name) if is_plain(name) => {
                text.push('.');
                text.push_str(name);
            }
            Segment::Field(name) => text.push_str(&format!("[\"{name}\"]")),
            Segment::Item(item) => text.push_str(&format!("[{item}]")),
        }
    }
    text
}

fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::{Value, json};

    use super::{diff, moved_unseen};

    #[test]
    fn a_masked_value_that_moves_below_a_shown_line_is_noticed() {
        let state = |token: &str, label: &str| json!({"kind": "Secret", "data": {"token": token}, "metadata": {"labels": {"env": label}}});
        let shown = diff(&state("YQ==", "a"), &state("Yg==", "a"), &BTreeSet::new());
        assert!(moved_unseen(&state("YQ==", "a"), &state("Yw==", "a"), &shown));
        assert!(
            !moved_unseen(&state("YQ==", "a"), &state("YQ==", "b"), &shown),
            "nobody was shown the label"
        );
    }

    fn lines(before: &Value, after: &Value) -> Vec<String> {
        let public = BTreeSet::from(["server".to_owned()]);
        diff(before, after, &public)
            .into_iter()
            .map(|field| format!("{}: {:?}", field.path, field.change))
            .collect()
    }

    #[test]
    fn one_label_is_one_line() {
        let before = json!({"metadata": {"labels": {"env": "dev"}, "resourceVersion": "1"}});
        let after = json!({"metadata": {"labels": {"env": "stg", "a.b/c": "x"}, "resourceVersion": "2"}});
        let expected = [
            r#"metadata.labels["a.b/c"]: Added(Text("x"))"#,
            r#"metadata.labels.env: Changed(Text("dev"), Text("stg"))"#,
        ];
        assert_eq!(lines(&before, &after), expected);
    }

    #[test]
    fn secrets_are_masked_and_public_data_is_decoded() {
        let before = json!({"kind": "Secret", "data": {"token": "YQ==", "server": "YQ=="}});
        let after = json!({"kind": "Secret", "data": {"token": "Yg==", "server": "Yg==", "new": "Yg=="}});
        let expected = [
            "data.new: Added(Sensitive)",
            r#"data.server: Changed(Text("a"), Text("b"))"#,
            "data.token: Changed(Sensitive, Sensitive)",
        ];
        assert_eq!(lines(&before, &after), expected);
    }

    #[test]
    fn an_address_with_a_password_in_it_is_masked_wherever_it_stands() {
        let state = |encoded: &str, url: &str| json!({"kind": "Secret", "data": {"server": encoded}, "metadata": {"annotations": {"addons_repo_url": url}}});
        // https://u:t0ken@git.example.com
        let theirs =
            state("aHR0cHM6Ly91OnQwa2VuQGdpdC5leGFtcGxlLmNvbQ==", "https://t0ken@git.example.com/a.git");
        let ours = state("Yg==", "https://git.example.com/a.git");
        let expected = [
            r#"data.server: Changed(Sensitive, Text("b"))"#,
            r#"metadata.annotations.addons_repo_url: Changed(Sensitive, Text("https://git.example.com/a.git"))"#,
        ];
        assert_eq!(lines(&theirs, &ours), expected);
        let digest = "quay.io/argoproj/argocd:v3@sha256:00";
        let image = lines(&json!({ "image": "x" }), &json!({ "image": digest })).join("");
        assert!(image.contains(digest), "an `@` alone is no user: {image}");
    }

    #[test]
    fn the_copy_that_kubectl_keeps_of_a_secret_is_masked() {
        let annotations =
            json!({"kubectl.kubernetes.io/last-applied-configuration": "{\"data\":{\"token\":\"YQ==\"}}"});
        let before = json!({"kind": "Secret", "metadata": {"annotations": annotations}});
        let after = json!({"kind": "Secret", "metadata": {}});
        let shown = lines(&before, &after).join("\n");
        assert!(shown.contains("Removed(Sensitive)") && !shown.contains("YQ"), "{shown}");
    }

    #[test]
    fn list_items_are_matched_by_their_key() {
        let before = json!({"spec": {"containers": [{"name": "a", "image": "x:1"}, {"name": "b"}]}});
        let after = json!({"spec": {"containers": [{"name": "a", "image": "x:2"}, {"name": "b"}]}});
        assert_eq!(
            lines(&before, &after),
            [r#"spec.containers[name=a].image: Changed(Text("x:1"), Text("x:2"))"#]
        );
    }

    #[test]
    fn another_order_is_a_change_and_equal_lists_are_none() {
        let before = json!({"x": [{"name": "a"}, {"name": "b"}], "y": [1, 2]});
        let after = json!({"x": [{"name": "b"}, {"name": "a"}], "y": [1, 2]});
        assert_eq!(lines(&before, &after).len(), 1);
        assert!(lines(&before, &before).is_empty());
    }
}
