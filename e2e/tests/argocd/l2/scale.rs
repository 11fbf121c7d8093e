//! Many clusters on one hub.

use std::time::Instant;

use anyhow::{Result, ensure};
use bridge_e2e::argocd::Part;
use bridge_e2e::forwarder::Forwarder;

use super::fleet::{Fleet, eventually};
use super::members::{Connection, Member, ROOTS};
use super::observed::{APPLICATIONS, expect_sets_fine, sets};

/// Two API servers, each at ten addresses: to Argo CD, which tells clusters apart by their addresses, twenty spokes.
/// It watches and syncs each of them on its own.
#[tokio::test]
async fn twenty_spokes_converge_after_one_apply() -> Result<()> {
    Fleet::with(2, twenty_spokes).await
}

async fn twenty_spokes(fleet: &mut Fleet) -> Result<()> {
    let forwarders = [Forwarder::start(&fleet.spokes[0], 10)?, Forwarder::start(&fleet.spokes[1], 10)?];
    let mut members = vec![Member::hub()];
    for (apiserver, forwarder) in forwarders.iter().enumerate() {
        for server in forwarder.urls() {
            let connection = Connection { server: server.clone(), ..fleet.connection(apiserver) };
            let index = members.len();
            let env = ["dev", "staging", "prod"][index % 3];
            let addons: &[&str] =
                if index.is_multiple_of(2) { &["cert_manager"] } else { &["metrics_server"] };
            members.push(Member::spoke(&format!("spoke-{index:02}"), env, addons, connection));
        }
    }
    ensure!(members.len() == 21);
    fleet.seed(&members)?;
    fleet.start_argocd().await?;
    fleet.converged(&members, &[]).await?;
    Ok(())
}

/// One Application for each spoke, made by a set of the user's own. Nothing is deployed, so the controller that would do
/// it does not run, and the addresses need not exist.
const ONE_FOR_EACH: &str = r#"apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: { name: one-for-each, namespace: << argocd.namespace | quote >> }
spec:
  goTemplate: true
  goTemplateOptions: [missingkey=error]
  generators:
    - clusters: { selector: { matchLabels: { type: workload } } }
  template:
    metadata: { name: 'one-{{.name}}' }
    spec:
      project: default
      source:
        repoURL: '{{.metadata.annotations.workloads_repo_url}}'
        targetRevision: '{{.metadata.annotations.workloads_repo_revision}}'
        path: manifests/guestbook
      destination: { server: '{{.server}}', namespace: guestbook }
"#;

#[tokio::test]
async fn a_thousand_cluster_secrets_give_a_thousand_applications() -> Result<()> {
    Fleet::with(1, a_thousand_clusters).await
}

async fn a_thousand_clusters(fleet: &mut Fleet) -> Result<()> {
    const SPOKES: usize = 1000;
    fleet.template("one-for-each.yaml.tera", ONE_FOR_EACH)?;
    let mut members = vec![Member::hub()];
    fleet.seed(&members)?;
    fleet.start_argocd_parts(&[Part::RepoServer, Part::Server, Part::ApplicationSetController]).await?;
    expect_applications(fleet, ROOTS.len()).await?;

    for index in 0..SPOKES {
        // Nobody answers there.
        let server = format!("https://127.1.{}.{}:9", index / 250, index % 250 + 1);
        let connection = Connection { server, ..fleet.connection(0) };
        members.push(Member::spoke(&format!("spoke-{index:04}"), "dev", &[], connection));
    }
    let started = Instant::now();
    fleet.declare(&members)?;
    fleet.world.expect(0, &["apply", "--auto-approve", "--no-wait"])?;
    let applied = started.elapsed();
    expect_applications(fleet, ROOTS.len() + SPOKES).await?;
    let (applied, all) = (applied.as_secs_f32(), started.elapsed().as_secs_f32());
    eprintln!("{SPOKES} clusters: applied in {applied:.1} s, all Applications there after {all:.1} s");
    fleet.world.expect_no_changes()
}

/// Waits until there are so many Applications, and every ApplicationSet is fine.
async fn expect_applications(fleet: &Fleet, count: usize) -> Result<()> {
    eventually("the generated Applications", async || {
        let list = fleet.world.get(APPLICATIONS).await?;
        let found = list["items"].as_array().map_or(0, Vec::len);
        ensure!(found == count, "{found} of {count} Applications");
        expect_sets_fine(&sets(&fleet.world.hub).await?)
    })
    .await
}
