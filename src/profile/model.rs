//! The validated profile. A value of these types keeps every offline rule; what is illegal cannot be written down.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::profile::location::Location;
use crate::profile::names::{
    AddonName, AnnotationKey, ArgoCdVersion, ClusterName, LabelKey, LabelValue, Namespace, ObjectName,
    ProfileName, Sha256,
};
use crate::profile::sensitive::Sensitive;

/// Everything that the user asks for.
#[derive(Debug, Clone)]
pub struct Profile {
    /// Identity of the inventory on the hub.
    pub name: ProfileName,
    /// How Argo CD comes to the hub.
    pub argocd: ArgoCd,
    /// Repository and repository-credential Secrets.
    pub repositories: Vec<Repository>,
    /// The repositories that the root ApplicationSets pull.
    pub gitops: GitOps,
    /// Argo CD's AppProjects.
    pub projects: Vec<Project>,
    /// The cluster that runs Argo CD.
    pub hub: Cluster,
    /// How bridge reaches the hub: a kubeconfig context; `None` leaves it to `--context`.
    pub hub_context: Option<String>,
    /// The clusters that the hub deploys to, in the order of the profile.
    pub spokes: Vec<Cluster>,
    /// Settings of the root ApplicationSets.
    pub application_sets: ApplicationSets,
}

impl Profile {
    /// The hub, then the spokes.
    pub fn clusters(&self) -> impl Iterator<Item = &Cluster> {
        std::iter::once(&self.hub).chain(&self.spokes)
    }
}

/// How Argo CD comes to the hub.
#[derive(Debug, Clone)]
pub struct ArgoCd {
    /// The namespace of Argo CD, of the cluster Secrets and of the inventory.
    pub namespace: Namespace,
    /// Who installs it.
    pub install: Install,
}

/// Who installs Argo CD.
#[derive(Debug, Clone)]
pub enum Install {
    /// Somebody else; bridge waits for its CustomResourceDefinitions.
    Existing,
    /// bridge, from the official manifest.
    Manifests(Manifests),
}

/// An installation from the official manifest.
#[derive(Debug, Clone)]
pub struct Manifests {
    /// Which release.
    pub version: ArgoCdVersion,
    /// Which of its variants.
    pub flavor: Flavor,
    /// Where the manifest comes from.
    pub source: ManifestSource,
    /// Registry rewrites and pull secrets.
    pub images: Images,
    /// Changes to single objects, applied last.
    pub patches: Vec<Patch>,
}

/// A variant of Argo CD's install manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flavor {
    /// `install.yaml`.
    Standard,
    /// `ha/install.yaml`.
    Ha,
    /// `core-install.yaml`: no API server, UI, Dex or notifications.
    Core,
    /// `namespace-install.yaml`: manages its own namespace only; the CRDs come separately.
    Namespaced,
}

/// Where the manifest comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ManifestSource {
    /// The cache by the digest in bridge.lock, else the project's official address.
    Official,
    /// A file, relative to the profile's folder; checked when a digest is given.
    Path {
        /// The file.
        path: PathBuf,
        /// What its bytes must digest to.
        sha256: Option<Sha256>,
        /// Where the profile says so.
        at: Location,
    },
    /// Another address; its digest is required.
    Url {
        /// `https://` address.
        url: String,
        /// What its bytes must digest to.
        sha256: Sha256,
    },
}

/// Where container images come from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Images {
    /// Registry (and path prefix) to its replacement: `quay.io` to `mirror.example/quay`. The longest prefix wins.
    pub registries: BTreeMap<String, String>,
    /// Names of pull Secrets for every pod.
    pub pull_secrets: Vec<ObjectName>,
}

/// A change to objects of the manifest.
#[derive(Debug, Clone)]
pub struct Patch {
    /// Which objects.
    pub target: PatchTarget,
    /// What happens to them.
    pub operation: PatchOperation,
    /// Where the profile says so.
    pub at: Location,
}

/// Selects the objects of a patch: all the given fields must match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PatchTarget {
    /// API group; `None` matches any.
    pub group: Option<String>,
    /// Kind.
    pub kind: String,
    /// Name; `None` matches any.
    pub name: Option<String>,
    /// Labels that the object must carry.
    pub labels: BTreeMap<String, String>,
}

/// What a patch does.
#[derive(Debug, Clone)]
pub enum PatchOperation {
    /// RFC 6902, as a JSON array of operations.
    Json6902(serde_json::Value),
    /// RFC 7386.
    Merge(serde_json::Value),
}

/// A secret that stands elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SecretReference {
    /// Where the value is.
    pub source: SecretSource,
    /// Where the profile says so.
    pub at: Location,
}

