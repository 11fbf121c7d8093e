//! A shared hub: its Argo CD installs addons on a spoke, an Argo CD of its own among them, which pulls the workloads.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use bridge_e2e::argocd::ArgoCd;
use bridge_e2e::cluster::{ControlPlane, User};
use bridge_e2e::kubeconfig::Kubeconfig;
use bridge_e2e::manifests::{VERSION, argocd_manifests};
use serde_json::{Value, json};

use super::checkouts::copy_edited;
use super::fleet::{Fleet, eventually};
use super::observed::{APPLICATIONS, SETS, expect_sets_fine, sets};
use crate::support::{get, secret};

/// The addon `argocd`: the official manifest, for each spoke that has the toggle.
const ADDON: &str = r#"apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: { name: argocd }
spec:
  goTemplate: true
  goTemplateOptions: [missingkey=error]
  generators:
    - clusters: { selector: { matchLabels: { enable_argocd: "true" } } }
  template:
    metadata: { name: 'argocd-{{.name}}' }
    spec:
      project: default
      source:
        repoURL: '{{.metadata.annotations.addons_repo_url}}'
        targetRevision: '{{.metadata.annotations.addons_repo_revision}}'
        path: manifests/argocd
      destination: { server: '{{.server}}', namespace: argocd }
      syncPolicy:
        automated: { prune: true, selfHeal: true }
        syncOptions: [CreateNamespace=true, ServerSideApply=true]
"#;

const APPLY: [&str; 8] =
    ["-f", "hub.yaml", "-f", "spoke.yaml", "apply", "--auto-approve", "--no-wait", "--timeout=200s"];
const PLAN: [&str; 6] = ["-f", "hub.yaml", "-f", "spoke.yaml", "plan", "--detailed-exitcode"];

#[tokio::test]
async fn a_shared_hub_brings_addons_and_the_spokes_own_argo_cd_workloads() -> Result<()> {
    Fleet::bare(1, shared).await
}

async fn shared(fleet: &mut Fleet) -> Result<()> {
    declare(fleet)?;
    let apply = fleet.world.bridge(&APPLY)?.timeout(Duration::from_secs(300)).spawn()?;
    fleet.start_argocd().await?;
    // It comes up as soon as the hub's has installed it, for which the run waits, too.
    let _of_the_spoke = ArgoCd::start(&fleet.spokes[0], "argocd").await.context("the spoke's Argo CD")?;
    fleet.know_new_kinds(0).await?;
    let outcome = tokio::task::spawn_blocking(move || apply.wait()).await??;
    ensure!(outcome.code == Some(0), "{outcome}");

    eventually("what each Argo CD is for", async || {
        let addons = ["addons", "argocd-spoke-dev", "cert-manager-hub", "metrics-server-spoke-dev"];
        expect(&fleet.world.hub, &["addons", "argocd", "cert-manager", "metrics-server"], &addons).await?;
        let workloads = ["guestbook-spoke-dev", "preview-spoke-dev", "workloads"];
        expect(&fleet.spokes[0], &["guestbook", "preview", "workloads"], &workloads).await
    })
    .await?;
    for object in
        ["metrics-server-spoke-dev/configmaps/metrics-server", "guestbook-spoke-dev/configmaps/guestbook"]
    {
        let found = get(&fleet.spokes[0], &format!("/api/v1/namespaces/{object}")).await?;
        ensure!(!found.is_null(), "{object} is not on the spoke");
    }
    let again = fleet.world.expect(0, &PLAN)?;
    ensure!(again.stdout.matches("No changes.").count() == 2, "{again}");
    leave_the_spoke(fleet).await
}

/// The sets of the repository outlive the root set, and so does their controller, which is not bridge's: the Secret, without
/// which it would delete what they deployed, goes once they are gone.
async fn leave_the_spoke(fleet: &Fleet) -> Result<()> {
    const DEPLOYED: &str = "/api/v1/namespaces/guestbook-spoke-dev/configmaps/guestbook";
    let spoke = &fleet.spokes[0];
    let deployed = get(spoke, DEPLOYED).await?;
    let destroy = ["-f", "spoke.yaml", "destroy", "--auto-approve", "--timeout", "60s"];
    let refused = fleet.world.expect(1, &destroy)?;
    let fix = "kubectl -n argocd delete applicationset guestbook preview --cascade=orphan";
    ensure!(refused.stderr.contains("failed: Secret/argocd/spoke-dev: "), "{refused}");
    ensure!(refused.stderr.contains(fix), "{refused}");
    ensure!(!get(spoke, &secret("spoke-dev")).await?.is_null(), "the Secret went");

    for set in ["guestbook", "preview"] {
        delete_and_orphan(spoke, &format!("{SETS}/{set}")).await?;
    }
    eventually("sets that leave their Applications", async || {
        ensure!(sets(spoke).await?.is_empty());
        Ok(())
    })
    .await?;
    fleet.world.expect(0, &destroy)?;
    ensure!(get(spoke, &secret("spoke-dev")).await?.is_null(), "the Secret is still there");
    let applications = get(spoke, APPLICATIONS).await?;
    for application in applications["items"].as_array().into_iter().flatten() {
        ensure!(application["metadata"]["deletionTimestamp"].is_null(), "{application:#}");
    }
    let left = get(spoke, DEPLOYED).await?;
    ensure!(left["metadata"]["uid"] == deployed["metadata"]["uid"], "what was deployed went: {left}");
    let hub = fleet.world.expect(0, &["-f", "hub.yaml", "plan", "--detailed-exitcode"])?;
    ensure!(hub.stdout.contains("No changes."), "{hub}");
    fleet.world.expect_foreign_untouched()
}

