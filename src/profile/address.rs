//! Addresses of API servers and repositories.

use crate::code::Code;
use crate::profile::decode::decoder::Decoder;
use crate::profile::node::Node;

/// The parts of `scheme://user:password@host:port/path`, or of git's `user@host:path`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Address<'a> {
    /// `https`, `ssh` and so on; `ssh` for git's short form.
    pub(crate) scheme: &'a str,
    /// What stands before the `@`.
    pub(crate) user: Option<&'a str>,
    /// The host, without port and brackets.
    pub(crate) host: &'a str,
    /// The port.
    pub(crate) port: Option<&'a str>,
    /// All after the host and port.
    pub(crate) path: &'a str,
}

/// Takes an address apart; `None` when it is none.
pub(crate) fn parse(text: &str) -> Option<Address<'_>> {
    if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return None;
    }
    let Some((scheme, rest)) = text.split_once("://") else { return parse_scp(text) };
    let is_scheme = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
    if scheme.is_empty() || !scheme.chars().all(is_scheme) {
        return None;
    }
    let (authority, path) = rest.find(['/', '?', '#']).map_or((rest, ""), |at| rest.split_at(at));
    let (user, host_and_port) =
        authority.rsplit_once('@').map_or((None, authority), |(user, rest)| (Some(user), rest));
    let (host, port) = split_port(host_and_port)?;
    is_host(host).then_some(Address { scheme, user, host, port, path })
}

/// `git@host:acme/repo.git`
fn parse_scp(text: &str) -> Option<Address<'_>> {
    let (user, rest) = text.split_once('@')?;
    let (host, path) = rest.split_once(':')?;
    let is_plain = !user.is_empty() && !user.contains(['/', ':']) && is_host(host) && !path.is_empty();
    is_plain.then_some(Address { scheme: "ssh", user: Some(user), host, port: None, path })
}

fn split_port(text: &str) -> Option<(&str, Option<&str>)> {
    if let Some(rest) = text.strip_prefix('[') {
        let (host, after) = rest.split_once(']')?;
        return match after.strip_prefix(':') {
            Some(port) => is_port(port).then_some((host, Some(port))),
            None => after.is_empty().then_some((host, None)),
        };
    }
    match text.rsplit_once(':') {
        Some((host, port)) => is_port(port).then_some((host, Some(port))),
        None => Some((text, None)),
    }
}

fn is_port(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_digit()) && text.parse::<u16>().is_ok_and(|port| port > 0)
}

fn is_host(text: &str) -> bool {
    let is_name = text.chars().all(|c| c.is_ascii_alphanumeric() || "-._".contains(c));
    !text.is_empty()
        && ((is_name && !text.starts_with(['.', '-'])) || text.parse::<std::net::Ipv6Addr>().is_ok())
}

/// Whether a text is, or has in it, an address with a password or a token.
///
/// It is asked before anything is taken apart, because a password with a `/` in it ends what parsers take for the host.
pub(crate) fn holds_credentials(text: &str) -> bool {
    // No address with either has neither.
    if !text.contains('@') && !text.contains("://") {
        return false;
    }
    let lower = text.to_ascii_lowercase();
    has_secret_query(&lower)
        || lower.split(|c: char| c.is_whitespace() || c.is_control()).any(is_user_with_secret)
        || has_spaced_user(&lower)
}

/// The name of an image without the digest behind its `@`, which is no host. A digest that was cut is one too.
pub(crate) fn without_digest(image: &str) -> &str {
    let is_digest = |digest: &str| digest.chars().all(|c| c.is_ascii_hexdigit());
    image.split_once("@sha256:").filter(|(_, digest)| is_digest(digest)).map_or(image, |(name, _)| name)
}

/// Whether a free text has `scheme://user:password@` in it; an `@` alone means nothing there.
pub(crate) fn has_password(text: &str) -> bool {
    text.split_once("//")
        .and_then(|(_, rest)| rest.rsplit_once('@'))
        .is_some_and(|(user, _)| user.contains(':'))
        && holds_credentials(text)
}

/// The text with `//user:password@host` as `//host`.
pub(crate) fn without_userinfo(text: &str) -> String {
    let mut parts = text.split("//");
    let mut shown = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        // A password may hold an `@`, so that the last one counts, and may hold a `/` where the address is broken.
        let end = part.find(|c: char| c.is_whitespace() || c == '"').unwrap_or(part.len());
        let start = part[..end].rfind('@').map_or(0, |at| at + 1);
        shown.push_str("//");
        shown.push_str(&part[start..]);
    }
    shown
}

/// A line of somebody else's without the credentials of the addresses in it; not shown at all where they cannot be told from the
/// rest, as in `?token=x`.
pub(crate) fn without_credentials(line: &str) -> String {
    // What follows the `@` of a digest is no host.
    if !holds_credentials(&line.replace("@sha256:", ":sha256:")) {
        return line.to_owned();
    }
    let rest = without_userinfo(line);
    if rest.contains("://") && holds_credentials(&rest) {
        "(not shown: there is an address with credentials in it)".to_owned()
    } else {
        rest
    }
}

