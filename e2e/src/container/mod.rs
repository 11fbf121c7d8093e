//! Control planes in containers: a hub and spokes with addresses of their own, which can be paused, restarted, and replaced
//! by another cluster at the same address.
//!
//! A cluster is two containers of one image, as the containers of a pod: etcd's owns the network namespace, and so the
//! address; kube-apiserver joins it. That needs no supervisor of ours in the image, and an API server that is restarted or
//! replaced comes back at the address that it had, which docker promises to no single container.
//!
//! testcontainers starts them and removes them with their owner. It has no reaper for a test that is killed; a watchdog of
//! ours does that, as for processes.

mod image;

use crate::apiserver::{Files, Place};
use crate::certificates::Authority;
use crate::cluster::{User, connect, wait_until_ready};
use crate::engine::{NETWORK, address, docker, log};
use crate::etcd;
use crate::kubeconfig::{Access, Credential};
use crate::process::Watchdog;
use crate::scratch::Scratch;
use anyhow::{Context, Result};
use serde_json::Value;
use std::ffi::OsStr;
use std::fmt;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use testcontainers::core::Mount;
use testcontainers::runners::SyncRunner;
use testcontainers::{Container, GenericImage, ImageExt};
use tokio::runtime::Runtime;

/// The port of every API server.
pub const PORT: u16 = 6443;

const ETCD_URL: &str = "http://127.0.0.1:2379";
const ETCD_PEER: &str = "http://127.0.0.1:2380";
/// Where the files of the API server are in its container.
const FILES: &str = "/etc/kubernetes";
/// Removes the containers and their folder, unless a failed test wants that.
const REMOVE: &str =
    r#"folder=$1; shift; docker rm --force --volumes "$@"; [ -e "$folder/.keep" ] || rm -rf "$folder""#;

/// A running control plane; its containers go when it is dropped, or when this process dies.
///
/// For tests that block: it must not be used inside of a tokio runtime.
pub struct ContainerCluster {
    // In the order of their drop.
    apiserver: Container<GenericImage>,
    _etcd: Container<GenericImage>,
    names: [String; 2],
    image: (String, String),
    files: Files,
    address: String,
    uid: String,
    runtime: Runtime,
    // An API server that took the place of another one gets another prefix and another folder.
    turn: usize,
    _watchdog: Watchdog,
    scratch: Scratch,
}

impl fmt::Debug for ContainerCluster {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("ContainerCluster").field("url", &self.url()).finish_non_exhaustive()
    }
}

impl ContainerCluster {
    /// Starts etcd and an apiserver on the network of kind's clusters, making the image first where the engine has none. The
    /// certificate is valid for its own address and for those of whoever stands before it.
    pub fn start(purpose: &str, before: &[&str]) -> Result<Self> {
        crate::install_crypto();
        let image = image::obtain()?;
        let scratch = Scratch::new("container")?;
        let names = ["etcd", "apiserver"].map(|part| unique_name(&format!("{purpose}-{part}")));
        // Before the first container: what a failed start leaves goes, too.
        let args = [scratch.path().as_os_str(), OsStr::new(&names[1]), OsStr::new(&names[0])];
        let watchdog = Watchdog::start(REMOVE, args)?;
        let etcd = of_image(&image, image::ETCD)
            .with_cmd(etcd::flags(ETCD_URL, ETCD_PEER))
            .with_container_name(&names[0])
            .with_network(NETWORK)
            .start()
            .context("etcd does not start")?;
        let address = address(&names[0])?;
        let (runtime, turn) = (Runtime::new()?, 0);
        let files = write_files(&scratch, turn, &[&[address.as_str()], before].concat())?;
        let apiserver = start_apiserver(&image, &names, &address, &scratch, turn)?;
        let mut cluster = Self {
            apiserver,
            _etcd: etcd,
            names,
            image,
            files,
            address,
            uid: String::new(),
            runtime,
            turn,
            _watchdog: watchdog,
            scratch,
        };
        cluster.uid = cluster.wait_until_ready()?;
        Ok(cluster)
    }

    /// Its own address, which stays as long as it lives.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The address of its API server.
    pub fn url(&self) -> String {
        format!("https://{}:{PORT}", self.address)
    }

    /// The authority that signed the apiserver's certificate.
    pub fn authority(&self) -> &Authority {
        &self.files.authority
    }

    /// The uid of the Namespace kube-system: the identity of a cluster.
    pub fn kube_system_uid(&self) -> &str {
        &self.uid
    }

    /// The user's bearer token.
    pub fn token(&self, user: User) -> &str {
        self.files.token(user)
    }

    /// Access by a bearer token, at this address: its own, or that of somebody before it.
    pub fn access_by_token(&self, url: &str, user: User) -> Access {
        let credential = Credential::Token(self.token(user).to_owned());
        Access { server: url.to_owned(), ca_pem: self.files.authority.pem(), credential }
    }

    /// Nothing of it runs any more until [`Self::unpause`]; what reaches its address is not answered.
    pub fn pause(&self) -> Result<()> {
        docker(&["pause", &self.names[1], &self.names[0]]).map(drop)
    }

