//! `kind.image`: the image of a node.

use crate::code::Code;
use crate::profile::address;
use crate::profile::decode::decoder::Decoder;
use crate::profile::names::Sha256;
use crate::profile::node::Node;

const EXAMPLE: &str = "write `kindest/node:v1.36.1@sha256:...`, as kind's release notes list it";

/// Decodes a reference to an image. Source: the grammar in `github.com/distribution/reference`.
pub(super) fn image(node: &Node, d: &mut Decoder) -> Option<String> {
    let text = d.filled_text(node, "`image`")?;
    if address::holds_credentials(address::without_digest(&text)) {
        let message = "there is a password or token in this image's name";
        let fix = "remove what stands before the `@`; the engine's own login is used";
        d.error(Code::URL_PASSWORD, &node.location, message, fix);
        return None;
    }
    let Some(reference) = parse(&text) else {
        let message = format!("`{text}` is no name of an image");
        let bare = text.split_once("://").map(|(_, rest)| rest).filter(|bare| parse(bare).is_some());
        let fix = bare.map_or_else(|| EXAMPLE.to_owned(), |bare| format!("write `{bare}`"));
        d.error(Code::NODE_IMAGE, &node.location, message, fix);
        return None;
    };
    if !reference.has_digest && matches!(reference.tag, None | Some("latest")) {
        let message = match reference.tag {
            Some(tag) => format!("the node image has the tag `{tag}`, which is another image tomorrow"),
            None => "the node image has neither tag nor digest, so `latest` is taken, another one tomorrow"
                .to_owned(),
        };
        d.warning(Code::NODE_IMAGE_MOVES, &node.location, message, EXAMPLE);
    }
    Some(text)
}

/// A reference to an image, as far as it matters here.
struct Reference<'a> {
    tag: Option<&'a str>,
    has_digest: bool,
}

fn parse(text: &str) -> Option<Reference<'_>> {
    let (rest, digest) = text.split_once('@').map_or((text, None), |(rest, digest)| (rest, Some(digest)));
    // A colon before the last slash is that of a port.
    let (name, tag) = match rest.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => (name, Some(tag)),
        Some(_) | None => (rest, None),
    };
    let is_digest =
        |digest: &str| digest.strip_prefix("sha256:").is_some_and(|digits| digits.parse::<Sha256>().is_ok());
    let is_valid = is_name(name) && tag.is_none_or(is_tag) && digest.is_none_or(is_digest);
    is_valid.then_some(Reference { tag, has_digest: digest.is_some() })
}

/// Parts in lower case, perhaps with a registry before them.
fn is_name(name: &str) -> bool {
    let (first, rest) = name.split_once('/').map_or((name, None), |(first, rest)| (first, Some(rest)));
    let is_part = |part: &str| {
        let alphanumeric = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        part.starts_with(alphanumeric)
            && part.ends_with(alphanumeric)
            && part.chars().all(|c| alphanumeric(c) || "._-".contains(c))
    };
    let is_registry = || {
        let address = format!("https://{first}");
        first.contains(['.', ':']) && address::parse(&address).is_some_and(|address| address.user.is_none())
    };
    match rest {
        Some(rest) => (is_part(first) || is_registry()) && rest.split('/').all(is_part),
        None => is_part(first),
    }
}

fn is_tag(tag: &str) -> bool {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    tag.len() <= 128 && tag.starts_with(is_word) && tag.chars().all(|c| is_word(c) || ".-".contains(c))
}

#[cfg(test)]
mod tests {
    use super::parse;

    const DIGEST: &str = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    #[test]
    fn references_come_apart() {
        let pinned = format!("kindest/node:v1.36.1@{DIGEST}");
        let by_digest = format!("localhost:5000/acme/node@{DIGEST}");
        for (text, expected) in [
            ("kindest/node:v1.36.1", Some((Some("v1.36.1"), false))),
            (pinned.as_str(), Some((Some("v1.36.1"), true))),
            (by_digest.as_str(), Some((None, true))),
            ("localhost:5000/node", Some((None, false))),
            ("mirror.example.com/kindest/node:latest", Some((Some("latest"), false))),
            ("node", Some((None, false))),
            ("Kindest/node:v1", None),
            ("kindest/node:v1@sha256:12", None),
            ("kindest//node", None),
            ("kindest/node:", None),
            ("kindest/node:-v1", None),
            ("-it", None),
            ("https://mirror.example.com/node", None),
            ("kindest/node v1", None),
        ] {
            let found = parse(text).map(|reference| (reference.tag, reference.has_digest));
            assert_eq!(found, expected, "{text}");
        }
    }
}
