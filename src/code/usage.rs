//! BRG4000-4999: how bridge was called.

super::codes! {
    NO_PROFILE = 4001, "there is no profile",
        "bridge reads `bridge.yaml` in the current folder unless `--profile` names another file. `bridge init` writes a first one.";
}
