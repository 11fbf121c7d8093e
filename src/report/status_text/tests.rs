use serde_json::json;

use super::*;
use crate::plan::status::fleet::{Connection, Registration};
use crate::plan::status::probe::Probe;
use crate::plan::status::tests::{owner, troubled};
use crate::plan::status::{GeneratedApplication, hub};
use crate::profile::sensitive::Sensitive;
use crate::report::status_json;

fn shown(status: &Status, detail: Detail) -> String {
    anstream::adapter::strip_str(&render(status, detail, &Redactor::default())).to_string()
}

#[test]
fn what_is_not_well_is_listed_with_the_reason() {
    insta::assert_snapshot!(shown(&troubled(), Detail::Short), @r#"
    # Hub
      ✓ inventory  ConfigMap argocd/bridge is that of the profile `acme`
      ✗ Argo CD    1 of 2 workloads are ready; which there should be is known once `bridge plan` has fetched the manifest
          Deployment/argocd/argocd-server: 0 of 1 replicas are ready

    # Clusters: 5, 2 not well
      ✓ hub  Argo CD reads it (1 Application); answers (v1.36.2)
      ✓ a    Argo CD reads it (2 Applications); not probed: no context in the profile; Argo CD's token for it expires at 2026-06-01T00:00:00Z
      ✗ b    Argo CD cannot read it, by 1 of 1 Application: failed to get cluster info for "https://b": dial tcp: i/o timeout
          not probed: no context in the profile
          Argo CD's token for it expired at 2025-06-01T00:00:00Z: `bridge credentials rotate` makes another where bridge made this one, else change it in the profile
      ✗ c    not registered: Argo CD has no Secret for its server; run `bridge apply`
          Argo CD does not watch it: no Application deploys there
          not probed: no context in the profile
      ✓ old  not in the profile any more: the next apply removes it; Argo CD does not watch it: no Application deploys there; not probed: the profile does not name it

    # ApplicationSets: 3, 1 not well
      ✓ addons        1 Application
      ✓ workloads     0 Applications
          its conditions are older than its last change, at 2026-01-01T11:00:00Z
      ✗ cert-manager  2 Applications, deployed by the Application addons
          has an error: repository \u{1b}not found

    # Applications: 3, 1 not well
          2  Synced, Healthy
          1  Unknown, Unknown
      ✗ cert-manager-b  Unknown, Unknown on b of cert-manager
          ComparisonError: Failed to load live state: failed to get cluster info for "https://b": dial tcp: i/o timeout

    1 other Application in the namespace `argocd` did not come of this profile.
    What Argo CD can read is told by the Applications that deploy there; the state of its connections is in its cache, which `argocd cluster list` shows.
    hint: more of one: kubectl describe application -n argocd cert-manager-b --context hub
    Not well: the hub, 2 clusters, 1 ApplicationSet, 1 Application.
    "#);
}

#[test]
fn everything_is_listed_on_request() {
    let all = shown(&troubled(), Detail::Full);
    for line in [
        "Deployment/argocd/argocd-repo-server: ready",
        "✓ cert-manager-a  Synced, Healthy on a of cert-manager",
    ] {
        assert!(all.contains(line), "{line}\n{all}");
    }
}

#[test]
fn a_fleet_that_is_well_says_so() {
    let mut status = troubled();
    status.hub.argo_cd = hub::ArgoCdStatus::NotSeen;
    status.clusters.retain(ClusterStatus::is_well);
    status.sets.retain(|one| one.set.is_well());
    status.applications.retain(|one| one.application.is_well());
    assert!(status.is_well());
    let all = shown(&status, Detail::Short);
    assert!(all.ends_with("All is well.\n") && !all.contains('✗') && !all.contains("hint:"), "{all}");
    assert_eq!(json!(status_json::document(&status))["isWell"], true);
}

#[test]
fn a_cluster_that_does_not_answer_is_not_called_well() {
    let mut status = troubled();
    status.hub.argo_cd = hub::ArgoCdStatus::NotSeen;
    status.clusters.retain(ClusterStatus::is_well);
    status.sets.clear();
    status.applications.clear();
    status.clusters[1].probe = Probe::Silent("no answer within 10 s".into());
    let all = shown(&status, Detail::Short);
    assert!(all.contains("? a    does not answer from here: no answer within 10 s\n"), "{all}");
    assert!(all.ends_with("Well as far as can be seen: 1 cluster did not answer from here.\n"), "{all}");
    assert!(all.contains("# Clusters: 3, 1 not answering from here\n"), "{all}");
    let document = json!(status_json::document(&status));
    assert_eq!(
        (&document["isWell"], &document["clusters"][1]["probe"]["state"]),
        (&json!(true), &json!("silent"))
    );
}

#[test]
fn a_thousand_applications_stay_readable() {
    let mut status = troubled();
    let bad = status.applications.pop().unwrap();
    let copy = |index: usize| {
        let mut application = bad.application.clone();
        application.id.name = format!("app-{index:04}");
        application.reason = Some("x".repeat(10_000));
        GeneratedApplication { application, set: bad.set.clone(), cluster: bad.cluster.clone() }
    };
    status.applications = (0..1000).map(copy).collect();
    let text = shown(&status, Detail::Short);
    assert!(
        text.contains(" 1000  Unknown, Unknown") && text.contains("… and 980 more; --all lists them"),
        "{text}"
    );
    assert!(text.len() < 15_000, "{}", text.len());
    assert_eq!(shown(&status, Detail::Full).matches("app-").count(), 1001);
}

#[test]
fn no_secret_is_left_where_a_line_is_cut() {
    let mut status = troubled();
    let redactor = Redactor::default();
    redactor.register(&Sensitive::new("s3cr3t-t0ken"));
    let padding = "x".repeat(LONGEST_LINE - 6);
    status.applications[2].application.reason = Some(format!("{padding}s3cr3t-t0ken"));
    for detail in [Detail::Short, Detail::Full] {
        assert!(!render(&status, detail, &redactor).contains("s3cr3t"));
    }
}

#[test]
fn the_words_for_each_state_differ() {
    let owner = owner();
    let states = [
        hub::InventoryStatus::Own,
        hub::InventoryStatus::Absent,
        hub::InventoryStatus::OfAnotherProfile("other".to_owned()),
    ];
    let words: std::collections::BTreeSet<String> =
        states.iter().map(|state| crate::report::status_words::inventory(state, &owner)).collect();
    assert_eq!(words.len(), 3);
    assert!(words.iter().filter(|words| words.contains("`--context`")).count() == 2, "{words:?}");
}

#[test]
fn the_document_follows_its_schema() {
    let schema = serde_json::Value::from(schemars::schema_for!(status_json::StatusDocument));
    let document = json!(status_json::document(&troubled()));
    let errors: Vec<String> = jsonschema::validator_for(&schema)
        .unwrap()
        .iter_errors(&document)
        .map(|error| error.to_string())
        .collect();
    assert!(errors.is_empty(), "{errors:?}");
    let of = |pointer: &str| document.pointer(pointer).cloned().unwrap_or_default();
    assert_eq!(of("/isWell"), false);
    assert_eq!(of("/hub/inventory/state"), "own");
    assert_eq!(of("/hub/argoCd/workloads/1/state"), "progressing");
    assert_eq!(of("/clusters/2/connection/state"), "fails");
    assert_eq!(of("/clusters/3/registration"), "missing");
    assert_eq!(of("/applicationSets/2/deployedBy"), "addons");
    assert_eq!(of("/applicationSets/1/changedSince"), "2026-01-01T11:00:00Z");
    assert_eq!(of("/applications/2/sync"), "Unknown");
    assert_eq!(of("/summary/applications"), json!({"total": 3, "notWell": 1}));
}

/// What is wrong is not lost among what is only not known.
#[test]
fn clusters_that_do_not_answer_do_not_hide_one_that_is_not_well() {
    let mut status = troubled();
    let of = |name: String, probe: Probe| {
        let registration = Registration::Registered;
        ClusterStatus {
            name,
            server: String::new(),
            registration,
            probe,
            connection: Connection::NotWatched,
            token: None,
        }
    };
    let silent =
        (0..60).map(|number| of(format!("spoke-{number}"), Probe::Silent("no answer within 10 s".into())));
    let not_ready = Probe::NotReady { version: "v1.36.2".into(), why: "/readyz: etcd".into() };
    status.clusters = silent.chain([of("zz".to_owned(), not_ready)]).collect();
    let all = shown(&status, Detail::Short);
    let heading = "# Clusters: 61, 1 not well, 60 not answering from here\n";
    let at = all.find(heading).expect(&all) + heading.len();
    assert!(all[at..].starts_with("  ✗ zz "), "{all}");
}
