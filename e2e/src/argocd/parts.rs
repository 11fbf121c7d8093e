//! The servers of Argo CD that run here: their flags, and how each says that it is ready.

use super::free_ports;
use anyhow::Result;

/// A server of Argo CD.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Makes manifests of repositories.
    RepoServer,
    /// Syncs Applications.
    ApplicationController,
    /// Makes Applications of ApplicationSets.
    ApplicationSetController,
    /// The API.
    Server,
}

/// Where other parts are asked.
#[derive(Debug)]
pub(super) struct Addresses {
    pub(super) redis: u16,
    pub(super) server: u16,
    repo_server: u16,
}

impl Addresses {
    pub(super) fn free() -> Result<Self> {
        let [redis, repo_server, server] = free_ports()?;
        Ok(Self { redis, server, repo_server })
    }
}

/// How a part is started.
pub(super) struct Launch {
    pub(super) args: Vec<String>,
    /// Answers 200 once it is ready; the path is that of the pod's own probe, where it has one.
    pub(super) probe: String,
}

impl Part {
    /// All parts, in the order of their start. The server makes the project `default`; an ApplicationSet that its
    /// controller looks at before that stays in error for three minutes.
    pub const ALL: [Self; 4] =
        [Self::RepoServer, Self::Server, Self::ApplicationController, Self::ApplicationSetController];

    /// The name of its workload, of its ServiceAccount, and of the binary in this role.
    pub fn name(self) -> &'static str {
        match self {
            Self::RepoServer => "argocd-repo-server",
            Self::ApplicationController => "argocd-application-controller",
            Self::ApplicationSetController => "argocd-applicationset-controller",
            Self::Server => "argocd-server",
        }
    }

    /// The path of the Deployment or StatefulSet whose pods run it.
    pub fn workload(self, namespace: &str) -> String {
        let kind = if self == Self::ApplicationController { "statefulsets" } else { "deployments" };
        format!("/apis/apps/v1/namespaces/{namespace}/{kind}/{}", self.name())
    }

    /// The repo server knows repositories only.
    pub(super) fn asks_the_hub(self) -> bool {
        self != Self::RepoServer
    }

    pub(super) fn launch(self, addresses: &Addresses) -> Result<Launch> {
        let redis = format!("--redis=127.0.0.1:{}", addresses.redis);
        let repo_server = format!("127.0.0.1:{}", addresses.repo_server);
        let [metrics, probe, webhook] = free_ports()?;
        let local = |port: u16, path: &str| format!("http://127.0.0.1:{port}{path}");
        let mut args = vec!["--logformat=text".to_owned()];
        let probe = match self {
            Self::RepoServer => {
                args.extend([
                    redis,
                    format!("--port={}", addresses.repo_server),
                    format!("--metrics-port={metrics}"),
                ]);
                // With its default, the path of a client CA, it refuses to go without TLS.
                args.extend(["--address=127.0.0.1", "--metrics-address=127.0.0.1"].map(str::to_owned));
                args.extend(["--disable-tls", "--client-ca-path="].map(str::to_owned));
                local(metrics, "/healthz?full=true")
            }
            Self::ApplicationController => {
                args.extend([
                    redis,
                    format!("--repo-server={repo_server}"),
                    format!("--metrics-port={metrics}"),
                ]);
                args.extend(["--repo-server-plaintext", "--app-resync=10"].map(str::to_owned));
                local(metrics, "/healthz")
            }
            Self::ApplicationSetController => {
                args.extend([
                    format!("--argocd-repo-server={repo_server}"),
                    "--repo-server-plaintext".to_owned(),
                ]);
                args.extend([
                    format!("--metrics-addr=127.0.0.1:{metrics}"),
                    format!("--probe-addr=127.0.0.1:{probe}"),
                    format!("--webhook-addr=127.0.0.1:{webhook}"),
                ]);
                // Its probe address answers nothing.
                local(metrics, "/metrics")
            }
            Self::Server => {
                args.extend([
                    redis,
                    format!("--repo-server={repo_server}"),
                    format!("--metrics-port={metrics}"),
                ]);
                args.extend([format!("--port={}", addresses.server), "--address=127.0.0.1".to_owned()]);
                args.extend(["--repo-server-plaintext", "--insecure", "--disable-auth"].map(str::to_owned));
                args.push("--dex-server=http://127.0.0.1:1".to_owned());
                local(addresses.server, "/healthz?full=true")
            }
        };
        Ok(Launch { args, probe })
    }
}
