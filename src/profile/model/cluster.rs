//! Clusters, and how Argo CD connects to them.

use std::collections::BTreeMap;

use crate::profile::location::Location;
use crate::profile::model::repository::{SecretReference, Text};
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
    Insecure,
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
    Exec {
        /// The command.
        command: String,
        /// Its arguments.
        args: Vec<String>,
        /// Its environment.
        env: BTreeMap<String, String>,
        /// Version of the credential API.
        api_version: String,
        /// What to tell a user who lacks the command.
        install_hint: Option<String>,
    },
}
