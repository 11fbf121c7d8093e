//! Ctrl-C and SIGTERM: the first asks to stop after the request in flight, the second ends the process at once.

use tokio::sync::watch;

use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::code::Code;
use crate::report::ui::Ui;

/// Whether the user asked to stop. Clones see the same answer.
#[derive(Debug, Clone)]
pub(super) struct Interrupt(watch::Receiver<bool>);

impl Interrupt {
    /// Listens from now on.
    pub(super) fn listen(ui: Ui) -> Self {
        let (sender, receiver) = watch::channel(false);
        tokio::spawn(async move {
            signal().await;
            ui.say("interrupted: finishing the request in flight; once more to end at once\n");
            sender.send(true).unwrap_or_default();
            signal().await;
            std::process::exit(i32::from(Exit::Interrupted.code()));
        });
        Self(receiver)
    }

    /// The flag itself, for the engine.
    pub(super) fn flag(&self) -> watch::Receiver<bool> {
        self.0.clone()
    }

    /// Runs something that writes nothing, and drops it when the user asks to stop.
    ///
    /// # Errors
    /// When the user asked to stop.
    pub(super) async fn unless<T>(&self, work: impl Future<Output = T>) -> Result<T, CliError> {
        let mut flag = self.0.clone();
        tokio::select! {
            result = work => Ok(result),
            Ok(_) = flag.wait_for(|is_interrupted| *is_interrupted) => Err(interrupted()),
        }
    }
}

fn interrupted() -> CliError {
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
