//! What Argo CD writes into objects that bridge made, and beside them: never drift, never lost. And what its command line
//! says of the clusters that bridge made.

use anyhow::{Result, ensure};
use serde_json::Value;

use super::fleet::{Fleet, eventually};
use super::members::Member;
use crate::support::secret;

/// Argo CD keeps the version of a cluster that asks for it in a label.
const WANTS_VERSION: &str = "argocd.argoproj.io/auto-label-cluster-info";
const VERSION: &str = "argocd.argoproj.io/kubernetes-version";
const REFRESH: &str = "argocd.argoproj.io/refresh";

/// The Secrets that Argo CD fills, or makes, and their keys.
const GENERATED: [(&str, &[&str]); 3] = [
    ("argocd-secret", &["admin.password", "admin.passwordMtime", "server.secretkey"]),
    ("argocd-initial-admin-secret", &["password"]),
    ("argocd-redis", &["auth"]),
];

#[tokio::test]
async fn what_argo_cd_writes_itself_is_no_drift_and_survives() -> Result<()> {
    Fleet::with(1, own_writes_survive).await
}

async fn own_writes_survive(fleet: &mut Fleet) -> Result<()> {
    let mut members = vec![Member::hub(), Member::spoke("spoke-a", "dev", &[], fleet.connection(0))];
    members[1].lines = format!("    labels: {{ {WANTS_VERSION}: \"true\" }}\n");
    fleet.seed(&members)?;
    fleet.start_argocd().await?;
    fleet.converged(&members, &[]).await?;
    command_line_shows(fleet, &["hub", "spoke-a"]).await?;

    for server in ["https://kubernetes.default.svc", fleet.spokes[0].apiserver_url()] {
        invalidate_cache(fleet, server).await?;
    }
    let written = eventually("Argo CD's own writes", async || own_writes(fleet).await).await?;
    fleet.world.expect_no_changes()?;

    for member in &mut members {
        member.lines.push_str("    metadata: { aws_vpc_id: vpc-1 }\n");
    }
    let outcome = fleet.seed(&members)?;
    ensure!(outcome.stdout.contains("2 changed"), "{outcome}");
    let survived = own_writes(fleet).await?;
    ensure!(survived == written, "before: {written:#?}, after: {survived:#?}");
    fleet.converged(&members, &[]).await?;
    Ok(())
}

/// Everything that Argo CD wrote by itself; an error as long as a part of it is missing.
async fn own_writes(fleet: &Fleet) -> Result<Vec<Value>> {
    let mut written = Vec::new();
    for (name, keys) in GENERATED {
        let object = fleet.world.get(&secret(name)).await?;
        for key in keys {
            let value = &object["data"][key];
            ensure!(value.is_string(), "the Secret {name} has no {key}");
            written.push(value.clone());
        }
    }
    let of_spoke = fleet.cluster_secret("spoke-a").await?;
    let of_hub = fleet.cluster_secret("hub").await?;
    for (what, value) in [
        ("version of the spoke", &of_spoke["metadata"]["labels"][VERSION]),
        ("refresh of the spoke", &of_spoke["metadata"]["annotations"][REFRESH]),
        ("refresh of the hub", &of_hub["metadata"]["annotations"][REFRESH]),
    ] {
        ensure!(value.is_string(), "no {what}: {}", of_spoke["metadata"]);
        written.push(value.clone());
    }
    Ok(written)
}

/// What the button "Invalidate cache" of the UI does.
async fn invalidate_cache(fleet: &Fleet, server: &str) -> Result<()> {
    let id = server.replace(':', "%3A").replace('/', "%2F");
    let url = format!("{}/api/v1/clusters/{id}/invalidate-cache", fleet.argocd()?.url());
    let client = reqwest::Client::builder().no_proxy().build()?;
    let answer = client.post(&url).header("content-type", "application/json").send().await?;
    let (status, said) = (answer.status(), answer.text().await?);
    ensure!(status.is_success(), "{url}: {status}: {said}");
    Ok(())
}

async fn command_line_shows(fleet: &Fleet, clusters: &[&str]) -> Result<()> {
    eventually("argocd cluster list", async || {
        let output = fleet.argocd()?.cli(&["cluster", "list"])?;
        let (said, errors) =
            (String::from_utf8(output.stdout)?, String::from_utf8_lossy(&output.stderr).into_owned());
        ensure!(output.status.success(), "argocd cluster list: {errors}");
        ensure!(said.lines().count() == clusters.len() + 1, "{said}");
        for cluster in clusters {
            let is_fine =
                |line: &str| line.contains(&format!(" {cluster} ")) && line.contains(" Successful ");
            ensure!(said.lines().any(is_fine), "{cluster} is not there or not reached:\n{said}");
        }
        Ok(())
    })
    .await
}
