//! Spokes that bridge registers through a kubeconfig context, each on an API server of its own.

mod fleet;
mod l1_plus;
mod lifetimes;
mod rotation;

use crate::support::{self, Profile, World, get};
use anyhow::{Context, Result, ensure};
use bridge_e2e::cluster::User;
use bridge_e2e::kubeconfig::{Access, Kubeconfig};
use bridge_e2e::proxy::{Fault, Matcher};
use fleet::{ACCOUNT, Fleet, SECRETS};
use serde_json::Value;

#[tokio::test]
async fn a_context_becomes_an_account_with_a_token_that_works() -> Result<()> {
    let fleet = Fleet::start().await?;
    fleet.write_kubeconfig(fleet.spoke.access_by_certificate()?)?;
    fleet.profile("")?;
    let planned = fleet.world.expect(2, &["plan", "--detailed-exitcode"])?;
    for said in
        ["spoke spoke-dev (context spoke)", "ServiceAccount/kube-system/argocd-manager", "A token is made"]
    {
        ensure!(planned.stdout.contains(said), "{said}: {planned}");
    }
    ensure!(get(&fleet.spoke, ACCOUNT).await?.is_null(), "a plan wrote");
    let outcome = fleet.world.apply(&[])?;
    let (config, token) = (fleet.config().await?, fleet.token().await?);
    ensure!(!format!("{planned}{outcome}").contains(&token), "the token was shown");
    // Never the administrator's key, only the account's token, the address and the authority of the context.
    let keys = config["tlsClientConfig"].as_object().context("no TLS")?.keys().cloned().collect::<Vec<_>>();
    ensure!(keys == ["insecure", "caData"], "{config}");
    ensure!(config.as_object().is_some_and(|config| config.len() == 2), "other ways to authenticate");
    ensure!(fleet.accepts(&token).await?, "the token does not work");
    let inventory = get(&fleet.spoke, "/api/v1/namespaces/kube-system/configmaps/bridge").await?;
    ensure!(!inventory.is_null(), "what was made there is not recorded");
    fleet.expect_converged()
}

#[tokio::test]
async fn a_token_that_ends_is_renewed_and_the_former_one_is_revoked() -> Result<()> {
    let fleet = Fleet::start().await?;
    fleet.profile(", serviceAccount: { tokenLifetime: 10m }")?;
    fleet.world.apply(&[])?;
    let former = fleet.token().await?;
    ensure!(fleet.token_secrets().await? == ["argocd-manager-token-1"]);
    // Somebody revokes it: the plan says so, and the apply makes another.
    let secret = format!("{SECRETS}/argocd-manager-token-1");
    let request = http::Request::delete(&secret).body(Vec::new())?;
    fleet.spoke.client().await?.request::<Value>(request).await?;
    let planned = fleet.world.expect(2, &["plan", "--detailed-exitcode"])?;
    ensure!(planned.stdout.contains("does not accept the one that is there"), "{planned}");
    fleet.world.apply(&[])?;
    let token = fleet.token().await?;
    ensure!(token != former && fleet.accepts(&token).await?, "no new token");
    ensure!(fleet.token_secrets().await? == ["argocd-manager-token-1"]);
    // Another lifetime is another token only for another kind; the account of another name is another token.
    fleet.profile(", serviceAccount: { name: argocd }")?;
    fleet.world.apply(&[])?;
    let renamed = fleet.token().await?;
    ensure!(fleet.token_secrets().await? == ["argocd-token-1"], "{:?}", fleet.token_secrets().await?);
    ensure!(get(&fleet.spoke, ACCOUNT).await?.is_null(), "the former account is still there");
    fleet.expect_revoked(&token).await?;
    ensure!(fleet.accepts(&renamed).await?, "the new token does not work");
    fleet.expect_converged()
}

