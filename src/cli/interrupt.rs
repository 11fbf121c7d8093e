//! Ctrl-C and SIGTERM: the first asks to stop after the request in flight, the second ends the process at once.

use std::sync::Arc;
use std::time::Duration;

use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::code::Code;
use crate::converge::interrupt::Interrupt;
use crate::report::ui::Ui;

/// Listens from now on.
pub(super) fn listen(ui: Ui) -> Arc<Interrupt> {
    let interrupt = Arc::new(Interrupt::default());
    let requested = Arc::clone(&interrupt);
    tokio::spawn(async move {
        signal().await;
        requested.request();
        ui.say("\ninterrupted: stopping after the request in flight; press Ctrl-C again to end at once\n");
        signal().await;
        std::process::exit(i32::from(Exit::Interrupted.code()));
    });
    interrupt
}

/// Runs something that writes nothing, and drops it when the user asks to stop.
///
/// # Errors
/// When the user asked to stop.
pub(super) async fn unless<T>(interrupt: &Interrupt, work: impl Future<Output = T>) -> Result<T, CliError> {
    tokio::select! {
        result = work => Ok(result),
        () = requested(interrupt) => Err(nothing_written()),
    }
}

async fn requested(interrupt: &Interrupt) {
    while !interrupt.is_requested() {
        interrupt.pause(Duration::from_secs(3600)).await;
    }
}

fn nothing_written() -> CliError {
    CliError::new(Code::INTERRUPTED, Exit::Interrupted, "interrupted; nothing was written")
}

/// The next signal that asks bridge to stop.
#[cfg(unix)]
async fn signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let terminate = async {
        match signal(SignalKind::terminate()) {
            Ok(mut signals) => signals.recv().await,
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        Ok(()) = tokio::signal::ctrl_c() => {}
        _ = terminate => {}
    }
}

/// The next signal that asks bridge to stop.
#[cfg(not(unix))]
async fn signal() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
