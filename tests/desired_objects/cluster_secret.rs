//! Cluster Secrets: what the ecosystem's ApplicationSets rely on.
//!
//! The comparison with the GitOps Bridge module is by what its `locals` compute: labels and annotations are its map plus
//! ours; `config` is equal in meaning.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bridge::desired::cluster_config;
use bridge::desired::object::Object;
use bridge::desired::render::to_yaml;
use bridge::desired::secrets::Secrets;
use bridge::profile::model::{
    Auth, ClusterInfo, Connection, ExecProvider, GitSource, Profile, Role, SecretSource, Text, Tls,
};
use bridge::profile::sensitive::Sensitive;
use serde_json::{Value, json};

use crate::support::{
    at, built, checked, cluster, find, git, profile, reference, remote, spoke, with_gitops,
};

fn secret(profile: &Profile, name: &str) -> Object {
    find(&built(profile, None).unwrap(), &format!("Secret/argocd/{name}")).clone()
}

fn data(object: &Object, key: &str) -> Option<String> {
    let encoded = object.body()["data"].get(key)?.as_str()?;
    Some(String::from_utf8(STANDARD.decode(encoded).unwrap()).unwrap())
}

fn map(object: &Object, field: &str) -> Value {
    object.body()["metadata"][field].clone()
}

