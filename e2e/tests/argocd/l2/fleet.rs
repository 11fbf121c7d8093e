//! A hub with the real Argo CD, spokes that are API servers of their own, and the repositories on a git server.

use std::cell::Cell;
use std::future::Future;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bridge_e2e::argocd::{ArgoCd, Part};
use bridge_e2e::bridge_cmd::Outcome;
use bridge_e2e::cluster::{ControlPlane, User};
use bridge_e2e::controllers::Controllers;
use bridge_e2e::git::GitServer;
use bridge_e2e::keep_logs;
use serde_json::{Value, json};

use super::members::{Connection, Member, profile};
use super::observed::{Observed, SETS, sets};
use crate::support::World;

/// Generous, because a machine that also compiles is slow; Argo CD needs some seconds for each edit.
pub const PATIENCE: Duration = Duration::from_secs(240);
const POLL: Duration = Duration::from_millis(200);

/// The repositories: name, `basePath`, `path`.
const REPOSITORIES: [(&str, &str, &str); 3] =
    [("addons", "argocd/", "appsets"), ("workloads", "argocd/", "workloads"), ("clusters", "", "clusters")];

pub struct Fleet {
    // What runs on the API servers, ended before them. Argo CD comes once it is installed.
    argocd: Option<ArgoCd>,
    collectors: Vec<Controllers>,
    pub spokes: Vec<ControlPlane>,
    pub world: World,
    gitops: String,
    tokens: Vec<String>,
    pub git: GitServer,
}

/// Asks until the answer is good; the last reason why not, when the time is up.
pub async fn eventually<T, F: Future<Output = Result<T>>>(
    what: &str,
    mut ask: impl FnMut() -> F,
) -> Result<T> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let why = match ask().await {
            Ok(answer) => return Ok(answer),
            Err(why) => why,
        };
        if Instant::now() > deadline {
            bail!("{what}: not after {PATIENCE:?}: {why:#}");
        }
        tokio::time::sleep(POLL).await;
    }
}

impl Fleet {
    /// A test on a hub without Argo CD, `spokes` further API servers, and the repositories; the logs stay if it fails.
    pub async fn with(spokes: usize, test: impl AsyncFnOnce(&mut Self) -> Result<()>) -> Result<()> {
        Self::bare(spokes, async |fleet| {
            let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/gitops");
            fleet.lines("gitops:\n");
            for (name, base, path) in REPOSITORIES {
                let url = fleet.git.publish(name, &fixtures.join(name))?;
                fleet.lines(&format!(
                    "  {name}: {{ url: \"{url}\", basePath: \"{base}\", path: {path}, revision: main }}\n"
                ));
            }
            test(fleet).await
        })
        .await
    }

    /// The same without repositories.
    pub async fn bare(spokes: usize, test: impl AsyncFnOnce(&mut Self) -> Result<()>) -> Result<()> {
        let mut fleet = Self {
            git: GitServer::start()?,
            world: World::start().await?,
            gitops: String::new(),
            spokes: Vec::new(),
            tokens: Vec::new(),
            argocd: None,
            collectors: Vec::new(),
        };
        for index in 0..spokes {
            fleet.add_apiserver(index).await?;
        }
        test(&mut fleet).await.inspect_err(|_| keep_logs())
    }

    async fn add_apiserver(&mut self, index: usize) -> Result<()> {
        let spoke = self.world.hub.sibling().await?;
        let token = manager_token(&spoke).await?;
        self.world.write(&format!("token-{index}"), &token)?;
        self.collectors.push(Controllers::garbage_collector(&spoke).await?);
        self.spokes.push(spoke);
        self.tokens.push(token);
        Ok(())
    }

    /// Starts the garbage collector of a spoke again, which knows kinds that were defined since half a minute later only.
    pub async fn know_new_kinds(&mut self, spoke: usize) -> Result<()> {
        self.collectors[spoke] = Controllers::garbage_collector(&self.spokes[spoke]).await?;
        Ok(())
    }

    /// How Argo CD reaches a spoke at its own address.
    pub fn connection(&self, index: usize) -> Connection {
        Connection {
            server: self.spokes[index].apiserver_url().to_owned(),
            ca_data: STANDARD.encode(self.spokes[index].ca_pem()),
            token_file: format!("token-{index}"),
            apiserver: index + 1,
        }
    }

    /// Writes the profile of these clusters.
    pub fn declare(&self, members: &[Member]) -> Result<()> {
        self.world.write("bridge.yaml", &profile(&self.gitops, members))
    }

    /// Runs Argo CD on the hub, as soon as it is installed there.
    pub async fn start_argocd(&mut self) -> Result<()> {
        self.start_argocd_parts(&Part::ALL).await
    }

    /// The same with some of its servers only.
    pub async fn start_argocd_parts(&mut self, parts: &[Part]) -> Result<()> {
        self.argocd = Some(ArgoCd::start_parts(&self.world.hub, "argocd", parts).await?);
        // Not before: of kinds that are defined later it knows half a minute later.
        self.collectors.push(Controllers::garbage_collector(&self.world.hub).await?);
        Ok(())
    }

    /// Adds a template of the user's own to the profile.
    pub fn template(&mut self, file: &str, text: &str) -> Result<()> {
        std::fs::create_dir_all(self.world.path("templates"))?;
        self.lines("applicationSets: { templates: templates }\n");
        self.world.write(&format!("templates/{file}"), text)
    }

