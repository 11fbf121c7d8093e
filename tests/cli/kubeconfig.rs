//! What stands in a kubeconfig, or comes from its credential plugin, is in no output.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::process::Stdio;

use crate::support::env::{KUBECONFIG, Run, TestEnv};
#[cfg(unix)]
use crate::support::processes::{is_gone, signal};

const SECRET: &str = "kubesecret-tok3n";
const USER: &str = "{ token: kubeconfig-t0ken-value }";

fn env(kubeconfig: &str) -> TestEnv {
    let env = TestEnv::with_profile().set("GIT_USER", "bob-the-builder").set("GIT_TOKEN", "git-t0ken-value");
    env.write("token", "spoke-t0ken-value\n");
    env.write("kubeconfig", kubeconfig);
    env
}

fn quiet(kubeconfig: &str, code: i32) -> Run {
    let env = env(kubeconfig).set("BRIDGE_LOG", "trace");
    let run = env.run(&["plan"]).expect(code);
    let all = run.all();
    assert!(!all.contains("kubesecret") && !all.contains("bridge stopped"), "{run}");
    run
}

fn user(user: &str) -> String {
    KUBECONFIG.replace(USER, user)
}

#[test]
fn a_broken_kubeconfig_is_not_quoted() {
    let run = quiet(&format!("apiVersion: v1\nusers: {SECRET}\n"), 3);
    assert!(run.stderr.contains("kubeconfig: line 2, column 8"), "{run}");
    for text in [
        SECRET.to_owned(),
        format!("users:\n- name: x\n  user: {{token: {SECRET}\n foo: ["),
        user(&format!("{{ token: [{SECRET}] }}")),
        user(&format!("{{ client-certificate-data: {SECRET}, client-key-data: {SECRET} }}")),
        user(&format!(
            "{{ auth-provider: {{ name: oidc, config: {{ id-token: {SECRET}, client-secret: {SECRET} }} }} }}"
        )),
    ] {
        let run = env(&text).run(&["plan"]);
        let all = run.all();
        assert!(run.code >= 3 && !all.contains("kubesecret") && !all.contains("Invalid symbol"), "{run}");
    }
}

#[test]
fn a_token_with_a_line_break_is_refused() {
    let run = quiet(&user(&format!("{{ token: \"{SECRET}\\nX: y\" }}")), 3);
    assert!(run.stderr.contains("line break"), "{run}");
}

#[cfg(unix)]
#[test]
fn what_a_credential_plugin_prints_is_not_shown() {
    let plugin = |script: &str| {
        let exec = serde_json::json!({ "exec": {
            "apiVersion": "client.authentication.k8s.io/v1",
            "command": "/bin/sh",
            "args": ["-c", script],
            "interactiveMode": "Never",
        }});
        quiet(&user(&exec.to_string()), 3).stderr
    };
    let failed = plugin(&format!("echo {SECRET}; echo {SECRET} >&2; exit 3"));
    assert!(failed.contains("`/bin/sh` failed (exit status: 3)"), "{failed}");
    assert!(plugin(&format!("echo {{token: {SECRET}")).contains("ExecCredential"));
}

#[cfg(unix)]
fn plugin(script: &str) -> String {
    user(
        &serde_json::json!({ "exec": {
            "apiVersion": "client.authentication.k8s.io/v1",
            "command": "/bin/sh",
            "args": ["-c", script],
        }})
        .to_string(),
    )
}

#[cfg(unix)]
#[test]
fn a_plugin_that_prints_without_end_is_stopped() {
    let run = quiet(&plugin("cat /dev/zero"), 3);
    assert!(run.stderr.contains("`/bin/sh` printed more than 1 MiB"), "{run}");
}

#[cfg(unix)]
#[test]
fn a_plugin_that_hangs_is_named_and_ends_with_ctrl_c() {
    let env = env(&plugin("sleep 300 & echo $! > child; wait"));
    let mut bridge = env.command(&["plan"]).stderr(Stdio::piped()).spawn().unwrap();
    let mut stderr = BufReader::new(bridge.stderr.take().unwrap()).lines().map(Result::unwrap);
    assert!(stderr.any(|line| line.ends_with("s): the credential plugin `/bin/sh`")));
    assert!(signal("-INT", &bridge.id().to_string()));
    assert_eq!(bridge.wait().unwrap().code(), Some(130));
    assert!(is_gone(env.read("child").trim()));
}

