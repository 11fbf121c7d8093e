//! A small fleet in every state, as the API server shows it.

use serde_json::{Value, json};

use super::*;
use crate::desired::id::GroupKind;
use crate::desired::object::Object;
use crate::desired::ownership::PART_OF;
use crate::plan::inventory::Inventory;
use crate::plan::live::Live;
use crate::plan::ready::Readiness;
use crate::plan::status::application::{Destination, Health, Maker, Sync};
use crate::plan::status::fleet::{Connection, Registration};
use crate::plan::status::hub::{ArgoCdStatus, InventoryStatus, Workload};
use crate::plan::token::Expiry;

/// The identity of an object in Argo CD's namespace.
fn id(kind: &str, name: &str) -> ObjectId {
    ObjectId { group_kind: GroupKind::parse(kind), namespace: Some("argocd".into()), name: name.into() }
}

pub(crate) fn owner() -> Owner {
    Owner { profile: "acme".into(), namespace: "argocd".into(), installs_argocd: true }
}

fn live(kind: &str, name: &str, more: &Value) -> Live {
    let metadata = json!({"name": name, "namespace": "argocd", "uid": format!("uid-of-{name}")});
    let mut body = json!({"apiVersion": "argoproj.io/v1alpha1", "kind": kind, "metadata": metadata});
    json_patch::merge(&mut body, more);
    Live::new(body).unwrap()
}

/// An ApplicationSet with good conditions since a time, and a change of its spec at another.
fn set(name: &str, metadata: &Value, error: &str) -> ApplicationSet {
    let is_good = error.is_empty();
    let condition = |kind: &str, status: bool| {
        let status = if status { "True" } else { "False" };
        json!({"type": kind, "status": status, "reason": "Because", "message": error, "lastTransitionTime": "2026-01-01T10:00:00Z"})
    };
    let conditions = [
        condition("ErrorOccurred", !is_good),
        condition("ParametersGenerated", is_good),
        condition("ResourcesUpToDate", is_good),
    ];
    let more = json!({"metadata": metadata, "status": {"conditions": conditions}});
    ApplicationSet::of(&live("ApplicationSet", name, &more), PART_OF)
}

fn member() -> Value {
    json!({"labels": {PART_OF: inventory_id("argocd")}})
}

fn changed_at(time: &str) -> Value {
    let entry = |time: &str, subresource: bool, fields: Value| {
        let mut entry = json!({"manager": "x", "operation": "Apply", "time": time, "fieldsV1": fields});
        if subresource {
            entry["subresource"] = "status".into();
        }
        entry
    };
    json!({"managedFields": [
        entry(time, false, json!({"f:spec": {}})),
        entry("2026-01-01T12:00:00Z", false, json!({"f:metadata": {}})),
        entry("2026-01-01T12:00:00Z", true, json!({"f:status": {}})),
    ]})
}

fn application(name: &str, set: &str, destination: &Value, status: &Value) -> Application {
    let owner = json!([{"apiVersion": "argoproj.io/v1alpha1", "kind": "ApplicationSet", "controller": true,
        "name": set, "uid": format!("uid-of-{set}")}]);
    let metadata = if set.is_empty() { json!({}) } else { json!({"ownerReferences": owner}) };
    let more = json!({"metadata": metadata, "spec": {"destination": destination}, "status": status});
    Application::of(&live("Application", name, &more))
}

fn well() -> Value {
    json!({"sync": {"status": "Synced"}, "health": {"status": "Healthy"}})
}

fn unread() -> Value {
    let message = "Failed to load live state: failed to get cluster info for \"https://b\": dial tcp: i/o timeout\nmore";
    let conditions = [
        json!({"type": "SharedResourceWarning", "message": "shared", "lastTransitionTime": "2026-01-02T00:00:00Z"}),
        json!({"type": "ComparisonError", "message": message, "lastTransitionTime": "2026-01-01T00:00:00Z"}),
    ];
    json!({"sync": {"status": "Unknown"}, "health": {"status": "Unknown"}, "conditions": conditions})
}

fn fleet(name: &str, server: &str, probe: Probe) -> (FleetCluster, Probe) {
    (FleetCluster { name: name.into(), server: server.into() }, probe)
}

fn registered(name: &str, server: &str) -> Registered {
    Registered { name: name.into(), server: server.into(), is_member: true, token: None }
}

fn expiry(at: &str, is_over: bool) -> Expiry {
    Expiry { at: at.parse().unwrap(), is_over }
}

