//! Which requests a fault hits.

use bridge_e2e::proxy::{Fault, Matcher};
use serde_json::json;

/// What the proxy breaks in one run.
pub type Rules = Vec<(Matcher, Fault)>;
/// Several runs.
pub type Runs = fn() -> Vec<Rules>;

const DEFINITION: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/applications.argoproj.io";
const SECRETS: &str = "/api/v1/namespaces/argocd/secrets";

fn get(path: &str) -> Matcher {
    Matcher::any().method("GET").path(path)
}

fn patch(part: &str) -> Matcher {
    Matcher::any().method("PATCH").path_contains(part).dry_run(false)
}

fn delete(part: &str) -> Matcher {
    Matcher::any().method("DELETE").path_contains(part)
}

fn first(matchers: impl IntoIterator<Item = Matcher>, fault: &Fault) -> Rules {
    matchers.into_iter().map(|matcher| (matcher.first(1), fault.clone())).collect()
}

/// The first request of each sort while one cluster is updated, one created and one pruned; of conflicts, the writes.
pub fn each(fault: &Fault) -> Rules {
    let writes = [patch("/leases/"), patch("/secrets/spoke-dev"), patch("/secrets/spoke-fl")];
    let writes = writes.into_iter().chain([delete("/secrets/spoke-fl")]);
    let tried = Matcher::any().method("PATCH").dry_run(true);
    let reads = [get("/api/v1/namespaces/kube-system"), get("/apis"), get(SECRETS), tried];
    let is_conflict = matches!(fault, Fault::Status { code: 409, .. });
    first(reads.into_iter().filter(|_| !is_conflict).chain(writes), fault)
}

/// The first request of each sort in an apply to an empty cluster.
pub fn each_first(fault: &Fault) -> Rules {
    let inventory = patch("/configmaps/bridge");
    let writes = ["/namespaces/argocd", "/leases/", DEFINITION, "/deployments/", "/secrets/spoke-dev"];
    let sorts = writes.into_iter().map(patch).chain([inventory, get(DEFINITION)]);
    first(sorts, fault)
}

/// The first deletion of each sort in a destroy.
pub fn each_deletion(fault: &Fault) -> Rules {
    let sorts = ["/applicationsets/addons", "/secrets/spoke-dev", "/deployments/", "/configmaps/argocd-cm"];
    first(sorts.into_iter().map(delete), fault)
}

/// Every write of one object, also its deletion.
pub fn once(part: &str, fault: &Fault) -> Rules {
    vec![(Matcher::any().write(true).path_contains(part), fault.clone())]
}

/// The list of the Secrets.
pub fn unknown_list(fault: &Fault) -> Rules {
    vec![(get(SECRETS), fault.clone())]
}

/// A list of several pages whose second one went away so often.
pub fn expired(times: usize) -> Rules {
    let page =
        json!({"kind": "SecretList", "apiVersion": "v1", "metadata": {"continue": "next"}, "items": []});
    let gone = status(410, "Expired", "The provided continue parameter is too old");
    let list = || get(SECRETS).query_contains("part-of");
    let next = list().query_contains("continue=");
    vec![(next.first(times), gone), (list().first(2 * times), answer(200, &page.to_string()))]
}

/// A definition that is established after three looks, and whose kinds are discovered one question later.
pub fn definitions_late() -> Rules {
    let new = json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "applications.argoproj.io", "uid": "u", "resourceVersion": "2"},
    });
    let none = json!({"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "items": []});
    // The first GET of the definition, and two of what is served, come before the definitions are written.
    let looks = [2, 3, 4].map(|nth| (get(DEFINITION).nth(nth), answer(200, &new.to_string())));
    looks.into_iter().chain([(get("/apis").nth(3), answer(200, &none.to_string()))]).collect()
}

/// The conflict of a server-side apply.
pub fn field_conflict() -> Fault {
    let cause = json!({
        "reason": "FieldManagerConflict", "field": ".metadata.labels.tier",
        "message": "conflict with \"kubectl-edit\" using v1 at 2026-01-01T00:00:00Z",
    });
    let body = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "code": 409, "reason": "Conflict",
        "message": "Apply failed with 1 conflict", "details": {"causes": [cause]},
    });
    answer(409, &body.to_string())
}

/// A `Status` of the API server.
pub fn status(code: u16, reason: &str, message: &str) -> Fault {
    Fault::status(code, reason, message)
}

/// Any other answer.
pub fn answer(code: u16, body: &str) -> Fault {
    let headers = vec![("Content-Type".to_owned(), "application/json".to_owned())];
    Fault::Status { code, headers, body: body.to_owned() }
}
