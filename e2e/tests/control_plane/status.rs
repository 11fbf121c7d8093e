//! `bridge status` on a real API server. Nothing runs Argo CD here: the test writes what its controllers would say.

use std::time::Duration;

use crate::support::{self, Profile, World, gitops};
use anyhow::{Context, Result, ensure};
use bridge::cluster::{ConnectOptions, KubeconfigFiles, probe};
use bridge::plan::status::probe::Probe;
use bridge_e2e::cluster::User;
use bridge_e2e::proxy::{Fault, Matcher};
use serde_json::{Value, json};

const ARGO: &str = "/apis/argoproj.io/v1alpha1/namespaces/argocd";
const WORKLOADS: &str = "/apis/apps/v1/namespaces/argocd";
const JSON: &str = "application/json";

/// An applied profile on the official manifest, with Argo CD's ApplicationSets and Applications.
struct Fleet {
    world: World,
}

impl Fleet {
    async fn start(profile: &Profile) -> Result<Self> {
        let world = World::start().await?;
        world.profile(profile)?;
        world.apply(&[])?;
        Ok(Self { world })
    }

    /// Plays the controllers of Kubernetes: every workload of Argo CD's is ready, and has written what it writes.
    async fn workloads_become_ready(&self) -> Result<()> {
        let counts = json!({"observedGeneration": 1, "replicas": 1, "updatedReplicas": 1, "readyReplicas": 1, "availableReplicas": 1});
        let mut of_set = counts.clone();
        of_set["currentRevision"] = "one".into();
        of_set["updateRevision"] = "one".into();
        for (kind, status) in [("deployments", counts), ("statefulsets", of_set)] {
            for name in self.names(&format!("{WORKLOADS}/{kind}")).await? {
                let path = format!("{WORKLOADS}/{kind}/{name}/status");
                self.world.patch_as("controller", &path, &json!({ "status": status })).await?;
            }
        }
        self.world
            .patch_as(
                "argocd-server",
                &support::secret("argocd-secret"),
                &json!({"data": {"server.secretkey": "eA=="}}),
            )
            .await?;
        let redis = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "argocd-redis"}, "data": {"auth": "eA=="}});
        self.world.send("POST", "/api/v1/namespaces/argocd/secrets", JSON, &redis).await?;
        Ok(())
    }

    async fn names(&self, path: &str) -> Result<Vec<String>> {
        let list = self.world.get(path).await?;
        let items = list["items"].as_array().context("no list")?;
        Ok(items.iter().filter_map(|item| item["metadata"]["name"].as_str().map(str::to_owned)).collect())
    }

    /// What Argo CD's controller says of an ApplicationSet; an empty error is none.
    async fn say(&self, set: &str, error: &str, at: &str) -> Result<()> {
        let is_good = error.is_empty();
        let condition = |kind: &str, is_so: bool| {
            let status = if is_so { "True" } else { "False" };
            json!({"type": kind, "status": status, "reason": "X", "message": error, "lastTransitionTime": at})
        };
        let conditions = [
            condition("ErrorOccurred", !is_good),
            condition("ParametersGenerated", is_good),
            condition("ResourcesUpToDate", is_good),
        ];
        let path = format!("{ARGO}/applicationsets/{set}/status");
        let status = json!({"status": {"conditions": conditions}});
        self.world.patch_as("argocd-applicationset-controller", &path, &status).await?;
        Ok(())
    }

    /// An ApplicationSet as Argo CD deploys it for an Application.
    async fn deploy_set(&self, name: &str, application: &str) -> Result<()> {
        let mark = format!("{application}:argoproj.io/ApplicationSet:argocd/{name}");
        let metadata = json!({"name": name, "annotations": {"argocd.argoproj.io/tracking-id": mark}});
        let template = json!({"metadata": {"name": "x"}, "spec": {"project": "default", "destination": {},
            "source": {"repoURL": "https://git.example.com/x.git"}}});
        let body = json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "ApplicationSet", "metadata": metadata,
            "spec": {"generators": [{"clusters": {}}], "template": template}});
        self.world.send("POST", &format!("{ARGO}/applicationsets"), JSON, &body).await?;
        Ok(())
    }

    /// An Application as its controller makes and judges it.
    async fn generate(&self, name: &str, set: &str, cluster: &str, status: Value) -> Result<()> {
        let mut metadata = json!({ "name": name });
        if !set.is_empty() {
            let owner = self.world.get(&format!("{ARGO}/applicationsets/{set}")).await?;
            metadata["ownerReferences"] = json!([{"apiVersion": "argoproj.io/v1alpha1", "kind": "ApplicationSet",
                "name": set, "uid": owner["metadata"]["uid"], "controller": true}]);
        }
        let spec = json!({"project": "default", "destination": {"name": cluster, "namespace": "x"},
            "source": {"repoURL": "https://git.example.com/x.git", "path": "x"}});
        let body = json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "metadata": metadata,
            "spec": spec, "status": status});
        self.world.send("POST", &format!("{ARGO}/applications"), JSON, &body).await?;
        Ok(())
    }

    /// The roots and one addon on both spokes, all well.
    async fn become_well(&self) -> Result<()> {
        self.workloads_become_ready().await?;
        let late = "2036-01-01T00:00:00Z";
        self.generate("addons", "addons", "in-cluster", state("Synced", "Healthy")).await?;
        self.generate("workloads", "workloads", "in-cluster", state("Synced", "Healthy")).await?;
        self.deploy_set("cert-manager", "addons").await?;
        for set in ["addons", "workloads", "cert-manager"] {
            self.say(set, "", late).await?;
        }
        for spoke in ["spoke-dev", "spoke-prod"] {
            self.generate(
                &format!("cert-manager-{spoke}"),
                "cert-manager",
                spoke,
                state("Synced", "Healthy"),
            )
            .await?;
        }
        Ok(())
    }

    /// The document, checked against its schema, and no write on the way to it.
    fn document(&self, code: i32) -> Result<Value> {
        let schema: Value = serde_json::from_str(&self.world.expect(0, &["schema", "status"])?.stdout)?;
        self.world.proxy.reset();
        let outcome = self.world.expect(code, &["status", "--output", "json"])?;
        ensure!(
            self.world.proxy.writes().is_empty(),
            "status writes nothing: {:?}",
            self.world.proxy.writes()
        );
        let document = serde_json::from_str(&outcome.stdout)?;
        let validator = jsonschema::validator_for(&schema)?;
        let errors: Vec<String> = validator.iter_errors(&document).map(|error| error.to_string()).collect();
        ensure!(errors.is_empty(), "{document:#}: {errors:?}");
        Ok(document)
    }
}

