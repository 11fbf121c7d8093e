//! `git-server FOLDER`: serves the folder's repositories over HTTP on port 80, for a container beside kind clusters.
//!
//! `GIT_PRIVATE` may hold the name of one repository, a user and a password, parted by spaces: it is for that user only.

use std::net::TcpListener;
use std::path::PathBuf;

use anyhow::{Context, Result};
use bridge_e2e::git::{Private, serve};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let folder = PathBuf::from(std::env::args_os().nth(1).context("usage: git-server FOLDER")?);
    let listener = TcpListener::bind(("0.0.0.0", 80)).context("port 80 cannot be had")?;
    listener.set_nonblocking(true)?;
    // Connections are taken from here on.
    println!("serving");
    serve(listener, folder, private()?).await;
    Ok(())
}

fn private() -> Result<Option<Private>> {
    let text = std::env::var("GIT_PRIVATE").unwrap_or_default();
    if text.is_empty() {
        return Ok(None);
    }
    let mut words = text.split(' ');
    let mut next = || words.next().context("GIT_PRIVATE is no `NAME USER PASSWORD`");
    Ok(Some(Private::new(next()?, next()?, next()?)))
}