#[test]
fn a_provider_that_kubectl_gave_up_is_not_run() {
    let provider = "{ name: gcp, config: { cmd-path: /bin/sh, cmd-args: -c touch$IFS./ran } }";
    let env = env(&user(&format!("{{ auth-provider: {provider} }}")));
    let run = env.run(&["plan"]).expect(3);
    assert!(run.stderr.contains("gke-gcloud-auth-plugin") && !env.path("ran").exists(), "{run}");
}

#[test]
fn a_context_whose_address_argo_cd_cannot_be_given_is_refused() {
    let cases = [
        (format!("https://u:{SECRET}@127.0.0.1:1"), "BRG1262"),
        (format!("https://{SECRET}@spoke.example.com"), "BRG1262"),
        (format!("https://spoke.example.com/?token={SECRET}"), "BRG1262"),
        ("https://kubernetes.default.svc".to_owned(), "BRG1264"),
        ("https://127.0.0.1:1".to_owned(), "BRG1263"),
    ];
    for (server, code) in cases {
        let hub = self::server("200 OK", r#"{"metadata":{"uid":"1"}}"#.to_owned());
        let spoke = serde_json::json!({
            "clusters": [{ "name": "east", "cluster": { "server": server } }],
            "contexts": [{ "name": "east", "context": { "cluster": "east", "user": "east" } }],
            "users": [{ "name": "east", "user": {} }],
        });
        let env = env(&KUBECONFIG.replace("https://127.0.0.1:1", &hub)).set("BRIDGE_LOG", "trace");
        env.write("east", &spoke.to_string());
        let files = format!("{}:{}", env.path("kubeconfig").display(), env.path("east").display());
        let env = env.set("KUBECONFIG", &files);
        let profile = env.read("bridge.yaml");
        env.write(
            "bridge.yaml",
            &format!("{profile}  - {{ name: east, connection: {{ context: east }} }}\n"),
        );
        let run = env.run(&["plan"]).expect(3);
        assert!(run.stderr.contains(code) && !run.all().contains("kubesecret"), "{server}: {run}");
    }
}

#[test]
fn users_in_addresses_are_not_shown() {
    let server = |server: &str| KUBECONFIG.replace("https://127.0.0.1:1", server);
    let run = quiet(&server(&format!("https://u:{SECRET}@127.0.0.1:1")), 4);
    assert!(run.stderr.contains("https://127.0.0.1:1 "), "{run}");
    let proxied = |address: &str| {
        KUBECONFIG
            .replace("\"https://127.0.0.1:1\"", &format!("\"https://127.0.0.1:1\", proxy-url: \"{address}\""))
    };
    let _ = quiet(&proxied(&format!("http://u:{SECRET}@127.0.0.1:1")), 4);
    let _ = quiet(&proxied(&format!("htp://u:{SECRET}@127.0.0.1:1")), 3);
}

/// Answers every request with the same status and body.
pub(super) fn server(status: &'static str, body: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 8192]).unwrap();
            let length = body.len();
            write!(
                stream,
                "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
            )
            .unwrap();
        }
    });
    address
}

#[test]
fn a_server_that_repeats_the_token_is_not_repeated() {
    let to = |address: &str| user(&format!("{{ token: {SECRET} }}")).replace("https://127.0.0.1:1", address);
    let status = |text: &str| serde_json::json!({ "kind": "Status", "message": text }).to_string();
    let unknown = quiet(&to(&server("401 Unauthorized", status(&format!("no {SECRET}")))), 4);
    assert!(unknown.stderr.contains("does not accept these credentials\n"), "{unknown}");
    let forbidden = quiet(&to(&server("403 Forbidden", status(&format!("no {SECRET}")))), 1);
    assert!(forbidden.stderr.contains("no (sensitive)"), "{forbidden}");
    let denied = serde_json::json!({ "kind": "Status", "reason": "Forbidden", "message": "no" }).to_string();
    let denied = quiet(&to(&server("403 Forbidden", denied)), 4);
    let question = "kubectl auth can-i get namespaces/kube-system --all-namespaces --context hub-admin --kubeconfig $TEST_ENV/kubeconfig";
    assert!(denied.stderr.contains(question), "{denied}");
    let page = quiet(&to(&server("418 I'm a teapot", format!("<p>{}</p>", &SECRET[..12]))), 1);
    assert!(page.stderr.contains("HTTP 418"), "{page}");
}

