//! Argo CD's official manifests become objects of the profile.

use crate::support::{at, built, checked, find, installed, manifests, official, profile, with_gitops};
use bridge::desired::object::Object;
use bridge::desired::ownership::{PART_OF, inventory_id};
use bridge::desired::render::to_yaml;
use bridge::desired::wave::Wave;
use bridge::profile::model::{
    Credentials, Flavor, Images, Install, Mirror, Patch, PatchOperation, PatchTarget, PerCluster, Project,
    Repository, RepositoryKind, RepositoryScope,
};
use bridge::template::yaml::parse_documents;
use serde_json::{Value, json};

fn ours() -> usize {
    // Namespace, cluster Secret of the hub.
    2
}

#[test]
fn every_flavor_assembles() {
    for (flavor, objects, extra) in
        [(Flavor::Standard, 59, 0), (Flavor::Ha, 70, 0), (Flavor::Core, 34, 1), (Flavor::Namespaced, 53, 0)]
    {
        let profile = installed(profile(), flavor);
        let documents = official(flavor);
        assert_eq!(documents.len(), objects, "{flavor:?}");
        let desired = built(&profile, Some(documents)).unwrap();
        assert_eq!(desired.objects.len(), objects + ours() + extra, "{flavor:?}");
        assert!(
            desired.objects.iter().all(|object| part_of(object) == Some(inventory_id("argocd").as_str()))
        );
        assert!(desired.objects.is_sorted_by_key(|object| (Wave::of(object), object.id().clone())));
    }
}

fn part_of(object: &Object) -> Option<&str> {
    object.body().pointer("/metadata/labels")?.get(PART_OF)?.as_str()
}

#[test]
fn core_has_a_default_project_and_namespaced_restricts_the_hub() {
    let core = built(&installed(profile(), Flavor::Core), Some(official(Flavor::Core))).unwrap();
    assert_eq!(find(&core, "AppProject/argocd/default").body()["spec"]["sourceRepos"], json!(["*"]));
    let mut own = installed(profile(), Flavor::Namespaced);
    own.argocd.namespace = checked("cd");
    let namespaced = built(&own, Some(official(Flavor::Namespaced))).unwrap();
    assert_eq!(find(&namespaced, "Secret/cd/hub").body()["data"]["namespaces"], json!("Y2Q="));
}

