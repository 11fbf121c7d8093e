//! Output for machines.

use serde_json::Value;

use crate::support::env::{PROFILE, TestEnv};

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn broken() -> TestEnv {
    let env = TestEnv::with_profile();
    env.write("bridge.yaml", &PROFILE.replace("env: dev", "enw: dev"));
    env
}

fn assert_matches_schema(env: &TestEnv, of: &str, document: &Value) {
    let schema = json(&env.run(&["schema", of]).expect(0).stdout);
    let errors: Vec<String> =
        jsonschema::validator_for(&schema).unwrap().iter_errors(document).map(|e| e.to_string()).collect();
    assert_eq!(errors, Vec::<String>::new());
}

#[test]
fn a_plan_is_one_versioned_document() {
    let env = TestEnv::with_profile();
    let plan = json(&env.run(&["plan", "--offline", "--output", "json"]).expect(0).stdout);
    assert_eq!(plan["format"], "bridge.plan/v1");
    assert_eq!(plan["bridgeVersion"], env!("CARGO_PKG_VERSION"));
    assert_eq!(plan["changes"].as_array().unwrap().len() as u64, plan["summary"]["add"].as_u64().unwrap());
    assert_eq!((plan["hasChanges"].as_bool(), plan.get("cluster")), (Some(true), None));
    assert_matches_schema(&env, "plan", &plan);
}

#[test]
fn findings_are_one_versioned_document() {
    let env = broken();
    let findings = json(&env.run(&["validate", "--output", "json"]).expect(3).stdout);
    assert_eq!(
        (findings["format"].as_str(), &findings["valid"]),
        (Some("bridge.findings/v1"), &Value::from(false))
    );
    let first = &findings["findings"][0];
    assert_eq!((first["file"].as_str(), first["severity"].as_str()), (Some("bridge.yaml"), Some("error")));
    assert!(first["line"].is_u64() && first["code"].as_str().unwrap().starts_with("BRG"), "{first}");
    assert_matches_schema(&env, "findings", &findings);
    let valid = json(&TestEnv::with_profile().run(&["validate", "--output", "json"]).expect(0).stdout);
    assert_eq!(valid["valid"], true);
}

#[test]
fn findings_are_shown_on_pull_requests() {
    let sarif = json(&broken().run(&["validate", "--output", "sarif"]).expect(3).stdout);
    assert_eq!(sarif["version"], "2.1.0");
    let result = &sarif["runs"][0]["results"][0];
    assert_eq!(result["level"], "error");
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "bridge.yaml");
    assert!(place["region"]["startLine"].is_u64(), "{result}");
    let rules = sarif["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
    assert!(rules.iter().any(|rule| rule["id"] == result["ruleId"]), "{rules:?}");
}

#[test]
fn a_plan_is_a_comment_on_a_pull_request() {
    let run = TestEnv::with_profile().run(&["plan", "--offline", "-o", "markdown"]).expect(0);
    assert!(run.stdout.starts_with("### `bridge plan`: `acme`\n"), "{run}");
    assert!(run.stdout.contains("<details>") && run.stdout.trim_end().ends_with("</details>"), "{run}");
}

#[test]
fn the_schema_of_the_profile_accepts_the_first_profile() {
    let env = TestEnv::new();
    let _ = env.run(&["init"]).expect(0);
    let profile: Value = serde_saphyr::from_str(&env.read("bridge.yaml")).unwrap();
    assert_matches_schema(&env, "profile", &profile);
}

#[test]
fn a_secret_that_is_a_common_word_leaves_documents_valid() {
    for word in ["true", "create", "bridge", "reason", "Secret", "checkedByServer", "metadata", "argoproj.io"]
    {
        let env = TestEnv::with_profile().set("BRIDGE_VAR_t", word);
        let variables = "variables: { t: { sensitive: true } }\nclusters:\n";
        env.write("bridge.yaml", &PROFILE.replace("clusters:\n", variables));
        let plan = json(&env.run(&["plan", "--offline", "-o", "json"]).expect(0).stdout);
        assert_eq!(
            (&plan["format"], &plan["hasChanges"]),
            (&"bridge.plan/v1".into(), &true.into()),
            "{word}"
        );
        assert!(
            plan["changes"].as_array().unwrap().iter().all(|change| change["action"] == "create"),
            "{word}"
        );
        assert_matches_schema(&env, "plan", &plan);
        assert_eq!(json(&env.run(&["validate", "-o", "sarif"]).expect(0).stdout)["version"], "2.1.0");
        let plain = TestEnv::with_profile().run(&["render"]).expect(0).stdout;
        assert_eq!(env.run(&["render"]).expect(0).stdout, plain, "{word}");
    }
}

#[test]
fn several_plans_are_no_json_document() {
    let env = TestEnv::with_profile();
    let args = ["plan", "--offline", "-o", "json", "-f", "bridge.yaml", "-f", "other.yaml"];
    let run = env.run(&args).expect(3);
    assert!(run.stderr.contains("once for each profile"), "{run}");
    assert_eq!(json(&run.stdout)["format"], "bridge.error/v1");
}

