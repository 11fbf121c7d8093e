//! `repositories`: how Argo CD reads repositories.

use crate::code::Code;
use crate::profile::address;
use crate::profile::decode::decoder::{Decoder, Fields};
use crate::profile::decode::{keys, secret};
use crate::profile::model::{Credentials, Repository, RepositoryKind, RepositoryScope};
use crate::profile::node::Node;

/// Decodes the list of repositories.
pub(crate) fn repositories(node: &Node, d: &mut Decoder) -> Vec<Repository> {
    d.list(node, "repositories").iter().filter_map(|node| repository(node, d)).collect()
}

fn repository(node: &Node, d: &mut Decoder) -> Option<Repository> {
    let fields = d.fields(node, keys::REPOSITORY)?;
    let name =
        fields.require(d, "name").and_then(|node| d.name(node, Code::INVALID_NAME, "a repository's name"));
    let kind = match fields.get("type") {
        Some(node) => d.choice(node, "type of repository", &kinds()),
        None => Some(RepositoryKind::Git),
    };
    let scope = match fields.get("scope") {
        Some(node) => d.choice(node, "scope of a repository", &scopes()),
        None => Some(RepositoryScope::Repository),
    };
    let url = fields.require(d, "url").and_then(|node| url(node, kind, d));
    let credentials = match fields.get("credentials") {
        Some(node) => credentials(node, d),
        None => Some(Credentials::Anonymous),
    };
    let project = fields.get("project").map(|node| d.name(node, Code::INVALID_NAME, "a project's name"));
    let proxy = fields.get("proxy").map(|node| address::http(d, node, Code::PROXY_URL, "`proxy`"));
    let insecure = d.flag(&fields, "insecure", false);
    Some(Repository {
        name: name?,
        scope: scope?,
        kind: kind?,
        url: url?,
        credentials: credentials?,
        project: project.flatten(),
        insecure,
        proxy: proxy.flatten(),
        at: node.location.clone(),
    })
}

fn kinds() -> [(&'static str, RepositoryKind); 3] {
    [("git", RepositoryKind::Git), ("helm", RepositoryKind::Helm), ("helm-oci", RepositoryKind::HelmOci)]
}

fn scopes() -> [(&'static str, RepositoryScope); 2] {
    [("repository", RepositoryScope::Repository), ("prefix", RepositoryScope::Prefix)]
}

fn url(node: &Node, kind: Option<RepositoryKind>, d: &mut Decoder) -> Option<String> {
    match kind? {
        RepositoryKind::Git => address::git(d, node, "`url`"),
        RepositoryKind::Helm => address::http(d, node, Code::REPOSITORY_URL, "`url` of a Helm repository"),
        RepositoryKind::HelmOci => oci(node, d),
    }
}

/// Argo CD writes OCI registries of Helm charts without a scheme.
fn oci(node: &Node, d: &mut Decoder) -> Option<String> {
    let text = d.filled_text(node, "`url`")?;
    address::refuse_password(d, node, &text)?;
    let bare = text.split_once("://").map_or(text.as_str(), |(_, rest)| rest);
    let is_address = address::parse(&format!("https://{bare}")).is_some_and(|address| address.user.is_none());
    if is_address && bare == text {
        return Some(text);
    }
    let message = "`url` is no address of an OCI registry as Argo CD writes it";
    let fix =
        if is_address { format!("write `{bare}`") } else { "write `HOST/PATH`, without a scheme".to_owned() };
    d.error(Code::REPOSITORY_URL, &node.location, message, fix);
    None
}

/// The ways to authenticate, each by the key that only it has.
const WAYS: [&str; 4] = ["password", "bearerToken", "sshPrivateKey", "githubApp"];

fn credentials(node: &Node, d: &mut Decoder) -> Option<Credentials> {
    let fields = d.fields(node, keys::CREDENTIALS)?;
    let ways = fields.present(&WAYS);
    // Each is decoded, whatever else is wrong, so that all its mistakes are told.
    let username = fields.get("username").map(|node| secret::text(node, "`username`", d));
    let password = fields.get("password").map(|node| secret::reference(node, d));
    let bearer = fields.get("bearerToken").map(|node| secret::reference(node, d));
    let ssh = fields.get("sshPrivateKey").map(|node| secret::reference(node, d));
    let github = fields.get("githubApp").map(|node| github_app(node, d));
    if ways.len() > 1 {
        let message = format!("the credentials have several ways to authenticate: {}", ways.join(", "));
        d.error(Code::CREDENTIALS_CONFLICT, &node.location, message, "keep one of them");
        return None;
    }
    match (username, password, bearer, ssh, github) {
        (Some(username), Some(password), None, None, None) => {
            Some(Credentials::Basic { username: username?, password: password? })
        }
        (None, None, Some(token), None, None) => Some(Credentials::Bearer(token?)),
        (None, None, None, Some(key), None) => Some(Credentials::Ssh(key?)),
        (None, None, None, None, Some(app)) => app,
        (username, ..) => {
            incomplete(&fields, username.is_some(), &ways, d);
            None
        }
    }
}

fn incomplete(fields: &Fields<'_>, has_user: bool, ways: &[&str], d: &mut Decoder) {
    let (message, fix) = match (has_user, ways.first().copied()) {
        (true, None) => ("there is a `username` without a `password`", "add `password: { env: NAME }`"),
        (false, Some("password")) => (
            "there is a `password` without a `username`",
            "add `username:`; for a token, many servers take any text",
        ),
        (true, Some(_)) => ("a `username` goes with a `password` only", "remove `username`"),
        (false, _) => ("the credentials are empty", "add `username` and `password`, or remove `credentials`"),
    };
    d.error(Code::CREDENTIALS_INCOMPLETE, fields.at, message, fix);
}

fn github_app(node: &Node, d: &mut Decoder) -> Option<Credentials> {
    let fields = d.fields(node, keys::GITHUB_APP)?;
    let app_id = fields.require(d, "appId").and_then(|node| id(node, "`appId`", d));
    let installation_id =
        fields.require(d, "installationId").and_then(|node| id(node, "`installationId`", d));
    let private_key = fields.require(d, "privateKey").and_then(|node| secret::reference(node, d));
    let enterprise = fields
        .get("enterpriseBaseUrl")
        .map(|node| address::http(d, node, Code::REPOSITORY_URL, "`enterpriseBaseUrl`"));
    Some(Credentials::GithubApp {
        app_id: app_id?,
        installation_id: installation_id?,
        private_key: private_key?,
        enterprise_base_url: enterprise.flatten(),
    })
}

fn id(node: &Node, what: &str, d: &mut Decoder) -> Option<String> {
    let text = d.filled_text(node, what)?;
    if text.chars().all(|c| c.is_ascii_digit()) {
        return Some(text);
    }
    let message = format!("{what} has to be a number");
    d.error(Code::INVALID_NUMBER, &node.location, message, "copy the number from the app's page on GitHub");
    None
}