fn state(sync: &str, health: &str) -> Value {
    json!({"sync": {"status": sync}, "health": {"status": health}})
}

fn at<'a>(document: &'a Value, list: &str, name: &str) -> Result<&'a Value> {
    let items = document[list].as_array().with_context(|| format!("no {list}"))?;
    let found = items.iter().find(|item| item["name"] == name || item["object"]["name"] == name);
    found.with_context(|| format!("no {name} in {list}: {document:#}"))
}

#[tokio::test]
async fn a_fleet_becomes_well_and_every_part_that_is_not_is_named() -> Result<()> {
    let fleet = Fleet::start(&Profile::official()).await?;
    let fresh = fleet.document(1)?;
    assert_eq!(
        (&fresh["hub"]["inventory"]["state"], &fresh["hub"]["isWell"]),
        (&"own".into(), &false.into())
    );
    assert_eq!(
        at(&fresh, "applicationSets", "addons")?["state"],
        "progressing",
        "no controller has looked yet"
    );

    fleet.become_well().await?;
    let well = fleet.document(0)?;
    assert_eq!(at(&well, "applicationSets", "cert-manager")?["deployedBy"], "addons");
    assert_eq!(at(&well, "applications", "cert-manager-spoke-dev")?["cluster"], "spoke-dev");
    assert_eq!(at(&well, "clusters", "spoke-dev")?["connection"]["state"], "works");
    let hub = at(&well, "clusters", "hub")?;
    ensure!(hub["probe"]["version"].as_str().is_some_and(|version| version.starts_with('v')), "{hub}");
    let sick = Fault::Status { code: 500, headers: Vec::new(), body: "[-]etcd failed".to_owned() };
    fleet.world.proxy.fail(Matcher::any().path("/readyz"), sick);
    let outcome = fleet.world.expect(1, &["status"])?;
    ensure!(
        outcome.stdout.contains("Not well: 1 cluster.") && outcome.stdout.contains("/readyz: HTTP 500"),
        "{outcome}"
    );
    fleet.world.proxy.reset();
    let text = fleet.world.expect(0, &["status"])?;
    ensure!(text.stdout.ends_with("All is well.\n") && text.stdout.contains("# Applications: 4"), "{text}");

    let message = "Failed to load live state: failed to get cluster info: dial tcp: i/o timeout\ngoroutine 1";
    let error =
        json!({"type": "ComparisonError", "message": message, "lastTransitionTime": "2026-01-01T00:00:00Z"});
    let unread = json!({"status": {"sync": {"status": "Unknown"}, "conditions": [error]}});
    let path = format!("{ARGO}/applications/cert-manager-spoke-prod");
    fleet.world.patch_as("argocd-application-controller", &path, &unread).await?;
    let message = format!("template: no entry for key \"x\" {}", support::TOKEN);
    fleet.say("cert-manager", &message, "2036-01-01T00:00:00Z").await?;
    let document = fleet.document(1)?;
    let connection = &at(&document, "clusters", "spoke-prod")?["connection"];
    assert_eq!((&connection["state"], &connection["failing"]), (&"fails".into(), &1.into()));
    assert_eq!(at(&document, "clusters", "spoke-dev")?["isWell"], true);
    let summary = json!({"clusters": {"total": 3, "notWell": 1}, "applicationSets": {"total": 3, "notWell": 1},
        "applications": {"total": 4, "notWell": 1}});
    assert_eq!(document["summary"], summary);
    let text = fleet.world.expect(1, &["status"])?;
    for words in [
        "dial tcp: i/o timeout",
        "no entry for key \"x\" (sensitive)",
        "Not well: 1 cluster, 1 ApplicationSet, 1 Application.",
    ] {
        ensure!(text.stdout.contains(words), "{words}: {text}");
    }
    ensure!(!text.stdout.contains("goroutine"), "only the first line: {text}");
    Ok(())
}

