//! Kubeconfig contexts of spokes: their API servers, read when bridge plans.

use std::collections::BTreeMap;

use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::code::Code;
use crate::profile::address;
use crate::profile::finding::Finding;
use crate::profile::model::{ByContext, Connection, Profile, Remote};

/// The connections of the clusters that the profile knows by a context.
///
/// # Errors
/// A finding for each context that does not fit.
pub(super) fn read(context: &Context, profile: &Profile) -> Result<BTreeMap<String, Remote>, CliError> {
    let (mut remotes, mut findings) = (BTreeMap::new(), Vec::new());
    let mut servers: BTreeMap<String, String> = BTreeMap::new();
    for cluster in profile.clusters() {
        let name = cluster.name.to_string();
        let server = match &cluster.connection {
            Connection::InCluster => continue,
            Connection::Remote(remote) => remote.server.clone(),
            Connection::Context(by) => match remote(context, by) {
                Ok(remote) => {
                    let server = remote.server.clone();
                    remotes.insert(by.context.clone(), remote);
                    server
                }
                Err(finding) => {
                    findings.push(finding);
                    continue;
                }
            },
        };
        if let Some(first) = servers.insert(address::canonical(&server), name.clone()) {
            let message = format!("`{name}` has the API server of `{first}`: {server}");
            let fix = "keep one cluster for each API server";
            findings.push(Finding::error(Code::DUPLICATE_SERVER, &cluster.at, message, fix));
        }
    }
    if findings.is_empty() { Ok(remotes) } else { Err(findings.into()) }
}

/// The connection of a cluster that the profile knows by a context.
///
/// # Errors
/// Why the context does not fit.
pub(super) fn remote(context: &Context, by: &ByContext) -> Result<Remote, Finding> {
    let refuse = |code, message: String, fix: &str| Finding::error(code, &by.at, message, fix.to_owned());
    let endpoint = context.kubeconfig.endpoint(&by.context).map_err(|error| {
        let fix = error.hints().into_iter().next().unwrap_or_default();
        refuse(Code::SPOKE_CONTEXT, error.to_string(), &fix)
    })?;
    let remote = by.remote(&endpoint);
    let Some(address) = address::parse(&remote.server) else {
        let message = format!("the context `{}` has no usable server", by.context);
        return Err(refuse(
            Code::SERVER_URL,
            message,
            "add `server: https://...`, by which the hub reaches the spoke",
        ));
    };
    if address::is_loopback(address.host) && !by.allow_loopback {
        let message = format!(
            "the context `{}` has the loopback address `{}`: in the hub's Argo CD it leads to its own pod",
            by.context, remote.server
        );
        let fix = "add `server: https://...`, the address that the hub's pods reach, or `allowLoopback: true` in a test";
        return Err(refuse(Code::LOOPBACK_SERVER, message, fix));
    }
    Ok(remote)
}
