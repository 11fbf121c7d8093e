//! etcd: the store beneath one or more apiservers.

use crate::process::{Server, free_port};
use crate::scratch::Scratch;
use crate::tools::Binaries;
use anyhow::{Result, bail};
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

const START_TIMEOUT: Duration = Duration::from_secs(60);
const ATTEMPTS: usize = 3;
/// Enough for the thousands of objects of a big test.
const QUOTA_BYTES: u64 = 4 << 30;

/// A running etcd without durability: its data dies with it anyway.
#[derive(Debug)]
pub(crate) struct Etcd {
    _server: Server,
    url: String,
    binaries: Binaries,
    prefixes: AtomicUsize,
    _scratch: Scratch,
}

impl Etcd {
    pub(crate) async fn start(binaries: &Binaries) -> Result<Self> {
        let scratch = Scratch::new("etcd")?;
        for attempt in 1.. {
            let url = format!("http://127.0.0.1:{}", free_port()?);
            let mut command = command(&binaries.etcd, scratch.path(), &url)?;
            let mut server = Server::start(&mut command, &scratch.path().join("etcd.log"), scratch.doomed())?;
            match wait_until_healthy(&url, &mut server).await {
                Ok(()) => {
                    let (binaries, prefixes) = (binaries.clone(), AtomicUsize::new(0));
                    return Ok(Self { _server: server, url, binaries, prefixes, _scratch: scratch });
                }
                Err(error)
                    if attempt >= ATTEMPTS || !server.log_tail().contains("address already in use") =>
                {
                    let log = scratch.keep_folder().join("etcd.log");
                    return Err(error.context(format!("etcd did not start; its log: {}", log.display())));
                }
                Err(_port_taken) => {}
            }
        }
        unreachable!("the last attempt returns")
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The apiserver that belongs to this etcd.
    pub(crate) fn kube_apiserver(&self) -> &Path {
        &self.binaries.kube_apiserver
    }

    /// A key prefix that no other apiserver has: that alone keeps their objects apart.
    pub(crate) fn next_prefix(&self) -> String {
        format!("/t{}", self.prefixes.fetch_add(1, Ordering::Relaxed))
    }
}

fn command(binary: &Path, folder: &Path, url: &str) -> Result<Command> {
    let peer = format!("http://127.0.0.1:{}", free_port()?);
    let mut command = Command::new(binary);
    command.current_dir(folder).args(flags(url, &peer));
    Ok(command)
}

/// The flags of a lone etcd whose data is in the folder `data` of its working folder.
pub(crate) fn flags(url: &str, peer: &str) -> [String; 9] {
    [
        "--unsafe-no-fsync".to_owned(),
        "--data-dir=data".to_owned(),
        format!("--listen-client-urls={url}"),
        format!("--advertise-client-urls={url}"),
        format!("--listen-peer-urls={peer}"),
        format!("--initial-advertise-peer-urls={peer}"),
        format!("--initial-cluster=default={peer}"),
        format!("--quota-backend-bytes={QUOTA_BYTES}"),
        "--log-level=warn".to_owned(),
    ]
}

async fn wait_until_healthy(url: &str, server: &mut Server) -> Result<()> {
    let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(5)).build()?;
    let deadline = Instant::now() + START_TIMEOUT;
    loop {
        if let Some(status) = server.exited() {
            bail!("it ended with {status}:\n{}", server.log_tail());
        }
        let answer = client.get(format!("{url}/health")).send().await;
        if answer.is_ok_and(|response| response.status().is_success()) {
            return Ok(());
        }
        if Instant::now() > deadline {
            bail!("not healthy after {} seconds:\n{}", START_TIMEOUT.as_secs(), server.log_tail());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
