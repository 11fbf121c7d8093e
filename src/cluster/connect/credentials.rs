//! What a kubeconfig holds that nobody may read.

#![expect(clippy::disallowed_methods, reason = "a token file is part of the credentials")]

use std::io::Read;
use std::path::PathBuf;

use http::HeaderValue;
use kube::config::{AuthInfo, Cluster as ClusterEntry, Kubeconfig};
use secrecy::{ExposeSecret, SecretString};

use super::words::NOT_A_HEADER;
use super::{check_regular, read};
use crate::cluster::error::ClusterError;
use crate::profile::sensitive::Sensitive;

/// A longer token file is none.
const LONGEST_TOKEN: u64 = 1 << 20;
/// The secret settings of an `auth-provider`.
const PROVIDER_SECRETS: [&str; 4] = ["access-token", "client-secret", "id-token", "refresh-token"];

/// Every credential of the kubeconfig files, so that the caller keeps them out of its output. None where the files
/// cannot be read: connecting says why.
#[must_use]
pub fn credentials(files: &[PathBuf]) -> Vec<Sensitive> {
    let Ok(kubeconfig) = read(files) else { return Vec::new() };
    let Kubeconfig { clusters, auth_infos, .. } = kubeconfig;
    let of_users = auth_infos.into_iter().filter_map(|named| named.auth_info).flat_map(of_user);
    let of_clusters = clusters.into_iter().filter_map(|named| named.cluster).flat_map(of_cluster);
    of_users.chain(of_clusters).collect()
}

fn of_user(user: AuthInfo) -> Vec<Sensitive> {
    let given = [user.password, user.token, user.client_key_data].into_iter().flatten();
    let mut all: Vec<Sensitive> = given.map(|secret| Sensitive::new(secret.expose_secret())).collect();
    all.extend(user.token_file.and_then(|path| token_of(&path)));
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

fn token_of(path: &str) -> Option<Sensitive> {
    check_regular(path.as_ref()).ok()?;
    let mut text = String::new();
    std::fs::File::open(path).ok()?.take(LONGEST_TOKEN).read_to_string(&mut text).ok()?;
    Some(Sensitive::new(text.trim()))
}

/// kube panics where a credential cannot be a header.
pub(super) fn check_headers(user: &AuthInfo) -> Result<(), ClusterError> {
    let in_file = user.token_file.as_deref().filter(|_| user.token.is_none()).and_then(token_of);
    let token =
        user.token.as_ref().map(SecretString::expose_secret).or(in_file.as_ref().map(Sensitive::expose));
    let names = [user.username.as_deref(), user.impersonate.as_deref()].into_iter().flatten();
    let groups = user.impersonate_groups.iter().flatten().map(String::as_str);
    let mut all = token.into_iter().chain(names).chain(groups);
    if all.all(|text| HeaderValue::from_str(text).is_ok()) {
        Ok(())
    } else {
        Err(ClusterError::Kubeconfig(NOT_A_HEADER.to_owned()))
    }
}
