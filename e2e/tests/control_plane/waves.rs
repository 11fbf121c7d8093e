//! What is written first, how much is sent side by side, and what is told of several objects that fail together.

use crate::support::{self, Profile, SPOKES, World};
use anyhow::{Result, ensure};
use bridge_e2e::proxy::{Fault, Matcher};
use serde_json::Value;

const HOME: &str = "/api/v1/namespaces/argocd";
const LEASE: &str = "/apis/coordination.k8s.io/v1/namespaces/argocd/leases/bridge";

#[tokio::test]
async fn a_first_apply_writes_its_namespace_the_lock_and_the_record_before_all_else() -> Result<()> {
    let world = World::start().await?;
    world.profile(&Profile::small())?;
    world.apply(&[])?;
    let paths: Vec<String> = world.proxy.writes().iter().map(|write| write.path.clone()).collect();
    let inventory = format!("{HOME}/configmaps/bridge");
    ensure!(paths.len() > 15 && paths[..3] == [HOME, LEASE, &inventory], "{paths:?}");
    // The lock is renewed and freed; nothing else of these three is written again.
    ensure!(!paths[3..].iter().any(|path| *path == HOME || *path == inventory), "{paths:?}");
    world.expect_no_changes()
}

/// Sets that an earlier installation left would lose what they deployed to a controller that finds no clusters.
#[tokio::test]
async fn argo_cd_starts_where_its_clusters_are_known_and_before_its_sets_come() -> Result<()> {
    let world = World::start().await?;
    world.profile(&Profile::small())?;
    world.apply(&[])?;
    let writes = world.proxy.writes();
    let first = |part: &str| writes.iter().position(|write| write.path.contains(part));
    let last = |part: &str| writes.iter().rposition(|write| write.path.contains(part));
    let cluster = SPOKES.iter().filter_map(|(name, _)| last(&support::secret(name))).max();
    ensure!(cluster.is_some() && cluster < first("/deployments/"), "{cluster:?}: {writes:?}");
    ensure!(last("/deployments/") < first("/applicationsets/"), "{writes:?}");
    Ok(())
}

#[tokio::test]
async fn no_more_requests_run_side_by_side_than_parallelism_allows() -> Result<()> {
    let first = World::start().await?;
    for (args, most) in
        [([].as_slice(), 10), (["--parallelism", "3"].as_slice(), 3), (["--parallelism", "1"].as_slice(), 1)]
    {
        let world = World::on(first.hub.sibling().await?).await?;
        world.profile(&Profile::official())?;
        world.apply(args)?;
        let seen = world.proxy.most_in_flight();
        ensure!(seen <= most, "{seen} requests side by side with {args:?}");
        ensure!(seen > 1 || most == 1, "never more than one with {args:?}");
        world.proxy.reset();
        world.expect(0, &[&["plan", "--detailed-exitcode"], args].concat())?;
        ensure!(world.proxy.most_in_flight() <= most, "in a plan with {args:?}");
        world.expect_foreign_untouched()?;
    }
    Ok(())
}

const FAILING: [&str; 2] = ["spoke-dev", "spoke-prod"];

/// A world in which the writes of both cluster Secrets are refused, one for a missing right and one by a webhook.
async fn two_fail() -> Result<World> {
    let world = World::start().await?;
    world.profile(&Profile::small())?;
    let secret = |name: &str| Matcher::any().write(true).path(&support::secret(name));
    let right = "secrets \"spoke-dev\" is forbidden: User \"ci\" cannot patch resource";
    let webhook = "admission webhook \"policy.example.com\" denied the request: no";
    world.proxy.fail(secret("spoke-dev"), Fault::status(403, "Forbidden", right));
    world.proxy.fail(secret("spoke-prod"), Fault::status(403, "Forbidden", webhook));
    Ok(world)
}

const CAUSES: [&str; 2] = ["cannot patch resource", "denied the request: no"];
const FIXES: [&str; 2] =
    ["kubectl auth can-i patch secrets/spoke-dev -n argocd", "a rule of this cluster does not allow it"];

#[tokio::test]
async fn each_of_two_objects_that_fail_is_told_with_its_cause_and_its_fix() -> Result<()> {
    let world = two_fail().await?;
    let outcome = world.expect(4, &["apply", "--auto-approve", "--no-wait"])?;
    for ((name, cause), fix) in FAILING.iter().zip(CAUSES).zip(FIXES) {
        let lines: Vec<&str> = outcome.stderr.lines().collect();
        let heading = format!("failed: Secret/argocd/{name}: ");
        let found = lines.windows(2).find(|pair| pair[0].starts_with(&heading));
        ensure!(found.is_some_and(|pair| pair[0].contains(cause)), "{cause}: {outcome}");
        ensure!(
            found.is_some_and(|pair| pair[1].starts_with("  fix: ") && pair[1].contains(fix)),
            "{outcome}"
        );
    }
    world.proxy.reset();
    world.apply(&[])?;
    ensure!(world.state().await? == world.state_of(&Profile::small()).await?, "another state");
    world.expect_no_changes()
}

