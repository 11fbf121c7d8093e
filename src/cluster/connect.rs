//! From a kubeconfig to a connection. Never silently in-cluster: that has to be asked for.

#![expect(clippy::disallowed_methods, reason = "whether a kubeconfig file exists is part of connecting")]

mod credentials;
mod identity;
mod plugin;
mod words;

pub use credentials::{credentials, userinfo};
pub(super) use identity::{Identity, Session};
pub(super) use words::{innermost, without_userinfo};

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use http::HeaderValue;
use http::header::USER_AGENT;
use kube::Config;
use kube::config::{KubeConfigOptions, Kubeconfig};

use crate::cluster::Cluster;
use crate::cluster::error::ClusterError;
use crate::cluster::notify::Notify;
use crate::cluster::transport::Transport;
use crate::plan::consent::shell_word;
use crate::plan::summary::ClusterIdentity;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// A larger kubeconfig is none.
const LARGEST_KUBECONFIG: u64 = 64 << 20;

/// Which cluster, and how.
#[derive(Debug, Clone, Default)]
pub struct ConnectOptions {
    /// The kubeconfig files; the first to say something wins.
    pub kubeconfig: Vec<PathBuf>,
    /// The context; `None` takes the kubeconfig's current one.
    pub context: Option<String>,
    /// Use the ServiceAccount of the pod that bridge runs in.
    pub in_cluster: bool,
    /// How many requests run at the same time.
    pub parallelism: usize,
    /// Who is told of credentials as soon as they exist, and of a credential plugin that takes long.
    pub notify: Notify,
}

impl Cluster {
    /// Connects, and reads which cluster it is.
    ///
    /// # Errors
    /// When there is no usable kubeconfig, the server does not answer, or it does not accept the credentials.
    pub async fn connect(options: &ConnectOptions) -> Result<Self, ClusterError> {
        let (config, context) = config(options).await?;
        let (transport, server) = open(config, &context, options).await?;
        let kubectl = kubectl_options(options, &context);
        let uid = transport.kube_system_uid().await?;
        Ok(Self { transport, identity: ClusterIdentity { server, context, uid, kubectl } })
    }
}

/// A way to the API server, with its address. No request is made.
pub(super) async fn open(
    mut config: Config,
    context: &str,
    options: &ConnectOptions,
) -> Result<(Transport, String), ClusterError> {
    config.connect_timeout = Some(CONNECT_TIMEOUT);
    config.default_retry = false;
    config.disable_compression |= is_loopback(config.cluster_url.host().unwrap_or_default());
    let agent = HeaderValue::from_static(concat!("bridge/", env!("CARGO_PKG_VERSION")));
    config.headers.push((USER_AGENT, agent));
    let server = without_userinfo(config.cluster_url.to_string().trim_end_matches('/'));
    let identity = Identity::new(config, options.notify.clone());
    let session = identity.begin().await.map_err(ClusterError::Kubeconfig)?;
    let kubectl = kubectl_options(options, context);
    Ok((Transport::new(identity, session, server.clone(), kubectl, options.parallelism), server))
}

/// The program that a context logs in by.
pub(super) fn plugin_of(config: &Config) -> Option<&str> {
    config.auth_info.exec.as_ref().map(|exec| exec.command.as_deref().unwrap_or_default())
}

/// Whether the server is on this machine, where to compress answers costs more than it saves.
fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

/// The options by which kubectl reaches the same cluster, each after a space. kubectl takes one file; several are in
/// KUBECONFIG, which it reads too, as it finds the ServiceAccount of its pod by itself.
fn kubectl_options(options: &ConnectOptions, context: &str) -> String {
    match (options.in_cluster, options.kubeconfig.as_slice()) {
        (true, _) => String::new(),
        (false, [file]) => {
            format!(
                " --context {} --kubeconfig {}",
                shell_word(context),
                shell_word(&file.display().to_string())
            )
        }
        (false, _) => format!(" --context {}", shell_word(context)),
    }
}

pub(super) async fn config(options: &ConnectOptions) -> Result<(Config, String), ClusterError> {
    if options.in_cluster {
        let config = Config::incluster().map_err(|error| ClusterError::NotInCluster(innermost(&error)))?;
        return Ok((config, "in-cluster".to_owned()));
    }
    let kubeconfig = read(&options.kubeconfig)?;
    let context = choose_context(&kubeconfig, options.context.as_deref())?;
    let choice = KubeConfigOptions { context: Some(context.clone()), ..KubeConfigOptions::default() };
    let config = Config::from_custom_kubeconfig(kubeconfig, &choice)
        .await
        .map_err(|error| ClusterError::Kubeconfig(words::kubeconfig(&error)))?;
    Ok((config, context))
}

/// The contexts of the kubeconfig files, and which is the current one.
///
/// # Errors
/// When no file can be read.
pub fn contexts(files: &[PathBuf]) -> Result<(Vec<String>, Option<String>), ClusterError> {
    let kubeconfig = read(files)?;
    let current = kubeconfig.current_context.clone().filter(|name| !name.is_empty());
    Ok((names(&kubeconfig), current))
}

fn names(kubeconfig: &Kubeconfig) -> Vec<String> {
    kubeconfig.contexts.iter().map(|context| context.name.clone()).collect()
}

/// Files that do not exist are passed over, as kubectl does it.
pub(super) fn read(files: &[PathBuf]) -> Result<Kubeconfig, ClusterError> {
    let mut merged: Option<Kubeconfig> = None;
    for file in files.iter().filter(|file| file.exists()) {
        let next = read_one(file)?;
        merged = Some(match merged {
            None => next,
            Some(before) => {
                before.merge(next).map_err(|error| ClusterError::Kubeconfig(words::kubeconfig(&error)))?
            }
        });
    }
    let looked_for = || files.iter().map(|file| file.display().to_string()).collect();
    merged.ok_or_else(|| ClusterError::NoKubeconfig { looked_for: looked_for() })
}

fn read_one(file: &Path) -> Result<Kubeconfig, ClusterError> {
    let unusable = |why: String| ClusterError::Kubeconfig(format!("{}: {why}", file.display()));
    check_regular(file).map_err(unusable)?;
    Kubeconfig::read_from(file).map_err(|error| unusable(words::kubeconfig(&error)))
}

/// The certificate authority that a kubeconfig names by its file.
pub(super) fn read_authority(path: &str) -> Result<Vec<u8>, String> {
    check_regular(path.as_ref())?;
    std::fs::read(path).map_err(|error| error.to_string())
}

/// A device or a pipe may never end, and would be read without a limit.
fn check_regular(file: &Path) -> Result<(), String> {
    let metadata = std::fs::metadata(file).map_err(|error| error.to_string())?;
    if !metadata.is_file() {
        return Err("no regular file".to_owned());
    }
    if metadata.len() > LARGEST_KUBECONFIG { Err("larger than 64 MiB".to_owned()) } else { Ok(()) }
}

pub(super) fn choose_context(kubeconfig: &Kubeconfig, wanted: Option<&str>) -> Result<String, ClusterError> {
    let available = names(kubeconfig);
    let current = kubeconfig.current_context.clone().filter(|name| !name.is_empty());
    let Some(context) = wanted.map(str::to_owned).or(current) else {
        return Err(ClusterError::NoCurrentContext { available });
    };
    if available.contains(&context) {
        Ok(context)
    } else {
        Err(ClusterError::NoContext { wanted: context, available })
    }
}
