//! One request: concurrency limit, time limit, retries, and what an error answer means.

#![expect(clippy::disallowed_methods, reason = "time limits need the clock")]

use std::time::{Duration, Instant};

use http::{Method, Request, Response, header};
use http_body_util::BodyExt;
use kube::Client;
use kube::client::Body;
use serde_json::Value;
use tokio::sync::{Mutex, Semaphore};

use crate::cluster::connect::{CONNECT_TIMEOUT, Identity, Session, innermost};
use crate::cluster::error::{ApiStatus, ClusterError};
use crate::profile::sensitive::Sensitive;

/// The longest that one attempt of a request may take, and how long after the first one another may begin. A LIST of ten
/// thousand Secrets over a slow link stays below it; a server whose `Retry-After` is later is told of instead.
const LIMIT: Duration = Duration::from_secs(60);
/// How often a request is tried in all.
const ATTEMPTS: u32 = 5;
/// How often a connection is tried that nobody accepts: a cluster that is not there shall be told of soon.
const CONNECTS: u32 = 3;
/// The pause before the first retry where the server names none (`Retry-After`); it doubles each time.
const FIRST_PAUSE: Duration = Duration::from_millis(200);

/// Sends requests to one API server.
pub(super) struct Transport {
    identity: Identity,
    session: Mutex<Session>,
    server: String,
    /// The options by which kubectl reaches the same cluster.
    reach: String,
    permits: Semaphore,
    parallelism: usize,
}

impl std::fmt::Debug for Transport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Transport({})", self.server)
    }
}

/// A request, and what `kubectl auth can-i` would call it.
pub(super) struct Call<'a> {
    pub(super) method: Method,
    /// Path and query.
    pub(super) path: &'a str,
    pub(super) body: Option<Vec<u8>>,
    pub(super) content_type: &'static str,
    pub(super) accept: &'static str,
    pub(super) verb: &'static str,
    pub(super) resource: &'a str,
    pub(super) namespace: Option<&'a str>,
    /// Whether a second delivery after a first one that was not answered does no harm.
    pub(super) repeatable: bool,
    /// Not to wait for its turn among the requests that run at the same time, and a limit of its own.
    pub(super) at_once: Option<Duration>,
}

impl<'a> Call<'a> {
    pub(super) fn get(
        path: &'a str,
        verb: &'static str,
        resource: &'a str,
        namespace: Option<&'a str>,
    ) -> Self {
        Self {
            method: Method::GET,
            path,
            body: None,
            content_type: "application/json",
            accept: "application/json",
            verb,
            resource,
            namespace,
            repeatable: true,
            at_once: None,
        }
    }

    fn limit(&self) -> Duration {
        self.at_once.unwrap_or(LIMIT)
    }

    fn describe(&self) -> String {
        format!("{} {}", self.method, self.path.split('?').next().unwrap_or(self.path))
    }
}

/// What the API server answered.
pub(super) struct Answer {
    pub(super) created: bool,
    pub(super) body: Value,
    pub(super) warnings: Vec<String>,
}

/// What the API server answered, as bytes.
struct Unread {
    code: u16,
    body: Vec<u8>,
    warnings: Vec<String>,
}

impl Unread {
    fn read(self, call: &Call<'_>) -> Result<Answer, ClusterError> {
        let Self { code, body, warnings } = self;
        let malformed = |error: serde_json::Error| ClusterError::Malformed {
            request: call.describe(),
            cause: error.to_string(),
        };
        let body = serde_json::from_slice(&body).map_err(malformed)?;
        Ok(Answer { created: code == 201, body, warnings })
    }
}

/// How one attempt ended.
enum Attempt {
    Answered(u16, Vec<u8>, Vec<String>, Option<Duration>),
    /// No connection was made, so nothing was delivered.
    NotDelivered(ClusterError),
    /// The connection broke, or took too long, after the request may have been delivered.
    Lost(ClusterError),
}

impl Transport {
    pub(super) fn new(
        identity: Identity,
        session: Session,
        server: String,
        reach: String,
        parallelism: usize,
    ) -> Self {
        let parallelism = parallelism.max(1);
        let (session, permits) = (Mutex::new(session), Semaphore::new(parallelism));
        Self { identity, session, server, reach, permits, parallelism }
    }

    pub(super) fn parallelism(&self) -> usize {
        self.parallelism
    }

    /// The same server, as the holder of a token.
    pub(super) async fn as_holder(&self, token: &Sensitive) -> Result<Self, ClusterError> {
        let identity = self.identity.with_bearer(token);
        let session = identity.begin().await.map_err(ClusterError::Kubeconfig)?;
        Ok(Self::new(identity, session, self.server.clone(), self.reach.clone(), self.parallelism))
    }

