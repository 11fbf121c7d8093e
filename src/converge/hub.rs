//! Reading what is in Argo CD's namespace. Of each object next to nothing is kept: there may be ten thousand.

use jiff::Timestamp;

use crate::cluster::{Cluster, ClusterError, Kinds, Query};
use crate::desired::id::GroupKind;
use crate::desired::labels::SECRET_TYPE;
use crate::desired::ownership::inventory_id;
use crate::desired::secret_data;
use crate::plan::build::Owner;
use crate::plan::decide::is_member;
use crate::plan::live::Live;
use crate::plan::status::expected::APPLICATION_SET;
use crate::plan::status::fleet::Registered;
use crate::plan::token::{self, Token};

/// Argo CD's Applications.
pub(super) const APPLICATION: &str = "Application.argoproj.io";

/// The hub of one profile.
#[derive(Clone, Copy)]
pub(super) struct Hub<'a> {
    pub(super) cluster: &'a Cluster,
    pub(super) kinds: &'a Kinds,
    pub(super) owner: &'a Owner,
}

impl Hub<'_> {
    /// What is made of each object of a kind in Argo CD's namespace; nothing of a kind that is not served.
    pub(super) async fn list<T: Send + 'static>(
        self,
        kind: &str,
        selector: String,
        keep: impl Fn(Live) -> T + Clone + Send + 'static,
    ) -> Result<Vec<T>, ClusterError> {
        let group_kind = GroupKind::parse(kind);
        if !self.kinds.serves(&group_kind) {
            return Ok(Vec::new());
        }
        let query = Query { group_kind, namespace: Some(self.owner.namespace.clone()), selector };
        self.cluster.list_each(self.kinds, &query, &async || {}, keep).await
    }

    /// Every cluster Secret.
    pub(super) async fn registered(self) -> Result<Vec<Registered>, ClusterError> {
        self.list("Secret", format!("{SECRET_TYPE}=cluster"), registered(self.owner)).await
    }

    /// What is made of each ApplicationSet.
    pub(super) async fn sets<T: Send + 'static>(
        self,
        keep: impl Fn(Live) -> T + Clone + Send + 'static,
    ) -> Result<Vec<T>, ClusterError> {
        self.list(APPLICATION_SET, String::new(), keep).await
    }

    /// What is made of each Application.
    pub(super) async fn applications<T: Send + 'static>(
        self,
        keep: impl Fn(Live) -> T + Clone + Send + 'static,
    ) -> Result<Vec<T>, ClusterError> {
        self.list(APPLICATION, String::new(), keep).await
    }
}

/// Name and server of a cluster Secret. Of a token in it only its end is kept.
#[expect(clippy::disallowed_methods, reason = "tokens expire by the clock")]
fn registered(owner: &Owner) -> impl Fn(Live) -> Registered + Clone + Send + use<> {
    let applyset = inventory_id(&owner.namespace);
    move |live: Live| {
        let text = |key| secret_data::text(live.body(), key).unwrap_or_default();
        Registered {
            name: text("name"),
            server: text("server").trim_end_matches('/').to_owned(),
            is_member: is_member(&live, &applyset),
            token: token::of_cluster_secret(live.body())
                .and_then(|text| Token::read(&text)?.expiry(Timestamp::now())),
        }
    }
}
