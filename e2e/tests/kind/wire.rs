//! A wire between bridge and a cluster, in a container of its own, that a test cuts and mends.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use bridge_e2e::container::{ContainerCluster, PORT};
use bridge_e2e::engine::address;
use bridge_e2e::kind::Kind;
use bridge_e2e::process::Watchdog;
use bridge_e2e::wire::{ORDERS, order};
use testcontainers::core::{AccessMode, Mount, WaitFor};
use testcontainers::runners::SyncRunner;
use testcontainers::{Container, GenericImage, ImageExt};

use crate::engine::{NETWORK, docker};

/// It goes when this is dropped.
pub struct Wire {
    #[expect(dead_code, reason = "its drop removes it")]
    container: Container<GenericImage>,
    #[expect(dead_code, reason = "removes the container of a killed test")]
    watchdog: Watchdog,
    name: String,
    address: IpAddr,
}

impl Wire {
    /// A wire that leads nowhere yet. `purpose` keeps tests apart.
    pub fn start(purpose: &str) -> Result<Self> {
        let name = format!("bridge-e2e-wire-{purpose}-{}", std::process::id());
        // An image that every machine of level L3 has, with the C library that the binary wants.
        let kind = Kind::from_environment()?;
        let (image, tag) = kind.node_image().rsplit_once(':').context("a node image without a tag")?;
        let binary = Path::new(env!("CARGO_BIN_EXE_wire")).canonicalize()?;
        let binary = binary.to_str().context("a path that is no text")?;
        let mount = Mount::bind_mount(binary, "/wire").with_access_mode(AccessMode::ReadOnly);
        let watchdog = Watchdog::start(r#"docker rm --force --volumes "$1""#, [&name])?;
        let container = GenericImage::new(image, tag)
            .with_entrypoint("/wire")
            .with_wait_for(WaitFor::message_on_stdout("serving"))
            .with_container_name(&name)
            .with_network(NETWORK)
            .with_mount(mount)
            .start()
            .context("the wire does not start")?;
        let address = address(&name)?.parse()?;
        Ok(Self { container, watchdog, name, address })
    }

    /// Its address: that of a cluster, for whoever goes this way.
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    pub fn url(&self) -> String {
        format!("https://{}:{PORT}", self.address)
    }

    /// Leads to a cluster, each direction so much later. Connections from before get a reset.
    pub fn lead(&self, cluster: &ContainerCluster, delay: Duration) -> Result<()> {
        self.order(&format!("lead {}:{PORT} {}", cluster.address(), delay.as_millis()))
    }

    /// Every connection gets a reset, and none is taken any more.
    pub fn cut(&self) -> Result<()> {
        self.order("cut")
    }

    /// Nothing is answered any more, and nothing refused.
    pub fn fall_silent(&self) -> Result<()> {
        docker(&["pause", &self.name]).map(drop)
    }

    /// What was sent meanwhile is passed on.
    pub fn speak(&self) -> Result<()> {
        docker(&["unpause", &self.name]).map(drop)
    }

    fn order(&self, text: &str) -> Result<()> {
        order(SocketAddr::new(self.address, ORDERS), text)
    }
}
