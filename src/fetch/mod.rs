//! What bridge downloads: Argo CD's manifest, checked by digest, cached by content.
//!
//! Architecture invariant: the only code that names `reqwest`. It decides nothing about the manifest's content.

pub mod cache;
pub mod digests;
pub mod error;
pub mod files;
pub mod http;
pub mod lock;
pub mod manifest;
