//! Clusters, and how Argo CD connects to them.

use std::collections::BTreeMap;

use crate::profile::location::Location;
use crate::profile::model::kind::KindCluster;
use crate::profile::model::repository::{SecretReference, SecretSource, Text};
use crate::profile::names::{
    AddonName, AnnotationKey, ClusterName, LabelKey, LabelValue, Namespace, ObjectName,
};

/// Hub or spoke.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Runs Argo CD.
    Hub,
    /// Is deployed to by the hub.
    Spoke,
}

/// A cluster that Argo CD knows.
#[derive(Debug, Clone)]
pub struct Cluster {
    /// Its name everywhere: Secret, `data.name`, label, annotation.
    pub name: ClusterName,
    /// Hub or spoke.
    pub role: Role,
    /// How Argo CD connects to it.
    pub connection: Connection,
    /// What bridge makes the cluster from, where it does; `None` for a cluster of somebody else's.
    pub kind_cluster: Option<Box<KindCluster>>,
    /// Labels `environment` and `env`.
    pub env: Option<LabelValue>,
    /// Label `region`.
    pub region: Option<LabelValue>,
    /// Label `cloud`.
    pub cloud: Option<LabelValue>,
    /// Label `type`: `hub` or `workload` unless the profile says otherwise.
    pub kind: LabelValue,
    /// Label `kubernetes_version`, written only when the profile sets it.
    pub kubernetes_version: Option<LabelValue>,
    /// Labels `<team>: "true"`.
    pub teams: Vec<LabelKey>,
    /// Labels `enable_<addon>`.
    pub addons: BTreeMap<AddonName, bool>,
    /// Free labels; reserved keys were refused.
    pub labels: BTreeMap<LabelKey, LabelValue>,
    /// Free annotations; reserved keys were refused.
    pub metadata: BTreeMap<AnnotationKey, String>,
    /// Restricts Argo CD to these namespaces of the cluster; empty means all.
    pub namespaces: Vec<Namespace>,
    /// Manage cluster-scoped resources although `namespaces` is set.
    pub cluster_resources: Option<bool>,
    /// Only this AppProject may use the cluster.
    pub project: Option<ObjectName>,
    /// Which shard of the application controller serves the cluster.
    pub shard: Option<u32>,
    /// Where the profile declares it.
    pub at: Location,
}

/// How Argo CD connects to a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Connection {
    /// The cluster that Argo CD runs in: `https://kubernetes.default.svc`.
    InCluster,
    /// Another API server.
    Remote(Box<Remote>),
    /// The API server of a kubeconfig context, which is read when bridge plans.
    Context(Box<ByContext>),
}

/// A spoke that bridge itself reaches by a kubeconfig context. What the profile leaves out is the context's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ByContext {
    /// The context.
    pub context: String,
    /// Address by which the hub reaches it, without a trailing slash.
    pub server: Option<String>,
    /// How its certificate is checked.
    pub tls: Option<Tls>,
    /// How Argo CD authenticates.
    pub auth: ContextAuth,
    /// Proxy between the hub and it. The context's proxy is bridge's way to it, not the hub's.
    pub proxy_url: Option<String>,
    /// Do not ask for compressed answers.
    pub disable_compression: bool,
    /// Whether a loopback address is meant.
    pub allow_loopback: bool,
    /// Where the profile names the context.
    pub at: Location,
}

/// How Argo CD authenticates to a spoke that bridge can reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ContextAuth {
    /// As the profile says. The credential of the context itself is never given away: it is an administrator's.
    Given(Auth),
    /// By a token of a ServiceAccount that bridge makes on the spoke.
    ServiceAccount(ServiceAccount),
}

/// The account of Argo CD on a spoke. Its rights follow from the cluster's `namespaces`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceAccount {
    /// Its name; that of `argocd cluster add` unless the profile says otherwise.
    pub name: ObjectName,
    /// Its namespace.
    pub namespace: Namespace,
    /// How long its tokens are asked for.
    pub token: TokenLifetime,
}

/// How long a token of a ServiceAccount is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenLifetime {
    /// A token that is bound to a Secret and expires; the API server may shorten it.
    Seconds(u64),
    /// A token Secret that never expires.
    Unlimited,
}

