//! Argo CD's cache, from Debian's package.

use crate::cluster::ControlPlane;
use anyhow::{Context, Result, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::process::Command;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The path of the Deployment whose pod runs it.
pub(super) fn workload(namespace: &str) -> String {
    format!("/apis/apps/v1/namespaces/{namespace}/deployments/argocd-redis")
}

/// The password, where the pods of all parts read it.
pub(super) async fn password(hub: &ControlPlane, namespace: &str) -> Result<String> {
    let path = format!("/api/v1/namespaces/{namespace}/secrets/argocd-redis");
    let request = http::Request::get(path).body(Vec::new())?;
    let secret: serde_json::Value = hub.client().await?.request(request).await?;
    let encoded = secret["data"]["auth"].as_str().context("the Secret argocd-redis has no key `auth`")?;
    Ok(String::from_utf8(STANDARD.decode(encoded)?)?)
}

/// With the flags of the pod, and on loopback only.
pub(super) fn command(port: u16, password: &str) -> Command {
    let mut command = Command::new("redis-server");
    command.args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]);
    command.args(["--port", &port.to_string(), "--requirepass", password]);
    command
}

/// Ready is an answer to PING.
pub(super) async fn wait_until_ready(port: u16, password: &str, patience: Duration) -> Result<()> {
    let deadline = Instant::now() + patience;
    while !answers(port, password).await.unwrap_or(false) {
        ensure!(Instant::now() < deadline, "redis does not answer after {patience:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}

async fn answers(port: u16, password: &str) -> Result<bool> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    stream.write_all(format!("AUTH {password}\r\nPING\r\nQUIT\r\n").as_bytes()).await?;
    let mut said = String::new();
    stream.read_to_string(&mut said).await?;
    Ok(said.contains("+PONG"))
}
