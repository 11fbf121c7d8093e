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

/// Says of what is made without a kubeconfig that it has no addresses of contexts.
pub(super) fn say_unread(context: &Context, profile: &Profile) {
    let unread = profile.clusters().filter_map(|cluster| match &cluster.connection {
        Connection::Context(by) => Some(by).filter(|by| by.server.is_none() || by.tls.is_none()),
        Connection::InCluster | Connection::Remote(_) => None,
    });
    let unread: Vec<&ByContext> = unread.map(|by| &**by).collect();
    let has_addresses = unread.iter().all(|by| by.server.is_some());
    let what = match (unread.len(), has_addresses) {
        (0, _) => return,
        (1, true) => "the authority of a context is a placeholder here".to_owned(),
        (1, false) => "the address and authority of a context are placeholders here".to_owned(),
        (contexts, true) => format!("the authorities of {contexts} contexts are placeholders here"),
        (contexts, false) => {
            format!("the addresses and authorities of {contexts} contexts are placeholders here")
        }
    };
    context.ui.status(&format!("no kubeconfig was read: {what}"));
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
    let Some(address) = address::parse(&remote.server).filter(address::is_bare_http) else {
        // It may hold a password, so it is not repeated.
        let message = format!(
            "the context `{}` has no server that Argo CD can be given: an http or https address without user, query or fragment",
            by.context
        );
        let fix = "add `server: https://...`, by which the hub reaches the spoke; a password belongs to the kubeconfig's user";
        return Err(refuse(Code::SERVER_URL, message, fix));
    };
    if address::is_in_cluster(address.host) {
        let message = format!(
            "the context `{}` has the address `{}`, which for the hub's Argo CD is the hub itself",
            by.context, remote.server
        );
        let fix = "add `server: https://...`, the address that the hub reaches the spoke by";
        return Err(refuse(Code::IN_CLUSTER_SPOKE, message, fix));
    }
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
