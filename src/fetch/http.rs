//! Downloads that cannot hang, grow without bound, or lose their TLS on the way.

use std::time::Duration;

use futures::StreamExt as _;
use reqwest::{Client, Response, StatusCode, Url, redirect};

use crate::fetch::error::FetchError;

/// How patient and how generous a download is.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// For the connection.
    pub connect_timeout: Duration,
    /// For the whole answer.
    pub timeout: Duration,
    /// How often it is tried.
    pub attempts: u32,
    /// The pause before the second attempt; it doubles with each further one.
    pub backoff: Duration,
    /// The largest answer.
    pub max_bytes: usize,
}

impl Default for Limits {
    /// The largest manifest has 2 MB; a slow line gets a minute for it.
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            timeout: Duration::from_secs(60),
            attempts: 4,
            backoff: Duration::from_millis(500),
            max_bytes: 16 * 1024 * 1024,
        }
    }
}

const REDIRECTS: usize = 5;

/// Downloads an address.
///
/// # Errors
/// When the address is not https (loopback excepted) or does not exist, when the answer is too large, and when every
/// attempt failed by the network, a timeout, or a server error.
pub async fn get(address: &str, limits: &Limits) -> Result<Vec<u8>, FetchError> {
    let insecure = || FetchError::Insecure { url: address.to_owned() };
    let url = Url::parse(address).ok().filter(is_allowed).ok_or_else(insecure)?;
    let client = client(&url, limits).map_err(|error| failed(address, &error, 0))?;
    let mut pause = limits.backoff;
    for attempt in 1.. {
        let problem = match attempt_once(&client, &url, limits).await {
            Ok(bytes) => return Ok(bytes),
            Err(Problem::Final(error)) => return Err(error),
            Err(Problem::Passing(reason)) => reason,
        };
        if attempt >= limits.attempts {
            return Err(FetchError::Download { url: address.to_owned(), reason: problem, attempts: attempt });
        }
        tracing::debug!(%url, attempt, problem, "the download is tried again");
        tokio::time::sleep(pause).await;
        pause *= 2;
    }
    Err(insecure())
}

/// What stops one attempt.
enum Problem {
    /// Another attempt gives the same.
    Final(FetchError),
    /// It may pass.
    Passing(String),
}

/// https, or plain http on this very machine.
fn is_allowed(url: &Url) -> bool {
    url.scheme() == "https" || (url.scheme() == "http" && is_loopback(url))
}

fn is_loopback(url: &Url) -> bool {
    match url.host_str().map(|host| host.trim_matches(['[', ']'])) {
        Some("localhost") => true,
        Some(host) => host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback()),
        None => false,
    }
}

fn client(url: &Url, limits: &Limits) -> reqwest::Result<Client> {
    let builder = Client::builder()
        .user_agent(concat!("bridge/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(limits.connect_timeout)
        .timeout(limits.timeout)
        .redirect(redirect::Policy::custom(follow));
    // A proxy of the environment is for the world outside.
    if is_loopback(url) { builder.no_proxy().build() } else { builder.build() }
}

/// Follows a few redirects, none of which may give up TLS.
fn follow(attempt: redirect::Attempt<'_>) -> redirect::Action {
    let loses_tls =
        attempt.previous().iter().any(|url| url.scheme() == "https") && attempt.url().scheme() != "https";
    if attempt.previous().len() > REDIRECTS {
        return attempt.error(TooManyRedirects);
    }
    if loses_tls || !is_allowed(attempt.url()) {
        return attempt.error(InsecureRedirect);
    }
    attempt.follow()
}

#[derive(Debug, thiserror::Error)]
#[error("it leads to an address that is not https")]
struct InsecureRedirect;

#[derive(Debug, thiserror::Error)]
#[error("it leads from one address to the next without end")]
struct TooManyRedirects;

async fn attempt_once(client: &Client, url: &Url, limits: &Limits) -> Result<Vec<u8>, Problem> {
    let response = client.get(url.clone()).send().await.map_err(|error| classify(url, &error))?;
    let status = response.status();
    match status {
        StatusCode::OK => body(response, url, limits).await,
        StatusCode::NOT_FOUND | StatusCode::GONE => {
            Err(Problem::Final(FetchError::NotFound { url: url.to_string() }))
        }
        StatusCode::TOO_MANY_REQUESTS => Err(Problem::Passing(status.to_string())),
        status if status.is_server_error() => Err(Problem::Passing(status.to_string())),
        status => {
            let reason = format!("the server answered {status}");
            Err(Problem::Final(FetchError::Download { url: url.to_string(), reason, attempts: 1 }))
        }
    }
}

async fn body(response: Response, url: &Url, limits: &Limits) -> Result<Vec<u8>, Problem> {
    let too_large = || Problem::Final(FetchError::TooLarge { url: url.to_string(), limit: limits.max_bytes });
    let announced = response.content_length().and_then(|length| usize::try_from(length).ok()).unwrap_or(0);
    if announced > limits.max_bytes {
        return Err(too_large());
    }
    let mut bytes = Vec::with_capacity(announced);
    let mut chunks = response.bytes_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|error| classify(url, &error))?;
        if bytes.len() + chunk.len() > limits.max_bytes {
            return Err(too_large());
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

fn classify(url: &Url, error: &reqwest::Error) -> Problem {
    match error.is_redirect() || error.is_builder() {
        true => Problem::Final(failed(url.as_str(), error, 1)),
        false => Problem::Passing(reason(error)),
    }
}

fn failed(url: &str, error: &reqwest::Error, attempts: u32) -> FetchError {
    FetchError::Download { url: url.to_owned(), reason: reason(error), attempts }
}

/// The last cause says what happened; reqwest's own text only repeats the address.
fn reason(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "no answer in time".to_owned();
    }
    let mut cause: &dyn std::error::Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}
