//! The root ApplicationSets and the user's own templates.

use std::sync::Arc;

use bridge::desired::assemble::{Inputs, assemble};
use bridge::desired::secrets::Secrets;
use bridge::desired::state::Desired;
use bridge::profile::finding::Finding;
use bridge::profile::location::Source;
use bridge::profile::model::{PerCluster, Profile};
use bridge::template::context;
use bridge::template::shape::{CONTEXT, Shape};
use serde_json::{Value, json};

use crate::support::{built, checked, find, profile, source, spoke, with_gitops};

fn rendered(profile: &Profile, templates: &[Arc<Source>]) -> Result<Desired, Vec<Finding>> {
    assemble(Inputs { profile, manifest: None, templates, secrets: &Secrets::Masked })
}

fn refused(text: &str) -> Vec<Finding> {
    let file = source("appsets/extra.yaml.tera", text);
    rendered(&with_gitops(profile()), &[file]).unwrap_err()
}

#[test]
fn the_root_sets_select_the_hub_only() {
    let desired = built(&with_gitops(profile()), None).unwrap();
    let body = find(&desired, "ApplicationSet/argocd/addons").body();
    let expected = json!({
        "syncPolicy": { "preserveResourcesOnDeletion": true },
        "goTemplate": true,
        "goTemplateOptions": ["missingkey=error"],
        "generators": [{ "clusters": {
            "selector": { "matchLabels": { "argocd.argoproj.io/secret-type": "cluster", "bridge.gitops/role": "hub" } },
            // As Argo CD writes it back.
            "template": { "metadata": {}, "spec": { "destination": {}, "project": "" } },
        } }],
        "template": {
            "metadata": { "name": "addons" },
            "spec": {
                "project": "default",
                "source": {
                    "repoURL": "{{.metadata.annotations.addons_repo_url}}",
                    "path": "{{.metadata.annotations.addons_repo_basepath}}{{.metadata.annotations.addons_repo_path}}",
                    "targetRevision": "{{.metadata.annotations.addons_repo_revision}}",
                    "directory": { "recurse": true, "exclude": "exclude/*" },
                },
                "destination": { "server": "https://kubernetes.default.svc", "namespace": "argocd" },
                "syncPolicy": { "automated": { "selfHeal": true } },
            },
        },
    });
    assert_eq!(body["spec"], expected);
    assert_eq!(body["metadata"]["name"], "addons");
    find(&desired, "ApplicationSet/argocd/workloads");
    find(&desired, "ApplicationSet/argocd/clusters");
}

#[test]
fn per_cluster_has_a_name_for_each_and_a_set_without_repository_is_not_there() {
    let mut profile = with_gitops(profile());
    profile.gitops.clusters = None;
    profile.application_sets.preserve_resources_on_deletion = false;
    profile.application_sets.per_cluster = PerCluster { workloads: true, ..PerCluster::default() };
    let desired = built(&profile, None).unwrap();
    assert_eq!(desired.objects.len(), 3);
    let body = find(&desired, "ApplicationSet/argocd/workloads").body();
    assert_eq!(body["spec"]["template"]["metadata"]["name"], "workloads-{{.name}}");
    assert_eq!(
        body["spec"]["generators"][0]["clusters"]["selector"],
        json!({
            "matchLabels": { "argocd.argoproj.io/secret-type": "cluster" },
            "matchExpressions": [{ "key": "cluster_name", "operator": "Exists" }],
        })
    );
    assert!(body["spec"].get("syncPolicy").is_none(), "an empty object would be dropped by Argo CD");
}

#[test]
fn a_users_template_replaces_by_name_or_adds() {
    let addons = "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata:\n  name: addons\n  labels:\n\
                  <% for c in clusters %>    c-<< c.name >>: << c.env | default(value=\"none\") | quote >>\n<% endfor %>";
    let extra = "<% include \"_head.tera\" %>\nmetadata: { name: \"extra-<< profile.name >>\" }\nspec: << hub.labels | json >>\n";
    let head = "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet";
    let files = [
        source("appsets/addons.yaml.tera", addons),
        source("appsets/extra.yaml.tera", extra),
        source("appsets/_head.tera", head),
    ];
    let mut profile = with_gitops(profile());
    profile.spokes = vec![spoke("zed"), spoke("dev")];
    profile.hub.labels = [(checked("tier"), checked("gold"))].into();
    let desired = rendered(&profile, &files).unwrap();
    let labels = &find(&desired, "ApplicationSet/argocd/addons").body()["metadata"]["labels"];
    let keys: Vec<&String> = labels.as_object().unwrap().keys().collect();
    assert_eq!(keys[..3], ["c-dev", "c-hub", "c-zed"], "clusters are in order of their names");
    assert_eq!(find(&desired, "ApplicationSet/argocd/extra-acme").body()["spec"], json!({ "tier": "gold" }));
}

