//! What of the live object stays in the desired one, because it is not the profile's to say or means the same.

use std::borrow::Cow;

use serde_json::Value;

use crate::desired::object::Object;
use crate::desired::secret_data;
use crate::plan::live::Live;

/// The desired object with what stays of the live one.
#[must_use]
pub fn keep_live<'a>(object: &'a Object, live: &Live) -> Cow<'a, Object> {
    let kept = match live.id().group_kind.kind.as_str() {
        "AppProject" => keep_tokens(object, live),
        _ if live.is_cluster_secret() => keep_config(object, live),
        _ => None,
    };
    kept.map_or(Cow::Borrowed(object), Cow::Owned)
}

/// argocd-server writes `spec.roles[].jwtTokens`, and the list of roles is atomic: an apply without the tokens would
/// revoke them. So the live tokens are merged into the desired roles, by the role's name, before anything is compared.
fn keep_tokens(object: &Object, live: &Live) -> Option<Object> {
    let roles = live.body().pointer("/spec/roles").and_then(Value::as_array)?;
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
    merged.ok()
}

/// Terraform and people write a cluster's `config` with other white space and another order of keys. Bytes that mean the
/// same are kept, so that taking such a Secret over changes nothing.
fn keep_config(object: &Object, live: &Live) -> Option<Object> {
    let (wanted, found) = (encoded(object.body())?, encoded(live.body())?);
    if wanted == found || config(object.body())? != config(live.body())? {
        return None;
    }
    let kept = object.clone().map(|mut body| {
        body["data"]["config"] = found.clone();
        body
    });
    kept.ok()
}

fn encoded(body: &Value) -> Option<&Value> {
    body.get("data")?.get("config")
}

fn config(secret: &Value) -> Option<Value> {
    serde_json::from_str(&secret_data::text(secret, "config")?).ok()
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use serde_json::{Value, json};

    use super::{Live, Object, keep_live};

    #[test]
    fn tokens_are_kept_by_the_name_of_the_role() {
        let project = |roles| {
            let metadata = json!({"name": "a"});
            json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "AppProject", "metadata": metadata, "spec": {"roles": roles}})
        };
        let live =
            json!([{"name": "gone", "jwtTokens": [{"iat": 1}]}, {"name": "ci", "jwtTokens": [{"iat": 2}]}]);
        let live = Live::new(project(live)).unwrap();
        let desired = Object::new(project(json!([{"name": "ci"}, {"name": "new"}]))).unwrap();
        let merged = keep_live(&desired, &live);
        let expected = json!([{"name": "ci", "jwtTokens": [{"iat": 2}]}, {"name": "new"}]);
        assert_eq!(merged.body()["spec"]["roles"], expected);
    }

    fn cluster(config: &str) -> Value {
        let labels = json!({"argocd.argoproj.io/secret-type": "cluster"});
        let data = json!({"config": STANDARD.encode(config)});
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a", "labels": labels}, "data": data})
    }

    #[test]
    fn a_config_that_means_the_same_keeps_its_bytes() {
        let live = Live::new(cluster("{\n  \"tlsClientConfig\": { \"insecure\": false }\n}\n")).unwrap();
        let same = Object::new(cluster(r#"{"tlsClientConfig":{"insecure":false}}"#)).unwrap();
        assert_eq!(keep_live(&same, &live).body()["data"], live.body()["data"]);
        let other = Object::new(cluster(r#"{"tlsClientConfig":{"insecure":true}}"#)).unwrap();
        assert_ne!(keep_live(&other, &live).body()["data"], live.body()["data"]);
    }
}
