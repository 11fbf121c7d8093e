//! Profiles that are accepted: what the model holds, and that the schema accepts them too.
#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test reads fixtures, and fails by panicking"
)]

use std::path::{Path, PathBuf};

use bridge::profile::finding::Severity;
use bridge::profile::model::{
    Auth, Connection, ContextAuth, Credentials, Flavor, Install, ManifestSource, Protocol, Remote,
    SecretSource, Tls, TokenLifetime,
};
use bridge::profile::sensitive::Sensitive;
use bridge::profile::{Loaded, VariableValue, VariableValues, load, schema};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> std::io::Result<Vec<u8>> {
    std::fs::read(root().join(path))
}

fn load_fixture(name: &str) -> Loaded {
    load(&format!("tests/fixtures/valid/{name}"), &VariableValues::default(), &read)
}

/// Loads a text as `bridge.yaml`, with other files beside it.
fn load_text(text: &str, files: &[(&str, &str)], variables: &VariableValues) -> Loaded {
    let read = |path: &str| {
        let found = files.iter().find(|(name, _)| *name == path).map(|(_, text)| text.as_bytes().to_vec());
        let own = (path == "bridge.yaml").then(|| text.as_bytes().to_vec());
        own.or(found).ok_or_else(|| std::io::Error::from(std::io::ErrorKind::NotFound))
    };
    load("bridge.yaml", variables, &read)
}

const MINIMAL: &str = "apiVersion: bridge.gitops/v1alpha1\nkind: Profile\nmetadata: { name: acme }\n\
    clusters:\n  - { name: hub, role: hub }\n";

fn remote(loaded: &Loaded, name: &str) -> Remote {
    let profile = loaded.profile.as_ref().unwrap();
    let cluster = profile.clusters().find(|cluster| cluster.name.as_str() == name).unwrap();
    match &cluster.connection {
        Connection::Remote(remote) => (**remote).clone(),
        Connection::InCluster | Connection::Context(_) => panic!("{name} is no remote"),
    }
}

#[test]
fn the_smallest_profile_has_defaults() {
    let loaded = load_fixture("minimal.yaml");
    assert_eq!(loaded.findings, []);
    let profile = loaded.profile.unwrap();
    assert_eq!(profile.argocd.namespace.as_str(), "argocd");
    assert_eq!(profile.hub.kind.as_str(), "hub");
    assert!(profile.application_sets.preserve_resources_on_deletion);
    let Install::Manifests(manifests) = profile.argocd.install else { panic!("bridge installs by default") };
    assert_eq!((manifests.version.as_str(), manifests.flavor), ("v3.5.3", Flavor::Standard));
    assert_eq!(manifests.source, ManifestSource::Official);
}

#[test]
fn every_key_is_read() {
    let loaded = load_fixture("full.yaml");
    assert_eq!(loaded.findings, []);
    let profile = loaded.profile.as_ref().unwrap();
    assert_eq!(profile.hub_context.as_deref(), Some("hub-admin"));
    assert_eq!(profile.hub.kubernetes_version.as_ref().unwrap().as_str(), "1.30");
    let metadata: Vec<(&str, &str)> =
        profile.hub.metadata.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    let expected = [("aws_vpc_id", "vpc-1"), ("enabled", "yes"), ("note", "${kept}"), ("replicas", "3")];
    assert_eq!(metadata, expected);
    let token = &profile.spokes[1];
    assert_eq!((token.name.as_str(), token.shard, token.cluster_resources), ("token", Some(2), Some(true)));
    assert!(!token.labels.keys().any(|key| key.as_str() == "cluster_name"), "bridge writes it itself");
    assert_eq!(profile.projects[0].spec["syncWindows"][0]["duration"], "8h");
    assert_eq!(profile.repositories.len(), 6);
}

#[test]
fn an_overlay_merges_by_name_and_keeps_the_rest_of_the_base() {
    let loaded = load_fixture("full.yaml");
    let profile = loaded.profile.as_ref().unwrap();
    let merged = &profile.spokes[0];
    let labels: Vec<String> = merged.labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
    assert_eq!(labels, ["tier=bronze", "zone=a"]);
    assert_eq!(merged.teams[0].as_str(), "team-a");
    let Install::Manifests(manifests) = &profile.argocd.install else { panic!("bridge installs") };
    assert_eq!((manifests.version.as_str(), manifests.flavor), ("v3.5.3", Flavor::Ha));
}

