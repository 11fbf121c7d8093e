//! Git over HTTP: `git http-backend` behind a small handler, and repositories made of folders.

mod access;
mod backend;
mod repository;

pub use access::Private;

use crate::debian;
use crate::scratch::Scratch;
use anyhow::{Context, Result};
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use tokio::runtime::Runtime;

/// A running git server on loopback; it stops when it is dropped, and its repositories go with it.
///
/// It runs on threads of its own: a test may block.
pub struct GitServer {
    // An option only so that drop can take it: a runtime must not be dropped inside another one.
    runtime: Option<Runtime>,
    url: String,
    scratch: Scratch,
}

impl GitServer {
    /// Starts a server without repositories.
    pub fn start() -> Result<Self> {
        require_git()?;
        let scratch = Scratch::new("git")?;
        let listener = TcpListener::bind(("127.0.0.1", 0)).context("no free port on loopback")?;
        listener.set_nonblocking(true)?;
        let url = format!("http://{}", listener.local_addr()?);
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        runtime.spawn(serve(listener, scratch.path().to_owned(), None));
        Ok(Self { runtime: Some(runtime), url, scratch })
    }

    /// Makes the repository `NAME.git`, whose branch `main` has one commit with the files of a folder; its address.
    pub fn publish(&self, name: &str, folder: &Path) -> Result<String> {
        repository::create(self.scratch.path(), name, folder)?;
        Ok(format!("{}/{name}.git", self.url))
    }
}

impl Drop for GitServer {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Makes the repository `NAME.git` in a folder that some server serves.
pub fn publish_into(root: &Path, name: &str, folder: &Path) -> Result<()> {
    require_git()?;
    repository::create(root, name, folder)
}

/// Serves the repositories of a folder until the runtime ends. The listener is one that does not block.
pub async fn serve(listener: TcpListener, root: PathBuf, private: Option<Private>) {
    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let (root, private) = (root.clone(), private.clone());
        let service = service_fn(move |request| answer(root.clone(), private.clone(), request));
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

async fn answer(
    root: PathBuf,
    private: Option<Private>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>> {
    if private.is_some_and(|private| !private.admits(request.uri().path(), request.headers())) {
        return Ok(access::who_are_you());
    }
    backend::answer(root, request).await
}

fn require_git() -> Result<()> {
    let has_backend = || {
        let output = Command::new("git").arg("--exec-path").output();
        output.is_ok_and(|output| {
            let folder = String::from_utf8_lossy(&output.stdout);
            Path::new(folder.trim()).join("git-http-backend").is_file()
        })
    };
    debian::require("git", has_backend, "git with `git http-backend` is missing: `apt-get install git`")
}
