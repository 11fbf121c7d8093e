//! Errors of a kubeconfig and of its credentials in bridge's own words.
//!
//! The texts of kube and of its YAML reader quote the file, and those of a credential plugin quote its output: both hold
//! credentials that nobody has registered yet.

use kube::client::AuthError;
use kube::config::{KubeconfigError, LoadDataError};

pub(in crate::cluster) use crate::profile::address::without_userinfo;

/// The cause at the bottom of an error, without the user's part of addresses in it.
pub(in crate::cluster) fn innermost(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    without_userinfo(&cause.to_string())
}

/// Why no client could be made.
pub(super) fn client(error: &kube::Error) -> String {
    if let Some(error) = among_causes::<AuthError>(error) {
        auth(error)
    } else if let Some(error) = among_causes::<KubeconfigError>(error) {
        kubeconfig(error)
    } else if let Some(error) = among_causes::<LoadDataError>(error) {
        data("client-certificate or client-key", error)
    } else {
        innermost(error)
    }
}

fn among_causes<'a, T: std::error::Error + 'static>(
    error: &'a (dyn std::error::Error + 'static),
) -> Option<&'a T> {
    let mut next = Some(error);
    while let Some(cause) = next {
        if let Some(found) = cause.downcast_ref() {
            return Some(found);
        }
        next = cause.source();
    }
    None
}

/// Why there are no credentials.
fn auth(error: &AuthError) -> String {
    match error {
        AuthError::InvalidBasicAuth(_) | AuthError::InvalidBearerToken(_) => NOT_A_HEADER.to_owned(),
        _ => "the kubeconfig's user gives no usable credentials".to_owned(),
    }
}

/// What is said of credentials that hold a line break.
pub(super) const NOT_A_HEADER: &str =
    "the user's token or name holds a line break or another character that no HTTP header may hold";

/// Why a kubeconfig cannot be used. Nothing of what stands in it but names and paths.
pub(super) fn kubeconfig(error: &KubeconfigError) -> String {
    match error {
        KubeconfigError::ReadConfig(error, _) => error.to_string(),
        KubeconfigError::Parse(error) => match error.location() {
            Some(at) => format!("line {}, column {}: no valid kubeconfig", at.line(), at.column()),
            None => "no valid kubeconfig".to_owned(),
        },
        KubeconfigError::ParseClusterUrl(_) => "the cluster's `server` is no address".to_owned(),
        KubeconfigError::ParseProxyUrl(_) => "the cluster's `proxy-url` is no address".to_owned(),
        KubeconfigError::LoadCertificateAuthority(error) => data("certificate-authority", error),
        KubeconfigError::LoadClientCertificate(error) => data("client-certificate", error),
        KubeconfigError::LoadClientKey(error) => data("client-key", error),
        KubeconfigError::ParseCertificates(_) => "a certificate is no PEM".to_owned(),
        KubeconfigError::CurrentContextNotSet => "it has no current context".to_owned(),
        KubeconfigError::LoadContext(name) => format!("there is no context `{name}`"),
        KubeconfigError::LoadClusterOfContext(name) => format!("there is no cluster `{name}`"),
        KubeconfigError::MissingClusterUrl => "the cluster has no `server`".to_owned(),
        KubeconfigError::KindMismatch | KubeconfigError::ApiVersionMismatch => {
            "the files have different `kind` or `apiVersion`".to_owned()
        }
        KubeconfigError::FindPath => "there is no home folder".to_owned(),
        _ => "its content makes no sense".to_owned(),
    }
}

fn data(key: &str, error: &LoadDataError) -> String {
    match error {
        LoadDataError::DecodeBase64(_) => format!("`{key}-data` is no base64"),
        LoadDataError::ReadFile(error, path) => {
            format!("`{key}`: `{}` cannot be read: {error}", path.display())
        }
        _ => format!("`{key}` cannot be loaded"),
    }
}
