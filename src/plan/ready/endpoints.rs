//! Whether Argo CD's API answers, as far as that can be seen without a connection to it: somebody ready stands behind its
//! Service.
//!
//! The pod's readiness probe asks argocd-server itself (`/healthz?full=true`), and the EndpointSlice says that the Service leads
//! to that pod: a patch of labels or ports may part the two. A request through the API server's proxy would prove a little more,
//! and fails on most managed clusters, whose API servers do not reach pods.

use serde_json::Value;

use crate::desired::id::{GroupKind, ObjectId};
use crate::plan::live::Live;
use crate::plan::ready::{Readiness, text};

/// The Service that a part of Argo CD is reached by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Served {
    /// The Service.
    pub service: ObjectId,
}

impl Served {
    /// That of argocd-server; the flavor `core` has none.
    #[must_use]
    pub fn by(workload: &Live) -> Option<Self> {
        let id = workload.id();
        if (id.group_kind.kind.as_str(), id.name.as_str()) != ("Deployment", "argocd-server") {
            return None;
        }
        let group_kind = GroupKind::parse("Service");
        Some(Self { service: ObjectId { group_kind, ..id.clone() } })
    }

    /// What its EndpointSlices are selected by (`discovery.k8s.io/v1`, `LabelServiceName`).
    #[must_use]
    pub fn selector(&self) -> String {
        format!("kubernetes.io/service-name={}", self.service.name)
    }

    /// Whether somebody stands behind a Service with these EndpointSlices. `ready` unset means ready, by the definition of
    /// `EndpointConditions`.
    #[must_use]
    pub fn has_endpoint(slices: &[Live]) -> bool {
        let endpoints = slices.iter().filter_map(|slice| slice.body().get("endpoints")?.as_array()).flatten();
        endpoints.into_iter().any(|endpoint| {
            let is_ready = endpoint.pointer("/conditions/ready").and_then(Value::as_bool).unwrap_or(true);
            is_ready && !text(endpoint, "/addresses/0").is_empty()
        })
    }

    /// What to make of a Service behind which nobody stands. One that was taken out of the manifest, or has no selector, is
    /// somebody else's matter.
    #[must_use]
    pub fn without_endpoint(&self, service: Option<&Live>) -> Readiness {
        let selector = service.and_then(|service| service.body().pointer("/spec/selector")?.as_object());
        if selector.is_none_or(serde_json::Map::is_empty) {
            return Readiness::Ready;
        }
        Readiness::Progressing(format!("nobody who is ready stands behind the Service {}", self.service.name))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn slice(endpoints: &Value) -> Live {
        let body = json!({"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
            "metadata": {"name": "x"}, "addressType": "IPv4", "endpoints": endpoints});
        Live::new(body).unwrap()
    }

    #[test]
    fn an_endpoint_is_ready_unless_it_says_that_it_is_not() {
        let endpoint = |conditions: Value| json!([{"addresses": ["10.0.0.1"], "conditions": conditions}]);
        let has = |endpoints: Value| Served::has_endpoint(&[slice(&json!([])), slice(&endpoints)]);
        assert!(has(endpoint(json!({"ready": true}))) && has(endpoint(json!({}))));
        assert!(!has(endpoint(json!({"ready": false}))));
        assert!(!has(json!([{"addresses": []}])) && !has(Value::Null));
        assert!(!Served::has_endpoint(&[]));
    }

    #[test]
    fn only_a_service_that_selects_pods_has_to_have_one() {
        let named = |kind: &str, name: &str, spec: Value| {
            let metadata = json!({"name": name, "namespace": "argocd"});
            Live::new(json!({"apiVersion": "v1", "kind": kind, "metadata": metadata, "spec": spec})).unwrap()
        };
        let server = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "argocd-server", "namespace": "argocd"}});
        let served = Served::by(&Live::new(server.clone()).unwrap()).unwrap();
        assert_eq!(served.service, *named("Service", "argocd-server", json!({})).id());
        assert_eq!(served.selector(), "kubernetes.io/service-name=argocd-server");
        let mut other = server;
        other["metadata"]["name"] = "argocd-repo-server".into();
        assert_eq!(Served::by(&Live::new(other).unwrap()), None);
        let service = |spec: Value| named("Service", "argocd-server", spec);
        let why = "nobody who is ready stands behind the Service argocd-server".to_owned();
        let selecting = service(json!({"selector": {"app": "x"}}));
        assert_eq!(served.without_endpoint(Some(&selecting)), Readiness::Progressing(why));
        assert_eq!(served.without_endpoint(Some(&service(json!({"selector": {}})))), Readiness::Ready);
        assert_eq!(served.without_endpoint(Some(&service(json!({})))), Readiness::Ready);
        assert_eq!(served.without_endpoint(None), Readiness::Ready);
    }
}
