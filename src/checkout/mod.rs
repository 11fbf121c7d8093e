//! Beside the way to the cluster: what a checked-out repository and a profile say to each other. Toggles that nothing
//! selects, selectors that match no cluster, folders that are not there.
//!
//! Only what an ApplicationSet's own text settles is judged. What a template decides is said to be left out, never guessed.
//! Architecture invariant: this layer does no I/O; the files of the checkout are handed in.

mod application_set;
mod check;
mod own;
pub mod repository;
mod selector;
mod toggles;

pub use check::check;
pub use own::own;
