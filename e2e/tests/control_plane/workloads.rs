//! What a plan says it does to Applications, on a real API server. Nothing runs Argo CD here: the test makes what its
//! controllers would have made. Whether that is what then happens is asked of the real ones (`argocd/l2`).

use std::collections::BTreeSet;

use crate::support::{Profile, World};
use anyhow::{Context, Result, ensure};
use bridge_e2e::proxy::{Fault, Matcher};
use serde_json::{Value, json};

const ARGO: &str = "/apis/argoproj.io/v1alpha1/namespaces/argocd";
const JSON: &str = "application/json";
const FINALIZER: &str = "resources-finalizer.argocd.argoproj.io";

/// An applied profile on the official manifest, with ApplicationSets and Applications for the spoke `spoke-dev`.
struct Fleet {
    world: World,
}

fn profile() -> Profile {
    Profile::official().spoke("spoke-dev", "    env: dev\n")
}

impl Fleet {
    async fn start() -> Result<Self> {
        let fleet = Self { world: World::start().await? };
        fleet.world.profile(&profile())?;
        fleet.world.apply(&[])?;
        let workload = json!([{"clusters": {"selector": {"matchLabels": {"type": "workload"}}}}]);
        let dev = json!([{"clusters": {"selector": {"matchLabels": {"type": "workload", "env": "dev"}}}}]);
        let git = json!({"git": {"repoURL": "https://git.example.com/x.git", "revision": "main", "directories": [{"path": "*"}]}});
        let by_template = json!({"clusters": {"selector": {"matchLabels": {"env": "{{.path.basename}}"}}}});
        let matrix = json!([{"matrix": {"generators": [git, by_template]}}]);
        let (by_server, by_name) = (json!({"server": "{{.server}}"}), json!({"name": "{{.name}}"}));
        for (name, generators, destination) in [
            ("guestbook", &workload, &by_server),
            ("settings", &workload, &by_name),
            ("preview", &dev, &by_server),
            ("matrix", &matrix, &by_server),
            ("directories", &json!([git]), &by_server),
        ] {
            fleet.set(name, generators, destination).await?;
            let here = match destination.get("name") {
                Some(_) => json!({"name": "spoke-dev"}),
                None => json!({"server": "https://dev.example.com:6443"}),
            };
            fleet.application(&format!("{name}-spoke-dev"), name, &here).await?;
        }
        fleet.application("by-hand", "", &json!({"name": "spoke-dev"})).await?;
        Ok(fleet)
    }

    async fn set(&self, name: &str, generators: &Value, destination: &Value) -> Result<()> {
        let source = json!({"repoURL": "https://git.example.com/x.git", "path": "x"});
        let template = json!({"metadata": {"name": format!("{name}-{{{{.name}}}}")},
            "spec": {"project": "default", "source": source, "destination": destination}});
        let body = json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "ApplicationSet", "metadata": {"name": name},
            "spec": {"goTemplate": true, "generators": generators, "template": template}});
        self.world.send("POST", &format!("{ARGO}/applicationsets"), JSON, &body).await?;
        Ok(())
    }

    async fn application(&self, name: &str, set: &str, destination: &Value) -> Result<()> {
        let mut metadata = json!({"name": name, "finalizers": [FINALIZER]});
        if !set.is_empty() {
            let owner = self.world.get(&format!("{ARGO}/applicationsets/{set}")).await?;
            metadata["ownerReferences"] = json!([{"apiVersion": "argoproj.io/v1alpha1", "kind": "ApplicationSet",
                "name": set, "uid": owner["metadata"]["uid"], "controller": true}]);
        }
        let source = json!({"repoURL": "https://git.example.com/x.git", "path": "x"});
        let body = json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "metadata": metadata,
            "spec": {"project": "default", "destination": destination, "source": source}});
        self.world.send("POST", &format!("{ARGO}/applications"), JSON, &body).await?;
        Ok(())
    }

    /// The plan for a profile, as its document, checked against its schema, and as text. Nothing is written for it.
    fn plan(&self, profile: &Profile, more: &[&str]) -> Result<(Value, String)> {
        let schema: Value = serde_json::from_str(&self.world.expect(0, &["schema", "plan"])?.stdout)?;
        self.world.profile(profile)?;
        self.world.proxy.reset();
        let text = self.world.expect(0, &[&["plan"], more].concat())?.stdout;
        let outcome = self.world.expect(0, &[&["plan", "--output", "json"], more].concat())?;
        ensure!(self.world.proxy.writes().is_empty(), "{:?}", self.world.proxy.writes());
        let document = serde_json::from_str(&outcome.stdout)?;
        let validator = jsonschema::validator_for(&schema)?;
        let errors: Vec<String> = validator.iter_errors(&document).map(|error| error.to_string()).collect();
        ensure!(errors.is_empty(), "{document:#}: {errors:?}");
        Ok((document, text))
    }
}

/// `fate APPLICATION` for each Application that the change of a Secret does something to.
fn fates(document: &Value, secret: &str) -> Result<BTreeSet<String>> {
    let changes = document["changes"].as_array().context("no changes")?;
    let change =
        changes.iter().find(|change| change["object"]["name"] == secret).context("no such change")?;
    let effects = change["workloads"].as_array().into_iter().flatten();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let names = effects.flat_map(|effect| {
        let (fate, cause) = (text(&effect["fate"]), text(&effect["cause"]));
        let applications = effect["applications"].as_array().into_iter().flatten();
        let successor =
            |one: &Value| one["successor"].as_str().map_or(String::new(), |new| format!(" {new}"));
        applications
            .map(|one| format!("{fate}{cause} {}{}", text(&one["name"]), successor(one)))
            .collect::<Vec<_>>()
    });
    Ok(names.collect())
}

