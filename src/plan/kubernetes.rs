//! Whether the Kubernetes of a spoke is one that Argo CD is tested with.
//!
//! Source: `docs/operator-manual/tested-kubernetes-versions.md` of each release of Argo CD. An older one is no error: Argo CD asks
//! each API server what it serves, and most of it works with what nobody tests.

use std::fmt;
use std::str::FromStr;

/// Major and minor version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Minor(u16, u16);

/// Each minor of Argo CD, with the oldest Kubernetes that it is tested with; the newest first.
const TESTED: [(Minor, Minor); 6] = [
    (Minor(3, 5), Minor(1, 33)),
    (Minor(3, 4), Minor(1, 32)),
    (Minor(3, 3), Minor(1, 32)),
    (Minor(3, 2), Minor(1, 31)),
    (Minor(3, 1), Minor(1, 31)),
    (Minor(3, 0), Minor(1, 29)),
];

/// Below it bridge cannot register a spoke: server-side apply, and tokens that are bound to a Secret, are stable since then.
const REGISTERS: Minor = Minor(1, 22);

impl fmt::Display for Minor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v{}.{}", self.0, self.1)
    }
}

/// A version without two numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoVersion;

impl FromStr for Minor {
    type Err = NoVersion;

    /// Reads `v1.33.2-eks-1a2b3c4`, of which only the first two numbers count.
    fn from_str(text: &str) -> Result<Self, NoVersion> {
        let mut numbers = text.trim_start_matches('v').split('.').map(|number| {
            let end = number.find(|c: char| !c.is_ascii_digit()).unwrap_or(number.len());
            number[..end].parse().map_err(|_| NoVersion)
        });
        let mut next = || numbers.next().unwrap_or(Err(NoVersion));
        Ok(Self(next()?, next()?))
    }
}

/// What the age of a Kubernetes means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Age {
    /// Nothing: it is tested, newer, or nobody knows.
    Fine,
    /// Argo CD is not tested with it.
    Untested {
        /// The oldest that this Argo CD is tested with.
        oldest: Minor,
        /// The newest Argo CD that is tested with this Kubernetes.
        tested_by: Option<Minor>,
    },
    /// bridge cannot make an account there.
    Unregistrable {
        /// The oldest where it can.
        oldest: Minor,
    },
}

/// Judges the Kubernetes of a spoke by the Argo CD that the profile installs, where it installs one.
#[must_use]
pub fn age(kubernetes: Minor, argo_cd: Option<Minor>, is_registered: bool) -> Age {
    if is_registered && kubernetes < REGISTERS {
        return Age::Unregistrable { oldest: REGISTERS };
    }
    let known = TESTED.iter().find(|(version, _)| Some(*version) == argo_cd);
    match known {
        Some((_, oldest)) if kubernetes < *oldest => {
            let tested_by = TESTED.iter().find(|(_, oldest)| *oldest <= kubernetes);
            Age::Untested { oldest: *oldest, tested_by: tested_by.map(|(version, _)| *version) }
        }
        Some(_) | None => Age::Fine,
    }
}

#[cfg(test)]
mod tests {
    use super::{Age, Minor, NoVersion, age};

    #[test]
    fn the_versions_of_providers_are_read() {
        for text in ["v1.29.3", "v1.29.3-eks-a737599", "v1.29.10-gke.1227000", "1.29+", "v1.29"] {
            assert_eq!(text.parse(), Ok(Minor(1, 29)), "{text}");
        }
        for text in ["", "unknown", "v1", "v1.", "v99999.1"] {
            assert_eq!(text.parse::<Minor>(), Err(NoVersion), "{text}");
        }
    }

    #[test]
    fn an_older_kubernetes_is_untested_and_only_a_very_old_one_cannot_be_registered() {
        let argo_cd = Some(Minor(3, 5));
        assert_eq!(age(Minor(1, 33), argo_cd, true), Age::Fine);
        assert_eq!(age(Minor(1, 99), argo_cd, true), Age::Fine);
        let (oldest, tested_by) = (Minor(1, 33), Some(Minor(3, 4)));
        assert_eq!(age(Minor(1, 32), argo_cd, true), Age::Untested { oldest, tested_by });
        assert_eq!(age(Minor(1, 21), argo_cd, false), Age::Untested { oldest, tested_by: None });
        assert_eq!(age(Minor(1, 21), argo_cd, true), Age::Unregistrable { oldest: Minor(1, 22) });
        // Somebody else's Argo CD, or one that is newer than this table.
        assert_eq!(age(Minor(1, 22), None, true), Age::Fine);
        assert_eq!(age(Minor(1, 22), Some(Minor(3, 6)), true), Age::Fine);
    }
}
