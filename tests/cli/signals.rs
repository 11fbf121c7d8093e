//! Ctrl-C and SIGTERM.
#![cfg(unix)]

use std::io::Read;
use std::net::TcpListener;
use std::process::{Command, Stdio};

use crate::support::env::{KUBECONFIG, TestEnv};

/// A server that accepts connections and never says a word.
fn silent_server(env: &TestEnv) -> TcpListener {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("https://{}", listener.local_addr().unwrap());
    env.write("kubeconfig", &KUBECONFIG.replace("https://127.0.0.1:1", &address));
    listener
}

#[test]
fn a_signal_while_nothing_is_written_ends_the_run_with_130() {
    for signal in ["INT", "TERM"] {
        let env = TestEnv::with_profile();
        let server = silent_server(&env);
        let mut child = env.command(&["plan"]).stderr(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let _connection = server.accept().unwrap();
        let kill =
            Command::new("kill").args([&format!("-{signal}"), &child.id().to_string()]).status().unwrap();
        assert!(kill.success());
        let mut stderr = String::new();
        child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(130), "{signal}: {stderr}");
        assert!(stderr.contains("nothing was written"), "{stderr}");
    }
}