    /// It goes on as if no time had passed.
    pub fn unpause(&self) -> Result<()> {
        docker(&["unpause", &self.names[0], &self.names[1]]).map(drop)
    }

    /// Restarts the API server, which has no time to end well, and waits until it is ready again.
    pub fn restart(&self) -> Result<()> {
        docker(&["restart", "--time", "0", &self.names[1]])?;
        self.wait_until_ready().map(drop)
    }

    /// Ends the API server, as if it had crashed; its address refuses connections.
    pub fn stop(&self) -> Result<()> {
        docker(&["stop", "--time", "0", &self.names[1]]).map(drop)
    }

    /// Starts the API server again, and waits until it is ready.
    pub fn start_again(&self) -> Result<()> {
        docker(&["start", &self.names[1]])?;
        self.wait_until_ready().map(drop)
    }

    /// Another cluster takes over the address: an API server with an authority, tokens and objects of its own.
    pub fn replace(&mut self) -> Result<()> {
        docker(&["rm", "--force", "--volumes", &self.names[1]])?;
        self.turn += 1;
        self.files = write_files(&self.scratch, self.turn, &[&self.address])?;
        self.apiserver = start_apiserver(&self.image, &self.names, &self.address, &self.scratch, self.turn)?;
        self.uid = self.wait_until_ready()?;
        Ok(())
    }

    /// GET a path of the API; 404 answers null.
    pub fn get(&self, path: &str) -> Result<Value> {
        match self.request(http::Request::get(path).body(Vec::new())?) {
            Ok(value) => Ok(value),
            Err(kube::Error::Api(status)) if status.code == 404 => Ok(Value::Null),
            Err(error) => Err(error.into()),
        }
    }

    /// Sends a document, JSON or YAML, as somebody who may do everything.
    pub fn send(&self, method: &str, path: &str, document: &str) -> Result<Value> {
        let request = http::Request::builder().method(method).uri(path);
        let request =
            request.header("content-type", "application/yaml").body(document.as_bytes().to_vec())?;
        Ok(self.request(request)?)
    }

    /// GET a path as somebody else. What is wrong with the answer is the error.
    pub fn get_as(&self, access: Access, path: &str) -> Result<Value> {
        Ok(self.request_as(access, http::Request::get(path).body(Vec::new())?)?)
    }

    /// What its API server has said.
    pub fn log(&self) -> Result<String> {
        log(&self.names[1], "all")
    }

    fn request(&self, request: http::Request<Vec<u8>>) -> Result<Value, kube::Error> {
        self.request_as(self.files.admin_access(&self.url()), request)
    }

    fn request_as(&self, access: Access, request: http::Request<Vec<u8>>) -> Result<Value, kube::Error> {
        self.runtime.block_on(async {
            let client = connect(access).await.map_err(|error| kube::Error::Service(error.into()))?;
            client.request(request).await
        })
    }

    fn wait_until_ready(&self) -> Result<String> {
        let access = self.files.admin_access(&self.url());
        let ready = self.runtime.block_on(async {
            let client = connect(access).await?;
            wait_until_ready(&client, || None).await
        });
        ready.with_context(|| {
            format!("{} is not ready:\n{}", self.names[1], log(&self.names[1], "15").unwrap_or_default())
        })
    }
}

/// A name that nothing else on the engine has.
fn unique_name(purpose: &str) -> String {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("bridge-e2e-{purpose}-{}-{count}", std::process::id())
}

fn of_image((name, tag): &(String, String), binary: &str) -> GenericImage {
    GenericImage::new(name, tag).with_entrypoint(binary)
}

fn folder_of(scratch: &Scratch, turn: usize) -> std::path::PathBuf {
    scratch.path().join(format!("apiserver-{turn}"))
}

fn write_files(scratch: &Scratch, turn: usize, addresses: &[&str]) -> Result<Files> {
    let folder = folder_of(scratch, turn);
    std::fs::create_dir(&folder)?;
    Files::write(&folder, addresses)
}

fn start_apiserver(
    image: &(String, String),
    [etcd, name]: &[String; 2],
    address: &str,
    scratch: &Scratch,
    turn: usize,
) -> Result<Container<GenericImage>> {
    let prefix = format!("/t{turn}");
    let place = Place { etcd: ETCD_URL, prefix: &prefix, address, port: PORT };
    let namespace = format!("container:{etcd}");
    let request = of_image(image, image::KUBE_APISERVER)
        .with_cmd(place.flags())
        .with_container_name(name)
        .with_working_dir(FILES)
        .with_mount(mount(&folder_of(scratch, turn))?)
        // Not by its network: testcontainers would make one of this name.
        .with_host_config_modifier(move |host| {
            host.network_mode = Some(namespace.clone());
            host.publish_all_ports = None;
        });
    request.start().context("kube-apiserver does not start")
}

fn mount(folder: &Path) -> Result<Mount> {
    let folder = folder.to_str().context("a folder whose name is no text")?;
    Ok(Mount::bind_mount(folder, FILES).with_access_mode(testcontainers::core::AccessMode::ReadOnly))
}
