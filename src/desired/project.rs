//! AppProjects.

use serde_json::{Value, json};

use crate::profile::model::{Flavor, Install, Profile, Project};

/// The name of the project that Applications without one belong to.
const DEFAULT: &str = "default";

/// The AppProject of the profile.
///
/// The tokens of its roles are left out even where a profile holds some: Argo CD mints and records them.
#[must_use]
pub fn document(project: &Project, namespace: &str) -> Value {
    let mut spec = project.spec.clone();
    let roles = spec.get_mut("roles").and_then(Value::as_array_mut).into_iter().flatten();
    for role in roles.filter_map(Value::as_object_mut) {
        role.shift_remove("jwtTokens");
    }
    app_project(project.name.as_str(), namespace, &Value::Object(spec))
}

/// The project `default` where nobody else creates it: Argo CD's API server does, and the flavor `core` has none.
#[must_use]
pub fn default_for_core(profile: &Profile) -> Option<Value> {
    let is_core = match &profile.argocd.install {
        Install::Existing => false,
        Install::Manifests(manifests) => manifests.flavor == Flavor::Core,
    };
    let is_declared = profile.projects.iter().any(|project| project.name.as_str() == DEFAULT);
    // What argocd-server's initializeDefaultProject writes.
    let spec = json!({
        "clusterResourceWhitelist": [{ "group": "*", "kind": "*" }],
        "destinations": [{ "namespace": "*", "server": "*" }],
        "sourceRepos": ["*"],
    });
    (is_core && !is_declared).then(|| app_project(DEFAULT, profile.argocd.namespace.as_str(), &spec))
}

fn app_project(name: &str, namespace: &str, spec: &Value) -> Value {
    json!({
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "AppProject",
        "metadata": { "name": name, "namespace": namespace },
        "spec": spec,
    })
}
