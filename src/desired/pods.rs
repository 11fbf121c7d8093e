//! Where pod specs stand in the objects that make pods.

use serde_json::Value;

/// The pod spec of an object, if it makes pods.
pub fn pod_spec_mut(document: &mut Value) -> Option<&mut Value> {
    let kind = document.get("kind")?.as_str()?;
    let pointer = match kind {
        "Pod" => "/spec",
        "CronJob" => "/spec/jobTemplate/spec/template/spec",
        // Deployment, StatefulSet, DaemonSet, ReplicaSet, Job, and others with a pod template.
        _ => "/spec/template/spec",
    };
    document.pointer_mut(pointer).filter(|spec| spec.get("containers").is_some_and(Value::is_array))
}

/// Every container of a pod spec.
pub fn containers_mut(pod_spec: &mut Value) -> impl Iterator<Item = &mut Value> {
    const LISTS: [&str; 3] = ["containers", "initContainers", "ephemeralContainers"];
    let fields = pod_spec.as_object_mut().into_iter().flatten();
    fields
        .filter(|(key, _)| LISTS.contains(&key.as_str()))
        .filter_map(|(_, list)| list.as_array_mut())
        .flatten()
}
