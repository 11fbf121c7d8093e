//! Which parts of a profile an excerpt may show. What is not known to be harmless is taken for a secret.

use crate::profile::address;
use crate::profile::decode::keys::{self, Shape};

/// What may stand in a place of the profile.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Zone {
    /// A map with the keys of a shape, or a list of such maps.
    Shape(&'static Shape),
    /// A map from free names to shapes: the variables.
    Variables,
    /// A map from free names to texts, such as labels.
    Free,
    /// A text, or a list of texts.
    Plain,
    /// The name of an environment variable.
    Env,
    /// The name of an image.
    Image,
    /// A path.
    File,
    /// A name of Kubernetes.
    Name,
    /// `true` or `false`.
    Switch,
    /// Never shown, whatever it is.
    Hidden,
}

impl Zone {
    /// What stands below a key.
    pub(crate) fn child(self, key: &str) -> Self {
        match self {
            Self::Shape(_) if key == "<<" => self,
            Self::Shape(shape) if shape.keys.contains(&key) => below(shape, key),
            Self::Variables => Self::Shape(keys::VARIABLE),
            Self::Free if !names_a_secret(key) => Self::Plain,
            Self::Shape(_)
            | Self::Free
            | Self::Plain
            | Self::Env
            | Self::Image
            | Self::File
            | Self::Name
            | Self::Switch
            | Self::Hidden => Self::Hidden,
        }
    }

    /// What the items of a list are that stands here.
    pub(crate) fn item(self) -> Self {
        match self {
            Self::Shape(_) | Self::Plain => self,
            Self::Variables
            | Self::Free
            | Self::Env
            | Self::Image
            | Self::File
            | Self::Name
            | Self::Switch
            | Self::Hidden => Self::Hidden,
        }
    }

    /// Whether a scalar that stands here may be shown.
    pub(crate) fn shows(self, text: &str) -> bool {
        match self {
            Self::Image => Self::Plain.shows(address::without_digest(text)),
            // What follows a `?` or `#` in an address is refused, and can be a token.
            Self::Plain => {
                let has_query = text.contains("://") && text.contains(['?', '#']);
                !has_query && !address::holds_credentials(text)
            }
            Self::Env => text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'),
            Self::File => !text.contains(char::is_control) && !address::holds_credentials(text),
            Self::Name => text.chars().all(|c| c.is_ascii_alphanumeric() || "-._".contains(c)),
            Self::Switch => matches!(text, "true" | "false"),
            Self::Shape(_) | Self::Variables | Self::Free | Self::Hidden => text.is_empty(),
        }
    }

    /// Whether a key of a map that stands here may be shown.
    pub(crate) fn shows_key(self, key: &str, is_null: bool) -> bool {
        match self {
            Self::Shape(shape) => key == "<<" || shape.may_show(key, is_null),
            Self::Variables | Self::Free => !address::holds_credentials(key),
            Self::Plain | Self::Env | Self::Image | Self::File | Self::Name | Self::Switch | Self::Hidden => {
                false
            }
        }
    }

    /// Whether what surrounds a value here (anchors, tags, comments) could be a part of a secret.
    pub(crate) fn is_secret(self) -> bool {
        match self {
            Self::Shape(shape) => shape.is_secret(),
            Self::Variables | Self::Free | Self::Plain | Self::Image => false,
            Self::Env | Self::File | Self::Name | Self::Switch | Self::Hidden => true,
        }
    }
}

/// Annotations and labels are free, but somebody may put a token there all the same.
pub(crate) fn names_a_secret(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    ["password", "passwd", "token", "secret", "secret_access_key"].iter().any(|word| key.ends_with(word))
}

