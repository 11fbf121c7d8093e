//! Every secret that a profile refers to.

use std::collections::BTreeMap;

use crate::profile::location::Location;
use crate::profile::model::{
    Auth, Connection, ContextAuth, Credentials, Profile, SecretReference, SecretSource, Text,
};

/// Each source once, with the first place that refers to it.
pub(super) fn collect(profile: &Profile) -> BTreeMap<SecretSource, Location> {
    let credentials =
        profile.repositories.iter().flat_map(|repository| of_credentials(&repository.credentials));
    let connections = profile.clusters().flat_map(|cluster| of_connection(&cluster.connection));
    let mut all = BTreeMap::new();
    for SecretReference { source, at } in credentials.chain(connections) {
        all.entry(source.clone()).or_insert_with(|| at.clone());
    }
    all
}

/// The reference in words; nothing for a value that stands in the profile.
pub(super) fn name(source: &SecretSource) -> Option<String> {
    match source {
        SecretSource::Env(name) => Some(format!("env {name}")),
        SecretSource::File(path) => Some(format!("file {}", path.display())),
        SecretSource::Exec(command) => Some(format!("exec {}", command.first()?)),
        SecretSource::SecretRef { namespace, name, key } => {
            Some(format!("secretRef {namespace}/{name}:{key}"))
        }
        SecretSource::SpokeToken { .. } | SecretSource::Literal(_) => None,
    }
}

fn of_credentials(credentials: &Credentials) -> Vec<&SecretReference> {
    match credentials {
        Credentials::Anonymous => Vec::new(),
        Credentials::Basic { username, password } => {
            of_text(username).into_iter().chain([password]).collect()
        }
        Credentials::Bearer(reference) | Credentials::Ssh(reference) => vec![reference],
        Credentials::GithubApp { app_id: _, installation_id: _, private_key, enterprise_base_url: _ } => {
            vec![private_key]
        }
    }
}

fn of_connection(connection: &Connection) -> Vec<&SecretReference> {
    match connection {
        Connection::InCluster => Vec::new(),
        Connection::Remote(remote) => of_auth(&remote.auth),
        Connection::Context(by) => match &by.auth {
            ContextAuth::Given(auth) => of_auth(auth),
            // It is made on the spoke.
            ContextAuth::ServiceAccount(_) => Vec::new(),
        },
    }
}

fn of_auth(auth: &Auth) -> Vec<&SecretReference> {
    match auth {
        Auth::Token(reference) => vec![reference],
        Auth::Basic { username, password } => of_text(username).into_iter().chain([password]).collect(),
        Auth::ClientCertificate { certificate: _, key } => vec![key],
        Auth::Exec(exec) => exec.env.values().filter_map(of_text).collect(),
        Auth::Aws { .. } => Vec::new(),
    }
}

fn of_text(text: &Text) -> Option<&SecretReference> {
    match text {
        Text::Plain(_) => None,
        Text::Reference(reference) => Some(reference),
    }
}
