//! `clusters`.
#![expect(dead_code, reason = "the types exist for their schema; nothing is read through them")]

use std::collections::BTreeMap;

use schemars::JsonSchema;

use super::kind::KindCluster;
use super::repositories::{SecretReference, Text};
use super::value::{Anything, Flag, OrVariable, Scalar};

/// A cluster that Argo CD knows.
#[derive(JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Cluster {
    /// Its name everywhere: at most 63 lower-case letters, digits and `-`.
    name: String,
    /// `hub` for the one that runs Argo CD. Default `spoke`.
    role: Option<OrVariable<ClusterRole>>,
    /// `kind` for a cluster that `bridge up` makes on this machine and `bridge down` removes. How it is reached follows from
    /// that, so that it has no `connection`. Default: somebody else makes the cluster.
    provider: Option<OrVariable<Provider>>,
    /// What bridge makes the cluster from, with `provider: kind`.
    #[serde(rename = "kind")]
    kind_cluster: Option<KindCluster>,
    /// How it is reached: the hub by bridge, a spoke by the hub's Argo CD.
    connection: Option<Connection>,
    /// Labels `environment` and `env`.
    env: Option<Scalar>,
    /// Label `region`.
    region: Option<Scalar>,
    /// Label `cloud`.
    cloud: Option<Scalar>,
    /// Label `type`. Default `hub` or `workload`.
    #[serde(rename = "type")]
    kind: Option<Scalar>,
    /// Label `kubernetes_version`.
    kubernetes_version: Option<Scalar>,
    /// Teams on the cluster: labels `<team>: "true"`.
    teams: Option<Vec<Scalar>>,
    /// Addons: labels `enable_<addon>: "true"` or `"false"`.
    addons: Option<BTreeMap<String, Flag>>,
    /// Free labels, which ApplicationSets select by.
    labels: Option<BTreeMap<String, Scalar>>,
    /// Free annotations, which ApplicationSet templates read.
    metadata: Option<BTreeMap<String, Scalar>>,
    /// The only namespaces that Argo CD manages there. Default: all.
    namespaces: Option<Vec<Scalar>>,
    /// Manage cluster-scoped resources although `namespaces` is set.
    cluster_resources: Option<Flag>,
    /// The only project that may use the cluster.
    project: Option<String>,
    /// Which shard of the application controller serves it.
    shard: Option<OrVariable<u32>>,
}

/// What a cluster is for.
#[derive(JsonSchema)]
#[serde(rename_all = "lowercase")]
enum ClusterRole {
    /// Runs Argo CD.
    Hub,
    /// Is deployed to.
    Spoke,
}

/// Who makes a cluster, where bridge does.
#[derive(JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Provider {
    /// kind, on a container engine of this machine.
    Kind,
}

/// How a cluster is reached. A spoke has a `server` and one way to authenticate, or a `context`, from which bridge takes
/// what is left out.
#[derive(JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Connection {
    /// Kubeconfig context by which bridge reaches the cluster. Of a spoke, its address and authority count where they are
    /// not given here, and without a way to authenticate bridge makes a `serviceAccount` there.
    context: Option<String>,
    /// Address of the API server, as the hub reaches it.
    server: Option<String>,
    /// base64 of the PEM certificate of its authority.
    ca_data: Option<String>,
    /// Do not verify its certificate. Default false.
    insecure: Option<Flag>,
    /// Name to expect in its certificate instead of the host.
    server_name: Option<String>,
    /// Bearer token.
    token: Option<SecretReference>,
    /// Client certificate.
    client_certificate: Option<ClientCertificate>,
    /// User name and password.
    basic: Option<Basic>,
    /// EKS by Argo CD's own AWS identity.
    aws_auth: Option<AwsAuth>,
    /// A command in Argo CD's image, such as `argocd-k8s-auth gcp`.
    exec: Option<ExecAuth>,
    /// An account of Argo CD on the spoke, which bridge makes through `context`. The default where no other way is given.
    service_account: Option<SpokeAccount>,
    /// Proxy in front of the API server: http, https or socks5.
    proxy_url: Option<String>,
    /// Do not ask for compressed answers. Default false.
    disable_compression: Option<Flag>,
    /// Allow a loopback address. For tests.
    allow_loopback: Option<Flag>,
}

/// An account of Argo CD on a spoke.
#[derive(JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SpokeAccount {
    /// Its name. Default `argocd-manager`, as `argocd cluster add` has it.
    name: Option<String>,
    /// Its namespace. Default `kube-system`.
    namespace: Option<String>,
    /// How long its tokens are valid, such as `2160h` (the default), or `unlimited`. `bridge apply` renews them in the last
    /// third of that time.
    token_lifetime: Option<String>,
}

/// A client certificate and its key.
#[derive(JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ClientCertificate {
    /// base64 of the PEM certificate.
    cert_data: Option<String>,
    /// The PEM key.
    key_data: Option<SecretReference>,
}

/// User name and password.
#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
struct Basic {
    /// The user.
    username: Option<Text>,
    /// The password.
    password: Option<SecretReference>,
}

/// EKS by Argo CD's own AWS identity.
#[derive(JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct AwsAuth {
    /// Name of the EKS cluster.
    cluster_name: Option<String>,
    /// Role to assume.
    role_arn: Option<String>,
    /// Profile of the shared AWS configuration.
    profile: Option<String>,
}

/// A command that prints credentials, in Argo CD's image.
#[derive(JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ExecAuth {
    /// The command.
    command: Option<String>,
    /// Its arguments.
    args: Option<Vec<Scalar>>,
    /// Its environment.
    env: Option<BTreeMap<String, Text>>,
    /// Version of the credential API. Default `client.authentication.k8s.io/v1beta1`.
    api_version: Option<OrVariable<CredentialVersion>>,
    /// What to tell a user who lacks the command.
    install_hint: Option<String>,
    /// Tell the command about the cluster, in `KUBERNETES_EXEC_INFO`. Default false.
    provide_cluster_info: Option<Flag>,
    /// What the command wants to know besides, where it is told about the cluster.
    config: Option<BTreeMap<String, Anything>>,
}

/// Version of the credential API.
#[derive(JsonSchema)]
enum CredentialVersion {
    /// Current.
    #[serde(rename = "client.authentication.k8s.io/v1")]
    V1,
    /// Older, and understood by every helper.
    #[serde(rename = "client.authentication.k8s.io/v1beta1")]
    V1Beta1,
}
