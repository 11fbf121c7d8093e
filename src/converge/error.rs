//! Why a plan could not be made, or an apply could not begin.

use std::time::Duration;

use crate::cluster::ClusterError;
use crate::code::Code;
use crate::desired::object::NotAnObject;
use crate::plan::consent::ObjectSelector;
use crate::plan::inventory::NotOurInventory;
use crate::plan::token::Why;

/// Why a plan could not be made, or an apply could not begin. Nothing was written then, unless it says so.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ConvergeError {
    /// The cluster could not be asked.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// The inventory is not ours.
    #[error(transparent)]
    ForeignInventory(#[from] NotOurInventory),
    /// The inventory belongs to another profile.
    #[error("this cluster belongs to the profile `{recorded}`, and this one is `{wanted}`")]
    AnotherProfile {
        /// What the inventory records.
        recorded: String,
        /// The profile at hand.
        wanted: String,
    },
    /// The profile owns an inventory in another namespace.
    #[error(
        "this profile lives in the namespace `{recorded}` of this cluster already, and now asks for `{wanted}`"
    )]
    AnotherNamespace {
        /// Where the inventory is.
        recorded: String,
        /// The namespace in the profile.
        wanted: String,
    },
    /// The address leads to another cluster than the one that was planned for.
    #[error(
        "{server} is another cluster than the one that was planned for: its uid was {planned} and is {found}; nothing was written"
    )]
    AnotherCluster {
        /// Address of the API server.
        server: String,
        /// The uid of its kube-system in the plan.
        planned: String,
        /// The uid right before the first write.
        found: String,
    },
    /// Another run recorded something in the inventory that was about to be removed.
    #[error("another run of bridge wrote the inventory meanwhile, so it was left in place")]
    InventoryMoved,
    /// The inventory is gone while there are objects that it should record.
    #[error("there is no inventory (ConfigMap {0}/bridge), so bridge does not know what it owns")]
    NoInventory(String),
    /// The desired objects never came.
    #[error("there are no desired objects to compare the cluster with; this is a bug of bridge")]
    NothingAsked,
    /// A target is not among the desired objects.
    #[error("nothing in the profile is called {}", targets.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))]
    NoSuchTarget {
        /// The targets that match nothing.
        targets: Vec<ObjectSelector>,
    },
    /// The namespace is being deleted.
    #[error("the namespace `{0}` is being deleted")]
    NamespaceTerminating(String),
    /// Argo CD is not there.
    #[error("Argo CD's CustomResourceDefinitions did not appear within {seconds} s")]
    NoArgoCd {
        /// How long bridge waited.
        seconds: u64,
    },
    /// Another apply holds the lock.
    #[error("{holder} holds the lock of this hub, and did so for the {} s that bridge waited", waited.as_secs())]
    Locked {
        /// Who.
        holder: String,
        /// How long bridge waited.
        waited: Duration,
    },
    /// Somebody took the lock over while this apply ran.
    #[error("somebody else took the lock of this hub over, because it was not renewed in time")]
    LockLost,
    /// A token Secret stays empty.
    #[error("the Secret {secret} got no token of its account")]
    NoToken {
        /// Namespace and name.
        secret: String,
    },
    /// A token that was just made may not do what Argo CD has to do.
    #[error(
        "the API server accepts the new token of {subject}, and does not let it do everything that Argo CD needs"
    )]
    WeakToken {
        /// Whose token.
        subject: String,
    },
    /// A token that was just made is none that would be kept.
    #[error("the new token is of no use: {}", why.of_new())]
    UnfitToken {
        /// Why another one would be made at once.
        why: Why,
    },
    /// An object lost its identity: a mistake of bridge's.
    #[error("an object is no object any more: {0}")]
    Object(#[from] NotAnObject),
}

impl ConvergeError {
    /// The documented problem.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Cluster(error) => error.code(),
            Self::ForeignInventory(_) => Code::FOREIGN_INVENTORY,
            Self::AnotherCluster { .. } => Code::ANOTHER_CLUSTER,
            Self::InventoryMoved => Code::STALE_PLAN,
            Self::NoInventory(_) => Code::NO_INVENTORY,
            Self::AnotherProfile { .. } => Code::ANOTHER_PROFILE,
            Self::AnotherNamespace { .. } => Code::ANOTHER_NAMESPACE,
            Self::NoSuchTarget { .. } => Code::NO_SUCH_TARGET,
            Self::NamespaceTerminating(_) => Code::TERMINATING,
            Self::NoArgoCd { .. } => Code::NO_ARGO_CD,
            Self::Locked { .. } => Code::LOCKED,
            Self::LockLost => Code::LOCK_LOST,
            Self::NoToken { .. } | Self::WeakToken { .. } | Self::UnfitToken { .. } => Code::SPOKE_TOKEN,
            Self::NothingAsked => Code::INTERNAL,
            Self::Object(_) => Code::API,
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn hints(&self) -> Vec<String> {
        match self {
            Self::Cluster(error) => error.hints(),
            Self::ForeignInventory(_) => vec!["nothing was written; rename that ConfigMap if it is not needed".to_owned()],
            Self::AnotherProfile { recorded, wanted: _ } => vec![
                "check `--profile` and `--context`: applying this profile would prune everything of the other one".to_owned(),
                format!("if the profile was renamed, say so once: --rename-from {recorded}"),
            ],
            Self::AnotherCluster { .. } => vec![
                "check where the address in the kubeconfig leads (DNS, proxy, load balancer, a cluster that was made anew), then run `bridge plan` again".to_owned(),
            ],
            Self::InventoryMoved => vec!["wait until the other run has ended, then run `bridge plan` again".to_owned()],
            Self::NoInventory(_) => vec!["`bridge apply` records it again; then destroy".to_owned()],
            Self::AnotherNamespace { recorded, wanted: _ } => vec![
                format!("set `argocd.namespace: {recorded}` again; or `bridge destroy` there first, then apply here"),
            ],
            Self::NoSuchTarget { .. } => vec!["`bridge render` lists every object of the profile".to_owned()],
            Self::NamespaceTerminating(name) => {
                vec![format!("wait until it is gone; this shows what holds it: kubectl get namespace {name} -o yaml")]
            }
            Self::NoArgoCd { .. } => {
                vec!["install Argo CD first, or set `argocd.install: manifests` in the profile".to_owned()]
            }
            Self::Locked { .. } => vec![
                "wait until it is done, or give it longer: --lock-timeout 10m".to_owned(),
                "the lock of a process that was killed expires by itself after 10 s".to_owned(),
            ],
            Self::LockLost => {
                vec!["what was written before stays; run `bridge plan` again and look at the new plan".to_owned()]
            }
            Self::NoToken { .. } => {
                vec!["Kubernetes' controller manager fills token Secrets: see that it runs there".to_owned()]
            }
            Self::WeakToken { .. } => vec![
                "the rights of the account were changed meanwhile, or another authorizer denies them; run it again".to_owned(),
            ],
            Self::UnfitToken { .. } => vec![
                "compare the clocks of this machine and of the spoke's API server; nothing was revoked".to_owned(),
            ],
            Self::NothingAsked | Self::Object(_) => Vec::new(),
        }
    }
}