impl ByContext {
    /// How Argo CD connects, with what the kubeconfig says of the context.
    #[must_use]
    pub fn remote(&self, endpoint: &Endpoint) -> Remote {
        Remote {
            server: self.server.clone().unwrap_or_else(|| endpoint.server.clone()),
            tls: self.tls(&endpoint.tls),
            auth: self.auth(),
            proxy_url: self.proxy_url.clone(),
            disable_compression: self.disable_compression,
        }
    }

    /// The same as long as no kubeconfig was read, as for `render`.
    #[must_use]
    pub fn unread(&self) -> Remote {
        let server = format!("(the server of the context {})", self.context);
        self.remote(&Endpoint { server, tls: Tls::SystemRoots { server_name: None } })
    }

    /// The authority is that of the cluster, whatever the address; only the name to expect may be another one.
    fn tls(&self, of_context: &Tls) -> Tls {
        match (&self.tls, of_context) {
            (Some(Tls::SystemRoots { server_name: Some(name) }), Tls::Ca { data, .. }) => {
                Tls::Ca { data: data.clone(), server_name: Some(name.clone()) }
            }
            (Some(Tls::SystemRoots { server_name: Some(name) }), Tls::Insecure { .. }) => {
                Tls::Insecure { server_name: Some(name.clone()) }
            }
            (given, of_context) => given.as_ref().unwrap_or(of_context).clone(),
        }
    }

    fn auth(&self) -> Auth {
        match &self.auth {
            ContextAuth::Given(auth) => auth.clone(),
            ContextAuth::ServiceAccount(_) => Auth::Token(SecretReference {
                source: SecretSource::SpokeToken { context: self.context.clone() },
                at: self.at.clone(),
            }),
        }
    }
}

/// The API server of a kubeconfig context.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Address without a trailing slash.
    pub server: String,
    /// How its certificate is checked.
    pub tls: Tls,
}

/// The API server of a spoke, as Argo CD's ClusterConfig holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remote {
    /// Address without a trailing slash.
    pub server: String,
    /// How its certificate is checked.
    pub tls: Tls,
    /// How Argo CD authenticates.
    pub auth: Auth,
    /// Proxy in front of it.
    pub proxy_url: Option<String>,
    /// Do not ask for compressed answers.
    pub disable_compression: bool,
}

/// How a server certificate is checked. A CA and `insecure` together are refused by client-go, so they cannot be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tls {
    /// Against a CA, base64 of its PEM.
    Ca {
        /// base64 of PEM.
        data: String,
        /// Name to expect in the certificate instead of the host of the address.
        server_name: Option<String>,
    },
    /// Against the certificate authorities of Argo CD's image.
    SystemRoots {
        /// Name to expect in the certificate instead of the host of the address.
        server_name: Option<String>,
    },
    /// Not at all.
    Insecure {
        /// Name to ask for where several servers share an address (SNI).
        server_name: Option<String>,
    },
}

/// How Argo CD authenticates to a cluster: exactly one way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Auth {
    /// A bearer token.
    Token(SecretReference),
    /// User name and password.
    Basic {
        /// The user.
        username: Text,
        /// The password.
        password: SecretReference,
    },
    /// A client certificate and its key, PEM.
    ClientCertificate {
        /// base64 of the PEM certificate.
        certificate: String,
        /// The PEM key.
        key: SecretReference,
    },
    /// EKS through `argocd-k8s-auth aws`.
    Aws {
        /// Name of the EKS cluster.
        cluster_name: String,
        /// Role to assume.
        role_arn: Option<String>,
        /// Profile of the shared AWS configuration.
        profile: Option<String>,
    },
    /// A command in Argo CD's image, such as `argocd-k8s-auth gcp`.
    Exec(Box<ExecProvider>),
}

/// A command that prints a credential (`client.authentication.k8s.io`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExecProvider {
    /// The command.
    pub command: String,
    /// Its arguments.
    pub args: Vec<String>,
    /// Its environment.
    pub env: BTreeMap<String, Text>,
    /// Version of the credential API.
    pub api_version: String,
    /// What to tell a user who lacks the command.
    pub install_hint: Option<String>,
    /// What to tell the command about the cluster.
    pub cluster_info: ClusterInfo,
}

/// What a credential command is told about the cluster, in `KUBERNETES_EXEC_INFO`. Its own `config` goes with the rest or
/// not at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClusterInfo {
    /// Nothing.
    Withheld,
    /// The server, its authority, and what the command wants to know besides.
    Provided {
        /// A JSON value of the command's own.
        config: Option<serde_json::Value>,
    },
}