/// A fleet of which a part of each kind is not well.
pub(crate) fn troubled() -> Status {
    let workload = |name: &str, readiness| Workload { id: id("Deployment.apps", name), readiness };
    let workloads = vec![
        workload("argocd-server", Readiness::Progressing("0 of 1 replicas are ready".into())),
        workload("argocd-repo-server", Readiness::Ready),
    ];
    let not_probed = || Probe::NotProbed("no context in the profile".into());
    let by_child = json!({"annotations": {"argocd.argoproj.io/tracking-id": "addons:argoproj.io/ApplicationSet:argocd/cert-manager"}});
    let to = |name: &str| json!({ "name": name });
    let seen = Seen {
        cluster: ClusterIdentity {
            server: "https://hub".into(),
            context: "hub".into(),
            uid: "1".into(),
            kubectl: " --context hub".into(),
        },
        hub: HubStatus {
            inventory: InventoryStatus::Own,
            argo_cd: ArgoCdStatus::of(workloads, None, &owner()),
        },
        clusters: vec![
            fleet("hub", "https://kubernetes.default.svc", Probe::Answers { version: "v1.36.2".into() }),
            fleet("a", "https://a", not_probed()),
            fleet("b", "https://b", not_probed()),
            fleet("c", "https://c", not_probed()),
        ],
        registered: vec![
            registered("hub", "https://kubernetes.default.svc"),
            Registered { token: Some(expiry("2026-06-01T00:00:00Z", false)), ..registered("a", "https://a") },
            Registered { token: Some(expiry("2025-06-01T00:00:00Z", true)), ..registered("b", "https://b") },
            registered("old", "https://old"),
            Registered { is_member: false, ..registered("foreign", "https://foreign") },
        ],
        sets: vec![
            set("workloads", &merged(member(), &changed_at("2026-01-01T11:00:00Z")), ""),
            set("addons", &member(), ""),
            set("cert-manager", &by_child, "repository \x1bnot found\nmore"),
            set("foreign", &json!({}), ""),
        ],
        applications: vec![
            application("addons", "addons", &to("in-cluster"), &well()),
            application("cert-manager-a", "cert-manager", &json!({"server": "https://a/"}), &well()),
            application("cert-manager-b", "cert-manager", &to("b"), &unread()),
            application("foreign", "foreign", &to("a"), &json!({})),
        ],
    };
    Status::of(&owner(), &Expected { workloads: None, sets: BTreeSet::new() }, seen)
}

fn merged(mut one: Value, other: &Value) -> Value {
    json_patch::merge(&mut one, other);
    one
}

#[test]
fn what_came_of_the_profile_is_followed_by_live_owners() {
    let status = troubled();
    let sets: Vec<(&str, &Origin, usize)> =
        status.sets.iter().map(|one| (one.set.id.name.as_str(), &one.origin, one.applications)).collect();
    let child = Origin::Application("addons".into());
    assert_eq!(
        sets,
        [("addons", &Origin::Profile, 1), ("workloads", &Origin::Profile, 0), ("cert-manager", &child, 2)]
    );
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let applications = status.applications.iter();
    let applications: Vec<String> = applications
        .map(|one| format!("{} of {} on {}", one.application.id.name, text(&one.set), text(&one.cluster)))
        .collect();
    let expected = [
        "addons of addons on hub",
        "cert-manager-a of cert-manager on a",
        "cert-manager-b of cert-manager on b",
    ];
    assert_eq!((applications, status.others), (expected.map(str::to_owned).to_vec(), 1));
}

#[test]
fn a_mark_counts_where_it_was_made_and_a_controller_by_its_uid() {
    let maker = |metadata: Value| Maker::of(&live("Application", "x", &json!({ "metadata": metadata })));
    let marked = |mark: &str| maker(json!({"annotations": {"argocd.argoproj.io/tracking-id": mark}}));
    assert_eq!(marked("app:argoproj.io/Application:argocd/x"), Maker::Application("app".into()));
    assert_eq!(marked("app:argoproj.io/Application:argocd/y"), Maker::Nobody, "copied along with a manifest");
    assert_eq!(marked("nonsense"), Maker::Nobody);
    assert_eq!(
        maker(json!({"labels": {"app.kubernetes.io/instance": "app"}})),
        Maker::Application("app".into())
    );
    let owned = |change: &dyn Fn(&mut Value)| {
        let mut owner = json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "ApplicationSet", "controller": true, "uid": "u"});
        change(&mut owner);
        maker(json!({"ownerReferences": [owner]}))
    };
    assert_eq!(owned(&|_| ()), Maker::Set("u".into()));
    assert_eq!(owned(&|owner| owner["controller"] = false.into()), Maker::Nobody);
    assert_eq!(owned(&|owner| owner["apiVersion"] = "example.com/v1".into()), Maker::Nobody);
}

#[test]
fn a_cluster_whose_token_expired_is_not_well() {
    let mut clusters = troubled().clusters;
    let well = |cluster: &mut ClusterStatus| {
        cluster.token = Some(expiry("2026-06-01T00:00:00Z", true));
        cluster.is_well()
    };
    assert!(!well(&mut clusters[1]), "Argo CD reads it by what it remembers only");
    assert!(well(&mut clusters[4]), "it goes anyway");
}