#[tokio::test]
async fn the_last_line_for_machines_has_each_object_that_failed_with_its_cause_and_its_fix() -> Result<()> {
    let world = two_fail().await?;
    let outcome = world.expect(4, &["apply", "--auto-approve", "--no-wait", "--output", "json"])?;
    let last: Value = serde_json::from_str(outcome.stdout.lines().last().unwrap_or_default())?;
    let failures = last["failures"].as_array().map(Vec::as_slice).unwrap_or_default();
    ensure!(last["type"] == "complete" && failures.len() == 2, "{last}");
    for ((name, cause), fix) in FAILING.iter().zip(CAUSES).zip(FIXES) {
        let failure = failures.iter().find(|failure| failure["object"]["name"] == *name);
        let says = |key: &str, words: &str| {
            failure.is_some_and(|failure| failure[key].as_str().is_some_and(|text| text.contains(words)))
        };
        ensure!(says("message", cause) && says("fix", fix), "{name}: {last}");
    }
    world.expect_foreign_untouched()
}

/// The first apply into a namespace that is new tries nothing beforehand, so that the refusal comes as the definition is
/// written.
#[tokio::test]
async fn a_definition_that_is_refused_stops_what_counts_on_it_and_nothing_else() -> Result<()> {
    let world = World::start().await?;
    let profile = Profile::small().with(
        "projects:\n  - { name: default, sourceRepos: [\"*\"], destinations: [{ server: \"*\", namespace: \"*\" }] }\n\
         repositories:\n  - { name: addons, url: \"https://git.example.com/acme/addons.git\" }\n",
    );
    world.profile(&profile)?;
    let definition = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/appprojects.argoproj.io";
    world
        .proxy
        .fail(Matcher::any().write(true).path(definition), Fault::status(422, "Invalid", "no such scope"));
    let outcome = world.expect(1, &["apply", "--auto-approve", "--no-wait", "--timeout", "20s"])?;
    let said = |words: &str| outcome.stderr.contains(words);
    ensure!(said("failed: CustomResourceDefinition/appprojects.argoproj.io: no such scope"), "{outcome}");
    // Nobody waits for a kind that will not be served.
    ensure!(!said("did not appear"), "{outcome}");
    let not_tried =
        outcome.stderr.lines().find_map(|line| line.strip_prefix("not tried: ")).unwrap_or_default();
    for stopped in ["AppProject/argocd/default", "Deployment/argocd/server", "Secret/argocd/spoke-dev"] {
        ensure!(not_tried.contains(stopped), "{stopped}: {outcome}");
    }
    for written in [
        "/apis/rbac.authorization.k8s.io/v1/namespaces/argocd/roles/controller",
        &support::secret("repo-addons"),
    ] {
        ensure!(!world.get(written).await?.is_null(), "{written} counts on no definition: {outcome}");
    }
    world.proxy.reset();
    world.apply(&[])?;
    ensure!(world.state().await? == world.state_of(&profile).await?, "another state");
    world.expect_no_changes()
}

/// Sets that are there already, as after a destroy that preserves, would be looked at by a controller that finds no clusters, and
/// it would delete what they deployed.
#[tokio::test]
async fn no_controller_of_application_sets_starts_while_a_cluster_is_missing() -> Result<()> {
    const CONTROLLER: &str = "\
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: sets, labels: { app.kubernetes.io/component: applicationset-controller } }
spec:
  selector: { matchLabels: { app: sets } }
  template:
    metadata: { labels: { app: sets } }
    spec: { containers: [{ name: main, image: \"quay.io/argoproj/argocd:v3.5.3\" }] }
";
    const DEPLOYMENTS: &str = "/apis/apps/v1/namespaces/argocd/deployments";
    let world = World::start().await?;
    world.write("small.yaml", &format!("{}{CONTROLLER}", include_str!("support/small.yaml")))?;
    world.profile(&Profile::small())?;
    let hub = Matcher::any().write(true).path(&support::secret("hub"));
    world.proxy.fail(hub, Fault::status(403, "Forbidden", "not here"));
    let outcome = world.expect(4, &["apply", "--auto-approve", "--no-wait"])?;
    ensure!(world.get(&format!("{DEPLOYMENTS}/sets")).await?.is_null(), "it runs: {outcome}");
    ensure!(!world.get(&format!("{DEPLOYMENTS}/server")).await?.is_null(), "nothing runs: {outcome}");
    world.proxy.reset();
    world.apply(&[])?;
    ensure!(!world.get(&format!("{DEPLOYMENTS}/sets")).await?.is_null(), "it does not run");
    world.expect_no_changes()
}
