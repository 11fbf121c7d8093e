//! What the container engine has, by its own command.

use anyhow::{Result, ensure};

pub use bridge_e2e::engine::{NETWORK, docker};

/// The containers of a kind cluster, whatever they are doing.
pub fn nodes(cluster: &str) -> Result<Vec<String>> {
    let filter = format!("label=io.x-k8s.kind.cluster={cluster}");
    let listed = docker(&["ps", "--all", "--format", "{{.Names}}", "--filter", &filter])?;
    Ok(listed.lines().map(str::to_owned).collect())
}

/// Whether any container of this name is known to the network, by its last entry in it.
pub fn is_on_network(container: &str) -> Result<bool> {
    let names = "{{range .Containers}}{{println .Name}}{{end}}";
    let listed = docker(&["network", "inspect", NETWORK, "--format", names])?;
    Ok(listed.lines().any(|name| name == container))
}

/// Expects that nothing of a kind cluster is left.
pub fn expect_gone(cluster: &str) -> Result<()> {
    let nodes = nodes(cluster)?;
    ensure!(nodes.is_empty(), "containers of {cluster} are left: {nodes:?}");
    let node = format!("{cluster}-control-plane");
    ensure!(!is_on_network(&node)?, "{node} is still an entry of the network {NETWORK}");
    Ok(())
}
