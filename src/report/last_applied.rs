//! What an adoption leaves of kubectl: a copy of a Secret, in clear, in an annotation that bridge does not own.

use crate::desired::id::ObjectId;
use crate::plan::change::Change;
use crate::plan::summary::Plan;
use crate::profile::shell::shell_word;
use crate::report::style::{self, paint, plain};

/// The annotation in which `kubectl apply` without `--server-side` keeps the object as it was last applied.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// A warning for each Secret that the plan takes over together with kubectl's copy of it. An adoption removes nothing of the
/// former manager's, and what stands in the copy may be a token that is still in use.
#[must_use]
pub fn warnings(plan: &Plan) -> Vec<String> {
    let copies = plan.changes.iter().filter(|change| has_copy(change));
    copies.map(|change| warning(plan, change.id())).collect()
}

fn has_copy(change: &Change) -> bool {
    let Change::Adopt { live, .. } = change else { return false };
    live.id().group_kind.kind == "Secret" && live.annotation(LAST_APPLIED).is_some()
}

fn warning(plan: &Plan, id: &ObjectId) -> String {
    let namespace = id.namespace.as_ref().map_or(String::new(), |name| format!(" -n {}", shell_word(name)));
    let line = format!(
        "kubectl{} annotate secret {}{namespace} {LAST_APPLIED}-",
        plan.cluster.as_ref().map_or("", |cluster| cluster.kubectl.as_str()),
        shell_word(&id.name)
    );
    let id = plain(&id.to_string());
    format!(
        "{id} holds a copy of itself in clear, in the annotation of `kubectl apply`, and bridge leaves it there; to remove it after the apply:\n  {}",
        paint(style::HINT, &plain(&line))
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::warnings;
    use crate::plan::change::{Change, Unchanged};
    use crate::plan::live::Live;
    use crate::plan::summary::ClusterIdentity;
    use crate::report::plan_text::tests::plan_of;

    fn live(kind: &str, name: &str, annotation: &str) -> Live {
        let annotations = json!({ annotation: "{\"data\":{\"config\":\"a-t0ken\"}}" });
        let metadata = json!({"name": name, "namespace": "argocd", "annotations": annotations});
        Live::new(json!({"apiVersion": "v1", "kind": kind, "metadata": metadata})).unwrap()
    }

    fn adopt(live: Live) -> Change {
        let desired = live.object().clone();
        Change::Adopt { desired, live, fields: Vec::new(), from: BTreeSet::new() }
    }

    #[test]
    fn only_a_secret_that_is_taken_over_with_its_copy_is_warned_of_and_the_copy_is_not_shown() {
        let changes = vec![
            adopt(live("Secret", "dev", super::LAST_APPLIED)),
            adopt(live("Secret", "clean", "other")),
            adopt(live("ConfigMap", "argocd-cm", super::LAST_APPLIED)),
            Change::Unchanged(Unchanged::of(live("Secret", "ours", super::LAST_APPLIED))),
        ];
        let identity = |context: &str| ClusterIdentity {
            server: "https://hub.example.com".into(),
            context: context.into(),
            uid: "u".into(),
            kubectl: " --context 'my hub'".into(),
        };
        let mut plan = plan_of(changes);
        plan.cluster = Some(identity("my hub"));
        let said: Vec<String> =
            warnings(&plan).iter().map(|text| anstream::adapter::strip_str(text).to_string()).collect();
        insta::assert_snapshot!(said.join("\n"), @r"
        Secret/argocd/dev holds a copy of itself in clear, in the annotation of `kubectl apply`, and bridge leaves it there; to remove it after the apply:
          kubectl --context 'my hub' annotate secret dev -n argocd kubectl.kubernetes.io/last-applied-configuration-
        ");
    }
}
