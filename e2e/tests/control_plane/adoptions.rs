//! Taking over what other tools made: guarded, sent once, and whole.

use crate::support::{Patch, Profile, World, run_until, secret};
use anyhow::{Context, Result, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bridge_e2e::bridge_cmd::Outcome;
use bridge_e2e::proxy::{Fault, Matcher, Moment, Recorded};
use serde_json::{Value, json};

const APPLY: [&str; 3] = ["apply", "--auto-approve", "--no-wait"];
const SECRETS: &str = "/api/v1/namespaces/argocd/secrets";
const JSON_PATCH: &str = "application/json-patch+json";
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";
const FORMER: &str = "former-t0ken-value";

/// A profile whose first spoke has a label that its former owner gave it, too; or has it no longer.
fn profile(is_gold: bool) -> Profile {
    let profile = Profile::small();
    if is_gold { profile.spoke("spoke-dev", "    labels: { tier: gold }\n") } else { profile }
}

/// The cluster Secret as somebody else made it, with a label of their own.
fn theirs() -> Value {
    let labels = json!({"argocd.argoproj.io/secret-type": "cluster", "cluster_name": "spoke-dev", "tier": "gold", "theirs": "yes"});
    let config = STANDARD.encode(json!({ "bearerToken": FORMER }).to_string());
    let data = json!({"server": STANDARD.encode("https://dev.example.com:6443"), "config": config});
    json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "spoke-dev", "namespace": "argocd", "labels": labels}, "data": data})
}

async fn namespace(world: &World) -> Result<()> {
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "argocd"}});
    let path = "/api/v1/namespaces?fieldManager=kubectl-create";
    world.send("POST", path, "application/json", &namespace).await.map(drop)
}

/// Made with a plain request, as Terraform and older versions of Helm do it.
async fn updated_by(world: &World, manager: &str) -> Result<()> {
    namespace(world).await?;
    let path = format!("{SECRETS}?fieldManager={manager}");
    world.send("POST", &path, "application/json", &theirs()).await.map(drop)
}

/// Made by server-side apply, as Helm 4 does it.
async fn applied_by(world: &World, manager: &str) -> Result<()> {
    namespace(world).await?;
    let path = format!("{}?fieldManager={manager}", secret("spoke-dev"));
    world.send("PATCH", &path, "application/apply-patch+yaml", &theirs()).await.map(drop)
}

/// Made by `kubectl apply` twice: a POST, then a strategic merge patch, both with the whole object in an annotation.
async fn applied_by_kubectl(world: &World) -> Result<()> {
    namespace(world).await?;
    let manager = "fieldManager=kubectl-client-side-apply";
    let mut made = theirs();
    made["metadata"]["labels"]["tier"] = "silver".into();
    made["metadata"]["annotations"] = json!({ LAST_APPLIED: made.to_string() });
    world.send("POST", &format!("{SECRETS}?{manager}"), "application/json", &made).await?;
    let annotations = json!({ LAST_APPLIED: theirs().to_string() });
    let patch = json!({"metadata": {"annotations": annotations, "labels": {"tier": "gold"}}});
    let path = format!("{}?{manager}", secret("spoke-dev"));
    world.send("PATCH", &path, "application/strategic-merge-patch+json", &patch).await.map(drop)
}

/// Takes the Secret over from its manager, and drops a label from the profile afterwards.
async fn is_taken_over(world: &World, manager: &str) -> Result<Outcome> {
    world.profile(&profile(true))?;
    let refused = world.expect(5, &APPLY)?;
    let said = format!("{}{}", refused.stdout, refused.stderr);
    ensure!(said.contains(&format!("--adopt {manager}")), "{refused}");
    let adopted = world.apply(&["--adopt", manager])?;
    world.expect_no_changes()?;
    world.profile(&profile(false))?;
    world.apply(&[])?;
    let labels = world.get(&secret("spoke-dev")).await?["metadata"]["labels"].clone();
    ensure!(labels.get("tier").is_none(), "{manager} still holds it: {labels}");
    ensure!(labels["theirs"] == "yes", "{labels}");
    world.expect_no_changes()?;
    ensure!(!format!("{adopted}{refused}").contains(FORMER), "the former token is shown: {adopted}");
    Ok(adopted)
}