#[tokio::test]
async fn only_a_spoke_that_has_to_be_written_to_has_to_answer() -> Result<()> {
    let fleet = Fleet::start().await?;
    fleet.profile("")?;
    let nowhere = Access { server: "https://127.0.0.1:1".to_owned(), ..fleet.spoke.access_by_certificate()? };
    fleet.write_kubeconfig(nowhere.clone())?;
    let outcome = fleet.world.expect(1, &["apply", "--auto-approve", "--no-wait"])?;
    ensure!(outcome.stderr.contains("the spoke could not be registered"), "{outcome}");
    ensure!(fleet.world.get(&support::secret("spoke-dev")).await?.is_null(), "{outcome}");
    ensure!(
        !fleet.world.get(&support::secret("hub")).await?.is_null(),
        "the others did not converge: {outcome}"
    );
    // Registered, it may be away: its Secret is not pruned, and its labels still follow the profile.
    fleet.write_kubeconfig(fleet.proxy.access(User::Admin))?;
    fleet.world.apply(&[])?;
    let token = fleet.token().await?;
    let text = std::fs::read_to_string(fleet.world.path("bridge.yaml"))?;
    fleet.world.write("bridge.yaml", &format!("{text}    labels: {{ tier: gold }}\n"))?;
    let server = format!(", server: \"{}\"", fleet.proxy.url());
    let text = std::fs::read_to_string(fleet.world.path("bridge.yaml"))?;
    fleet.world.write(
        "bridge.yaml",
        &text.replace("allowLoopback: true", &format!("allowLoopback: true{server}")),
    )?;
    fleet.write_kubeconfig(nowhere)?;
    let outcome = fleet.world.apply(&[])?;
    ensure!(outcome.stdout.contains("not looked at"), "{outcome}");
    let secret = fleet.world.get(&support::secret("spoke-dev")).await?;
    ensure!(secret["metadata"]["labels"]["tier"] == "gold" && fleet.token().await? == token, "{outcome}");
    Ok(())
}

#[tokio::test]
async fn a_spoke_that_needs_a_new_token_and_is_away_keeps_its_secret() -> Result<()> {
    let fleet = Fleet::start().await?;
    fleet.profile("")?;
    fleet.world.apply(&[])?;
    let before = fleet.world.get(&support::secret("spoke-dev")).await?;
    // Another account needs another token, which nobody can make now.
    fleet.profile(", serviceAccount: { name: another }")?;
    let nowhere = Access { server: "https://127.0.0.1:1".to_owned(), ..fleet.spoke.access_by_certificate()? };
    fleet.write_kubeconfig(nowhere)?;
    let planned = fleet.world.expect(1, &["plan"])?;
    ensure!(planned.stdout.contains("its Secret on the hub stays as it is"), "{planned}");
    fleet.world.expect(1, &["apply", "--auto-approve", "--no-wait"])?;
    ensure!(fleet.world.get(&support::secret("spoke-dev")).await? == before, "the Secret moved");
    Ok(())
}

#[tokio::test]
async fn least_privilege_is_a_role_in_each_namespace() -> Result<()> {
    let fleet = Fleet::start().await?;
    fleet.profile("")?;
    let text = std::fs::read_to_string(fleet.world.path("bridge.yaml"))?;
    fleet.world.write("bridge.yaml", &format!("{text}    namespaces: [default]\n"))?;
    fleet.world.apply(&[])?;
    let roles = "/apis/rbac.authorization.k8s.io/v1/namespaces/default/roles/argocd-manager-role";
    ensure!(!get(&fleet.spoke, roles).await?.is_null(), "no Role");
    let all = "/apis/rbac.authorization.k8s.io/v1/clusterroles/argocd-manager-role";
    ensure!(get(&fleet.spoke, all).await?.is_null(), "a ClusterRole");
    ensure!(fleet.accepts(&fleet.token().await?).await?, "the token does not work");
    fleet.expect_converged()
}

#[tokio::test]
async fn contexts_that_do_not_fit_are_found_before_anything_is_written() -> Result<()> {
    let fleet = Fleet::start().await?;
    let cases = [
        ("{ context: spoke, allowLoopback: true }", "{ context: spoke }", "loopback address"),
        ("{ context: spoke, allowLoopback: true }", "{ context: nobody }", "nobody"),
        ("{ context: spoke, allowLoopback: true }", "{ context: hub, allowLoopback: true }", "is the hub's"),
        (
            "{ context: spoke, allowLoopback: true }",
            "{ context: same, allowLoopback: true }",
            "the hub itself",
        ),
    ];
    let hub = fleet.world.hub.access_by_token(User::Admin);
    let kubeconfig =
        Kubeconfig::new().context("hub", fleet.world.proxy.access(User::Admin)).context("same", hub);
    kubeconfig.context("spoke", fleet.spoke.access_by_certificate()?).write(&fleet.world.kubeconfig)?;
    for (from, to, said) in cases {
        fleet.profile("")?;
        let text = std::fs::read_to_string(fleet.world.path("bridge.yaml"))?;
        fleet.world.write("bridge.yaml", &text.replace(from, to))?;
        let outcome = fleet.world.run(&["plan"])?;
        ensure!(matches!(outcome.code, Some(1 | 3)), "{outcome}");
        ensure!(format!("{}{}", outcome.stdout, outcome.stderr).contains(said), "{said}: {outcome}");
    }
    ensure!(fleet.world.proxy.writes().is_empty(), "something was written");
    Ok(())
}

