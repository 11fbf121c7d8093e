//! Connections of clients: accepted, served, and cut.

use super::forward::{Exchange, Upstream};
use super::record::Ledger;
use crate::certificates::Identity;
use anyhow::Result;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio_rustls::TlsAcceptor;

/// Long enough for hyper and the kernel to hand over what was already written.
const FLUSH: Duration = Duration::from_millis(30);

/// HTTP/1.1 only: one connection is one request at a time, so a fault hits exactly one.
pub(super) fn acceptor(identity: &Identity) -> Result<TlsAcceptor> {
    let certificate = CertificateDer::from_pem_slice(identity.certificate.as_bytes())?;
    let key = PrivateKeyDer::from_pem_slice(identity.key.as_bytes())?;
    let mut config =
        ServerConfig::builder().with_no_client_auth().with_single_cert(vec![certificate], key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// Accepts connections until the runtime ends.
pub(super) async fn serve(
    listener: std::net::TcpListener,
    acceptor: TlsAcceptor,
    upstream: Arc<Upstream>,
    ledger: Arc<Ledger>,
) {
    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
    loop {
        if let Ok((stream, _)) = listener.accept().await {
            let (upstream, ledger) = (Arc::clone(&upstream), Arc::clone(&ledger));
            tokio::spawn(converse(stream, acceptor.clone(), upstream, ledger));
        }
    }
}

async fn converse(stream: TcpStream, acceptor: TlsAcceptor, upstream: Arc<Upstream>, ledger: Arc<Ledger>) {
    let _slower_without = stream.set_nodelay(true);
    let Ok(line) = Line::new(&stream) else { return };
    let Ok(stream) = acceptor.accept(stream).await else { return };
    let exchange = Exchange { upstream, ledger, line: line.clone() };
    let service = service_fn(move |request| exchange.clone().answer(request));
    let connection =
        http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service);
    tokio::select! {
        _ended = connection => {}
        () = line.cut.notified() => {}
    }
}

/// The means to cut one client's connection from anywhere.
#[derive(Clone, Debug)]
pub(super) struct Line {
    // A second handle on the socket, whose options both share; a reset is a close without lingering.
    socket: Arc<OwnedFd>,
    cut: Arc<Notify>,
}

impl Line {
    fn new(stream: &TcpStream) -> std::io::Result<Self> {
        let socket = Arc::new(stream.as_fd().try_clone_to_owned()?);
        Ok(Self { socket, cut: Arc::new(Notify::new()) })
    }

    /// Cuts the connection at once: by a TCP RST, or by an orderly end.
    pub(super) fn cut(&self, reset: bool) {
        if reset {
            let _ends_orderly_then =
                rustix::net::sockopt::set_socket_linger(&self.socket, Some(Duration::ZERO));
        }
        self.cut.notify_one();
    }

    /// Cuts the connection once what was written is on its way.
    pub(super) fn cut_soon(&self, reset: bool) {
        let line = self.clone();
        tokio::spawn(async move {
            tokio::time::sleep(FLUSH).await;
            line.cut(reset);
        });
    }
}
