//! A secret is in no output of any command at any verbosity.

use crate::cli::kubeconfig::server;
use crate::support::env::{KUBECONFIG, PROFILE, TestEnv};
#[cfg(unix)]
use crate::support::processes::{is_gone, signal};

const SECRETS: [&str; 3] = ["planted-git-t0ken", "planted-spoke-t0ken", "kubeconfig-t0ken-value"];

fn planted() -> TestEnv {
    let env = TestEnv::with_profile().set("GIT_USER", "bob").set("GIT_TOKEN", SECRETS[0]);
    env.write("token", &format!("{}\n", SECRETS[1]));
    env
}

#[test]
fn a_planted_token_is_nowhere() {
    let env = planted();
    for verbosity in ["-q", "-v", "-vv", "-vvv"] {
        for args in [
            &["validate"][..],
            &["validate", "-o", "json"],
            &["render"],
            &["plan", "--offline"],
            &["plan", "--offline", "-o", "json"],
            &["plan", "--offline", "-o", "markdown"],
            &["plan"],
            &["apply", "--auto-approve"],
            &["apply", "--auto-approve", "-o", "json"],
            &["destroy", "--auto-approve"],
        ] {
            let run = env.run(&[args, &[verbosity]].concat());
            let all = run.all();
            for secret in SECRETS {
                assert!(!all.contains(secret), "{args:?} {verbosity}: {run}");
            }
        }
    }
    let holds = |path: &std::path::Path| std::fs::read(path).unwrap();
    let written =
        env.files().into_iter().filter(|path| !path.ends_with("token") && !path.ends_with("kubeconfig"));
    for path in written {
        let text = String::from_utf8_lossy(&holds(&path)).into_owned();
        assert!(!text.contains("planted"), "{}", path.display());
    }
}

#[test]
fn secrets_are_shown_only_where_the_user_asks_for_them() {
    let run = planted().run(&["render", "--show-secrets"]).expect(0);
    assert!(run.stdout.contains(&encoded(SECRETS[0])), "{run}");
}

#[test]
fn everything_that_cannot_be_resolved_is_reported_at_once() {
    let run = TestEnv::with_profile().run(&["render", "--show-secrets"]).expect(3);
    insta::assert_snapshot!(run.to_string(), @r"
    exit 3
    --- stdout
    --- stderr
    error[BRG4012]: the environment variable `GIT_TOKEN` is not set, or empty
      --> bridge.yaml:10:59
       |
    10 |     credentials: { username: { env: GIT_USER }, password: { env: GIT_TOKEN } }
       |                                                           ^
      fix: export GIT_TOKEN=...

    error[BRG4012]: the environment variable `GIT_USER` is not set, or empty
      --> bridge.yaml:10:30
       |
    10 |     credentials: { username: { env: GIT_USER }, password: { env: GIT_TOKEN } }
       |                              ^
      fix: export GIT_USER=...

    error[BRG4012]: the file `token` cannot be read: No such file or directory (os error 2)
      --> bridge.yaml:25:14
       |
    25 |       token: { file: token }
       |              ^
      fix: check the path and its permissions

    3 errors
    ");
}

#[test]
fn a_literal_credential_is_not_quoted_in_a_finding() {
    let env = TestEnv::with_profile();
    env.write("bridge.yaml", &PROFILE.replace("{ env: GIT_TOKEN }", "hunter2-hunter2"));
    for output in ["text", "json", "sarif"] {
        let run = env.run(&["validate", "-o", output]).expect(3);
        assert!(!run.all().contains("hunter2"), "{run}");
    }
}

#[test]
fn commands_of_a_profile_run_in_plan_and_apply_only() {
    let env = TestEnv::with_profile();
    env.write("bridge.yaml", &PROFILE.replace("{ env: GIT_TOKEN }", "{ exec: [touch, ran] }"));
    for args in [&["validate"][..], &["render"], &["render", "--show-secrets"], &["plan", "--offline"]] {
        let run = env.run(args);
        assert!(!env.path("ran").exists(), "{run}");
    }
}

/// The profile with a credential command in the place of the repository's password, and a kubeconfig for a live server.
#[cfg(unix)]
fn with_command(script: &str) -> TestEnv {
    let env = planted();
    let command = serde_json::json!({ "exec": ["/bin/sh", "-c", script] });
    env.write("bridge.yaml", &PROFILE.replace("{ env: GIT_TOKEN }", &command.to_string()));
    let address = server("200 OK", r#"{"metadata":{"uid":"u-1"}}"#.to_owned());
    env.write("kubeconfig", &KUBECONFIG.replace("https://127.0.0.1:1", &address));
    env
}

#[cfg(unix)]
#[test]
fn a_command_that_prints_without_end_is_stopped() {
    let run = with_command("cat /dev/zero").run(&["plan"]).expect(3);
    assert!(run.stderr.contains("printed more than 1 MiB"), "{run}");
}

#[cfg(unix)]
#[test]
fn an_interrupted_command_takes_its_children_along() {
    let env = with_command("sleep 300 & echo $! > child; wait");
    let mut bridge = env.command(&["plan"]).spawn().unwrap();
    let child = loop {
        match std::fs::read_to_string(env.path("child")) {
            Ok(text) if text.ends_with('\n') => break text.trim().to_owned(),
            _ => std::thread::sleep(std::time::Duration::from_millis(20)),
        }
    };
    assert!(signal("-INT", &bridge.id().to_string()));
    assert_eq!(bridge.wait().unwrap().code(), Some(130));
    assert!(is_gone(&child));
}

#[test]
fn the_password_of_a_mirror_is_not_shown() {
    let mirror = server("404 Not Found", String::new()).replace("//", "//robot:m1rror-passw0rd@");
    let env = TestEnv::with_profile().set("BRIDGE_MANIFEST_BASE_URL", &mirror).set("BRIDGE_LOG", "trace");
    env.write("bridge.yaml", &PROFILE.replace("  manifests: { path: manifest.yaml }\n", ""));
    let run = env.run(&["plan", "--offline"]).expect(3);
    assert!(run.stderr.contains("does not exist"), "{run}");
    for form in ["m1rror", "robot:", &encoded("robot:m1rror-passw0rd"), &encoded("m1rror-passw0rd")] {
        assert!(!run.all().contains(form), "{form}: {run}");
    }
}

fn encoded(text: &str) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD_NO_PAD.encode(text)
}
