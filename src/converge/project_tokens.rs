//! The tokens that Argo CD keeps in the roles of an AppProject.
//!
//! argocd-server writes `spec.roles[].jwtTokens`, and the list of roles is atomic: an apply without the tokens would
//! revoke them. So the live tokens are merged into the desired roles, by the role's name, before anything is compared.

use serde_json::Value;

use crate::desired::object::Object;
use crate::plan::live::Live;

/// The object with the tokens of the live one.
pub(super) fn keep(object: Object, live: Option<&Live>) -> Object {
    let Some(live) = live.filter(|live| live.id().group_kind.kind == "AppProject") else { return object };
    let roles = live.body().pointer("/spec/roles").and_then(Value::as_array).cloned().unwrap_or_default();
    let merged = object.clone().map(|mut body| {
        let desired = body.pointer_mut("/spec/roles").and_then(Value::as_array_mut);
        for role in desired.into_iter().flatten() {
            let old =
                roles.iter().find(|old| old["name"] == role["name"]).and_then(|old| old.get("jwtTokens"));
            if let (Some(tokens), Some(role)) = (old, role.as_object_mut()) {
                role.insert("jwtTokens".to_owned(), tokens.clone());
            }
        }
        body
    });
    merged.unwrap_or(object)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Live, Object, keep};

    #[test]
    fn tokens_are_kept_by_the_name_of_the_role() {
        let project = |roles| json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "AppProject", "metadata": {"name": "a"}, "spec": {"roles": roles}});
        let live = Live::new(project(
            json!([{"name": "gone", "jwtTokens": [{"iat": 1}]}, {"name": "ci", "jwtTokens": [{"iat": 2}]}]),
        ))
        .unwrap();
        let desired = Object::new(project(json!([{"name": "ci"}, {"name": "new"}]))).unwrap();
        let merged = keep(desired, Some(&live));
        assert_eq!(
            merged.body()["spec"]["roles"],
            json!([{"name": "ci", "jwtTokens": [{"iat": 2}]}, {"name": "new"}])
        );
    }
}