/// Answers every request with its own head, as it is and in the encodings that servers use.
fn echo(status: &'static str) -> String {
    use base64::Engine;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, mut bytes) = (stream.unwrap(), [0; 8192]);
            let length = stream.read(&mut bytes).unwrap();
            let head = String::from_utf8_lossy(&bytes[..length]).into_owned();
            let word = head.lines().find_map(|line| line.strip_prefix("authorization: ")).unwrap_or("none");
            let coded = [STANDARD.encode(&head), URL_SAFE_NO_PAD.encode(word), format!("{word:?}")].join(" ");
            let message = format!("{head} {coded}");
            let body = serde_json::json!({ "kind": "Status", "reason": "Forbidden", "message": message });
            let body = body.to_string();
            let length = body.len();
            write!(stream, "HTTP/1.1 {status}\r\nRetry-After: 0\r\nContent-Length: {length}\r\n").unwrap();
            write!(stream, "Connection: close\r\n\r\n{body}").unwrap();
        }
    });
    address
}

#[test]
fn whatever_the_credential_comes_from_a_server_that_repeats_it_is_not_repeated() {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    let status = serde_json::json!({ "token": SECRET }).to_string();
    let answer = format!("{{\"kind\":\"ExecCredential\",\"status\":{status}}}");
    let exec = serde_json::json!({ "command": "printf", "args": ["%s", answer] });
    let encoded = STANDARD.encode(SECRET);
    let shifted = STANDARD.encode(format!("user:{SECRET}"));
    for (who, header) in [
        (format!("{{ token: {SECRET} }}"), "authorization: Bearer (sensitive)"),
        ("{ tokenFile: token-file }".to_owned(), "authorization: Bearer (sensitive)"),
        (format!("{{ username: user, password: {SECRET} }}"), "authorization: Basic (sensitive)"),
        (
            format!("{{ auth-provider: {{ name: oidc, config: {{ id-token: {SECRET} }} }} }}"),
            "authorization: Bearer (sensitive)",
        ),
        (serde_json::json!({ "exec": exec }).to_string(), "authorization: Bearer (sensitive)"),
    ] {
        for status in ["403 Forbidden", "500 Internal Server Error"] {
            let env = env(&user(&who).replace("https://127.0.0.1:1", &echo(status)));
            env.write("token-file", SECRET);
            let run = env.set("BRIDGE_LOG", "trace").run(&["plan"]);
            let all = run.all();
            assert!(all.contains(header), "{who}: {run}");
            for form in [SECRET, &encoded[..20], &shifted[8..24]] {
                assert!(!all.contains(form), "{form} of {who}: {run}");
            }
        }
    }
}

#[test]
fn a_server_that_wants_tls_is_no_failure_of_the_plan() {
    let body = "Client sent an HTTP request to an HTTPS server.\n".to_owned();
    let address = server("400 Bad Request", body);
    let run = quiet(&KUBECONFIG.replace("https://127.0.0.1:1", &address), 4);
    assert!(
        run.stderr.contains("BRG2002")
            && run.stderr.contains(&address.replace("http://", "server: https://")),
        "{run}"
    );
}

#[cfg(unix)]
#[test]
fn a_kubeconfig_is_a_regular_file() {
    let env = env("");
    let run = env.run(&["plan", "--kubeconfig", "/dev/zero"]).expect(3);
    assert!(run.stderr.contains("/dev/zero: no regular file"), "{run}");
}

#[test]
fn without_a_home_folder_that_is_said() {
    let env = env(KUBECONFIG);
    let output = env.command(&["plan"]).env_remove("HOME").env_remove("KUBECONFIG").output().unwrap();
    assert!(String::from_utf8_lossy(&output.stderr).contains("neither KUBECONFIG nor HOME is set"));
}
