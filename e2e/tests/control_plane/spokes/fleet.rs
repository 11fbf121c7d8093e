//! A hub and a spoke that bridge registers.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bridge_e2e::cluster::{ControlPlane, User, connect};
use bridge_e2e::kubeconfig::{Access, Credential, Kubeconfig};
use bridge_e2e::proxy::Proxy;
use serde_json::Value;

use crate::support::{self, Profile, World, get};

pub(crate) const ACCOUNT: &str = "/api/v1/namespaces/kube-system/serviceaccounts/argocd-manager";
pub(crate) const SECRETS: &str = "/api/v1/namespaces/kube-system/secrets";

/// A hub and a spoke behind a proxy of its own; the kubeconfig knows the spoke by an administrator's client certificate, as
/// kind's does.
pub(crate) struct Fleet {
    pub(crate) world: World,
    pub(crate) spoke: ControlPlane,
    pub(crate) proxy: Proxy,
}

impl Fleet {
    pub(crate) async fn start() -> Result<Self> {
        Self::start_with(&[]).await
    }

    /// With more flags for the spoke's API server.
    pub(crate) async fn start_with(flags: &[&str]) -> Result<Self> {
        let mut world = World::start().await?;
        let spoke = world.hub.sibling_with(flags).await?;
        let proxy = Proxy::start(&spoke).await?;
        world.kubeconfig = world.path("kubeconfig");
        let fleet = Self { world, spoke, proxy };
        fleet.write_kubeconfig(fleet.proxy.access(User::Admin))?;
        Ok(fleet)
    }

    pub(crate) fn write_kubeconfig(&self, spoke: Access) -> Result<()> {
        let hub = self.world.proxy.access(User::Admin);
        Kubeconfig::new().context("hub", hub).context("spoke", spoke).write(&self.world.kubeconfig)
    }

    /// A profile with the spoke by its context, and more of its connection.
    pub(crate) fn profile(&self, more: &str) -> Result<()> {
        let text = Profile::small().without_spoke("spoke-prod").text();
        let connection = format!("{{ context: spoke, allowLoopback: true{more} }}");
        let text = text.replace(
            "{ server: \"https://dev.example.com:6443\", token: { env: PLANTED_TOKEN } }",
            &connection,
        );
        ensure!(text.contains(&connection), "{text}");
        self.world.write("bridge.yaml", &text)
    }

    /// The `config` that Argo CD has for the spoke.
    pub(crate) async fn config(&self) -> Result<Value> {
        let secret = self.world.get(&support::secret("spoke-dev")).await?;
        let config = secret["data"]["config"].as_str().context("no config")?;
        Ok(serde_json::from_slice(&STANDARD.decode(config)?)?)
    }

    pub(crate) async fn token(&self) -> Result<String> {
        Ok(self.config().await?["bearerToken"].as_str().context("no token")?.to_owned())
    }

    /// The names of the account's token Secrets.
    pub(crate) async fn token_secrets(&self) -> Result<Vec<String>> {
        let list = get(&self.spoke, SECRETS).await?;
        let names = list["items"].as_array().into_iter().flatten();
        let names = names.filter_map(|secret| secret["metadata"]["name"].as_str());
        Ok(names.filter(|name| name.contains("-token-")).map(str::to_owned).collect())
    }

    /// Whether the spoke's API server knows the holder of a token.
    pub(crate) async fn accepts(&self, token: &str) -> Result<bool> {
        let access = self.spoke.access(Credential::Token(token.to_owned()));
        let request = http::Request::get("/api/v1/namespaces/default/pods").body(Vec::new())?;
        match connect(access).await?.request::<Value>(request).await {
            Ok(_) => Ok(true),
            // Who may not do it is known.
            Err(kube::Error::Api(status)) if status.code == 403 => Ok(true),
            Err(kube::Error::Api(status)) if status.code == 401 => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Nothing is left to do, and looking for it writes nothing anywhere.
    pub(crate) fn expect_converged(&self) -> Result<()> {
        self.proxy.reset();
        self.world.proxy.reset();
        self.world.expect_no_changes()?;
        self.world.apply(&[])?;
        let writes = [self.proxy.writes(), self.world.proxy.writes()].concat();
        ensure!(writes.is_empty(), "{writes:?}");
        Ok(())
    }

    /// Waits until the spoke's API server, which remembers tokens for some seconds, does not know this one any more.
    pub(crate) async fn expect_revoked(&self, token: &str) -> Result<()> {
        let deadline = Instant::now() + Duration::from_secs(60);
        while self.accepts(token).await? {
            ensure!(Instant::now() < deadline, "the former token still works");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        Ok(())
    }
}
