//! 1. What the user wants: YAML in, a validated [`model::Profile`] or every [`finding::Finding`] out.
//!
//! Architecture invariant: this layer does no I/O and knows no Kubernetes object; files are handed in as text.

pub mod finding;
pub mod location;
pub mod model;
pub mod names;
pub mod sensitive;