/// `https://host/path?token=x`
fn has_secret_query(text: &str) -> bool {
    let Some((_, query)) = text.split_once("://").and_then(|(_, rest)| rest.split_once(['?', '#'])) else {
        return false;
    };
    let names =
        query.split(['&', ';', '?', '#']).filter_map(|pair| pair.split_once('=')).map(|(name, _)| name);
    let secret = ["token", "password", "passwd", "secret", "key", "sig", "signature", "auth", "credential"];
    names.into_iter().any(|name| secret.iter().any(|word| name.ends_with(word)))
}

/// `https://user:a b@host`: what stands between a scheme and an `@`, spaces and all, where a colon tells a password.
fn has_spaced_user(text: &str) -> bool {
    let Some((_, rest)) = text.split_once("://") else { return false };
    let user = rest.split_once('@').map_or("", |(user, _)| user);
    user.split_once(':').is_some_and(|(name, _)| !name.contains(char::is_whitespace))
}

/// One word, in lower case.
fn is_user_with_secret(word: &str) -> bool {
    let Some((before, _)) = word.rsplit_once('@') else { return false };
    let (scheme, user) = match before.find([':', '/', '\\']) {
        None => ("", before),
        Some(end) => {
            let user = before[end..].trim_start_matches([':', '/', '\\']);
            // `user:password@host` has no scheme, and `https:user@host` has lost its slashes.
            let is_short = before[end..].strip_prefix(':').is_some_and(|rest| rest == user);
            let is_scheme =
                ["http", "ssh", "git", "ftp", "oci"].iter().any(|known| before[..end].contains(known));
            if is_short && !is_scheme { ("", before) } else { (&before[..end], user) }
        }
    };
    // An `@` far down a path (`https://host/@scope/name`) is none of a user; a `:` before it may be a password's.
    let is_path = user.split_once('/').is_some_and(|(host, path)| {
        !host.contains(':') && path.split('/').next_back().is_some_and(str::is_empty)
    });
    let is_plain_user = !user.contains([':', '/', '?', '#', '@']);
    match scheme {
        "" => user.split_once(':').is_some_and(|(_, password)| !password.is_empty()),
        "ssh" | "git+ssh" | "ssh+git" | "git" => !is_plain_user,
        _ => !user.is_empty() && !is_path,
    }
}

/// Whether the host is the machine that asks.
pub(crate) fn is_loopback(host: &str) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    if let Ok(address) = host.parse::<std::net::IpAddr>() {
        let address = address.to_canonical();
        return address.is_loopback() || address.is_unspecified();
    }
    host == "localhost" || host.ends_with(".localhost") || host.starts_with("127.")
}

/// Whether the host is the API server of the cluster that asks, by the name that pods know it by.
pub(crate) fn is_in_cluster(host: &str) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    matches!(host.as_str(), "kubernetes" | "kubernetes.default" | "kubernetes.default.svc")
        || host.starts_with("kubernetes.default.svc.")
}

/// The address in one of its spellings, for comparison: no trailing slash, lower-case host, no default port.
pub(crate) fn canonical(text: &str) -> String {
    let trimmed = text.trim_end_matches('/');
    let Some(Address { scheme, user: _, host, port, path }) = parse(trimmed) else {
        return trimmed.to_owned();
    };
    let scheme = scheme.to_ascii_lowercase();
    let port = match (scheme.as_str(), port) {
        ("https", None | Some("443")) | ("http", None | Some("80")) | (_, None) => String::new(),
        (_, Some(port)) => format!(":{port}"),
    };
    format!("{scheme}://{}{port}{path}", host.to_ascii_lowercase())
}

/// The address of a git repository: `https`, `http`, `ssh` or git's `user@host:path`, and no password in it.
pub(crate) fn git(decoder: &mut Decoder, node: &Node, what: &str) -> Option<String> {
    let text = decoder.filled_text(node, what)?;
    refuse_password(decoder, node, &text)?;
    let is_git = parse(&text).is_some_and(|address| {
        ["https", "http", "ssh"].contains(&address.scheme) && !address.path.contains(['?', '#'])
    });
    if !is_git {
        // A mistyped address can have a password in any place, so it is not repeated.
        let message = format!("{what} is no address of a git repository");
        let fix = "write `https://host/owner/repo.git`, `ssh://git@host/owner/repo.git` or `git@host:owner/repo.git`";
        decoder.error(Code::REPOSITORY_URL, &node.location, message, fix);
        return None;
    }
    Some(text)
}

/// Reports a password in an address, without showing either.
pub(crate) fn refuse_password(decoder: &mut Decoder, node: &Node, text: &str) -> Option<()> {
    if !holds_credentials(text) {
        return Some(());
    }
    let message = "there is a password or token in this address";
    let fix = "remove what stands before the `@`, and write `credentials:` with references instead";
    decoder.error(Code::URL_PASSWORD, &node.location, message, fix);
    None
}

