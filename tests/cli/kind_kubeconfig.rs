//! The kubeconfig that `bridge up --kubeconfig FILE` writes into: looked at before anything is made, and tidied up afterwards.
#![cfg(unix)]

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;

use super::kind::{KIND, called, env, script};
use crate::support::env::{Run, TestEnv};

fn up(env: &TestEnv, file: &str) -> Run {
    env.run(&["up", "--timeout", "1s", "--kubeconfig", file])
}

#[test]
fn a_kubeconfig_that_cannot_be_written_is_told_before_anything_is_made() {
    let env = env();
    env.write("file", "");
    env.write("folder/x", "");
    env.write("garbage", "clusters: nonsense\n");
    env.write("locked", "");
    env.write("locked.lock", "");
    for (file, why) in [
        ("file/config", "Not a directory"),
        ("folder", "no regular file"),
        ("/dev/null", "no regular file"),
        ("garbage", "mend it, or name another file"),
        ("locked", "locked.lock says that another program is writing it"),
    ] {
        let run = up(&env, file).expect(1);
        assert_eq!(run.stderr.matches("error[").count(), 1, "{file}: {run}");
        assert!(run.stderr.contains("error[BRG5012]") && run.stderr.contains(why), "{file}: {run}");
    }
    assert!(!called(&env, "kind create"), "{}", env.read("calls"));
    assert_eq!(env.read("garbage"), "clusters: nonsense\n");
    // It is told with everything else.
    let profile = env.read("bridge.yaml");
    let mount = "provider: kind, kind: { mounts: [{ host: charts, node: /charts }] } }\n";
    env.write("bridge.yaml", &profile.replace("provider: kind }\n", mount));
    let run = up(&env, "folder").expect(1);
    assert!(run.stderr.contains("error[BRG5012]") && run.stderr.contains("error[BRG5006]"), "{run}");
}

#[test]
fn a_kubeconfig_that_is_not_there_yet_or_empty_is_as_good_as_any() {
    let env = env();
    env.write("empty", "");
    let mode = |file: &str, mode| {
        std::fs::set_permissions(env.path(file), std::fs::Permissions::from_mode(mode)).unwrap();
    };
    mode("empty", 0o600);
    for file in ["new/folder/config", "new-config", "empty"] {
        let run = up(&env, file).expect(1);
        assert!(run.stderr.contains("error[BRG5011]") && !run.stderr.contains("BRG5012"), "{file}: {run}");
    }
    assert!(!env.path("new").exists() && !env.path("new-config").exists() && env.read("empty").is_empty());
    mode("empty", 0o644);
    let run = up(&env, "empty").expect(1);
    assert!(run.stderr.contains("warning[BRG5012]") && run.stderr.contains("chmod 600 empty"), "{run}");
}

/// Adds a context, its cluster and its user to a file, as kind does it, and makes it the current one.
const EXPORT: &str = r#"
[ -s "$2" ] || printf 'kind: Config\ncontexts:\nclusters:\nusers:\ncurrent-context: none\n' > "$2"
name=kind-$1
sed -i -e "/^- {name: $name,/d" -e "s/^current-context: .*/current-context: $name/" \
  -e "/^contexts:/a - {name: $name, context: {cluster: $name, user: $name}}" \
  -e "/^clusters:/a - {name: $name, cluster: {server: '$(cat address)', certificate-authority-data: Q0E=}}" \
  -e "/^users:/a - {name: $name, user: {token: kind-t0ken-value}}" "$2"
"#;

const USERS_OWN: &str = "apiVersion: v1
kind: Config
contexts:
- {name: prod, context: {cluster: prod, user: prod, namespace: '0123'}}
clusters:
- {name: prod, cluster: {server: 'https://prod.example.com'}}
users:
- {name: prod, user: {token: 'yes', x-other: 1}}
current-context: prod
";

/// API servers that say that they are ready, and forbid everything else.
fn ready_servers() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, mut bytes) = (stream.unwrap(), [0; 8192]);
            let length = stream.read(&mut bytes).unwrap();
            let request = String::from_utf8_lossy(&bytes[..length]).into_owned();
            let (status, body) = match request.split(' ').nth(1).unwrap_or_default() {
                "/version" => ("200 OK", r#"{"gitVersion":"v1.36.1"}"#),
                "/readyz" => ("200 OK", "ok"),
                "/api/v1/nodes" => {
                    ("200 OK", r#"{"items":[{"status":{"conditions":[{"type":"Ready","status":"True"}]}}]}"#)
                }
                _ => ("403 Forbidden", r#"{"kind":"Status","reason":"Forbidden","message":"no"}"#),
            };
            let length = body.len();
            let head = "Content-Type: application/json\r\nConnection: close";
            write!(stream, "HTTP/1.1 {status}\r\n{head}\r\nContent-Length: {length}\r\n\r\n{body}").unwrap();
        }
    });
    address
}

