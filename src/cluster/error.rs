//! What can go wrong between bridge and an API server, in words for people.
//!
//! `kube::Error` is never shown: its text prints the Debug form of the status and repeats its own source.

use serde_json::Value;

use crate::code::Code;
use crate::plan::change::FieldConflict;
use crate::plan::refusal::{Cause, Refusal};

/// Why a request to a cluster failed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ClusterError {
    /// No kubeconfig file was found.
    #[error("there is no kubeconfig: {}", sought(looked_for))]
    NoKubeconfig {
        /// The paths that were tried.
        looked_for: Vec<String>,
    },
    /// The kubeconfig cannot be used.
    #[error("the kubeconfig cannot be used: {0}")]
    Kubeconfig(String),
    /// The kubeconfig has no such context.
    #[error("the kubeconfig has no context `{wanted}`")]
    NoContext {
        /// What was asked for.
        wanted: String,
        /// What there is.
        available: Vec<String>,
    },
    /// No context was named and the kubeconfig has no current one.
    #[error("the kubeconfig has no current context")]
    NoCurrentContext {
        /// What there is.
        available: Vec<String>,
    },
    /// There is no ServiceAccount to use inside a pod.
    #[error("`--in-cluster` was given, and this is no pod with a ServiceAccount: {0}")]
    NotInCluster(String),
    /// The API server does not answer.
    #[error("the API server {server} does not answer: {cause}")]
    Unreachable {
        /// Its address.
        server: String,
        /// Why, from the innermost cause.
        cause: String,
        /// Whether there was a connection, so that the request may have been delivered.
        is_connected: bool,
    },
    /// The API server's certificate, or ours, is not accepted.
    #[error("no TLS connection to {server}: {cause}")]
    Tls {
        /// Its address.
        server: String,
        /// Why.
        cause: String,
    },
    /// The API server took too long.
    #[error("the API server {server} did not answer {request} within {seconds} s")]
    TimedOut {
        /// Its address.
        server: String,
        /// Method and path.
        request: String,
        /// How long bridge waited.
        seconds: u64,
    },
    /// The API server does not know who we are.
    #[error("the API server {server} does not accept these credentials{}", why.as_ref().map(|why| format!(": {why}")).unwrap_or_default())]
    Unauthorized {
        /// Its address.
        server: String,
        /// Why there are none to send. Never the server's words: they may repeat what was sent.
        why: Option<String>,
    },
    /// We may not do this.
    #[error("not allowed: {message}")]
    Forbidden {
        /// The verb, as `kubectl auth can-i` takes it.
        verb: String,
        /// The resource, as `kubectl auth can-i` takes it.
        resource: String,
        /// The namespace; `None` for the whole cluster.
        namespace: Option<String>,
        /// The options by which kubectl reaches the same cluster, each after a space.
        reach: String,
        /// In the server's words.
        message: String,
    },
    /// The API server answered with another error.
    #[error("{0}")]
    Api(ApiStatus),
    /// The cluster has no such kind.
    #[error("the cluster has no kind {kind} in {api_version}")]
    NoSuchKind {
        /// The kind.
        kind: String,
        /// Its API version.
        api_version: String,
    },
    /// The API server's answer is not what it should be.
    #[error("the API server's answer to {request} makes no sense: {cause}")]
    Malformed {
        /// Method and path.
        request: String,
        /// What is wrong with it.
        cause: String,
    },
}

