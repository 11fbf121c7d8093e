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

/// The password in an address; a token in place of the user name counts when there is no password.
pub(crate) fn password(text: &str) -> Option<&str> {
    let (scheme, rest) = text.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let (user, _) = authority.rsplit_once('@')?;
    match user.split_once(':') {
        Some((_, password)) => (!password.is_empty()).then_some(password),
        None => (scheme.starts_with("http") && !user.is_empty()).then_some(user),
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
        let message = format!("`{text}` is no address of a git repository");
        let fix = "write `https://host/owner/repo.git`, `ssh://git@host/owner/repo.git` or `git@host:owner/repo.git`";
        decoder.error(Code::REPOSITORY_URL, &node.location, message, fix);
        return None;
    }
    Some(text)
}

/// Reports a password in an address, without showing either.
pub(crate) fn refuse_password(decoder: &mut Decoder, node: &Node, text: &str) -> Option<()> {
    if password(text).is_none() {
        return Some(());
    }
    let message = "there is a password or token in this address";
    let fix = "remove what stands before the `@`, and write `credentials:` with references instead";
    decoder.error(Code::URL_PASSWORD, &node.location, message, fix);
    None
}

/// An http or https address with nothing but scheme, host, port and path.
pub(crate) fn http(decoder: &mut Decoder, node: &Node, code: Code, what: &str) -> Option<String> {
    let text = decoder.filled_text(node, what)?;
    refuse_password(decoder, node, &text)?;
    let is_http = parse(&text).is_some_and(|address| {
        ["https", "http"].contains(&address.scheme)
            && address.user.is_none()
            && !address.path.contains(['?', '#'])
    });
    if !is_http {
        let message = format!("{what}: `{text}` is no http or https address");
        decoder.error(code, &node.location, message, "write `https://HOST`, or `https://HOST:PORT`");
        return None;
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::{canonical, is_loopback, parse, password};

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
        assert_eq!(password("https://user:pw@host/x"), Some("pw"));
        assert_eq!(password("https://token@host/x"), Some("token"));
        assert_eq!(password("ssh://git@host/x"), None);
        assert_eq!(password("git@host:x"), None);
    }
}
