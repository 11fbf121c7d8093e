//! Whether it is the profile that changes a field that cannot be changed.

use crate::plan::change::FieldChange;

/// Whether one of the changes lies at, under or above one of the fields that the server names.
///
/// Where none does, the profile asks for no such change: a webhook or a controller of the cluster makes it, and would make it
/// of the next object, too.
pub(super) fn is_asked_for(fields: &[FieldChange], immutable: &[String]) -> bool {
    let immutable: Vec<Vec<&str>> = immutable.iter().map(|path| segments(path)).collect();
    fields.iter().any(|field| immutable.iter().any(|path| overlap(&segments(&field.path), path)))
}

fn overlap(one: &[&str], other: &[&str]) -> bool {
    one.iter().zip(other).all(|(one, other)| one == other)
}

/// The fields on the way, without which item of a list or key of a map it is: a diff and the server write those differently.
/// `clusterIPs` is what the server makes of `clusterIP`.
fn segments(path: &str) -> Vec<&str> {
    let field = |part| if part == "clusterIPs" { "clusterIP" } else { part };
    outside_brackets(path)
        .flat_map(|part| part.split('.'))
        .filter(|part| !part.is_empty())
        .map(field)
        .collect()
}

fn outside_brackets(path: &str) -> impl Iterator<Item = &str> {
    path.split('[').enumerate().map(|(index, part)| match (index, part.split_once(']')) {
        (0, _) => part,
        (_, Some((_, after))) => after,
        (_, None) => "",
    })
}

#[cfg(test)]
mod tests {
    use super::is_asked_for;
    use crate::plan::change::{FieldChange, Shown, ValueChange};

    #[test]
    fn a_change_at_under_or_above_the_field_is_the_profiles() {
        for (changed, named, expected) in [
            ("roleRef.name", "roleRef", true),
            ("spec", "spec.selector", true),
            ("value", "value", true),
            ("spec.clusterIP", "spec.clusterIPs[0]", true),
            ("spec.template.spec.containers[name=main].image", "spec.template", true),
            ("data[\"ca.crt\"]", "data", true),
            ("spec.ports[port=80].nodePort", "spec.ports[0].nodePort", true),
            ("metadata.labels.env", "spec.selector", false),
            ("spec.replicas", "spec.selector", false),
            ("specs.selector", "spec", false),
        ] {
            let change = ValueChange::Added(Shown::Sensitive);
            let fields = [FieldChange { path: changed.to_owned(), change }];
            assert_eq!(is_asked_for(&fields, &[named.to_owned()]), expected, "{changed} and {named}");
        }
        assert!(!is_asked_for(&[], &["spec".to_owned()]));
    }
}
