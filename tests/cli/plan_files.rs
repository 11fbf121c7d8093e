//! Plan files: what is no plan, and what is no way to name one. What is done with a good one is tried on real clusters.

use bridge::profile::sensitive::Sensitive;
use serde_json::{Value, json};

use crate::cli::kubeconfig::server;
use crate::support::env::{KUBECONFIG, PROFILE, TestEnv};

/// A plan file that fits no profile.
fn plan() -> Value {
    let consent = json!({
        "adopt": [], "forceConflicts": [], "allowDelete": [], "allowDeletes": 0, "renameFrom": null, "targets": []
    });
    let given =
        json!({ "profile": "bridge.yaml", "vars": [], "varFiles": [], "context": null, "inCluster": false });
    json!({
        "format": "bridge.plan-file/v1",
        "bridgeVersion": "0.1.0",
        "time": "2026-01-01T00:00:00Z",
        "profile": "acme",
        "isDestroy": false,
        "cluster": { "context": "hub-admin", "server": "https://127.0.0.1:1", "uid": "u" },
        "given": given,
        "consent": consent,
        "salt": "00".repeat(16),
        "profileDigest": "0",
        "secretsDigest": "0",
        "changes": [],
    })
}

fn with(key: &str, value: Value) -> String {
    let mut plan = plan();
    plan[key] = value;
    plan.to_string()
}

#[test]
fn what_is_no_plan_is_refused_with_a_remedy() {
    let whole = plan().to_string();
    let fields =
        json!([{ "action": "create", "object": { "group": "", "kind": "Secret", "name": 1 }, "body": {} }]);
    let neither = json!([{
        "action": "update", "object": { "group": "", "kind": "Secret", "name": "dev" }, "body": {},
        "fields": [{ "path": "metadata.labels.env" }]
    }]);
    let targets = json!({
        "adopt": [], "forceConflicts": [], "allowDelete": [], "allowDeletes": 0, "renameFrom": null, "targets": ["x"]
    });
    for (text, words) in [
        (PROFILE.to_owned(), "this applies it: bridge apply -f it"),
        (String::new(), "is no plan file"),
        ("garbage".to_owned(), "is no plan file"),
        ("[1, 2]".to_owned(), "is no plan file"),
        ("\"bridge.plan-file/v1\"".to_owned(), "is no plan file"),
        ("[".repeat(100_000), "is no plan file"),
        (whole[..whole.len() / 2].to_owned(), "is a damaged plan file"),
        (with("more", json!(1)), "unknown field `more`"),
        (with("changes", fields), "is a damaged plan file"),
        (with("changes", neither), "the field `metadata.labels.env` has neither `before` nor `after`"),
        (with("consent", targets), "KIND/NAME"),
        (with("format", json!("bridge.plan-file/v2")), "the bridge that wrote it (0.1.0)"),
        (with("format", json!("bridge.plan/v1")), "`bridge plan --output json`"),
        (with("salt", json!("0")), "the salt is damaged"),
    ] {
        let env = TestEnv::with_profile();
        env.write("it", &text);
        let run = env.run(&["apply", "it"]).expect(3);
        assert!(run.stderr.contains("error[BRG4017]") && run.stderr.contains(words), "{words}: {run}");
        let lines = env.run(&["apply", "it", "-o", "json"]).expect(3).stdout;
        let last: Value = serde_json::from_str(lines.lines().last().unwrap()).unwrap();
        assert_eq!((&last["type"], &last["exitCode"]), (&"error".into(), &3.into()), "{lines}");
    }
}

#[test]
fn any_part_of_a_plan_file_is_refused_without_a_panic() {
    let env = TestEnv::with_profile();
    let whole = plan().to_string();
    for end in (0..whole.len()).step_by(40) {
        env.write("it", &whole[..end]);
        let run = env.run(&["apply", "it"]).expect(3);
        assert!(run.stderr.contains("BRG4017"), "{end}: {run}");
    }
}

