//! The runner of the `bridge` binary, shown on `sh`: hermetic, bounded, interruptible.

use bridge_e2e::bridge_cmd::Bridge;
use bridge_e2e::manifests;
use std::path::Path;
use std::time::{Duration, Instant};

fn sh(script: &str) -> Bridge {
    Bridge::of_binary(Path::new("/bin/sh")).unwrap().args(["-c", script])
}

#[test]
fn nothing_of_the_caller_reaches_it() {
    let outcome = sh("env; pwd; ls -A; cat").stdin("read me\n").run().unwrap();
    assert_eq!(outcome.code, Some(0), "{outcome}");
    let names: Vec<&str> =
        outcome.stdout.lines().filter_map(|line| line.split_once('=')).map(|(name, _)| name).collect();
    // PWD and the like are sh's own.
    let foreign: Vec<&&str> = names
        .iter()
        .filter(|name| {
            !["HOME", "TMPDIR", "LC_ALL", "PATH", "BRIDGE_CACHE_DIR", "PWD", "OLDPWD", "SHLVL", "_"]
                .contains(name)
        })
        .collect();
    assert!(foreign.is_empty(), "{foreign:?}");
    assert!(outcome.stdout.ends_with("read me\n"), "{outcome}");
}

#[test]
fn exit_codes_and_streams_are_kept_apart() {
    let outcome =
        sh("echo data; echo talk >&2; [ \"$CI\" = true ] && exit 3").env("CI", "true").run().unwrap();
    assert_eq!(
        (outcome.code, outcome.stdout.as_str(), outcome.stderr.as_str()),
        (Some(3), "data\n", "talk\n")
    );
}

#[test]
fn a_hang_ends_with_what_was_said() {
    let started = Instant::now();
    let error = sh("echo waiting >&2; exec sleep 60").timeout(Duration::from_millis(300)).run().unwrap_err();
    assert!(error.to_string().contains("waiting"), "{error}");
    assert!(started.elapsed() < Duration::from_secs(10));
}

#[test]
fn ctrl_c_reaches_it() {
    // A shell cannot trap a signal that was ignored when it began, as SIGINT is in what another shell runs with `&`.
    let script = "trap 'echo stopping; exit 130' INT; echo ready; while :; do sleep 0.05; done";
    let shell = Bridge::of_binary(Path::new("/usr/bin/env")).unwrap();
    let running = shell.args(["--default-signal=INT", "bash", "-c", script]).spawn().unwrap();
    let deadline = Instant::now() + Duration::from_secs(10);
    while !running.stdout_so_far().contains("ready") {
        assert!(Instant::now() < deadline, "{}", running.stderr_so_far());
        std::thread::sleep(Duration::from_millis(5));
    }
    running.interrupt().unwrap();
    let outcome = running.wait().unwrap();
    assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(130), "ready\nstopping\n"));
}

#[test]
fn a_seeded_cache_holds_the_official_manifests() {
    let folder = tempfile::tempdir().unwrap();
    manifests::seed_cache(folder.path()).unwrap();
    for (name, sha256) in manifests::FILES {
        let text = std::fs::read_to_string(folder.path().join("sha256").join(sha256)).unwrap();
        assert!(
            text.contains("apiVersion: apiextensions.k8s.io/v1") || name == "namespace-install.yaml",
            "{name}"
        );
    }
    assert_eq!(std::fs::read_dir(folder.path().join("sha256")).unwrap().count(), manifests::FILES.len());
}