/// The profile without the spoke.
fn without_spoke(fleet: &Fleet) -> Result<()> {
    let profile = Profile::small().without_spoke("spoke-prod").without_spoke("spoke-dev");
    fleet.world.write("bridge.yaml", &profile.text())
}

#[tokio::test]
async fn a_spoke_that_leaves_keeps_nothing_of_bridges_and_everything_else() -> Result<()> {
    let fleet = Fleet::start().await?;
    fleet.profile("")?;
    fleet.world.apply(&[])?;
    let token = fleet.token().await?;
    without_spoke(&fleet)?;
    let planned = fleet.world.expect(2, &["plan", "--detailed-exitcode"])?;
    ensure!(
        planned.stdout.contains("spoke spoke-dev (context spoke) is no longer in the profile"),
        "{planned}"
    );
    fleet.world.apply(&["--allow-delete", "1"])?;
    ensure!(get(&fleet.spoke, ACCOUNT).await?.is_null(), "the account is still there");
    ensure!(fleet.token_secrets().await?.is_empty(), "a token is still there");
    ensure!(get(&fleet.spoke, "/api/v1/namespaces/kube-system/configmaps/bridge").await?.is_null());
    let others = get(&fleet.spoke, "/apis/rbac.authorization.k8s.io/v1/clusterroles/cluster-admin").await?;
    ensure!(!others.is_null(), "what is not bridge's went");
    let inventory = fleet.world.get("/api/v1/namespaces/argocd/configmaps/bridge").await?;
    ensure!(inventory["metadata"]["annotations"].get("bridge.gitops/spokes").is_none(), "{inventory}");
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while fleet.accepts(&token).await? {
        ensure!(std::time::Instant::now() < deadline, "the token still works");
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
    fleet.expect_converged()
}

#[tokio::test]
async fn a_spoke_that_leaves_while_it_is_away_is_remembered_and_its_commands_are_shown() -> Result<()> {
    let fleet = Fleet::start().await?;
    fleet.profile("")?;
    fleet.world.apply(&[])?;
    without_spoke(&fleet)?;
    let nowhere = Access { server: "https://127.0.0.1:1".to_owned(), ..fleet.spoke.access_by_certificate()? };
    fleet.write_kubeconfig(nowhere)?;
    let outcome = fleet.world.expect(1, &["apply", "--auto-approve", "--no-wait", "--allow-delete", "1"])?;
    for said in
        ["kubectl --context spoke delete clusterrolebinding,clusterrole -l", "delete configmap,lease bridge"]
    {
        ensure!(outcome.stdout.contains(said), "{said}: {outcome}");
    }
    ensure!(fleet.world.get(&support::secret("spoke-dev")).await?.is_null(), "the hub still knows it");
    // Another cluster behind the same context is not touched.
    fleet.write_kubeconfig(fleet.world.proxy.access(User::Admin))?;
    let planned = fleet.world.expect(0, &["plan"])?;
    ensure!(planned.stdout.contains("the context leads to another cluster"), "{planned}");
    fleet.write_kubeconfig(fleet.proxy.access(User::Admin))?;
    fleet.world.apply(&[])?;
    ensure!(get(&fleet.spoke, ACCOUNT).await?.is_null(), "the account is still there");
    fleet.expect_converged()
}

#[tokio::test]
async fn a_destroy_takes_the_accounts_on_spokes_along() -> Result<()> {
    let fleet = Fleet::start().await?;
    fleet.profile("")?;
    fleet.world.apply(&[])?;
    let planned = fleet.world.expect(0, &["plan", "--destroy"])?;
    ensure!(planned.stdout.contains("ServiceAccount/kube-system/argocd-manager"), "{planned}");
    fleet.world.expect(0, &["destroy", "--auto-approve"])?;
    ensure!(get(&fleet.spoke, ACCOUNT).await?.is_null(), "the account is still there");
    ensure!(get(&fleet.spoke, "/api/v1/namespaces/kube-system/configmaps/bridge").await?.is_null());
    fleet.world.expect_foreign_untouched()
}

impl Fleet {
    /// Writes the profile with one text in the place of another.
    fn edit(&self, from: &str, to: &str) -> Result<()> {
        let text = std::fs::read_to_string(self.world.path("bridge.yaml"))?;
        ensure!(text.contains(from), "{from}: {text}");
        self.world.write("bridge.yaml", &text.replace(from, to))
    }
}

#[tokio::test]
async fn a_token_is_never_revoked_before_the_hub_has_another() -> Result<()> {
    let fleet = Fleet::start().await?;
    fleet.profile("")?;
    fleet.world.apply(&[])?;
    let (token, before) = (fleet.token().await?, fleet.world.get(&support::secret("spoke-dev")).await?);
    // Another account, and the spoke gives no token; then one of another kind, which nobody makes here.
    fleet.profile(", serviceAccount: { name: another }")?;
    let denied = Fault::status(403, "Forbidden", "no tokens today");
    fleet.proxy.fail(Matcher::any().method("POST").path_contains("/serviceaccounts/another/token"), denied);
    fleet.world.expect(1, &["apply", "--auto-approve", "--no-wait"])?;
    ensure!(fleet.accepts(&token).await?, "the token of the hub was revoked");
    fleet.profile(", serviceAccount: { tokenLifetime: unlimited }")?;
    fleet.world.expect(1, &["apply", "--auto-approve", "--no-wait"])?;
    ensure!(fleet.accepts(&token).await?, "the token of the hub was revoked");
    ensure!(fleet.world.get(&support::secret("spoke-dev")).await? == before, "the Secret moved");
    // A write to the hub that fails revokes nothing either, also of a renamed cluster.
    fleet.proxy.reset();
    fleet.profile(", serviceAccount: { name: another }")?;
    fleet.edit("name: spoke-dev", "name: spoke-renamed")?;
    let refused = Fault::status(422, "Invalid", "not today");
    let secret = support::secret("spoke-dev");
    fleet.world.proxy.fail(Matcher::any().write(true).path(&secret), refused);
    fleet.world.expect(1, &["apply", "--auto-approve", "--no-wait"])?;
    ensure!(fleet.accepts(&token).await?, "the token of the hub was revoked");
    fleet.world.proxy.reset();
    fleet.world.apply(&[])?;
    ensure!(fleet.token().await? != token, "no new token");
    ensure!(fleet.token_secrets().await?.len() == 1, "{:?}", fleet.token_secrets().await?);
    fleet.expect_converged()
}

#[tokio::test]
async fn a_spoke_that_fails_keeps_its_secret_under_whatever_name() -> Result<()> {
    let fleet = Fleet::start().await?;
    fleet.profile("")?;
    fleet.world.apply(&[])?;
    let before = fleet.world.get(&support::secret("spoke-dev")).await?;
    fleet.profile(", serviceAccount: { name: another }")?;
    fleet.edit("name: spoke-dev", "name: spoke-renamed")?;
    let nowhere = Access { server: "https://127.0.0.1:1".to_owned(), ..fleet.spoke.access_by_certificate()? };
    fleet.write_kubeconfig(nowhere)?;
    // A new cluster wants the name that the renamed one's Secret still has.
    let text = std::fs::read_to_string(fleet.world.path("bridge.yaml"))?;
    let other = "  - name: spoke-dev\n    connection: { server: \"https://other.example.com\", token: { env: PLANTED_TOKEN } }\n";
    fleet.world.write("bridge.yaml", &format!("{text}{other}"))?;
    fleet.world.expect(1, &["apply", "--auto-approve", "--no-wait", "--allow-delete", "9"])?;
    ensure!(fleet.world.get(&support::secret("spoke-dev")).await? == before, "the Secret moved");
    ensure!(!get(&fleet.spoke, ACCOUNT).await?.is_null(), "the account is gone");
    Ok(())
}

#[tokio::test]
async fn two_hubs_with_profiles_of_one_name_do_not_take_each_others_tokens() -> Result<()> {
    let fleet = Fleet::start().await?;
    fleet.profile("")?;
    fleet.world.apply(&[])?;
    let token = fleet.token().await?;
    let other = World::on(fleet.world.hub.sibling().await?).await?;
    let contexts = Kubeconfig::new().context("hub", other.proxy.access(User::Admin));
    contexts.context("spoke", fleet.proxy.access(User::Admin)).write(&other.kubeconfig)?;
    other.write("bridge.yaml", &std::fs::read_to_string(fleet.world.path("bridge.yaml"))?)?;
    let outcome = other.expect(1, &["apply", "--auto-approve", "--no-wait"])?;
    ensure!(outcome.stderr.contains("belongs to the profile"), "{outcome}");
    other.run(&["destroy", "--auto-approve"])?;
    ensure!(fleet.accepts(&token).await?, "the other hub's token was revoked");
    fleet.expect_converged()
}
