//! Argo CD comes up.

use anyhow::{Result, ensure};
use serde_json::Value;

use super::world::World;

/// Most of its pods wait for a Secret that redis' init container makes, and dex ends once or twice until argocd-server runs.
pub fn the_first_install_ends_well(world: &World) -> Result<()> {
    let installed = world.expect(0, &["--timeout", "240s"])?;
    for failure in ["does not come up by itself", "did not become ready", "was not waited for"] {
        ensure!(!installed.stderr.contains(failure), "{installed}");
    }
    Ok(())
}

/// What the wait asks besides probes. Only a real Service has EndpointSlices that somebody keeps.
pub fn the_service_leads_to_the_server(world: &World) -> Result<()> {
    let of = ["endpointslices", "--selector", "kubernetes.io/service-name=argocd-server"];
    let slices = world.get(&of)?;
    let pods = world.get(&["pods", "--selector", "app.kubernetes.io/name=argocd-server"])?;
    let pod = &pods["items"][0];
    let endpoints: Vec<&Value> = list(&slices["items"]).flat_map(|slice| list(&slice["endpoints"])).collect();
    let [endpoint] = endpoints[..] else { anyhow::bail!("not one endpoint: {slices}") };
    ensure!(endpoint["conditions"]["ready"] == true, "{endpoint}");
    ensure!(endpoint["targetRef"]["name"] == pod["metadata"]["name"], "{endpoint}\n{pod}");
    ensure!(endpoint["addresses"][0] == pod["status"]["podIP"] && pod["status"]["podIP"].is_string());
    Ok(())
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}
