//! Kubeconfigs, clusters and manifests that are broken: one clear error each, the right exit code, and nothing written.

use std::time::Duration;

use crate::support::{Profile, World, secret};
use anyhow::{Result, ensure};
use bridge_e2e::bridge_cmd::Outcome;
use bridge_e2e::cluster::User;
use bridge_e2e::kubeconfig::{Access, Credential, Kubeconfig};
use bridge_e2e::proxy::{Fault, Matcher};
use serde_json::{Value, json};

const APPLY: [&str; 3] = ["apply", "--auto-approve", "--no-wait"];
const POLICIES: &str = "/apis/admissionregistration.k8s.io/v1";

fn expect(outcome: &Outcome, code: i32, words: &[&str]) -> Result<()> {
    ensure!(outcome.code == Some(code), "expected {code}\n{outcome}");
    for word in words {
        ensure!(outcome.stderr.contains(word), "`{word}` is missing\n{outcome}");
    }
    ensure!(outcome.stderr.contains("BRG"), "no code\n{outcome}");
    Ok(())
}

/// The same command ends what the surroundings did not let it do.
async fn is_mended(world: &World) -> Result<()> {
    world.apply(&[])?;
    ensure!(world.state().await? == world.state_of(&Profile::small()).await?, "another state");
    world.expect_no_changes()
}

/// The address of a load balancer with nobody behind it: it accepts a connection, hears what is said, and closes it.
fn closing() -> Result<String> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _heard = std::io::Read::read(&mut stream, &mut [0; 4096]);
        }
    });
    Ok(format!("https://{address}"))
}

#[tokio::test]
async fn kubeconfigs() -> Result<()> {
    let world = World::start().await?;
    world.profile(&Profile::small())?;
    let plan = |kubeconfig: &str| -> Result<Outcome> {
        world.bridge(&["plan"])?.kubeconfig(&world.path(kubeconfig)).run()
    };
    expect(&plan("absent")?, 3, &["absent", "--kubeconfig"])?;
    world.write("garbage", "{{{ not yaml")?;
    expect(&plan("garbage")?, 3, &["garbage"])?;
    Kubeconfig::new().context("hub2", world.proxy.access(User::Admin)).write(&world.path("other"))?;
    expect(&plan("other")?, 3, &["no context `hub`", "hub2"])?;
    let access = |server: &str, credential| Access {
        server: server.to_owned(),
        ca_pem: world.proxy.ca_pem().to_owned(),
        credential,
    };
    let token = Credential::Token("nobody".to_owned());
    Kubeconfig::new()
        .context("hub", access(world.proxy.url(), token.clone()))
        .write(&world.path("unknown"))?;
    expect(&plan("unknown")?, 4, &["does not accept"])?;
    Kubeconfig::new()
        .context("hub", access("https://127.0.0.1:1", token.clone()))
        .write(&world.path("refused"))?;
    expect(&plan("refused")?, 4, &["127.0.0.1:1", "refused"])?;
    Kubeconfig::new().context("hub", access(&closing()?, token.clone())).write(&world.path("closing"))?;
    expect(&plan("closing")?, 4, &["BRG2001", "closes connections before it has said anything"])?;
    let wrong_ca = Access { ca_pem: world.hub.ca_pem(), ..access(world.proxy.url(), token) };
    Kubeconfig::new().context("hub", wrong_ca).write(&world.path("wrong-ca"))?;
    expect(&plan("wrong-ca")?, 4, &["certificate"])?;
    ensure!(world.proxy.writes().is_empty());
    Ok(())
}

#[tokio::test]
async fn a_user_who_may_not_list_secrets_gets_the_question_to_ask() -> Result<()> {
    let world = World::start().await?;
    world.profile(&Profile::small())?;
    let kubeconfig = world.proxy.kubeconfig("hub", User::Restricted)?;
    let outcome = world.bridge(&["plan"])?.kubeconfig(&kubeconfig).run()?;
    expect(&outcome, 4, &["kubectl auth can-i", "--context hub"])
}

