//! 4. Desired and observed state to a plan.
//!
//! Architecture invariant: a plan cannot fail on I/O, because this layer has none; the same input gives the same plan.

pub mod ambiguous;
pub mod build;
pub mod change;
pub mod consent;
pub mod decide;
pub mod diff;
pub mod digest;
pub mod fields;
pub mod gate;
pub mod inventory;
pub mod keep_live;
pub mod kubernetes;
pub mod live;
pub mod masked;
pub mod ownership;
pub mod pending_token;
pub mod pod;
pub mod prune;
pub mod ready;
pub mod refusal;
pub mod replace;
pub mod same_server;
pub mod saved;
pub mod stale;
pub mod status;
pub mod summary;
pub mod token;
pub mod unchanged;
pub mod unused;
pub mod workloads;
