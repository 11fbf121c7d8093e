//! The `bridge` binary: runs one command.

use std::process::ExitCode;

/// A profile of 10,000 clusters is millions of small allocations, made on one thread and freed on another. The allocators
/// of glibc and musl keep that memory, and take a fifth of the time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // kube and reqwest share one crypto provider. It has to be there before either builds a client, and fails only when
    // there is one already.
    rustls::crypto::ring::default_provider().install_default().unwrap_or_default();
    bridge::cli::run()
}