/// What stands below a key that the shape knows.
fn below(shape: &'static Shape, key: &str) -> Zone {
    match (shape.name, key) {
        ("Variable", "description")
        | ("GithubApp", "enterpriseBaseUrl")
        | ("ExecAuth", "command" | "apiVersion" | "installHint") => Zone::Plain,
        ("Variable", "sensitive") | ("SecretReference", "allowLiteral") => Zone::Switch,
        ("SecretReference", "env") => Zone::Env,
        ("SecretReference", "file") => Zone::File,
        ("SecretReference", "secretRef") => Zone::Shape(keys::SECRET_REF),
        ("SecretRef", _) => Zone::Name,
        ("Credentials", "githubApp") => Zone::Shape(keys::GITHUB_APP),
        ("Credentials" | "Basic", _)
        | ("GithubApp", "privateKey")
        | ("Connection", "token")
        | ("ClientCertificate", "keyData") => Zone::Shape(keys::SECRET),
        ("Connection", "clientCertificate") => Zone::Shape(keys::CLIENT_CERTIFICATE),
        ("Connection", "basic") => Zone::Shape(keys::BASIC),
        ("Connection", "awsAuth") => Zone::Shape(keys::AWS_AUTH),
        ("Connection", "serviceAccount") => Zone::Shape(keys::SPOKE_ACCOUNT),
        ("Connection", "exec") => Zone::Shape(keys::EXEC_AUTH),
        ("Patch", "target") => Zone::Shape(keys::PATCH_TARGET),
        // Also the values of patches, and certificates, in whose place a key can stand by mistake.
        ("Connection", "caData")
        | ("Variable" | "SecretReference" | "GithubApp" | "ClientCertificate" | "ExecAuth" | "Patch", _) => {
            Zone::Hidden
        }
        _ => below_public(shape, key),
    }
}

fn below_public(shape: &'static Shape, key: &str) -> Zone {
    match (shape.name, key) {
        ("Profile", "metadata") => Zone::Shape(keys::METADATA),
        ("Profile", "variables") => Zone::Variables,
        ("Profile", "argocd") => Zone::Shape(keys::ARGOCD),
        ("Profile", "repositories") => Zone::Shape(keys::REPOSITORY),
        ("Profile", "gitops") => Zone::Shape(keys::GITOPS),
        ("Profile", "projects") => Zone::Shape(keys::PROJECT),
        ("Profile", "clusters") => Zone::Shape(keys::CLUSTER),
        ("Profile", "applicationSets") => Zone::Shape(keys::APPLICATION_SETS),
        ("ArgoCd", "manifests") => Zone::Shape(keys::MANIFESTS),
        ("ArgoCd", "images") => Zone::Shape(keys::IMAGES),
        ("ArgoCd", "patches") => Zone::Shape(keys::PATCH),
        ("Images", "registries")
        | ("PatchTarget", "labels")
        | ("Cluster", "labels" | "metadata" | "addons")
        | ("KindCluster", "labels" | "mirrors")
        | ("ApplicationSets", "templates") => Zone::Free,
        ("Repository", "credentials") => Zone::Shape(keys::CREDENTIALS),
        ("GitOps", _) => Zone::Shape(keys::GIT_SOURCE),
        ("Project", "destinations") => Zone::Shape(keys::DESTINATION),
        ("Project", "orphanedResources") => Zone::Shape(keys::ORPHANED),
        ("Project", "roles") => Zone::Shape(keys::ROLE),
        ("Project", "syncWindows") => Zone::Shape(keys::SYNC_WINDOW),
        ("Project", "destinationServiceAccounts") => Zone::Shape(keys::SERVICE_ACCOUNT),
        ("Project", key) if key.ends_with("list") => Zone::Shape(keys::GROUP_KIND),
        ("OrphanedResources", "ignore") => Zone::Shape(keys::ORPHANED_KEY),
        ("Cluster", "connection") => Zone::Shape(keys::CONNECTION),
        ("Cluster", "kind") => Zone::Shape(keys::KIND_CLUSTER),
        ("KindCluster", "image") => Zone::Image,
        ("KindCluster", "ports") => Zone::Shape(keys::PORT_MAPPING),
        ("KindCluster", "mounts") => Zone::Shape(keys::MOUNT),
        ("ApplicationSets", "addons" | "workloads" | "clusters") => Zone::Shape(keys::ROOT_SET),
        _ => Zone::Plain,
    }
}