/// What the module writes for `cluster = {}` apart from its `environment = dev` and `enable_argocd`, which bridge
/// leaves to the profile; beside it stand the hub's role and the ApplySet.
#[test]
fn the_least_cluster_is_the_modules_in_cluster_secret() {
    let mut profile = profile();
    profile.hub = cluster("in-cluster", Role::Hub, Connection::InCluster);
    let object = secret(&profile, "in-cluster");
    let part_of = bridge::desired::ownership::inventory_id("argocd");
    assert_eq!(
        map(&object, "labels"),
        json!({
            "argocd.argoproj.io/secret-type": "cluster", "cluster_name": "in-cluster", "type": "hub",
            "bridge.gitops/role": "hub", "applyset.kubernetes.io/part-of": part_of,
        })
    );
    assert_eq!(map(&object, "annotations"), json!({ "cluster_name": "in-cluster" }));
    assert_eq!(object.body()["type"], "Opaque");
    assert_eq!(data(&object, "name").as_deref(), Some("in-cluster"));
    assert_eq!(data(&object, "server").as_deref(), Some("https://kubernetes.default.svc"));
    assert_eq!(data(&object, "config").as_deref(), Some(r#"{"tlsClientConfig":{"insecure":false}}"#));
    let module: Value =
        serde_json::from_str("{\n  \"tlsClientConfig\": {\n    \"insecure\": false\n  }\n}\n").unwrap();
    assert_eq!(serde_json::from_str::<Value>(&data(&object, "config").unwrap()).unwrap(), module);
    assert_eq!(object.body()["data"].as_object().unwrap().len(), 3);
    assert!(object.body().get("stringData").is_none());
}

#[test]
fn name_and_environment_are_label_and_annotation() {
    let mut profile = profile();
    profile.hub.env = Some(checked("prod"));
    let object = secret(&profile, "hub");
    let (labels, annotations) = (map(&object, "labels"), map(&object, "annotations"));
    assert_eq!((&labels["environment"], &labels["env"]), (&json!("prod"), &json!("prod")));
    assert_eq!(annotations, json!({ "cluster_name": "hub", "environment": "prod" }));
}

#[test]
fn toggles_teams_and_metadata_follow_the_contract() {
    let mut profile = with_gitops(profile());
    let hub = &mut profile.hub;
    hub.addons = [(checked("cert_manager"), true), (checked("argocd"), false)].into();
    hub.teams = vec![checked("team-a")];
    hub.labels = [(checked("tier"), checked("gold"))].into();
    hub.metadata = [(checked("aws_vpc_id"), "vpc-1".to_owned())].into();
    hub.region = Some(checked("eu-west-1"));
    hub.cloud = Some(checked("aws"));
    hub.kubernetes_version = Some(checked("1.33"));
    let object = secret(&profile, "hub");
    let (labels, annotations) = (map(&object, "labels"), map(&object, "annotations"));
    for (key, value) in [
        ("enable_cert_manager", "true"),
        ("enable_argocd", "false"),
        ("team-a", "true"),
        ("tier", "gold"),
        ("region", "eu-west-1"),
        ("cloud", "aws"),
        ("kubernetes_version", "1.33"),
    ] {
        assert_eq!(labels[key], value, "{key}");
    }
    for (key, value) in [
        ("aws_vpc_id", "vpc-1"),
        ("addons_repo_url", "https://git.example.com/acme/addons.git"),
        ("addons_repo_basepath", "argocd/"),
        ("addons_repo_path", "addons"),
        ("addons_repo_revision", "main"),
        ("workloads_repo_url", "https://git.example.com/acme/workloads.git"),
        ("workload_repo_url", "https://git.example.com/acme/workloads.git"),
        ("workload_repo_basepath", "argocd/"),
        ("clusters_repo_basepath", "./"),
    ] {
        assert_eq!(annotations[key], value, "{key}");
    }
    assert!(annotations.get("addons_extras_repo_url").is_none());
}

#[test]
fn one_clusters_own_revision_reaches_both_dialects() {
    let mut profile = with_gitops(profile());
    profile.gitops.addons_extras = Some(GitSource { path: String::new(), ..git("extras") });
    profile.hub.metadata = [(checked("workload_repo_revision"), "next".to_owned())].into();
    let annotations = map(&secret(&profile, "hub"), "annotations");
    assert_eq!(annotations["workloads_repo_revision"], "next");
    assert_eq!(annotations["workload_repo_revision"], "next");
    assert_eq!(annotations["addons_extras_repo_url"], "https://git.example.com/acme/extras.git");
}

#[test]
fn restrictions_are_written_when_set() {
    let mut profile = profile();
    let mut dev = spoke("dev");
    dev.namespaces = vec![checked("a"), checked("b")];
    dev.cluster_resources = Some(true);
    dev.project = Some(checked("team-a"));
    dev.shard = Some(1);
    profile.spokes = vec![dev];
    let object = secret(&profile, "dev");
    let values = ["namespaces", "clusterResources", "project", "shard", "name", "server"]
        .map(|key| data(&object, key).unwrap());
    assert_eq!(values, ["a,b", "true", "team-a", "1", "dev", "https://dev.example.com"]);
    let public: Vec<&str> = object.public_data().iter().map(String::as_str).collect();
    assert_eq!(public, ["clusterResources", "name", "namespaces", "project", "server", "shard"]);
}

fn resolved(values: &[(&str, &str)]) -> Secrets {
    let entry =
        |(name, value): &(&str, &str)| (SecretSource::Env((*name).to_owned()), Sensitive::new(*value));
    Secrets::Resolved(values.iter().map(entry).collect())
}

fn config(tls: Tls, auth: Auth) -> String {
    let secrets =
        resolved(&[("TOKEN", "to<k>en&\"\u{2028}\u{8}\u{1}"), ("KEY", "pem\n"), ("PASSWORD", "pw")]);
    cluster_config::json(&remote("https://x", tls, auth), &secrets).expose().to_owned()
}

/// Each expected text is what Go's `json.Marshal` of Argo CD's `ClusterConfig` gives.
#[test]
fn config_has_the_bytes_of_go() {
    let ca = || Tls::Ca { data: "Y2E=\n".to_owned(), server_name: Some("api".to_owned()) };
    let roots = || Tls::SystemRoots { server_name: None };
    assert_eq!(
        config(roots(), Auth::Token(reference("TOKEN"))),
        r#"{"bearerToken":"to\u003ck\u003een\u0026\"\u2028\b\u0001","tlsClientConfig":{"insecure":false}}"#
    );
    let basic = Auth::Basic { username: Text::Plain("me".to_owned()), password: reference("PASSWORD") };
    assert_eq!(
        config(Tls::Insecure { server_name: None }, basic),
        r#"{"username":"me","password":"pw","tlsClientConfig":{"insecure":true}}"#
    );
    let certificate = Auth::ClientCertificate { certificate: "Y2VydA".to_owned(), key: reference("KEY") };
    assert_eq!(
        config(ca(), certificate),
        r#"{"tlsClientConfig":{"insecure":false,"serverName":"api","certData":"Y2VydA==","keyData":"cGVtCg==","caData":"Y2E="}}"#
    );
    let aws = Auth::Aws {
        cluster_name: "eks".to_owned(),
        role_arn: Some("arn:aws:iam::1:role/r".to_owned()),
        profile: None,
    };
    assert_eq!(
        config(ca(), aws),
        r#"{"tlsClientConfig":{"insecure":false,"serverName":"api","caData":"Y2E="},"awsAuthConfig":{"clusterName":"eks","roleARN":"arn:aws:iam::1:role/r"}}"#
    );
    let exec = exec(&[("B", "2"), ("A", "1")], ClusterInfo::Withheld);
    assert_eq!(
        config(roots(), exec),
        r#"{"tlsClientConfig":{"insecure":false},"execProviderConfig":{"command":"argocd-k8s-auth","args":["azure"],"env":{"A":"1","B":"2"},"apiVersion":"client.authentication.k8s.io/v1beta1"}}"#
    );
}

fn exec(env: &[(&str, &str)], cluster_info: ClusterInfo) -> Auth {
    let plain = |(name, value): &(&str, &str)| ((*name).to_owned(), Text::Plain((*value).to_owned()));
    Auth::Exec(Box::new(ExecProvider {
        command: "argocd-k8s-auth".to_owned(),
        args: vec!["azure".to_owned()],
        env: env.iter().map(plain).collect(),
        api_version: "client.authentication.k8s.io/v1beta1".to_owned(),
        install_hint: None,
        cluster_info,
    }))
}

#[test]
fn a_command_may_be_told_of_the_cluster_and_read_a_secret() {
    let told = serde_json::json!({ "z": 1, "a": "<b>" });
    let mut auth = exec(&[], ClusterInfo::Provided { config: Some(told) });
    if let Auth::Exec(exec) = &mut auth {
        exec.env = [("SECRET".to_owned(), Text::Reference(reference("PASSWORD")))].into();
    }
    let tls = Tls::Insecure { server_name: Some("api".to_owned()) };
    assert_eq!(
        config(tls, auth),
        r#"{"tlsClientConfig":{"insecure":true,"serverName":"api"},"execProviderConfig":{"command":"argocd-k8s-auth","args":["azure"],"env":{"SECRET":"pw"},"apiVersion":"client.authentication.k8s.io/v1beta1","provideClusterInfo":true,"config":{"z":1,"a":"\u003cb\u003e"}}}"#
    );
}

#[test]
fn only_a_config_without_credentials_may_be_shown() {
    let roots = || Tls::SystemRoots { server_name: None };
    let aws = Auth::Aws { cluster_name: "eks".to_owned(), role_arn: None, profile: None };
    assert!(cluster_config::is_public(&Connection::InCluster));
    assert!(cluster_config::is_public(&remote("https://x", roots(), aws.clone())));
    assert!(!cluster_config::is_public(&remote("https://x", roots(), Auth::Token(reference("T")))));
    let plain = exec(&[], ClusterInfo::Withheld);
    assert!(cluster_config::is_public(&remote("https://x", roots(), plain)));
    for hidden in
        [exec(&[("A", "1")], ClusterInfo::Withheld), exec(&[], ClusterInfo::Provided { config: None })]
    {
        assert!(!cluster_config::is_public(&remote("https://x", roots(), hidden)));
    }
    let Connection::Remote(mut proxied) = remote("https://x", roots(), aws) else { panic!() };
    proxied.proxy_url = Some("http://user:pw@proxy".to_owned());
    assert!(!cluster_config::is_public(&Connection::Remote(proxied)));
}

#[test]
fn rendering_masks_what_is_not_public() {
    let mut profile = profile();
    profile.spokes = vec![spoke("dev")];
    let secrets = resolved(&[("TOKEN", "s3cret")]);
    let inputs = |secrets| bridge::desired::assemble::Inputs {
        profile: &profile,
        manifest: None,
        templates: &[],
        secrets,
    };
    let desired = bridge::desired::assemble::assemble(inputs(&secrets)).unwrap();
    let masked = to_yaml(&desired, false);
    let encoded = STANDARD.encode(r#"{"bearerToken":"s3cret","tlsClientConfig":{"insecure":false}}"#);
    assert!(masked.contains("config: (sensitive)") && !masked.contains(&encoded), "{masked}");
    assert!(to_yaml(&desired, true).contains(&encoded));
    assert!(masked.contains(&STANDARD.encode("https://dev.example.com")));
}

#[test]
fn names_of_argo_cds_own_secrets_are_refused_and_duplicates_found() {
    let mut profile = profile();
    profile.spokes = vec![spoke("argocd-redis")];
    let findings = built(&profile, None).unwrap_err();
    assert_eq!(findings[0].code.to_string(), "BRG1408");
    assert_eq!(findings[0].location, Some(at()));

    profile.spokes = vec![spoke("dev"), spoke("dev")];
    let findings = built(&profile, None).unwrap_err();
    assert_eq!(findings[0].message, "Secret/argocd/dev is declared by cluster `dev` and by cluster `dev`");
}
