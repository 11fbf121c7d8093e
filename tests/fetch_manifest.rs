//! The manifest comes from the right place, is checked, and no server can make bridge hang or believe nonsense.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "test helpers make files and stop at once"
)]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Once};
use std::time::Duration;

use bridge::fetch::cache::Cache;
use bridge::fetch::error::FetchError;
use bridge::fetch::http::Limits;
use bridge::fetch::lock::{self, Entry, Lock};
use bridge::fetch::manifest::{Manifest, Policy, Site, find};
use bridge::fetch::{digests, files};
use bridge::profile::location::{Location, Source};
use bridge::profile::model::{Flavor, Images, ManifestSource, Manifests};

const GOOD: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\n";

/// A server that answers each request with the next of its answers, the last one again and again.
struct Server {
    base: String,
    requests: Arc<AtomicUsize>,
}

impl Server {
    fn new(answers: &[&str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let answers: Vec<String> = answers.iter().map(|answer| answer.replace("BASE", &base)).collect();
        let requests = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&requests);
        std::thread::spawn(move || {
            for connection in listener.incoming() {
                let index = counter.fetch_add(1, Ordering::SeqCst).min(answers.len() - 1);
                let answer = answers[index].clone();
                std::thread::spawn(move || serve(connection.unwrap(), &answer));
            }
        });
        Self { base, requests }
    }

    fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

fn serve(mut connection: TcpStream, answer: &str) {
    let mut request = [0; 4096];
    let _read = connection.read(&mut request);
    if answer == "hang" {
        std::thread::sleep(Duration::from_secs(20));
        return;
    }
    // A client that has seen enough closes first.
    let _written = connection.write_all(answer.as_bytes());
}

fn ok(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

fn status(status: &str) -> String {
    format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")
}

struct Case {
    _folder: tempfile::TempDir,
    site: Site,
    lock: Lock,
    manifests: Manifests,
}

/// A version that bridge does not know, so that the lock decides.
fn case(base: &str) -> Case {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| drop(rustls::crypto::ring::default_provider().install_default()));
    let folder = tempfile::tempdir().unwrap();
    let limits = Limits {
        connect_timeout: Duration::from_millis(500),
        timeout: Duration::from_millis(700),
        attempts: 2,
        backoff: Duration::from_millis(1),
        max_bytes: 10_000,
    };
    let site = Site {
        folder: folder.path().to_owned(),
        cache: Cache::new(folder.path().join("cache")),
        base: base.to_owned(),
        limits,
        policy: Policy::default(),
    };
    let source = Arc::new(Source { path: "bridge.yaml".to_owned(), text: String::new() });
    let manifests = Manifests {
        version: "v9.9.9".parse().unwrap(),
        flavor: Flavor::Standard,
        source: ManifestSource::Official,
        images: Images::default(),
        patches: Vec::new(),
        at: Location { source, line: 1, column: 1, length: 1 },
    };
    Case { _folder: folder, site, lock: Lock::default(), manifests }
}

impl Case {
    fn locked(mut self, content: &str) -> Self {
        self.lock.insert(Entry {
            version: self.manifests.version.clone(),
            file: "install.yaml".to_owned(),
            sha256: digests::of(content.as_bytes()),
        });
        self
    }

    fn find(&self) -> Result<Manifest, FetchError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(find(&self.manifests, &self.lock, &self.site))
    }

    fn error(&self) -> (String, String, String) {
        let error = self.find().unwrap_err();
        (error.code().to_string(), error.to_string(), error.hint())
    }
}

#[test]
fn the_first_download_is_pinned_and_the_second_comes_from_the_cache() {
    let server = Server::new(&[&ok(GOOD)]);
    let mut case = case(&server.base);
    let manifest = case.find().unwrap();
    assert_eq!(manifest.files[0].bytes, GOOD.as_bytes());
    assert_eq!(manifest.files[0].name, format!("{}/v9.9.9/manifests/install.yaml", server.base));
    assert_eq!(manifest.new_entries[0].sha256, digests::of(GOOD.as_bytes()));

    let file = case.site.folder.join(lock::FILE);
    lock::add(&file, &mut case.lock, manifest.new_entries).unwrap();
    case.lock = lock::read(&file, "bridge.lock").unwrap();
    case.site.policy = Policy { no_download: true, locked: true };
    let again = case.find().unwrap();
    assert_eq!((again.files[0].bytes.as_slice(), again.new_entries.len()), (GOOD.as_bytes(), 0));
    assert_eq!(server.requests(), 1);
}