#[tokio::test]
async fn from_terraform() -> Result<()> {
    let world = World::start().await?;
    updated_by(&world, "HashiCorp").await?;
    let outcome = is_taken_over(&world, "HashiCorp").await?;
    ensure!(!outcome.stderr.contains("annotate"), "{outcome}");
    Ok(())
}

#[tokio::test]
async fn from_helm_3_and_from_helm_4() -> Result<()> {
    let world = World::start().await?;
    updated_by(&world, "helm").await?;
    is_taken_over(&world, "helm").await?;
    let world = World::on(world.hub.sibling().await?).await?;
    applied_by(&world, "helm").await?;
    is_taken_over(&world, "helm").await.map(drop)
}

#[tokio::test]
async fn from_kubectl_with_a_warning_of_the_copy_that_it_leaves() -> Result<()> {
    let world = World::start().await?;
    applied_by_kubectl(&world).await?;
    world.profile(&profile(true))?;
    // With the kubeconfig that this hub was reached by: its context may be another cluster's in another file.
    let begin = "kubectl --context hub --kubeconfig ";
    let end = format!(" annotate secret spoke-dev -n argocd {LAST_APPLIED}-");
    let shows_the_line = |outcome: &Outcome| {
        outcome.stderr.lines().any(|line| line.trim().starts_with(begin) && line.ends_with(&end))
    };
    for output in ["text", "json"] {
        let args = ["plan", "--adopt", "kubectl-client-side-apply", "--output", output];
        let plan = world.expect(0, &args)?;
        ensure!(shows_the_line(&plan), "{plan}");
    }
    let outcome = is_taken_over(&world, "kubectl-client-side-apply").await?;
    ensure!(shows_the_line(&outcome), "{outcome}");
    let copy = |live: Value| live["metadata"]["annotations"].get(LAST_APPLIED).is_some();
    ensure!(copy(world.get(&secret("spoke-dev")).await?), "bridge does not own it");
    // What the line does.
    let removed = json!({"metadata": {"annotations": { LAST_APPLIED: null }}});
    world.patch_as("kubectl-annotate", &secret("spoke-dev"), &removed).await?;
    ensure!(!copy(world.get(&secret("spoke-dev")).await?));
    world.expect_no_changes()
}

/// The requests that say anew who owns which fields.
fn ownership_patches(world: &World) -> Vec<Recorded> {
    let requests = world.proxy.requests().into_iter();
    requests.filter(|request| request.content_type == JSON_PATCH).collect()
}

fn ownership_patch() -> Matcher {
    Matcher::any().path(&secret("spoke-dev")).content_type(JSON_PATCH)
}

fn managers(live: &Value) -> Vec<&str> {
    let entries = live["metadata"]["managedFields"].as_array().into_iter().flatten();
    entries.filter_map(|entry| entry["manager"].as_str()).collect()
}

#[tokio::test]
async fn the_ownership_moves_only_in_the_state_that_was_planned() -> Result<()> {
    let world = World::start().await?;
    updated_by(&world, "HashiCorp").await?;
    let before = world.get(&secret("spoke-dev")).await?["metadata"].clone();
    world.profile(&profile(true))?;
    world.apply(&["--adopt", "HashiCorp"])?;
    let sent = ownership_patches(&world);
    ensure!(sent.len() == 1, "{sent:?}");
    let patch: Value = serde_json::from_slice(&sent[0].body).context("no JSON patch")?;
    for key in ["uid", "resourceVersion"] {
        // A test, or a replacement by the same value, which the server refuses when it would be another one.
        let guard = |step: &Value| {
            step["path"] == format!("/metadata/{key}")
                && step["value"] == before[key]
                && (step["op"] == "test" || step["op"] == "replace")
        };
        ensure!(patch.as_array().is_some_and(|steps| steps.iter().any(guard)), "no {key} in {patch}");
    }
    world.expect_no_changes()
}

/// What Terraform or somebody else does between the dry run of an adoption and the move of the ownership.
fn meanwhile(manager: &str, body: Value) -> Patch<'static> {
    let path = format!("{}?fieldManager={manager}", secret("spoke-dev"));
    Patch { path, content_type: "application/merge-patch+json", body }
}

