//! Control planes: real answers, real RBAC, isolation, and nothing left behind.

use crate::{config_map, hub};
use bridge_e2e::cluster::{User, connect};
use bridge_e2e::kubeconfig::{Credential, Kubeconfig};
use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding};
use kube::Api;
use kube::api::{ListParams, PostParams};
use serde_json::json;
use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

fn status(error: &kube::Error) -> u16 {
    match error {
        kube::Error::Api(status) => status.code,
        other => panic!("no answer of the apiserver: {other}"),
    }
}

#[tokio::test]
async fn it_answers_as_the_pinned_version() {
    let hub = hub().await;
    let client = hub.client().await.unwrap();
    let version = client.apiserver_version().await.unwrap();
    assert!(version.git_version.starts_with("v1."), "{version:?}");
    let uid = hub.kube_system_uid();
    assert_eq!(uid.len(), 36, "{uid}");
}

#[tokio::test]
async fn rbac_is_real() {
    let hub = hub().await;
    let admin = connect(hub.access_by_token(User::Admin)).await.unwrap();
    let restricted = connect(hub.access_by_token(User::Restricted)).await.unwrap();
    Api::<Secret>::all(admin.clone()).list(&ListParams::default()).await.unwrap();
    let secrets: Api<Secret> = Api::all(restricted);
    assert_eq!(status(&secrets.list(&ListParams::default()).await.unwrap_err()), 403);

    let role = json!({ "metadata": { "name": "reader" },
        "rules": [{ "apiGroups": [""], "resources": ["secrets"], "verbs": ["list"] }] });
    let role: ClusterRole = serde_json::from_value(role).unwrap();
    Api::all(admin.clone()).create(&PostParams::default(), &role).await.unwrap();
    let binding = json!({ "metadata": { "name": "reader" },
        "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "reader" },
        "subjects": [{ "kind": "User", "name": User::Restricted.name() }] });
    let binding: ClusterRoleBinding = serde_json::from_value(binding).unwrap();
    Api::all(admin).create(&PostParams::default(), &binding).await.unwrap();
    // The authorizer learns of a binding through a watch.
    let deadline = Instant::now() + Duration::from_secs(10);
    while let Err(error) = secrets.list(&ListParams::default()).await {
        assert_eq!(status(&error), 403);
        assert!(Instant::now() < deadline, "the grant never took effect");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn unknown_and_expired_credentials_are_refused() {
    let hub = hub().await;
    let token = Credential::Token("nobody".to_owned());
    let client = connect(hub.access(token)).await.unwrap();
    assert_eq!(status(&client.apiserver_version().await.unwrap_err()), 401);
    let expired = hub.authority().expired_client("kubernetes-admin", Some("system:masters")).unwrap();
    let client = connect(hub.access(Credential::Certificate(expired))).await.unwrap();
    assert_eq!(status(&client.apiserver_version().await.unwrap_err()), 401);
}

#[tokio::test]
async fn kubeconfigs_are_private_and_name_their_contexts() {
    let hub = hub().await;
    let both = Kubeconfig::new()
        .context("hub-admin", hub.access_by_certificate().unwrap())
        .context("hub-token", hub.access_by_token(User::Admin));
    let path = hub.write_kubeconfig(&both).unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let read = kube::config::Kubeconfig::read_from(&path).unwrap();
    assert_eq!(read.current_context.as_deref(), Some("hub-admin"));
    for context in ["hub-admin", "hub-token"] {
        let options =
            kube::config::KubeConfigOptions { context: Some(context.to_owned()), ..Default::default() };
        let config = kube::Config::from_custom_kubeconfig(read.clone(), &options).await.unwrap();
        let client = kube::Client::try_from(config).unwrap();
        client.apiserver_version().await.unwrap();
    }
    assert_ne!(path, hub.kubeconfig_cert("hub").unwrap());
    assert!(hub.kubeconfig_token("hub", User::Restricted).unwrap().is_file());
}

#[tokio::test]
async fn siblings_share_nothing_but_etcd() {
    let hub = hub().await;
    let spoke = hub.sibling().await.unwrap();
    assert_ne!(hub.kube_system_uid(), spoke.kube_system_uid());
    assert_ne!(hub.ca_pem(), spoke.ca_pem());
    let on_hub: Api<ConfigMap> = Api::namespaced(hub.client().await.unwrap(), "default");
    on_hub.create(&PostParams::default(), &config_map("only-on-the-hub")).await.unwrap();
    let on_spoke: Api<ConfigMap> = Api::namespaced(spoke.client().await.unwrap(), "default");
    assert_eq!(on_spoke.get_opt("only-on-the-hub").await.unwrap(), None);
    let foreign = connect(spoke.access(Credential::Token(hub.token(User::Admin).to_owned()))).await.unwrap();
    assert_eq!(status(&foreign.apiserver_version().await.unwrap_err()), 401);
    let folder = spoke.folder().to_owned();
    drop(spoke);
    assert!(!folder.exists(), "a control plane that was dropped leaves no folder");
}

/// Makes this test fail in a process of its own.
const ON_PURPOSE: &str = "HARNESS_FAILS_ON_PURPOSE";

#[tokio::test]
async fn a_failing_test_keeps_the_logs() {
    assert!(std::env::var_os(ON_PURPOSE).is_none(), "on purpose, beside {}", hub().await.apiserver_url());
    let temporary = tempfile::tempdir().unwrap();
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "cluster::a_failing_test_keeps_the_logs"])
        .env("TMPDIR", temporary.path())
        .env(ON_PURPOSE, "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(!output.status.success() && said.contains("logs kept in "), "{said}");
    let entries = std::fs::read_dir(temporary.path()).unwrap().flatten();
    let logs = entries.filter(|entry| entry.path().join("kube-apiserver.log").is_file()).count();
    assert_eq!(logs, 1, "{said}");
}

/// `controlplane run` is killed with SIGKILL: its servers and folders go all the same.
#[test]
fn a_killed_process_leaves_nothing_behind() {
    let temporary = tempfile::tempdir().unwrap();
    let mut process = Command::new(env!("CARGO_BIN_EXE_controlplane"))
        .args(["run", "doomed"])
        .env("TMPDIR", temporary.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut kubeconfig = String::new();
    BufReader::new(process.stdout.take().unwrap()).read_line(&mut kubeconfig).unwrap();
    let read = kube::config::Kubeconfig::read_from(kubeconfig.trim()).unwrap();
    let server = read.clusters[0].cluster.as_ref().unwrap().server.clone().unwrap();
    let address = server.strip_prefix("https://").unwrap().to_owned();
    TcpStream::connect(&address).unwrap();
    process.kill().unwrap();
    process.wait().unwrap();

    let deadline = Instant::now() + Duration::from_secs(20);
    let gone =
        || TcpStream::connect(&address).is_err() && std::fs::read_dir(temporary.path()).unwrap().count() == 0;
    while !gone() {
        assert!(Instant::now() < deadline, "{address} or its folder outlived the process that started it");
        std::thread::sleep(Duration::from_millis(20));
    }
}
