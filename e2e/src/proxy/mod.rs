//! A reverse proxy in front of one apiserver that records, counts and breaks requests.
//!
//! It speaks TLS with an authority of its own and passes bearer tokens through. Client certificates do not
//! survive it, so whoever talks through it uses a token. It runs on threads of its own: a test may block.

mod body;
mod connection;
mod fault;
mod forward;
mod record;

pub use fault::{Fault, Matcher, Moment};
pub use record::Recorded;

use crate::certificates::Authority;
use crate::cluster::{ControlPlane, User};
use crate::kubeconfig::{Access, Credential, Kubeconfig};
use anyhow::{Context, Result};
use forward::Upstream;
use record::Ledger;
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::runtime::Runtime;

/// A running proxy; it stops when it is dropped.
pub struct Proxy {
    // An option only so that drop can take it: a runtime must not be dropped inside another one.
    runtime: Option<Runtime>,
    ledger: Arc<Ledger>,
    url: String,
    ca_pem: String,
    tokens: [(User, String); 2],
    folder: tempfile::TempDir,
}

impl Proxy {
    /// Starts a proxy in front of a control plane.
    pub async fn start(cluster: &ControlPlane) -> Result<Self> {
        crate::install_crypto();
        let authority = Authority::new("bridge-e2e-proxy")?;
        let acceptor = connection::acceptor(&authority.server(&["127.0.0.1", "localhost"])?)?;
        let upstream = Upstream::new(cluster.apiserver_url(), &cluster.ca_pem())?;
        let listener = TcpListener::bind(("127.0.0.1", 0)).context("no free port on loopback")?;
        listener.set_nonblocking(true)?;
        let url = format!("https://{}", listener.local_addr()?);
        let ledger = Arc::new(Ledger::default());
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        runtime.spawn(connection::serve(listener, acceptor, Arc::new(upstream), Arc::clone(&ledger)));
        let tokens = [User::Admin, User::Restricted].map(|user| (user, cluster.token(user).to_owned()));
        let folder = tempfile::Builder::new().prefix("bridge-e2e-proxy-").tempdir()?;
        Ok(Self { runtime: Some(runtime), ledger, url, ca_pem: authority.pem(), tokens, folder })
    }

    /// The proxy's own address.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The authority that signed the proxy's certificate, as PEM.
    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// Access through the proxy with a user's token.
    pub fn access(&self, user: User) -> Access {
        let [admin, restricted] = &self.tokens;
        let token = if user == User::Admin { &admin.1 } else { &restricted.1 };
        self.access_with_token(token)
    }

    /// Access through the proxy with any bearer token.
    pub fn access_with_token(&self, token: &str) -> Access {
        let credential = Credential::Token(token.to_owned());
        Access { server: self.url.clone(), ca_pem: self.ca_pem.clone(), credential }
    }

    /// A kubeconfig file (0600) with one context that goes through the proxy; it lives as long as the proxy.
    pub fn kubeconfig(&self, context: &str, user: User) -> Result<PathBuf> {
        let path = self.folder.path().join(format!("{context}-{}", user.name()));
        Kubeconfig::new().context(context, self.access(user)).write(&path)?;
        Ok(path)
    }

    /// Every request since the start or the last reset, in the order of their arrival.
    pub fn requests(&self) -> Vec<Recorded> {
        self.ledger.requests()
    }

    /// The requests that are writes: any but GET without `dryRun=All`, outside authorization.k8s.io.
    pub fn writes(&self) -> Vec<Recorded> {
        self.requests().into_iter().filter(Recorded::is_write).collect()
    }

    /// The writes to what bridge manages: all but those to the Lease that locks the hub.
    pub fn object_writes(&self) -> Vec<Recorded> {
        self.requests().into_iter().filter(Recorded::is_object_write).collect()
    }

    /// Breaks every request that the matcher accepts, from now on. Of several rules the first that accepts decides.
    pub fn fail(&self, matcher: Matcher, fault: Fault) {
        self.ledger.add_rule(matcher, fault);
    }

    /// Runs `action` when the apiserver has answered the `k`-th write to an object from now (counted from 1), before the
    /// client sees anything of that answer, and holds the answer back until the action returns.
    pub fn on_write(&self, k: usize, action: impl FnOnce() + Send + 'static) {
        self.ledger.on_write(k, Box::new(action));
    }

    /// The same at the `k`-th answer to whatever request from now, reads and the lock's own among them.
    pub fn on_answer(&self, k: usize, action: impl FnOnce() + Send + 'static) {
        self.ledger.on_answer(k, Box::new(action));
    }

    /// Runs `action` when the first request from now comes in that the matcher accepts (its number does not matter), and
    /// passes that request on when the action has returned.
    pub fn on_arrival(&self, matcher: Matcher, action: impl FnOnce() + Send + 'static) {
        self.ledger.on_arrival(matcher, Box::new(action));
    }

    /// The largest number of requests that waited for an answer at the same time, but for those to the lock's Lease.
    pub fn most_in_flight(&self) -> usize {
        self.ledger.most_in_flight()
    }

    /// Forgets all requests, rules and hooks.
    pub fn reset(&self) {
        self.ledger.reset();
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
