//! One HTTP request, answered by `git http-backend` as a CGI program.

use anyhow::{Context, Result};
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use std::path::PathBuf;
use std::process::Stdio;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

/// Answers one request from the repositories below `root`; an error ends the connection.
pub(super) async fn answer(root: PathBuf, request: Request<Incoming>) -> Result<Response<Full<Bytes>>> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await?.to_bytes();
    let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("");
    let mut command = Command::new("git");
    command.arg("http-backend").env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.env("GIT_PROJECT_ROOT", &root).env("GIT_HTTP_EXPORT_ALL", "1").env("GIT_CONFIG_NOSYSTEM", "1");
    // In a container they belong to somebody else, which git takes for a trap.
    command
        .env("GIT_CONFIG_COUNT", "1")
        .env("GIT_CONFIG_KEY_0", "safe.directory")
        .env("GIT_CONFIG_VALUE_0", "*");
    command.env("REQUEST_METHOD", parts.method.as_str()).env("PATH_INFO", parts.uri.path());
    command.env("QUERY_STRING", parts.uri.query().unwrap_or("")).env("REMOTE_ADDR", "127.0.0.1");
    command.env("CONTENT_TYPE", header("content-type")).env("CONTENT_LENGTH", body.len().to_string());
    command.env("HTTP_CONTENT_ENCODING", header("content-encoding"));
    command.env("GIT_PROTOCOL", header("git-protocol"));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
    let mut child = command.spawn().context("cannot start git http-backend")?;
    let mut stdin = child.stdin.take().context("no stdin")?;
    // At the same time: it may answer before it has read everything, and end without reading at all.
    let feed = async move {
        let _refused = stdin.write_all(&body).await;
    };
    let ((), output) = tokio::join!(feed, child.wait_with_output());
    response(&output?.stdout)
}

/// What a CGI program says: headers, one of which may be `Status`, an empty line, the body.
fn response(said: &[u8]) -> Result<Response<Full<Bytes>>> {
    let end =
        said.windows(4).position(|bytes| bytes == b"\r\n\r\n").context("git http-backend said nothing")?;
    let mut response = Response::builder();
    for line in String::from_utf8_lossy(&said[..end]).lines() {
        let (name, value) = line.split_once(':').context("no header")?;
        match (name, value.trim()) {
            ("Status", value) => response = response.status(value.split(' ').next().unwrap_or("500")),
            (name, value) => response = response.header(name, value),
        }
    }
    Ok(response.body(Full::new(Bytes::copy_from_slice(&said[end + 4..])))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_no_header() {
        let answer = response(b"Status: 404 Not Found\r\nX: y\r\n\r\nbody").unwrap();
        assert_eq!(answer.status(), 404);
        assert_eq!(answer.headers().len(), 1);
        assert_eq!(response(b"X: y\r\n\r\n").unwrap().status(), 200);
        assert!(response(b"").is_err());
    }
}
