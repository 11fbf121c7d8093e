//! The tree of a profile to the model, field by field. Nothing stops at the first mistake.

pub(crate) mod argocd;
mod authentication;
pub(crate) mod clusters;
pub(crate) mod connection;
pub(crate) mod decoder;
mod exec;
pub(crate) mod gitops;
pub(crate) mod keys;
pub(crate) mod kind;
pub(crate) mod patches;
mod profile;
pub(crate) mod projects;
pub(crate) mod repositories;
pub(crate) mod secret;
pub(crate) mod sync_window;

pub(crate) use profile::profile;
