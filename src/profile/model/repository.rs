//! Repositories, and the secrets that reach them.

use std::path::PathBuf;

use crate::profile::location::Location;
use crate::profile::names::{Namespace, ObjectName};
use crate::profile::sensitive::Sensitive;

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
    /// The token of the ServiceAccount that bridge makes on the spoke behind a context.
    SpokeToken {
        /// The context.
        context: String,
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
    /// Where the profile says so.
    pub at: Location,
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