#[tokio::test]
async fn what_somebody_removed_is_missed() -> Result<()> {
    let fleet = Fleet::start(&Profile::official()).await?;
    fleet.become_well().await?;
    assert_eq!(fleet.document(0)?["hub"]["argoCd"]["isComplete"], true);
    let paths =
        [format!("{WORKLOADS}/deployments/argocd-repo-server"), format!("{ARGO}/applicationsets/workloads")];
    for path in paths {
        fleet.world.send("DELETE", &path, JSON, &json!({})).await?;
    }
    let document = fleet.document(1)?;
    let workloads = document["hub"]["argoCd"]["workloads"].as_array().context("no workloads")?;
    let missing =
        workloads.iter().find(|one| one["object"]["name"] == "argocd-repo-server").context("not named")?;
    assert_eq!(missing["state"], "failed");
    assert_eq!(at(&document, "applicationSets", "workloads")?["isWell"], false);
    // Its Applications have no live controller any more.
    assert_eq!(document["otherApplications"], 1);
    let text = fleet.world.expect(1, &["status"])?;
    ensure!(text.stdout.contains("argocd-repo-server: is not there; `bridge apply` makes it"), "{text}");
    // Without the manifest nobody knows which workloads there should be, and nothing is fetched to know it.
    std::fs::remove_dir_all(fleet.world.path("cache"))?;
    let unknown = fleet.document(1)?;
    assert_eq!(unknown["hub"]["argoCd"]["isComplete"], false);
    assert_eq!(at(&unknown, "applicationSets", "workloads")?["isWell"], false);
    ensure!(!fleet.world.path("cache").exists(), "nothing is fetched");
    Ok(())
}

