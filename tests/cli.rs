//! The binary from the outside: streams, exit codes, words. What a unit test can show is shown there.
#![expect(clippy::disallowed_methods, reason = "tests write files")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

#[path = "desired_objects/manifests.rs"]
mod manifests;
mod support;

mod cli {
    mod apply;
    mod checkout;
    mod errors;
    mod explain;
    mod golden;
    mod help;
    mod http;
    mod init;
    mod kind;
    mod kind_kubeconfig;
    mod kubeconfig;
    mod machine;
    mod offline;
    mod plan_files;
    mod podman;
    mod profiles;
    mod reading;
    mod schemas;
    mod secrets;
    mod signals;
    mod status;
}