fn expected<const N: usize>(fates: [&str; N]) -> BTreeSet<String> {
    fates.map(str::to_owned).into()
}

#[tokio::test]
async fn a_plan_says_of_each_change_of_a_cluster_what_becomes_of_its_applications() -> Result<()> {
    let fleet = Fleet::start().await?;

    let (document, text) = fleet.plan(&profile().without_spoke("spoke-dev"), &[])?;
    let removed = expected([
        "orphaned guestbook-spoke-dev",
        "orphaned matrix-spoke-dev",
        "orphaned preview-spoke-dev",
        "orphaned settings-spoke-dev",
        "notEvaluatednoClusters directories-spoke-dev",
        "stranded by-hand",
    ]);
    assert_eq!(fates(&document, "spoke-dev")?, removed);
    assert_eq!(
        (&document["workloads"]["orphaned"], &document["workloads"]["isRead"]),
        (&4.into(), &true.into())
    );
    let below = "      - ApplicationSet guestbook: 1 Application to be deleted, resources deployed stay: guestbook-spoke-dev\n";
    ensure!(text.contains(below), "{text}");

    let relabelled = Profile::official().spoke("spoke-dev", "    env: prod\n");
    let (document, text) = fleet.plan(&relabelled, &[])?;
    let moved = expected([
        "deleted preview-spoke-dev",
        "kept guestbook-spoke-dev",
        "kept settings-spoke-dev",
        "notEvaluatedgenerators matrix-spoke-dev",
    ]);
    assert_eq!(fates(&document, "spoke-dev")?, moved);
    let below = "    ! ApplicationSet preview: 1 Application to be deleted with all resources deployed: preview-spoke-dev\n";
    ensure!(
        text.contains(below) && text.contains("warning: Applications: 1 to be deleted with all"),
        "{text}"
    );
    ensure!(!text.contains("guestbook"), "what stays is not told: {text}");

    let mut renamed = profile();
    renamed.clusters[0].0 = "renamed".to_owned();
    let (document, text) = fleet.plan(&renamed, &[])?;
    let recreated = expected([
        "recreated guestbook-spoke-dev guestbook-renamed",
        "recreated preview-spoke-dev preview-renamed",
        "adopted settings-spoke-dev settings-renamed",
        "notEvaluatedgenerators matrix-spoke-dev",
        "stranded by-hand",
    ]);
    assert_eq!(fates(&document, "spoke-dev")?, recreated);
    ensure!(text.contains("(an outage): guestbook-spoke-dev -> guestbook-renamed"), "{text}");
    fleet.world.profile(&profile())?;
    fleet.world.expect_no_changes()
}

/// The root ApplicationSets keep what their Applications deployed; what that is goes on without its clusters.
#[tokio::test]
async fn the_plan_of_a_destroy_counts_what_goes_with_sets_and_clusters() -> Result<()> {
    let fleet = Fleet::start().await?;
    let hub = json!({"server": "https://kubernetes.default.svc"});
    fleet.application("addons", "addons", &hub).await?;
    fleet.application("settings-hub", "settings", &hub).await?;
    let (document, text) = fleet.plan(&profile(), &["--destroy"])?;
    assert_eq!(fates(&document, "addons")?, expected(["deleted addons"]), "its finalizer says so");
    // The controller that would do anything to them ends before the cluster Secrets go.
    assert_eq!(fates(&document, "spoke-dev")?.len(), 0, "{document:#}");
    ensure!(text.contains("as long as they still run"), "{text}");
    Ok(())
}

#[tokio::test]
async fn applications_are_read_only_where_a_plan_may_do_anything_to_them() -> Result<()> {
    let fleet = Fleet::start().await?;
    let world = &fleet.world;
    let lists = || {
        let asked = world.proxy.requests();
        asked.iter().filter(|request| request.path == format!("{ARGO}/applications")).count()
    };
    let unconcerned =
        profile().with("projects:\n  - { name: team-a, sourceRepos: [\"*\"], destinations: [{ name: \"*\", namespace: team-a }] }\n");
    let mut grown = profile();
    grown.clusters.push(("new".to_owned(), "https://new.example.com".to_owned(), String::new()));
    for (profile, expected) in
        [(profile(), 0), (unconcerned, 0), (grown, 0), (profile().without_spoke("spoke-dev"), 1)]
    {
        world.profile(&profile)?;
        world.proxy.reset();
        world.expect(0, &["plan"])?;
        assert_eq!(lists(), expected, "{}", profile.text());
    }
    let body = json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "Forbidden", "code": 403,
        "message": "applications.argoproj.io is forbidden"});
    let forbidden = Fault::Status { code: 403, headers: Vec::new(), body: body.to_string() };
    world.proxy.fail(Matcher::any().path(&format!("{ARGO}/applications")), forbidden);
    let outcome = world.expect(0, &["plan"])?;
    ensure!(outcome.stdout.contains("what this does to Applications is not evaluated: "), "{outcome}");
    Ok(())
}
