//! Who made a kind cluster that is not this profile's.

use std::fmt;
use std::path::{Path, PathBuf};

/// Who made a cluster that stands under a name of the profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Maker {
    /// Not bridge.
    Somebody,
    /// bridge, for another profile.
    Profile {
        /// The profile's file, where its folder is on this machine.
        file: Option<PathBuf>,
        /// The folder that the cluster's node has as its record.
        record: PathBuf,
    },
}

impl Maker {
    /// The profile's file, where it is known.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::Somebody => None,
            Self::Profile { file, record: _ } => file.as_deref(),
        }
    }
}

/// In a sentence of its own.
impl fmt::Display for Maker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Somebody => write!(f, "bridge did not make it"),
            Self::Profile { file: Some(file), record } => {
                write!(f, "bridge made it for {} (its record is {})", file.display(), record.display())
            }
            Self::Profile { file: None, record } => {
                write!(f, "bridge made it for another profile (its record is {})", record.display())
            }
        }
    }
}