#[tokio::test]
async fn a_value_that_moves_right_before_the_ownership_does_is_not_overwritten() -> Result<()> {
    let world = World::start().await?;
    updated_by(&world, "HashiCorp").await?;
    world.profile(&profile(true))?;
    let args = [&APPLY[..], &["--adopt", "HashiCorp"]].concat();
    let rotated = meanwhile("HashiCorp", json!({"data": {"config": "eyJhIjoxfQ=="}}));
    let outcome = run_until(&world, &args, ownership_patch(), &rotated).await?;
    ensure!(outcome.code == Some(5), "{outcome}");
    ensure!(outcome.stderr.contains("somebody changed it since it was planned"), "{outcome}");
    let live = world.get(&secret("spoke-dev")).await?;
    ensure!(live["data"]["config"] == "eyJhIjoxfQ==", "it was overwritten");
    ensure!(managers(&live) == ["HashiCorp"], "the ownership moved: {:?}", managers(&live));
    world.apply(&["--adopt", "HashiCorp"])?;
    world.expect_no_changes()
}

#[tokio::test]
async fn what_others_add_right_before_the_ownership_moves_survives() -> Result<()> {
    let world = World::start().await?;
    updated_by(&world, "HashiCorp").await?;
    world.profile(&profile(true))?;
    let args = [&APPLY[..], &["--adopt", "HashiCorp"]].concat();
    let refreshed =
        meanwhile("argocd", json!({"metadata": {"annotations": {"argocd.argoproj.io/refresh": "now"}}}));
    let outcome = run_until(&world, &args, ownership_patch(), &refreshed).await?;
    ensure!(outcome.code == Some(0), "{outcome}");
    let live = world.get(&secret("spoke-dev")).await?;
    ensure!(live["metadata"]["annotations"]["argocd.argoproj.io/refresh"] == "now", "{live}");
    ensure!(managers(&live).contains(&"argocd"), "{:?}", managers(&live));
    world.expect_no_changes()
}

/// Adopts while the answer to the ownership patch is a fault: it is sent once, and the same command ends what is left.
async fn sent_once(fault: Fault) -> Result<(World, Outcome)> {
    let world = World::start().await?;
    updated_by(&world, "HashiCorp").await?;
    world.profile(&profile(true))?;
    world.proxy.fail(ownership_patch(), fault);
    let outcome = world.run(&[&APPLY[..], &["--adopt", "HashiCorp"]].concat())?;
    let sent = ownership_patches(&world).len();
    ensure!(sent == 1, "sent {sent} times: {outcome}");
    world.proxy.reset();
    Ok((world, outcome))
}

#[tokio::test]
async fn an_ownership_patch_whose_answer_is_lost_is_not_sent_again() -> Result<()> {
    let (world, outcome) = sent_once(Fault::Reset(Moment::BeforeAnswer)).await?;
    ensure!(outcome.code == Some(4), "{outcome}");
    ensure!(outcome.stderr.contains("failed: Secret/argocd/spoke-dev"), "{outcome}");
    // It was done, so that the object is bridge's own.
    world.apply(&[])?;
    ensure!(world.state().await? == expected(&world).await?);
    world.expect_no_changes()
}

#[tokio::test]
async fn an_ownership_patch_that_a_gateway_answers_is_not_sent_again() -> Result<()> {
    let (world, outcome) = sent_once(Fault::status(502, "BadGateway", "bad gateway")).await?;
    ensure!(outcome.code == Some(1), "{outcome}");
    ensure!(outcome.stderr.contains("failed: Secret/argocd/spoke-dev"), "{outcome}");
    world.apply(&["--adopt", "HashiCorp"])?;
    ensure!(world.state().await? == expected(&world).await?);
    world.expect_no_changes()
}

/// The state that an adoption in one go leaves.
async fn expected(world: &World) -> Result<Vec<Value>> {
    let whole = World::on(world.hub.sibling().await?).await?;
    updated_by(&whole, "HashiCorp").await?;
    whole.profile(&profile(true))?;
    whole.apply(&["--adopt", "HashiCorp"])?;
    whole.state().await
}
