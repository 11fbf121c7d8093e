//! Everything that works without a cluster.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::support::env::TestEnv;

#[test]
fn a_profile_is_rendered_to_the_same_bytes_with_secrets_masked() {
    let env = TestEnv::with_profile();
    let first = env.run(&["render"]).expect(0);
    assert_eq!(first.stdout, env.run(&["render"]).expect(0).stdout);
    assert_eq!(first.stderr, "");
    assert!(first.stdout.contains("name: spoke-dev") && first.stdout.contains("password: (sensitive)"));
    assert!(!env.path("bridge.lock").exists());
}

#[test]
fn an_offline_plan_creates_everything() {
    let env = TestEnv::with_profile();
    let run = env.run(&["plan", "--offline"]).expect(0);
    insta::assert_snapshot!(run.to_string(), @r"
    exit 0
    --- stdout
    Actions are indicated with the following symbols:
      + create

    bridge will perform the following actions:

      # Namespaces: 1 to create
      + Namespace/argocd

      # CustomResourceDefinitions: 3 to create
      + CustomResourceDefinition/applications.argoproj.io
      + CustomResourceDefinition/applicationsets.argoproj.io
      + CustomResourceDefinition/appprojects.argoproj.io

      # ServiceAccounts and RBAC: 5 to create
      + ServiceAccount/argocd/controller
      + ClusterRole/small-controller
      + ClusterRoleBinding/small-controller
      + Role/argocd/controller
      + RoleBinding/argocd/controller

      # ConfigMaps and Secrets: 2 to create
      + ConfigMap/argocd/argocd-cm
      + Secret/argocd/argocd-secret

      # Services and NetworkPolicies: 2 to create
      + Service/argocd/server
      + NetworkPolicy/argocd/server

      # Workloads: 2 to create
      + Deployment/argocd/server
      + StatefulSet/argocd/argocd-application-controller

      # Repositories: 1 to create
      + Secret/argocd/repo-platform

      # Clusters: 2 to create
      + Secret/argocd/hub cluster_name=hub enable_cert_manager=true env=prod environment=prod type=hub
      + Secret/argocd/spoke-dev cluster_name=spoke-dev env=dev environment=dev tier=gold type=workload

      # ApplicationSets: 1 to create
      + ApplicationSet/argocd/addons

    Plan: 19 to add, 0 to change, 0 to destroy.
    --- stderr
    no cluster was asked: everything counts as new, and no server has checked it
    ");
    let _ = env.run(&["plan", "--offline", "--detailed-exitcode"]).expect(2);
}

#[test]
fn contexts_that_nobody_read_are_said_to_be_placeholders() {
    let env = TestEnv::with_profile();
    let profile = env.read("bridge.yaml");
    env.write("bridge.yaml", &format!("{profile}  - {{ name: east, connection: {{ context: east }} }}\n"));
    for command in [&["render"][..], &["plan", "--offline"]] {
        let run = env.run(command).expect(0);
        let said = "no kubeconfig was read: the address and authority of a context are placeholders here\n";
        assert!(run.stderr.ends_with(said), "{run}");
    }
    let kind = profile.replace("connection: { context: hub-admin }", "provider: kind");
    let (one, two) = ("  - { name: dev, provider: kind }\n", "  - { name: test, provider: kind }\n");
    for (spokes, said) in [
        (one.to_owned(), "the authority of a context is a placeholder here\n"),
        (format!("{one}{two}"), "the authorities of 2 contexts are placeholders here\n"),
    ] {
        env.write("bridge.yaml", &format!("{kind}{spokes}"));
        let run = env.run(&["render"]).expect(0);
        assert!(run.stderr.ends_with(&format!("no kubeconfig was read: {said}")), "{run}");
        let address = STANDARD.encode("https://dev-control-plane:6443");
        assert!(run.stdout.contains(&format!("server: {address}\n")), "{run}");
    }
    let config =
        "  - { name: east, connection: { context: east, server: https://east.example.com, insecure: true } }";
    env.write("bridge.yaml", &format!("{profile}{config}\n"));
    assert_eq!(env.run(&["render"]).expect(0).stderr, "", "everything is in the profile");
}

#[test]
fn a_template_that_selects_no_cluster_is_warned_of_at_its_own_line() {
    let env = TestEnv::with_profile();
    let profile = env.read("bridge.yaml");
    let set = |labels: &str| {
        env.write(
            "templates/team.yaml.tera",
            &format!(
                "# env: staging\napiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {{ name: team, namespace: argocd }}\n\
                 spec:\n  generators:\n    - clusters:\n        selector:\n          matchLabels:\n            {labels}\n  \
                 template: {{ metadata: {{ name: x }}, spec: {{ project: default }} }}\n"
            ),
        );
    };
    env.write("bridge.yaml", &format!("{profile}applicationSets: {{ templates: templates }}\n"));
    set("env: staging");
    for command in [&["validate"][..], &["render"], &["plan", "--offline"]] {
        let run = env.run(command).expect(0);
        let said = "no cluster of the profile has `env: staging`, so ApplicationSet `team` generates nothing";
        for said in ["warning[BRG1472]", said, "templates/team.yaml.tera:10:13"] {
            assert!(run.all().contains(said), "{said}: {run}");
        }
    }
    for matching in ["env: dev", "enable_cert_manager: \"true\"", "enable_off: \"true\""] {
        set(matching);
        assert!(!env.run(&["validate"]).expect(0).all().contains("BRG1472"), "{matching}");
    }
}

#[test]
fn a_shard_that_the_controller_does_not_have_is_warned_of() {
    let env = TestEnv::with_profile();
    let profile = env.read("bridge.yaml");
    env.write("bridge.yaml", &profile.replace("name: spoke-dev", "name: spoke-dev\n    shard: 1"));
    for command in [&["validate"][..], &["render"], &["plan", "--offline"]] {
        let run = env.run(command).expect(0);
        let said = "`shard: 1` of `spoke-dev` does nothing: the application controller has 1 replica(s)";
        assert!(run.all().contains("warning[BRG1109]") && run.all().contains(said), "{run}");
    }
    let replicas = "{ op: add, path: /spec/template/spec/containers/0/env/-, value: { name: ARGOCD_CONTROLLER_REPLICAS, value: \"2\" } }";
    let patch = format!(
        "  patches: [{{ target: {{ kind: StatefulSet, name: argocd-application-controller }}, json6902: [{replicas}] }}]\n"
    );
    let patched = env.read("bridge.yaml").replacen("argocd:\n", &format!("argocd:\n{patch}"), 1);
    assert!(patched.contains(&patch), "{patched}");
    env.write("bridge.yaml", &patched);
    assert!(!env.run(&["validate"]).expect(0).all().contains("BRG1109"));
}

#[test]
fn more_detail_shows_every_field() {
    let run = TestEnv::with_profile().run(&["plan", "--offline", "-v"]).expect(0);
    assert!(run.stdout.contains("+ metadata.labels.tier: \"gold\""), "{run}");
    assert!(run.stdout.contains("(sensitive)"), "{run}");
}

#[test]
fn quiet_prints_data_only() {
    let env = TestEnv::with_profile();
    assert_eq!(env.run(&["validate", "-q"]).expect(0).all(), "");
    assert_eq!(env.run(&["plan", "--offline", "-q"]).expect(0).stderr, "");
}

#[test]
fn colours_only_when_asked_for_in_a_pipe() {
    let env = TestEnv::with_profile();
    assert!(!env.run(&["plan", "--offline"]).expect(0).stdout.contains('\u{1b}'));
    let args = ["plan", "--offline", "--color", "always"];
    assert!(env.run(&args).expect(0).stdout.contains('\u{1b}'));
    assert!(
        !TestEnv::with_profile().set("NO_COLOR", "1").run(&["plan", "--offline"]).all().contains('\u{1b}')
    );
}

#[test]
fn several_profiles_are_handled_in_turn_and_the_worst_counts() {
    let env = TestEnv::with_profile();
    let run = env.run(&["plan", "--offline", "-f", "absent.yaml", "-f", "bridge.yaml"]).expect(3);
    assert!(run.stderr.contains("BRG4001") && run.stdout.contains("Plan:"), "{run}");
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let env = TestEnv::with_profile();
    let mut child = env.command(&["render"]).stdout(std::process::Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_a_failure() {
    let env = TestEnv::with_profile();
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let output = env.command(&["render"]).stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("BRG4015"));
}

#[test]
fn paths_in_a_profile_count_from_its_folder() {
    let env = TestEnv::with_profile();
    let profile = env.read("bridge.yaml");
    for file in ["bridge.yaml", "manifest.yaml"] {
        env.write(&format!("sub/{file}"), &env.read(file));
    }
    env.write("sub/sets/own.yaml.tera", "");
    env.write("sub/bridge.yaml", &format!("{profile}applicationSets: {{ templates: sets }}\n"));
    for args in [&["validate", "-f", "sub/bridge.yaml"][..], &["render", "-f", "sub/bridge.yaml"]] {
        let run = env.run(args);
        assert_eq!(run.code, 0, "{args:?}\n{}", run.stderr);
    }
}