#[test]
fn what_argo_cd_can_read_is_told_by_applications() {
    let clusters = troubled().clusters;
    let found: Vec<(&str, &Registration, &Connection)> =
        clusters.iter().map(|one| (one.name.as_str(), &one.registration, &one.connection)).collect();
    let why = "failed to get cluster info for \"https://b\": dial tcp: i/o timeout".to_owned();
    let expected = [
        ("hub", &Registration::Registered, &Connection::Works { applications: 1 }),
        // The foreign Application has not been looked at, and says nothing.
        ("a", &Registration::Registered, &Connection::Works { applications: 2 }),
        ("b", &Registration::Registered, &Connection::Fails { applications: 1, failing: 1, why }),
        ("c", &Registration::Missing, &Connection::NotWatched),
        ("old", &Registration::Surplus, &Connection::NotWatched),
    ];
    assert_eq!(found, expected);
    assert_eq!(
        clusters.iter().map(ClusterStatus::is_well).collect::<Vec<_>>(),
        [true, true, false, false, true]
    );
}

#[test]
fn a_cluster_whose_applications_say_nothing_is_not_known() {
    let no_manifests = json!({"sync": {"status": "Unknown"}, "conditions": [
        {"type": "ComparisonError", "message": "Failed to load target state: no repository"}]});
    let applications = [application("x", "", &json!({"name": "a"}), &no_manifests)];
    let asked = vec![fleet("a", "https://a", Probe::NotProbed(String::new()))];
    let (clusters, _) = super::fleet::judge(asked, &[registered("a", "https://a")], &applications);
    assert_eq!(clusters[0].connection, Connection::NotKnown { applications: 1 });
    assert!(clusters[0].is_well());
}

#[test]
fn a_renamed_cluster_is_found_by_its_server_and_by_the_name_in_its_secret() {
    let applications = [application("x", "", &json!({"name": "old"}), &well())];
    let asked = vec![fleet("new", "https://a", Probe::NotProbed(String::new()))];
    let (clusters, names) = super::fleet::judge(asked, &[registered("old", "https://a")], &applications);
    assert_eq!(clusters.len(), 1);
    assert_eq!(clusters[0].connection, Connection::Works { applications: 1 });
    let by_name = |name: &str| names.of(&Destination { server: None, name: Some(name.into()) });
    assert_eq!((by_name("old"), by_name("other")), (Some("new".into()), None));
}

#[test]
fn an_application_that_is_not_well_says_why() {
    let reason = |status: &Value| {
        let found = application("x", "", &json!({}), status);
        (found.is_well(), found.reason.unwrap_or_default())
    };
    let state = |sync: &str, health: &str, more: Value| {
        merged(json!({"sync": {"status": sync}, "health": {"status": health}}), &more)
    };
    let failed = |phase: &str| json!({"operationState": {"phase": phase, "message": "\n one or more objects failed\nx"}});
    let resources = json!({"resources": [
        {"kind": "Service", "name": "x", "health": {"status": "Healthy"}},
        {"kind": "Deployment", "namespace": "y", "name": "x", "health": {"status": "Degraded", "message": "exceeded"}}]});
    let error = json!({"conditions": [
        {"type": "SyncError", "message": "new https://u:p4ssw0rd@git/x", "lastTransitionTime": "2026-01-02T00:00:00Z"},
        {"type": "ComparisonError", "message": "old", "lastTransitionTime": "2026-01-01T00:00:00Z"}]});
    let cases = [
        (state("Synced", "Healthy", failed("Failed")), true, "", "an old sync is history"),
        (
            state("Synced", "Healthy", error),
            false,
            "SyncError: new https://git/x",
            "an error hides behind old states",
        ),
        (
            state("OutOfSync", "Healthy", failed("Failed")),
            false,
            "sync failed: one or more objects failed",
            "",
        ),
        (
            state("Synced", "Progressing", failed("Running")),
            false,
            "sync running: one or more objects failed",
            "",
        ),
        (state("OutOfSync", "Healthy", failed("Succeeded")), false, "", ""),
        (state("Synced", "Degraded", resources), false, "Deployment/y/x is Degraded: exceeded", ""),
        (json!({}), false, "Argo CD has not looked at it yet", ""),
        (state("Renamed", "Renamed", json!({})), false, "", "words of a later Argo CD are no good news"),
    ];
    for (status, is_well, why, note) in cases {
        assert_eq!(reason(&status), (is_well, why.to_owned()), "{status} {note}");
    }
    let going = json!({"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}, "status": well()});
    let going = Application::of(&live("Application", "x", &going));
    assert_eq!((going.is_well(), going.reason.as_deref()), (false, Some("is being deleted")));
    assert_eq!((going.sync, going.health), (Sync::Synced, Health::Healthy));
}

#[test]
fn conditions_that_are_older_than_the_last_change_are_said_to_be() {
    let since = |time: &str| set("x", &changed_at(time), "").changed_since;
    assert_eq!(since("2026-01-01T10:00:01Z").as_deref(), Some("2026-01-01T10:00:01Z"));
    assert_eq!(since("2026-01-01T10:00:00Z"), None, "the same second tells nothing");
    let never = ApplicationSet::of(
        &live("ApplicationSet", "x", &json!({"metadata": changed_at("2026-01-01T10:00:00Z")})),
        PART_OF,
    );
    assert_eq!((never.changed_since.as_deref(), never.is_well()), (None, false), "there are none at all");
    assert!(
        set("x", &changed_at("2026-01-01T11:00:00Z"), "").is_well(),
        "the controller writes none that stay the same"
    );
}

#[test]
fn an_inventory_is_the_profiles_own_or_it_is_said_whose() {
    let parent = |profile: &str| {
        Live::new(Inventory::of(profile, "argocd", std::iter::empty()).parent("argocd")).unwrap()
    };
    let of = |parent: Option<&Live>| InventoryStatus::of(parent, &owner());
    assert_eq!(of(Some(&parent("acme"))), InventoryStatus::Own);
    assert_eq!(of(Some(&parent("other"))), InventoryStatus::OfAnotherProfile("other".into()));
    assert_eq!(of(None), InventoryStatus::Absent);
    let foreign = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "bridge", "namespace": "argocd"}});
    assert!(matches!(of(Some(&Live::new(foreign).unwrap())), InventoryStatus::Foreign(_)));
}

