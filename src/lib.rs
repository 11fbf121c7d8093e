//! One binary between infrastructure as code and GitOps.
//!
//! Data flows one way, and the modules are listed in its order:
//!
//! ```text
//! profile ──► template ──► desired ──► plan ──► cluster ──► converge ──► report ──► cli
//!  YAML to     ApplicationSet  profile to   desired and   Kubernetes   observe,     people and   clap, files,
//!  a checked   documents       objects      live to       I/O          apply, wait  machines     environment
//!  Profile                                  changes       fetch: HTTP
//!                                                         and cache
//! ```
//!
//! Beside that way, `checkout` compares a profile with a checked-out repository, and `kind` makes the clusters that a profile
//! wants on this machine.
//!
//! `profile` to `plan` are pure. A module imports only from modules before it; `tests/layers.rs` checks that.

pub mod code;

pub mod profile;

pub mod template;

pub mod desired;

pub mod checkout;

pub mod plan;

pub mod cluster;

pub mod fetch;

pub mod converge;

pub mod kind;

pub mod report;

pub mod cli;
