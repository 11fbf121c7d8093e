//! Every row of what becomes of an Application, from the objects as the API server has them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::*;
use crate::desired::object::Object;
use crate::plan::change::Check;
use crate::plan::diff::diff;

mod removal;

const PLAIN: &str = "resources-finalizer.argocd.argoproj.io";

/// A cluster Secret with two labels.
fn secret(name: &str, server: &str, labels: &Value) -> Value {
    let mut all = json!({"argocd.argoproj.io/secret-type": "cluster", "cluster_name": name});
    json_patch::merge(&mut all, labels);
    let data = json!({"name": STANDARD.encode(name), "server": STANDARD.encode(server)});
    json!({"apiVersion": "v1", "kind": "Secret", "data": data,
        "metadata": {"name": "object-of-a", "namespace": "argocd", "labels": all}})
}

fn live(body: Value) -> Live {
    Live::new(body).unwrap()
}

fn update(before: Value, after: Value) -> Change {
    let public = BTreeSet::from(["name".to_owned(), "server".to_owned()]);
    let fields = diff(&before, &after, &public);
    Change::Update { desired: Object::new(after).unwrap(), live: live(before), fields, forced: Vec::new() }
}

/// The cluster `a` at `https://a`, with `env: dev`.
fn a() -> Value {
    secret("a", "https://a/", &json!({"env": "dev"}))
}

fn removal() -> Change {
    Change::Delete { live: live(a()) }
}

fn relabelling() -> Change {
    update(a(), secret("a", "https://a/", &json!({"env": "prod"})))
}

fn renaming() -> Change {
    update(a(), secret("b", "https://a/", &json!({"env": "dev"})))
}

fn move_to(server: &str) -> Change {
    update(a(), secret("a", server, &json!({"env": "dev"})))
}

fn argo(kind: &str, name: &str, more: &Value) -> Live {
    let metadata = json!({"name": name, "namespace": "argocd", "uid": format!("uid-of-{name}")});
    let mut body = json!({"apiVersion": "argoproj.io/v1alpha1", "kind": kind, "metadata": metadata});
    json_patch::merge(&mut body, more);
    live(body)
}

/// An ApplicationSet `set` with these parts of a spec, of one `clusters` generator with `env: dev` unless they say otherwise.
fn set(more: &Value) -> Set {
    let generator = json!({"clusters": {"selector": {"matchLabels": {"env": "dev"}}}});
    let template =
        json!({"metadata": {"name": "x-{{.name}}"}, "spec": {"destination": {"server": "{{.server}}"}}});
    let mut spec = json!({"goTemplate": true, "generators": [generator], "template": template});
    json_patch::merge(&mut spec, more);
    Set::of(&argo("ApplicationSet", "set", &json!({ "spec": spec })))
}

fn application(name: &str, destination: &Value, finalizers: &[&str]) -> Application {
    let owner = json!([{"apiVersion": "argoproj.io/v1alpha1", "kind": "ApplicationSet", "controller": true,
        "name": "set", "uid": "uid-of-set"}]);
    let more = json!({"metadata": {"ownerReferences": owner, "finalizers": finalizers},
        "spec": {"destination": destination}});
    Application::of(&argo("Application", name, &more))
}

fn by_server() -> Application {
    application("x-a", &json!({"server": "https://a"}), &[PLAIN])
}

fn by_name() -> Application {
    application("x-a", &json!({"name": "a"}), &[PLAIN])
}

fn registered(name: &str, server: &str) -> Registered {
    Registered { name: name.to_owned(), server: server.to_owned(), is_member: true, token: None }
}

fn plan(changes: Vec<Change>) -> Plan {
    Plan::with(changes)
}

fn workloads(changes: Vec<Change>, sets: Vec<Set>, applications: Vec<Application>) -> Workloads {
    let hub = registered("hub", "https://kubernetes.default.svc");
    let registered = vec![hub, registered("a", "https://a"), registered("c", "https://c")];
    Workloads::of(&plan(changes), Seen { registered, sets, applications, ..Seen::default() })
}

/// Fates, each with the names of its Applications.
fn fates(workloads: &Workloads) -> Vec<(Fate, Vec<String>)> {
    let effects = workloads.effects.values().flatten();
    let name = |affected: &Affected| match &affected.successor {
        Some(successor) => format!("{}->{successor}", affected.name),
        None => affected.name.clone(),
    };
    effects.map(|effect| (effect.fate, effect.applications.iter().map(name).collect())).collect()
}

