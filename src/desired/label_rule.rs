//! What a label selector asks of one label, as Kubernetes reads it.

use std::collections::BTreeSet;

/// What is asked of one label.
///
/// Source: `k8s.io/apimachinery/pkg/labels`: `NotIn` and `DoesNotExist` also match what has no such label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rule {
    /// It has one of these values.
    In(BTreeSet<String>),
    /// It has none of these values.
    NotIn(BTreeSet<String>),
    /// It is there.
    Exists,
    /// It is not there.
    DoesNotExist,
}

impl Rule {
    /// Whether a label of this value, or a missing one, is as asked.
    #[must_use]
    pub fn holds(&self, value: Option<&str>) -> bool {
        match self {
            Self::In(values) => value.is_some_and(|value| values.contains(value)),
            Self::NotIn(values) => value.is_none_or(|value| !values.contains(value)),
            Self::Exists => value.is_some(),
            Self::DoesNotExist => value.is_none(),
        }
    }
}
