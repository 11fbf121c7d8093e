//! The binary from the outside: streams, exit codes, words. What a unit test can show is shown there.
#![expect(clippy::disallowed_methods, reason = "tests write files")]

mod support;

mod cli {
    mod apply;
    mod errors;
    mod explain;
    mod help;
    mod init;
    mod machine;
    mod offline;
    mod secrets;
    mod signals;
}
