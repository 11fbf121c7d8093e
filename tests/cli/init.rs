//! `bridge init`, and what follows it in an empty folder.

use crate::support::env::TestEnv;

#[test]
fn an_empty_folder_gets_a_profile_that_is_valid() {
    let env = TestEnv::new();
    insta::assert_snapshot!(env.run(&["init"]), @r"
    exit 0
    --- stdout
    --- stderr
    + bridge.yaml
    + bridge.schema.json
    + bridge.lock

    Next:
      1. edit it: every field has a comment or a schema
      2. bridge validate          every mistake at once, offline
      3. bridge plan --offline    what would be installed, without a cluster
      4. bridge plan              what would change on your cluster
      5. bridge apply             change it, after asking
    ");
    assert!(env.read("bridge.yaml").starts_with("# yaml-language-server: $schema=./bridge.schema.json\n"));
    assert!(env.read("bridge.lock").contains("version: v3.5.3, file: install.yaml"));
    assert_eq!(env.read("bridge.schema.json"), env.run(&["schema"]).expect(0).stdout);
    insta::assert_snapshot!(env.run(&["validate"]), @r"
    exit 0
    --- stdout
    note[BRG1421]: Argo CD's manifest is not on this machine, so patches, images and its objects were not checked
      --> bridge.yaml:14:12
       |
    14 |   version: v3.5.3
       |            ^^^^^^
      fix: `bridge plan --offline` downloads it and checks them

    1 note
    --- stderr
    The profile is valid.
    ");
}

#[test]
fn nothing_is_overwritten() {
    let env = TestEnv::new();
    env.write("bridge.yaml", "mine");
    insta::assert_snapshot!(env.run(&["init"]), @r"
    exit 3
    --- stdout
    --- stderr
    error[BRG4008]: `bridge.yaml` is there already
      hint: give another name with `--profile FILE`, or remove it
      more: bridge --explain BRG4008
    ");
    assert_eq!(env.read("bridge.yaml"), "mine");
    assert!(!env.path("bridge.schema.json").exists());
}

#[test]
fn a_profile_is_copied_and_a_base_extended() {
    let env = TestEnv::with_profile();
    let run = env.run(&["init", "--from", "bridge.yaml", "-f", "copy.yaml"]).expect(0);
    assert!(run.stderr.contains("bridge validate -f copy.yaml"), "{run}");
    let _ = env.run(&["validate", "-f", "copy.yaml"]).expect(0);
    env.write("bases/base.yaml", BASE);
    let _ = env.run(&["init", "--from", "bases/base.yaml", "-f", "new.yaml"]).expect(0);
    assert!(env.read("new.yaml").contains("  - \"bases/base.yaml\"\n"));
    let _ = env.run(&["validate", "-f", "new.yaml"]).expect(0);
    // A base without clusters leaves the hub to the profile; what stands in comments must be right as well.
    env.write("bases/bare.yaml", BASE.split("clusters").next().unwrap());
    let _ = env.run(&["init", "--from", "bases/bare.yaml", "-f", "bare.yaml"]).expect(0);
    assert!(
        env.read("bare.yaml").contains("\nclusters:\n") && !env.read("new.yaml").contains("\nclusters:\n")
    );
    let _ = env.run(&["validate", "-f", "bare.yaml"]).expect(0);
    let uncommented = env.read("new.yaml").replace("# clusters:", "clusters:");
    let uncommented = uncommented.replace("# variables:", "variables:").replace("\n#   ", "\n  ");
    env.write("new.yaml", &uncommented.replace("      caData: LS0tLS1CRUdJTi...\n", ""));
    let _ = env.run(&["validate", "-f", "new.yaml"]).expect(0);
    let _ = env.run(&["init", "--from", "nowhere.yaml", "-f", "other.yaml"]).expect(3);
}

#[test]
fn one_profile_is_written_at_a_time() {
    let env = TestEnv::new();
    let run = env.run(&["init", "-f", "a.yaml", "-f", "b.yaml"]).expect(3);
    assert!(run.stderr.contains("--profile") && env.files().is_empty(), "{run}");
}

#[test]
fn a_base_among_several_profiles_is_passed_over() {
    let env = TestEnv::with_profile();
    env.write("base.yaml", BASE);
    let _ = env.run(&["validate", "-f", "base.yaml", "-f", "bridge.yaml"]).expect(0);
    let _ = env.run(&["validate", "-f", "base.yaml"]).expect(3);
}

const BASE: &str = "apiVersion: bridge.gitops/v1alpha1\nkind: ProfileBase\nargocd: { version: v3.5.3 }\n\
                    clusters: [{ name: hub, role: hub }]\n";
