//! The kubeconfig files of a run: their contexts, and the API servers that those lead to.

#![expect(clippy::disallowed_methods, reason = "whether a kubeconfig file exists is part of connecting")]

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kube::config::{AuthInfo, Cluster as ClusterEntry, Context as ContextEntry, Kubeconfig};

use super::words;
use crate::cluster::error::ClusterError;
use crate::profile::model::{Endpoint, Tls};
use crate::profile::sensitive::Sensitive;

/// A larger kubeconfig is none.
const LARGEST: u64 = 64 << 20;

/// What a kubeconfig has under one name, to be compared with what another one has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entries {
    /// Whether there is a context of this name that leads to the cluster and the user of the same name, as kind writes it;
    /// nothing where there is no context.
    pub context: Option<bool>,
    /// Address and authority of a cluster.
    pub cluster: Option<String>,
    /// The credentials of a user.
    pub user: Option<Sensitive>,
}

/// The kubeconfig files of a run; the first to say something wins, as kubectl has it.
///
/// They are read when they are first asked for, and only then: a fleet has a context for each of its clusters, and what was
/// planned for a context is applied to the server that it had.
#[derive(Clone, Default)]
pub struct KubeconfigFiles {
    paths: Arc<[PathBuf]>,
    read: Arc<OnceLock<Kubeconfig>>,
}

impl std::fmt::Debug for KubeconfigFiles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("KubeconfigFiles").field(&self.paths).finish()
    }
}

impl KubeconfigFiles {
    /// The files at these paths. Those that do not exist are passed over, as kubectl does it.
    #[must_use]
    pub fn new(paths: Vec<PathBuf>) -> Self {
        Self { paths: paths.into(), read: Arc::default() }
    }

    /// Where they are.
    #[must_use]
    pub fn paths(&self) -> &[PathBuf] {
        &self.paths
    }

    /// The contexts, and which is the current one.
    ///
    /// # Errors
    /// When no file can be read.
    pub fn contexts(&self) -> Result<(Vec<String>, Option<String>), ClusterError> {
        let kubeconfig = self.merged()?;
        Ok((names(kubeconfig), current(kubeconfig)))
    }

    /// The API server of a context.
    ///
    /// # Errors
    /// When there is no such context, or its cluster says nothing usable.
    pub fn endpoint(&self, context: &str) -> Result<Endpoint, ClusterError> {
        let unusable = |why: &str| ClusterError::Kubeconfig(format!("the context `{context}` {why}"));
        let kubeconfig = self.only(&self.choose(Some(context))?)?;
        let entry = kubeconfig.clusters.into_iter().find_map(|named| named.cluster);
        let entry = entry.ok_or_else(|| unusable("names a cluster that is not in the kubeconfig"))?;
        let server = entry.server.as_deref().filter(|server| !server.is_empty());
        let server = server.ok_or_else(|| unusable("has no server"))?.trim_end_matches('/').to_owned();
        let tls =
            tls(entry).map_err(|why| unusable(&format!("has an unreadable certificate authority: {why}")))?;
        Ok(Endpoint { server, tls })
    }

    /// What they have under one name.
    ///
    /// # Errors
    /// When no file can be read.
    pub fn entries(&self, name: &str) -> Result<Entries, ClusterError> {
        let all = self.merged()?;
        let context = all.contexts.iter().find(|named| named.name == name);
        let cluster = all.clusters.iter().find(|named| named.name == name);
        let user = all.auth_infos.iter().find(|named| named.name == name);
        let words = |entry: &ClusterEntry| {
            let server = entry.server.as_deref().unwrap_or_default().trim_end_matches('/');
            match tls(entry.clone()) {
                Ok(Tls::Ca { data, server_name: _ }) => format!("{server} {data}"),
                Ok(Tls::SystemRoots { .. } | Tls::Insecure { .. }) => server.to_owned(),
                Err(why) => why,
            }
        };
        // It was read a moment ago, and has nothing that JSON has not.
        let secret = |user: &AuthInfo| Sensitive::new(serde_json::to_string(user).unwrap_or_default());
        let is_kinds =
            |context: &ContextEntry| context.cluster == name && context.user.as_deref() == Some(name);
        Ok(Entries {
            context: context.map(|named| named.context.as_ref().is_some_and(is_kinds)),
            cluster: cluster.map(|named| named.cluster.as_ref().map(words).unwrap_or_default()),
            user: user.map(|named| secret(&named.auth_info.clone().unwrap_or_default())),
        })
    }