/// What becomes of one Application of one set.
fn fate(change: Change, set: Set, application: Application) -> Option<Fate> {
    let fates = fates(&workloads(vec![change], vec![set], vec![application]));
    assert!(fates.len() < 2, "{fates:?}");
    fates.first().map(|(fate, _)| *fate)
}

#[test]
fn the_applications_of_a_cluster_that_goes_go_and_leave_what_they_deployed() {
    let policy = |policy: &str| set(&json!({"syncPolicy": {"applicationsSync": policy}}));
    for (application, expected) in [
        (by_server(), Fate::Orphaned),
        (by_name(), Fate::Orphaned),
        (application("x-a", &json!({"server": "https://a///"}), &[PLAIN]), Fate::Orphaned),
        (application("x-a", &json!({"name": "a"}), &[]), Fate::Orphaned),
        (application("x-a", &json!({"name": "a"}), &[&format!("{PLAIN}/background")]), Fate::Orphaned),
    ] {
        assert_eq!(fate(removal(), set(&json!({})), application.clone()), Some(expected), "{application:?}");
    }
    for kept in ["create-only", "create-update"] {
        assert_eq!(fate(removal(), policy(kept), by_server()), Some(Fate::Stranded), "{kept}");
    }
    for gone in ["create-delete", "sync"] {
        assert_eq!(fate(removal(), policy(gone), by_server()), Some(Fate::Orphaned), "{gone}");
    }
}

#[test]
fn what_a_generator_is_decides_whether_a_removal_can_be_told() {
    let git = json!({"git": {"repoURL": "r"}});
    let not = |why| Some(Fate::NotEvaluated(why));
    for (generators, expected) in [
        (
            json!([{"matrix": {"generators": [git, {"clusters": {"selector": {"matchLabels": {"a": "{{.b}}"}}}}]}}]),
            Some(Fate::Orphaned),
        ),
        (json!([{"clusters": {}, "selector": {"matchLabels": {"a": "b"}}}]), Some(Fate::Orphaned)),
        (json!([git]), not(Why::NoClusters)),
        (json!([git, {"clusters": {}}]), not(Why::Generators)),
        (json!([{"clusters": {"flatList": true}}]), not(Why::Generators)),
    ] {
        let set = set(&json!({ "generators": generators }));
        assert_eq!(fate(removal(), set, by_server()), expected, "{generators}");
    }
}

#[test]
fn what_somebody_else_made_for_a_cluster_that_goes_stays_without_it() {
    let deployed = |maker: &Value| {
        let more = json!({"metadata": maker, "spec": {"destination": {"name": "a"}}});
        Application::of(&argo("Application", "y", &more))
    };
    let mark =
        json!({"annotations": {"argocd.argoproj.io/tracking-id": "root:argoproj.io/Application:argocd/y"}});
    for (maker, owner) in [(json!({}), OwnedBy::Nobody), (mark, OwnedBy::Application("root".to_owned()))] {
        let workloads = workloads(vec![removal()], vec![], vec![deployed(&maker)]);
        let effect = workloads.effects.values().flatten().next().unwrap();
        assert_eq!((effect.fate, &effect.owner), (Fate::Stranded, &owner));
    }
    assert_eq!(fates(&workloads(vec![relabelling()], vec![], vec![deployed(&json!({}))])), []);
}

#[test]
fn an_application_whose_set_is_not_there_is_not_evaluated() {
    let fates = fates(&workloads(vec![removal()], vec![], vec![by_server()]));
    assert_eq!(fates, [(Fate::NotEvaluated(Why::SetIsGone), vec!["x-a".to_owned()])]);
}

#[test]
fn a_cluster_of_which_there_is_another_secret_is_still_reached() {
    let registered = vec![registered("a", "https://a"), registered("theirs", "https://a")];
    let seen =
        Seen { registered, sets: vec![set(&json!({}))], applications: vec![by_server()], ..Seen::default() };
    assert_eq!(fates(&Workloads::of(&plan(vec![removal()]), seen))[0].0, Fate::Deleted);
}

