//! Which cluster Secrets the generators of an ApplicationSet select, as far as that can be said without running them.
//!
//! Source: Argo CD v3.5.3, `applicationset/generators`: `cluster.go`, `matrix.go`, `merge.go`, `generator_spec_processor.go`.

use serde_json::Value;

use crate::plan::status::application::text;
use crate::plan::workloads::selector::Selector;

/// How one entry of `spec.generators` depends on cluster Secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Source {
    /// It gives something for a cluster exactly if this selects it.
    Selected {
        /// Of the `clusters` generator, or that of the part that decides.
        selector: Selector,
        /// Whether all values come of the cluster's Secret alone.
        is_plain: bool,
    },
    /// It has a `clusters` generator, and what that selects is not evaluated.
    Opaque,
    /// It makes one thing of all clusters together (`flatList`).
    Flat,
    /// It has a `clusters` generator, and gives something for a cluster that is not there, too.
    Partial,
    /// It has no `clusters` generator.
    Other,
}

/// The merge keys that are the same for each cluster whatever its labels are: merging by them cannot begin to fail.
const STABLE_KEYS: [&str; 3] = ["name", "nameNormalized", "server"];

impl Source {
    /// Each entry of `spec.generators`.
    pub(super) fn all(spec: &Value) -> Vec<Self> {
        spec.get("generators").and_then(Value::as_array).into_iter().flatten().map(Self::of).collect()
    }

    fn of(generator: &Value) -> Self {
        let kinds = ["clusters", "matrix", "merge"].map(|kind| set(generator, kind));
        let is_filtered = has_rules(generator.get("selector"));
        match (kinds, count(generator)) {
            ([None, None, None], _) => Self::Other,
            _ if is_flat(generator) => Self::Flat,
            _ if !has_clusters(generator) => Self::Other,
            (_, 2..) => Self::Partial,
            ([Some(clusters), None, None], 1) if !is_filtered => Self::of_clusters(clusters),
            ([None, Some(matrix), None], 1) if !is_filtered => Self::of_matrix(matrix),
            ([None, None, Some(merge)], 1) if !is_filtered => Self::of_merge(merge),
            _ => Self::Opaque,
        }
    }

    fn of_clusters(clusters: &Value) -> Self {
        match Selector::of(clusters.get("selector")) {
            Some(selector) => Self::Selected { selector, is_plain: true },
            None => Self::Opaque,
        }
    }

    /// Every combination of both sides: what one of them does not select is in none. The second one's selector may be a
    /// template that the first one fills.
    fn of_matrix(matrix: &Value) -> Self {
        let [first, second] = children(matrix) else { return Self::Opaque };
        let one = match (has_clusters(first), has_clusters(second)) {
            (true, false) => first,
            (false, true) => second,
            (true, true) | (false, false) => return Self::Opaque,
        };
        match Self::of(one) {
            Self::Selected { selector, .. } => Self::Selected { selector, is_plain: false },
            other => other,
        }
    }

    /// The first part decides what there is; the others change its values.
    fn of_merge(merge: &Value) -> Self {
        let keys = merge.get("mergeKeys").and_then(Value::as_array).into_iter().flatten();
        let is_stable = |key: &Value| key.as_str().is_some_and(|key| STABLE_KEYS.contains(&key));
        let children = children(merge);
        let Some(base) = children.first().filter(|_| keys.clone().count() > 0 && { keys }.all(is_stable))
        else {
            return Self::Opaque;
        };
        let is_plain = children.iter().all(|child| set(child, "clusters").is_some() && count(child) == 1);
        match Self::of(base) {
            Self::Selected { selector, .. } => Self::Selected { selector, is_plain },
            Self::Opaque => Self::Opaque,
            Self::Flat | Self::Partial | Self::Other => Self::Partial,
        }
    }
}

/// Whether a generator has a template of its own that names Applications or says where they deploy.
pub(super) fn overrides_template(spec: &Value) -> bool {
    let generators = spec.get("generators").and_then(Value::as_array).into_iter().flatten();
    let kinds = generators.filter_map(Value::as_object).flat_map(serde_json::Map::values);
    let says = |kind: &Value| {
        let said = |pointer: &str| !text(kind, pointer).is_empty();
        said("/template/metadata/name")
            || said("/template/spec/destination/name")
            || said("/template/spec/destination/server")
    };
    { kinds }.any(says)
}

fn set<'a>(generator: &'a Value, kind: &str) -> Option<&'a Value> {
    generator.get(kind).filter(|settings| !settings.is_null())
}

/// How many generators are in one entry, as Argo CD counts them: everything but the filter.
fn count(generator: &Value) -> usize {
    let fields = generator.as_object().into_iter().flatten();
    fields.filter(|(key, value)| *key != "selector" && !value.is_null()).count()
}

/// Whether a filter keeps anything out. Argo CD writes an empty one back where there was none.
fn has_rules(selector: Option<&Value>) -> bool {
    let is_filled = |value: &Value| {
        !value.is_null() && value != &serde_json::json!({}) && value != &serde_json::json!([])
    };
    selector.and_then(Value::as_object).into_iter().flatten().any(|(_, rules)| is_filled(rules))
}

