//! The marks by which bridge knows its own objects, all in one place.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// Field manager of every server-side apply.
pub const FIELD_MANAGER: &str = "bridge";
/// Label of every member of the ApplySet: the id of the ApplySet.
pub const PART_OF: &str = "applyset.kubernetes.io/part-of";
/// Annotation of the inventory: the profile's `metadata.name`.
pub const PROFILE_ANNOTATION: &str = "bridge.gitops/profile";
/// Annotation that keeps an object from being deleted.
pub const KEEP_ANNOTATION: &str = "bridge.gitops/keep";

/// The id of the ApplySet with this parent, as `kubectl` computes it.
#[must_use]
pub fn applyset_id(name: &str, namespace: &str, kind: &str, group: &str) -> String {
    let digest = Sha256::digest(format!("{name}.{namespace}.{kind}.{group}"));
    format!("applyset-{}-v1", URL_SAFE_NO_PAD.encode(digest))
}
