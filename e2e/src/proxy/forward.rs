//! One request: recorded, broken if a rule says so, else passed on to the apiserver.

use super::body::{Cut, Passage};
use super::connection::Line;
use super::fault::{Fault, Moment};
use super::record::{Entry, Ledger, Recorded, target};
use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{CONNECTION, CONTENT_LENGTH, HOST, HeaderMap, HeaderName, TRANSFER_ENCODING, UPGRADE};
use http::{Request, Response, StatusCode, Uri};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Bytes, Incoming};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use std::sync::Arc;

type AnswerBody = BoxBody<Bytes, hyper::Error>;

/// The apiserver behind the proxy.
#[derive(Debug)]
pub(super) struct Upstream {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    url: String,
}

impl Upstream {
    pub(super) fn new(url: &str, ca_pem: &str) -> Result<Self> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(ca_pem.as_bytes())?)?;
        let tls = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        let connector = HttpsConnectorBuilder::new().with_tls_config(tls).https_only().enable_http1().build();
        let client = Client::builder(TokioExecutor::new()).build(connector);
        Ok(Self { client, url: url.to_owned() })
    }

    async fn ask(&self, parts: &http::request::Parts, body: Bytes) -> Result<Response<Incoming>> {
        let uri: Uri = format!("{}{}", self.url, target(&parts.uri)).parse()?;
        let mut request = Request::builder().method(parts.method.clone()).uri(uri).body(Full::new(body))?;
        *request.headers_mut() = end_to_end(&parts.headers, &[HOST, CONTENT_LENGTH]);
        self.client.request(request).await.context("the apiserver cannot be reached")
    }
}

/// The answer that repeats a request: its credential and its body, and the body's base64.
fn echo(code: u16, parts: &http::request::Parts, body: &[u8]) -> Fault {
    let credential =
        parts.headers.get(http::header::AUTHORIZATION).map_or(&b""[..], |value| value.as_bytes());
    let text = String::from_utf8_lossy;
    let message = format!("{} {} {}", text(credential), text(body), STANDARD.encode(body));
    let reason = if code == 403 { "Forbidden" } else { "InternalError" };
    Fault::status(code, reason, &message).header("Retry-After", "0")
}

/// What answers the requests of one connection.
#[derive(Clone)]
pub(super) struct Exchange {
    pub(super) upstream: Arc<Upstream>,
    pub(super) ledger: Arc<Ledger>,
    pub(super) line: Line,
}

impl Exchange {
    /// Answers one request; an error ends the connection.
    pub(super) async fn answer(self, request: Request<Incoming>) -> Result<Response<AnswerBody>> {
        let (parts, body) = request.into_parts();
        let body = body.collect().await?.to_bytes();
        let recorded = Recorded::new(&parts, body.clone());
        // Until the head of the answer: from then on the client may send its next request.
        let _flight = self.ledger.fly(&recorded);
        let (entry, fault) = self.ledger.enter(recorded);
        for action in self.ledger.arrived(entry) {
            tokio::task::spawn_blocking(action).await?;
        }
        let fault = match fault {
            Some(Fault::Echo(code)) => Some(echo(code, &parts, &body)),
            other => other,
        };
        if let Some(fault) = fault.as_ref().filter(|fault| !fault.reaches_server()) {
            return self.refuse(entry, fault).await;
        }
        match self.upstream.ask(&parts, body).await {
            Ok(answer) => self.pass_on(entry, answer, fault.as_ref()).await,
            Err(error) => self.send(entry, StatusCode::BAD_GATEWAY.as_u16(), &[], &format!("{error:#}")),
        }
    }

    /// A fault that keeps the request from the apiserver.
    async fn refuse(self, entry: Entry, fault: &Fault) -> Result<Response<AnswerBody>> {
        match fault {
            Fault::Status { code, headers, body } => self.send(entry, *code, headers, body),
            Fault::Reset(_) => self.silence(Some(true)).await,
            Fault::Echo(_) | Fault::Hang(_) | Fault::Truncate => self.silence(None).await,
        }
    }

    /// An answer of the proxy's own.
    fn send(
        &self,
        entry: Entry,
        code: u16,
        headers: &[(String, String)],
        text: &str,
    ) -> Result<Response<AnswerBody>> {
        let mut response = Response::builder().status(code);
        for (name, value) in headers {
            response = response.header(name, value);
        }
        self.ledger.update(entry, |recorded| {
            recorded.status = Some(code);
            recorded.response_bytes = text.len() as u64;
        });
        let body = Full::new(Bytes::from(text.to_owned())).map_err(|never| match never {});
        Ok(response.body(body.boxed())?)
    }

    /// No answer: with the connection cut (by a reset or not), or left hanging.
    async fn silence(&self, cut: Option<bool>) -> Result<Response<AnswerBody>> {
        if let Some(reset) = cut {
            self.line.cut(reset);
        }
        std::future::pending().await
    }

    /// The apiserver's answer, or what a fault leaves of it.
    async fn pass_on(
        self,
        entry: Entry,
        answer: Response<Incoming>,
        fault: Option<&Fault>,
    ) -> Result<Response<AnswerBody>> {
        for action in self.ledger.answered(entry) {
            // Elsewhere, because an action may block; awaited, because the client must not see the answer first.
            tokio::task::spawn_blocking(action).await?;
        }
        let (head, body) = answer.into_parts();
        let half = || Some(body.size_hint().exact().map_or(64, |size| size / 2));
        let cut = match fault {
            Some(Fault::Reset(Moment::BeforeServer | Moment::BeforeAnswer)) => {
                return self.silence(Some(true)).await;
            }
            Some(Fault::Hang(_)) => return self.silence(None).await,
            Some(Fault::Reset(Moment::DuringBody)) => Some((half(), true)),
            Some(Fault::Reset(Moment::AfterBody)) => Some((None, true)),
            Some(Fault::Truncate) => Some((half(), false)),
            Some(Fault::Status { .. } | Fault::Echo(_)) | None => None,
        };
        let cut = cut.map(|(after, reset)| Cut { after, reset, line: self.line.clone() });
        self.ledger.update(entry, |recorded| recorded.status = Some(head.status.as_u16()));
        let mut response = Response::new(Passage::new(body, self.ledger, entry, cut).boxed());
        *response.status_mut() = head.status;
        *response.headers_mut() = end_to_end(&head.headers, &[]);
        Ok(response)
    }
}

/// The headers that are about the message and not about one connection.
fn end_to_end(headers: &HeaderMap, also_without: &[HeaderName]) -> HeaderMap {
    let mut kept = headers.clone();
    for name in [CONNECTION, TRANSFER_ENCODING, UPGRADE].iter().chain(also_without) {
        kept.remove(name);
    }
    kept
}