#[test]
fn a_wrong_digest_shows_both_and_leaves_nothing_behind() {
    let server = Server::new(&[&ok(GOOD)]);
    let case = case(&server.base).locked("other");
    let (code, message, _) = case.error();
    let (expected, found) = (digests::of(b"other"), digests::of(GOOD.as_bytes()));
    assert_eq!(code, "BRG1401");
    assert!(message.contains(expected.as_str()) && message.contains(found.as_str()), "{message}");
    assert!(case.site.cache.get(&found).is_none());
}

#[test]
fn a_damaged_cache_entry_is_downloaded_again() {
    let server = Server::new(&[&ok(GOOD)]);
    let case = case(&server.base).locked(GOOD);
    let place = case.site.cache.place(&digests::of(GOOD.as_bytes()));
    std::fs::create_dir_all(place.parent().unwrap()).unwrap();
    std::fs::write(&place, "damaged").unwrap();
    assert_eq!(case.find().unwrap().files[0].bytes, GOOD.as_bytes());
    assert_eq!(std::fs::read(place).unwrap(), GOOD.as_bytes());
}

#[test]
fn what_passes_is_tried_again() {
    let truncated = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 900\r\n\r\napiVersion";
    for first in
        [status("500 oops"), status("429 slow down"), truncated.to_owned(), "hang".to_owned(), String::new()]
    {
        let server = Server::new(&[&first, &ok(GOOD)]);
        let case = case(&server.base).locked(GOOD);
        assert_eq!(case.find().unwrap().files[0].bytes, GOOD.as_bytes(), "{first}");
        assert_eq!(server.requests(), 2, "{first}");
    }
}

#[test]
fn what_does_not_pass_is_an_error_with_a_way_out() {
    let truncated = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 900\r\n\r\napiVersion";
    let huge = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 99999\r\n\r\n";
    let endless = format!("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{}", "x".repeat(20_000));
    let html = ok("<!DOCTYPE html><html>Sign in</html>");
    let loops =
        "HTTP/1.1 302 Found\r\nconnection: close\r\ncontent-length: 0\r\nlocation: BASE/again\r\n\r\n";
    let outside = "HTTP/1.1 302 Found\r\nconnection: close\r\ncontent-length: 0\r\nlocation: http://example.com/\r\n\r\n";
    for (answer, code, text, requests) in [
        (status("404 no"), "BRG1424", "does not exist", 1),
        (status("403 no"), "BRG1420", "403", 1),
        (status("503 no"), "BRG1420", "503", 2),
        (truncated.to_owned(), "BRG1420", "tried 2 times", 2),
        ("hang".to_owned(), "BRG1420", "no answer in time", 2),
        (huge.to_owned(), "BRG1423", "larger than 10000 bytes", 1),
        (endless, "BRG1423", "larger than 10000 bytes", 1),
        (html, "BRG1403", "is HTML or XML", 1),
        (ok("apiVersion: v1\nkind: Config"), "BRG1403", "no `metadata.name`", 1),
        (loops.to_owned(), "BRG1420", "without end", 6),
        (outside.to_owned(), "BRG1420", "not https", 1),
    ] {
        let server = Server::new(&[&answer]);
        let case = case(&server.base);
        let (found, message, _) = case.error();
        assert_eq!(found, code, "{message}");
        assert!(message.contains(text), "{message}");
        assert_eq!(server.requests(), requests, "{message}");
    }
}

#[test]
fn a_redirect_is_followed() {
    let redirect =
        "HTTP/1.1 302 Found\r\nconnection: close\r\ncontent-length: 0\r\nlocation: BASE/there\r\n\r\n";
    let server = Server::new(&[redirect, &ok(GOOD)]);
    assert_eq!(case(&server.base).find().unwrap().files[0].bytes, GOOD.as_bytes());
}

#[test]
fn nobody_listening_and_plain_http_elsewhere_are_errors() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    assert_eq!(case(&format!("http://{closed}")).error().0, "BRG1420");
    let (code, message, _) = case("http://example.com").error();
    assert_eq!(code, "BRG1422", "{message}");
    assert_eq!(case("no address").error().0, "BRG1422");
}

