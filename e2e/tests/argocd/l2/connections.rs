//! Every way to connect that a profile has, read back through Argo CD: `argocd admin cluster kubeconfig` writes down what its
//! controllers would connect with (`RawRestConfig`), and its API what else it knows of a cluster.

use anyhow::{Context, Result, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bridge_e2e::argocd::Part;
use serde_json::{Value, json};

use super::fleet::Fleet;
use crate::support::World;

/// A spoke: its name, its connection without the server, and the cluster and the user that Argo CD has to make of it.
type Case = (&'static str, String, Value, Value);

const V1BETA1: &str = "client.authentication.k8s.io/v1beta1";
const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";

fn cases(ca: &str) -> Vec<Case> {
    [credentials(ca), commands(ca)].concat()
}

/// What the profile refers to as a secret.
fn credentials(ca: &str) -> Vec<Case> {
    let certificate = STANDARD.encode(CERTIFICATE);
    vec![
        (
            "token",
            format!("caData: {ca}, serverName: api, token: {{ file: s3cret }}"),
            json!({ "certificate-authority-data": ca, "tls-server-name": "api" }),
            json!({ "token": "planted-s3cret" }),
        ),
        ("roots", "token: { file: s3cret }".to_owned(), json!({}), json!({ "token": "planted-s3cret" })),
        (
            "basic",
            "insecure: true, serverName: sni, basic: { username: me, password: { file: s3cret } }".to_owned(),
            json!({ "insecure-skip-tls-verify": true, "tls-server-name": "sni" }),
            json!({ "username": "me", "password": "planted-s3cret" }),
        ),
        (
            "certificate",
            format!(
                "caData: {ca}, clientCertificate: {{ certData: {certificate}, keyData: {{ file: s3cret }} }}"
            ),
            json!({ "certificate-authority-data": ca }),
            json!({ "client-certificate-data": certificate, "client-key-data": STANDARD.encode("planted-s3cret") }),
        ),
    ]
}

/// Commands in Argo CD's image.
fn commands(ca: &str) -> Vec<Case> {
    let aws = |args: &[&str]| json!({ "exec": exec(V1BETA1, "argocd-k8s-auth", args, &json!(null)) });
    let azure = json!([
        { "name": "AAD_LOGIN_METHOD", "value": "spn" },
        { "name": "AAD_SERVICE_PRINCIPAL_CLIENT_SECRET", "value": "azure-s3cret" },
    ]);
    let mut told = exec("client.authentication.k8s.io/v1", "cp-creds", &[], &json!(null));
    told["provideClusterInfo"] = json!(true);
    told["installHint"] = json!("ask the platform team");
    let extension =
        json!([{ "name": "client.authentication.k8s.io/exec", "extension": { "clusterName": "east" } }]);
    vec![
        (
            "eks-irsa",
            format!("caData: {ca}, awsAuth: {{ clusterName: eks, roleArn: \"arn:aws:iam::1:role/r\", profile: p }}"),
            json!({ "certificate-authority-data": ca }),
            aws(&["aws", "--cluster-name", "eks", "--role-arn", "arn:aws:iam::1:role/r", "--profile", "p"]),
        ),
        (
            "eks-pod-identity",
            format!("caData: {ca}, awsAuth: {{ clusterName: eks }}"),
            json!({ "certificate-authority-data": ca }),
            aws(&["aws", "--cluster-name", "eks"]),
        ),
        (
            "gke",
            format!("caData: {ca}, exec: {{ command: argocd-k8s-auth, args: [gcp] }}"),
            json!({ "certificate-authority-data": ca }),
            aws(&["gcp"]),
        ),
        (
            "aks",
            format!(
                "caData: {ca}, exec: {{ command: argocd-k8s-auth, args: [azure], env: {{ AAD_LOGIN_METHOD: spn, \
                 AAD_SERVICE_PRINCIPAL_CLIENT_SECRET: {{ file: azure }} }} }}"
            ),
            json!({ "certificate-authority-data": ca }),
            json!({ "exec": exec(V1BETA1, "argocd-k8s-auth", &["azure"], &azure) }),
        ),
        (
            "told",
            "proxyUrl: \"socks5://proxy.example.com:1080\", disableCompression: true, exec: { command: cp-creds, \
             apiVersion: client.authentication.k8s.io/v1, installHint: ask the platform team, \
             provideClusterInfo: true, config: { clusterName: east } }"
                .to_owned(),
            json!({ "proxy-url": "socks5://proxy.example.com:1080", "extensions": extension }),
            json!({ "exec": told }),
        ),
    ]
}

fn exec(version: &str, command: &str, args: &[&str], env: &Value) -> Value {
    let mut exec = json!({ "apiVersion": version, "command": command, "interactiveMode": "Never" });
    if !args.is_empty() {
        exec["args"] = json!(args);
    }
    if !env.is_null() {
        exec["env"] = env.clone();
    }
    exec
}

fn server(name: &str) -> String {
    format!("https://{name}.invalid")
}

#[tokio::test]
async fn argo_cd_reads_every_connection_as_the_profile_means_it() -> Result<()> {
    Fleet::with(0, reads_every_connection).await
}

async fn reads_every_connection(fleet: &mut Fleet) -> Result<()> {
    let ca = STANDARD.encode(fleet.world.hub.ca_pem());
    let cases = cases(&ca);
    declare(&fleet.world, &cases)?;
    fleet.world.expect(0, &["apply", "--auto-approve", "--no-wait"])?;
    fleet.start_argocd_parts(&[Part::Server]).await?;
    for (name, _, cluster, user) in &cases {
        let made = fleet.argocd()?.kubeconfig_of(&fleet.world.hub, "argocd", &server(name)).await?;
        let made = serde_json::to_value(made)?;
        let mut cluster = cluster.clone();
        cluster["server"] = json!(server(name));
        let (found_cluster, found_user) =
            (bare(&made["clusters"][0]["cluster"]), bare(&made["users"][0]["user"]));
        ensure!(found_cluster == bare(&cluster), "{name}: {found_cluster:#} and not {cluster:#}");
        ensure!(found_user == bare(user), "{name}: {found_user:#} and not {user:#}");
    }
    restrictions_are_known(fleet).await?;
    fleet.world.expect_no_changes()
}

fn declare(world: &World, cases: &[Case]) -> Result<()> {
    world.write("s3cret", "planted-s3cret\n")?;
    world.write("azure", "azure-s3cret\n")?;
    let mut text = "apiVersion: bridge.gitops/v1alpha1\nkind: Profile\nmetadata: { name: fleet }\nargocd: { version: v3.5.3 }\n\
        clusters:\n  - { name: hub, role: hub, connection: { context: hub } }\n"
        .to_owned();
    for (name, connection, ..) in cases {
        let server = server(name);
        text += &format!("  - name: {name}\n    connection: {{ server: \"{server}\", {connection} }}\n");
    }
    text +=
        "    namespaces: [team-a, team-b]\n    clusterResources: true\n    project: default\n    shard: 2\n";
    world.write("bridge.yaml", &text)
}

/// The last of the spokes has all of them.
async fn restrictions_are_known(fleet: &Fleet) -> Result<()> {
    let url = format!("{}/api/v1/clusters", fleet.argocd()?.url());
    let client = reqwest::Client::builder().no_proxy().build()?;
    let answer = client.get(&url).send().await?.error_for_status()?.text().await?;
    let clusters: Value = serde_json::from_str(&answer)?;
    let clusters = clusters["items"].as_array().context("no clusters")?;
    let of = |server: &str| clusters.iter().find(|cluster| cluster["server"] == server);
    let told = of(&server("told")).with_context(|| answer.clone())?;
    let found = ["name", "namespaces", "clusterResources", "project", "shard"].map(|key| told[key].clone());
    let expected = [json!("told"), json!(["team-a", "team-b"]), json!(true), json!("default"), json!(2)];
    ensure!(found == expected, "{told:#}");
    let hub = of("https://kubernetes.default.svc").context("no hub")?;
    ensure!(hub["name"] == "hub" && !answer.contains("planted-s3cret"), "{hub:#}");
    Ok(())
}

/// Without what is not set, and with the variables of commands in the order of their names: Argo CD has them in a map.
fn bare(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let set = map.iter().filter(|(_, value)| !matches!(value, Value::Null | Value::Bool(false)));
            Value::Object(set.map(|(key, value)| (key.clone(), bare(value))).collect())
        }
        Value::Array(items) => {
            let mut items: Vec<Value> = items.iter().map(bare).collect();
            if items.iter().all(|item| item["name"].is_string()) {
                items.sort_by_key(|item| item["name"].to_string());
            }
            Value::Array(items)
        }
        scalar => scalar.clone(),
    }
}
