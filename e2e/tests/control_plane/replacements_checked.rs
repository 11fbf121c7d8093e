//! Nothing is deleted of which the server would not make another one: it is asked before, and once more right before.

use crate::support::replacing::{BINDING, HEADLESS, ROLE, SERVICE, edited, replace, says, uid, writes};
use crate::support::{self, Profile, World};
use anyhow::{Result, ensure};
use bridge_e2e::cluster::User;
use bridge_e2e::proxy::{Fault, Matcher};
use serde_json::{Value, json};

const CHECKED: &str = "/apis/rbac.authorization.k8s.io/v1/namespaces/argocd/rolebindings";
const CLASS: &str = "/apis/scheduling.k8s.io/v1/priorityclasses/high";

/// The dry runs of creates.
fn checks() -> Matcher {
    Matcher::any().method("POST").dry_run(true)
}

#[tokio::test]
async fn a_new_object_that_the_server_would_refuse_is_said_in_the_plan() -> Result<()> {
    let world = World::start().await?;
    world.profile(&Profile::small())?;
    let class = |value: u32| {
        let class = "---\napiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\nmetadata: { name: high }\nglobalDefault: true\n";
        format!("{}{class}value: {value}\n", include_str!("support/small.yaml"))
    };
    world.write("small.yaml", &class(5))?;
    world.apply(&[])?;
    let before = uid(&world, CLASS).await?;
    // 1,000,000,000 is the most that a user may have.
    world.write("small.yaml", &class(2_000_000_000))?;
    world.proxy.reset();
    for args in [&["plan", "--replace", "PriorityClass/high"][..], &replace("PriorityClass/high")] {
        let refused = world.expect(1, args)?;
        says(&refused, &["the server refuses a new object, too", "maximum allowed value"])?;
    }
    ensure!(
        !format!("{}", world.expect(1, &["plan"])?).contains("--replace PriorityClass"),
        "it offers what cannot be"
    );
    ensure!(world.proxy.writes().is_empty() && uid(&world, CLASS).await? == before);
    // The old one is the default, and so is the new one: that is no reason to refuse it.
    world.write("small.yaml", &class(6))?;
    says(&world.expect(0, &replace("PriorityClass/high"))?, &["1 added, 0 changed, 1 destroyed"])?;
    let after = world.get(CLASS).await?;
    ensure!(after["value"] == 6 && after["globalDefault"] == true, "{after}");
    world.expect_no_changes()
}

#[tokio::test]
async fn addresses_that_the_old_service_holds_do_not_stand_in_the_way() -> Result<()> {
    let world = edited(&[]).await?;
    let held = world.get(SERVICE).await?["spec"]["clusterIP"].clone();
    let held = held.as_str().unwrap_or_default().to_owned();
    let fixed = HEADLESS.1.replace("None", &held);
    support::replacing::edit(&world, &[(HEADLESS.0, &fixed)])?;
    world.apply(&[])?;
    support::replacing::edit(&world, &[HEADLESS])?;
    says(&world.expect(0, &replace("Service/server"))?, &["1 added, 0 changed, 1 destroyed"])?;
    // And an address that nobody can have is found out before.
    support::replacing::edit(&world, &[(HEADLESS.0, &HEADLESS.1.replace("None", "192.0.2.1"))])?;
    let before = uid(&world, SERVICE).await?;
    says(
        &world.expect(1, &replace("Service/server"))?,
        &["the server refuses a new object, too", "192.0.2.1"],
    )?;
    ensure!(uid(&world, SERVICE).await? == before);
    Ok(())
}

/// Everything but to create bindings.
async fn restrict(world: &World) -> Result<()> {
    let rule = |groups: &[&str], resources: &[&str], verbs: &[&str]| json!({ "apiGroups": groups, "resources": resources, "verbs": verbs });
    let verbs = ["get", "list", "patch", "update", "delete", "bind", "escalate"];
    let rules =
        json!([rule(&["*"], &["*"], &verbs), rule(&["coordination.k8s.io"], &["leases"], &["create"])]);
    let name = User::Restricted.name();
    let role = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
        "metadata": { "name": "no-create" }, "rules": rules,
    });
    let binding = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
        "metadata": { "name": "no-create" },
        "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "no-create" },
        "subjects": [{ "apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": name }],
    });
    for (resource, body) in [("clusterroles", role), ("clusterrolebindings", binding)] {
        let path = format!("/apis/rbac.authorization.k8s.io/v1/{resource}");
        world.send("POST", &path, "application/json", &body).await?;
    }
    Ok(())
}

