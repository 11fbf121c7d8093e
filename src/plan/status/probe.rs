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
    /// It was asked, and nobody answers at its address; why.
    Silent(String),
    /// It was not asked; why.
    NotProbed(String),
}

impl Probe {
    /// Whether nothing speaks against the cluster. A silence is no failure: Argo CD may well hear what is not heard from here.
    #[must_use]
    pub fn is_well(&self) -> bool {
        match self {
            Self::Answers { .. } | Self::Silent(_) | Self::NotProbed(_) => true,
            Self::NotReady { .. } => false,
        }
    }
}