    /// The context that is wanted, or the current one.
    pub(super) fn choose(&self, wanted: Option<&str>) -> Result<String, ClusterError> {
        let kubeconfig = self.merged()?;
        let Some(context) = wanted.map(str::to_owned).or_else(|| current(kubeconfig)) else {
            return Err(ClusterError::NoCurrentContext { available: names(kubeconfig) });
        };
        if kubeconfig.contexts.iter().any(|named| named.name == context) {
            Ok(context)
        } else {
            Err(ClusterError::NoContext { wanted: context, available: names(kubeconfig) })
        }
    }

    /// What they say of one context, and nothing else.
    pub(super) fn only(&self, context: &str) -> Result<Kubeconfig, ClusterError> {
        let all = self.merged()?;
        let named = all.contexts.iter().find(|named| named.name == context);
        let chosen = named.and_then(|named| named.context.as_ref());
        let cluster = chosen.map(|chosen| chosen.cluster.as_str());
        let user = chosen.and_then(|chosen| chosen.user.as_deref());
        Ok(Kubeconfig {
            contexts: named.into_iter().cloned().collect(),
            clusters: all
                .clusters
                .iter()
                .find(|named| Some(&*named.name) == cluster)
                .into_iter()
                .cloned()
                .collect(),
            auth_infos: all
                .auth_infos
                .iter()
                .find(|named| Some(&*named.name) == user)
                .into_iter()
                .cloned()
                .collect(),
            ..Kubeconfig::default()
        })
    }

    pub(super) fn merged(&self) -> Result<&Kubeconfig, ClusterError> {
        match self.read.get() {
            Some(kubeconfig) => Ok(kubeconfig),
            None => {
                let kubeconfig = read(&self.paths)?;
                Ok(self.read.get_or_init(|| kubeconfig))
            }
        }
    }
}

fn names(kubeconfig: &Kubeconfig) -> Vec<String> {
    kubeconfig.contexts.iter().map(|context| context.name.clone()).collect()
}

fn current(kubeconfig: &Kubeconfig) -> Option<String> {
    kubeconfig.current_context.clone().filter(|name| !name.is_empty())
}

fn read(paths: &[PathBuf]) -> Result<Kubeconfig, ClusterError> {
    let mut merged: Option<Kubeconfig> = None;
    for path in paths.iter().filter(|path| path.exists()) {
        let next = read_one(path)?;
        merged = Some(match merged {
            None => next,
            Some(before) => {
                before.merge(next).map_err(|error| ClusterError::Kubeconfig(words::kubeconfig(&error)))?
            }
        });
    }
    let looked_for = || paths.iter().map(|path| path.display().to_string()).collect();
    merged.ok_or_else(|| ClusterError::NoKubeconfig { looked_for: looked_for() })
}

fn read_one(path: &Path) -> Result<Kubeconfig, ClusterError> {
    let unusable = |why: String| ClusterError::Kubeconfig(format!("{}: {why}", path.display()));
    check_regular(path).map_err(unusable)?;
    Kubeconfig::read_from(path).map_err(|error| unusable(words::kubeconfig(&error)))
}

fn tls(entry: ClusterEntry) -> Result<Tls, String> {
    let server_name = entry.tls_server_name;
    let data = match (entry.certificate_authority_data, entry.certificate_authority) {
        (Some(data), _) => Some(data),
        (None, Some(path)) => Some(STANDARD.encode(read_authority(&path)?)),
        (None, None) => None,
    };
    Ok(match data {
        Some(data) => Tls::Ca { data, server_name },
        None if entry.insecure_skip_tls_verify == Some(true) => Tls::Insecure { server_name },
        None => Tls::SystemRoots { server_name },
    })
}

/// The certificate authority that a kubeconfig names by its file.
fn read_authority(path: &str) -> Result<Vec<u8>, String> {
    check_regular(path.as_ref())?;
    std::fs::read(path).map_err(|error| error.to_string())
}

/// A device or a pipe may never end, and would be read without a limit.
pub(super) fn check_regular(file: &Path) -> Result<(), String> {
    let metadata = std::fs::metadata(file).map_err(|error| error.to_string())?;
    if !metadata.is_file() {
        return Err("no regular file".to_owned());
    }
    if metadata.len() > LARGEST { Err("larger than 64 MiB".to_owned()) } else { Ok(()) }
}
