//! `bridge credentials rotate`, and what of a token's time plan, apply and status say and do.

use anyhow::{Context, Result, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bridge_e2e::proxy::{Fault, Matcher};
use bridge_e2e::tokens::claims;
use serde_json::Value;

use super::fleet::Fleet;
use crate::support;

const ROTATE: [&str; 3] = ["credentials", "rotate", "--auto-approve"];

impl Fleet {
    /// A registered spoke.
    async fn registered() -> Result<Self> {
        let fleet = Self::start().await?;
        fleet.profile(", serviceAccount: { tokenLifetime: 1h }")?;
        fleet.world.apply(&[])?;
        Ok(fleet)
    }

    pub(crate) fn rotate(&self, code: i32, more: &[&str]) -> Result<bridge_e2e::bridge_cmd::Outcome> {
        self.world.expect(code, &[&ROTATE, more].concat())
    }

    /// Puts another token into the hub's Secret, as bridge itself writes it.
    async fn give(&self, token: &str) -> Result<()> {
        let mut config = self.config().await?;
        config["bearerToken"] = token.into();
        let path = support::secret("spoke-dev");
        let mut secret = self.world.get(&path).await?;
        secret["data"]["config"] = STANDARD.encode(config.to_string()).into();
        let metadata = secret["metadata"].as_object_mut().context("no metadata")?;
        metadata.retain(|key, _| ["name", "namespace", "labels", "annotations"].contains(&key.as_str()));
        let path = format!("{path}?fieldManager=bridge&force=true");
        self.world.send("PATCH", &path, "application/apply-patch+yaml", &secret).await?;
        Ok(())
    }
}

#[tokio::test]
async fn a_rotation_gives_the_hub_another_token_and_nothing_else() -> Result<()> {
    let fleet = Fleet::registered().await?;
    let (former, before) = (fleet.token().await?, fleet.world.resource_versions().await?);
    // A good token stays, until somebody asks for another.
    fleet.proxy.reset();
    fleet.world.proxy.reset();
    let idle = fleet.rotate(0, &[])?;
    ensure!(idle.stdout.contains("No changes"), "{idle}");
    ensure!(idle.stdout.contains("expires at") || idle.stdout.contains("first token to expire"), "{idle}");
    let writes = [fleet.proxy.writes(), fleet.world.proxy.writes()].concat();
    ensure!(writes.is_empty(), "{writes:?}");
    let rotated = fleet.rotate(0, &["spoke-dev"])?;
    let token = fleet.token().await?;
    ensure!(token != former && fleet.accepts(&token).await?, "{rotated}");
    for secret in [&token, &former] {
        ensure!(!format!("{idle}{rotated}").contains(secret.as_str()), "a token was shown");
    }
    ensure!(fleet.token_secrets().await? == ["argocd-manager-token-2"], "{rotated}");
    fleet.expect_revoked(&former).await?;
    let after = fleet.world.resource_versions().await?;
    let moved: Vec<&String> = after
        .iter()
        .filter(|(uid, version)| before.get(*uid) != Some(*version))
        .map(|(uid, _)| uid)
        .collect();
    let secret = fleet.world.get(&support::secret("spoke-dev")).await?;
    ensure!(moved == [secret["metadata"]["uid"].as_str().context("no uid")?], "{moved:?}");
    // After a leak: every one.
    fleet.rotate(0, &["--all"])?;
    ensure!(fleet.token().await? != token, "the same token");
    fleet.expect_revoked(&token).await?;
    fleet.expect_converged()
}

#[tokio::test]
async fn a_token_in_the_last_third_of_its_time_is_renewed_by_rotate_and_by_apply() -> Result<()> {
    let fleet = Fleet::registered().await?;
    for renew in [&ROTATE[..], &["apply", "--auto-approve", "--no-wait"]] {
        let young = fleet.token().await?;
        let old = fleet.spoke.aged(&young, 2340)?;
        ensure!(fleet.accepts(&old).await?, "the API server does not know its own signature");
        fleet.give(&old).await?;
        // Of an hour two thirds are 40 minutes.
        fleet.world.expect_no_changes()?;
        let ending = fleet.spoke.aged(&young, 2460)?;
        fleet.give(&ending).await?;
        let planned = fleet.world.expect(2, &["plan", "--detailed-exitcode"])?;
        let why = format!("the one that is there expires at {}", end(&ending)?);
        ensure!(planned.stdout.contains(&why), "{why}: {planned}");
        fleet.world.expect(0, renew)?;
        let renewed = fleet.token().await?;
        ensure!(![&young, &old, &ending].contains(&&renewed), "not renewed");
        fleet.expect_revoked(&ending).await?;
        fleet.expect_converged()?;
    }
    Ok(())
}

/// When a token ends, as bridge writes it.
fn end(token: &str) -> Result<String> {
    let seconds = claims(token)?["exp"].as_i64().context("no exp")?;
    Ok(jiff::Timestamp::from_second(seconds)?.to_string())
}

#[tokio::test]
async fn a_rotation_writes_tokens_or_nothing() -> Result<()> {
    let fleet = Fleet::start().await?;
    fleet.profile("")?;
    let refuse = |code: i32, more: &[&str], words: &str| -> Result<()> {
        fleet.proxy.reset();
        fleet.world.proxy.reset();
        let outcome = fleet.rotate(code, more)?;
        let said = format!("{}{}", outcome.stdout, outcome.stderr);
        ensure!(said.contains(words), "{words}: {outcome}");
        let writes = [fleet.proxy.object_writes(), fleet.world.proxy.object_writes()].concat();
        ensure!(writes.is_empty(), "{words}: {writes:?}");
        Ok(())
    };
    refuse(1, &["spoke-dev"], "the hub does not have `spoke-dev` yet")?;
    refuse(1, &[], "the spoke spoke-dev has no new token: the hub does not have `spoke-dev` yet")?;
    fleet.world.apply(&[])?;
    refuse(3, &["hub", "spoke-dve"], "bridge makes no token for `hub`, `spoke-dve`")?;
    // A label may move workloads, and trust is no token: that is for an apply, which shows it.
    let text = std::fs::read_to_string(fleet.world.path("bridge.yaml"))?;
    fleet.world.write("bridge.yaml", &format!("{text}    labels: {{ tier: gold }}\n"))?;
    refuse(5, &["spoke-dev"], "more than the token would change of Secret/argocd/spoke-dev")?;
    refuse(1, &["--all"], "more than the token would change of Secret/argocd/spoke-dev")?;
    fleet.profile(", insecure: true")?;
    refuse(5, &["spoke-dev"], "more than the token would change of Secret/argocd/spoke-dev")?;
    fleet.profile(", serviceAccount: { name: another }")?;
    refuse(5, &["spoke-dev"], "more than the token of `spoke-dev` would change on the spoke itself")?;
    fleet.profile("")?;
    fleet.expect_converged()
}

#[tokio::test]
async fn a_token_that_nobody_can_prove_is_not_given_to_the_hub() -> Result<()> {
    let fleet = Fleet::registered().await?;
    let token = fleet.token().await?;
    fleet.proxy.fail(
        Matcher::any().path_contains("selfsubjectaccessreviews"),
        Fault::status(503, "ServiceUnavailable", "away"),
    );
    let outcome = fleet.rotate(1, &["spoke-dev"])?;
    ensure!(outcome.stderr.contains("the spoke spoke-dev has no new token"), "{outcome}");
    fleet.proxy.reset();
    ensure!(fleet.token().await? == token && fleet.accepts(&token).await?, "the hub lost a good token");
    fleet.rotate(0, &["spoke-dev"])?;
    fleet.expect_revoked(&token).await?;
    fleet.expect_converged()
}

#[tokio::test]
async fn a_former_token_that_stays_is_a_failure_and_the_next_rotation_revokes_it() -> Result<()> {
    let fleet = Fleet::registered().await?;
    let token = fleet.token().await?;
    let deletion = Matcher::any().method("DELETE").path_contains("/secrets/argocd-manager-token-1");
    fleet.proxy.fail(deletion, Fault::status(503, "ServiceUnavailable", "away"));
    let outcome = fleet.rotate(1, &["--all"])?;
    ensure!(outcome.stderr.contains("the former token of the spoke spoke-dev was not revoked"), "{outcome}");
    fleet.proxy.reset();
    ensure!(fleet.token().await? != token && fleet.accepts(&token).await?, "it was revoked: {outcome}");
    fleet.rotate(0, &[])?;
    fleet.expect_revoked(&token).await?;
    fleet.expect_converged()
}

#[tokio::test]
async fn a_copy_of_a_cluster_secret_keeps_its_token_and_is_named() -> Result<()> {
    let fleet = Fleet::registered().await?;
    let token = fleet.token().await?;
    let mut copy = fleet.world.get(&support::secret("spoke-dev")).await?;
    let labels = ["labels", "annotations"].map(|key| (key, copy["metadata"][key].clone()));
    copy["metadata"] = serde_json::json!({ "name": "zz-spoke-dev", "namespace": "argocd" });
    labels.into_iter().for_each(|(key, value)| copy["metadata"][key] = value);
    fleet.world.send("POST", "/api/v1/namespaces/argocd/secrets", "application/json", &copy).await?;
    let outcome = fleet.rotate(1, &["spoke-dev"])?;
    ensure!(
        outcome.stderr.contains("the hub has it in other cluster Secrets, too: zz-spoke-dev"),
        "{outcome}"
    );
    let next = fleet.token().await?;
    ensure!(next != token && fleet.accepts(&next).await? && fleet.accepts(&token).await?, "{outcome}");
    // It is neither judged in the place of bridge's own, nor revoked while Argo CD may use it.
    fleet.expect_converged()?;
    let request = http::Request::delete(support::secret("zz-spoke-dev")).body(Vec::new())?;
    fleet.world.hub.client().await?.request::<Value>(request).await?;
    fleet.rotate(0, &[])?;
    fleet.expect_revoked(&token).await?;
    fleet.expect_converged()
}

#[tokio::test]
async fn an_apply_leaves_the_token_that_another_one_is_about_to_give_to_the_hub() -> Result<()> {
    let fleet = Fleet::registered().await?;
    let token = fleet.token().await?;
    // Where the other one stops: its Secret is made and recorded, and the hub does not have its token yet.
    fleet.world.proxy.fail(
        Matcher::any().write(true).path_contains("/secrets/spoke-dev"),
        Fault::status(503, "ServiceUnavailable", "away"),
    );
    fleet.rotate(1, &["spoke-dev"])?;
    fleet.world.proxy.reset();
    ensure!(fleet.token_secrets().await? == ["argocd-manager-token-1", "argocd-manager-token-2"]);
    fleet.expect_converged()?;
    ensure!(fleet.token_secrets().await?.contains(&"argocd-manager-token-2".to_owned()), "it was revoked");
    ensure!(fleet.token().await? == token && fleet.accepts(&token).await?, "the hub lost a good token");
    // The next rotation is past it.
    fleet.rotate(0, &["spoke-dev"])?;
    ensure!(fleet.token_secrets().await? == ["argocd-manager-token-3"], "{:?}", fleet.token_secrets().await?);
    fleet.expect_converged()
}

#[tokio::test]
async fn a_status_says_when_tokens_end() -> Result<()> {
    let fleet = Fleet::registered().await?;
    let token = fleet.token().await?;
    let status = |code: i32| -> Result<Value> {
        let outcome = fleet.world.run(&["status", "--output", "json"])?;
        // Argo CD's workloads run nowhere here, so that the exit code is always 1.
        ensure!(outcome.code == Some(code) && !outcome.stdout.contains(&token), "{outcome}");
        let document: Value = serde_json::from_str(&outcome.stdout)?;
        let clusters = document["clusters"].as_array().context("no clusters")?;
        clusters.iter().find(|one| one["name"] == "spoke-dev").cloned().context("no spoke")
    };
    let spoke = status(1)?;
    ensure!(spoke["probe"]["state"] == "answers" && spoke["isWell"] == true, "{spoke}");
    ensure!(spoke["tokenExpires"] == end(&token)?, "{spoke}");
    fleet.give(&fleet.spoke.aged(&token, 3700)?).await?;
    ensure!(status(1)?["isWell"] == false, "an expired token is well");
    let shown = fleet.world.run(&["status"])?;
    ensure!(shown.stdout.contains("`bridge credentials rotate` makes another"), "{shown}");
    // Whose kubeconfig lacks the context sees the spoke by its name.
    let kubeconfig = bridge_e2e::kubeconfig::Kubeconfig::new();
    let hub = fleet.world.proxy.access(bridge_e2e::cluster::User::Admin);
    kubeconfig.context("hub", hub).write(&fleet.world.kubeconfig)?;
    let spoke = status(1)?;
    ensure!(spoke["probe"]["state"] == "notProbed" && spoke["registration"] == "registered", "{spoke}");
    Ok(())
}