impl ClusterError {
    /// The documented problem.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::NoKubeconfig { .. } | Self::Kubeconfig(_) => Code::KUBECONFIG,
            Self::NoContext { .. } | Self::NoCurrentContext { .. } => Code::NO_CONTEXT,
            Self::NotInCluster(_) => Code::NOT_IN_CLUSTER,
            Self::Unreachable { .. } | Self::TimedOut { .. } => Code::UNREACHABLE,
            Self::Tls { .. } => Code::TLS,
            Self::Unauthorized { .. } => Code::UNAUTHORIZED,
            Self::Forbidden { .. } => Code::FORBIDDEN,
            Self::Api(_) | Self::Malformed { .. } => Code::API,
            Self::NoSuchKind { .. } => Code::NO_SUCH_KIND,
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn hints(&self) -> Vec<String> {
        match self {
            Self::NoKubeconfig { .. } => {
                vec![
                    "set KUBECONFIG or give `--kubeconfig FILE`; inside a pod, give `--in-cluster`"
                        .to_owned(),
                ]
            }
            Self::NoContext { wanted, available } => context_hints(Some(wanted), available),
            Self::NoCurrentContext { available } => context_hints(None, available),
            Self::Forbidden { verb, resource, namespace, reach, message: _ } => {
                let scope =
                    namespace.as_ref().map_or("--all-namespaces".to_owned(), |name| format!("-n {name}"));
                vec![
                    format!("check with: kubectl auth can-i {verb} {resource} {scope}{reach}"),
                    "installing Argo CD needs cluster-admin, because its controller's ClusterRole allows everything".to_owned(),
                ]
            }
            Self::Unreachable { .. } | Self::TimedOut { .. } => {
                vec!["check that the cluster runs and that this machine reaches its address (VPN, proxy, firewall)".to_owned()]
            }
            Self::Tls { cause, .. } if cause.contains("xpired") => {
                vec!["a certificate has expired: renew the kubeconfig's client certificate, or look at this machine's clock".to_owned()]
            }
            Self::Tls { server, .. } if server.starts_with("http://") => {
                vec![format!(
                    "write `server: {}` into the kubeconfig's cluster",
                    server.replacen("http://", "https://", 1)
                )]
            }
            Self::Tls { .. } => {
                vec![
                    "check `certificate-authority-data` and `tls-server-name` of the kubeconfig's cluster"
                        .to_owned(),
                ]
            }
            Self::Unauthorized { .. } => {
                vec![
                    "the token or certificate of the kubeconfig's user is wrong or has expired: log in again"
                        .to_owned(),
                ]
            }
            Self::Malformed { .. } => {
                vec!["something between bridge and the API server (a proxy, a load balancer) may have cut or changed the answer: run the same command again".to_owned()]
            }
            Self::Api(status) => status.hint().map(str::to_owned).into_iter().collect(),
            Self::Kubeconfig(_) | Self::NotInCluster(_) | Self::NoSuchKind { .. } => Vec::new(),
        }
    }

    /// The status that the API server answered with, where it answered.
    #[must_use]
    pub fn status(&self) -> Option<&ApiStatus> {
        match self {
            Self::Api(status) => Some(status),
            Self::NoKubeconfig { .. }
            | Self::Kubeconfig(_)
            | Self::NoContext { .. }
            | Self::NoCurrentContext { .. }
            | Self::NotInCluster(_)
            | Self::Unreachable { .. }
            | Self::Tls { .. }
            | Self::TimedOut { .. }
            | Self::Unauthorized { .. }
            | Self::Forbidden { .. }
            | Self::NoSuchKind { .. }
            | Self::Malformed { .. } => None,
        }
    }

    /// Whether the request may have been carried out all the same: nobody answered it, or somebody else than the API server.
    #[must_use]
    pub fn may_be_delivered(&self) -> bool {
        let is_lost =
            matches!(self, Self::Unreachable { .. } | Self::TimedOut { .. } | Self::Malformed { .. });
        is_lost || self.status().is_some_and(|status| matches!(status.code, 500 | 502..=504))
    }

    /// Whether nobody takes a connection: of this server nothing else needs to be asked.
    #[must_use]
    pub fn is_away(&self) -> bool {
        matches!(self, Self::Unreachable { is_connected: false, .. })
    }

    /// Whether the API server says that the object of the request does not exist.
    ///
    /// A bare 404 says nothing about an object: whoever stands between bridge and the API server answers it, too, and so does
    /// the API server for a kind that it does not serve.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.status().is_some_and(|status| status.code == 404 && status.reason == "NotFound")
    }

    /// Whether there is nothing under the path of the request, for whatever reason.
    #[must_use]
    pub fn is_no_path(&self) -> bool {
        self.status().is_some_and(|status| status.code == 404)
    }
}

/// Where a kubeconfig was looked for.
fn sought(looked_for: &[String]) -> String {
    if looked_for.is_empty() {
        "neither KUBECONFIG nor HOME is set".to_owned()
    } else {
        format!("looked for {}", looked_for.join(", "))
    }
}

fn context_hints(wanted: Option<&str>, available: &[String]) -> Vec<String> {
    let closest = wanted.and_then(|wanted| {
        available.iter().max_by(|a, b| similarity(wanted, a).total_cmp(&similarity(wanted, b)))
    });
    let mut hints = Vec::new();
    if let (Some(wanted), Some(closest)) = (wanted, closest)
        && similarity(wanted, closest) > 0.7
    {
        hints.push(format!("did you mean `{closest}`?"));
    }
    if available.is_empty() {
        hints.push("the kubeconfig has no context at all".to_owned());
    } else {
        hints.push(format!("contexts: {}; choose one with `--context NAME`", available.join(", ")));
    }
    hints
}

fn similarity(left: &str, right: &str) -> f64 {
    strsim::jaro_winkler(left, right)
}

/// An error that the API server answered with (`metav1.Status`).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ApiStatus {
    /// HTTP status code.
    pub code: u16,
    /// Machine-readable reason: `Conflict`, `Invalid`, `NotFound`.
    pub reason: String,
    /// In the server's words.
    pub message: String,
    /// Details, one for each cause.
    pub causes: Vec<Cause>,
    /// Whether an attempt before this one may have been carried out, so that it may be about what that one did.
    pub may_be_own: bool,
}

