//! The clusters of a fleet as its profile declares them, and what the repositories of `tests/fixtures/gitops` make of them.

use std::collections::BTreeSet;
use std::fmt::Write as _;

/// A cluster in the profile.
#[derive(Clone, Debug)]
pub struct Member {
    pub name: String,
    pub env: &'static str,
    /// The addons that are on; each of the others that is ever on is off.
    pub addons: Vec<&'static str>,
    /// Further lines of the profile.
    pub lines: String,
    /// How the hub reaches it; nothing for the hub itself.
    pub connection: Option<Connection>,
}

/// How Argo CD reaches a spoke.
#[derive(Clone, Debug)]
pub struct Connection {
    pub server: String,
    pub ca_data: String,
    /// A file in the folder of the profile.
    pub token_file: String,
    /// Which of the API servers of the test it is.
    pub apiserver: usize,
}

/// Whether an ApplicationSet makes an Application for a cluster.
type Selects = fn(&Member) -> bool;

/// Each child ApplicationSet, and whether it makes an Application for a cluster. An Application is called `SET-CLUSTER`,
/// and makes one ConfigMap, called after the set, in the namespace `SET-CLUSTER`.
pub const CHILDREN: [(&str, Selects); 5] = [
    ("cert-manager", |member| member.addons.contains(&"cert_manager")),
    ("guestbook", |member| member.connection.is_some()),
    ("metrics-server", |member| member.addons.contains(&"metrics_server")),
    ("preview", |member| member.connection.is_some() && member.env == "dev"),
    ("settings", |_| true),
];

/// The root ApplicationSets; each makes one Application of its own name.
pub const ROOTS: [&str; 3] = ["addons", "clusters", "workloads"];

impl Member {
    pub fn hub() -> Self {
        let (name, lines) = ("hub".to_owned(), String::new());
        Self { name, env: "prod", addons: vec!["metrics_server"], lines, connection: None }
    }

    pub fn spoke(name: &str, env: &'static str, addons: &[&'static str], connection: Connection) -> Self {
        let (name, lines) = (name.to_owned(), String::new());
        Self { name, env, addons: addons.to_vec(), lines, connection: Some(connection) }
    }

    fn text(&self) -> String {
        let mut text = format!("  - name: {}\n    env: {}\n", self.name, self.env);
        match &self.connection {
            None => text.push_str("    role: hub\n    connection: { context: hub }\n"),
            Some(Connection { server, ca_data, token_file, .. }) => {
                let _fits = write!(
                    text,
                    "    connection:\n      server: {server}\n      caData: {ca_data}\n      token: {{ file: {token_file} }}\n      \
                     allowLoopback: true\n"
                );
            }
        }
        let toggle = |addon: &str| format!("{addon}: {}", self.addons.contains(&addon));
        let _fits =
            writeln!(text, "    addons: {{ {}, {} }}", toggle("cert_manager"), toggle("metrics_server"));
        text + &self.lines
    }
}

/// The profile of a fleet; `gitops` has its own lines.
pub fn profile(gitops: &str, members: &[Member]) -> String {
    let clusters: String = members.iter().map(Member::text).collect();
    format!(
        "apiVersion: bridge.gitops/v1alpha1\nkind: Profile\nmetadata: {{ name: fleet }}\nargocd:\n  version: v3.5.3\n\
         {gitops}clusters:\n{clusters}"
    )
}

/// The pairs of child and cluster that have an Application.
fn pairs(members: &[Member]) -> impl Iterator<Item = (&'static str, &Member)> {
    CHILDREN.into_iter().flat_map(move |(set, selects)| {
        members.iter().filter(move |member| selects(member)).map(move |member| (set, member))
    })
}

/// The names of all Applications.
pub fn applications(members: &[Member]) -> BTreeSet<String> {
    let children = pairs(members).map(|(set, member)| format!("{set}-{}", member.name));
    children.chain(ROOTS.map(str::to_owned)).collect()
}

/// Everything that is deployed: the API server (0 is the hub), and `NAMESPACE/NAME` of a ConfigMap.
pub fn objects(members: &[Member]) -> BTreeSet<(usize, String)> {
    pairs(members)
        .map(|(set, member)| {
            let apiserver = member.connection.as_ref().map_or(0, |connection| connection.apiserver);
            (apiserver, format!("{set}-{}/{set}", member.name))
        })
        .collect()
}
