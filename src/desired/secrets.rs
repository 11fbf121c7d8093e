//! What is known of the secrets that a profile refers to.

use std::collections::BTreeMap;

use crate::profile::model::SecretSource;
use crate::profile::sensitive::Sensitive;

/// Stands in a rendered object where a secret was not resolved.
pub const PLACEHOLDER: &str = "(sensitive)";

/// What is known of the secrets that a profile refers to.
#[derive(Debug, Clone)]
pub enum Secrets {
    /// Nothing was resolved: every secret is [`PLACEHOLDER`]. For `validate`, `render` and `plan --offline`.
    Masked,
    /// Every reference of the profile, resolved.
    Resolved(BTreeMap<SecretSource, Sensitive>),
}

impl Secrets {
    /// Every value that was resolved, in an order that does not depend on the values of references.
    pub fn values(&self) -> impl Iterator<Item = &Sensitive> {
        let resolved = match self {
            Self::Masked => None,
            Self::Resolved(values) => Some(values.values()),
        };
        resolved.into_iter().flatten()
    }

    /// The same with more values.
    #[must_use]
    pub fn with(self, more: impl IntoIterator<Item = (SecretSource, Sensitive)>) -> Self {
        match self {
            Self::Masked => Self::Masked,
            Self::Resolved(mut values) => {
                values.extend(more);
                Self::Resolved(values)
            }
        }
    }

    /// The value of a reference.
    #[must_use]
    pub fn value(&self, source: &SecretSource) -> Sensitive {
        match self {
            Self::Masked => Sensitive::new(PLACEHOLDER),
            Self::Resolved(values) => {
                values.get(source).cloned().unwrap_or_else(|| Sensitive::new(PLACEHOLDER))
            }
        }
    }
}
