//! `argocd`: how Argo CD comes to the hub.

use std::collections::BTreeMap;

use crate::code::Code;
use crate::profile::address;
use crate::profile::decode::decoder::{Decoder, Fields};
use crate::profile::decode::{keys, patches};
use crate::profile::location::Location;
use crate::profile::model::{ArgoCd, Flavor, Images, Install, ManifestSource, Manifests, Mirror};
use crate::profile::names::{ArgoCdVersion, Namespace, Sha256};
use crate::profile::node::Node;

/// The release that is installed unless the profile names another.
pub(crate) const DEFAULT_VERSION: &str = "v3.5.3";

/// Argo CD's own namespace unless the profile names another.
const DEFAULT_NAMESPACE: &str = "argocd";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Manifests,
    Existing,
    Helm,
}

/// Decodes `argocd`, or what it is when the profile, which begins at `top`, does not mention it.
pub(crate) fn argocd(node: Option<&Node>, top: &Location, d: &mut Decoder) -> Option<ArgoCd> {
    let Some(node) = node else {
        return defaults(top, d);
    };
    let fields = d.fields(node, keys::ARGOCD)?;
    let namespace: Option<Namespace> = match fields.get("namespace") {
        Some(node) => d.name(node, Code::INVALID_NAME, "Argo CD's namespace"),
        None => DEFAULT_NAMESPACE.parse().ok(),
    };
    d.argocd_namespace.clone_from(&namespace);
    let way = way(&fields, d);
    let manifests = manifests(&fields, d);
    let install = match way? {
        Way::Existing => {
            report_unused(&fields, d);
            Install::Existing
        }
        Way::Manifests => Install::Manifests(Box::new(manifests?)),
        Way::Helm => return None,
    };
    Some(ArgoCd { namespace: namespace?, install })
}

fn defaults(top: &Location, d: &mut Decoder) -> Option<ArgoCd> {
    let namespace: Option<Namespace> = DEFAULT_NAMESPACE.parse().ok();
    d.argocd_namespace.clone_from(&namespace);
    let manifests = Manifests {
        version: DEFAULT_VERSION.parse().ok()?,
        flavor: Flavor::Standard,
        source: ManifestSource::Official,
        images: Images::default(),
        patches: Vec::new(),
        at: top.clone(),
    };
    Some(ArgoCd { namespace: namespace?, install: Install::Manifests(Box::new(manifests)) })
}

fn way(fields: &Fields<'_>, d: &mut Decoder) -> Option<Way> {
    let Some(node) = fields.get("install") else { return Some(Way::Manifests) };
    let known = [("manifests", Way::Manifests), ("existing", Way::Existing), ("helm", Way::Helm)];
    let way = d.choice(node, "way to install Argo CD", &known)?;
    if way == Way::Helm {
        let message = "`install: helm` is not in this version of bridge";
        let fix = "write `install: manifests`, or install the chart yourself and write `install: existing`";
        d.error(Code::INSTALL_HELM, &node.location, message, fix);
    }
    Some(way)
}

/// Settings of an installation that bridge does not make.
fn report_unused(fields: &Fields<'_>, d: &mut Decoder) {
    for key in fields.present(&["version", "flavor", "manifests", "images", "patches"]) {
        let Some(node) = fields.get(key) else { continue };
        let message = format!("`{key}` does nothing with `install: existing`");
        d.warning(Code::UNUSED_SETTING, &node.location, message, format!("remove `{key}`"));
    }
}

fn manifests(fields: &Fields<'_>, d: &mut Decoder) -> Option<Manifests> {
    let version: Option<ArgoCdVersion> = match fields.get("version") {
        Some(node) => version(node, d),
        None => DEFAULT_VERSION.parse().ok(),
    };
    let flavor = match fields.get("flavor") {
        Some(node) => d.choice(node, "flavor of Argo CD", &flavors()),
        None => Some(Flavor::Standard),
    };
    let source = match fields.get("manifests") {
        Some(node) => source(node, d),
        None => Some(ManifestSource::Official),
    };
    let images = fields.get("images").map_or_else(|| Some(Images::default()), |node| images(node, d));
    let patches = fields.get("patches").map_or_else(Vec::new, |node| {
        d.list(node, "patches").iter().filter_map(|node| patches::patch(node, d)).collect()
    });
    let at =
        fields.get("manifests").or(fields.get("version")).map_or(fields.at, |node| &node.location).clone();
    Some(Manifests { version: version?, flavor: flavor?, source: source?, images: images?, patches, at })
}

