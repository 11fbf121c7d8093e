//! Bad surroundings: one clear error each, and the right exit code.

use crate::support::env::{KUBECONFIG, PROFILE, TestEnv};

#[test]
fn there_is_no_profile() {
    insta::assert_snapshot!(TestEnv::new().run(&["plan"]), @r"
    exit 3
    --- stdout
    --- stderr
    error[BRG4001]: there is no profile `bridge.yaml`
      hint: `bridge init` writes a first one; `--profile FILE` names another
      more: bridge --explain BRG4001
    ");
}

#[test]
fn standard_input_has_a_path() {
    let run = TestEnv::new().run(&["plan", "-f", "-"]).expect(3);
    assert!(run.stderr.contains("-f /dev/stdin"), "{run}");
}

#[test]
fn findings_have_places_and_fixes() {
    let env = TestEnv::with_profile();
    env.write("bridge.yaml", &PROFILE.replace("env: dev", "enw: dev"));
    let validated = env.run(&["validate"]).expect(3);
    insta::assert_snapshot!(validated.to_string(), @r"
    exit 3
    --- stdout
    error[BRG1100]: a cluster has no key `enw`
      --> bridge.yaml:20:5
       |
    20 |     enw: ***
       |     ^^^
      fix: did you mean `env`?

    1 error
    --- stderr
    ");
    let planned = env.run(&["plan", "--offline"]).expect(3);
    assert_eq!((planned.stdout.as_str(), &planned.stderr), ("", &validated.stdout));
}

#[test]
fn a_variable_of_the_wrong_form() {
    let run = TestEnv::with_profile().run(&["validate", "--var", "hunter22"]).expect(3);
    assert!(run.stderr.contains("NAME=VALUE") && !run.stderr.contains("hunter22"), "{run}");
}

#[test]
fn a_value_without_its_option_is_not_quoted() {
    let run = TestEnv::with_profile().run(&["plan", "token=hunter2-hunter2"]).expect(3);
    assert!(run.stderr.contains("'token=(sensitive)'") && !run.stderr.contains("hunter2"), "{run}");
}

#[test]
fn an_unknown_variable_of_ours_is_mentioned() {
    let run = TestEnv::with_profile().set("BRIDGE_PROFLE", "x").run(&["validate"]).expect(0);
    assert!(run.stderr.contains("BRIDGE_PROFLE"), "{run}");
}

#[test]
fn there_is_no_kubeconfig() {
    let env = with_secrets();
    std::fs::remove_file(env.path("kubeconfig")).unwrap();
    insta::assert_snapshot!(env.run(&["plan"]), @r"
    exit 3
    --- stdout
    --- stderr
    error[BRG2005]: there is no kubeconfig: looked for $TEST_ENV/kubeconfig
      hint: set KUBECONFIG or give `--kubeconfig FILE`; inside a pod, give `--in-cluster`
      more: bridge --explain BRG2005
    ");
}

#[test]
fn the_context_does_not_exist() {
    let env = with_secrets();
    env.write("bridge.yaml", &PROFILE.replace("context: hub-admin", "context: hub-admn"));
    insta::assert_snapshot!(env.run(&["plan"]), @r"
    exit 3
    --- stdout
    --- stderr
    error[BRG2006]: the kubeconfig has no context `hub-admn`
      hint: did you mean `hub-admin`?
      hint: contexts: hub-admin, spoke-admin; choose one with `--context NAME`
      more: bridge --explain BRG2006
    ");
}

#[test]
fn the_cluster_does_not_answer() {
    let run = with_secrets().run(&["plan"]).expect(4);
    assert!(run.stderr.contains("BRG2001") && run.stderr.contains("127.0.0.1:1"), "{run}");
    assert_eq!(run.stdout, "");
}

#[test]
fn the_profile_and_the_option_name_different_clusters() {
    insta::assert_snapshot!(with_secrets().run(&["plan", "--context", "spoke-admin"]), @r"
    exit 3
    --- stdout
    --- stderr
    error[BRG4004]: the profile's hub is the context `hub-admin`, and `--context` says `spoke-admin`
      hint: leave `--context` (and BRIDGE_CONTEXT) out, or change the hub's `connection.context`
      hint: contexts: hub-admin, spoke-admin
      more: bridge --explain BRG4004
    ");
    let env = with_secrets();
    let made = PROFILE.replace("connection: { context: hub-admin }", "provider: kind");
    env.write("bridge.yaml", &made);
    let run = env.run(&["plan", "--context", "spoke-admin"]).expect(3);
    let hint = "leave `--context` (and BRIDGE_CONTEXT) out, or change the hub's `provider: kind`, which says how it is reached";
    assert!(run.stderr.contains("is the context `kind-hub`") && run.stderr.contains(hint), "{run}");
}

#[test]
fn a_pipeline_must_name_the_cluster() {
    let env = with_secrets();
    env.write("bridge.yaml", &PROFILE.replace("    connection: { context: hub-admin }\n", ""));
    insta::assert_snapshot!(env.run(&["apply", "--auto-approve"]), @r"
    exit 3
    --- stdout
    --- stderr
    error[BRG4005]: `--auto-approve` needs a named cluster, and neither the profile nor `--context` names one
      hint: write `connection: { context: hub-admin }` into the hub's entry of the profile, or give `--context hub-admin`
      more: bridge --explain BRG4005
    ");
    let named = env.run(&["apply", "--auto-approve", "--context", "hub-admin"]).expect(4);
    assert!(named.stderr.contains("BRG2001"), "{named}");
}

#[test]
fn in_ci_the_lock_file_must_name_the_manifest() {
    let env = TestEnv::new().set("CI", "true");
    env.write("bridge.yaml", &PROFILE.replace("  manifests: { path: manifest.yaml }\n", ""));
    insta::assert_snapshot!(env.run(&["plan", "--offline", "--no-download"]), @r"
    exit 3
    --- stdout
    --- stderr
    error[BRG1430]: bridge.lock has no entry for install.yaml of Argo CD v3.5.3; add this line below `manifests:`
      - { version: v3.5.3, file: install.yaml, sha256: 7efe2d6bbc03f63623640f1e4198f16c84009d510fb810ef71e56df1b7614ba9 }
      hint: or run `bridge plan` once without `--locked`, which writes it
      more: bridge --explain BRG1430
    ");
    assert!(!env.path("bridge.lock").exists());
    let validated = env.run(&["validate"]).expect(3);
    assert!(
        validated.stdout.contains("  - { version: v3.5.3, file: install.yaml, sha256: 7efe2d6b"),
        "{validated}"
    );
    let locked = TestEnv::new();
    locked.write("bridge.yaml", &env.read("bridge.yaml"));
    let _ = locked.run(&["validate"]).expect(0);
    assert!(locked.run(&["validate", "--locked"]).expect(3).stdout.contains("BRG1430"));
}

#[test]
fn a_damaged_lock_file_is_named() {
    let env = TestEnv::with_profile();
    env.write("bridge.yaml", &PROFILE.replace("  manifests: { path: manifest.yaml }\n", ""));
    env.write("bridge.lock", "<<<<<<< HEAD\n");
    let run = env.run(&["plan", "--offline", "--no-download"]).expect(3);
    assert!(run.stderr.contains("bridge.lock:1"), "{run}");
}

fn with_secrets() -> TestEnv {
    let env = TestEnv::with_profile().set("GIT_USER", "bob").set("GIT_TOKEN", "git-t0ken-value");
    env.write("token", "spoke-t0ken-value\n");
    env.write("kubeconfig", KUBECONFIG);
    env
}
