//! Whether an API server answers where bridge runs. Argo CD reaches it over another way, so a silence proves nothing.

/// What came of asking an API server how it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Probe {
    /// It answers, and says of itself that it is ready.
    Answers {
        /// Its version, as `v1.36.2`.
        version: String,
    },
    /// It answers, and says of itself that it is not ready (`/readyz`).
    NotReady {
        /// Its version, as `v1.36.2`.
        version: String,
        /// In its words.
        why: String,
    },
    /// From here nobody knows; why.
    NotProbed(String),
}

impl Probe {
    /// Whether nothing speaks against the cluster. What could not be asked is no failure.
    #[must_use]
    pub fn is_well(&self) -> bool {
        match self {
            Self::Answers { .. } | Self::NotProbed(_) => true,
            Self::NotReady { .. } => false,
        }
    }
}