#[test]
fn paths_are_relative_to_the_file_that_says_them() {
    let loaded = load_fixture("full.yaml");
    let profile = loaded.profile.as_ref().unwrap();
    let Install::Manifests(manifests) = &profile.argocd.install else { panic!("bridge installs") };
    let ManifestSource::Path { path, .. } = &manifests.source else { panic!("a path") };
    assert_eq!(path, Path::new("tests/fixtures/argocd/install.yaml"));
    let Auth::Token(token) = remote(&loaded, "merged").auth else { panic!("a token") };
    assert_eq!(token.source, SecretSource::File("tests/fixtures/valid/token".into()));
    assert!(matches!(&profile.repositories[0].credentials, Credentials::Basic { password, .. }
        if password.source == SecretSource::File("/run/secrets/git-token".into())));
}

#[test]
fn servers_lose_their_slash_and_base_paths_gain_one() {
    let loaded = load_fixture("full.yaml");
    assert_eq!(remote(&loaded, "token").server, "https://token.example.com:6443");
    assert!(matches!(remote(&loaded, "certificate").tls, Tls::Insecure { .. }));
    let gitops = &loaded.profile.as_ref().unwrap().gitops;
    let paths = |source: &Option<bridge::profile::model::GitSource>| {
        let source = source.as_ref().unwrap();
        (source.base_path.clone(), source.path.clone(), source.revision.clone())
    };
    let text = |parts: (&str, &str, &str)| (parts.0.to_owned(), parts.1.to_owned(), parts.2.to_owned());
    assert_eq!(paths(&gitops.addons), text(("argocd/", "appsets", "main")));
    assert_eq!(paths(&gitops.workloads), text(("argocd/", "workloads", "HEAD")));
    assert_eq!(paths(&gitops.clusters), text(("./", "clusters", "1.30")));
    assert_eq!(paths(&gitops.addons_extras), text(("./", "", "HEAD")));
}

/// However a path is written, both dialects join it to the same relative path.
#[test]
fn base_paths_and_paths_join_in_both_dialects() {
    for (written, base_path, path) in [
        ("path: appsets", "./", "appsets"),
        ("basePath: '', path: appsets", "./", "appsets"),
        ("basePath: ./, path: ./appsets/", "./", "appsets"),
        ("basePath: ., path: appsets", "./", "appsets"),
        ("basePath: argocd, path: appsets", "argocd/", "appsets"),
        ("basePath: argocd/, path: appsets", "argocd/", "appsets"),
        ("basePath: ./argocd//, path: a//b/", "argocd/", "a/b"),
        ("basePath: argocd", "argocd/", ""),
        ("revision: main", "./", ""),
    ] {
        let text = format!("{MINIMAL}gitops: {{ addons: {{ url: https://h/a.git, {written} }} }}\n");
        let read = |_: &str| Ok(text.as_bytes().to_vec());
        let loaded = load("bridge.yaml", &VariableValues::default(), &read);
        let source = loaded.profile.unwrap().gitops.addons.unwrap();
        assert_eq!((source.base_path.as_str(), source.path.as_str()), (base_path, path), "{written}");
        let folders = bridge::checkout::repository::folders(&source);
        assert_eq!(folders.len(), 1, "{written}: {folders:?}");
    }
}

#[test]
fn the_command_line_wins_over_files_and_files_over_the_environment() {
    let text = format!(
        "{MINIMAL}    metadata: {{}}\nvariables: {{ a: {{ default: d }}, b: {{ default: d }}, c: {{ default: d }}, e: {{ default: d }} }}\n"
    )
    .replace("  - { name: hub, role: hub }\n    metadata: {}", "  - name: hub\n    role: hub\n    metadata: { v: \"${var.a}${var.b}${var.c}${var.e}\" }");
    let variables = VariableValues {
        environment: ["a", "b", "c"].map(|name| (name.to_owned(), "1".to_owned())).into(),
        files: vec!["values.yaml".to_owned(), "outputs.json".to_owned()],
        command_line: vec![("a".to_owned(), "9".to_owned()), ("a".to_owned(), "3".to_owned())],
    };
    let outputs = r#"{"b": {"sensitive": false, "type": "string", "value": "2"}, "others": {"sensitive": false, "value": [1]}}"#;
    let loaded = load_text(&text, &[("values.yaml", "a: 2\nb: 8\n"), ("outputs.json", outputs)], &variables);
    assert_eq!(loaded.findings, []);
    let metadata = &loaded.profile.unwrap().hub.metadata;
    assert_eq!(metadata.values().collect::<Vec<_>>(), ["321d"]);
    assert_eq!(loaded.variables["b"], VariableValue::Plain("2".to_owned()));
}

