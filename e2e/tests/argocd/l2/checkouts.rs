//! The repositories of an example on the real Argo CD: each of their ApplicationSets makes exactly what it is for, and paths
//! are joined with and without a slash.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::fleet::{Fleet, eventually};
use super::observed::{APPLICATIONS, expect_sets_fine, sets};

/// Nobody answers there; the charts of the addons are not what this is about.
const NOWHERE: &str = "http://127.0.0.1:1";

/// What each Application is for: its cluster, and what its set chose for that.
const EXPECTED: [(&str, &str, &str); 27] = [
    ("addons", "in-cluster", "argocd/appsets main"),
    ("workloads", "in-cluster", "argocd/workloads main"),
    ("clusters", "in-cluster", "./clusters main"),
    ("cert-manager-hub", "hub", "v1.18.2"),
    ("cert-manager-spoke-dev", "spoke-dev", "v1.19.1"),
    ("cert-manager-spoke-prod", "spoke-prod", "v1.18.2"),
    ("external-dns-hub", "hub", "1.19.0"),
    ("external-dns-spoke-prod", "spoke-prod", "1.19.0"),
    ("external-dns-spoke-stg", "spoke-stg", "1.19.0"),
    ("metrics-server-spoke-dev", "spoke-dev", "3.13.0"),
    ("metrics-server-spoke-prod", "spoke-prod", "3.13.0"),
    ("metrics-server-spoke-stg", "spoke-stg", "3.13.0"),
    ("python-api-spoke-dev", "spoke-dev", "0.4.0 replicas=1 ingress.className=nginx"),
    ("python-api-spoke-prod", "spoke-prod", "0.2.0 replicas=6 ingress.className=alb"),
    ("python-api-spoke-stg", "spoke-stg", "0.3.0 replicas=1 ingress.className=alb"),
    ("notices-team-a-spoke-dev", "spoke-dev", "argocd/notices/team-a main"),
    ("notices-team-a-spoke-prod", "spoke-prod", "argocd/notices/team-a main"),
    ("notices-team-a-spoke-stg", "spoke-stg", "argocd/notices/team-a main"),
    ("notices-team-b-spoke-dev", "spoke-dev", "argocd/notices/team-b main"),
    ("settings-hub", "hub", "manifests/settings main"),
    ("settings-spoke-dev", "spoke-dev", "manifests/settings main"),
    ("settings-spoke-prod", "spoke-prod", "manifests/settings main"),
    ("settings-spoke-stg", "spoke-stg", "manifests/settings main"),
    ("joined-workloads", "in-cluster", "argocd/notices/team-a main"),
    ("joined-clusters", "in-cluster", "./manifests/settings main"),
    ("slashed-workloads", "in-cluster", "argocd//notices/team-a main"),
    ("slashed-clusters", "in-cluster", ".//manifests/settings main"),
];

/// Both ways to join `basePath` and a path that are in use.
const DIALECTS: &str = r#"apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: { name: dialects, namespace: << argocd.namespace | quote >> }
spec:
  goTemplate: true
  goTemplateOptions: [missingkey=error]
  generators:
    - matrix:
        generators:
          - clusters: { selector: { matchLabels: { type: hub } } }
          - list:
              elements:
                - { dialect: joined, slash: "", repository: workloads, folder: notices/team-a }
                - { dialect: joined, slash: "", repository: clusters, folder: manifests/settings }
                - { dialect: slashed, slash: /, repository: workloads, folder: notices/team-a }
                - { dialect: slashed, slash: /, repository: clusters, folder: manifests/settings }
  template:
    metadata: { name: '{{.dialect}}-{{.repository}}' }
    spec:
      project: default
      source:
        repoURL: '{{index .metadata.annotations (printf "%s_repo_url" .repository)}}'
        path: '{{index .metadata.annotations (printf "%s_repo_basepath" .repository)}}{{.slash}}{{.folder}}'
        targetRevision: main
      destination: { server: '{{.server}}', namespace: '{{.dialect}}-{{.repository}}' }
      syncPolicy: { automated: {}, syncOptions: [CreateNamespace=true] }
"#;

#[tokio::test]
async fn the_sets_of_the_examples_make_exactly_what_they_are_for() -> Result<()> {
    Fleet::bare(3, async |fleet| {
        declare(fleet)?;
        fleet.world.expect(0, &["apply", "--auto-approve", "--no-wait"])?;
        fleet.start_argocd().await?;
        eventually("what the repositories ask for", async || expect_all(fleet).await).await?;
        fleet.world.expect_no_changes()
    })
    .await
}

/// Publishes the example's checkouts, and writes its profile with the addresses of this test.
fn declare(fleet: &Fleet) -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("no workspace")?;
    let example = root.join("examples/addons-and-workloads");
    let elsewhere = [
        ("https://charts.jetstack.io".to_owned(), format!("{NOWHERE}/jetstack")),
        ("https://kubernetes-sigs.github.io/".to_owned(), format!("{NOWHERE}/sigs/")),
        ("https://git.example.com/".to_owned(), format!("{NOWHERE}/")),
    ];
    let mut addresses = Vec::new();
    for name in ["addons", "workloads"] {
        let copy = fleet.world.path(&format!("checkouts/{name}"));
        copy_edited(&example.join("checkouts").join(name), &copy, &elsewhere)?;
        let url = fleet.git.publish(name, &copy)?;
        addresses.push((format!("https://git.example.com/acme/{name}.git"), url));
    }
    addresses.extend(elsewhere);
    let clusters = fleet.git.publish("clusters", &root.join("e2e/tests/fixtures/gitops/clusters"))?;
    copy_edited(&root.join("profiles"), &fleet.world.path("profiles"), &[])?;
    std::fs::create_dir_all(fleet.world.path("templates"))?;
    fleet.world.write("templates/dialects.yaml.tera", DIALECTS)?;
    addresses.extend(profile_edits(fleet, &clusters));
    copy_edited(&example.join("bridge.yaml"), &fleet.world.path("bridge.yaml"), &addresses)
}