impl ApiStatus {
    /// Reads the body of an error answer; of a body that is no status nothing is shown.
    #[must_use]
    pub fn read(code: u16, body: &[u8]) -> Self {
        let status: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
        let text =
            |value: &Value, key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let causes = status.pointer("/details/causes").and_then(Value::as_array);
        let cause = |cause: &Value| Cause {
            reason: text(cause, "reason"),
            message: text(cause, "message"),
            field: text(cause, "field"),
        };
        let message = match text(&status, "message") {
            message if message.is_empty() => http_status(code),
            message => message,
        };
        Self {
            code,
            reason: text(&status, "reason"),
            message,
            causes: causes.into_iter().flatten().map(cause).collect(),
            may_be_own: false,
        }
    }

    /// The fields that other managers own; empty when it is no conflict of server-side apply.
    #[must_use]
    pub fn field_conflicts(&self) -> Vec<FieldConflict> {
        let conflicts = self.causes.iter().filter(|cause| cause.reason == "FieldManagerConflict");
        conflicts
            .map(|cause| FieldConflict { field: cause.field.clone(), manager: manager(&cause.message) })
            .collect()
    }

    /// What it says about the object that was asked for.
    #[must_use]
    pub fn refusal(&self) -> Refusal {
        Refusal::read(self.code, &self.message, &self.causes)
    }

    /// What to do about it, as far as the code and the words of the API server tell.
    fn hint(&self) -> Option<&'static str> {
        let says = |words: &str| self.message.contains(words);
        Some(match self.code {
            _ if says("failed calling webhook") => {
                "the webhook's service does not answer; this lists who asks it: kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations"
            }
            _ if says("being terminated") => {
                "wait until the namespace is gone, then run the same command again"
            }
            429 | 500 | 502..=504 => {
                "the API server, or what stands before it, is overloaded or unwell: wait, then run the same command again; it goes on where it stopped"
            }
            _ if says("denied the request") || says("denied request") => {
                "a rule of this cluster does not allow it: change it in the profile or a patch, or ask whoever made the rule"
            }
            410 => "the list changes faster than it can be read: run the same command again",
            400 | 422 => "correct it in the profile, a patch or a template",
            409 => "run `bridge plan` again and look at the new plan",
            _ => return None,
        })
    }

    /// Whether the object was changed since the resourceVersion that the request named.
    #[must_use]
    pub fn is_stale(&self) -> bool {
        self.code == 409 && self.reason == "Conflict" && self.field_conflicts().is_empty()
    }
}

/// The manager in `conflict with "kubectl-edit" using v1 at ...`, as the API server words it.
fn manager(message: &str) -> String {
    message.split('"').nth(1).unwrap_or(message).to_owned()
}

/// The body of whoever stands between bridge and the API server is not shown: it may repeat what was sent.
fn http_status(code: u16) -> String {
    let reason = http::StatusCode::from_u16(code).ok().and_then(|status| status.canonical_reason());
    format!("HTTP {code} {}", reason.unwrap_or_default()).trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::{ApiStatus, ClusterError};

    #[test]
    fn a_conflict_names_field_and_manager() {
        let body =
            br#"{"kind":"Status","code":409,"reason":"Conflict","message":"Apply failed with 1 conflict",
            "details":{"causes":[{"reason":"FieldManagerConflict","field":".metadata.labels.env",
            "message":"conflict with \"kubectl-edit\" using v1 at 2026-01-01T00:00:00Z"}]}}"#;
        let status = ApiStatus::read(409, body);
        let conflicts = status.field_conflicts();
        assert_eq!(
            (conflicts[0].field.as_str(), conflicts[0].manager.as_str()),
            (".metadata.labels.env", "kubectl-edit")
        );
        assert!(!status.is_stale());
    }

    #[test]
    fn only_the_api_server_says_that_an_object_does_not_exist() {
        let answer = |body: &[u8]| ClusterError::Api(ApiStatus::read(404, body));
        assert!(
            answer(
                br#"{"kind":"Status","code":404,"reason":"NotFound","message":"secrets \"x\" not found"}"#
            )
            .is_not_found()
        );
        for body in
            ["404 page not found\n", "<html>default backend</html>", r#"{"type":"error","status":"404"}"#]
        {
            assert!(!answer(body.as_bytes()).is_not_found(), "{body}");
        }
    }

    #[test]
    fn of_a_body_that_is_no_status_nothing_is_shown() {
        assert_eq!(ApiStatus::read(502, b"<html>oops</html>").message, "HTTP 502 Bad Gateway");
        assert_eq!(ApiStatus::read(599, b"").message, "HTTP 599");
    }
}
