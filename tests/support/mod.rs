//! What the tests of the binary share.

pub(crate) mod env;
pub(crate) mod processes;
