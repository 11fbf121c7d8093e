//! What no run of bridge may do, whatever a test is about: touch what is somebody else's, or show a secret.

use anyhow::{Result, anyhow, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bridge_e2e::bridge_cmd::Outcome;
use bridge_e2e::cluster::{ControlPlane, User};
use serde_json::{Value, json};

use super::{World, get};

/// The token that every test hands to bridge.
pub const TOKEN: &str = "planted-t0ken-value";

const PATHS: [&str; 2] =
    ["/api/v1/namespaces/default/secrets/foreign", "/apis/rbac.authorization.k8s.io/v1/clusterroles/foreign"];

/// Makes a cluster Secret and a ClusterRole of somebody else's; whole, so that a resourceVersion tells of any write.
pub async fn make(hub: &ControlPlane) -> Result<Vec<Value>> {
    let labels = json!({"argocd.argoproj.io/secret-type": "cluster", "app.kubernetes.io/part-of": "argocd"});
    let metadata = json!({"name": "foreign", "labels": labels});
    let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": metadata});
    let role =
        json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": metadata});
    for (path, object) in PATHS.iter().zip([secret, role]) {
        let all = path.trim_end_matches("/foreign");
        let request = http::Request::post(format!("{all}?fieldManager=somebody"));
        let request =
            request.header("content-type", "application/json").body(serde_json::to_vec(&object)?)?;
        hub.client().await?.request::<Value>(request).await?;
    }
    look(hub).await
}

async fn look(hub: &ControlPlane) -> Result<Vec<Value>> {
    let mut found = Vec::new();
    for path in PATHS {
        found.push(get(hub, path).await?);
    }
    Ok(found)
}

impl World {
    /// Expects that what is somebody else's is as it was made.
    ///
    /// In a thread with a runtime of its own, because who asks runs on one already and is not always async.
    pub fn expect_foreign_untouched(&self) -> Result<()> {
        let ask = || -> Result<Vec<Value>> {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(look(&self.hub))
        };
        let now = std::thread::scope(|scope| scope.spawn(ask).join());
        let now = now.map_err(|_| anyhow!("the asking thread panicked"))??;
        ensure!(now == self.foreign, "what is foreign was touched: {now:#?}");
        Ok(())
    }

    /// Expects that a run showed neither the planted token nor the administrator's.
    pub fn expect_no_secret(&self, outcome: &Outcome) -> Result<()> {
        let said = format!("{}{}", outcome.stdout, outcome.stderr);
        // As it is, and as base64 of any longer text that it stands in.
        let encoded = (0..3).map(|offset| {
            let text = STANDARD.encode(format!("{}{TOKEN}", "x".repeat(offset)));
            text[4..text.len() - 4].to_owned()
        });
        let plain = [TOKEN.to_owned(), self.hub.token(User::Admin).to_owned()];
        for token in plain.into_iter().chain(encoded) {
            ensure!(!said.contains(&token), "a secret: {outcome}");
        }
        Ok(())
    }
}
