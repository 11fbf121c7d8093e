//! The harness tested on itself: what every other test takes for granted.

mod binaries;
mod bridge;
mod cluster;
mod proxy;

use bridge_e2e::cluster::ControlPlane;
use k8s_openapi::api::core::v1::ConfigMap;
use tokio::sync::OnceCell;

/// One control plane for this whole test binary; its watchdog stops it with the process.
async fn hub() -> &'static ControlPlane {
    static HUB: OnceCell<ControlPlane> = OnceCell::const_new();
    HUB.get_or_init(|| async { ControlPlane::start().await.expect("a control plane starts") }).await
}

fn config_map(name: &str) -> ConfigMap {
    serde_json::from_value(
        serde_json::json!({ "metadata": { "name": name }, "data": { "key": "value".repeat(200) } }),
    )
    .expect("a valid ConfigMap")
}
