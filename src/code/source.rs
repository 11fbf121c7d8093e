//! BRG1400-1999: templates, manifests, the lock file and secret references.

super::codes! {
    MANIFEST_DIGEST = 1401, "the Argo CD manifest has another digest than the one that is pinned",
        "The bytes that were read are not the ones that bridge.lock, the profile or bridge itself pins. Either the download was tampered with or cut off, or the pin is wrong. Nothing was applied.";
}