fn children(combined: &Value) -> &[Value] {
    combined.get("generators").and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn any(generator: &Value, is_so: &impl Fn(&Value) -> bool) -> bool {
    let nested = ["matrix", "merge"].into_iter().filter_map(|kind| set(generator, kind));
    set(generator, "clusters").is_some_and(is_so) || { nested }
        .flat_map(children)
        .any(|child| any(child, is_so))
}

fn has_clusters(generator: &Value) -> bool {
    any(generator, &|_| true)
}

fn is_flat(generator: &Value) -> bool {
    any(generator, &|clusters| clusters.get("flatList") == Some(&Value::Bool(true)))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::{Value, json};

    use super::{Source, overrides_template};

    fn source(generator: &Value) -> Source {
        Source::all(&json!({ "generators": [generator] })).remove(0)
    }

    fn clusters(labels: &Value) -> Value {
        json!({ "clusters": { "selector": { "matchLabels": labels }, "template": { "metadata": {}, "spec": { "destination": {}, "project": "" } } } })
    }

    fn git() -> Value {
        json!({ "git": { "repoURL": "r", "directories": [{ "path": "{{.name}}/*" }] } })
    }

    /// Whether it selects what has `env: dev`, and whether all values are the Secret's.
    fn selects_dev(generator: &Value) -> Option<(bool, bool)> {
        let labels = BTreeMap::from([("env".to_owned(), "dev".to_owned())]);
        match source(generator) {
            Source::Selected { selector, is_plain } => Some((selector.matches(&labels), is_plain)),
            Source::Opaque | Source::Flat | Source::Partial | Source::Other => None,
        }
    }

    #[test]
    fn what_a_generator_selects_is_read_where_nothing_else_decides() {
        let (dev, prod) = (clusters(&json!({ "env": "dev" })), clusters(&json!({ "env": "prod" })));
        let merge = |children: &[&Value], keys: &[&str]| json!({ "merge": { "mergeKeys": keys, "generators": children } });
        let matrix = |children: &[&Value]| json!({ "matrix": { "generators": children } });
        for (generator, expected) in [
            (dev.clone(), Some((true, true))),
            (prod.clone(), Some((false, true))),
            (json!({ "clusters": {} }), Some((true, true))),
            (json!({ "clusters": { "selector": {} }, "selector": {} }), Some((true, true))),
            (merge(&[&dev, &prod], &["server"]), Some((true, true))),
            (merge(&[&prod, &dev], &["name"]), Some((false, true))),
            (merge(&[&dev, &json!({ "list": { "elements": [] } })], &["name"]), Some((true, false))),
            (matrix(&[&dev, &git()]), Some((true, false))),
            (matrix(&[&git(), &prod]), Some((false, false))),
            (matrix(&[&merge(&[&dev, &prod], &["server"]), &git()]), Some((true, false))),
        ] {
            assert_eq!(selects_dev(&generator), expected, "{generator}");
        }
    }

    #[test]
    fn each_operator_is_read() {
        let by = |operator: &str, values: &[&str]| {
            let expression = json!({ "key": "env", "operator": operator, "values": values });
            json!({ "clusters": { "selector": { "matchExpressions": [expression] } } })
        };
        for (operator, values, expected) in [
            ("In", &["dev", "x"][..], Some(true)),
            ("NotIn", &["dev"], Some(false)),
            ("NotIn", &["x"], Some(true)),
            ("Exists", &[], Some(true)),
            ("DoesNotExist", &[], Some(false)),
            ("In", &[], None),
            ("Gt", &["1"], None),
            ("In", &["{{.x}}"], None),
        ] {
            let selected = selects_dev(&by(operator, values)).map(|(selects, _)| selects);
            assert_eq!(selected, expected, "{operator} {values:?}");
        }
    }

    #[test]
    fn what_is_not_evaluated_is_told_from_what_has_no_clusters() {
        let templated = clusters(&json!({ "env": "{{.x}}" }));
        let filter = json!({ "matchLabels": { "a": "b" } });
        let dev = clusters(&json!({ "env": "dev" }));
        for (generator, expected) in [
            (git(), Source::Other),
            (json!({ "list": { "elements": [] } }), Source::Other),
            (json!({ "matrix": { "generators": [git(), { "list": {} }] } }), Source::Other),
            (templated.clone(), Source::Opaque),
            (json!({ "matrix": { "generators": [git(), templated] } }), Source::Opaque),
            (json!({ "matrix": { "generators": [dev, dev] } }), Source::Opaque),
            (json!({ "clusters": {}, "selector": filter }), Source::Opaque),
            (json!({ "clusters": {}, "list": {} }), Source::Partial),
            (
                json!({ "matrix": { "generators": [{ "clusters": {}, "selector": filter }, git()] } }),
                Source::Opaque,
            ),
            (
                json!({ "merge": { "mergeKeys": ["metadata.labels.env"], "generators": [dev, dev] } }),
                Source::Opaque,
            ),
            (
                json!({ "merge": { "mergeKeys": ["server"], "generators": [{ "list": {} }, dev] } }),
                Source::Partial,
            ),
            (json!({ "clusters": { "flatList": true } }), Source::Flat),
            (
                json!({ "matrix": { "generators": [{ "clusters": { "flatList": true } }, git()] } }),
                Source::Flat,
            ),
        ] {
            assert_eq!(source(&generator), expected, "{generator}");
        }
    }

    #[test]
    fn a_template_of_a_generators_own_is_seen() {
        let spec = |template: Value| json!({ "generators": [{ "clusters": { "template": template } }] });
        assert!(!overrides_template(&spec(
            json!({ "metadata": {}, "spec": { "destination": {}, "project": "" } })
        )));
        assert!(overrides_template(&spec(json!({ "metadata": { "name": "x" } }))));
        assert!(overrides_template(&spec(json!({ "spec": { "destination": { "name": "x" } } }))));
    }
}
