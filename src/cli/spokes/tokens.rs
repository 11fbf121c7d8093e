//! The tokens that the hub's Argo CD has for its clusters.

use std::collections::BTreeMap;

use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cluster::{Cluster, ClusterError, Kinds};
use crate::desired::id::{GroupKind, ObjectId};
use crate::desired::labels::SECRET_TYPE;
use crate::desired::ownership::{PART_OF, inventory_id};
use crate::desired::secret_data;
use crate::plan::live::Live;
use crate::plan::token;
use crate::profile::address;
use crate::profile::model::{self, Connection, Profile, Remote};
use crate::profile::sensitive::Sensitive;

/// The tokens that the hub's Argo CD uses now.
pub(super) struct Tokens<'a> {
    by_server: BTreeMap<String, Held>,
    by_name: BTreeMap<String, Held>,
    remotes: &'a BTreeMap<String, Remote>,
}

#[derive(Clone)]
struct Held {
    /// The cluster Secret.
    secret: ObjectId,
    token: Sensitive,
}

impl<'a> Tokens<'a> {
    /// Reads them from the cluster Secrets, whoever made those.
    ///
    /// # Errors
    /// When the hub cannot be asked.
    pub(super) async fn read(
        context: &Context,
        hub: &Cluster,
        profile: &Profile,
        remotes: &'a BTreeMap<String, Remote>,
    ) -> Result<Self, CliError> {
        let namespace = profile.argocd.namespace.as_str();
        let secrets = cluster_secrets(hub, namespace).await?;
        let (mut by_server, mut by_name) = (BTreeMap::new(), BTreeMap::new());
        let applyset = inventory_id(namespace);
        let (ours, theirs): (Vec<&Live>, Vec<&Live>) =
            secrets.iter().partition(|secret| secret.label(PART_OF) == Some(&applyset));
        // Of two for one server bridge's own counts.
        for secret in theirs.into_iter().chain(ours) {
            let Some(token) = token::of_cluster_secret(secret.body()) else { continue };
            context.ui.redactor().register(&token);
            let held = Held { secret: secret.id().clone(), token };
            by_name
                .insert(secret.label("cluster_name").unwrap_or(&secret.id().name).to_owned(), held.clone());
            by_server.insert(address::canonical(&server(secret)), held);
        }
        Ok(Self { by_server, by_name, remotes })
    }

    /// By the server first, because a renamed cluster keeps its Secret; by the name where the server moved.
    pub(super) fn of(&self, cluster: &model::Cluster) -> Option<&Sensitive> {
        self.held(cluster).map(|held| &held.token)
    }

    /// The Secret that the hub has for the cluster.
    pub(super) fn secret(&self, cluster: &model::Cluster) -> Option<&ObjectId> {
        self.held(cluster).map(|held| &held.secret)
    }

    /// The token that the hub has for the cluster's server.
    pub(super) fn of_server(&self, cluster: &model::Cluster) -> Option<&Sensitive> {
        self.held_for_server(cluster).map(|held| &held.token)
    }

    fn held(&self, cluster: &model::Cluster) -> Option<&Held> {
        self.held_for_server(cluster).or_else(|| self.by_name.get(cluster.name.as_str()))
    }

    fn held_for_server(&self, cluster: &model::Cluster) -> Option<&Held> {
        let server = match &cluster.connection {
            Connection::Context(by) => &self.remotes.get(&by.context)?.server,
            Connection::Remote(remote) => &remote.server,
            Connection::InCluster => return None,
        };
        self.by_server.get(&address::canonical(server))
    }
}

/// Every token that the hub has now.
///
/// # Errors
/// When it cannot be asked.
pub(super) async fn in_use(hub: &Cluster, namespace: &str) -> Result<Vec<Sensitive>, ClusterError> {
    let secrets = cluster_secrets(hub, namespace).await?;
    Ok(secrets.iter().filter_map(|secret| token::of_cluster_secret(secret.body())).collect())
}

/// Whoever made them.
async fn cluster_secrets(hub: &Cluster, namespace: &str) -> Result<Vec<Live>, ClusterError> {
    let selector = format!("{SECRET_TYPE}=cluster");
    hub.list(&Kinds::core(), &GroupKind::parse("Secret"), Some(namespace), &selector).await
}

fn server(secret: &Live) -> String {
    secret_data::text(secret.body(), "server").unwrap_or_default()
}
