//! Which of Argo CD's manifest files a flavor is made of, and where they are.

use crate::profile::model::Flavor;
use crate::profile::names::ArgoCdVersion;

/// Where the Argo CD project publishes its manifests.
pub const OFFICIAL: &str = "https://raw.githubusercontent.com/argoproj/argo-cd";

/// The files of a flavor, relative to the project's folder `manifests`.
///
/// Only the flavor `namespaced` comes without CustomResourceDefinitions.
#[must_use]
pub fn of(flavor: Flavor) -> &'static [&'static str] {
    match flavor {
        Flavor::Standard => &["install.yaml"],
        Flavor::Ha => &["ha/install.yaml"],
        Flavor::Core => &["core-install.yaml"],
        Flavor::Namespaced => &[
            "crds/application-crd.yaml",
            "crds/applicationset-crd.yaml",
            "crds/appproject-crd.yaml",
            "namespace-install.yaml",
        ],
    }
}

/// The address of a file of a release.
#[must_use]
pub fn address(base: &str, version: &ArgoCdVersion, file: &str) -> String {
    format!("{}/{version}/manifests/{file}", base.trim_end_matches('/'))
}
