//! The tokens that the hub's Argo CD has for its clusters.

use std::collections::BTreeMap;

use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cluster::{Cluster, ClusterError, Kinds};
use crate::desired::id::{GroupKind, ObjectId};
use crate::desired::labels::SECRET_TYPE;
use crate::desired::ownership::inventory_id;
use crate::plan::decide::is_member;
use crate::plan::live::Live;
use crate::plan::same_server::KnownClusters;
use crate::plan::token::{self, InUse};
use crate::profile::model::{self, Connection, Profile, Remote};
use crate::profile::sensitive::Sensitive;

/// The tokens that the hub's Argo CD uses now.
pub(super) struct Tokens {
    /// By the clusters' names in the profile.
    held: BTreeMap<String, Held>,
    in_use: InUse,
}

/// What the hub has for a cluster of the profile.
struct Held {
    /// Its Secret.
    secret: ObjectId,
    token: Option<Sensitive>,
}

impl Tokens {
    /// Reads them from the cluster Secrets: of each cluster from the one that an apply would write. A token that is for another
    /// server is never shown to this one.
    ///
    /// # Errors
    /// When the hub cannot be asked.
    pub(super) async fn read(
        context: &Context,
        hub: &Cluster,
        profile: &Profile,
        remotes: &BTreeMap<String, Remote>,
    ) -> Result<Self, CliError> {
        let namespace = profile.argocd.namespace.as_str();
        let secrets = cluster_secrets(hub, namespace).await?;
        let applyset = inventory_id(namespace);
        let known = KnownClusters::new(&secrets, |live| is_member(live, &applyset));
        let held = |cluster: &model::Cluster| {
            let live = known.standing_for(server(cluster, remotes)?, cluster.name.as_str())?;
            let token = token::of_cluster_secret(live.body());
            token.iter().for_each(|token| context.ui.redactor().register(token));
            Some((cluster.name.to_string(), Held { secret: live.id().clone(), token }))
        };
        let held = profile.clusters().filter_map(held).collect();
        Ok(Self { held, in_use: InUse::of(&secrets) })
    }

    /// The token that the hub has for the cluster's server.
    pub(super) fn of(&self, cluster: &model::Cluster) -> Option<&Sensitive> {
        self.held.get(cluster.name.as_str())?.token.as_ref()
    }

    /// The Secret that the hub has for the cluster's server.
    pub(super) fn secret(&self, cluster: &model::Cluster) -> Option<&ObjectId> {
        self.held.get(cluster.name.as_str()).map(|held| &held.secret)
    }

    /// All of them.
    pub(super) fn in_use(&self) -> &InUse {
        &self.in_use
    }
}

fn server<'a>(cluster: &'a model::Cluster, remotes: &'a BTreeMap<String, Remote>) -> Option<&'a str> {
    match &cluster.connection {
        Connection::Context(by) => Some(&remotes.get(&by.context)?.server),
        Connection::Remote(remote) => Some(&remote.server),
        Connection::InCluster => None,
    }
}

/// Every token that the hub has now.
///
/// # Errors
/// When it cannot be asked.
pub(super) async fn in_use(hub: &Cluster, namespace: &str) -> Result<InUse, ClusterError> {
    Ok(InUse::of(&cluster_secrets(hub, namespace).await?))
}

/// Whoever made them.
async fn cluster_secrets(hub: &Cluster, namespace: &str) -> Result<Vec<Live>, ClusterError> {
    let selector = format!("{SECRET_TYPE}=cluster");
    hub.list(&Kinds::core(), &GroupKind::parse("Secret"), Some(namespace), &selector).await
}
