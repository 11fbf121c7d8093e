//! 1. What the user wants: YAML in, a validated [`model::Profile`] or every [`finding::Finding`] out.
//!
//! ```text
//! files ──► yaml ──► overlay ──► variables, interpolate ──► decode ──► rules ──► Loaded
//!  bytes    a tree    extends         ${var.x}              a model    findings
//! ```
//!
//! Architecture invariant: this layer does no I/O and knows no Kubernetes object; files are handed in as text.

pub mod finding;
pub mod location;
pub mod model;
pub mod names;
pub mod schema;
pub mod sensitive;
pub mod shell;

pub(crate) mod address;
mod decode;
mod excerpts;
mod files;
mod interpolate;
mod literals;
mod load;
mod merge_key;
pub(crate) mod node;
mod overlay;
pub(crate) mod paths;
pub mod places;
mod reserved;
mod rules;
pub(crate) mod suggest;
mod var_file;
mod variables;
pub(crate) mod yaml;
mod zones;

pub use load::{Loaded, load};
pub use variables::{VariableValue, VariableValues};
