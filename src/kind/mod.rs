//! 7. Local clusters: what the `kind` command and the container engine do for a profile's clusters, and whose those are.
//!
//! kind puts no labels of ours on its containers, so the record of who made a cluster is a read-only mount of a folder of
//! bridge's on its node: it comes into being with the container, cannot be changed afterwards, and `inspect` shows it even
//! of a node that is paused. Nothing is deleted that does not carry it.
//!
//! Architecture invariant: the only code that runs `kind` or an engine's command.

mod binary;
mod create;
mod delete;
mod engine;
mod finished;
mod folder;
mod here;
mod image;
mod maker;
mod named;
mod node;
mod pin;
mod preflight;
mod problem;
mod ready;
mod resources;
mod spec;
mod standing;
mod written;

pub use binary::Kind;
pub use create::{Made, Making, Step, create, wake};
pub use delete::delete;
pub use engine::{Engine, Info};
pub use finished::Tools;
pub use folder::{Folder, kubeconfig};
pub use here::where_is;
pub use maker::Maker;
pub use named::{PATIENCE, foreign, lock_of, wait_for_lock};
pub use node::Node;
pub use pin::unpinned;
pub use preflight::Preflight;
pub use problem::Problem;
pub use resources::{Counts, too_small};
pub use spec::Spec;
pub use standing::{Found, Standing};
pub use written::{Mark, Written, has_cluster, has_user, written};
