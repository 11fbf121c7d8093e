//! 4. Desired and observed state to a plan.
//!
//! Architecture invariant: a plan cannot fail on I/O, because this layer has none; the same input gives the same plan.

pub mod change;
pub mod consent;
pub mod live;
pub mod summary;