/// What `kubectl delete --cascade=orphan` does.
async fn delete_and_orphan(cluster: &ControlPlane, path: &str) -> Result<()> {
    let request = http::Request::delete(path).header("content-type", "application/json");
    let request = request.body(serde_json::to_vec(&json!({"propagationPolicy": "Orphan"}))?)?;
    cluster.client().await?.request::<Value>(request).await.map(drop).context("delete and orphan")
}

/// Exactly these ApplicationSets and Applications, each fine and synced.
async fn expect(cluster: &ControlPlane, expected: &[&str], applications: &[&str]) -> Result<()> {
    let found = sets(cluster).await?;
    ensure!(found.keys().eq(expected), "ApplicationSets: {:?}", found.keys());
    expect_sets_fine(&found)?;
    let list = get(cluster, APPLICATIONS).await?;
    let all = || list["items"].as_array().into_iter().flatten();
    let name = |app: &Value| app["metadata"]["name"].as_str().unwrap_or_default().to_owned();
    let found: BTreeSet<String> = all().map(name).collect();
    ensure!(found.iter().eq(applications), "Applications: {found:?}");
    for app in all() {
        let (sync, conditions) = (&app["status"]["sync"]["status"], &app["status"]["conditions"]);
        ensure!(sync == "Synced" && conditions.is_null(), "{}: {sync}: {conditions}", name(app));
    }
    Ok(())
}

/// The two profiles, on the bases that bridge ships, and a kubeconfig with both clusters.
fn declare(fleet: &mut Fleet) -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    copy_edited(&root.join("../profiles"), &fleet.world.path("profiles"), &[])?;
    let fixtures = root.join("tests/fixtures/gitops");
    let addons = fleet.world.path("addons");
    copy_edited(&fixtures.join("addons"), &addons, &[])?;
    std::fs::write(addons.join("argocd/appsets/argocd.yaml"), ADDON)?;
    std::fs::create_dir_all(addons.join("manifests/argocd"))?;
    let manifest = argocd_manifests(VERSION)?.join("install.yaml");
    std::fs::copy(manifest, addons.join("manifests/argocd/install.yaml"))?;

    let spoke = fleet.connection(0);
    let gitops = |name: &str, url: &str, path: &str| {
        format!("gitops:\n  {name}: {{ url: \"{url}\", basePath: argocd/, path: {path}, revision: main }}\n")
    };
    let hub = head("shared-hub")
        + &gitops("addons", &fleet.git.publish("addons", &addons)?, "appsets")
        + "clusters:\n  - name: hub\n    connection: { context: hub }\n    env: prod\n    addons: { cert_manager: true }\n"
        + &format!(
            "  - name: spoke-dev\n    env: dev\n    addons: {{ argocd: true, metrics_server: true }}\n    connection:\n      \
             server: {}\n      caData: {}\n      token: {{ file: {} }}\n      allowLoopback: true\n",
            spoke.server, spoke.ca_data, spoke.token_file
        );
    let workloads = fleet.git.publish("workloads", &fixtures.join("workloads"))?;
    let own = head("shared-spoke")
        + &gitops("workloads", &workloads, "workloads")
        + "clusters:\n  - name: spoke-dev\n    role: hub\n    type: workload\n    env: dev\n    connection: { context: spoke-dev }\n";
    fleet.world.write("hub.yaml", &hub)?;
    fleet.world.write("spoke.yaml", &own)?;
    let both = Kubeconfig::new()
        .context("hub", fleet.world.proxy.access(User::Admin))
        .context("spoke-dev", fleet.spokes[0].access_by_certificate()?);
    fleet.world.kubeconfig = fleet.world.hub.write_kubeconfig(&both)?;
    Ok(())
}

fn head(base: &str) -> String {
    format!(
        "apiVersion: bridge.gitops/v1alpha1\nkind: Profile\nmetadata: {{ name: {base} }}\nextends: [profiles/{base}.yaml]\n"
    )
}
