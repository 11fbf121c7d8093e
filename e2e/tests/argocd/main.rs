//! Hub and spokes on the real Argo CD. The test stage runs these on their own: they need Argo CD's binary and redis.

mod l2;
#[path = "../control_plane/support/mod.rs"]
mod support;
