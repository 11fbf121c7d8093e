//! The desired state: from a profile, the official manifests and the templates to objects.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "test helpers read the official manifests and stop at once"
)]

#[path = "desired_objects/cluster_secret.rs"]
mod cluster_secret;
#[path = "desired_objects/manifest.rs"]
mod manifest;

#[path = "desired_objects/manifests.rs"]
mod manifests;
#[path = "desired_objects/repository_secret.rs"]
mod repository_secret;
#[path = "desired_objects/support.rs"]
mod support;
#[path = "desired_objects/templates.rs"]
mod templates;
