//! The git server beside the clusters, as their network leads to it.

use anyhow::{Result, ensure};

use crate::beside::{GitServer, Reader};
use crate::engine;

const READER: Reader = Reader { repository: "workloads", user: "reader", password: "e2e-git-password" };

/// That each repository is its readers' and nobody else's is asked before the server counts as started.
#[test]
fn a_repository_is_for_its_reader_only_and_the_server_goes_with_the_test() -> Result<()> {
    let server = GitServer::start("reader", Some(READER))?;
    let name = server.url().trim_start_matches("http://").to_owned();
    ensure!(engine::is_on_network(&name)?, "{name} is not on the network of the clusters");
    drop(server);
    ensure!(!engine::is_on_network(&name)?, "{name} is still there");
    Ok(())
}
