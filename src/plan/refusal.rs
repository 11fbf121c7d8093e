//! What the API server's refusal of a change says, and whether only fields that cannot be changed stand in the way.

use crate::plan::change::Check;

/// One cause of a refusal (`metav1.StatusCause`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// Machine-readable reason: `FieldManagerConflict`, `FieldValueInvalid`.
    pub reason: String,
    /// In the server's words.
    pub message: String,
    /// Which field.
    pub field: String,
}

/// A refusal of an object as it is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// In the server's words.
    pub message: String,
    /// The fields that cannot be changed in an object that exists, where nothing else stands in the way; else empty.
    pub immutable: Vec<String>,
    /// What the server says of a new object; `None` where it was not asked.
    pub anew: Option<Anew>,
}

/// What the server says of an object that would take the place of one with fields that cannot be changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Anew {
    /// It accepts it, or could not be asked, and why.
    Checked(Check),
    /// It refuses it, too; in its words.
    Refused(String),
}

/// How the API server ends the message of a cause of the reason `FieldValueInvalid` that is about a field of an object that
/// exists and not about its value. The value stands before it. `ValidateImmutableField` of `k8s.io/apimachinery`, then the
/// validations of (Cluster)RoleBindings and Services.
const INVALID: [&str; 3] = [": field is immutable", ": cannot change roleRef", ": may not change once set"];

/// How it begins those of the reason `FieldValueForbidden`: of ConfigMaps and Secrets with `immutable: true`, StatefulSets,
/// PriorityClasses and PersistentVolumeClaims.
const FORBIDDEN: [&str; 4] = [
    "Forbidden: field is immutable when `immutable` is set",
    "Forbidden: updates to statefulset spec for fields other than ",
    "Forbidden: may not be changed in an update.",
    "Forbidden: spec is immutable after creation except ",
];

impl Refusal {
    /// Reads the parts of a `metav1.Status`: the HTTP status code, its message and its causes.
    ///
    /// Each cause has to be one of an immutable field. A value that is wrong beside it would be wrong in a new object, too;
    /// and of a refusal that is not understood nothing is deleted. A webhook may answer anything.
    #[must_use]
    pub fn read(code: u16, message: &str, causes: &[Cause]) -> Self {
        let is_validation = code == 422 && !message.contains("denied the request");
        let is_immutable = is_validation && causes.iter().all(is_immutable);
        let mut immutable: Vec<String> = Vec::new();
        if is_immutable {
            immutable.extend(causes.iter().map(|cause| cause.field.clone()));
            immutable.sort();
            immutable.dedup();
        }
        Self { message: message.to_owned(), immutable, anew: None }
    }
}

fn is_immutable(cause: &Cause) -> bool {
    let Cause { reason, message, field } = cause;
    let is_said = match reason.as_str() {
        "FieldValueInvalid" => INVALID.iter().any(|end| message.ends_with(end)),
        "FieldValueForbidden" => FORBIDDEN.iter().any(|begin| message.starts_with(begin)),
        _ => false,
    };
    is_said && !field.is_empty()
}

#[cfg(test)]
mod tests {
    use super::{Cause, Refusal};

    fn cause(reason: &str, message: &str, field: &str) -> Cause {
        Cause { reason: reason.to_owned(), message: message.to_owned(), field: field.to_owned() }
    }

    fn immutable(causes: &[Cause]) -> Vec<String> {
        Refusal::read(422, "x is invalid", causes).immutable
    }

    /// Each as a kube-apiserver answered it to a dry run of an apply.
    #[test]
    fn fields_that_cannot_be_changed_are_told() {
        let (invalid, forbidden) = ("FieldValueInvalid", "FieldValueForbidden");
        let statefulset = "Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden";
        let claim = "Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims\n@@ -1,6 +1,6 @@\n {\n";
        let role = r#"Invalid value: {"APIGroup":"rbac.authorization.k8s.io","Kind":"ClusterRole","Name":"edit"}: cannot change roleRef"#;
        for (reason, message, field) in [
            (invalid, r#"Invalid value: {"matchLabels":{"app":"e"}}: field is immutable"#, "spec.selector"),
            (forbidden, statefulset, "spec"),
            (invalid, r#"Invalid value: ["10.96.0.56"]: may not change once set"#, "spec.clusterIPs[0]"),
            (invalid, role, "roleRef"),
            (invalid, "Invalid value: 3: field is immutable", "spec.completions"),
            (invalid, r#"Invalid value: {"a":"c"}: field is immutable"#, "parameters"),
            (forbidden, "Forbidden: field is immutable when `immutable` is set", "data"),
            (invalid, r#"Invalid value: "x/y": field is immutable"#, "type"),
            (forbidden, claim, "spec"),
            (forbidden, "Forbidden: may not be changed in an update.", "value"),
            (invalid, r#"Invalid value: "Cluster": field is immutable"#, "spec.scope"),
        ] {
            assert_eq!(immutable(&[cause(reason, message, field)]), [field], "{message}");
        }
    }

    #[test]
    fn a_value_that_is_wrong_is_none_of_them_not_even_beside_one() {
        let selector = cause(
            "FieldValueInvalid",
            r#"Invalid value: {"matchLabels":{"app":"e"}}: field is immutable"#,
            "spec.selector",
        );
        let wrong = |reason: &str, message: &str| cause(reason, message, "x");
        for other in [
            wrong("FieldValueInvalid", "Invalid value: -1: must be greater than or equal to 0"),
            wrong(
                "FieldValueInvalid",
                r#"Invalid value: {"app":"d"}: `selector` does not match template `labels`"#,
            ),
            wrong("FieldValueInvalid", r#"Invalid value: "x: field is immutable": must be a DNS-1123 label"#),
            wrong("FieldValueInvalid", r#"Invalid value: "c": Value is immutable"#),
            wrong(
                "FieldValueNotSupported",
                r#"Unsupported value: "Foo": supported values: "Role", "ClusterRole""#,
            ),
            wrong("FieldValueForbidden", "Forbidden: may not be used when `type` is 'ExternalName'"),
            wrong("FieldManagerConflict", "conflict with \"x\": field is immutable"),
            cause("FieldValueInvalid", "Invalid value: 3: field is immutable", ""),
        ] {
            assert!(immutable(std::slice::from_ref(&other)).is_empty(), "{other:?}");
            assert!(immutable(&[selector.clone(), other.clone()]).is_empty(), "beside one: {other:?}");
        }
        assert_eq!(immutable(&[selector.clone(), selector.clone()]), ["spec.selector"]);
        let denied = "admission webhook \"x\" denied the request: no";
        assert!(Refusal::read(422, denied, std::slice::from_ref(&selector)).immutable.is_empty());
        assert!(Refusal::read(403, "x", std::slice::from_ref(&selector)).immutable.is_empty());
        assert!(immutable(&[]).is_empty(), "a refusal without causes says nothing");
    }
}