    /// Makes a credential known before anybody else sees it.
    pub(super) fn tell(&self, credential: &Sensitive) {
        self.identity.tell(credential);
    }

    pub(super) async fn kube_system_uid(&self) -> Result<String, ClusterError> {
        let call = Call::get("/api/v1/namespaces/kube-system", "get", "namespaces/kube-system", None);
        let answer = self.send(&call).await?;
        let uid = answer.body.pointer("/metadata/uid").and_then(Value::as_str);
        uid.map(str::to_owned).ok_or_else(|| ClusterError::Malformed {
            request: call.describe(),
            cause: "the namespace has no uid".to_owned(),
        })
    }

    /// Sends a request until it is answered, refused for good, or tried often or long enough.
    pub(super) async fn send(&self, call: &Call<'_>) -> Result<Answer, ClusterError> {
        self.deliver(call).await?.read(call)
    }

    /// The same for an answer that is read later: as bytes it takes a fifth of what it takes parsed.
    pub(super) async fn send_for_bytes(&self, call: &Call<'_>) -> Result<Vec<u8>, ClusterError> {
        Ok(self.deliver(call).await?.body)
    }

    /// The same for an answer that is text, such as a log. Bytes that are no UTF-8 are replaced.
    pub(super) async fn send_for_text(&self, call: &Call<'_>) -> Result<String, ClusterError> {
        let answer = self.deliver(call).await?;
        Ok(String::from_utf8_lossy(&answer.body).into_owned())
    }

    async fn deliver(&self, call: &Call<'_>) -> Result<Unread, ClusterError> {
        let (started, mut attempt, mut pause) = (Instant::now(), 1, FIRST_PAUSE);
        let mut is_lost = false;
        loop {
            let (error, wait) = match self.attempt(call).await {
                Attempt::Answered(code, body, warnings, _) if (200..300).contains(&code) => {
                    return Ok(Unread { code, body, warnings });
                }
                Attempt::Answered(code, body, _, retry_after) => {
                    let wait = retry_after.unwrap_or(pause);
                    let error = self.refused(call, code, &body, is_lost);
                    is_lost |= code >= 500;
                    (error, is_transient(code, call.repeatable).then_some(wait))
                }
                Attempt::NotDelivered(error) => {
                    let is_retried = attempt < CONNECTS && is_retried(&error);
                    (error, is_retried.then_some(pause))
                }
                Attempt::Lost(error) => {
                    let is_retried = call.repeatable && is_retried(&error);
                    is_lost = true;
                    (error, is_retried.then_some(pause))
                }
            };
            let Some(wait) =
                wait.filter(|wait| attempt < ATTEMPTS && started.elapsed() + *wait <= call.limit())
            else {
                return Err(error);
            };
            tracing::debug!(%error, ?wait, request = call.describe(), "retrying");
            tokio::time::sleep(wait).await;
            (attempt, pause) = (attempt + 1, pause * 2);
        }
    }

    async fn attempt(&self, call: &Call<'_>) -> Attempt {
        let request = match request(call) {
            Ok(request) => request,
            Err(cause) => {
                return Attempt::NotDelivered(ClusterError::Malformed { request: call.describe(), cause });
            }
        };
        let client = match self.client().await {
            Ok(client) => client,
            Err(error) => return Attempt::NotDelivered(error),
        };
        let _permit = if call.at_once.is_none() { self.permits.acquire().await.ok() } else { None };
        let started = Instant::now();
        let outcome = tokio::time::timeout(call.limit(), self.exchange(&client, request)).await;
        tracing::debug!(request = call.describe(), elapsed = ?started.elapsed(), "sent");
        match outcome {
            Ok(attempt) => attempt,
            Err(_) => Attempt::Lost(ClusterError::TimedOut {
                server: self.server.clone(),
                request: call.describe(),
                seconds: call.limit().as_secs(),
            }),
        }
    }

    /// A client whose credential is in force. Renewing it has time limits of its own, and is done once for all requests.
    async fn client(&self) -> Result<Client, ClusterError> {
        let mut session = self.session.lock().await;
        if session.is_over() {
            let why = |why| ClusterError::Unauthorized { server: self.server.clone(), why: Some(why) };
            self.identity.renew(&mut session).await.map_err(why)?;
        }
        Ok(session.client.clone())
    }

    async fn exchange(&self, client: &Client, request: Request<Body>) -> Attempt {
        let response = match client.send(request).await {
            Ok(response) => response,
            Err(error) => return self.failed(&error),
        };
        let (code, warnings, retry_after) =
            (response.status().as_u16(), warnings(&response), retry_after(&response));
        match response.into_body().collect().await {
            Ok(body) => Attempt::Answered(code, body.to_bytes().into(), warnings, retry_after),
            Err(error) => Attempt::Lost(self.unreachable(innermost(&error), true)),
        }
    }