#[tokio::test]
async fn one_kind_that_is_forbidden_names_the_question_for_exactly_that_kind() -> Result<()> {
    let world = World::start().await?;
    world.profile(&Profile::small())?;
    let secrets = Matcher::any().method("GET").path_contains("/namespaces/argocd/secrets");
    world
        .proxy
        .fail(secrets, Fault::status(403, "Forbidden", "secrets is forbidden: User \"ci\" cannot list"));
    let question = "kubectl auth can-i list secrets -n argocd --context hub";
    expect(&world.run(&["plan"])?, 4, &[question])?;
    expect(&world.run(&APPLY)?, 4, &[question])?;
    ensure!(world.proxy.writes().is_empty());
    world.proxy.reset();
    is_mended(&world).await
}

#[tokio::test]
async fn an_expired_client_certificate() -> Result<()> {
    let world = World::start().await?;
    world.profile(&Profile::small())?;
    let expired = world.hub.authority().expired_client("late", Some("system:masters"))?;
    let access = world.hub.access(Credential::Certificate(expired));
    Kubeconfig::new().context("hub", access).write(&world.path("expired"))?;
    let outcome = world.bridge(&["plan"])?.kubeconfig(&world.path("expired")).run()?;
    expect(&outcome, 4, &["expired"])
}

#[tokio::test]
async fn a_namespace_that_is_being_deleted() -> Result<()> {
    let world = World::start().await?;
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "argocd"}});
    world.send("POST", "/api/v1/namespaces", "application/json", &namespace).await?;
    // Without the namespace controller nothing ever finishes the deletion.
    world.send("DELETE", "/api/v1/namespaces/argocd", "application/json", &json!({})).await?;
    world.profile(&Profile::small())?;
    let outcome = world.run(&["apply", "--auto-approve", "--no-wait"])?;
    expect(&outcome, 1, &["argocd", "being deleted"])?;
    ensure!(world.proxy.writes().is_empty());
    let mut ended = world.get("/api/v1/namespaces/argocd").await?;
    ended["spec"]["finalizers"] = json!([]);
    world.send("PUT", "/api/v1/namespaces/argocd/finalize", "application/json", &ended).await?;
    ensure!(world.get("/api/v1/namespaces/argocd").await?.is_null());
    is_mended(&world).await
}

#[tokio::test]
async fn manifests_that_are_none() -> Result<()> {
    let world = World::start().await?;
    world.profile(&Profile::small())?;
    world.write("small.yaml", "<!DOCTYPE html><html><body>Not found</body></html>")?;
    expect(&world.run(&["plan"])?, 3, &["small.yaml"])?;
    world.write("small.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: \"cut of")?;
    expect(&world.run(&["plan"])?, 3, &["small.yaml"])?;
    ensure!(world.proxy.writes().is_empty());
    Ok(())
}

/// What only the server finds wrong: a port that no Service can have.
fn with_port(port: u32) -> Profile {
    let argocd = format!(
        "  manifests: {{ path: small.yaml }}\n  patches:\n    - target: {{ kind: Service, name: server }}\n      \
         merge: {{ spec: {{ ports: [{{ name: http, port: {port}, protocol: TCP }}] }} }}\n"
    );
    Profile { argocd, ..Profile::small() }
}

#[tokio::test]
async fn a_refused_object_ends_a_first_apply_and_stops_a_later_one_before_any_write() -> Result<()> {
    let world = World::start().await?;
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "argocd"}});
    world.send("POST", "/api/v1/namespaces", "application/json", &namespace).await?;
    world.profile(&with_port(123_456))?;
    let plan = world.run(&["plan"])?;
    ensure!(plan.code == Some(1) && plan.stdout.contains("123456"), "{plan}");
    let apply = ["apply", "--auto-approve", "--no-wait"];
    let first = world.run(&apply)?;
    expect(&first, 1, &["123456", "Service/argocd/server"])?;
    let server = world.get("/apis/apps/v1/namespaces/argocd/deployments/server").await?;
    ensure!(server == Value::Null, "workloads count on their Services: {first}");
    let set = world.get("/apis/argoproj.io/v1alpha1/namespaces/argocd/applicationsets/addons").await?;
    ensure!(set != Value::Null, "the others go on: {first}");
    ensure!(first.stderr.contains("not tried: Deployment/argocd/server"), "{first}");
    // Of the same profile with some of its objects there, nothing more is written.
    world.proxy.reset();
    expect(&world.run(&apply)?, 1, &["Service/argocd/server", "nothing was written"])?;
    ensure!(world.proxy.writes().is_empty());
    world.profile(&with_port(8080))?;
    world.apply(&[])?;
    world.expect_no_changes()
}