#[tokio::test]
async fn what_did_not_come_of_the_profile_is_counted_and_not_judged() -> Result<()> {
    let fleet = Fleet::start(&Profile::official()).await?;
    fleet.become_well().await?;
    fleet.generate("foreign", "", "spoke-dev", state("OutOfSync", "Degraded")).await?;
    let document = fleet.document(0)?;
    assert_eq!((&document["otherApplications"], &document["isWell"]), (&1.into(), &true.into()));
    ensure!(at(&document, "applications", "foreign").is_err());
    // The controller's uid decides, and not its name.
    let owner = json!([{"apiVersion": "argoproj.io/v1alpha1", "kind": "ApplicationSet", "name": "addons", "uid": "gone", "controller": true}]);
    let patch = json!({"metadata": {"ownerReferences": owner}});
    fleet.world.patch_as("x", &format!("{ARGO}/applications/foreign"), &patch).await?;
    assert_eq!(fleet.document(0)?["otherApplications"], 1);
    Ok(())
}

#[tokio::test]
async fn conditions_from_before_the_last_change_are_said_to_be_old() -> Result<()> {
    let fleet = Fleet::start(&Profile::official()).await?;
    fleet.become_well().await?;
    fleet.say("addons", "", "2016-01-01T00:00:00Z").await?;
    let document = fleet.document(0)?;
    let addons = at(&document, "applicationSets", "addons")?;
    ensure!(addons["changedSince"].as_str().is_some_and(|time| time > "2016"), "{addons}");
    ensure!(at(&document, "applicationSets", "workloads")?.get("changedSince").is_none());
    let text = fleet.world.expect(0, &["status"])?;
    ensure!(text.stdout.contains("its conditions are older than its last change, at "), "{text}");
    Ok(())
}

#[tokio::test]
async fn a_hub_without_the_profile_is_told_from_one_that_cannot_be_asked() -> Result<()> {
    let world = World::start().await?;
    world.profile(&Profile::small())?;
    let empty = world.expect(1, &["status"])?;
    for words in [
        "there is no inventory (ConfigMap argocd/bridge)",
        "is not installed",
        "not registered",
        "run `bridge apply`",
    ] {
        ensure!(empty.stdout.contains(words), "{words}: {empty}");
    }
    ensure!(world.proxy.writes().is_empty());
    world.apply(&[])?;
    world.profile(&Profile { name: "another".to_owned(), ..Profile::small() })?;
    let other = world.expect(1, &["status"])?;
    ensure!(
        other.stdout.contains("the hub belongs to the profile `acme`, and this one is `another`"),
        "{other}"
    );
    // A cluster that left the profile is shown, and nothing is wrong with that; one that joined it is not registered.
    let mut profile = Profile::small().without_spoke("spoke-dev");
    profile.clusters.push(("new".to_owned(), "https://new.example.com".to_owned(), String::new()));
    world.profile(&profile)?;
    let document: Value = serde_json::from_str(&world.expect(1, &["status", "-o", "json"])?.stdout)?;
    assert_eq!(at(&document, "clusters", "spoke-dev")?["registration"], "surplus");
    assert_eq!(at(&document, "clusters", "spoke-dev")?["isWell"], true);
    assert_eq!(at(&document, "clusters", "new")?["registration"], "missing");
    let nobody = world.proxy.kubeconfig("hub", User::Restricted)?;
    let nobody = nobody.to_string_lossy();
    let denied = world.expect(4, &["status", "--kubeconfig", &nobody])?;
    ensure!(denied.stderr.contains("BRG2004") && denied.stdout.is_empty(), "{denied}");
    Ok(())
}

#[tokio::test]
async fn a_profile_that_installs_nothing_judges_the_argo_cd_of_somebody_else() -> Result<()> {
    let world = World::start().await?;
    world.profile(&Profile::small())?;
    world.apply(&[])?;
    let argocd = "  install: existing\n".to_owned();
    world.profile(&Profile { argocd, ..Profile::small() })?;
    let document = |world: &World| -> Result<Value> {
        Ok(serde_json::from_str(&world.expect(1, &["status", "-o", "json"])?.stdout)?)
    };
    assert_eq!(document(&world)?["hub"]["argoCd"]["state"], "notSeen");
    assert_eq!(document(&world)?["hub"]["isWell"], true);
    let label = json!({"metadata": {"labels": {"app.kubernetes.io/part-of": "argocd"}}});
    world.patch_as("somebody", &format!("{WORKLOADS}/deployments/server"), &label).await?;
    let found = document(&world)?;
    assert_eq!(found["hub"]["argoCd"]["workloads"][0]["object"]["name"], "server");
    assert_eq!(found["hub"]["isWell"], false, "nothing runs it here");
    Ok(())
}

