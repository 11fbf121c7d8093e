//! A request to stop, from Ctrl-C to the loop.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::Notify;

/// A request to stop after the requests in flight.
#[derive(Debug, Default)]
pub struct Interrupt {
    requested: AtomicBool,
    notify: Notify,
}

impl Interrupt {
    /// Asks to stop.
    pub fn request(&self) {
        self.requested.store(true, Ordering::SeqCst);
        self.notify.notify_waiters();
    }

    /// Whether somebody asked to stop.
    #[must_use]
    pub fn is_requested(&self) -> bool {
        self.requested.load(Ordering::SeqCst)
    }

    /// Pauses between two looks at the cluster; a request to stop ends the pause.
    pub async fn pause(&self, time: Duration) {
        let notified = self.notify.notified();
        if !self.is_requested() {
            // Either end of the pause is a good one.
            let _ = tokio::time::timeout(time, notified).await;
        }
    }
}
