//! Where the binaries come from: digests, broken downloads, failed and concurrent builds.

use bridge_e2e::cache::Cache;
use bridge_e2e::download::{Archive, hex};
use bridge_e2e::go::Toolchain;
use bridge_e2e::tools::{Binaries, ETCD};
use sha2::{Digest, Sha512};
use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// An archive in the layout of the official one.
fn envtest_archive(names: &[&str]) -> Vec<u8> {
    let mut archive =
        tar::Builder::new(flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast()));
    for name in names {
        let mut header = tar::Header::new_gnu();
        header.set_size(4);
        header.set_mode(0o755);
        let path = format!("controller-tools/envtest/{name}");
        archive.append_data(&mut header, path, &b"real"[..]).unwrap();
    }
    archive.into_inner().unwrap().finish().unwrap()
}

/// Serves one HTTP response, whatever is asked, and returns the base URL.
fn serve(head: String, body: Vec<u8>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = [0; 4096];
        let _whole_request = stream.read(&mut request).unwrap();
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(&body).unwrap();
    });
    base
}

fn ok(length: usize) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n")
}

fn archive(base: String, of: &[u8]) -> Archive {
    Archive {
        version: "v0.0.1".into(),
        platform: "linux-amd64".into(),
        sha512: hex(&Sha512::digest(of)),
        base,
    }
}

/// Downloads from a loopback server; the error, and the files that were kept.
fn attempt(archive: &Archive) -> (Result<Binaries, String>, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::at(folder.path());
    let result = Binaries::download(&cache, archive).map_err(|error| format!("{error:#}"));
    let entries = fs::read_dir(cache.folder(&archive.key())).unwrap().flatten();
    let mut kept: Vec<String> =
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    kept.retain(|name| name != ".lock");
    kept.sort();
    (result, kept)
}

#[test]
fn the_right_digest_is_installed() {
    let bytes = envtest_archive(&["etcd", "kube-apiserver", "kubectl"]);
    let (result, kept) = attempt(&archive(serve(ok(bytes.len()), bytes.clone()), &bytes));
    assert!(result.unwrap().origin.contains("envtest v0.0.1"));
    assert_eq!(kept, ["etcd", "kube-apiserver"]);
}

#[test]
fn a_wrong_digest_is_refused() {
    let bytes = envtest_archive(&["etcd", "kube-apiserver"]);
    let (result, kept) = attempt(&archive(serve(ok(bytes.len()), bytes), b"something else"));
    let error = result.unwrap_err();
    assert!(error.contains("expected sha512") && error.contains("got"), "{error}");
    assert!(kept.is_empty(), "{kept:?}");
}

#[test]
fn a_truncated_archive_is_refused() {
    let bytes = envtest_archive(&["etcd", "kube-apiserver"]);
    let half = bytes[..bytes.len() / 2].to_vec();
    // Once as a connection that breaks off, once as a server that believes half is all.
    for length in [bytes.len(), half.len()] {
        let (result, kept) = attempt(&archive(serve(ok(length), half.clone()), &bytes));
        let error = result.unwrap_err();
        assert!(error.contains("broke off") || error.contains("wrong digest"), "{error}");
        assert!(kept.is_empty(), "{kept:?}");
    }
}

#[test]
fn an_archive_without_a_binary_is_refused() {
    let bytes = envtest_archive(&["kube-apiserver"]);
    let (result, kept) = attempt(&archive(serve(ok(bytes.len()), bytes.clone()), &bytes));
    assert!(result.unwrap_err().contains("holds no `etcd`"));
    assert!(kept.is_empty(), "{kept:?}");
}

#[test]
fn an_error_page_and_a_closed_port_are_no_archive() {
    let page = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_owned();
    let (result, _) = attempt(&archive(serve(page, Vec::new()), b""));
    assert!(result.unwrap_err().contains("cannot be had"));
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let started = Instant::now();
    let (result, _) = attempt(&archive(format!("http://{closed}"), b""));
    assert!(result.unwrap_err().contains("cannot be had"));
    assert!(started.elapsed() < Duration::from_secs(10));
}

/// A stand-in for `go` that runs a script; `$output` is what follows `-o`.
///
/// Another process writes it: a file that this one has open for writing cannot be executed while some other
/// test's fork still holds a copy of the descriptor.
fn fake_go(folder: &Path, script: &str) -> Toolchain {
    let path = folder.join("go");
    let find_output = r#"while [ $# -gt 0 ]; do [ "$1" = -o ] && output=$2; shift; done"#;
    let text = format!("#!/bin/sh\n{find_output}\n{script}\n");
    let mut writer = Command::new("sh");
    writer.args(["-c", r#"printf %s "$1" > "$0" && chmod +x "$0""#]).arg(&path).arg(text);
    assert!(writer.status().unwrap().success());
    Toolchain::at(path)
}

fn build(cache: &Cache, go: &Toolchain) -> Result<PathBuf, String> {
    go.build(cache, &ETCD).map_err(|error| format!("{error:#}"))
}

#[test]
fn a_failed_build_does_not_poison_the_cache() {
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::at(folder.path().join("cache"));
    let failing = fake_go(folder.path(), r#"printf half > "$output"; echo 'no space left' >&2; exit 1"#);
    let error = build(&cache, &failing).unwrap_err();
    assert!(error.contains("no space left"), "{error}");
    assert_eq!(cache.find(&ETCD.module.key(), "etcd"), None);
    // A build that was killed leaves its workspace; the next one sweeps it away.
    let killed = cache.folder(&ETCD.module.key()).join(".partial-killed");
    fs::create_dir(&killed).unwrap();
    let working = fake_go(folder.path(), r#"printf whole > "$output""#);
    let path = build(&cache, &working).unwrap();
    assert_eq!(fs::read_to_string(path).unwrap(), "whole");
    assert!(!killed.exists());
}

#[test]
fn two_builds_at_once_are_one() {
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::at(folder.path().join("cache"));
    let log = folder.path().join("log");
    let script = format!(r#"echo run >> '{}'; sleep 0.3; printf whole > "$output""#, log.display());
    let go = fake_go(folder.path(), &script);
    std::thread::scope(|scope| {
        let builds: Vec<_> = (0..3).map(|_| scope.spawn(|| build(&cache, &go).unwrap())).collect();
        for build in builds {
            assert_eq!(fs::read_to_string(build.join().unwrap()).unwrap(), "whole");
        }
    });
    assert_eq!(fs::read_to_string(log).unwrap(), "run\n");
}
