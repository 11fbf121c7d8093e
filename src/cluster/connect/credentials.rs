//! What a kubeconfig holds that nobody may read.

#![expect(clippy::disallowed_methods, reason = "a token file is part of the credentials")]

use std::io::Read;

use http::HeaderValue;
use kube::config::{AuthInfo, Cluster as ClusterEntry, Kubeconfig};
use secrecy::{ExposeSecret, SecretString};

use super::kubeconfig::{KubeconfigFiles, check_regular};
use super::words::NOT_A_HEADER;
use crate::profile::sensitive::Sensitive;

/// A longer token file is none.
const LONGEST_TOKEN: u64 = 1 << 20;
/// The secret settings of an `auth-provider`.
const PROVIDER_SECRETS: [&str; 4] = ["access-token", "client-secret", "id-token", "refresh-token"];

/// Every credential of the kubeconfig files, so that the caller keeps them out of its output. None where the files
/// cannot be read: connecting says why.
#[must_use]
pub fn credentials(files: &KubeconfigFiles) -> Vec<Sensitive> {
    let Ok(kubeconfig) = files.merged() else { return Vec::new() };
    let Kubeconfig { clusters, auth_infos, .. } = kubeconfig.clone();
    let of_users = auth_infos.into_iter().filter_map(|named| named.auth_info).flat_map(of_user);
    let of_clusters = clusters.into_iter().filter_map(|named| named.cluster).flat_map(of_cluster);
    of_users.chain(of_clusters).collect()
}

fn of_user(user: AuthInfo) -> Vec<Sensitive> {
    // Basic authentication sends both in one text.
    let both = user.username.zip(user.password.as_ref());
    let both = both.map(|(name, word)| SecretString::from(format!("{name}:{}", word.expose_secret())));
    let given = [both, user.password, user.token, user.client_key_data].into_iter().flatten();
    let mut all: Vec<Sensitive> = given.map(|secret| Sensitive::new(secret.expose_secret())).collect();
    all.extend(user.token_file.and_then(|path| read_token(&path).ok()));
    let provider = user.auth_provider.map(|provider| provider.config).unwrap_or_default();
    let is_secret = |key: &String| PROVIDER_SECRETS.contains(&key.as_str());
    all.extend(
        provider.into_iter().filter(|(key, _)| is_secret(key)).map(|(_, value)| Sensitive::new(value)),
    );
    all
}

fn of_cluster(cluster: ClusterEntry) -> impl Iterator<Item = Sensitive> {
    [cluster.server, cluster.proxy_url].into_iter().flatten().flat_map(|address| userinfo(&address))
}

/// `user:password` of an address, and the password alone.
#[must_use]
pub fn userinfo(address: &str) -> Vec<Sensitive> {
    let Some((_, rest)) = address.split_once("//") else { return Vec::new() };
    let Some((info, _)) = rest.rsplit_once('@') else { return Vec::new() };
    let password = info.split_once(':').map(|(_, password)| Sensitive::new(password));
    std::iter::once(Sensitive::new(info)).chain(password).collect()
}

/// The content of a token file.
pub(super) fn read_token(path: &str) -> Result<Sensitive, String> {
    check_regular(path.as_ref())?;
    let mut text = String::new();
    let file = std::fs::File::open(path).map_err(|error| error.to_string())?;
    file.take(LONGEST_TOKEN).read_to_string(&mut text).map_err(|error| error.to_string())?;
    // It may be about to be written; what was read before stays in force meanwhile.
    if text.trim().is_empty() { Err("it is empty".to_owned()) } else { Ok(Sensitive::new(text.trim())) }
}

/// kube panics where a credential cannot be a header.
pub(super) fn check_headers(user: &AuthInfo) -> Result<(), String> {
    let token = user.token.as_ref().map(SecretString::expose_secret);
    let names = [user.username.as_deref(), user.impersonate.as_deref()].into_iter().flatten();
    let groups = user.impersonate_groups.iter().flatten().map(String::as_str);
    let mut all = token.into_iter().chain(names).chain(groups);
    if all.all(|text| HeaderValue::from_str(text).is_ok()) { Ok(()) } else { Err(NOT_A_HEADER.to_owned()) }
}

/// kube would run the command of a `gcp` provider without any bound. kubectl knows these providers no more since 1.26.
pub(super) fn check_provider(user: &AuthInfo) -> Result<(), String> {
    match user.auth_provider.as_ref().map(|provider| provider.name.as_str()) {
        Some(name @ ("gcp" | "azure")) => Err(format!(
            "the user's `auth-provider: {name}` was given up in Kubernetes 1.26; use the credential plugin {}",
            if name == "gcp" { "gke-gcloud-auth-plugin" } else { "kubelogin" }
        )),
        _ => Ok(()),
    }
}
