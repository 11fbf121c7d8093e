//! Profiles for the tests, built by hand.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::{Arc, Mutex};

use bridge::desired::assemble::{Inputs, assemble};
use bridge::desired::manifest;
use bridge::desired::object::Object;
use bridge::desired::secrets::Secrets;
use bridge::desired::state::Desired;
use bridge::profile::finding::Finding;
use bridge::profile::location::{Location, Source};
use bridge::profile::model::{
    ApplicationSets, ArgoCd, Auth, Cluster, Connection, Flavor, GitOps, GitSource, Images, Install,
    ManifestSource, Manifests, PerCluster, Profile, Remote, Role, SecretReference, SecretSource, Tls,
};
use serde_json::Value;

use crate::manifests;

/// Anything checked, from its text.
pub(crate) fn checked<T: FromStr>(text: &str) -> T
where
    T::Err: std::fmt::Debug,
{
    text.parse().unwrap()
}

pub(crate) fn source(path: &str, text: &str) -> Arc<Source> {
    Arc::new(Source { path: path.to_owned(), text: text.to_owned() })
}

pub(crate) fn at() -> Location {
    Location { source: source("bridge.yaml", "x\n"), line: 1, column: 1, length: 1 }
}

pub(crate) fn cluster(name: &str, role: Role, connection: Connection) -> Cluster {
    let kind = match role {
        Role::Hub => "hub",
        Role::Spoke => "workload",
    };
    Cluster {
        name: checked(name),
        role,
        connection,
        kind_cluster: None,
        env: None,
        region: None,
        cloud: None,
        kind: checked(kind),
        kubernetes_version: None,
        teams: Vec::new(),
        addons: BTreeMap::new(),
        labels: BTreeMap::new(),
        metadata: BTreeMap::new(),
        namespaces: Vec::new(),
        cluster_resources: None,
        project: None,
        shard: None,
        at: at(),
    }
}

pub(crate) fn remote(server: &str, tls: Tls, auth: Auth) -> Connection {
    Connection::Remote(Box::new(Remote {
        server: server.to_owned(),
        tls,
        auth,
        proxy_url: None,
        disable_compression: false,
    }))
}

pub(crate) fn reference(variable: &str) -> SecretReference {
    SecretReference { source: SecretSource::Env(variable.to_owned()), at: at() }
}

pub(crate) fn spoke(name: &str) -> Cluster {
    let tls = Tls::SystemRoots { server_name: None };
    cluster(
        name,
        Role::Spoke,
        remote(&format!("https://{name}.example.com"), tls, Auth::Token(reference("TOKEN"))),
    )
}

pub(crate) fn git(path: &str) -> GitSource {
    GitSource {
        url: format!("https://git.example.com/acme/{path}.git"),
        base_path: "argocd/".to_owned(),
        path: path.to_owned(),
        revision: "main".to_owned(),
    }
}

/// A hub without anything, and an Argo CD that somebody else installs.
pub(crate) fn profile() -> Profile {
    Profile {
        name: checked("acme"),
        argocd: ArgoCd { namespace: checked("argocd"), install: Install::Existing },
        repositories: Vec::new(),
        gitops: GitOps::default(),
        projects: Vec::new(),
        hub: cluster("hub", Role::Hub, Connection::InCluster),
        hub_context: None,
        spokes: Vec::new(),
        application_sets: ApplicationSets {
            preserve_resources_on_deletion: true,
            per_cluster: PerCluster::default(),
            templates: None,
        },
    }
}

pub(crate) fn with_gitops(mut profile: Profile) -> Profile {
    profile.gitops = GitOps {
        addons: Some(git("addons")),
        addons_extras: None,
        workloads: Some(git("workloads")),
        clusters: Some(GitSource { base_path: "./".to_owned(), ..git("clusters") }),
    };
    profile
}

pub(crate) fn installed(mut profile: Profile, flavor: Flavor) -> Profile {
    profile.argocd.install = Install::Manifests(Box::new(manifests(flavor)));
    profile
}

pub(crate) fn manifests(flavor: Flavor) -> Manifests {
    Manifests {
        version: checked("v3.5.3"),
        flavor,
        source: ManifestSource::Official,
        images: Images::default(),
        patches: Vec::new(),
        at: at(),
    }
}

pub(crate) fn built(profile: &Profile, manifest: Option<Vec<Value>>) -> Result<Desired, Vec<Finding>> {
    assemble(Inputs { profile, manifest, templates: &[], secrets: &Secrets::Masked })
}

pub(crate) fn find<'a>(desired: &'a Desired, id: &str) -> &'a Object {
    let ids = || desired.objects.iter().map(|object| object.id().to_string()).collect::<Vec<_>>();
    desired
        .objects
        .iter()
        .find(|object| object.id().to_string() == id)
        .unwrap_or_else(|| panic!("no {id} in {:?}", ids()))
}

/// The official manifests of a flavor, as documents.
pub(crate) fn official(flavor: Flavor) -> Vec<Value> {
    static PARSED: Mutex<BTreeMap<&str, Vec<Value>>> = Mutex::new(BTreeMap::new());
    let files: &[&str] = match flavor {
        Flavor::Standard => &["install.yaml"],
        Flavor::Ha => &["ha/install.yaml"],
        Flavor::Core => &["core-install.yaml"],
        Flavor::Namespaced => &[
            "namespace-install.yaml",
            "crds/application-crd.yaml",
            "crds/applicationset-crd.yaml",
            "crds/appproject-crd.yaml",
        ],
    };
    let mut parsed = PARSED.lock().unwrap();
    parsed.entry(files[0]).or_insert_with(|| files.iter().flat_map(|file| read(file)).collect()).clone()
}

fn read(file: &str) -> Vec<Value> {
    manifest::parse(file, &std::fs::read(manifests::folder().join(file)).unwrap()).unwrap()
}
