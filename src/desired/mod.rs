//! 3. The profile as Kubernetes objects.
//!
//! Architecture invariant: pure. Manifest, templates and resolved secrets are handed in; the same input gives the same
//! bytes.

pub mod application_set;
pub mod argocd;
pub mod assemble;
pub mod cluster_config;
pub mod cluster_secret;
pub mod id;
pub mod images;
pub mod label_rule;
pub mod labels;
pub mod manifest;
pub mod namespace;
pub mod normalize;
pub mod object;
pub mod ownership;
pub mod patch_finding;
pub mod patches;
pub mod pods;
pub mod project;
pub mod render;
pub mod repository_secret;
pub mod scope;
pub mod secret_data;
pub mod secrets;
pub mod shards;
pub mod spoke_account;
pub mod state;
pub mod wave;