#[tokio::test]
async fn who_may_not_create_does_not_delete() -> Result<()> {
    let world = edited(&[ROLE]).await?;
    restrict(&world).await?;
    let before = uid(&world, BINDING).await?;
    let kubeconfig = world.proxy.kubeconfig("hub", User::Restricted)?;
    let refused = world.bridge(&replace("RoleBinding/controller"))?.kubeconfig(&kubeconfig).run()?;
    ensure!(refused.code == Some(1), "{refused}");
    says(&refused, &["kubectl auth can-i create rolebindings.rbac.authorization.k8s.io -n argocd"])?;
    ensure!(world.proxy.writes().is_empty() && uid(&world, BINDING).await? == before);
    Ok(())
}

#[tokio::test]
async fn the_server_is_asked_once_more_right_before_the_deletion() -> Result<()> {
    let world = edited(&[ROLE]).await?;
    let before = uid(&world, BINDING).await?;
    let words = "rolebindings \"x\" is forbidden: exceeded quota: bindings";
    world.proxy.fail(checks().nth(2), Fault::status(403, "Forbidden", words));
    let outcome = world.expect(1, &replace("RoleBinding/controller"))?;
    says(&outcome, &["it was not deleted, because the server would not make it anew", "exceeded quota"])?;
    says(&outcome, &["0 added, 0 changed, 0 destroyed"])?;
    let asked: Vec<_> = world.proxy.requests().into_iter().filter(|one| one.method == "POST").collect();
    ensure!(asked.len() == 2 && asked.iter().all(|one| one.path == CHECKED && one.is_dry_run()), "{asked:?}");
    ensure!(writes(&world).is_empty() && uid(&world, BINDING).await? == before);
    Ok(())
}

#[tokio::test]
async fn a_webhook_that_takes_no_dry_runs_leaves_it_unchecked() -> Result<()> {
    let world = edited(&[ROLE]).await?;
    let words = "admission webhook \"audit.example.com\" does not support dry run";
    world.proxy.fail(checks(), Fault::status(400, "BadRequest", words));
    let named = ["plan", "--replace", "RoleBinding/controller"];
    says(&world.expect(0, &named)?, &["the new object is not checked by the server", "audit.example.com"])?;
    let plan = world.expect(0, &[&named[..], &["--output", "json"]].concat())?;
    let plan: Value = serde_json::from_str(&plan.stdout)?;
    ensure!(plan["changes"][0]["checkedByServer"] == false, "{plan}");
    says(&world.expect(0, &replace("RoleBinding/controller"))?, &["1 added, 0 changed, 1 destroyed"])?;
    world.expect_no_changes()
}

#[tokio::test]
async fn a_field_that_a_webhook_changes_is_no_reason_to_replace() -> Result<()> {
    let world = edited(&[("serviceName: controller", "serviceName: controller\n  replicas: 2")]).await?;
    let body = json!({
        "kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 422, "reason": "Invalid",
        "message": "StatefulSet is invalid: podManagementPolicy",
        "details": { "causes": [{
            "reason": "FieldValueInvalid", "field": "spec.podManagementPolicy",
            "message": "Invalid value: \"Parallel\": field is immutable",
        }] },
    });
    let headers = vec![("Content-Type".to_owned(), "application/json".to_owned())];
    let refused = Fault::Status { code: 422, headers, body: body.to_string() };
    world.proxy.fail(Matcher::any().method("PATCH").path_contains("/statefulsets/").dry_run(true), refused);
    let outcome = world.expect(1, &replace("StatefulSet/argocd-application-controller"))?;
    says(&outcome, &["something on the cluster changes this field", "BRG3006"])?;
    ensure!(world.proxy.writes().is_empty());
    Ok(())
}

#[tokio::test]
async fn a_name_in_two_namespaces_is_not_enough() -> Result<()> {
    let world = World::start().await?;
    world.profile(&Profile::small())?;
    let two = format!(
        "{}---\napiVersion: v1\nkind: Service\nmetadata: {{ name: server, namespace: default }}\nspec: {{ ports: [{{ port: 80 }}] }}\n",
        include_str!("support/small.yaml").replace(HEADLESS.0, HEADLESS.1)
    );
    world.write("small.yaml", &two.replace(HEADLESS.1, HEADLESS.0))?;
    world.apply(&[])?;
    world.write("small.yaml", &two)?;
    world.proxy.reset();
    for args in [&["plan", "--replace", "Service/server"][..], &replace("Service/server")] {
        let refused = world.expect(3, args)?;
        says(
            &refused,
            &["means 2 objects", "--replace Service/argocd/server, --replace Service/default/server"],
        )?;
        ensure!(refused.stdout.is_empty(), "{refused}");
    }
    ensure!(world.proxy.writes().is_empty());
    says(&world.expect(0, &replace("Service/argocd/server"))?, &["1 added, 0 changed, 1 destroyed"])?;
    world.expect_no_changes()
}
