//! Other tools on a hub that lives: what Terraform made is taken over as it is, and kubectl leaves bridge's set alone.

use std::process::{Command, Output};

use anyhow::{Context, Result, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bridge_e2e::cluster::ControlPlane;
use bridge_e2e::tools;
use serde_json::{Value, json};

use super::fleet::{Fleet, create};
use super::members::Member;
use crate::support::get;

const SECRETS: &str = "/api/v1/namespaces/argocd/secrets";
const PARENT: &str = "/api/v1/namespaces/argocd/configmaps/bridge";
const PART_OF: &str = "applyset.kubernetes.io/part-of";
const TOOLING: &str = "applyset.kubernetes.io/tooling";

#[tokio::test]
async fn terraform_hands_over_a_cluster_as_it_is_and_kubectl_leaves_the_set_alone() -> Result<()> {
    Fleet::with(2, async |fleet| {
        adopts(fleet).await.context("a cluster Secret of Terraform's")?;
        kubectl_refuses(fleet).await.context("kubectl with bridge's set")?;
        kubectl_writes_the_same(fleet).await.context("kubectl with a set of its own")
    })
    .await
}

/// The Secret stays the same object with the same bytes, and every Application for it is the one that it was.
async fn adopts(fleet: &mut Fleet) -> Result<()> {
    let mut members =
        vec![Member::hub(), Member::spoke("spoke-dev", "dev", &["metrics_server"], fleet.connection(0))];
    fleet.seed(&members)?;
    fleet.start_argocd().await?;
    let theirs = Member::spoke("spoke-tf", "dev", &["metrics_server"], fleet.connection(1));
    members.push(theirs.clone());
    let made = written_by_terraform(fleet, &theirs).await?;
    create(&fleet.world.hub, &format!("{SECRETS}?fieldManager=HashiCorp"), &made).await?;
    let before = (fleet.converged(&members, &[]).await?, fleet.cluster_secret("spoke-tf").await?);

    fleet.declare(&members)?;
    let refused = fleet.world.expect(5, &["apply", "--auto-approve", "--no-wait"])?;
    ensure!(format!("{refused}").contains("--adopt HashiCorp"), "{refused}");
    let adopted = fleet.world.apply(&["--adopt", "HashiCorp"])?;
    ensure!(adopted.stdout.contains("1 changed, 0 destroyed"), "{adopted}");
    let after = (fleet.converged(&members, &[]).await?, fleet.cluster_secret("spoke-tf").await?);

    let (went, came) = before.0.expect_rest_untouched(&after.0)?;
    ensure!(went.is_empty() && came.is_empty(), "went: {went:?}, came: {came:?}");
    ensure!(before.1["metadata"]["uid"] == after.1["metadata"]["uid"], "it was made anew");
    ensure!(before.1["data"] == after.1["data"], "its bytes are others");
    let labels = &after.1["metadata"]["labels"];
    ensure!(labels[PART_OF].is_string(), "it was not adopted: {labels}");
    ensure!(labels["theirs"] == "yes", "a label of Terraform's own went: {labels}");
    Ok(())
}

/// What the GitOps Bridge module writes: labels and annotations like ours, and a `config` that means the same in other
/// bytes.
async fn written_by_terraform(fleet: &Fleet, member: &Member) -> Result<Value> {
    let mut secret = fleet.cluster_secret("spoke-dev").await?;
    let connection = member.connection.as_ref().context("a spoke")?;
    let token = std::fs::read_to_string(fleet.world.path(&connection.token_file))?;
    let config =
        json!({"tlsClientConfig": {"insecure": false, "caData": connection.ca_data}, "bearerToken": token});
    let encoded = |text: &str| STANDARD.encode(text);
    let metadata = &mut secret["metadata"];
    for key in ["labels", "annotations"] {
        metadata[key]["cluster_name"] = member.name.as_str().into();
    }
    let mut labels = metadata["labels"].clone();
    labels.as_object_mut().context("labels")?.remove(PART_OF);
    labels["theirs"] = "yes".into();
    Ok(json!({
        "apiVersion": "v1", "kind": "Secret", "type": "Opaque",
        "metadata": {"name": member.name, "labels": labels, "annotations": metadata["annotations"]},
        "data": {"name": encoded(&member.name), "server": encoded(&connection.server),
            "config": encoded(&format!("{config:#}\n"))},
    }))
}

/// `kubectl apply --prune` into a set, here one that kubectl would empty of everything but a ConfigMap.
fn apply_set(cluster: &ControlPlane, file: &std::path::Path) -> Result<Output> {
    let mut command = Command::new(tools::kubectl()?);
    command.env("KUBECTL_APPLYSET", "true").env("KUBECONFIG", cluster.kubeconfig_cert("any")?);
    command.args(["apply", "--server-side", "--force-conflicts", "--prune", "--applyset=configmaps/bridge"]);
    command.args(["--namespace=argocd", "--filename"]).arg(file).output().context("cannot start kubectl")
}

async fn kubectl_refuses(fleet: &Fleet) -> Result<()> {
    let one = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "by-kubectl"}});
    fleet.world.write("one.json", &one.to_string())?;
    let before = (fleet.world.get(PARENT).await?, fleet.world.state().await?);
    let output = apply_set(&fleet.world.hub, &fleet.world.path("one.json"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(!output.status.success() && said.contains("instead of \"kubectl\""), "{said}");
    ensure!(before == (fleet.world.get(PARENT).await?, fleet.world.state().await?), "kubectl wrote: {said}");
    let made = fleet.world.get("/api/v1/namespaces/argocd/configmaps/by-kubectl").await?;
    ensure!(made.is_null(), "{made}");
    fleet.world.expect_no_changes()
}

/// kubectl applies the same objects to a cluster of its own: its parent differs from bridge's in the tool, and where bridge
/// notes more.
async fn kubectl_writes_the_same(fleet: &Fleet) -> Result<()> {
    let cluster = fleet.world.hub.sibling().await?;
    create(&cluster, "/api/v1/namespaces", &json!({"metadata": {"name": "argocd"}})).await?;
    let rendered = fleet.world.expect(0, &["render", "--show-secrets"])?.stdout;
    let is_ours = |line: &&str| !line.contains(PART_OF);
    let text: String = rendered.lines().filter(is_ours).map(|line| format!("{line}\n")).collect();
    fleet.world.write("rendered.yaml", &text)?;
    // It does not wait for the definitions that its first run makes.
    let first = apply_set(&cluster, &fleet.world.path("rendered.yaml"))?;
    let second = apply_set(&cluster, &fleet.world.path("rendered.yaml"))?;
    let said = |output: &Output| String::from_utf8_lossy(&output.stderr).into_owned();
    ensure!(second.status.success(), "{}{}", said(&first), said(&second));

    let (theirs, ours) = (get(&cluster, PARENT).await?, fleet.world.get(PARENT).await?);
    let noted = |parent: &Value, key: &str| parent["metadata"][key].as_object().cloned().unwrap_or_default();
    let (mut their_notes, mut our_notes) = (noted(&theirs, "annotations"), noted(&ours, "annotations"));
    let tools = (their_notes.remove(TOOLING), our_notes.remove(TOOLING));
    ensure!(tools.0.as_ref().is_some_and(|tool| tool.to_string().starts_with("\"kubectl/v")), "{tools:?}");
    ensure!(tools.1.as_ref().is_some_and(|tool| tool.to_string().starts_with("\"bridge/v")), "{tools:?}");
    our_notes.retain(|key, _| !key.starts_with("bridge.gitops/"));
    ensure!(their_notes == our_notes, "theirs: {their_notes:#?}, ours: {our_notes:#?}");
    ensure!(noted(&theirs, "labels") == noted(&ours, "labels"), "theirs: {theirs:#}, ours: {ours:#}");
    let part_of = |secret: Value| secret["metadata"]["labels"][PART_OF].clone();
    let member = format!("{SECRETS}/spoke-tf");
    let (theirs, ours) = (get(&cluster, &member).await?, fleet.world.get(&member).await?);
    ensure!(part_of(theirs) == part_of(ours));
    Ok(())
}