/// Where a secret value is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum SecretSource {
    /// An environment variable of bridge's process.
    Env(String),
    /// A file, relative to the profile's folder; one trailing newline is dropped.
    File(PathBuf),
    /// A command whose standard output is the value; run in plan and apply only.
    Exec(Vec<String>),
    /// A key of a Secret on the hub.
    SecretRef {
        /// The Secret's namespace; Argo CD's where the profile names none.
        namespace: Namespace,
        /// The Secret's name.
        name: ObjectName,
        /// The key in its data.
        key: String,
    },
    /// The value itself: `allowLiteral: true`, or a variable that is declared sensitive.
    Literal(Sensitive),
}

/// A text that is not secret by itself, such as a user name, written out or by reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Text {
    /// Written in the profile.
    Plain(String),
    /// Stands elsewhere, and is treated as a secret.
    Reference(SecretReference),
}

/// A Secret that tells Argo CD how to read repositories.
#[derive(Debug, Clone)]
pub struct Repository {
    /// Name of the Secret: `repo-<name>`.
    pub name: ObjectName,
    /// One repository, or credentials for all whose URL starts with `url`.
    pub scope: RepositoryScope,
    /// What is in it.
    pub kind: RepositoryKind,
    /// Its address, byte for byte as ApplicationSets use it.
    pub url: String,
    /// How Argo CD authenticates.
    pub credentials: Credentials,
    /// Restricts it to one AppProject.
    pub project: Option<ObjectName>,
    /// Skips TLS or host-key verification.
    pub insecure: bool,
    /// Proxy that Argo CD uses for it.
    pub proxy: Option<String>,
}

/// Whether a repository Secret stands for one repository or for a prefix of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RepositoryScope {
    /// `argocd.argoproj.io/secret-type: repository`.
    Repository,
    /// `argocd.argoproj.io/secret-type: repo-creds`.
    Prefix,
}

/// What a repository holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RepositoryKind {
    /// Git.
    Git,
    /// A Helm chart repository over HTTP.
    Helm,
    /// An OCI registry of Helm charts (`type: helm`, `enableOCI: "true"`).
    HelmOci,
}

/// How Argo CD authenticates to a repository: exactly one way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credentials {
    /// Not at all.
    Anonymous,
    /// User name and password, or a token in place of the password.
    Basic {
        /// The user.
        username: Text,
        /// The password or token.
        password: SecretReference,
    },
    /// `Authorization: Bearer`.
    Bearer(SecretReference),
    /// An SSH private key.
    Ssh(SecretReference),
    /// A GitHub App.
    GithubApp {
        /// The app's id.
        app_id: String,
        /// The installation's id.
        installation_id: String,
        /// The app's private key.
        private_key: SecretReference,
        /// API address of a GitHub Enterprise server.
        enterprise_base_url: Option<String>,
    },
}

/// The repositories of the GitOps contract.
#[derive(Debug, Clone, Default)]
pub struct GitOps {
    /// Cluster addons.
    pub addons: Option<GitSource>,
    /// Private extension of the addons: annotations only.
    pub addons_extras: Option<GitSource>,
    /// The teams' workloads.
    pub workloads: Option<GitSource>,
    /// Clusters and their settings.
    pub clusters: Option<GitSource>,
}

/// A folder of a git repository at a revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GitSource {
    /// Address of the repository.
    pub url: String,
    /// Base path, ending in `/`; an empty one is `./`. So it joins with `path` to the same relative path whether a
    /// template writes `{{base}}{{path}}` (GitOps Bridge) or `{{base}}/{{path}}` (DoKa Seca).
    pub base_path: String,
    /// Path below the base path, without a leading slash.
    pub path: String,
    /// Branch, tag or commit.
    pub revision: String,
}

/// An Argo CD AppProject.
#[derive(Debug, Clone)]
pub struct Project {
    /// Its name.
    pub name: ObjectName,
    /// The `spec` as Argo CD reads it, built from the profile's typed and checked fields.
    pub spec: serde_json::Map<String, serde_json::Value>,
}

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

/// Settings of the root ApplicationSets.
#[derive(Debug, Clone)]
pub struct ApplicationSets {
    /// Whether generated Applications leave their resources behind when their ApplicationSet goes. Default true.
    pub preserve_resources_on_deletion: bool,
    /// Sets that generate one Application for each cluster instead of one for the hub.
    pub per_cluster: PerCluster,
    /// Folder, relative to the profile, whose `*.yaml.tera` replace built-in templates by name and add others.
    pub templates: Option<(PathBuf, Location)>,
}

/// Which root ApplicationSets generate one Application for each cluster.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PerCluster {
    /// The addons set.
    pub addons: bool,
    /// The workloads set.
    pub workloads: bool,
    /// The clusters set.
    pub clusters: bool,
}
