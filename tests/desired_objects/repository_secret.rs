//! Repository and repo-creds Secrets.

use bridge::profile::model::{Credentials, Repository, RepositoryKind, RepositoryScope, Text};
use serde_json::json;

use crate::support::{at, built, checked, find, profile, reference, spoke};

fn repository(name: &str, credentials: Credentials) -> Repository {
    Repository {
        name: checked(name),
        scope: RepositoryScope::Repository,
        kind: RepositoryKind::Git,
        url: "https://git.example.com/acme/platform.git".to_owned(),
        credentials,
        project: None,
        insecure: false,
        proxy: None,
        at: at(),
    }
}

fn keys(repository: Repository) -> (Vec<String>, Vec<String>, serde_json::Value) {
    let mut profile = profile();
    let id = format!("Secret/argocd/repo-{}", repository.name);
    profile.repositories = vec![repository];
    let desired = built(&profile, None).unwrap();
    let object = find(&desired, &id);
    let all = object.body()["data"].as_object().unwrap().keys().cloned().collect();
    let public = object.public_data().iter().cloned().collect();
    (all, public, object.body()["metadata"]["labels"]["argocd.argoproj.io/secret-type"].clone())
}

#[test]
fn a_password_is_secret_and_the_rest_is_not() {
    let basic = Credentials::Basic { username: Text::Plain("git".to_owned()), password: reference("PW") };
    let (all, public, label) = keys(repository("platform", basic));
    assert_eq!(all, ["name", "password", "type", "url", "username"]);
    assert_eq!(public, ["name", "type", "url", "username"]);
    assert_eq!(label, json!("repository"));
}

#[test]
fn credentials_for_a_prefix_hold_only_what_argo_cd_reads_there() {
    let mut creds = repository("org", Credentials::Ssh(reference("KEY")));
    creds.scope = RepositoryScope::Prefix;
    creds.kind = RepositoryKind::HelmOci;
    creds.insecure = true;
    creds.project = Some(checked("p"));
    creds.url = "https://user:pw@git.example.com".to_owned();
    let (all, public, label) = keys(creds);
    assert_eq!(all, ["enableOCI", "sshPrivateKey", "type", "url"]);
    assert_eq!(public, ["enableOCI", "type"]);
    assert_eq!(label, json!("repo-creds"));
}

#[test]
fn a_github_app_has_its_four_keys() {
    let app = Credentials::GithubApp {
        app_id: "1".to_owned(),
        installation_id: "2".to_owned(),
        private_key: reference("KEY"),
        enterprise_base_url: Some("https://ghe.example.com/api/v3".to_owned()),
    };
    let (all, public, _) = keys(repository("app", app));
    let secret: Vec<&String> = all.iter().filter(|key| !public.contains(key)).collect();
    assert_eq!(secret, ["githubAppPrivateKey"]);
    for key in ["githubAppID", "githubAppInstallationID", "githubAppEnterpriseBaseUrl"] {
        assert!(public.iter().any(|one| one == key), "{key}");
    }
}

#[test]
fn a_cluster_that_takes_a_repositorys_name_is_a_finding() {
    let mut profile = profile();
    profile.repositories = vec![repository("x", Credentials::Anonymous)];
    profile.spokes = vec![spoke("repo-x")];
    let findings = built(&profile, None).unwrap_err();
    let message = "Secret/argocd/repo-x is declared by repository `x` and by cluster `repo-x`";
    assert_eq!((findings[0].code.to_string().as_str(), findings[0].message.as_str()), ("BRG1407", message));
    assert!(findings[0].location.is_some());
}