#[test]
fn a_sensitive_variable_reaches_a_credential_and_stays_wrapped() {
    let text = format!(
        "{MINIMAL}variables: {{ t: {{ sensitive: true }}, u: }}\nrepositories:\n  - name: r\n    url: https://h/r.git\n    \
         credentials: {{ username: \"${{var.u}}\", password: {{ value: \"${{var.t}}\" }} }}\n"
    );
    let outputs = r#"{"u": {"sensitive": true, "value": "user"}}"#;
    let variables = VariableValues {
        environment: [("t".to_owned(), "hunter2".to_owned())].into(),
        files: vec!["o.json".to_owned()],
        command_line: Vec::new(),
    };
    let loaded = load_text(&text, &[("o.json", outputs)], &variables);
    assert_eq!(loaded.findings, []);
    assert!(!format!("{loaded:?}").contains("hunter2"));
    let Credentials::Basic { password, .. } = &loaded.profile.unwrap().repositories[0].credentials else {
        panic!("a password")
    };
    assert_eq!(password.source, SecretSource::Literal(Sensitive::new("hunter2")));
    assert!(matches!(loaded.variables["u"], VariableValue::Sensitive(_)));
}

#[test]
fn anchors_merge_keys_marks_and_windows_line_ends_are_read() {
    let text = "\u{feff}apiVersion: bridge.gitops/v1alpha1\r\nkind: Profile\r\nmetadata: { name: acme }\r\nclusters:\r\n  \
        - &hub { name: hub, role: hub, env: prod }\r\n  - { <<: *hub, name: spoke, role: spoke, \
        connection: { server: https://s.example.com, awsAuth: { clusterName: s } } }\r\n";
    let loaded = load_text(text, &[], &VariableValues::default());
    assert_eq!(loaded.findings, []);
    assert_eq!(loaded.profile.unwrap().spokes[0].env.as_ref().unwrap().as_str(), "prod");
}

#[test]
fn a_base_may_be_reached_by_two_ways() {
    let text = format!("{MINIMAL}extends: [left.yaml, right.yaml]\n");
    let header = "apiVersion: bridge.gitops/v1alpha1\nkind: ProfileBase\n";
    let left = format!("{header}extends: [bottom.yaml]\nargocd: {{ flavor: ha }}\n");
    let right = format!("{header}extends: [bottom.yaml]\n");
    let bottom = format!("{header}argocd: {{ flavor: core, namespace: gitops }}\n");
    let files =
        [("left.yaml", left.as_str()), ("right.yaml", right.as_str()), ("bottom.yaml", bottom.as_str())];
    let loaded = load_text(&text, &files, &VariableValues::default());
    assert_eq!(loaded.findings, []);
    assert_eq!(loaded.sources.len(), 4);
    let argocd = loaded.profile.unwrap().argocd;
    assert_eq!(argocd.namespace.as_str(), "gitops");
    let Install::Manifests(manifests) = argocd.install else { panic!("bridge installs") };
    assert_eq!(manifests.flavor, Flavor::Core, "the later base wins, with all that it extends");
}

#[test]
fn a_secret_reference_is_replaced_whole_and_null_takes_away() {
    let header = "apiVersion: bridge.gitops/v1alpha1\nkind: ProfileBase\n";
    let base = format!(
        "{header}repositories:\n  - {{ name: r, url: https://h/r.git, proxy: http://p:1, credentials: {{ username: u, password: {{ env: A }} }} }}\n"
    );
    let text = format!(
        "{MINIMAL}extends: [base.yaml]\nrepositories:\n  - {{ name: r, proxy: null, credentials: {{ password: {{ file: b }} }} }}\n"
    );
    let loaded = load_text(&text, &[("base.yaml", &base)], &VariableValues::default());
    assert_eq!(loaded.findings, []);
    let repository = &loaded.profile.unwrap().repositories[0];
    assert_eq!(repository.proxy, None);
    assert!(matches!(&repository.credentials, Credentials::Basic { password, .. }
        if password.source == SecretSource::File("b".into())));
}

