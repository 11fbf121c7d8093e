//! What happens before anything is written.

use crate::support::env::TestEnv;

#[test]
fn without_a_terminal_nobody_can_be_asked() {
    insta::assert_snapshot!(TestEnv::with_profile().run(&["apply"]), @r"
    exit 3
    --- stdout
    --- stderr
    error[BRG4006]: the plan needs an approval, and this is no terminal
      hint: look at `bridge plan`, then run with `--auto-approve`
      more: bridge --explain BRG4006
    ");
    let _ = TestEnv::with_profile().run(&["destroy"]).expect(3);
}

#[test]
fn every_profile_is_checked_before_the_first_is_applied() {
    let env = TestEnv::with_profile().set("GIT_USER", "bob").set("GIT_TOKEN", "git-t0ken-value");
    env.write("bad.yaml", "kind: Profile\n");
    for command in ["apply", "destroy"] {
        let files = ["-f", "bridge.yaml", "-f", "bad.yaml", "-f", "absent.yaml"];
        let run = env.run(&[&[command, "--auto-approve"], &files[..]].concat()).expect(3);
        // The hub of the good one does not answer, which would be exit 4.
        assert!(!run.stderr.contains("BRG2001") && run.stderr.contains("BRG4001"), "{run}");
        assert!(run.stderr.contains("profile bad.yaml"), "{run}");
    }
}

#[test]
fn an_output_that_the_command_does_not_have() {
    let run = TestEnv::with_profile().run(&["apply", "--auto-approve", "-o", "markdown"]).expect(3);
    assert!(run.stderr.contains("`text`, `json`"), "{run}");
}

#[test]
fn consents_of_the_wrong_form_are_usage_errors() {
    for args in [
        ["--force-conflicts", "Secret/x"],
        ["--replace", "Deployment"],
        ["--allow-delete", "everything"],
        ["--target", "Secret"],
    ] {
        let args = [&["apply", "--auto-approve"], &args[..]].concat();
        let run = TestEnv::with_profile().run(&args).expect(3);
        assert!(run.stderr.contains("KIND/NAME"), "{run}");
    }
}

#[test]
fn a_replacement_is_of_one_profile() {
    for command in [&["plan"][..], &["apply", "--auto-approve"]] {
        let env = TestEnv::with_profile();
        env.write("other.yaml", &env.read("bridge.yaml"));
        let args =
            [command, &["-f", "bridge.yaml", "-f", "other.yaml", "--replace", "Deployment/x"]].concat();
        let run = env.run(&args).expect(3);
        assert!(run.stderr.contains("2 profiles are given") && run.stderr.contains("-f FILE"), "{run}");
        assert!(run.stderr.contains("BRG4003") && run.stdout.is_empty(), "{run}");
    }
}

#[test]
fn what_is_never_replaced_is_a_usage_error_with_the_reason() {
    for command in ["plan", "apply"] {
        let run = TestEnv::with_profile()
            .run(&[command, "--replace", "CustomResourceDefinition/applications.argoproj.io"])
            .expect(3);
        assert!(run.stderr.contains("every object of its kind would go with it"), "{run}");
        assert!(run.stderr.contains("BRG4003") && run.stdout.is_empty(), "{run}");
    }
}
