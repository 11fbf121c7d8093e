//! Every map of the profile and the keys that it may have. The JSON schema is tested against this table.

use crate::profile::suggest;

/// A map of the profile.
#[derive(Debug)]
pub(crate) struct Shape {
    /// Its name in the JSON schema.
    pub(crate) name: &'static str,
    /// What messages call it.
    pub(crate) title: &'static str,
    /// Its keys, in the order of the documentation.
    pub(crate) keys: &'static [&'static str],
}

impl Shape {
    /// Whether what stands in the map is a secret, or leads to one.
    pub(crate) fn is_secret(&self) -> bool {
        let secret = [SECRET, SECRET_REF, CREDENTIALS, BASIC, GITHUB_APP, CLIENT_CERTIFICATE, EXEC_AUTH];
        secret.iter().any(|shape| shape.name == self.name)
    }

    /// Whether a key may be repeated in messages and excerpts: not one that could be a secret, or the end of one, as
    /// `ter2` is in `{ password: hun, ter2 }`.
    pub(crate) fn may_show(&self, key: &str, is_null: bool) -> bool {
        self.keys.contains(&key)
            || (!self.is_secret() && !is_null)
            || suggest::closest(key, self.keys.iter().copied()).is_some()
    }
}

/// Whether any map of a profile has the key.
pub(crate) fn is_known(key: &str) -> bool {
    ALL.iter().any(|shape| shape.keys.contains(&key))
}

macro_rules! shapes {
    ($($constant:ident = $name:literal, $title:literal, [$($key:literal),* $(,)?];)*) => {
        $(
            #[doc = concat!("The keys of ", $title, ".")]
            pub(crate) const $constant: &Shape = &Shape { name: $name, title: $title, keys: &[$($key),*] };
        )*

        /// Every shape.
        pub(crate) const ALL: &[&Shape] = &[$($constant),*];
    };
}

shapes! {
    PROFILE = "Profile", "a profile", [
        "apiVersion", "kind", "metadata", "extends", "variables", "argocd", "repositories", "gitops", "projects",
        "clusters", "applicationSets",
    ];
    METADATA = "Metadata", "the profile's metadata", ["name"];
    VARIABLE = "Variable", "a variable", ["description", "default", "sensitive"];

    ARGOCD = "ArgoCd", "`argocd`",
        ["version", "install", "flavor", "namespace", "manifests", "images", "patches"];
    MANIFESTS = "Manifests", "`manifests`", ["path", "url", "sha256"];
    IMAGES = "Images", "`images`", ["registries", "pullSecrets"];
    PATCH = "Patch", "a patch", ["target", "json6902", "merge"];
    PATCH_TARGET = "PatchTarget", "a patch's target", ["group", "kind", "name", "labels"];

    REPOSITORY = "Repository", "a repository",
        ["name", "url", "type", "scope", "credentials", "project", "insecure", "proxy"];
    CREDENTIALS = "Credentials", "a repository's credentials",
        ["username", "password", "bearerToken", "sshPrivateKey", "githubApp"];
    GITHUB_APP = "GithubApp", "`githubApp`", ["appId", "installationId", "privateKey", "enterpriseBaseUrl"];
    SECRET = "SecretReference", "a reference to a secret",
        ["env", "file", "exec", "secretRef", "value", "allowLiteral"];
    SECRET_REF = "SecretRef", "`secretRef`", ["name", "key", "namespace"];

    GITOPS = "GitOps", "`gitops`", ["addons", "addonsExtras", "workloads", "clusters"];
    GIT_SOURCE = "GitSource", "a source of `gitops`", ["url", "basePath", "path", "revision"];

    PROJECT = "Project", "a project", [
        "name", "description", "sourceRepos", "sourceNamespaces", "destinations", "clusterResourceWhitelist",
        "clusterResourceBlacklist", "namespaceResourceWhitelist", "namespaceResourceBlacklist", "orphanedResources",
        "roles", "syncWindows", "permitOnlyProjectScopedClusters", "destinationServiceAccounts",
    ];
    DESTINATION = "Destination", "a destination", ["server", "name", "namespace"];
    GROUP_KIND = "GroupKind", "a resource kind", ["group", "kind"];
    ORPHANED = "OrphanedResources", "`orphanedResources`", ["warn", "ignore"];
    ORPHANED_KEY = "OrphanedKey", "an ignored resource", ["group", "kind", "name"];
    ROLE = "ProjectRole", "a project's role", ["name", "description", "policies", "groups"];
    SYNC_WINDOW = "SyncWindow", "a sync window", [
        "kind", "schedule", "duration", "applications", "namespaces", "clusters", "manualSync", "timeZone",
        "andOperator", "syncOverrun", "description",
    ];
    SERVICE_ACCOUNT = "DestinationServiceAccount", "a destination's service account",
        ["server", "namespace", "defaultServiceAccount"];

    CLUSTER = "Cluster", "a cluster", [
        "name", "role", "provider", "kind", "connection", "env", "region", "cloud", "type", "kubernetesVersion", "teams", "addons",
        "labels", "metadata", "namespaces", "clusterResources", "project", "shard",
    ];
    KIND_CLUSTER = "KindCluster", "`kind`", ["name", "image", "ports", "mirrors", "mounts", "labels"];
    PORT_MAPPING = "PortMapping", "a port", ["host", "node", "address", "protocol"];
    MOUNT = "Mount", "a mount", ["host", "node", "readOnly"];
    CONNECTION = "Connection", "a connection", [
        "context", "server", "caData", "insecure", "serverName", "token", "clientCertificate", "basic", "awsAuth",
        "exec", "serviceAccount", "proxyUrl", "disableCompression", "allowLoopback",
    ];
    CLIENT_CERTIFICATE = "ClientCertificate", "`clientCertificate`", ["certData", "keyData"];
    BASIC = "Basic", "`basic`", ["username", "password"];
    AWS_AUTH = "AwsAuth", "`awsAuth`", ["clusterName", "roleArn", "profile"];
    SPOKE_ACCOUNT = "SpokeAccount", "`serviceAccount`", ["name", "namespace", "tokenLifetime"];
    EXEC_AUTH = "ExecAuth", "`exec`", ["command", "args", "env", "apiVersion", "installHint", "provideClusterInfo", "config"];

    APPLICATION_SETS = "ApplicationSets", "`applicationSets`",
        ["preserveResourcesOnDeletion", "templates", "addons", "workloads", "clusters"];
    ROOT_SET = "RootApplicationSet", "a root ApplicationSet", ["perCluster"];
}