    /// Adds lines to the profile.
    pub fn lines(&mut self, lines: &str) {
        self.gitops.push_str(lines);
    }

    pub fn argocd(&self) -> Result<&ArgoCd> {
        self.argocd.as_ref().context("Argo CD runs")
    }

    /// Ends Argo CD.
    pub fn stop_argocd(&mut self) {
        self.argocd = None;
    }

    /// Ends a part of Argo CD.
    pub fn end(&mut self, part: Part) {
        if let Some(argocd) = &mut self.argocd {
            argocd.end(part);
        }
    }

    /// Declares these clusters and applies: one run, after which a plan is empty.
    pub fn seed(&self, members: &[Member]) -> Result<Outcome> {
        self.declare(members)?;
        let outcome = self.world.expect(0, &["apply", "--auto-approve", "--no-wait"])?;
        self.expect_no_token(&outcome)?;
        self.world.expect_no_changes()?;
        Ok(outcome)
    }

    fn expect_no_token(&self, outcome: &Outcome) -> Result<()> {
        let said = format!("{}{}", outcome.stdout, outcome.stderr);
        ensure!(!self.tokens.iter().any(|token| said.contains(token)), "a spoke's token: {outcome}");
        Ok(())
    }

    fn apiservers(&self) -> Vec<&ControlPlane> {
        std::iter::once(&self.world.hub).chain(&self.spokes).collect()
    }

    /// What is there now.
    pub async fn observed(&self) -> Result<Observed> {
        Observed::look(&self.apiservers()).await
    }

    /// The cluster Secret of a name, however the object is called.
    pub async fn cluster_secret(&self, name: &str) -> Result<Value> {
        let path = format!("/api/v1/namespaces/argocd/secrets?labelSelector=cluster_name%3D{name}");
        let list = self.world.get(&path).await?;
        let items = list["items"].as_array().map_or(&[][..], Vec::as_slice);
        ensure!(items.len() == 1, "{} cluster Secrets of {name}", items.len());
        Ok(items[0].clone())
    }

    /// Waits until Argo CD has made exactly what these clusters and the repositories ask for, and says how long it took.
    ///
    /// A set that its controller looks at before its own list of clusters has the new one is in error, until it is
    /// looked at again: three minutes later (Argo CD v3.5), or when somebody asks for a refresh, as is done here.
    ///
    /// Then each ApplicationSet is looked at once more by its controller, so that what one of them would make late is
    /// seen, too; and bridge has nothing to do.
    pub async fn converged(&self, members: &[Member], left_behind: &[&str]) -> Result<Observed> {
        let started = Instant::now();
        let refreshed = Cell::new(false);
        let look = async || {
            let observed = self.observed().await?;
            let expected = observed.expect(members, left_behind);
            if observed.is_refused_as_unknown_cluster() && !refreshed.replace(true) {
                eprintln!("a new cluster is not known yet to the controller of ApplicationSets: refreshed");
                refresh_sets(&self.world).await?;
            }
            expected.map(|()| observed)
        };
        eventually("what Argo CD makes of the fleet", &look).await?;
        eprintln!(
            "{} clusters: converged {:.1} s after the apply",
            members.len(),
            started.elapsed().as_secs_f32()
        );
        refresh_sets(&self.world).await?;
        let observed = eventually("the fleet after a refresh", &look).await?;
        self.world.expect_no_changes()?;
        Ok(observed)
    }
}

/// Has the controller look at every ApplicationSet again: it takes the annotation away when it did.
pub async fn refresh_sets(world: &World) -> Result<()> {
    const REFRESH: &str = "argocd.argoproj.io/application-set-refresh";
    for name in sets(&world.hub).await?.keys() {
        let patch = json!({"metadata": {"annotations": {REFRESH: "true"}}});
        world.patch_as("e2e", &format!("{SETS}/{name}"), &patch).await?;
    }
    eventually("a refresh of the ApplicationSets", async || {
        for (name, set) in sets(&world.hub).await? {
            ensure!(set["metadata"]["annotations"][REFRESH].is_null(), "{name} was not looked at");
        }
        Ok(())
    })
    .await
}

/// What `argocd cluster add` makes on a spoke: a ServiceAccount that may do everything, and here a token that ends.
async fn manager_token(spoke: &ControlPlane) -> Result<String> {
    let name = "argocd-manager";
    let account = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}});
    create(spoke, "/api/v1/namespaces/kube-system/serviceaccounts", &account).await?;
    let binding = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
        "metadata": {"name": name},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
        "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": "kube-system"}]});
    create(spoke, "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", &binding).await?;
    let token = spoke.service_account_token("kube-system", name).await?;
    ensure!(token != spoke.token(User::Admin), "a token of its own");
    Ok(token)
}

/// Makes an object; its path.
pub async fn create(cluster: &ControlPlane, collection: &str, object: &Value) -> Result<String> {
    let request = http::Request::post(collection).header("content-type", "application/json");
    let request = request.body(serde_json::to_vec(object)?)?;
    let made: Value =
        cluster.client().await?.request(request).await.with_context(|| collection.to_owned())?;
    Ok(format!("{collection}/{}", made["metadata"]["name"].as_str().context("no name")?))
}
