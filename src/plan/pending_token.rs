//! A token that is made only when the plan is applied: what stands in its place until then.

use sha2::{Digest, Sha256};

use crate::desired::object::Object;
use crate::desired::secret_data;
use crate::plan::change::Change;
use crate::plan::summary::Plan;
use crate::profile::sensitive::Sensitive;

/// What stands in a cluster Secret's `config` until the token of a context's spoke is made. It needs no escape in JSON, and
/// is no token.
#[must_use]
pub fn placeholder(context: &str) -> Sensitive {
    let digest = Sha256::digest(context);
    let digest: String = digest[..8].iter().map(|byte| format!("{byte:02x}")).collect();
    Sensitive::new(format!("{PENDING}{digest}"))
}

/// What every placeholder begins with.
const PENDING: &str = "bridge-makes-this-token-on-apply-";

/// Puts the token in the place of its placeholder.
pub fn fill(plan: &mut Plan, placeholder: &Sensitive, token: &Sensitive) {
    for change in &mut plan.changes {
        if let Some(desired) = change.desired_mut()
            && let Some(filled) = filled(desired, placeholder, token)
        {
            *desired = filled;
        }
    }
}

/// Whether an object waits for a token that was not made, whosever it is.
#[must_use]
pub fn is_pending(change: &Change) -> bool {
    change.desired().is_some_and(|object| waiting(object, PENDING).is_some())
}

/// The `config` of a cluster Secret that holds the placeholder.
fn waiting(object: &Object, placeholder: &str) -> Option<String> {
    if !object.is_cluster_secret() {
        return None;
    }
    let config = secret_data::text(object.body(), "config")?;
    config.contains(placeholder).then_some(config)
}

fn filled(object: &Object, placeholder: &Sensitive, token: &Sensitive) -> Option<Object> {
    // A JSON Web Token has no character that JSON escapes.
    let config = waiting(object, placeholder.expose())?.replace(placeholder.expose(), token.expose());
    let with_token = |mut body: serde_json::Value| {
        body["data"]["config"] = secret_data::encode(config.as_bytes()).into();
        body
    };
    object.clone().map(with_token).ok()
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use serde_json::json;

    use super::{Object, Sensitive, filled, placeholder};

    #[test]
    fn a_token_takes_the_place_of_its_own_placeholder_only() {
        let pending = placeholder("spoke-dev");
        let config = format!(r#"{{"bearerToken":"{}"}}"#, pending.expose());
        let object = json!({
            "apiVersion": "v1", "kind": "Secret",
            "metadata": { "name": "a", "labels": { "argocd.argoproj.io/secret-type": "cluster" } },
            "data": { "config": STANDARD.encode(config) },
        });
        let object = Object::new(object).unwrap();
        let token = Sensitive::new("a.b.c");
        assert!(filled(&object, &placeholder("spoke-prod"), &token).is_none());
        let object = filled(&object, &pending, &token).unwrap();
        let config = STANDARD.decode(object.body()["data"]["config"].as_str().unwrap()).unwrap();
        assert_eq!(config, br#"{"bearerToken":"a.b.c"}"#);
    }
}
