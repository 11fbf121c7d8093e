//! What somebody else has beside bridge, on the hub and on the spokes: no run may take any of it away.

use anyhow::{Context, Result, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bridge_e2e::cluster::ControlPlane;
use bridge_e2e::forwarder::Forwarder;
use serde_json::{Value, json};

use super::fleet::{Fleet, create, eventually};
use crate::support::get;

const IN_ARGOCD: &str = "/api/v1/namespaces/argocd";
const ARGOPROJ: &str = "/apis/argoproj.io/v1alpha1/namespaces/argocd";
/// What their Applications deploy to their cluster.
const DEPLOYED: [&str; 2] = ["theirs/configmaps/guestbook", "theirs-made/configmaps/guestbook"];

/// Everything foreign, as it was.
pub struct Strangers {
    /// The API server (0 is the hub), the path, and what may not change.
    objects: Vec<(usize, String, Value)>,
    // Their cluster is the first spoke at another address.
    _address: Forwarder,
}

impl Strangers {
    /// Makes a cluster Secret, an ApplicationSet, Applications, a project and ConfigMaps, and waits until Argo CD has
    /// synced theirs, too.
    pub async fn settle(fleet: &Fleet) -> Result<Self> {
        let address = Forwarder::start(&fleet.spokes[0], 1)?;
        let server = address.urls()[0].clone();
        let mut paths = Vec::new();
        for (collection, object) in on_the_hub(fleet, &server).await? {
            paths.push((0, create(&fleet.world.hub, &collection, &object).await?));
        }
        for (index, spoke) in fleet.spokes.iter().enumerate() {
            for namespace in ["default", "kube-system"] {
                let collection = format!("/api/v1/namespaces/{namespace}/configmaps");
                paths.push((index + 1, create(spoke, &collection, &config_map()).await?));
            }
        }
        paths.push((0, format!("{ARGOPROJ}/applications/theirs-made")));
        paths.extend(DEPLOYED.map(|object| (1, format!("/api/v1/namespaces/{object}"))));
        let objects = eventually("what is somebody else's", async || {
            let mut objects = Vec::new();
            for (index, path) in &paths {
                let object = get(apiserver(fleet, *index), path).await?;
                ensure!(!object.is_null(), "{path} is not there");
                let is_application = object["kind"] == "Application";
                ensure!(!is_application || object["status"]["sync"]["status"] == "Synced", "{path}");
                objects.push((*index, path.clone(), identity(&object)));
            }
            Ok(objects)
        })
        .await?;
        Ok(Self { objects, _address: address })
    }

    /// Expects that all of it is there, as it was.
    pub async fn expect_untouched(&self, fleet: &Fleet) -> Result<()> {
        fleet.world.expect_foreign_untouched()?;
        for (index, path, before) in &self.objects {
            let now = get(apiserver(fleet, *index), path).await?;
            ensure!(identity(&now) == *before, "{path} was {before:#}, is {now:#}");
        }
        Ok(())
    }
}

fn apiserver(fleet: &Fleet, index: usize) -> &ControlPlane {
    index.checked_sub(1).map_or(&fleet.world.hub, |spoke| &fleet.spokes[spoke])
}

/// What may not change: Argo CD writes the rest into its own objects all the time.
fn identity(object: &Value) -> Value {
    let metadata = |key: &str| object["metadata"][key].clone();
    json!({
        "uid": metadata("uid"), "labels": metadata("labels"), "finalizers": metadata("finalizers"),
        "deletionTimestamp": metadata("deletionTimestamp"), "spec": object["spec"], "data": object["data"],
    })
}

fn config_map() -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "theirs"}, "data": {"whose": "theirs"}})
}

/// In Argo CD's namespace: the collection, and the object.
async fn on_the_hub(fleet: &Fleet, server: &str) -> Result<Vec<(String, Value)>> {
    let ours = fleet.cluster_secret("hub").await?;
    let spoke = fleet.cluster_secret("spoke-dev").await?;
    // The sets of the repositories look at every cluster's annotations.
    let annotations = ours["metadata"]["annotations"].clone();
    let labels = json!({"argocd.argoproj.io/secret-type": "cluster"});
    let config = &spoke["data"]["config"];
    let data =
        json!({"name": STANDARD.encode("theirs"), "server": STANDARD.encode(server), "config": config});
    let secret = json!({"apiVersion": "v1", "kind": "Secret", "data": data,
        "metadata": {"name": "theirs", "labels": labels, "annotations": annotations}});
    let url = annotations["workloads_repo_url"].as_str().context("no repository of workloads")?;
    let spec = |namespace: &str| {
        json!({"project": "default",
            "source": {"repoURL": url, "targetRevision": "main", "path": "manifests/guestbook"},
            "destination": {"server": server, "namespace": namespace},
            "syncPolicy": {"automated": {}, "syncOptions": ["CreateNamespace=true"]}})
    };
    let argoproj = |kind: &str, spec: Value, finalizers: Value| {
        json!({"apiVersion": "argoproj.io/v1alpha1", "kind": kind, "spec": spec,
            "metadata": {"name": "theirs", "finalizers": finalizers}})
    };
    let cascade = json!(["resources-finalizer.argocd.argoproj.io"]);
    let template = json!({"metadata": {"name": "{{.name}}"}, "spec": spec("theirs-made")});
    let set = json!({"goTemplate": true, "generators": [{"list": {"elements": [{"name": "theirs-made"}]}}],
        "template": template});
    Ok(vec![
        (format!("{IN_ARGOCD}/configmaps"), config_map()),
        (format!("{IN_ARGOCD}/secrets"), secret),
        (format!("{ARGOPROJ}/appprojects"), argoproj("AppProject", json!({"sourceRepos": ["*"]}), json!([]))),
        (format!("{ARGOPROJ}/applications"), argoproj("Application", spec("theirs"), cascade)),
        (format!("{ARGOPROJ}/applicationsets"), argoproj("ApplicationSet", set, json!([]))),
    ])
}
