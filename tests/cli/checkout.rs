//! `validate --checkout`: a profile and the repositories that its root ApplicationSets pull.

use crate::support::env::{Run, TestEnv};

/// An ApplicationSet with these generators, indented by four.
fn set(name: &str, generators: &str) -> String {
    format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {{ name: {name} }}\nspec:\n  goTemplate: true\n  \
         goTemplateOptions: [missingkey=error]\n  generators:\n{generators}  template: {{}}\n"
    )
}

fn selecting(labels: &str) -> String {
    set("addon", &format!("    - clusters: {{ selector: {{ matchLabels: {{ {labels} }} }} }}\n"))
}

/// The profile of the other tests beside a checkout of its addons with one file.
fn with_set(text: &str) -> TestEnv {
    let env = TestEnv::with_profile();
    env.write("addons/argocd/appsets/oss/a.yaml", text);
    env
}

fn validate(env: &TestEnv) -> Run {
    env.run(&["validate", "--checkout", "addons=addons"])
}

#[test]
fn a_toggle_that_nothing_selects_is_an_error_with_the_name_that_was_meant() {
    let run = validate(&with_set(&selecting("enable_certmanager: \"true\""))).expect(3);
    insta::assert_snapshot!(run.stdout, @r#"
    note[BRG1472]: no cluster of the profile has `enable_certmanager: true`, so ApplicationSet `addon` generates nothing
     --> addons/argocd/appsets/oss/a.yaml:8:46
      |
    8 |     - clusters: { selector: { matchLabels: { enable_certmanager: "true" } } }
      |                                              ^^^^^^^^^^^^^^^^^^
      fix: to switch it on: `addons: { certmanager: true }`

    error[BRG1471]: no ApplicationSet of the checkout selects `enable_cert_manager`, so it does nothing for `hub`
      --> bridge.yaml:17:15
       |
    17 |     addons: { cert_manager: true }
       |               ^^^^^^^^^^^^
      fix: did you mean `certmanager`?

    1 error, 1 note
    "#);
    let run = validate(&with_set(&selecting("enable_cert_manager: \"true\""))).expect(0);
    assert!(run.stdout.is_empty(), "{run}");
}

#[test]
fn every_way_to_ask_for_a_toggle_counts() {
    let asked =
        "selector: { matchExpressions: [{ key: enable_cert_manager, operator: In, values: ['true'] }] }";
    let cluster = format!("clusters: {{ {asked} }}");
    let (list, fast) = ("list: { elements: [] }", "metadata: { name: '{{name}}' }");
    for generators in [
        format!("    - {cluster}\n"),
        format!("    - matrix: {{ generators: [{{ {list} }}, {{ {cluster} }}] }}\n"),
        format!("    - merge: {{ mergeKeys: [server], generators: [{{ {cluster} }}, {{ {list} }}] }}\n"),
        format!("    - matrix: {{ generators: [{{ {list} }}, {{ merge: {{ generators: [{{ {cluster} }}] }} }}] }}\n"),
        "    - clusters: {}\n      selector: { matchLabels: { metadata.labels.enable_cert_manager: 'true' } }\n".to_owned(),
    ] {
        let run = validate(&with_set(&set("addon", &generators))).expect(0);
        assert!(!run.stdout.contains("BRG1471"), "{generators}{run}");
    }
    // fasttemplate, several documents, and a list of objects.
    let classic = selecting("enable_cert_manager: 'true'").replace("goTemplate: true", "goTemplate: false");
    let listed = format!(
        "kind: ConfigMap\n---\n{}",
        classic.replace("template: {}", &format!("template: {{ {fast} }}"))
    );
    assert!(!validate(&with_set(&listed)).expect(0).stdout.contains("BRG1471"));
}

#[test]
fn what_is_excluded_or_no_manifest_is_not_read() {
    let env = with_set(&selecting("type: workload"));
    let selecting = selecting("enable_cert_manager: 'true'");
    for file in ["exclude/a.yaml", "exclude/deep/a.yaml", "notes.txt"] {
        env.write(&format!("addons/argocd/appsets/{file}"), &selecting);
    }
    env.write("addons/argocd/elsewhere.yaml", &selecting);
    assert!(validate(&env).expect(3).stdout.contains("BRG1471"));
    env.write("addons/argocd/appsets/oss/exclude/a.json", &serde_json::json!({
        "apiVersion": "argoproj.io/v1alpha1", "kind": "ApplicationSet", "metadata": { "name": "b" },
        "spec": { "generators": [{ "clusters": { "selector": { "matchLabels": { "enable_cert_manager": "true" } } } }] },
    }).to_string());
    assert!(!validate(&env).expect(0).stdout.contains("BRG1471"));
}

#[test]
fn a_selector_that_matches_no_cluster_says_which_label_and_what_there_is() {
    let toggle = "enable_cert_manager: \"true\"";
    let shown = |labels: &str| {
        let run = validate(&with_set(&selecting(&format!("{toggle}, {labels}")))).expect(0);
        let first: Vec<String> = run.stdout.lines().map(str::to_owned).collect();
        let fix = first.iter().find(|line| line.contains("fix:")).cloned().unwrap_or_default();
        format!(
            "{}\n{}\n{}",
            first.first().cloned().unwrap_or_default(),
            first.get(1).cloned().unwrap_or_default(),
            fix
        )
    };
    insta::assert_snapshot!(shown("environment: control-plane"), @r#"
    warning[BRG1472]: no cluster of the profile has `environment: control-plane`, so ApplicationSet `addon` generates nothing
     --> addons/argocd/appsets/oss/a.yaml:8:75
      fix: the clusters' `environment` is one of: dev, prod
    "#);
    insta::assert_snapshot!(shown("enviroment: prod"), @r#"
    warning[BRG1472]: no cluster of the profile has `enviroment: prod`, so ApplicationSet `addon` generates nothing
     --> addons/argocd/appsets/oss/a.yaml:8:75
      fix: no cluster has this label at all; did you mean `environment`?
    "#);
    insta::assert_snapshot!(shown("tier: gold"), @r#"
    note[BRG1472]: no cluster of the profile that has the other labels has `enable_cert_manager: true`, so ApplicationSet `addon` generates nothing
     --> addons/argocd/appsets/oss/a.yaml:8:46
      fix: to switch it on: `addons: { cert_manager: true }`
    "#);
    assert_eq!(shown("env: prod").trim(), "");
}

#[test]
fn what_is_only_switched_off_or_fills_in_for_nothing_is_a_note() {
    let cluster = |labels: &str| format!("{{ clusters: {{ selector: {{ matchLabels: {{ {labels} }} }} }} }}");
    let merged = |base: &str, other: &str| {
        set(
            "addon",
            &format!(
                "    - merge: {{ mergeKeys: [server], generators: [{}, {}] }}\n",
                cluster(base),
                cluster(other)
            ),
        )
    };
    let run = validate(&with_set(&merged("enable_cert_manager: 'true'", "env: stg"))).expect(0);
    assert!(run.stdout.starts_with("note[BRG1472]") && run.stdout.contains("fills in for nothing"), "{run}");
    assert_eq!(run.stdout.matches("BRG1472").count(), 1, "{run}");
    let text = merged("enable_cert_manager: 'true'", "env: prod")
        + "---\n"
        + &merged("enable_kyverno: 'true'", "env: stg");
    let run = validate(&with_set(&text)).expect(0);
    assert!(
        run.stdout.starts_with("note[BRG1472]") && run.stdout.contains("addons: { kyverno: true }"),
        "{run}"
    );
    assert_eq!(run.stdout.matches("BRG1472").count(), 1, "{run}");
}

#[test]
fn selectors_match_as_kubernetes_has_it() {
    for (expression, matches) in [
        ("key: env, operator: In, values: [prod, stg]", true),
        ("key: env, operator: NotIn, values: [prod, dev]", false),
        ("key: akuity.io/argo-cd-cluster-name, operator: NotIn, values: [in-cluster]", true),
        ("key: tier, operator: Exists", true),
        ("key: type, operator: DoesNotExist", false),
        ("key: nothing, operator: DoesNotExist", true),
        ("key: nothing, operator: Exists", false),
        ("key: argocd.argoproj.io/kubernetes-version, operator: Exists", true),
    ] {
        let wanted = "{ key: enable_cert_manager, operator: In, values: ['true', 'false'] }";
        let first =
            set("toggle", &format!("    - clusters: {{ selector: {{ matchExpressions: [{wanted}] }} }}\n"));
        let second = set(
            "other",
            &format!("    - clusters: {{ selector: {{ matchExpressions: [{{ {expression} }}] }} }}\n"),
        );
        let run = validate(&with_set(&format!("{first}---\n{second}"))).expect(0);
        assert_eq!(!run.stdout.contains("BRG1472"), matches, "{expression}: {run}");
    }
}

#[test]
fn a_selector_that_argo_cd_would_refuse_is_an_error() {
    for (generator, words) in [
        ("matchLabels: { enable_cert_manager: true }", "is a boolean, and labels are texts"),
        ("matchLabels: { enable_cert_manager: yes }", "is a boolean, and labels are texts"),
        ("matchLabels: { tier: 1 }", "is a number, and labels are texts"),
        ("matchExpressions: [{ key: env, operator: In }]", "needs `values`, and has none"),
        ("matchExpressions: [{ key: env, operator: Exists, values: [a] }]", "takes no `values`"),
        (
            "matchExpressions: [{ key: env, operator: Equals, values: [a] }]",
            "is `Equals`, which is no operator",
        ),
        ("matchExpressions: [{ key: env }]", "has no operator"),
    ] {
        let run =
            validate(&with_set(&set("a", &format!("    - clusters: {{ selector: {{ {generator} }} }}\n"))))
                .expect(3);
        assert!(run.stdout.contains("error[BRG1473]") && run.stdout.contains(words), "{run}");
        assert!(run.stdout.contains("--> addons/argocd/appsets/oss/a.yaml:"), "{run}");
    }
}

#[test]
fn what_a_template_decides_is_said_to_be_left_out_and_never_guessed() {
    let toggle = selecting("enable_cert_manager: 'true'");
    let run = validate(&with_set(&(toggle + "---\n" + &selecting("env: '{{.env}}'")))).expect(0);
    assert!(run.stdout.starts_with("note[BRG1474]") && run.stdout.contains("1 note\n"), "{run}");
    // What stands beside the template is settled all the same.
    let run = validate(&with_set(&selecting("env: '{{.env}}', type: nothing, enable_cert_manager: 'true'")))
        .expect(0);
    assert!(run.stdout.contains("warning[BRG1472]") && run.stdout.contains("note[BRG1474]"), "{run}");
    // A label that is made by a template may be any toggle.
    let run = validate(&with_set(&selecting("'enable_{{.addon}}': 'true'"))).expect(0);
    assert!(run.stdout.contains("warning[BRG1471]") && run.stdout.contains("was not evaluated"), "{run}");
    // So may one that is only read.
    let read = selecting("type: hub")
        .replace("template: {}", "template: { x: '{{.metadata.labels.enable_cert_manager}}' }");
    let run = validate(&with_set(&read)).expect(0);
    assert!(
        run.stdout.contains("note[BRG1471]") && run.stdout.contains("a.yaml:9 mentions it otherwise"),
        "{run}"
    );
    let env = with_set(&selecting("enable_cert_manager: 'true'"));
    env.write("addons/argocd/appsets/made.jsonnet", "{}");
    assert!(validate(&env).expect(0).stdout.contains("note[BRG1474]"));
}

#[test]
fn a_toggle_that_another_repository_may_select_is_a_warning() {
    let env = with_set(&selecting("type: hub"));
    let extras = "  addonsExtras: { url: https://git.example.com/acme/extras.git }\nclusters:\n";
    env.write("bridge.yaml", &env.read("bridge.yaml").replacen("clusters:\n", extras, 1));
    let run = validate(&env).expect(0);
    assert!(run.stdout.contains("warning[BRG1471]") && run.stdout.contains("`gitops.addonsExtras`"), "{run}");
    // One of the repositories that are checked out settles it.
    env.write(
        "bridge.yaml",
        &TestEnv::with_profile().read("bridge.yaml").replacen(
            "clusters:\n",
            "  workloads: { url: https://git.example.com/acme/workloads.git, path: apps }\nclusters:\n",
            1,
        ),
    );
    assert!(validate(&env).expect(3).stdout.contains("error[BRG1471]"));
    env.write("workloads/apps/a.yml", &selecting("enable_cert_manager: 'true'"));
    let both = ["validate", "--checkout", "addons=addons", "--checkout", "workloads=workloads"];
    assert!(!env.run(&both).expect(0).stdout.contains("BRG1471"));
}

#[test]
fn a_folder_that_is_not_in_the_checkout_is_an_error_and_nothing_else_is_said() {
    let env = TestEnv::with_profile();
    env.write("addons/argocd/gitops/a.yaml", &selecting("type: nothing"));
    let run = validate(&env).expect(3);
    insta::assert_snapshot!(run.stdout, @r#"
    error[BRG1470]: the checkout `addons` has no folder `argocd/appsets`, which the root ApplicationSet `addons` pulls
      --> bridge.yaml:12:86
       |
    12 |   addons: { url: https://git.example.com/acme/platform.git, basePath: argocd/, path: appsets, revision: main }
       |                                                                                      ^^^^^^^
      fix: in `argocd` there is: gitops; correct `basePath` and `path`

    1 error
    "#);
    for (given, words) in [
        ("addons=absent", "names no folder"),
        ("addons", "NAME=DIR"),
        ("addons=", "NAME=DIR"),
        ("extras=addons", "none of addons, workloads and clusters"),
    ] {
        let run = env.run(&["validate", "--checkout", given]).expect(3);
        assert!(run.stderr.contains(words), "{run}");
    }
    let run = env.run(&["validate", "--checkout", "workloads=addons"]).expect(0);
    assert!(run.stdout.contains("warning[BRG1474]") && run.stdout.contains("no `gitops.workloads`"), "{run}");
}

#[test]
fn a_file_that_is_no_yaml_is_an_error_that_shows_nothing_of_it() {
    let run = validate(&with_set("a: 1\npassword: [hunter2\nb: {\n")).expect(3);
    assert!(run.stdout.contains("addons/argocd/appsets/oss/a.yaml:"), "{run}");
    assert!(!run.stdout.contains("hunter2"), "{run}");
    let env = with_set("a: 1\n");
    std::fs::write(env.path("addons/argocd/appsets/b.yaml"), [0xff, 0xfe, 0x00]).unwrap();
    assert!(validate(&env).expect(3).stdout.contains("BRG4002"));
}

#[test]
fn machines_get_the_same_findings() {
    let run = with_set(&selecting("enable_certmanager: 'true'"));
    let run = run.run(&["validate", "--checkout", "addons=addons", "-o", "json"]).expect(3);
    let document: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    let first = &document["findings"][0];
    assert_eq!((first["code"].as_str(), first["line"].as_u64()), (Some("BRG1472"), Some(8)), "{document}");
}