#[test]
fn a_plan_file_that_is_not_there_is_named_with_what_writes_it() {
    insta::assert_snapshot!(TestEnv::with_profile().run(&["apply", "it"]), @r"
    exit 3
    --- stdout
    --- stderr
    error[BRG4017]: there is no plan file `it`
      hint: `bridge plan --out it` writes it
      more: bridge --explain BRG4017
    ");
}

#[test]
fn a_plan_of_another_profile_is_stale_before_any_request() {
    let env = TestEnv::with_profile();
    env.write("it", &plan().to_string());
    insta::assert_snapshot!(env.run(&["apply", "it"]), @r"
    exit 5
    --- stdout
    --- stderr
    error[BRG3019]: the profile is not the one that the plan was made from; nothing was written
      hint: look at a new plan, and save it: bridge plan --out FILE
      hint: its files, its templates and the values of its variables count; `-f` names it where it moved
      more: bridge --explain BRG3019
    ");
    env.write("it", &with("profile", json!("other")));
    let _ = env.run(&["apply", "it"]).expect(5);
}

#[test]
fn a_plan_file_carries_its_profile_its_variables_and_its_consents() {
    let env = TestEnv::with_profile();
    env.write("it", &plan().to_string());
    for more in [
        &["--target", "Secret/x"][..],
        &["--adopt", "helm"],
        &["--force-conflicts", "Secret/x:.a"],
        &["--replace", "Deployment/x"],
        &["--allow-delete", "1"],
        &["--rename-from", "old"],
        &["--var", "a=b"],
        &["--var-file", "a"],
        &["-f", "bridge.yaml", "-f", "bridge.yaml"],
    ] {
        let run = env.run(&[&["apply", "it"], more].concat()).expect(3);
        assert!(run.stderr.contains("BRG4003"), "{more:?}: {run}");
    }
}

#[test]
fn what_is_no_plan_is_not_overwritten() {
    let env = TestEnv::with_profile();
    for args in [&["plan", "--out", "bridge.yaml"][..], &["plan", "--out", "."]] {
        let run = env.run(args).expect(3);
        assert!(run.stderr.contains("BRG4008"), "{run}");
    }
    assert_eq!(env.read("bridge.yaml"), PROFILE);
    let run = env.run(&["plan", "--out", "absent/it"]).expect(1);
    assert!(run.stderr.contains("error[BRG4015]") && !run.stderr.contains("BRG4012"), "{run}");
}

#[test]
fn one_plan_of_one_cluster_is_saved() {
    let env = TestEnv::with_profile();
    env.write("other.yaml", PROFILE);
    let several = env.run(&["plan", "--out", "it", "-f", "bridge.yaml", "-f", "other.yaml"]).expect(3);
    assert!(several.stderr.contains("once for each profile"), "{several}");
    let _ = env.run(&["plan", "--out", "it", "--offline"]).expect(3);
    assert!(!env.path("it").exists());
}

#[test]
fn a_plan_file_has_a_schema() {
    let schema = TestEnv::new().run(&["schema", "plan-file"]).expect(0).stdout;
    let schema: Value = serde_json::from_str(&schema).unwrap();
    assert!(jsonschema::validator_for(&schema).unwrap().is_valid(&plan()), "{schema:#}");
}

#[test]
fn another_cluster_is_refused_before_a_secret_is_resolved() {
    let literal = "{ value: hunter2-hunter2, allowLiteral: true }";
    for profile in [PROFILE.to_owned(), PROFILE.replace("{ env: GIT_TOKEN }", literal)] {
        let env = TestEnv::with_profile();
        let address = server("200 OK", r#"{"metadata":{"uid":"u-1"}}"#.to_owned());
        env.write("kubeconfig", &KUBECONFIG.replace("https://127.0.0.1:1", &address));
        env.write("bridge.yaml", &profile);
        // The digest of a text without the secret in it is no way to guess the secret.
        let text = profile.replace("hunter2-hunter2", &"*".repeat(15));
        let digest = bridge::plan::digest::digest(&"00".repeat(16), [&Sensitive::new(text)]).unwrap();
        env.write("it", &with("profileDigest", json!(digest)));
        let run = env.run(&["apply", "it"]).expect(5);
        assert!(run.stderr.contains("BRG3016") && run.stderr.contains("uid u-1"), "{run}");
        assert!(!run.stderr.contains("BRG4012"), "{run}");
    }
}