#[test]
fn errors_name_file_line_and_the_fields_that_exist() {
    let findings = refused("a: 1\n<% if hub.regoin %>\nb: << gitops.adons.url >>\n<% endif %>\n");
    let shown: Vec<String> = findings
        .iter()
        .map(|f| format!("{} {} {} | {}", f.location.as_ref().unwrap(), f.code, f.message, f.fix))
        .collect();
    assert_eq!(
        shown[0].split(" | ").next().unwrap(),
        "appsets/extra.yaml.tera:2:11 BRG1441 `hub.regoin` does not exist"
    );
    assert!(
        shown[0].contains("did you mean `region`? Available fields: addons, annotations, cloud"),
        "{}",
        shown[0]
    );
    assert_eq!(
        shown[1],
        "appsets/extra.yaml.tera:3:14 BRG1441 `gitops.adons` does not exist | did you mean `addons`? \
         Available fields: addons, addons_extras, clusters, workloads"
    );
}

#[test]
fn what_is_no_template_or_no_application_set_is_refused() {
    let first = |text: &str| {
        let finding = refused(text).remove(0);
        (
            finding.code.to_string(),
            finding.location.map(|at| at.to_string()).unwrap_or_default(),
            finding.message,
        )
    };
    let (code, at, message) = first("a: << 1 +\n");
    assert_eq!(code, "BRG1440", "{at} {message}");
    assert!(at.starts_with("appsets/extra.yaml.tera:"), "{at}");
    assert_eq!(first("a: << hub | nope >>\n").0, "BRG1440");
    assert_eq!(first("a: << hub.labels.nope >>\n").0, "BRG1442");
    assert_eq!(first("a: << get_env(name=\"HOME\") >>\n").0, "BRG1440");
    assert_eq!(first("a: b: c\n").0, "BRG1443");
    for text in [
        "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\n",
        "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {}\n",
        "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: { name: A }\n",
        "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: { name: a, namespace: other }\n",
        "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: { name: addons }\n",
        "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: { name: a, labels: {applyset.kubernetes.io/part-of: x} }\n",
        "just text",
    ] {
        let (code, _, message) = first(text);
        assert!(code == "BRG1443" || code == "BRG1406", "{code} {message}");
    }
    let file = source("appsets/addons.yml.tera", "");
    let findings = rendered(&profile(), &[file]).unwrap_err();
    assert_eq!(
        findings[0].fix,
        "name it `addons.yaml.tera`, or `_addons.tera` if other templates include it"
    );
}

/// The documentation of the context, its check and the context itself say the same.
#[test]
fn the_context_is_what_its_shape_says() {
    let mut profile = with_gitops(profile());
    profile.gitops.addons_extras = profile.gitops.addons.clone();
    profile.spokes = vec![spoke("dev")];
    same(&context::build(&profile), CONTEXT, "");
    assert!(!context::build(&profile).to_string().contains("TOKEN"), "no trace of a secret reference");
}

fn same(value: &Value, shape: Shape, path: &str) {
    match (shape, value) {
        (Shape::Record(fields), Value::Object(map)) => {
            let names: Vec<&str> = fields.iter().map(|field| field.name).collect();
            assert_eq!(map.keys().map(String::as_str).collect::<Vec<_>>(), names, "{path}");
            fields
                .iter()
                .for_each(|field| same(&value[field.name], field.shape, &format!("{path}.{}", field.name)));
        }
        (Shape::List(element), Value::Array(list)) => list.iter().for_each(|one| same(one, *element, path)),
        (Shape::Leaf, Value::String(_) | Value::Bool(_) | Value::Null) | (Shape::Open, Value::Object(_)) => {}
        (shape, value) => panic!("{path} is {value}, not {shape:?}"),
    }
}

proptest::proptest! {
    /// Whatever stands in a template, in a manifest or in the lock file: findings, never a panic.
    #[test]
    fn no_text_makes_it_panic(text in "([a-z .:\\-\n]|<<|>>|<%|%>|<#|#>|if |for |in |set |hub|clusters|[\"'\\[\\](){}|=?!é]){0,40}") {
        let file = source("t/x.yaml.tera", &text);
        let _result = rendered(&with_gitops(profile()), &[file]);
        let _parsed = bridge::desired::manifest::parse("x", text.as_bytes());
        let _lock = bridge::fetch::lock::Lock::parse(&source("bridge.lock", &text));
    }
}

#[test]
fn absurd_nesting_is_an_error_and_no_crash() {
    let nested = format!("a: << {}1{} >>\n", "(".repeat(20_000), ")".repeat(20_000));
    assert!(!refused(&nested).is_empty());
    let flow = "[".repeat(100_000);
    assert!(bridge::desired::manifest::parse("x", flow.as_bytes()).is_err());
}
