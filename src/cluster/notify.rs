//! What the caller of this layer has to know while a request is still under way.

use std::sync::Arc;
use std::time::Duration;

use crate::profile::sensitive::Sensitive;

/// Something to know at once.
#[derive(Debug)]
pub enum Notice<'a> {
    /// A credential exists from now on, and belongs into no output.
    Credential(&'a Sensitive),
    /// The kubeconfig's credential plugin has not answered yet.
    Waiting {
        /// The plugin's program.
        program: &'a str,
        /// How long it has been running.
        elapsed: Duration,
    },
}

/// Who is told; nobody by default. Clones tell the same one.
#[derive(Clone)]
pub struct Notify(Arc<dyn Fn(Notice<'_>) + Send + Sync>);

impl Notify {
    /// Tells this function.
    pub fn new(tell: impl Fn(Notice<'_>) + Send + Sync + 'static) -> Self {
        Self(Arc::new(tell))
    }

    pub(super) fn tell(&self, notice: Notice<'_>) {
        (self.0)(notice);
    }
}

impl Default for Notify {
    fn default() -> Self {
        Self::new(|_| {})
    }
}

impl std::fmt::Debug for Notify {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Notify")
    }
}