#[test]
fn warnings_do_not_stop_a_profile() {
    let text = format!("{MINIMAL}argocd: {{ install: existing, version: v3.5.3 }}\n");
    let loaded = load_text(&text, &[], &VariableValues::default());
    assert_eq!(
        loaded.findings.iter().map(|finding| finding.severity).collect::<Vec<_>>(),
        [Severity::Warning]
    );
    assert!(matches!(loaded.profile.unwrap().argocd.install, Install::Existing));
}

#[test]
fn the_shipped_bases_hold_what_they_promise() {
    let text = MINIMAL.to_owned() + "extends: [profiles/production.yaml]\n";
    let own = |path: &str| if path == "bridge.yaml" { Ok(text.as_bytes().to_vec()) } else { read(path) };
    let loaded = load("bridge.yaml", &VariableValues::default(), &own);
    assert_eq!(loaded.findings, []);
    let Install::Manifests(manifests) = loaded.profile.unwrap().argocd.install else {
        panic!("bridge installs")
    };
    assert_eq!(manifests.flavor, Flavor::Ha);
}

fn yaml_files(folder: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root().join(folder)).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.filter(|path| path.extension().is_some_and(|extension| extension == "yaml")).collect()
}

#[test]
fn a_cluster_that_bridge_makes_has_what_the_profile_says_of_it() {
    let loaded = load_fixture("kind.yaml");
    assert_eq!(loaded.findings, []);
    let profile = loaded.profile.unwrap();
    let kind = profile.hub.kind_cluster.as_ref().unwrap();
    assert_eq!(kind.name.as_str(), "acme.hub");
    assert!(kind.image.as_ref().unwrap().starts_with("kindest/node:v1.36.1@sha256:0123"));
    let ports: Vec<(u16, u16, String, Protocol)> = kind
        .ports
        .iter()
        .map(|port| (port.host, port.node, port.address.to_string(), port.protocol))
        .collect();
    let text = str::to_owned;
    let expected =
        [(8443, 30443, text("127.0.0.1"), Protocol::Tcp), (8443, 30443, text("127.0.0.2"), Protocol::Udp)];
    assert_eq!(ports, expected);
    let mirrors: Vec<(&str, &[String])> =
        kind.mirrors.iter().map(|(registry, mirrors)| (registry.as_str(), mirrors.as_slice())).collect();
    let (one, two) = (
        ["http://mirror:5000"].map(text),
        ["http://mirror:5000", "https://mirror.example.com/v2/docker"].map(text),
    );
    let expected: [(&str, &[String]); 3] =
        [("_default", &one), ("docker.io", &two), ("registry.example.com:5000", &one)];
    assert_eq!(mirrors, expected);
    let mounts: Vec<(&Path, &str, bool)> = kind
        .mounts
        .iter()
        .map(|mount| (mount.host.as_path(), mount.node.as_str(), mount.read_only))
        .collect();
    let charts = Path::new("tests/fixtures/valid/charts");
    let expected =
        [(charts, "/charts", true), (Path::new("/srv/data"), "/var/lib/kubelet/config.json", false)];
    assert_eq!(mounts, expected);
    let labels: Vec<String> = kind.labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
    assert_eq!(labels, ["ingress-ready=true", "node.kubernetes.io/tier=gold", "type=gold"]);
    assert_eq!(profile.hub.kind.as_str(), "hub", "the label `type` is another thing");
}

#[test]
fn a_cluster_that_bridge_makes_is_reached_by_the_conventions_of_kind() {
    let profile = load_fixture("kind.yaml").profile.unwrap();
    assert_eq!(profile.hub_context.as_deref(), Some("kind-acme.hub"));
    assert_eq!(profile.hub.connection, Connection::InCluster);
    let spoke = &profile.spokes[0];
    let Connection::Context(by) = &spoke.connection else { panic!("a context") };
    assert_eq!(by.context, "kind-spoke-dev");
    assert_eq!(by.server.as_deref(), Some("https://spoke-dev-control-plane:6443"));
    assert_eq!((&by.tls, by.proxy_url.as_deref(), by.allow_loopback), (&None, None, false));
    let ContextAuth::ServiceAccount(account) = &by.auth else { panic!("an account") };
    assert_eq!((account.namespace.as_str(), account.name.as_str()), ("kube-system", "argocd-manager"));
    assert_eq!(account.token, TokenLifetime::Seconds(90 * 24 * 60 * 60));
    let kind = spoke.kind_cluster.as_ref().unwrap();
    assert_eq!(kind.name.control_plane(), "spoke-dev-control-plane");
    assert!(
        kind.image.is_none() && kind.ports.is_empty() && kind.mounts.is_empty() && kind.labels.is_empty()
    );
}

