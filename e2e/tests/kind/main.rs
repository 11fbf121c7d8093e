//! Real nodes, kubelets and pods. `e2e/scripts/kind` runs these on their own: they need a container engine and images.

mod beside;
mod engine;
mod l3;
mod wire;