    fn failed(&self, error: &kube::Error) -> Attempt {
        let cause = innermost(error);
        if is_tls(&cause) {
            return Attempt::NotDelivered(ClusterError::Tls { server: self.server.clone(), cause });
        }
        if chain(error).contains("client error (Connect)") {
            Attempt::NotDelivered(self.unreachable(in_words(cause), false))
        } else {
            Attempt::Lost(self.unreachable(cause, true))
        }
    }

    fn unreachable(&self, cause: String, is_connected: bool) -> ClusterError {
        ClusterError::Unreachable { server: self.server.clone(), cause, is_connected }
    }

    fn refused(&self, call: &Call<'_>, code: u16, body: &[u8], is_lost: bool) -> ClusterError {
        let status = ApiStatus { may_be_own: is_lost, ..ApiStatus::read(code, body) };
        match code {
            // Go's TLS server answers so to a request without TLS.
            400 if body.starts_with(b"Client sent an HTTP request to an HTTPS server") => ClusterError::Tls {
                server: self.server.clone(),
                cause: "it speaks TLS, and the kubeconfig's `server` begins with http://".to_owned(),
            },
            401 => ClusterError::Unauthorized { server: self.server.clone(), why: None },
            403 if status.reason == "Forbidden" && !is_admission(&status.message) => {
                ClusterError::Forbidden {
                    verb: call.verb.to_owned(),
                    resource: call.resource.to_owned(),
                    namespace: call.namespace.map(str::to_owned),
                    reach: self.reach.clone(),
                    message: status.message,
                }
            }
            _ => ClusterError::Api(status),
        }
    }
}

/// Admission answers 403 too: a webhook that denies, a quota, a namespace that is being deleted. Those are no missing
/// rights.
fn is_admission(message: &str) -> bool {
    [
        "admission webhook",
        "exceeded quota",
        "being terminated",
        "ValidatingAdmissionPolicy",
        "violates PodSecurity",
    ]
    .iter()
    .any(|sign| message.contains(sign))
}

fn request(call: &Call<'_>) -> Result<Request<Body>, String> {
    let builder =
        Request::builder().method(call.method.clone()).uri(call.path).header(header::ACCEPT, call.accept);
    let body = call.body.clone();
    let builder =
        if body.is_some() { builder.header(header::CONTENT_TYPE, call.content_type) } else { builder };
    builder.body(Body::from(body.unwrap_or_default())).map_err(|error| error.to_string())
}

/// 500 is among them because the API server answers it for a webhook that does not answer yet.
fn is_transient(code: u16, repeatable: bool) -> bool {
    code == 429 || (repeatable && matches!(code, 500 | 502 | 503 | 504))
}

fn is_retried(error: &ClusterError) -> bool {
    matches!(error, ClusterError::Unreachable { .. })
}

/// tokio-rustls' words for a server that said nothing at all, which tells of no certificate.
const HANDSHAKE_EOF: &str = "tls handshake eof";

/// rustls' and webpki's words for a handshake that failed; there is no typed way through hyper's boxed errors.
fn is_tls(cause: &str) -> bool {
    cause != HANDSHAKE_EOF
        && ["certificate", "handshake", "CertExpired", "UnknownIssuer", "AlertReceived", "fatal alert"]
            .iter()
            .any(|sign| cause.contains(sign))
}

/// What a connection that came to nothing says of itself, where that is too little. The handshake counts: who is paused lets
/// its kernel accept connections, and so does a load balancer with nobody behind it.
fn in_words(cause: String) -> String {
    match cause.as_str() {
        "deadline has elapsed" => format!("no connection within {} s", CONNECT_TIMEOUT.as_secs()),
        HANDSHAKE_EOF => "it closes connections before it has said anything".to_owned(),
        _ => cause,
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(source) = cause {
        text.push_str(": ");
        text.push_str(&source.to_string());
        cause = source.source();
    }
    text
}

/// The text of `Warning: 299 - "text"` headers.
fn warnings(response: &Response<Body>) -> Vec<String> {
    let headers = response.headers().get_all(header::WARNING).iter().filter_map(|value| value.to_str().ok());
    headers
        .filter_map(|text| text.split_once('"'))
        .map(|(_, text)| text.trim_end_matches('"').to_owned())
        .collect()
}

fn retry_after(response: &Response<Body>) -> Option<Duration> {
    let seconds = response.headers().get(header::RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds))
}
