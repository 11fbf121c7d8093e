//! Who made a kind cluster that is not this profile's.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::kind::folder::here;
use crate::profile::shell::shell_path;

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
    /// The command that removes the cluster, where the profile's file is known; as seen from a profile whose clusters' folder
    /// this is.
    pub(super) fn down(&self, folder: &Path) -> Option<String> {
        let Self::Profile { file: Some(file), record } = self else { return None };
        // BASE/kind/PROFILE/clusters/NAME/made/ID
        let record = here(record);
        let base = record.ancestors().nth(6).filter(|base| Some(*base) != folder.ancestors().nth(2));
        let state = base.map(|base| format!("BRIDGE_STATE_DIR={} ", shell_path(base))).unwrap_or_default();
        Some(format!("{state}bridge down -f {}", shell_path(file)))
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