/// Another folder, other connections, and a third repository without a folder of its own. The workloads' `basePath` loses
/// its slash.
fn profile_edits(fleet: &Fleet, clusters: &str) -> Vec<(String, String)> {
    let mut edits = vec![
        ("../../profiles/".to_owned(), "profiles/".to_owned()),
        ("context: hub-admin".to_owned(), "context: hub".to_owned()),
        ("basePath: argocd/, path: workloads".to_owned(), "basePath: argocd, path: workloads".to_owned()),
        (
            "\ngitops:\n".to_owned(),
            format!(
                "\napplicationSets: {{ templates: templates }}\ngitops:\n  \
                 clusters: {{ url: \"{clusters}\", basePath: \"\", path: clusters, revision: main }}\n"
            ),
        ),
    ];
    let old = [
        ("dev", "token: { env: SPOKE_DEV_TOKEN }"),
        ("stg", "token: { env: SPOKE_STG_TOKEN }"),
        (
            "prod",
            "awsAuth: { clusterName: spoke-prod, roleArn: \"arn:aws:iam::210987654321:role/spoke-prod-argocd\" }",
        ),
    ];
    for (index, (name, credential)) in old.into_iter().enumerate() {
        let now = fleet.connection(index);
        let lines = format!(
            "token: {{ file: {} }}\n      caData: {}\n      allowLoopback: true",
            now.token_file, now.ca_data
        );
        edits.push((format!("https://{name}.k8s.example.com:6443"), now.server));
        edits.push((credential.to_owned(), lines));
    }
    edits
}

/// Copies a file or a folder of texts, with texts in the place of others.
pub fn copy_edited(from: &Path, to: &Path, edits: &[(String, String)]) -> Result<()> {
    if !from.is_dir() {
        let text = std::fs::read_to_string(from).with_context(|| from.display().to_string())?;
        let edited = edits.iter().fold(text, |text, (old, new)| text.replace(old, new));
        return Ok(std::fs::write(to, edited)?);
    }
    std::fs::create_dir_all(to)?;
    let entries: Vec<PathBuf> =
        std::fs::read_dir(from)?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    entries
        .iter()
        .try_for_each(|path| copy_edited(path, &to.join(path.file_name().unwrap_or_default()), edits))
}

/// Exactly these Applications, no set in error, and what is in the repositories synced.
async fn expect_all(fleet: &Fleet) -> Result<()> {
    expect_sets_fine(&sets(&fleet.world.hub).await?)?;
    let list = fleet.world.get(APPLICATIONS).await?;
    let servers: BTreeMap<&str, &str> = fleet
        .spokes
        .iter()
        .map(|spoke| spoke.apiserver_url())
        .zip(["spoke-dev", "spoke-stg", "spoke-prod"])
        .collect();
    let found: BTreeSet<(String, String, String)> =
        list["items"].as_array().into_iter().flatten().map(|app| facts(app, &servers)).collect();
    let expected: BTreeSet<(String, String, String)> = EXPECTED
        .iter()
        .map(|(name, cluster, what)| ((*name).to_owned(), (*cluster).to_owned(), (*what).to_owned()))
        .collect();
    let (missing, surplus): (Vec<_>, Vec<_>) =
        (expected.difference(&found).collect(), found.difference(&expected).collect());
    ensure!(missing.is_empty() && surplus.is_empty(), "missing: {missing:?}, surplus: {surplus:?}");
    let paths = list["items"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|app| app["spec"]["source"]["path"].is_string());
    for app in paths {
        let (sync, conditions) = (&app["status"]["sync"]["status"], &app["status"]["conditions"]);
        ensure!(
            sync == "Synced" && conditions.is_null(),
            "{}: {sync}: {conditions}",
            app["metadata"]["name"]
        );
    }
    Ok(())
}

/// The name of an Application, its cluster, and what its set chose.
fn facts(app: &Value, servers: &BTreeMap<&str, &str>) -> (String, String, String) {
    let text = |pointer: &str| app.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let cluster = match (text("/spec/destination/name"), text("/spec/destination/server")) {
        ("", "https://kubernetes.default.svc") => "in-cluster",
        ("", server) => servers.get(server).copied().unwrap_or(server),
        (name, _) => name,
    };
    let what = match text("/spec/source/path") {
        // The chart is the second of two sources.
        "" => {
            let parameters = app.pointer("/spec/sources/1/helm/parameters").and_then(Value::as_array);
            let parameters = parameters.into_iter().flatten();
            let parameters = parameters.map(|it| format!(" {}={}", it["name"], it["value"]).replace('"', ""));
            text("/spec/sources/1/targetRevision").to_owned() + &parameters.collect::<String>()
        }
        path => format!("{path} {}", text("/spec/source/targetRevision")),
    };
    (text("/metadata/name").to_owned(), cluster.to_owned(), what)
}