#[test]
fn the_hub_is_reached_without_a_secret() {
    let hub = Change::Delete {
        live: live(secret("hub", "https://kubernetes.default.svc", &json!({"env": "dev"}))),
    };
    for (destination, expected) in [
        (json!({"server": "https://kubernetes.default.svc"}), Fate::Deleted),
        (json!({"name": "in-cluster"}), Fate::Deleted),
        (json!({"name": "hub"}), Fate::Orphaned),
    ] {
        let application = application("x-hub", &destination, &[PLAIN]);
        assert_eq!(fate(hub.clone(), set(&json!({})), application), Some(expected), "{destination}");
    }
}

#[test]
fn a_label_that_is_selected_on_takes_applications_along() {
    let background = format!("{PLAIN}/background");
    let policy = json!({"syncPolicy": {"applicationsSync": "create-update"}});
    for (set, application, expected) in [
        (set(&json!({})), by_server(), Fate::Deleted),
        (set(&json!({})), by_name(), Fate::Deleted),
        (set(&json!({})), application("x-a", &json!({"name": "a"}), &[&background]), Fate::Deleted),
        (set(&json!({})), application("x-a", &json!({"name": "a"}), &[]), Fate::Orphaned),
        // What it says of deletion is no help while the finalizer is still there.
        (set(&json!({"syncPolicy": {"preserveResourcesOnDeletion": true}})), by_name(), Fate::Deleted),
        (set(&policy), by_server(), Fate::Kept),
        (set(&json!({"generators": [{"clusters": {}}]})), by_server(), Fate::Kept),
    ] {
        assert_eq!(
            fate(relabelling(), set.clone(), application.clone()),
            Some(expected),
            "{set:?} {application:?}"
        );
    }
}

#[test]
fn what_comes_anew_and_what_a_template_selects_is_not_evaluated() {
    let of = |generator: Value| set(&json!({ "generators": [generator] }));
    let prod = json!({"clusters": {"selector": {"matchLabels": {"env": "prod"}}}});
    let new = |workloads: &Workloads| fates(workloads);
    let none = Vec::<String>::new();
    assert_eq!(
        new(&workloads(vec![relabelling()], vec![of(prod)], vec![])),
        [(Fate::NotEvaluated(Why::New), none.clone())]
    );
    let templated = json!({"matrix": {"generators": [{"git": {}}, {"clusters": {"selector": {"matchLabels": {"env": "{{.env}}"}}}}]}});
    let all = workloads(vec![relabelling()], vec![of(templated)], vec![by_server()]);
    let expected =
        [(Fate::NotEvaluated(Why::New), none), (Fate::NotEvaluated(Why::Generators), vec!["x-a".to_owned()])];
    assert_eq!(fates(&all), expected);
}

#[test]
fn an_application_that_is_not_called_as_its_set_says_is_not_evaluated() {
    let templates = ["x-{{.name | upper}}", "y-{{.name}}"];
    let named = |name: &str| set(&json!({"template": {"metadata": {"name": name}}}));
    let expected = [Fate::Deleted, Fate::NotEvaluated(Why::Template)];
    for (template, expected) in templates.into_iter().zip(expected) {
        assert_eq!(fate(relabelling(), named(template), by_server()), Some(expected), "{template}");
    }
    let unknown = Some(Fate::NotEvaluated(Why::Template));
    assert_eq!(fate(renaming(), named("x-{{.name | upper}}"), by_server()), unknown);
    let patched = set(&json!({"templatePatch": "metadata: {}"}));
    assert_eq!(fate(renaming(), patched, by_server()), unknown);
}

#[test]
fn a_rename_recreates_by_server_and_adopts_by_name() {
    let fates_of = |application: Application| {
        fates(&workloads(vec![renaming()], vec![set(&json!({}))], vec![application]))
    };
    let names = || vec!["x-a->x-b".to_owned()];
    assert_eq!(fates_of(by_server()), [(Fate::Recreated, names())]);
    assert_eq!(fates_of(by_name()), [(Fate::Adopted, names())]);
    let free = application("x-a", &json!({"server": "https://a"}), &[]);
    assert_eq!(fates_of(free), [(Fate::Adopted, names())]);
}

