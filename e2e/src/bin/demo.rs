//! `make demo`: shows the main job on real API servers.

use anyhow::Result;

#[tokio::main]
async fn main() -> Result<()> {
    bridge_e2e::demo::play(&mut std::io::stdout()).await
}
