//! What becomes of Applications whose ApplicationSets and finalizers are of every kind: as the plan says, so it happens.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::fleet::{Fleet, eventually, refresh_sets};
use super::foretold::Foretold;
use super::members::Member;
use super::observed::Observed;

const FINALIZER: &str = "resources-finalizer.argocd.argoproj.io";

const OWN: [&str; 5] = ["plain", "background", "preserving", "keeping", "pair"];

/// ApplicationSets of a kind each. They deploy the same ConfigMap, each to a namespace that is the same for every cluster.
fn own_sets() -> String {
    let dev = json!([{"clusters": {"selector": {"matchLabels": {"env": "dev"}}}}]);
    let pair = json!([{"matrix": {"generators": [{"list": {"elements": [{"part": "one"}, {"part": "two"}]}}, dev[0]]}}]);
    let background = json!([format!("{FINALIZER}/background")]);
    let (by_server, by_name) = (json!({"server": "{{.server}}"}), json!({"name": "{{.name}}"}));
    [
        ("plain", &dev, &by_server, json!([]), json!({})),
        ("background", &dev, &by_name, background, json!({})),
        ("preserving", &dev, &by_server, json!([]), json!({"preserveResourcesOnDeletion": true})),
        ("keeping", &dev, &by_name, json!([]), json!({"applicationsSync": "create-update"})),
        ("pair", &pair, &by_name, json!([]), json!({})),
    ]
    .map(|(name, generators, destination, finalizers, policy)| {
        let part = if name == "pair" { "-{{.part}}" } else { "" };
        set(name, part, generators, destination, &finalizers, &policy).to_string()
    })
    .join("\n---\n")
}

fn set(name: &str, part: &str, generators: &Value, to: &Value, finalizers: &Value, policy: &Value) -> Value {
    let mut destination = to.clone();
    let namespace = format!("{name}{part}");
    destination["namespace"] = namespace.into();
    let mut metadata = json!({"name": format!("{name}-{{{{.name}}}}{part}")});
    if finalizers != &json!([]) {
        metadata["finalizers"] = finalizers.clone();
    }
    let source = json!({"repoURL": "{{.metadata.annotations.workloads_repo_url}}",
        "targetRevision": "{{.metadata.annotations.workloads_repo_revision}}", "path": "manifests/guestbook"});
    let sync =
        json!({"automated": {"prune": true, "selfHeal": true}, "syncOptions": ["CreateNamespace=true"]});
    let spec =
        json!({"project": "default", "source": source, "destination": destination, "syncPolicy": sync});
    json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "ApplicationSet",
        "metadata": {"name": name, "namespace": "argocd"},
        "spec": {"goTemplate": true, "goTemplateOptions": ["missingkey=error"], "generators": generators,
            "syncPolicy": policy, "template": {"metadata": metadata, "spec": spec}}})
}

#[tokio::test]
async fn applications_of_every_kind_end_as_the_plan_said() -> Result<()> {
    Fleet::with(1, every_kind).await
}

async fn every_kind(fleet: &mut Fleet) -> Result<()> {
    fleet.template("own.yaml.tera", &own_sets())?;
    let mut members = vec![Member::hub(), Member::spoke("spoke", "dev", &[], fleet.connection(0))];
    let all = |name: &str| {
        let of_pair = ["one", "two"].map(|part| format!("pair-{name}-{part}"));
        OWN[..4].iter().map(|set| format!("{set}-{name}")).chain(of_pair).collect::<BTreeSet<String>>()
    };
    fleet.seed(&members)?;
    fleet.start_argocd().await?;
    settled(fleet, &all("spoke")).await.context("the first apply")?;

    members[1].env = "prod";
    let fates = [
        ("plain-spoke", "deleted"),
        ("background-spoke", "deleted"),
        ("preserving-spoke", "orphaned"),
        ("keeping-spoke", "kept"),
        ("pair-spoke-one", "deleted"),
        ("pair-spoke-two", "deleted"),
    ];
    step(fleet, &members, &fates, &["keeping-spoke".to_owned()].into()).await.context("another env")?;
    members[1].env = "dev";
    fleet.seed(&members)?;
    settled(fleet, &all("spoke")).await.context("the former env")?;

    members[1].name = "renamed".to_owned();
    let fates = [
        ("plain-spoke", "recreated"),
        ("background-spoke", "adopted"),
        ("preserving-spoke", "adopted"),
        ("keeping-spoke", "stranded"),
        ("pair-spoke-one", "notEvaluated"),
        ("pair-spoke-two", "notEvaluated"),
    ];
    let mut names = all("renamed");
    names.insert("keeping-spoke".to_owned());
    step(fleet, &members, &fates, &names).await.context("a rename")?;

    members.pop();
    let fates = [
        ("plain-renamed", "orphaned"),
        ("background-renamed", "orphaned"),
        ("preserving-renamed", "orphaned"),
        ("keeping-renamed", "stranded"),
        ("pair-renamed-one", "orphaned"),
        ("pair-renamed-two", "orphaned"),
    ];
    let names = ["keeping-renamed", "keeping-spoke"].map(str::to_owned).into();
    step(fleet, &members, &fates, &names).await.context("a removal")
}

/// Applies an edit of which the plan says these fates; they are what then happens, and these Applications are left.
async fn step(
    fleet: &Fleet,
    members: &[Member],
    fates: &[(&str, &str)],
    left: &BTreeSet<String>,
) -> Result<()> {
    let foretold = Foretold::of(fleet, members)?;
    let said: BTreeMap<&str, &str> = foretold.fates().filter(|(name, _)| is_own(name)).collect();
    ensure!(said == fates.iter().copied().collect(), "the plan said: {said:#?}");
    let before = fleet.observed().await?;
    fleet.seed(members)?;
    let after = settled(fleet, left).await?;
    for (name, fate) in fates {
        let (was, is) = (before.uid(&deployed(name)), after.uid(&deployed(name)));
        let is_as_said = match *fate {
            "deleted" => is.is_none(),
            "recreated" => is.is_some() && is != was,
            "notEvaluated" => true,
            _ => is == was,
        };
        ensure!(was.is_some() && is_as_said, "{name} was {fate}, and deployed {was:?}, then {is:?}");
    }
    Ok(())
}

fn is_own(name: &str) -> bool {
    OWN.iter().any(|set| name.starts_with(&format!("{set}-")))
}

/// What an Application deploys: `pair-spoke-one` to the namespace `pair-one`.
fn deployed(application: &str) -> String {
    let namespace = application.replace("-spoke", "").replace("-renamed", "");
    format!("{namespace}/guestbook")
}

/// Waits until exactly these Applications of the test's own are there, all are synced whose cluster is there, and their
/// objects, too.
async fn settled(fleet: &Fleet, names: &BTreeSet<String>) -> Result<Observed> {
    let refreshed = Cell::new(false);
    eventually("the Applications of every kind", async || {
        let observed = fleet.observed().await?;
        if observed.is_refused_as_unknown_cluster() && !refreshed.replace(true) {
            refresh_sets(&fleet.world).await?;
        }
        let there: BTreeSet<String> =
            observed.applications().filter(|name| is_own(name)).map(str::to_owned).collect();
        ensure!(there == *names, "there are {there:?}");
        for name in names.iter().filter(|name| !name.starts_with("keeping-")) {
            observed.expect_in_sync(name)?;
            ensure!(observed.uid(&deployed(name)).is_some(), "{name} has deployed nothing");
        }
        Ok(observed)
    })
    .await
}
