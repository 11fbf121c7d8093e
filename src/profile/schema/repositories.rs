//! `repositories`, `gitops`, and references to secrets.
#![expect(dead_code, reason = "the types exist for their schema; nothing is read through them")]

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::value::{Flag, OrVariable, Scalar};

/// A Secret that tells Argo CD how to read a repository.
#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Repository {
    /// Name; the Secret is `repo-<name>`.
    name: String,
    /// Address, spelt exactly as ApplicationSets spell it.
    url: Option<String>,
    /// What is in it. Default `git`.
    #[serde(rename = "type")]
    kind: Option<OrVariable<RepositoryType>>,
    /// Whether it is one repository, or credentials for all addresses that start alike. Default `repository`.
    scope: Option<OrVariable<RepositoryScope>>,
    /// How Argo CD authenticates; nothing for a public repository.
    credentials: Option<Credentials>,
    /// The only project that may use it.
    project: Option<String>,
    /// Do not verify certificates or host keys. Default false.
    insecure: Option<Flag>,
    /// Proxy that Argo CD uses for it.
    proxy: Option<String>,
}

/// What is in a repository.
#[derive(JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum RepositoryType {
    /// A git repository.
    Git,
    /// Helm charts over https.
    Helm,
    /// Helm charts in an OCI registry; the address has no scheme.
    HelmOci,
}

/// What a repository's Secret stands for.
#[derive(JsonSchema)]
#[serde(rename_all = "lowercase")]
enum RepositoryScope {
    /// One repository.
    Repository,
    /// Every repository whose address starts with `url`.
    Prefix,
}

/// How Argo CD authenticates: one way of several.
#[derive(JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Credentials {
    /// User name, beside `password`.
    username: Option<Text>,
    /// Password or token, beside `username`.
    password: Option<SecretReference>,
    /// Token for `Authorization: Bearer`.
    bearer_token: Option<SecretReference>,
    /// Private key for an SSH address.
    ssh_private_key: Option<SecretReference>,
    /// A GitHub App.
    github_app: Option<GithubApp>,
}

/// A GitHub App.
#[derive(JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct GithubApp {
    /// Id of the app.
    app_id: Option<Scalar>,
    /// Id of its installation.
    installation_id: Option<Scalar>,
    /// Its private key.
    private_key: Option<SecretReference>,
    /// API address of a GitHub Enterprise server.
    enterprise_base_url: Option<String>,
}

/// Where a secret is: exactly one place.
#[derive(JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct SecretReference {
    /// An environment variable of bridge's process.
    env: Option<String>,
    /// A file, relative to this file; one newline at its end is dropped.
    file: Option<String>,
    /// A command and its arguments; its output is the secret. Runs in plan and apply only.
    exec: Option<Vec<String>>,
    /// A key of a Secret on the hub.
    secret_ref: Option<SecretRef>,
    /// A sensitive variable: `${var.NAME}`.
    value: Option<String>,
    /// Allow any text as `value`. For tests.
    allow_literal: Option<bool>,
}

/// A key of a Secret on the hub.
#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
struct SecretRef {
    /// Name of the Secret.
    name: String,
    /// Key in its data.
    key: String,
    /// Its namespace. Default: Argo CD's.
    namespace: Option<String>,
}

/// A text, or a reference to one.
pub(super) struct Text;

impl JsonSchema for Text {
    fn schema_name() -> Cow<'static, str> {
        "Text".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let reference = generator.subschema_for::<SecretReference>();
        json_schema!({ "anyOf": [{ "type": ["string", "number", "boolean", "null"] }, reference] })
    }
}

/// The repositories that the root ApplicationSets pull. Each also becomes annotations of every cluster Secret.
#[derive(JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct GitOps {
    /// Cluster addons.
    addons: Option<GitSource>,
    /// Private extension of the addons: annotations only.
    addons_extras: Option<GitSource>,
    /// The teams' workloads.
    workloads: Option<GitSource>,
    /// Clusters and their settings.
    clusters: Option<GitSource>,
}

/// A folder of a git repository at a revision.
#[derive(JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct GitSource {
    /// Address of the repository.
    url: Option<String>,
    /// Folder that `path` is relative to. Default: the root of the repository.
    base_path: Option<String>,
    /// Folder below `basePath`. Default: `basePath` itself.
    path: Option<Scalar>,
    /// Branch, tag or commit. Default `HEAD`.
    revision: Option<Scalar>,
}
