//! Secrets that tell Argo CD how to read repositories.
//!
//! The keys are those of argo-cd's util/db/repository_secrets.go; booleans that are false are left out, as there.

use serde_json::json;

use crate::desired::cluster_config::text;
use crate::desired::labels::SECRET_TYPE;
use crate::desired::object::{NotAnObject, Object};
use crate::desired::secret_data::SecretData;
use crate::desired::secrets::Secrets;
use crate::profile::model::{Credentials, Repository, RepositoryKind, RepositoryScope, Text};

/// The Secret of a repository of the profile.
///
/// # Errors
/// Never for a repository of a valid profile: every name is checked there.
pub fn object(repository: &Repository, namespace: &str, secrets: &Secrets) -> Result<Object, NotAnObject> {
    let data = data(repository, secrets);
    let body = json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": format!("repo-{}", repository.name),
            "namespace": namespace,
            "labels": { SECRET_TYPE: secret_type(repository.scope) },
        },
        "type": "Opaque",
        "data": data.to_value(),
    });
    Ok(Object::new(body)?.with_public_data(data.public_keys().iter().copied()))
}

fn secret_type(scope: RepositoryScope) -> &'static str {
    match scope {
        RepositoryScope::Repository => "repository",
        RepositoryScope::Prefix => "repo-creds",
    }
}

fn data(repository: &Repository, secrets: &Secrets) -> SecretData {
    let mut data = SecretData::default();
    address(&mut data, "url", &repository.url);
    if let Some(proxy) = &repository.proxy {
        address(&mut data, "proxy", proxy);
    }
    kind(&mut data, repository.kind);
    match repository.scope {
        RepositoryScope::Repository => {
            data.public("name", repository.name.as_str());
            if repository.insecure {
                data.public("insecure", "true");
            }
            if let Some(project) = &repository.project {
                data.public("project", project.as_str());
            }
        }
        // Argo CD reads none of these in repo-creds.
        RepositoryScope::Prefix => {}
    }
    credentials(&mut data, &repository.credentials, secrets);
    data
}

/// An address may hold a user and a password.
fn address(data: &mut SecretData, key: &'static str, url: &str) {
    let authority = url.split_once("://").map_or("", |(_, rest)| rest.split('/').next().unwrap_or(rest));
    let user_info = authority.rsplit_once('@').map_or("", |(user_info, _)| user_info);
    if user_info.contains(':') {
        data.secret(key, url);
    } else {
        data.public(key, url);
    }
}

fn kind(data: &mut SecretData, kind: RepositoryKind) {
    match kind {
        RepositoryKind::Git => data.public("type", "git"),
        RepositoryKind::Helm => data.public("type", "helm"),
        RepositoryKind::HelmOci => {
            data.public("type", "helm");
            data.public("enableOCI", "true");
        }
    }
}

fn credentials(data: &mut SecretData, credentials: &Credentials, secrets: &Secrets) {
    let mut secret = |key, source| data.secret(key, secrets.value(source).expose());
    match credentials {
        Credentials::Anonymous => {}
        Credentials::Basic { username, password } => {
            secret("password", &password.source);
            user(data, username, secrets);
        }
        Credentials::Bearer(token) => secret("bearerToken", &token.source),
        Credentials::Ssh(key) => secret("sshPrivateKey", &key.source),
        Credentials::GithubApp { app_id, installation_id, private_key, enterprise_base_url } => {
            secret("githubAppPrivateKey", &private_key.source);
            data.public("githubAppID", app_id);
            data.public("githubAppInstallationID", installation_id);
            if let Some(url) = enterprise_base_url {
                data.public("githubAppEnterpriseBaseUrl", url);
            }
        }
    }
}

fn user(data: &mut SecretData, username: &Text, secrets: &Secrets) {
    match username {
        Text::Plain(name) => data.public("username", name),
        Text::Reference(_) => data.secret("username", &text(username, secrets)),
    }
}