/// The clusters are there, and in a kubeconfig that the user had before.
fn exported(mode: u32) -> TestEnv {
    let env = env();
    let made = r#"sh make "$4" "$record" running"#;
    let kind = KIND.replace(made, &format!(r#"{made}; sh export "$4" "${{11}}""#));
    script(&env, "kind", &kind.replace(r#"echo "kind: Config" > "$6""#, r#"sh export "$4" "$6""#));
    env.write("export", EXPORT);
    env.write("address", &ready_servers());
    env.write("dotfiles/config", USERS_OWN);
    std::fs::set_permissions(env.path("dotfiles/config"), std::fs::Permissions::from_mode(mode)).unwrap();
    std::os::unix::fs::symlink("dotfiles/config", env.path("config")).unwrap();
    let run = up(&env, "dotfiles/config").expect(4);
    let written = env.read("dotfiles/config");
    assert!(written.contains("name: kind-hub") && written.contains("name: kind-dev"), "{run}{written}");
    env
}

fn left(env: &TestEnv) -> Vec<String> {
    let names = std::fs::read_dir(env.path("dotfiles")).unwrap();
    names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn down_takes_out_of_a_kubeconfig_what_up_wrote_and_nothing_else() {
    let env = exported(0o640);
    // Somebody has made another cluster of this name meanwhile.
    let text = env.read("dotfiles/config");
    let other = text.lines().map(|line| match line.starts_with("- {name: kind-dev, cluster") {
        true => {
            "- {name: kind-dev, cluster: {server: 'https://127.0.0.1:1', certificate-authority-data: Q0I=}}"
        }
        false => line,
    });
    env.write("dotfiles/config", &other.fold(String::new(), |all, line| all + line + "\n"));
    let run = env.run(&["down", "--auto-approve"]).expect(0);
    assert!(
        run.stderr.contains("kubeconfig $TEST_ENV/dotfiles/config: took out kind-hub, the current context, so there is none now\n"),
        "{run}"
    );
    let stays = "left the context kind-dev, which leads elsewhere by now; the cluster kind-dev, which is another one by now; the user kind-dev, which the context kind-dev still names\n";
    assert!(run.stderr.contains(stays), "{run}");
    insta::assert_snapshot!(env.read("dotfiles/config"), @r#"
    apiVersion: v1
    kind: Config
    contexts:
    - name: kind-dev
      context:
        cluster: kind-dev
        user: kind-dev
    - name: prod
      context:
        cluster: prod
        user: prod
        namespace: "0123"
    clusters:
    - name: kind-dev
      cluster:
        server: https://127.0.0.1:1
        certificate-authority-data: Q0I=
    - name: prod
      cluster:
        server: https://prod.example.com
    users:
    - name: kind-dev
      user:
        token: kind-t0ken-value
    - name: prod
      user:
        token: "yes"
        x-other: 1
    current-context: ""
    "#);
    let mode = std::fs::metadata(env.path("dotfiles/config")).unwrap().permissions().mode();
    assert_eq!((mode & 0o777, left(&env)), (0o640, vec!["config".to_owned()]));
}

#[test]
fn a_kubeconfig_that_is_a_link_stays_one_and_the_first_up_is_enough() {
    let env = exported(0o600);
    let _ = up(&env, "config").expect(4);
    let _ = env.run(&["up", "--timeout", "1s"]).expect(4);
    let run = env.run(&["down", "--auto-approve"]).expect(0);
    assert!(run.stderr.contains("config: took out kind-dev, kind-hub, the current context"), "{run}");
    assert!(!env.read("dotfiles/config").contains("kind-"), "{}", env.read("dotfiles/config"));
    assert!(std::fs::symlink_metadata(env.path("config")).unwrap().is_symlink());
}

#[test]
fn a_kubeconfig_that_somebody_is_writing_is_left_to_the_user() {
    let env = exported(0o600);
    env.write("dotfiles/config.lock", "");
    let before = env.read("dotfiles/config");
    let run = env.run(&["down", "--auto-approve"]).expect(0);
    let kubectl = "kubectl --kubeconfig $TEST_ENV/dotfiles/config config delete-context kind-hub";
    for said in ["warning[BRG5012]", kubectl, "delete-user kind-dev", "config.lock"] {
        assert!(run.stderr.contains(said), "{said}: {run}");
    }
    assert_eq!(env.read("dotfiles/config"), before);
    assert!(!env.path("containers/hub").exists(), "{run}");
    // It is remembered, until it can be done.
    std::fs::remove_file(env.path("dotfiles/config.lock")).unwrap();
    let run = env.run(&["down", "--auto-approve"]).expect(0);
    assert!(run.stderr.contains("took out kind-dev, kind-hub"), "{run}");
    assert!(!env.read("dotfiles/config").contains("kind-"), "{}", env.read("dotfiles/config"));
    assert_eq!(std::fs::read_dir(env.path("state/kind")).unwrap().count(), 0, "{run}");
}

/// As two `bridge down` on one file do.
#[test]
fn a_kubeconfig_that_somebody_has_written_soon_is_waited_for() {
    let env = exported(0o600);
    env.write("dotfiles/config.lock", "");
    let lock = env.path("dotfiles/config.lock");
    let down = env.command(&["down", "--auto-approve"]).stderr(std::process::Stdio::piped()).spawn().unwrap();
    // It is the last thing that is done.
    while env.path("containers/dev").exists() || env.path("containers/hub").exists() {
        std::thread::yield_now();
    }
    std::fs::remove_file(lock).unwrap();
    let output = down.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("took out kind-dev, kind-hub") && !said.contains("warning"), "{said}");
}

/// kind would put its own entries in the place of them.
#[test]
fn what_somebody_else_has_under_the_names_is_not_overwritten() {
    let env = env();
    let hub = "kind-hub, context: {cluster: prod, user: prod";
    env.write("config", &USERS_OWN.replace("prod, context: {cluster: prod, user: prod", hub));
    std::fs::set_permissions(env.path("config"), std::fs::Permissions::from_mode(0o600)).unwrap();
    let run = up(&env, "config").expect(1);
    let rename = "`kubectl --kubeconfig config config rename-context kind-hub NEW-NAME`";
    for said in ["error[BRG5012]", "has the context `kind-hub` already", rename] {
        assert!(run.stderr.contains(said), "{said}: {run}");
    }
    let all = USERS_OWN.replace("prod", "kind-dev");
    env.write("config", &all);
    let run = up(&env, "config").expect(1);
    let delete = "delete-context kind-dev; kubectl --kubeconfig config config delete-cluster kind-dev; ";
    for said in ["the context and cluster and user `kind-dev` already", delete, "delete-user kind-dev"] {
        assert!(run.stderr.contains(said), "{said}: {run}");
    }
    assert!(!called(&env, "kind create") && env.read("config") == all, "{run}");
}

/// Between the look and the writing lie minutes.
#[test]
fn what_somebody_has_written_meanwhile_is_not_overwritten_either() {
    let env = exported(0o600);
    let text = env.read("dotfiles/config").replace(&env.read("address"), "https://theirs.example");
    env.write("dotfiles/config", &text);
    let run = up(&env, "dotfiles/config").expect(1);
    assert!(
        run.stderr.contains("the context and cluster `kind-hub`, the context and cluster `kind-dev`"),
        "{run}"
    );
    let kind = env.read("bin/kind").replace("create\" cluster", "");
    script(
        &env,
        "kind",
        &kind.replace("  \"export kubeconfig\")", "  \"export kubeconfig\") cp theirs dotfiles/config;"),
    );
    env.write("theirs", &text);
    env.write("dotfiles/config", USERS_OWN);
    let run = up(&env, "dotfiles/config").expect(1);
    assert!(run.stderr.contains("error[BRG5012]") && env.read("dotfiles/config") == text, "{run}");
}

#[test]
fn down_keeps_what_another_context_needs_and_credentials_that_are_not_its_own() {
    let env = exported(0o600);
    let text = env.read("dotfiles/config");
    let mine = "contexts:\n- {name: mine, context: {cluster: kind-hub, user: prod}}\n";
    let text = text.replacen("contexts:\n", mine, 1);
    let own = "- {name: kind-dev, user: {token: kind-t0ken-value}}";
    assert!(text.contains(own), "{text}");
    env.write("dotfiles/config", &text.replace(own, "- {name: kind-dev, user: {token: theirs}}"));
    let written = env.files().into_iter().find(|file| file.ends_with("written.json")).unwrap();
    assert!(!std::fs::read_to_string(written).unwrap().contains("t0ken"));
    let run = env.run(&["down", "--auto-approve"]).expect(0);
    for said in [
        "took out kind-dev, kind-hub, the current context",
        "left the cluster kind-hub, which the context mine still names\n",
        "left the user kind-dev, whose credentials are others by now\n",
    ] {
        assert!(run.stderr.contains(said), "{said}: {run}");
    }
    let left = env.read("dotfiles/config");
    for (there, is_there) in [
        ("cluster: kind-hub", true),
        ("token: theirs", true),
        ("kind-t0ken-value", false),
        ("cluster: kind-dev", false),
    ] {
        assert_eq!(left.contains(there), is_there, "{there}: {left}");
    }
}
