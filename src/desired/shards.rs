//! Shards that the application controller does not have.
//!
//! Source: `getShardDistribution` of argo-cd's controller/sharding/sharding.go: a cluster's `shard` counts below the number of
//! replicas only, and otherwise Argo CD assigns the cluster as if there were none, which it says in its log.

use serde_json::Value;

use crate::code::Code;
use crate::desired::object::Object;
use crate::profile::finding::{Finding, Severity};
use crate::profile::model::Profile;

const CONTROLLER: &str = "argocd-application-controller";

/// A warning for each cluster whose shard is ignored. Where bridge does not install the controller nobody knows.
#[must_use]
pub fn unused(profile: &Profile, objects: &[Object]) -> Vec<Finding> {
    let controller = objects.iter().find(|object| {
        let id = object.id();
        matches!(id.group_kind.kind.as_str(), "StatefulSet" | "Deployment") && id.name == CONTROLLER
    });
    let Some(replicas) = controller.and_then(|controller| replicas(controller.body())) else {
        return Vec::new();
    };
    let ignored = profile.clusters().filter_map(|cluster| Some((cluster, cluster.shard?)));
    let ignored = ignored.filter(|(_, shard)| u64::from(*shard) >= replicas);
    let finding = |(cluster, shard): (&crate::profile::model::Cluster, u32)| {
        let message = format!(
            "`shard: {shard}` of `{}` does nothing: the application controller has {replicas} replica(s), counted from 0",
            cluster.name
        );
        let fix = "choose a lower shard, or patch `replicas` and ARGOCD_CONTROLLER_REPLICAS of the StatefulSet argocd-application-controller";
        Finding::error(Code::UNUSED_SETTING, &cluster.at, message, fix).with_severity(Severity::Warning)
    };
    ignored.map(finding).collect()
}

/// What the controller counts as its replicas; nothing where it distributes clusters by itself.
fn replicas(workload: &Value) -> Option<u64> {
    let containers = workload.pointer("/spec/template/spec/containers")?.as_array()?;
    let variable = |name: &str| {
        let all = containers.iter().filter_map(|container| container.get("env")?.as_array()).flatten();
        all.clone()
            .find(|one| one.get("name").and_then(Value::as_str) == Some(name))
            .map(|one| one.get("value"))
    };
    if variable("ARGOCD_ENABLE_DYNAMIC_CLUSTER_DISTRIBUTION").is_some() {
        return None;
    }
    match variable("ARGOCD_CONTROLLER_REPLICAS") {
        None => Some(1),
        // A value that comes from elsewhere is not known here.
        Some(value) => Some(value?.as_str()?.parse::<u64>().ok()?.max(1)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::replicas;

    fn with(env: &Value) -> Option<u64> {
        let containers = json!([{ "name": "sidecar" }, { "name": "controller", "env": env }]);
        replicas(&json!({ "spec": { "template": { "spec": { "containers": containers } } } }))
    }

    #[test]
    fn the_controller_counts_its_replicas_by_a_variable() {
        let count = |value: &str| json!([{ "name": "ARGOCD_CONTROLLER_REPLICAS", "value": value }]);
        assert_eq!(with(&count("3")), Some(3));
        assert_eq!(with(&count("0")), Some(1));
        assert_eq!(with(&json!([])), Some(1));
        assert_eq!(with(&count("many")), None);
        assert_eq!(with(&json!([{ "name": "ARGOCD_CONTROLLER_REPLICAS", "valueFrom": {} }])), None);
        assert_eq!(
            with(&json!([{ "name": "ARGOCD_ENABLE_DYNAMIC_CLUSTER_DISTRIBUTION", "value": "true" }])),
            None
        );
    }
}
