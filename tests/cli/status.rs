//! `bridge status` where there is no hub to ask.

use serde_json::Value;

use crate::support::env::{PROFILE, TestEnv};

#[test]
fn a_hub_that_does_not_answer_is_exit_4_and_says_what_to_check() {
    let env = TestEnv::with_profile();
    let run = env.run(&["status"]).expect(4);
    assert!(run.stdout.is_empty() && run.stderr.contains("BRG2001") && run.stderr.contains("hint:"), "{run}");
    let run = env.run(&["status", "--output", "json"]).expect(4);
    let document: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!((&document["format"], &document["exitCode"]), (&"bridge.error/v1".into(), &4.into()));
}

#[test]
fn a_reference_that_leads_nowhere_does_not_keep_anybody_from_looking() {
    let run = TestEnv::with_profile().run(&["status"]).expect(4);
    assert!(!run.stderr.contains("GIT_TOKEN") && !run.stderr.contains("`token`"), "{run}");
}

#[test]
fn one_document_is_of_one_profile() {
    let env = TestEnv::with_profile();
    env.write("other.yaml", PROFILE);
    let run = env.run(&["status", "-o", "json", "-f", "bridge.yaml", "-f", "other.yaml"]).expect(3);
    assert!(run.stderr.contains("run `bridge status` once for each profile"), "{run}");
    for format in ["sarif", "markdown"] {
        let run = env.run(&["status", "-o", format]).expect(3);
        assert!(run.stderr.contains("it has `text`, `json`"), "{run}");
    }
}

#[test]
fn a_profile_with_findings_is_told_before_the_hub_is_asked() {
    let env = TestEnv::with_profile();
    env.write("bridge.yaml", "kind: Profile\n");
    let run = env.run(&["status"]).expect(3);
    assert!(run.stderr.contains("bridge.yaml:1:1") && !run.stderr.contains("BRG2001"), "{run}");
}
