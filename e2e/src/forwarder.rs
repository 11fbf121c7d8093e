//! Further addresses of one apiserver: Argo CD takes a cluster for another one where its address is another one.

use crate::cluster::ControlPlane;
use anyhow::{Context, Result};
use std::net::TcpListener;
use tokio::net::TcpStream;
use tokio::runtime::Runtime;

/// Addresses whose connections end at one apiserver; they close when it is dropped.
pub struct Forwarder {
    // An option only so that drop can take it: a runtime must not be dropped inside another one.
    runtime: Option<Runtime>,
    target: String,
    urls: Vec<String>,
}

impl Forwarder {
    /// Opens `count` addresses in front of a control plane, whose certificate is valid for each.
    pub fn start(cluster: &ControlPlane, count: usize) -> Result<Self> {
        let target = cluster.apiserver_url().trim_start_matches("https://").to_owned();
        let mut forwarder = Self { runtime: None, target, urls: Vec::new() };
        forwarder.listen(vec!["127.0.0.1:0".to_owned(); count])?;
        Ok(forwarder)
    }

    /// Cuts every connection, and takes no new one.
    pub fn close(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }

    /// Opens the same addresses again.
    pub fn reopen(&mut self) -> Result<()> {
        let addresses = self.urls.iter().map(|url| url.trim_start_matches("https://").to_owned()).collect();
        self.listen(addresses)
    }

    fn listen(&mut self, addresses: Vec<String>) -> Result<()> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        self.urls.clear();
        for address in addresses {
            let listener =
                TcpListener::bind(&address).with_context(|| format!("cannot listen on {address}"))?;
            listener.set_nonblocking(true)?;
            self.urls.push(format!("https://{}", listener.local_addr()?));
            runtime.spawn(serve(listener, self.target.clone()));
        }
        self.runtime = Some(runtime);
        Ok(())
    }

    /// The addresses.
    pub fn urls(&self) -> &[String] {
        &self.urls
    }
}

impl Drop for Forwarder {
    fn drop(&mut self) {
        self.close();
    }
}

async fn serve(listener: TcpListener, target: String) {
    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
    loop {
        let Ok((mut client, _)) = listener.accept().await else { continue };
        let target = target.clone();
        tokio::spawn(async move {
            let Ok(mut server) = TcpStream::connect(target).await else { return };
            let _ended = tokio::io::copy_bidirectional(&mut client, &mut server).await;
        });
    }
}
