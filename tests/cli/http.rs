//! How bridge speaks HTTP: what it asks with, how long it waits before it asks again, and when it gives up.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::support::env::{KUBECONFIG, Run, TestEnv};

/// When each request came, and its head.
type Requests = Arc<Mutex<Vec<(Instant, String)>>>;

const BUSY: &str = r#"{"kind":"Status","reason":"TooManyRequests","message":"too many requests"}"#;
const FORBIDDEN: &str = r#"{"kind":"Status","reason":"Forbidden","message":"no"}"#;
/// The first compressed.
const BUSY_IN_GZIP: &str = "H4sIAAAAAAACA6tWys7MS1GyUgouSSwpLVbSUSpKTSzOzwOKhOTn+ybmVQalFpamFpeApHJTi4sT01OBciX5+Qq5QEmFIphsLQD6d8q5SgAAAA==";

/// Answers the n-th connection with the n-th answer, head and body; those after the last with the last. One without a head
/// is closed at once. It is a proxy, too, and then each server behind it.
fn server(answers: Vec<(String, Vec<u8>)>) -> (String, Requests) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let requests = Requests::default();
    let seen = Arc::clone(&requests);
    std::thread::spawn(move || {
        for (n, stream) in listener.incoming().enumerate() {
            let mut stream = stream.unwrap();
            let mut request = head_of(&mut stream);
            if request.starts_with("connect ") && !answers[n.min(answers.len() - 1)].0.is_empty() {
                write!(stream, "HTTP/1.1 200 OK\r\n\r\n").unwrap();
                request = head_of(&mut stream);
            }
            seen.lock().unwrap().push((Instant::now(), request));
            let (head, body) = &answers[n.min(answers.len() - 1)];
            if head.is_empty() {
                continue;
            }
            let length = body.len();
            write!(stream, "HTTP/1.1 {head}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n")
                .unwrap();
            stream.write_all(body).unwrap();
        }
    });
    (address, requests)
}

fn head_of(stream: &mut TcpStream) -> String {
    let mut bytes = [0; 8192];
    let length = stream.read(&mut bytes).unwrap();
    String::from_utf8_lossy(&bytes[..length]).to_lowercase()
}

fn plan(address: &str, more: &str) -> Run {
    let env = TestEnv::with_profile().set("GIT_USER", "bob-the-builder").set("GIT_TOKEN", "git-t0ken-value");
    env.write("token", "spoke-t0ken-value\n");
    env.write("kubeconfig", &KUBECONFIG.replace("https://127.0.0.1:1", &format!("{address}{more}")));
    env.run(&["plan"])
}

/// What follows the address of a server that is reached through a proxy.
fn through(proxy: &str) -> String {
    format!("\", proxy-url: \"{proxy}")
}

fn answer(head: &str, body: &str) -> (String, Vec<u8>) {
    (head.to_owned(), body.as_bytes().to_vec())
}

#[test]
fn it_waits_as_long_as_the_server_says_and_names_itself() {
    let busy = "429 Too Many Requests\r\nRetry-After: 2";
    let (address, requests) = server(vec![answer(busy, BUSY), answer("403 Forbidden", FORBIDDEN)]);
    let run = plan(&address, "").expect(4);
    let requests = requests.lock().unwrap();
    let [(first, head), (second, _)] = requests.as_slice() else { panic!("{requests:?} {run}") };
    assert!(second.duration_since(*first) >= Duration::from_secs(2), "{requests:?}");
    assert!(head.contains(concat!("user-agent: bridge/", env!("CARGO_PKG_VERSION"))), "{head}");
    assert!(!head.contains("gzip"), "to this machine nothing is compressed: {head}");
}

#[test]
fn it_does_not_wait_for_longer_than_a_minute() {
    let (address, requests) = server(vec![answer("429 Too Many Requests\r\nRetry-After: 61", BUSY)]);
    let run = plan(&address, "").expect(1);
    assert!(run.stderr.contains("too many requests") && run.stderr.contains("wait, then run"), "{run}");
    assert_eq!(requests.lock().unwrap().len(), 1, "{run}");
}

#[test]
fn a_server_elsewhere_may_compress_its_answers() {
    use base64::Engine;
    let body = base64::engine::general_purpose::STANDARD.decode(BUSY_IN_GZIP).unwrap();
    let head = "429 Too Many Requests\r\nRetry-After: 61\r\nContent-Encoding: gzip".to_owned();
    let (proxy, requests) = server(vec![(head, body)]);
    let run = plan("http://hub.example.com", &through(&proxy)).expect(1);
    assert!(run.stderr.contains("too many requests"), "{run}");
    let requests = requests.lock().unwrap();
    assert!(requests[0].1.contains("accept-encoding: gzip"), "{requests:?}");
}

#[test]
fn a_connection_that_nobody_accepts_is_tried_three_times() {
    let (proxy, requests) = server(vec![answer("", ""), answer("", ""), answer("403 Forbidden", FORBIDDEN)]);
    let run = plan("http://hub.example.com", &through(&proxy)).expect(4);
    assert!(run.stderr.contains("BRG2004"), "{run}");
    assert_eq!(requests.lock().unwrap().len(), 3, "{run}");
    let (proxy, requests) = server(vec![answer("", "")]);
    let run = plan("http://hub.example.com", &through(&proxy)).expect(4);
    assert!(run.stderr.contains("BRG2001"), "{run}");
    assert_eq!(requests.lock().unwrap().len(), 3, "{run}");
}

#[test]
fn a_probe_believes_a_server_that_says_it_is_not_ready() {
    use bridge::cluster::{ConnectOptions, KubeconfigFiles, probe};
    use bridge::plan::status::probe::Probe;
    let ask = |ready: &str| {
        let answers = vec![answer("200 OK", r#"{"gitVersion":"v1.36.2"}"#), answer(ready, "[-]etcd failed")];
        let (address, requests) = server(answers);
        let env = TestEnv::new();
        env.write("kubeconfig", &KUBECONFIG.replace("https://127.0.0.1:1", &address));
        let options = ConnectOptions {
            kubeconfig: KubeconfigFiles::new(vec![env.path("kubeconfig")]),
            context: Some("spoke-admin".to_owned()),
            parallelism: 1,
            ..ConnectOptions::default()
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let found = runtime.block_on(probe(&options, Duration::from_secs(5)));
        let paths: Vec<String> =
            requests.lock().unwrap().iter().map(|(_, head)| head[..12].to_owned()).collect();
        assert_eq!(paths, ["get /version", "get /readyz "]);
        found
    };
    let version = "v1.36.2".to_owned();
    assert_eq!(ask("200 OK"), Probe::Answers { version: version.clone() });
    let why = "/readyz: HTTP 500 Internal Server Error".to_owned();
    assert_eq!(ask("500 Internal Server Error"), Probe::NotReady { version: version.clone(), why });
    // Who may not ask that was answered all the same.
    assert_eq!(ask("403 Forbidden"), Probe::Answers { version: version.clone() });
    assert_eq!(ask("404 Not Found"), Probe::Answers { version });
}
