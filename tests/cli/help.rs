//! Help, version and completions.

use crate::support::env::TestEnv;

#[test]
fn the_first_page_of_help() {
    let run = TestEnv::new().run(&["-h"]).expect(0);
    insta::assert_snapshot!(run.stdout, @"");
}

#[test]
fn every_command_explains_itself() {
    for command in ["init", "validate", "render", "plan", "apply", "destroy", "schema", "completions"] {
        let run = TestEnv::new().run(&[command, "--help"]).expect(0);
        assert!(run.stdout.contains(&format!("Usage: bridge {command}")), "{run}");
        assert!(run.stdout.contains("--profile") && run.stderr.is_empty(), "{run}");
    }
}

#[test]
fn the_consents_of_apply_are_listed_together() {
    let run = TestEnv::new().run(&["apply", "--help"]).expect(0);
    let consent = run.stdout.split("Consent:").nth(1).unwrap();
    for option in ["--adopt", "--force-conflicts", "--allow-delete", "--rename-from"] {
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