#[tokio::test]
async fn a_thousand_applications_cost_a_page_each_and_stay_readable() -> Result<()> {
    let fleet = Fleet::start(&Profile { more: gitops().to_owned(), ..Profile::official() }).await?;
    fleet.become_well().await?;
    for index in 0..1100 {
        fleet
            .generate(&format!("app-{index:04}"), "addons", "spoke-dev", state("OutOfSync", "Missing"))
            .await?;
    }
    fleet.world.proxy.reset();
    let text = fleet.world.expect(1, &["status"])?;
    ensure!(
        text.stdout.contains(" 1100  OutOfSync, Missing") && text.stdout.contains("… and 1080 more"),
        "{text}"
    );
    ensure!(text.stdout.lines().count() < 80, "{text}");
    let requests = fleet.world.proxy.requests();
    let pages = requests.iter().filter(|request| request.path == format!("{ARGO}/applications")).count();
    ensure!(pages == 3 && requests.len() < 25, "{pages} pages of {} requests", requests.len());
    ensure!(fleet.world.expect(1, &["status", "--all"])?.stdout.contains("app-1099"));
    Ok(())
}

#[tokio::test]
async fn a_probe_asks_a_context_and_what_hinders_it_is_no_failure() -> Result<()> {
    let world = World::start().await?;
    let limit = Duration::from_secs(10);
    let options = |file: &std::path::Path, context: &str| ConnectOptions {
        kubeconfig: KubeconfigFiles::new(vec![file.to_owned()]),
        context: Some(context.to_owned()),
        parallelism: 1,
        ..ConnectOptions::default()
    };
    let answers = probe(&options(&world.kubeconfig, "hub"), limit).await;
    ensure!(matches!(&answers, Probe::Answers { version } if version.starts_with('v')), "{answers:?}");
    // Everybody may ask for the version.
    let nobody = world.proxy.kubeconfig("nobody", User::Restricted)?;
    ensure!(matches!(probe(&options(&nobody, "nobody"), limit).await, Probe::Answers { .. }));
    let not_probed = async |file: &std::path::Path, context: &str, words: &str| -> Result<()> {
        let found = probe(&options(file, context), limit).await;
        ensure!(matches!(&found, Probe::NotProbed(why) if why.contains(words)), "{words}: {found:?}");
        Ok(())
    };
    not_probed(&world.kubeconfig, "other", "has no context `other`").await?;
    not_probed(&world.path("none"), "hub", "there is no kubeconfig").await?;
    let text = |server: &str, user: &str| {
        format!(
            "apiVersion: v1\nkind: Config\nclusters: [{{ name: x, cluster: {{ server: \"{server}\" }} }}]\n\
             users: [{{ name: x, user: {user} }}]\ncontexts: [{{ name: x, context: {{ cluster: x, user: x }} }}]\n"
        )
    };
    world.write("gone", &text("https://127.0.0.1:1", "{ token: planted-t0ken }"))?;
    let silent = async |file: &str| -> Result<()> {
        let found = probe(&options(&world.path(file), "x"), limit).await;
        ensure!(matches!(&found, Probe::Silent(why) if !why.is_empty()), "{file}: {found:?}");
        Ok(())
    };
    silent("gone").await?;
    world.write("docker", &text("https://spoke-control-plane.invalid:6443", "{}"))?;
    silent("docker").await?;
    let ran = world.path("ran");
    let exec = format!(
        "{{ exec: {{ apiVersion: client.authentication.k8s.io/v1, command: touch, args: [\"{}\"], interactiveMode: Never }} }}",
        ran.display()
    );
    world.write("exec", &text("https://127.0.0.1:1", &exec))?;
    not_probed(&world.path("exec"), "x", "logs in by the command `touch`").await?;
    ensure!(!ran.exists(), "a look runs no login");
    Ok(())
}
