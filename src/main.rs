//! The `bridge` binary: runs one command.

use std::process::ExitCode;

fn main() -> ExitCode {
    // kube and reqwest share one crypto provider. It has to be there before either builds a client, and fails only when
    // there is one already.
    rustls::crypto::ring::default_provider().install_default().unwrap_or_default();
    bridge::cli::run()
}