#[test]
fn a_rename_under_one_name_follows_the_cluster_where_the_destination_is_a_template() {
    let named = |destination: Value| {
        set(&json!({"template": {"metadata": {"name": "one"}, "spec": {"destination": destination}}}))
    };
    let one = |destination: Value| application("one", &destination, &[PLAIN]);
    let by_name = json!({"server": null, "name": "{{.name}}"});
    assert_eq!(fate(renaming(), named(by_name.clone()), one(json!({"name": "a"}))), Some(Fate::Kept));
    let literal = json!({"server": null, "name": "a"});
    assert_eq!(fate(renaming(), named(literal), one(json!({"name": "a"}))), Some(Fate::Stranded));
    let create_only = json!({"syncPolicy": {"applicationsSync": "create-only"},
        "template": {"metadata": {"name": "one"}, "spec": {"destination": by_name}}});
    assert_eq!(fate(renaming(), set(&create_only), one(json!({"name": "a"}))), Some(Fate::Stranded));
    assert_eq!(fate(renaming(), named(json!({})), one(json!({"server": "https://a"}))), Some(Fate::Kept));
}

#[test]
fn a_new_server_leaves_what_was_deployed_to_the_former_one() {
    assert_eq!(fate(move_to("https://new"), set(&json!({})), by_server()), Some(Fate::Moved));
    let create_delete = set(&json!({"syncPolicy": {"applicationsSync": "create-delete"}}));
    assert_eq!(
        fate(move_to("https://new"), create_delete, by_server()),
        Some(Fate::Stranded),
        "never updated"
    );
    let engine = set(&json!({"template": {"spec": {"destination": {"server": "{{.server | lower}}"}}}}));
    assert_eq!(fate(move_to("https://new"), engine, by_server()), Some(Fate::NotEvaluated(Why::Template)));
    let by_template =
        set(&json!({"template": {"spec": {"destination": {"server": null, "name": "{{.name}}"}}}}));
    assert_eq!(fate(move_to("https://new"), by_template, by_name()), Some(Fate::Moved));
    assert_eq!(fate(move_to("https://a"), set(&json!({})), by_server()), Some(Fate::Kept), "only a slash");
}

#[test]
fn where_names_move_between_clusters_nothing_is_said() {
    let fates_of = |change: Change, more: Option<Change>| {
        let changes = std::iter::once(change).chain(more).collect();
        fates(&workloads(changes, vec![set(&json!({}))], vec![by_name()]))
    };
    let moves = [(Fate::NotEvaluated(Why::NameMoves), vec!["x-a".to_owned()])];
    let created = Change::Create {
        desired: Object::new(secret("a", "https://other", &json!({}))).unwrap(),
        check: Check::ByServer,
    };
    assert_eq!(fates_of(renaming(), Some(created.clone())), moves);
    assert_eq!(fates_of(removal(), Some(created)), moves);
    let to_a_name_that_is_there = update(a(), secret("c", "https://a/", &json!({"env": "dev"})));
    assert_eq!(fates_of(to_a_name_that_is_there, None), moves);
}

#[test]
fn a_set_with_an_error_deletes_nothing_and_one_that_changes_is_not_evaluated() {
    let conditions = json!({"status": {"conditions": [{"type": "ErrorOccurred", "status": "True"}]},
        "spec": {"generators": [{"clusters": {}}]}});
    let broken = Set::of(&argo("ApplicationSet", "set", &conditions));
    assert_eq!(fate(removal(), broken, by_server()), Some(Fate::NotEvaluated(Why::SetHasError)));
    let body = json!({"spec": {"x": 1}});
    let changed = Change::Update {
        desired: argo("ApplicationSet", "set", &body).object().clone(),
        live: argo("ApplicationSet", "set", &body),
        fields: Vec::new(),
        forced: Vec::new(),
    };
    let fates_of = |change: Change| {
        fates(&workloads(vec![changed.clone(), change], vec![set(&json!({}))], vec![by_server()]))
    };
    let annotated = update(a(), {
        let mut after = a();
        after["metadata"]["annotations"] = json!({"vpc": "1"});
        after
    });
    assert_eq!(fates_of(annotated)[0].0, Fate::NotEvaluated(Why::SetChanges));
    assert_eq!(fates_of(relabelling())[0].0, Fate::Deleted, "until it has changed, it deletes");
}

#[test]
fn what_concerns_no_application_is_not_looked_at() {
    let rewritten = update(a(), {
        let mut after = a();
        after["data"]["config"] = json!("eA==");
        after
    });
    for (change, expected) in [
        (removal(), true),
        (relabelling(), true),
        (renaming(), true),
        (removal::deleted_set(), true),
        (rewritten, false),
        (Change::Create { desired: Object::new(a()).unwrap(), check: Check::OnWrite }, false),
    ] {
        assert_eq!(is_concerned(&plan(vec![change.clone()])), expected, "{change:?}");
    }
}
