//! From a kubeconfig to a connection. Never silently in-cluster: that has to be asked for.

mod credentials;
mod identity;
mod kubeconfig;
mod plugin;
mod words;

pub use credentials::{credentials, userinfo};
pub(super) use identity::{Identity, Session};
pub use kubeconfig::{Entries, KubeconfigFiles};
pub(super) use words::{innermost, without_userinfo};

use std::net::IpAddr;
use std::time::Duration;

use http::HeaderValue;
use http::header::USER_AGENT;
use kube::Config;
use kube::config::KubeConfigOptions;

use crate::cluster::Cluster;
use crate::cluster::error::ClusterError;
use crate::cluster::notify::Notify;
use crate::cluster::transport::Transport;
use crate::plan::summary::ClusterIdentity;
use crate::profile::shell::shell_word;

/// The longest that a connection may take, with its handshake.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Which cluster, and how.
#[derive(Debug, Clone, Default)]
pub struct ConnectOptions {
    /// The kubeconfig files.
    pub kubeconfig: KubeconfigFiles,
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
    match (options.in_cluster, options.kubeconfig.paths()) {
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
    let context = options.kubeconfig.choose(options.context.as_deref())?;
    let choice = KubeConfigOptions { context: Some(context.clone()), ..KubeConfigOptions::default() };
    let config = Config::from_custom_kubeconfig(options.kubeconfig.only(&context)?, &choice)
        .await
        .map_err(|error| ClusterError::Kubeconfig(words::kubeconfig(&error)))?;
    Ok((config, context))
}
