//! Names that are valid by construction: each has one way in, which checks Kubernetes' own rule.

use std::fmt;
use std::str::FromStr;

/// A text that breaks the rule of the name it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidName(String);

/// Declares a checked text: private content, `FromStr`, `Display`, `AsRef<str>`.
macro_rules! name_type {
    ($(#[$doc:meta])* $name:ident, $check:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidName;

            fn from_str(text: &str) -> Result<Self, InvalidName> {
                let check: fn(&str) -> Result<(), String> = $check;
                check(text).map_err(InvalidName)?;
                Ok(Self(text.to_owned()))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }
    };
}

name_type!(
    /// The profile's `metadata.name`: the identity of its inventory. RFC 1123 subdomain, at most 63 characters, because
    /// it is written into a label.
    ProfileName, dns_label);
name_type!(
    /// A namespace: RFC 1123 label.
    Namespace, dns_label);
name_type!(
    /// A cluster's name. It becomes part of Application names and a label value, so an RFC 1123 label is required.
    ClusterName, dns_label);
name_type!(
    /// The name of an object that allows an RFC 1123 subdomain, such as an AppProject or a Secret.
    ObjectName, dns_subdomain);
name_type!(
    /// A label key: optional DNS prefix, `/`, and a name of at most 63 characters.
    LabelKey, label_key);
name_type!(
    /// A label value: at most 63 characters, alphanumeric at both ends; may be empty.
    LabelValue, label_value);
name_type!(
    /// An annotation key: the syntax of a label key.
    AnnotationKey, label_key);
name_type!(
    /// The name of an addon, written into the label `enable_<addon>`: at most 56 characters.
    AddonName, addon_name);
name_type!(
    /// An Argo CD version as its tags write it: `v3.5.3`, `v3.6.0-rc1`. Moving tags such as `stable` are refused.
    ArgoCdVersion, argocd_version);
name_type!(
    /// A SHA-256 digest: 64 lower-case hexadecimal digits.
    Sha256, sha256);

name_type!(
    /// kind's name for a cluster: letters, digits, `-` and `.`, at most 49 characters. Source: `validNameRE` of kind, and
    /// Kubernetes' rule for the name of a node, which is the name of its container.
    KindName, kind_name);

impl KindName {
    /// What kind's name for a node has behind that of its cluster. Source: `MakeNodeNamer` of kind.
    const CONTROL_PLANE: &str = "-control-plane";

    /// The kubeconfig context of the cluster. Source: `KINDClusterKey` of kind.
    #[must_use]
    pub fn context(&self) -> String {
        format!("kind-{self}")
    }

    /// The container that is the cluster's node, which is also the node's name in Kubernetes and its host name on the
    /// network of the engine.
    #[must_use]
    pub fn control_plane(&self) -> String {
        format!("{self}{}", Self::CONTROL_PLANE)
    }

    /// The address by which other containers on the engine's network reach its API server. kind's certificate has this
    /// name, and 6443 is the port inside of the container, whatever is published. Source: `APIServerInternalPort` and
    /// the kubeadm configuration of kind.
    #[must_use]
    pub fn server(&self) -> String {
        format!("https://{}:6443", self.control_plane())
    }
}

fn kind_name(text: &str) -> Result<(), String> {
    let rule = "lower-case letters, digits, `-` and `.`, starting and ending with a letter or digit, at most 49 characters";
    let error = || format!("`{text}` is no name of a kind cluster: {rule}");
    let longest = 63 - KindName::CONTROL_PLANE.len();
    dns_subdomain(text).ok().filter(|()| text.len() <= longest).ok_or_else(error)
}

fn dns_label(text: &str) -> Result<(), String> {
    let rule = "lower-case letters, digits and `-`, starting and ending with a letter or digit, at most 63 characters";
    dns(text, 63, |c| c == '-').then_some(()).ok_or_else(|| format!("`{text}` is no valid name: {rule}"))
}

fn dns_subdomain(text: &str) -> Result<(), String> {
    let rule = "lower-case letters, digits, `-` and `.`, starting and ending with a letter or digit, at most 253 characters";
    let labels = text.split('.').all(|label| dns(label, 253, |c| c == '-'));
    (labels && text.len() <= 253).then_some(()).ok_or_else(|| format!("`{text}` is no valid name: {rule}"))
}

fn dns(text: &str, longest: usize, extra: fn(char) -> bool) -> bool {
    let alphanumeric = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    text.len() <= longest
        && text.starts_with(alphanumeric)
        && text.ends_with(alphanumeric)
        && text.chars().all(|c| alphanumeric(c) || extra(c))
}

/// Kubernetes' qualified name: `k8s.io/apimachinery/pkg/util/validation.IsQualifiedName`.
fn label_key(text: &str) -> Result<(), String> {
    let (prefix, name) = text.split_once('/').map_or((None, text), |(prefix, name)| (Some(prefix), name));
    if let Some(prefix) = prefix {
        dns_subdomain(prefix).map_err(|_| format!("the prefix of `{text}` is no DNS name"))?;
    }
    if name.len() > 63 {
        return Err(format!("the name of `{text}` has {} characters; at most 63 are allowed", name.len()));
    }
    if name.is_empty() || !is_label_text(name) {
        return Err(format!(
            "`{text}` is no valid key: letters, digits, `-`, `_` and `.`, alphanumeric at both ends"
        ));
    }
    Ok(())
}

/// Kubernetes' label value: `k8s.io/apimachinery/pkg/util/validation.IsValidLabelValue`.
fn label_value(text: &str) -> Result<(), String> {
    if text.len() > 63 {
        return Err(format!("`{text}` has {} characters; a label value has at most 63", text.len()));
    }
    if !is_label_text(text) {
        let rule = "letters, digits, `-`, `_` and `.`, alphanumeric at both ends";
        return Err(format!("`{text}` is no valid label value: {rule}"));
    }
    Ok(())
}

fn is_label_text(text: &str) -> bool {
    let alphanumeric = |c: char| c.is_ascii_alphanumeric();
    text.is_empty()
        || (text.starts_with(alphanumeric)
            && text.ends_with(alphanumeric)
            && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')))
}

fn addon_name(text: &str) -> Result<(), String> {
    if text.is_empty() {
        return Err("an addon needs a name".to_owned());
    }
    label_key(&format!("enable_{text}"))?;
    if text.contains('/') {
        return Err(format!("`{text}` is no valid addon name: it becomes the label `enable_{text}`"));
    }
    Ok(())
}

fn argocd_version(text: &str) -> Result<(), String> {
    let error = || format!("`{text}` is no Argo CD version; versions look like v3.5.3");
    let numbers = text.strip_prefix('v').ok_or_else(error)?;
    let (core, pre) = numbers.split_once('-').map_or((numbers, None), |(core, pre)| (core, Some(pre)));
    let parts: Vec<&str> = core.split('.').collect();
    let is_number =
        |part: &&str| !part.is_empty() && part.len() <= 4 && part.chars().all(|c| c.is_ascii_digit());
    let pre_is_valid =
        pre.is_none_or(|pre| !pre.is_empty() && pre.chars().all(|c| c.is_ascii_alphanumeric() || c == '.'));
    (parts.len() == 3 && parts.iter().all(is_number) && pre_is_valid).then_some(()).ok_or_else(error)
}

fn sha256(text: &str) -> Result<(), String> {
    let hexadecimal = text.chars().all(|c| c.is_ascii_digit() || ('a'..='f').contains(&c));
    (text.len() == 64 && hexadecimal)
        .then_some(())
        .ok_or_else(|| format!("`{text}` is no SHA-256 digest: 64 lower-case hexadecimal digits"))
}
