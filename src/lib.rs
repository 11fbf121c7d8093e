//! One binary between infrastructure as code and GitOps.
