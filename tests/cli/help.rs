//! Help, version and completions.

use crate::support::env::TestEnv;

#[test]
fn the_first_page_of_help() {
    let run = TestEnv::new().run(&["-h"]).expect(0);
    insta::assert_snapshot!(run.stdout, @r"
    From an empty Kubernetes cluster to a running GitOps fleet

    Usage: bridge [OPTIONS] [COMMAND]

    Commands:
      init         Write a first profile, asking nothing
      validate     Check profiles offline, and report every finding at once
      render       Print the desired objects as YAML
      plan         Show what apply would change
      apply        Bring the cluster to the profile
      status       Show how the hub, its clusters, ApplicationSets and Applications are
      destroy      Remove everything that the profile owns on the hub
      up           Make the profile's clusters with kind, and bring them to the profile
      down         Remove the clusters that `bridge up` made for the profile
      credentials  The tokens that bridge made for Argo CD on spokes
      schema       Print the JSON schema of the profile or of an output
      completions  Print a completion script for a shell
      help         Print this message or the help of the given subcommand(s)

    Options:
      -h, --help     Print help (see more with '--help')
      -V, --version  Print version

    Global options:
      -f, --profile <FILE>      Profile to read, or a quoted pattern such as 'profiles/*.yaml'; may be
                                given again [default: bridge.yaml]
          --var <NAME=VALUE>    Value of a variable of the profile; never for secrets, which have no
                                option
          --var-file <FILE>     File with values of variables: YAML, JSON, or the output of `terraform
                                output -json`
          --context <NAME>      Kubeconfig context of the hub, where the profile names none
          --kubeconfig <FILE>   Kubeconfig file [default: KUBECONFIG, else ~/.kube/config]
          --in-cluster          Use the ServiceAccount of the pod that bridge runs in
      -o, --output <FORMAT>     Format of the output; which ones there are depends on the command
                                [default: text] [possible values: text, json, sarif, markdown]
          --color <WHEN>        When to use colours [default: auto] [possible values: auto, always,
                                never]
      -q, --quiet               Print data, warnings and errors only
      -v, --verbose...          Say more: -v shows whole objects and steps, -vv requests, -vvv
                                everything
          --parallelism <N>     How many requests run at the same time on each hub, and how many hubs of
                                an apply or destroy [default: 10]
          --timeout <DURATION>  How long to wait for what was applied to become ready, such as 90s or
                                10m [default: 10m]
          --no-download         Fetch nothing from the network; the Argo CD manifest must be in the
                                cache or a file
          --locked              Treat a missing entry of bridge.lock as an error, as in CI (CI=true)
          --allow-exec          Run the credential commands of the profile although CI=true
          --explain <CODE>      Explain the code of a finding or an error, such as BRG3003

    Exit codes:
        0  done, or in sync
        1  failed, the plan was declined, or something is wrong (status)
        2  changes are pending (plan --detailed-exitcode)
        3  wrong usage, or findings in the profile
        4  the hub is unreachable, or forbids the request
        5  conflict, stale plan, lock held, or a delete that needs consent
        6  applied, but not ready (failed or timed out)
      130  interrupted
    Several at once: 130, 3, 4, 5, 1, 6, in that order.
    ");
}

#[test]
fn every_command_explains_itself() {
    for command in
        ["init", "validate", "render", "plan", "apply", "status", "destroy", "schema", "completions"]
    {
        let run = TestEnv::new().run(&[command, "--help"]).expect(0);
        assert!(run.stdout.contains(&format!("Usage: bridge {command}")), "{run}");
        assert!(run.stdout.contains("--color") && run.stderr.is_empty(), "{run}");
    }
}

#[test]
fn help_shows_a_command_only_what_it_heeds() {
    let help = |command| TestEnv::new().run(&[command, "-h"]).expect(0).stdout;
    for (command, heeded, ignored) in [
        ("init", "--profile", "--kubeconfig"),
        ("validate", "--locked", "--timeout"),
        ("plan", "--kubeconfig", "--timeout"),
        ("apply", "--timeout", "--explain"),
        ("status", "--all", "--timeout"),
        ("destroy", "--allow-delete", "--adopt"),
        ("schema", "--color", "--profile"),
    ] {
        let help = help(command);
        assert!(help.contains(heeded) && !help.contains(ignored), "{help}");
    }
    assert!(help("validate").contains("text, json or sarif") && !help("apply").contains("sarif"));
}

#[test]
fn what_help_names_exists() {
    let help = TestEnv::new().run(&["--help"]).expect(0).stdout;
    let code = &help[help.find("BRG").unwrap()..][..7];
    let _ = TestEnv::new().run(&["--explain", code]).expect(0);
    assert_eq!(
        TestEnv::new().run(&["help", "plan"]).expect(0).stdout,
        TestEnv::new().run(&["plan", "--help"]).stdout
    );
}

#[test]
fn a_mistake_on_the_command_line_gets_a_tip_that_helps() {
    for (args, tip) in [
        (&["aply"][..], "'apply'"),
        (&["lint"], "`bridge validate`"),
        (&["frobnicate"], "`bridge --help`"),
        (&["apply", "--destroy"], "`bridge destroy`"),
        (&["apply", "--yes"], "`--auto-approve`"),
        (&["plan", "--tagret", "Secret/x"], "'--target'"),
        (&["plan", "-f", "a.yaml", "b.yaml"], "-f b.yaml"),
    ] {
        let run = TestEnv::new().run(args).expect(3);
        assert!(run.stderr.contains("tip: ") && run.stderr.contains(tip), "{run}");
    }
    assert!(!TestEnv::new().run(&["frobnicate"]).stderr.contains("similar"));
}

#[test]
fn options_that_contradict_each_other_are_refused() {
    for args in [
        &["plan", "--destroy", "--target", "Secret/x"][..],
        &["plan", "--destroy", "--adopt", "helm"],
        &["plan", "--destroy", "--replace", "Deployment/x"],
        &["plan", "--destroy", "--offline"],
        &["plan", "--offline", "--target", "Secret/x"],
        &["plan", "--offline", "--replace", "Deployment/x"],
        &["plan", "--offline", "--allow-delete", "3"],
        &["destroy", "--target", "Secret/x"],
        &["destroy", "--adopt", "helm"],
        &["destroy", "--replace", "Deployment/x"],
        &["apply", "--in-cluster", "--context", "x"],
    ] {
        let run = TestEnv::with_profile().run(args).expect(3);
        assert!(run.stderr.contains("BRG4003") && run.stderr.contains(args[1]), "{run}");
    }
}

#[test]
fn the_consents_of_apply_are_listed_together() {
    let run = TestEnv::new().run(&["apply", "--help"]).expect(0);
    let consent = run.stdout.split("Consent:").nth(1).unwrap();
    for option in ["--adopt", "--force-conflicts", "--replace", "--allow-delete", "--rename-from"] {
        assert!(consent.contains(option), "{run}");
    }
    assert!(run.stdout.contains("--auto-approve") && run.stdout.contains("--no-wait"), "{run}");
}

#[test]
fn the_version_is_one_line_of_data() {
    let run = TestEnv::new().run(&["--version"]).expect(0);
    assert_eq!(run.stdout, format!("bridge {}\n", env!("CARGO_PKG_VERSION")));
    assert_eq!(run.stderr, "");
}

#[test]
fn wrong_usage_is_exit_3_and_no_data() {
    for args in [&["frobnicate"][..], &["plan", "--no-such-option"], &["plan", "--timeout", "soon"], &[]] {
        let run = TestEnv::new().run(args).expect(3);
        assert_eq!(run.stdout, "", "{run}");
        assert!(!run.stderr.is_empty());
    }
}

#[test]
fn options_may_stand_before_and_after_the_command() {
    let env = TestEnv::with_profile();
    for args in [&["-f", "bridge.yaml", "validate"][..], &["validate", "-f", "bridge.yaml"]] {
        assert_eq!(env.run(args).expect(0).stdout, "");
    }
}

#[test]
fn every_shell_gets_completions() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let run = TestEnv::new().run(&["completions", shell]).expect(0);
        assert!(run.stdout.contains("auto-approve") && run.stderr.is_empty(), "{shell}");
    }
    let _ = TestEnv::new().run(&["completions", "tcsh"]).expect(3);
}
