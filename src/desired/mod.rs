//! 3. The profile as Kubernetes objects.
//!
//! Architecture invariant: pure. Manifest, templates and resolved secrets are handed in; the same input gives the same
//! bytes.

pub mod id;
pub mod object;
pub mod ownership;
pub mod secrets;
pub mod state;
pub mod wave;