#[test]
fn another_namespace_moves_everything_and_rewrites_exactly_the_three_subjects() {
    let standard = installed(profile(), Flavor::Standard);
    let mut other = standard.clone();
    other.argocd.namespace = checked("elsewhere");
    let before = built(&standard, Some(official(Flavor::Standard))).unwrap();
    let after = built(&other, Some(official(Flavor::Standard))).unwrap();
    let mut rewritten = Vec::new();
    for object in &after.objects {
        let id = object.id();
        let cluster_scoped = matches!(
            id.group_kind.kind.as_str(),
            "Namespace" | "CustomResourceDefinition" | "ClusterRole" | "ClusterRoleBinding"
        );
        assert_eq!(id.namespace.as_deref(), (!cluster_scoped).then_some("elsewhere"), "{id}");
        let subjects = object.body()["subjects"].to_string();
        if subjects.contains("\"namespace\":\"elsewhere\"") {
            rewritten.push(id.to_string());
        }
    }
    let expected = ["application-controller", "applicationset-controller", "server"];
    assert_eq!(rewritten, expected.map(|name| format!("ClusterRoleBinding/argocd-{name}")));
    let moved = to_yaml(&after, true).replace("elsewhere", "argocd");
    let back =
        moved.replace(&inventory_id("elsewhere").replace("elsewhere", "argocd"), &inventory_id("argocd"));
    let lines = |text: &str| {
        text.lines().filter(|line| !line.contains(PART_OF)).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(lines(&back), lines(&to_yaml(&before, true)));
}

#[test]
fn what_the_server_would_complete_is_complete() {
    let desired = built(&installed(profile(), Flavor::Standard), Some(official(Flavor::Standard))).unwrap();
    let redis = find(&desired, "Service/argocd/argocd-redis");
    assert_eq!(redis.body()["spec"]["ports"][0]["protocol"], "TCP");
    let text = to_yaml(&desired, true);
    let incomplete = parse_documents(&text).unwrap().iter().filter(|one| lacks_protocol(one)).count();
    assert_eq!(incomplete, 0);
    assert!(!text.contains("creationTimestamp"));
}

fn lacks_protocol(document: &Value) -> bool {
    if document["kind"] == "CustomResourceDefinition" {
        return false;
    }
    fn walk(value: &Value) -> bool {
        match value {
            Value::Object(map) => map.iter().any(|(key, value)| {
                let ports = value.as_array().filter(|_| key == "ports").into_iter().flatten();
                ports.filter(|port| port.is_object()).any(|port| port.get("protocol").is_none())
                    || (key == "fieldRef" && value.get("apiVersion").is_none())
                    || walk(value)
            }),
            Value::Array(list) => list.iter().any(walk),
            _ => false,
        }
    }
    walk(document)
}

#[test]
fn rendering_is_deterministic_and_reads_back_equal() {
    for flavor in [Flavor::Standard, Flavor::Ha, Flavor::Core, Flavor::Namespaced] {
        let profile = with_gitops(installed(profile(), flavor));
        let desired = built(&profile, Some(official(flavor))).unwrap();
        let text = to_yaml(&desired, true);
        assert_eq!(text, to_yaml(&built(&profile, Some(official(flavor))).unwrap(), true));
        let read: Vec<Value> = parse_documents(&text).unwrap();
        let bodies: Vec<Value> = desired.objects.iter().map(|object| object.body().clone()).collect();
        assert!(read == bodies, "{flavor:?}");
    }
}

#[test]
fn images_come_from_the_mirror_everywhere() {
    let mut profile = installed(profile(), Flavor::Ha);
    let mut manifests = manifests(Flavor::Ha);
    let mirror = |r: &str| Mirror { address: format!("mirror.example/{r}"), at: at() };
    let mirrors = ["quay.io", "ghcr.io", "public.ecr.aws"].map(|r| (r.to_owned(), mirror(r)));
    manifests.images = Images { registries: mirrors.into(), pull_secrets: vec![checked("pull")] };
    profile.argocd.install = Install::Manifests(Box::new(manifests));
    let text = to_yaml(&built(&profile, Some(official(Flavor::Ha))).unwrap(), true);
    let images: Vec<&str> = text
        .lines()
        .filter_map(|line| line.trim().trim_start_matches("- ").strip_prefix("image: "))
        .collect();
    assert!(images.len() > 10, "{images:?}");
    assert!(images.iter().all(|image| image.starts_with("mirror.example/")), "{images:?}");
    let workloads = text.matches("kind: Deployment").count() + text.matches("kind: StatefulSet\n").count();
    assert!(text.matches("imagePullSecrets:\n").count() >= workloads.min(9), "every pod has the pull secret");
}

fn patched(target: PatchTarget, operation: PatchOperation) -> Result<Value, Vec<(String, String, String)>> {
    let mut profile = installed(profile(), Flavor::Core);
    let mut manifests = manifests(Flavor::Core);
    manifests.patches = vec![Patch { target, operation, at: at() }];
    profile.argocd.install = Install::Manifests(Box::new(manifests));
    built(&profile, Some(official(Flavor::Core)))
        .map(|desired| find(&desired, "Deployment/argocd/argocd-repo-server").body().clone())
        .map_err(|findings| findings.into_iter().map(|f| (f.code.to_string(), f.message, f.fix)).collect())
}

fn repo_server() -> PatchTarget {
    PatchTarget {
        group: Some("apps".to_owned()),
        kind: "Deployment".to_owned(),
        name: Some("argocd-repo-server".to_owned()),
        labels: [("app.kubernetes.io/part-of".to_owned(), "argocd".to_owned())].into(),
    }
}

#[test]
fn patches_change_what_they_select() {
    let json6902 = json!([{ "op": "add", "path": "/spec/replicas", "value": 3 }]);
    let body = patched(repo_server(), PatchOperation::Json6902(json6902)).unwrap();
    assert_eq!(body["spec"]["replicas"], 3);
    let merge = json!({ "spec": { "replicas": 2, "template": { "spec": { "priorityClassName": "high" } } } });
    let body = patched(repo_server(), PatchOperation::Merge(merge)).unwrap();
    assert_eq!(body["spec"]["template"]["spec"]["priorityClassName"], "high");
    assert_eq!(body["spec"]["replicas"], 2);
}

#[test]
fn a_patch_that_does_not_fit_is_a_finding_with_a_way_out() {
    let merge = |value| PatchOperation::Merge(value);
    let json = |value| PatchOperation::Json6902(value);
    let one = |target, operation| patched(target, operation).unwrap_err().remove(0);
    let named = |name: &str| PatchTarget { name: Some(name.to_owned()), ..repo_server() };
    let kind = |kind: &str| PatchTarget { kind: kind.to_owned(), ..repo_server() };

    let (code, message, fix) = one(named("argocd-reposerver"), merge(json!({})));
    assert_eq!(
        (code.as_str(), fix.contains("did you mean `argocd-repo-server`?")),
        ("BRG1450", true),
        "{message} {fix}"
    );
    let (code, message, fix) = one(kind("Deploymnet"), merge(json!({})));
    assert_eq!(
        (code.as_str(), fix.contains("did you mean `Deployment`?")),
        ("BRG1450", true),
        "{message} {fix}"
    );

    let remove = json!([{ "op": "remove", "path": "/spec/template/spec/containrs/0" }]);
    let (code, message, fix) = one(repo_server(), json(remove));
    assert_eq!(code, "BRG1451");
    assert_eq!(message, "/spec/template/spec/containrs/0 does not exist in Deployment argocd-repo-server");
    assert!(fix.starts_with("at /spec/template/spec: did you mean `containers`? available keys: "), "{fix}");
    let (code, _, fix) = one(repo_server(), merge(json!({ "spec": { "tmplate": null } })));
    assert_eq!((code.as_str(), fix.contains("`template`")), ("BRG1451", true), "{fix}");

    let test = json!([{ "op": "test", "path": "/spec/template/spec/containers/0/name", "value": "x" }]);
    assert_eq!(one(repo_server(), json(test)).0, "BRG1452");
    for operation in [
        merge(json!({ "metadata": { "name": "x" } })),
        json(json!([{ "op": "replace", "path": "/kind", "value": "DaemonSet" }])),
    ] {
        let (code, message, _) = one(repo_server(), operation);
        assert_eq!(code, "BRG1453", "{message}");
    }
    assert_eq!(one(repo_server(), json(json!([{ "op": "replce", "path": "/a" }]))).0, "BRG1454");
    assert_eq!(one(repo_server(), merge(json!(1))).0, "BRG1454");
}

#[test]
fn a_manifest_that_is_another_file_is_refused() {
    let mut documents = official(Flavor::Core);
    documents.retain(|one| one["kind"] != "StatefulSet");
    documents.push(json!({ "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "argocd-redis" } }));
    documents[0]["metadata"]["labels"][PART_OF] = json!("applyset-other-v1");
    let findings = built(&installed(profile(), Flavor::Core), Some(documents)).unwrap_err();
    let codes: Vec<String> = findings.iter().map(|finding| finding.code.to_string()).collect();
    assert_eq!(codes, ["BRG1404", "BRG1405", "BRG1406"]);
}

#[test]
fn without_a_manifest_and_for_an_existing_argo_cd_there_is_none_of_it() {
    let desired = built(&installed(profile(), Flavor::Standard), None).unwrap();
    assert_eq!(desired.objects.len(), ours());
    let existing = built(&profile(), Some(official(Flavor::Core))).unwrap();
    assert_eq!(existing.objects.len(), 1, "the hub's Secret only");
}

#[test]
fn what_is_applied_first_is_what_the_rest_needs() {
    let mut profile = with_gitops(installed(profile(), Flavor::Core));
    profile.projects = vec![Project { name: checked("team-a"), spec: serde_json::Map::new(), at: at() }];
    profile.repositories = vec![Repository {
        name: checked("platform"),
        scope: RepositoryScope::Prefix,
        kind: RepositoryKind::Git,
        url: "https://git.example.com/acme".to_owned(),
        credentials: Credentials::Anonymous,
        project: None,
        insecure: false,
        proxy: None,
        at: at(),
    }];
    let desired = built(&profile, Some(official(Flavor::Core))).unwrap();
    let mut order: Vec<(Wave, &str)> = desired
        .objects
        .iter()
        .map(|object| (Wave::of(object), object.id().group_kind.kind.as_str()))
        .collect();
    order.dedup();
    let kinds =
        |wave: Wave| order.iter().filter(|(w, _)| *w == wave).map(|(_, kind)| *kind).collect::<Vec<_>>();
    let expected: [(Wave, &[&str]); 10] = [
        (Wave::Namespaces, &["Namespace"]),
        (Wave::Definitions, &["CustomResourceDefinition"]),
        (Wave::Rbac, &["ServiceAccount", "ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"]),
        (Wave::Config, &["ConfigMap", "Secret", "AppProject"]),
        (Wave::Network, &["Service", "NetworkPolicy"]),
        (Wave::Workloads, &["Deployment", "StatefulSet"]),
        (Wave::Projects, &["AppProject"]),
        (Wave::Repositories, &["Secret"]),
        (Wave::Clusters, &["Secret"]),
        (Wave::ApplicationSets, &["ApplicationSet"]),
    ];
    for (wave, expected) in expected {
        assert_eq!(kinds(wave), expected, "{wave:?}");
    }
    assert_eq!(Wave::ALL.map(Some), expected.map(|(wave, _)| Some(wave)));
}

/// The schema of Argo CD's own CustomResourceDefinitions accepts what bridge writes.
#[test]
fn application_sets_and_projects_fit_their_definitions() {
    let mut profile = with_gitops(installed(profile(), Flavor::Core));
    for per_cluster in [false, true] {
        profile.application_sets.per_cluster =
            PerCluster { addons: per_cluster, workloads: per_cluster, clusters: per_cluster };
        let desired = built(&profile, Some(official(Flavor::Core))).unwrap();
        let mut checked = 0;
        for object in desired.objects.iter().filter(|object| object.id().group_kind.group == "argoproj.io") {
            let problems = unknown_to_schema(object.body(), &schema_of(&desired.objects, object), "");
            assert_eq!(problems, Vec::<String>::new(), "{object:?}");
            checked += 1;
        }
        assert_eq!(checked, 4, "three root sets and the default project");
    }
}

fn schema_of(objects: &[Object], object: &Object) -> Value {
    let defines = |crd: &&Object| crd.body()["spec"]["names"]["kind"] == object.id().group_kind.kind;
    let definition = objects.iter().find(defines).unwrap();
    let schema = definition.body()["spec"]["versions"][0]["schema"]["openAPIV3Schema"].clone();
    assert!(jsonschema::is_valid(&schema, object.body()), "{object:?}");
    schema
}

/// Fields that the API server would drop.
fn unknown_to_schema(value: &Value, schema: &Value, path: &str) -> Vec<String> {
    match (value, schema.get("properties"), schema.get("items")) {
        (Value::Object(map), Some(properties), _) => map
            .iter()
            .filter(|(key, _)| !(path.is_empty() && *key == "metadata"))
            .flat_map(|(key, value)| match properties.get(key) {
                Some(schema) => unknown_to_schema(value, schema, &format!("{path}/{key}")),
                None => vec![format!("{path}/{key}")],
            })
            .collect(),
        (Value::Array(list), _, Some(items)) => {
            list.iter().flat_map(|one| unknown_to_schema(one, items, path)).collect()
        }
        _ => Vec::new(),
    }
}