fn flavors() -> [(&'static str, Flavor); 4] {
    [
        ("standard", Flavor::Standard),
        ("ha", Flavor::Ha),
        ("core", Flavor::Core),
        ("namespaced", Flavor::Namespaced),
    ]
}

fn version(node: &Node, d: &mut Decoder) -> Option<ArgoCdVersion> {
    let text = d.text(node, "`version`")?;
    let version = text.parse().ok();
    if version.is_none() {
        let message = format!("`{text}` is no released version of Argo CD");
        let fix = match format!("v{text}").parse::<ArgoCdVersion>() {
            Ok(meant) => format!("did you mean `{meant}`?"),
            Err(_) => format!("pin a release such as `{DEFAULT_VERSION}`; names such as `stable` move"),
        };
        d.error(Code::ARGOCD_VERSION, &node.location, message, fix);
    }
    version
}

fn source(node: &Node, d: &mut Decoder) -> Option<ManifestSource> {
    let fields = d.fields(node, keys::MANIFESTS)?;
    let sha256 = fields.get("sha256").map(|node| sha256(node, d));
    let path = fields.get("path").map(|node| d.path(node, "`path`"));
    let url = fields.get("url").map(|node| url(node, d));
    match (path, url) {
        (Some(path), None) => {
            let sha256 = sha256.map_or(Some(None), |digest| digest.map(Some))?;
            Some(ManifestSource::Path { path: path?, sha256, at: node.location.clone() })
        }
        (None, Some(url)) => {
            let sha256 = sha256.unwrap_or_else(|| digest_missing(node, d));
            Some(ManifestSource::Url { url: url?, sha256: sha256? })
        }
        (Some(_), Some(_)) => {
            let message = "`manifests` has a `path` and a `url`";
            d.error(Code::MANIFEST_SOURCE, &node.location, message, "keep one of them");
            None
        }
        (None, None) => {
            let message = "`manifests` says neither `path` nor `url`";
            let fix = "add one of them, or remove `manifests` to take the official one";
            d.error(Code::MANIFEST_SOURCE, &node.location, message, fix);
            None
        }
    }
}

fn digest_missing(node: &Node, d: &mut Decoder) -> Option<Sha256> {
    let message = "a manifest from a `url` needs its `sha256`";
    let fix = "add what `sha256sum` prints for the file that you checked";
    d.error(Code::MANIFEST_SOURCE, &node.location, message, fix);
    None
}

fn url(node: &Node, d: &mut Decoder) -> Option<String> {
    let text = d.filled_text(node, "`url`")?;
    address::refuse_password(d, node, &text)?;
    if address::parse(&text).is_some_and(|address| address.scheme == "https") {
        return Some(text);
    }
    let message = "`url` is no https address";
    d.error(Code::MANIFEST_SOURCE, &node.location, message, "write `https://HOST/install.yaml`");
    None
}

fn sha256(node: &Node, d: &mut Decoder) -> Option<Sha256> {
    let text = d.text(node, "`sha256`")?;
    let digest = text.parse().ok();
    if digest.is_none() {
        let message = format!("`{text}` is no SHA-256 digest: 64 lower-case hexadecimal digits");
        let bare = text.strip_prefix("sha256:").unwrap_or(text).to_ascii_lowercase();
        let fix = match bare.parse::<Sha256>() {
            Ok(digest) => format!("write `{digest}`"),
            Err(_) => "write what `sha256sum` prints for the file".to_owned(),
        };
        d.error(Code::SHA256, &node.location, message, fix);
    }
    digest
}

fn images(node: &Node, d: &mut Decoder) -> Option<Images> {
    let fields = d.fields(node, keys::IMAGES)?;
    let mut images = Images::default();
    if let Some(node) = fields.get("registries") {
        images.registries = registries(node, d);
    }
    if let Some(node) = fields.get("pullSecrets") {
        images.pull_secrets = d.names(node, Code::INVALID_NAME, "a pull Secret");
    }
    Some(images)
}

fn registries(node: &Node, d: &mut Decoder) -> BTreeMap<String, Mirror> {
    let mut registries = BTreeMap::new();
    let Some(mapping) = d.mapping(node, "a map of registries") else { return registries };
    for entry in &mapping.entries {
        let key_is_valid = is_registry(&entry.key.text);
        if !key_is_valid {
            not_a_registry(&entry.key.text, &entry.key.location, d);
        }
        let Some(to) = d.filled_text(&entry.value, "the replacement of a registry") else { continue };
        if is_registry(&to) {
            let mirror = Mirror { address: to, at: entry.key.location.clone() };
            registries.insert(entry.key.text.clone(), mirror);
        } else {
            not_a_registry(&to, &entry.value.location, d);
        }
    }
    registries
}

/// A host with a dot, a port, or `localhost`, and perhaps a path: what the container runtimes take for a registry.
fn is_registry(text: &str) -> bool {
    let (host, path) = text.split_once('/').map_or((text, None), |(host, path)| (host, Some(path)));
    let is_host = address::parse(&format!("https://{host}")).is_some_and(|address| address.user.is_none())
        && (host.contains(['.', ':']) || host == "localhost");
    let is_path = |path: &str| {
        path.split('/').all(|part| {
            !part.is_empty()
                && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c))
        })
    };
    is_host && path.is_none_or(is_path)
}

fn not_a_registry(text: &str, at: &Location, d: &mut Decoder) {
    let message = format!("`{text}` is no image registry");
    let bare = text.trim_end_matches('/');
    let bare = bare.split_once("://").map_or(bare, |(_, rest)| rest);
    let fix = if is_registry(bare) && bare != text {
        format!("write `{bare}`")
    } else {
        "write a host and perhaps a path, such as `quay.io` or `mirror.example.com/quay`".to_owned()
    };
    d.error(Code::IMAGE_REGISTRY, at, message, fix);
}
