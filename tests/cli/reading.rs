//! Files that never end, and surroundings that make no sense.
#![cfg(unix)]

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::process::Command;

use serde_json::Value;

use crate::support::env::{PROFILE, Run, TestEnv};

fn refused(env: &TestEnv, args: &[&str]) -> Run {
    let run = env.run(args).expect(3);
    assert!(run.all().contains("no regular file"), "{args:?}: {run}");
    run
}

#[test]
fn devices_and_pipes_are_refused() {
    let env = TestEnv::with_profile().set("GIT_USER", "bob").set("GIT_TOKEN", "git-t0ken-value");
    assert!(Command::new("mkfifo").arg(env.path("pipe")).status().unwrap().success());
    for path in ["/dev/zero", "pipe"] {
        let _ = refused(&env, &["validate", "-f", path]);
        let _ = refused(&env, &["plan", "--offline", "-f", path]);
        let _ = refused(&env, &["validate", "--var-file", path]);
        let _ = refused(&env, &["init", "--from", path, "-f", "new.yaml"]);
        env.write("manifest-profile.yaml", &PROFILE.replace("manifest.yaml", path));
        let _ = refused(&env, &["plan", "--offline", "-f", "manifest-profile.yaml"]);
        env.write("secret-profile.yaml", &PROFILE.replace("file: token", &format!("file: {path}")));
        let _ = refused(&env, &["render", "--show-secrets", "-f", "secret-profile.yaml"]);
        std::os::unix::fs::symlink(path, env.path("bridge.lock")).unwrap();
        let _ = refused(&env, &["plan", "--offline"]);
        std::fs::remove_file(env.path("bridge.lock")).unwrap();
    }
}

#[test]
fn a_pipe_of_the_shell_is_read() {
    let env = TestEnv::with_profile();
    let mut command = env.command(&["validate", "--var-file", "/dev/stdin"]);
    let mut child =
        command.stdin(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), b"{}\n").unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_secret_file_has_a_size() {
    let env = TestEnv::with_profile().set("GIT_USER", "bob").set("GIT_TOKEN", "git-t0ken-value");
    env.write("token", &"x".repeat((1 << 20) + 1));
    let run = env.run(&["render", "--show-secrets"]).expect(3);
    assert!(run.stderr.contains("larger than 1 MiB"), "{run}");
}

#[test]
fn documents_are_printed_without_a_profile_too() {
    for output in ["json", "sarif"] {
        let run = TestEnv::new().run(&["validate", "-o", output, "-f", "absent.yaml"]).expect(3);
        let document: Value = serde_json::from_str(&run.stdout).unwrap();
        assert!(document.to_string().contains("BRG4001"), "{run}");
    }
}

#[test]
fn variables_that_are_no_text_are_refused() {
    for name in ["BRIDGE_PROFILE", "BRIDGE_CONTEXT", "CI"] {
        let env = TestEnv::with_profile();
        let output = env.command(&["validate"]).env(name, OsStr::from_bytes(b"a\xff")).output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(3), "{stderr}");
        assert!(stderr.contains(name) && stderr.contains("BRG4003"), "{stderr}");
    }
}

#[test]
fn ci_is_what_says_yes() {
    for (value, code) in [("true", 3), ("1", 3), ("False", 0), ("FALSE", 0), ("0", 0)] {
        let env = TestEnv::new().set("CI", value);
        env.write("bridge.yaml", PROFILE);
        env.write("manifest.yaml", include_str!("../support/manifest.yaml"));
        env.write("bridge.yaml", &PROFILE.replace("  manifests: { path: manifest.yaml }\n", ""));
        let run = env.run(&["plan", "--offline", "--no-download"]).expect(3);
        assert_eq!(run.stderr.contains("BRG1430"), code == 3, "{value}: {run}");
    }
}

#[test]
fn wrong_usage_has_a_code() {
    let env = TestEnv::with_profile();
    for args in [&["plan", "--no-such-option"][..], &["plan", "--timeout", "soon"], &["frobnicate"]] {
        let run = env.run(args).expect(3);
        assert!(
            run.stderr.starts_with("error[BRG4003]: ") && run.stderr.contains("--explain BRG4003"),
            "{run}"
        );
    }
    let run = env.set("BRIDGE_LOG", "bridge=loud").run(&["validate"]).expect(3);
    assert!(run.stderr.contains("error[BRG4003]: BRIDGE_LOG is no filter"), "{run}");
}
