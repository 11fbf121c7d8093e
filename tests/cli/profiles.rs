//! Which profiles `-f` means.

use crate::support::env::TestEnv;

const BASE: &str = "apiVersion: bridge.gitops/v1alpha1\nkind: ProfileBase\nargocd: { version: v3.5.3 }\n";

fn with_profiles(names: &[&str]) -> TestEnv {
    let env = TestEnv::with_profile();
    let text = env.read("bridge.yaml").replace("path: manifest.yaml", "path: ../manifest.yaml");
    env.write("profiles/base.yaml", BASE);
    names.iter().for_each(|name| env.write(&format!("profiles/{name}"), &text));
    env
}

#[test]
fn a_quoted_pattern_is_every_file_that_it_matches_in_order_but_bases() {
    let env = with_profiles(&["b.yaml", "a.yaml", ".hidden.yaml", "notes.txt", "sub/deep.yaml"]);
    let run = env.run(&["plan", "--offline", "-f", "profiles/*.yaml"]).expect(0);
    let headings: Vec<&str> = run.stderr.lines().filter(|line| line.starts_with("profile ")).collect();
    assert_eq!(headings, ["profile profiles/a.yaml", "profile profiles/b.yaml"], "{run}");
    // What a pattern finds again, or a second one finds too, is one profile.
    let again =
        ["plan", "--offline", "-f", "profiles/b.yaml", "-f", "profiles/*.yaml", "-f", "profiles/[ab].yaml"];
    let run = env.run(&again).expect(0);
    let headings: Vec<&str> = run.stderr.lines().filter(|line| line.starts_with("profile ")).collect();
    assert_eq!(headings, ["profile profiles/b.yaml", "profile profiles/a.yaml"], "{run}");
}

#[test]
fn a_file_whose_name_looks_like_a_pattern_is_that_file() {
    let env = with_profiles(&["[a].yaml", "a.yaml"]);
    let run = env.run(&["plan", "--offline", "--out", "x", "-f", "profiles/[a].yaml"]).expect(3);
    assert!(run.stderr.contains("--out") && !run.stderr.contains("2 profiles"), "{run}");
    let run = env.run(&["validate", "-o", "json", "-f", "profiles/[a].yaml"]).expect(0);
    assert!(!run.stdout.contains("profiles/a.yaml"), "{run}");
}

#[test]
fn a_pattern_that_finds_no_profile_is_wrong_usage_and_never_a_success() {
    let env = with_profiles(&[]);
    env.write("profiles/other.yaml", BASE);
    for (pattern, words) in [
        ("profiles/*.yml", "no file matches `profiles/*.yml`"),
        ("nowhere/*.yaml", "no file matches"),
        ("profiles/*.yaml", "all of the 2 files are bases"),
        ("profiles/[", "cannot be used as a pattern"),
    ] {
        for command in
            [&["apply", "--auto-approve"][..], &["destroy", "--auto-approve"], &["validate"], &["plan"]]
        {
            let run = env.run(&[command, &["-f", pattern]].concat()).expect(3);
            assert!(run.stderr.contains(words) && run.stderr.contains("BRG4001"), "{run}");
        }
    }
}