#[test]
fn no_download_asks_nobody_and_says_where_to_put_the_file() {
    let server = Server::new(&[&ok(GOOD)]);
    let mut known = case(&server.base).locked(GOOD);
    known.site.policy.no_download = true;
    let (code, _, hint) = known.error();
    let place = known.site.cache.place(&digests::of(GOOD.as_bytes()));
    assert_eq!(code, "BRG1421");
    assert!(hint.contains(&place.display().to_string()), "{hint}");
    std::fs::create_dir_all(place.parent().unwrap()).unwrap();
    std::fs::write(place, GOOD).unwrap();
    assert_eq!(known.find().unwrap().files[0].bytes, GOOD.as_bytes());

    let mut unknown = case(&server.base);
    unknown.site.policy.no_download = true;
    assert_eq!(unknown.error().0, "BRG1421");
    assert_eq!(server.requests(), 0);
}

#[test]
fn locked_needs_the_line_and_shows_it() {
    let mut case = case("http://127.0.0.1:1");
    case.site.policy.locked = true;
    let (code, message, hint) = case.error();
    assert_eq!(code, "BRG1430");
    assert!(
        message.contains("install.yaml of Argo CD v9.9.9") && hint.starts_with("run `bridge plan`"),
        "{message}"
    );

    case.manifests.version = "v3.5.3".parse().unwrap();
    let (code, message, _) = case.error();
    assert_eq!(code, "BRG1430");
    let digest = digests::built_in(&case.manifests.version, "install.yaml").unwrap();
    let line = message.lines().last().unwrap();
    assert_eq!(line, format!("  - {{ version: v3.5.3, file: install.yaml, sha256: {digest} }}"));
    let text = format!("version: 1\nmanifests:\n{line}\n");
    let source = Arc::new(Source { path: "bridge.lock".to_owned(), text });
    assert_eq!(Lock::parse(&source).unwrap().digest(&case.manifests.version, "install.yaml"), Some(&digest));
}

#[test]
fn a_known_release_is_checked_before_any_lock_and_a_lock_cannot_replace_it() {
    let server = Server::new(&[&ok(GOOD)]);
    let mut case = case(&server.base);
    case.manifests.version = "v3.5.3".parse().unwrap();
    let (code, message, _) = case.error();
    assert_eq!(code, "BRG1401");
    assert!(message.contains("than bridge itself"), "{message}");
    let case = case.locked(GOOD);
    let (code, message, _) = case.error();
    assert_eq!(code, "BRG1401");
    assert!(message.contains("bridge.lock pins another install.yaml"), "{message}");
    assert_eq!(server.requests(), 1);
}

#[test]
fn an_address_of_the_profile_is_checked_by_the_profiles_digest() {
    let server = Server::new(&[&ok(GOOD)]);
    let mut case = case("http://127.0.0.1:1");
    case.site.policy.locked = true;
    let url = format!("{}/mine.yaml", server.base);
    case.manifests.source = ManifestSource::Url { url, sha256: digests::of(GOOD.as_bytes()) };
    let manifest = case.find().unwrap();
    assert_eq!((manifest.files[0].bytes.as_slice(), manifest.new_entries.len()), (GOOD.as_bytes(), 0));
}

#[test]
fn a_path_is_a_file_or_a_folder_like_argo_cds_own() {
    let mut case = case("http://127.0.0.1:1");
    let source = Arc::new(Source { path: "bridge.yaml".to_owned(), text: String::new() });
    let at = Location { source, line: 1, column: 1, length: 1 };
    let path = |path: &str, sha256| ManifestSource::Path { path: path.into(), sha256, at: at.clone() };
    case.manifests.source = path("mine.yaml", Some(digests::of(b"other")));
    assert_eq!(case.error().0, "BRG1402");
    std::fs::write(case.site.folder.join("mine.yaml"), GOOD).unwrap();
    assert_eq!(case.error().0, "BRG1401");
    case.manifests.source = path("mine.yaml", None);
    assert_eq!(case.find().unwrap().files[0].bytes, GOOD.as_bytes());

    case.manifests.flavor = Flavor::Namespaced;
    case.manifests.source = path("vendored", None);
    for file in files::of(Flavor::Namespaced) {
        let target = case.site.folder.join("vendored").join(file);
        std::fs::create_dir_all(target.parent().unwrap()).unwrap();
        std::fs::write(target, GOOD).unwrap();
    }
    assert_eq!(case.find().unwrap().files.len(), 4);
}