/// The address of a proxy in front of an API server. Source: `ParseProxyUrl` of Argo CD knows these schemes and no other.
pub(crate) fn proxy(decoder: &mut Decoder, node: &Node, what: &str) -> Option<String> {
    let text = decoder.filled_text(node, what)?;
    refuse_password(decoder, node, &text)?;
    let is_proxy = parse(&text).is_some_and(|address| address.scheme == "socks5" && is_bare(&address));
    if !is_proxy && !parse(&text).is_some_and(|address| is_bare_http(&address)) {
        let message = format!("{what} is no http, https or socks5 address");
        decoder.error(Code::PROXY_URL, &node.location, message, "write `http://HOST:PORT`");
        return None;
    }
    Some(text)
}

/// An http or https address with nothing but scheme, host, port and path.
pub(crate) fn http(decoder: &mut Decoder, node: &Node, code: Code, what: &str) -> Option<String> {
    let text = decoder.filled_text(node, what)?;
    refuse_password(decoder, node, &text)?;
    if !parse(&text).is_some_and(|address| is_bare_http(&address)) {
        let message = format!("{what} is no http or https address");
        decoder.error(code, &node.location, message, "write `https://HOST`, or `https://HOST:PORT`");
        return None;
    }
    Some(text)
}

/// Whether it is an http or https address with nothing but scheme, host, port and path.
pub(crate) fn is_bare_http(address: &Address<'_>) -> bool {
    ["https", "http"].contains(&address.scheme) && is_bare(address)
}

fn is_bare(address: &Address<'_>) -> bool {
    address.user.is_none() && !address.path.contains(['?', '#'])
}

#[cfg(test)]
mod tests {
    use super::{canonical, holds_credentials, is_loopback, parse, without_credentials, without_userinfo};

    #[test]
    fn users_are_taken_out_of_addresses() {
        for (text, shown) in [
            ("https://u:p@host:1/x", "https://host:1/x"),
            ("bad proxy \"foo://u:p@ss/w@host\" here", "bad proxy \"foo://host\" here"),
            ("https://host", "https://host"),
            ("no address", "no address"),
        ] {
            assert_eq!(without_userinfo(text), shown);
        }
    }

    #[test]
    fn a_line_of_somebody_else_is_shown_without_credentials() {
        for (line, shown) in [
            ("clone https://u:p4ss@host/x: no", "clone https://host/x: no"),
            ("clone https://ghp_abcdef@host/x: no", "clone https://host/x: no"),
            ("pull oci://host/x@sha256:0123: no", "pull oci://host/x@sha256:0123: no"),
            ("clone git@host:acme/x.git: no", "clone git@host:acme/x.git: no"),
            ("get https://host/x?token=y", "(not shown: there is an address with credentials in it)"),
        ] {
            assert_eq!(without_credentials(line), shown);
        }
    }

    #[test]
    fn addresses_come_apart() {
        for (text, expected) in [
            ("https://git.example.com/acme/x.git", Some(("https", "git.example.com", "/acme/x.git"))),
            ("git@git.example.com:acme/x.git", Some(("ssh", "git.example.com", "acme/x.git"))),
            ("ssh://git@git.example.com:22/x", Some(("ssh", "git.example.com", "/x"))),
            ("https://[::1]:6443", Some(("https", "::1", ""))),
            ("https://", None),
            ("https://host:port", None),
            ("https://a b", None),
            ("acme/x", None),
        ] {
            let found = parse(text).map(|address| (address.scheme, address.host, address.path));
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn spellings_of_one_server_are_equal() {
        assert_eq!(canonical("https://API.example.com:443//"), canonical("https://api.example.com"));
        assert_ne!(canonical("https://api.example.com:6443"), canonical("https://api.example.com"));
    }

    #[test]
    fn loopback_has_many_names() {
        for host in
            ["localhost", "127.0.0.1", "127.1", "::1", "0.0.0.0", "::ffff:127.0.0.1", "kind.localhost"]
        {
            assert!(is_loopback(host), "{host}");
        }
        assert!(!is_loopback("10.0.0.1"));
    }

    #[test]
    fn a_password_is_found() {
        for text in [
            "https://user:pw@host/x",
            "https://token@host/x",
            "HTTPS://token@host/x",
            "https://u:ab/pw@host/x",
            "https://u:ab#pw@host/x",
            "https://u:ab?pw@host/x",
            "https://u:a@b@host/x",
            "https://u:a b@host/x",
            "git+https://token@host/x",
            "ssh://u:pw@host/x",
            "//u:pw@host/x",
            "https:/u:pw@host/x",
            "https:u:pw@host/x",
            "https://host/a?token=x",
            "https://host/a?x=1&access_token=x",
            "user:pw@registry.example.com/x",
            "postgres://user:pw@db/x",
            "see https://user:pw@host/x",
        ] {
            assert!(holds_credentials(text), "{text}");
        }
        for text in [
            "ssh://git@host/x",
            "git@host:x",
            "https://host/x",
            "https://host/@scope/x",
            "team@example.com",
            "arn:aws:iam::1:role/x",
            "https://host/x?tag=1",
            "",
        ] {
            assert!(!holds_credentials(text), "{text}");
        }
    }
}