/// Lets nobody create a Secret that a CEL expression does not hold for, as a policy of the platform's own would.
async fn allow_only(world: &World, expression: &str) -> Result<()> {
    let rule =
        json!({"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["secrets"]});
    let expression = format!("object.metadata.name != 'probe' && ({expression})");
    let validation = json!({"expression": expression, "message": "not registered"});
    let policy = json!({"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicy", "metadata": {"name": "registered"},
        "spec": {"matchConstraints": {"resourceRules": [rule]}, "validations": [validation]}});
    let binding = json!({"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicyBinding", "metadata": {"name": "registered"},
        "spec": {"policyName": "registered", "validationActions": ["Deny"]}});
    for (plural, object) in
        [("validatingadmissionpolicies", &policy), ("validatingadmissionpolicybindings", &binding)]
    {
        world.send("POST", &format!("{POLICIES}/{plural}"), "application/json", object).await?;
    }
    until_policy(world, true).await
}

/// Takes the policy away again.
async fn allow_all(world: &World) -> Result<()> {
    for plural in ["validatingadmissionpolicybindings", "validatingadmissionpolicies"] {
        world
            .send("DELETE", &format!("{POLICIES}/{plural}/registered"), "application/json", &json!({}))
            .await?;
    }
    until_policy(world, false).await
}

/// The API server takes a moment to notice that there is a policy, and that there is none any more.
async fn until_policy(world: &World, is_in_force: bool) -> Result<()> {
    let probe = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "probe"}});
    let path = "/api/v1/namespaces/default/secrets?dryRun=All";
    for _ in 0..300 {
        if world.send("POST", path, "application/json", &probe).await.is_err() == is_in_force {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    anyhow::bail!("the API server does not notice the policy in 30 s")
}

/// What a label selects moves on from one cluster to a new one.
fn moved() -> Profile {
    let mut moved = Profile::small();
    let (name, server) = ("spoke-new".to_owned(), "https://new.example.com".to_owned());
    moved.clusters.push((name, server, "    labels: { runs: shop }\n".to_owned()));
    moved
}

#[tokio::test]
async fn a_cluster_that_is_refused_takes_nothing_from_the_others() -> Result<()> {
    let world = World::start().await?;
    world.profile(&Profile::small().spoke("spoke-dev", "    labels: { runs: shop }\n"))?;
    world.apply(&[])?;
    allow_only(&world, "object.metadata.name != 'spoke-new'").await?;
    // Without the new cluster the workload would be nowhere.
    world.profile(&moved())?;
    world.proxy.reset();
    let outcome = world.run(&APPLY)?;
    expect(&outcome, 1, &["spoke-new", "nothing was written"])?;
    ensure!(world.proxy.writes().is_empty(), "{outcome}");
    ensure!(world.get(&secret("spoke-dev")).await?["metadata"]["labels"]["runs"] == "shop");
    allow_all(&world).await?;
    world.apply(&[])?;
    ensure!(world.state().await? == world.state_of(&moved()).await?, "another state");
    world.expect_no_changes()
}

#[tokio::test]
async fn a_policy_that_denies_one_write_stops_nothing_beside_it() -> Result<()> {
    let world = World::start().await?;
    world.profile(&Profile::small())?;
    world.apply(&[])?;
    allow_only(&world, "request.dryRun || object.metadata.name != 'spoke-new'").await?;
    let changed = moved().spoke("spoke-dev", "    labels: { tier: gold }\n");
    world.profile(&changed)?;
    let outcome = world.expect(1, &APPLY)?;
    for words in
        ["failed: Secret/argocd/spoke-new", "not registered", "a rule of this cluster does not allow it"]
    {
        ensure!(outcome.stderr.contains(words), "`{words}` is missing: {outcome}");
    }
    ensure!(world.get(&secret("spoke-new")).await?.is_null(), "{outcome}");
    ensure!(world.get(&secret("spoke-dev")).await?["metadata"]["labels"]["tier"] == "gold", "{outcome}");
    allow_all(&world).await?;
    world.apply(&[])?;
    ensure!(world.state().await? == world.state_of(&changed).await?, "another state");
    world.expect_no_changes()
}
