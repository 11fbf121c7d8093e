//! The kubeconfig that `bridge up --kubeconfig FILE` writes into: looked at before anything is made.
#![cfg(unix)]

use std::os::unix::fs::PermissionsExt as _;

use super::kind::{called, env};
use crate::support::env::{Run, TestEnv};

fn up(env: &TestEnv, file: &str) -> Run {
    env.run(&["up", "--timeout", "1s", "--kubeconfig", file])
}

#[test]
fn a_kubeconfig_that_cannot_be_written_is_told_before_anything_is_made() {
    let env = env();
    env.write("file", "");
    env.write("folder/x", "");
    env.write("garbage", "clusters: nonsense\n");
    env.write("locked", "");
    env.write("locked.lock", "");
    for (file, why) in [
        ("file/config", "Not a directory"),
        ("folder", "Is a directory"),
        ("garbage", "mend it, or name another file"),
        ("locked", "locked.lock says that another program is writing it"),
    ] {
        let run = up(&env, file).expect(1);
        assert_eq!(run.stderr.matches("error[").count(), 1, "{file}: {run}");
        assert!(run.stderr.contains("error[BRG5012]") && run.stderr.contains(why), "{file}: {run}");
    }
    assert!(!called(&env, "kind create"), "{}", env.read("calls"));
    assert_eq!(env.read("garbage"), "clusters: nonsense\n");
    // It is told with everything else.
    let profile = env.read("bridge.yaml");
    let mount = "provider: kind, kind: { mounts: [{ host: charts, node: /charts }] } }\n";
    env.write("bridge.yaml", &profile.replace("provider: kind }\n", mount));
    let run = up(&env, "folder").expect(1);
    assert!(run.stderr.contains("error[BRG5012]") && run.stderr.contains("error[BRG5006]"), "{run}");
}

#[test]
fn a_kubeconfig_that_is_not_there_yet_or_empty_is_as_good_as_any() {
    let env = env();
    env.write("empty", "");
    let mode = |file: &str, mode| {
        std::fs::set_permissions(env.path(file), std::fs::Permissions::from_mode(mode)).unwrap();
    };
    mode("empty", 0o600);
    for file in ["new/folder/config", "new-config", "empty"] {
        let run = up(&env, file).expect(1);
        assert!(run.stderr.contains("error[BRG5011]") && !run.stderr.contains("BRG5012"), "{file}: {run}");
    }
    assert!(!env.path("new").exists() && !env.path("new-config").exists() && env.read("empty").is_empty());
    mode("empty", 0o644);
    let run = up(&env, "empty").expect(1);
    assert!(run.stderr.contains("warning[BRG5012]") && run.stderr.contains("chmod 600 empty"), "{run}");
}