#[test]
fn an_argo_cd_without_workloads_is_wrong_only_where_bridge_installs_it() {
    let existing = Owner { installs_argocd: false, ..owner() };
    let hub = |argo_cd| HubStatus { inventory: InventoryStatus::Own, argo_cd };
    assert!(!hub(ArgoCdStatus::of(Vec::new(), None, &owner())).is_well());
    assert!(hub(ArgoCdStatus::of(Vec::new(), None, &existing)).is_well());
    assert!(!hub(ArgoCdStatus::NotInstalled).is_well());
    assert!(!HubStatus { inventory: InventoryStatus::Absent, argo_cd: ArgoCdStatus::NotSeen }.is_well());
}

#[test]
fn a_part_that_is_not_well_makes_the_whole_not_well() {
    let status = troubled();
    let counts = [status.count_clusters(), status.count_sets(), status.count_applications()];
    assert_eq!(counts, [(5, 2), (3, 1), (3, 1)].map(|(total, unwell)| Count { total, unwell }));
    assert!(!status.hub.is_well() && !status.is_well());
    assert!(!Probe::NotReady { version: String::new(), why: String::new() }.is_well());
}

#[test]
fn what_the_profile_asks_for_and_is_not_there_is_not_well() {
    let object = |kind: &str, api: &str, name: &str| {
        let metadata = json!({"name": name, "namespace": "argocd"});
        Object::new(json!({"apiVersion": api, "kind": kind, "metadata": metadata})).unwrap()
    };
    let desired = [
        object("Deployment", "apps/v1", "argocd-server"),
        object("ConfigMap", "v1", "argocd-cm"),
        object("ApplicationSet", "argoproj.io/v1alpha1", "addons"),
    ];
    let (server, addons) =
        (id("Deployment.apps", "argocd-server"), id("ApplicationSet.argoproj.io", "addons"));
    let expected = Expected::of(&desired, true);
    assert_eq!(
        expected,
        Expected { workloads: Some([server.clone()].into()), sets: [addons.clone()].into() }
    );
    assert_eq!(Expected::of(&desired[2..], false).workloads, None);

    let ready = |id: &ObjectId| Workload { id: id.clone(), readiness: Readiness::Ready };
    let argo_cd = |there: Vec<Workload>| ArgoCdStatus::of(there, expected.workloads.as_ref(), &owner());
    assert!(argo_cd(vec![ready(&server)]).is_well());
    for there in [vec![], vec![ready(&id("StatefulSet.apps", "other"))]] {
        let argo_cd = argo_cd(there);
        assert!(!argo_cd.is_well() && argo_cd.workloads().iter().any(|one| one.id == server), "{argo_cd:?}");
    }
    let sets = with_missing(vec![set("workloads", &member(), "")], &expected.sets);
    let found: Vec<(&str, bool)> = sets.iter().map(|set| (set.id.name.as_str(), set.is_well())).collect();
    assert_eq!(found, [("workloads", true), ("addons", false)]);
    assert_eq!(with_missing(vec![set("addons", &member(), "")], &expected.sets).len(), 1);
}
