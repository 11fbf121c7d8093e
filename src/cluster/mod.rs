//! 5. Kubernetes I/O: the only code that names `kube`.
//!
//! `kube` brings the kubeconfig, TLS and authentication; requests are written out here, because bridge needs what its
//! typed API hides: the status code, the `Warning` headers, exact retries and exact query strings.

pub mod command;
mod connect;
mod error;
mod kinds;
mod look;
mod notify;
mod page;
mod probe;
mod prove;
mod read;
mod spoke;
mod transport;
mod write;

pub use connect::{ConnectOptions, Entries, KubeconfigFiles, credentials, userinfo};
pub use error::{ApiStatus, ClusterError};
pub use kinds::{CORE_KINDS, Kinds};
pub use notify::{Notice, Notify};
pub use probe::{identify, probe, unready};
pub use prove::{Proof, prove};
pub use read::Query;
pub use spoke::Extent;
pub use write::{Applied, Apply, Deletion, Guard, Propagation};

use crate::plan::summary::ClusterIdentity;
use transport::Transport;

/// A connection to one cluster.
#[derive(Debug)]
pub struct Cluster {
    transport: Transport,
    identity: ClusterIdentity,
}

impl Cluster {
    /// Which cluster it is.
    #[must_use]
    pub fn identity(&self) -> &ClusterIdentity {
        &self.identity
    }

    /// Asks the API server which cluster it is now: its address may lead to another one since the connection was made.
    ///
    /// # Errors
    /// When the cluster cannot be asked.
    pub async fn uid_now(&self) -> Result<String, ClusterError> {
        self.transport.kube_system_uid().await
    }

    /// How many requests run at the same time.
    #[must_use]
    pub fn parallelism(&self) -> usize {
        self.transport.parallelism()
    }
}