/// A development profile of a fleet: what the base says of connections is taken away.
#[test]
fn an_overlay_makes_the_clusters_of_a_base_with_kind() {
    let base = "apiVersion: bridge.gitops/v1alpha1\nkind: ProfileBase\nclusters:\n  \
        - { name: hub, role: hub, connection: { context: hub-admin } }\n  \
        - { name: spoke, env: dev, connection: { server: https://s.example.com, token: { env: T } } }\n";
    let overlay = |connection: &str| {
        format!(
            "apiVersion: bridge.gitops/v1alpha1\nkind: Profile\nmetadata: {{ name: acme }}\nextends: [base.yaml]\nclusters:\n  \
             - {{ name: hub, provider: kind{connection} }}\n  - {{ name: spoke, provider: kind{connection} }}\n"
        )
    };
    let files = [("base.yaml", base)];
    let loaded = load_text(&overlay(", connection: null"), &files, &VariableValues::default());
    assert_eq!(loaded.findings, []);
    let profile = loaded.profile.unwrap();
    assert_eq!(profile.spokes[0].env.as_ref().unwrap().as_str(), "dev");
    assert!(profile.clusters().all(|cluster| cluster.kind_cluster.is_some()));
    let loaded = load_text(&overlay(""), &files, &VariableValues::default());
    let codes: Vec<String> = loaded.findings.iter().map(|finding| finding.code.to_string()).collect();
    assert_eq!(codes, ["BRG1280", "BRG1280"]);
    assert!(loaded.findings.iter().all(|finding| finding.fix.contains("`connection: null`")));
}

#[test]
fn the_schema_accepts_every_valid_file() {
    let validator = jsonschema::validator_for(&schema::document()).unwrap();
    let files: Vec<PathBuf> = ["profiles", "tests/fixtures/valid"].into_iter().flat_map(yaml_files).collect();
    assert!(files.len() >= 5);
    for path in files {
        let value: serde_json::Value =
            serde_saphyr::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let errors: Vec<String> = validator
            .iter_errors(&value)
            .map(|error| format!("{} at {}", error, error.instance_path()))
            .collect();
        assert_eq!(errors, Vec::<String>::new(), "{}", path.display());
    }
}

#[test]
fn the_schema_refuses_what_the_decoder_refuses() {
    let validator = jsonschema::validator_for(&schema::document()).unwrap();
    for text in [
        "{ apiVersion: bridge.gitops/v1alpha1, kind: Profile, metadata: { name: a }, regoin: x }",
        "{ apiVersion: bridge.gitops/v1alpha1, kind: Profile }",
        "{ apiVersion: v2, kind: ProfileBase }",
        "{ apiVersion: bridge.gitops/v1alpha1, kind: ProfileBase, argocd: { flavor: tall } }",
        "{ apiVersion: bridge.gitops/v1alpha1, kind: ProfileBase, clusters: [{ name: a, addons: { x: maybe } }] }",
        "{ apiVersion: bridge.gitops/v1alpha1, kind: ProfileBase, clusters: [{ name: a, provider: minikube }] }",
        "{ apiVersion: bridge.gitops/v1alpha1, kind: ProfileBase, clusters: [{ name: a, kind: { ports: [{ host: 70000, node: 1 }] } }] }",
    ] {
        let value: serde_json::Value = serde_saphyr::from_str(text).unwrap();
        assert!(!validator.is_valid(&value), "{text}");
    }
}

#[test]
fn the_committed_schema_is_the_current_one() {
    let path = root().join("bridge.schema.json");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, schema::schema()).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == schema::schema(), "bridge.schema.json is stale: run this test with UPDATE_GOLDEN=1");
}