#[test]
fn an_error_is_a_document_too() {
    let env = TestEnv::with_profile().set("GIT_USER", "bob").set("GIT_TOKEN", "git-t0ken-value");
    env.write("token", "spoke-t0ken-value\n");
    for (args, code, finding) in [
        (&["plan", "-o", "json"][..], 4, "BRG2001"),
        (&["plan", "-o", "json", "-f", "absent.yaml"], 3, "BRG4001"),
        (&["plan", "-o", "json", "--context", "nowhere"], 3, "BRG4004"),
        (&["render", "-o", "json"], 3, "BRG4009"),
    ] {
        let run = env.run(args).expect(code);
        let document = json(&run.stdout);
        assert_eq!(document["findings"][0]["code"], finding, "{run}");
        assert_eq!((&document["format"], &document["exitCode"]), (&"bridge.error/v1".into(), &code.into()));
        assert!(run.stderr.contains(finding), "{run}");
        assert_matches_schema(&env, "error", &document);
    }
    let findings = json(&broken().run(&["plan", "-o", "json"]).expect(3).stdout);
    assert_eq!((&findings["findings"][0]["line"], &findings["exitCode"]), (&20.into(), &3.into()));
}

#[test]
fn the_lines_of_an_apply_end_with_its_exit_code_whatever_happens() {
    let env = TestEnv::with_profile().set("GIT_USER", "bob").set("GIT_TOKEN", "git-t0ken-value");
    env.write("token", "spoke-t0ken-value\n");
    for (args, code, finding, file) in [
        (&["apply", "--auto-approve", "-o", "json"][..], 4, "BRG2001", Some("bridge.yaml")),
        (
            &["destroy", "--auto-approve", "-o", "json", "-f", "absent.yaml"],
            3,
            "BRG4001",
            Some("absent.yaml"),
        ),
        (&["apply", "-o", "json"], 3, "BRG4006", None),
    ] {
        let run = env.run(args).expect(code);
        let lines: Vec<Value> = run.stdout.lines().map(json).collect();
        let [version, error] = lines.as_slice() else { panic!("{run}") };
        assert_eq!((&version["format"], &version["operation"]), (&"bridge.apply/v1".into(), &args[0].into()));
        assert_eq!(version.get("file").and_then(Value::as_str), file, "{run}");
        assert_eq!((&error["type"], &error["exitCode"]), (&"error".into(), &code.into()), "{run}");
        assert_eq!(error["findings"][0]["code"], finding, "{run}");
        lines.iter().for_each(|line| assert_matches_schema(&env, "apply", line));
    }
}

#[test]
fn every_finding_has_a_place() {
    let manifest = TestEnv::with_profile().read("manifest.yaml");
    let definitions = "kind: CustomResourceDefinition";
    for (profile, manifest, args, code) in [
        (PROFILE.to_owned(), "<html>".to_owned(), &[][..], "BRG1403"),
        (PROFILE.to_owned(), "a: [".to_owned(), &[], "BRG1403"),
        (PROFILE.to_owned(), manifest.replace(definitions, "kind: Gone"), &[], "BRG1404"),
        (PROFILE.to_owned(), manifest.replace("name: argocd-secret", "name: argocd-redis"), &[], "BRG1405"),
        (PROFILE.replace("name: spoke-dev", "name: repo-platform"), manifest.clone(), &[], "BRG1407"),
        (PROFILE.replace("manifest.yaml", "absent.yaml"), manifest.clone(), &[], "BRG1402"),
        (PROFILE.replace("  manifests: { path: manifest.yaml }\n", ""), manifest.clone(), &[], "BRG1421"),
        (PROFILE.to_owned(), manifest.clone(), &["--var", "nobody=knows"], "BRG1052"),
        (PROFILE.to_owned(), manifest.clone(), &["-f", "absent.yaml"], "BRG4001"),
        (
            PROFILE.replace(
                "  manifests:",
                "  images: { registries: { qay.io: mirror.example } }\n  manifests:",
            ),
            manifest.clone(),
            &[],
            "BRG1455",
        ),
    ] {
        let env = TestEnv::with_profile();
        env.write("bridge.yaml", &profile);
        env.write("manifest.yaml", &manifest);
        let run = env.run(&[&["validate", "--output", "json"], args].concat());
        let findings = json(&run.stdout)["findings"].clone();
        assert!(findings.to_string().contains(code), "{code}: {run}");
        for finding in findings.as_array().unwrap() {
            assert!(finding["file"].is_string() && finding["line"].is_u64(), "{run}");
        }
    }
}

#[test]
fn a_rewrite_that_does_nothing_is_said_before_a_plan() {
    let env = TestEnv::with_profile();
    let images = "  images: { registries: { qay.io: mirror.example } }\n  manifests:";
    env.write("bridge.yaml", &PROFILE.replace("  manifests:", images));
    for args in [&["plan", "--offline"][..], &["render"]] {
        let run = env.run(args).expect(0);
        assert!(run.stderr.contains("warning[BRG1455]") && !run.stdout.contains("BRG"), "{run}");
    }
}
