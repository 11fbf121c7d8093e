//! Excerpts of the user's file without what looks like a credential.
//!
//! A literal credential in a profile is a finding, so the lines that findings point at are the likeliest to hold one.

use std::ops::Range;

const MASK: &str = "(sensitive)";

/// Keys whose plain value is taken for a credential when the key ends in one of these, case and separators aside.
const SECRET_KEYS: &[&str] = &[
    "password",
    "passwd",
    "token",
    "secret",
    "privatekey",
    "sshkey",
    "keydata",
    "apikey",
    "accesskey",
    "secretkey",
    "literal",
    "credentials",
];

/// One line as it may be shown, and whether something was taken out of it.
pub(super) fn mask_line(line: &str) -> (String, bool) {
    let hidden: Vec<Range<usize>> = secret_values(line).chain(blobs(line)).collect();
    let mut shown = String::with_capacity(line.len());
    let mut position = 0;
    for range in merged(hidden) {
        shown.push_str(&line[position..range.start]);
        shown.push_str(MASK);
        position = range.end;
    }
    shown.push_str(&line[position..]);
    let is_masked = position > 0;
    (shown, is_masked)
}

/// Overlapping ranges as one, in order.
fn merged(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.sort_by_key(|range| (range.start, range.end));
    ranges.into_iter().fold(Vec::new(), |mut all: Vec<Range<usize>>, range| {
        match all.last_mut().filter(|last| range.start <= last.end) {
            Some(last) => last.end = last.end.max(range.end),
            None => all.push(range),
        }
        all
    })
}

/// The plain values of keys that name a credential.
fn secret_values(line: &str) -> impl Iterator<Item = Range<usize>> {
    line.match_indices(':').filter(|(colon, _)| names_a_secret(&line[..*colon])).filter_map(|(colon, _)| {
        let after = &line[colon + 1..];
        let start = colon + 1 + (after.len() - after.trim_start().len());
        let is_plain =
            after.starts_with(' ') && !line[start..].starts_with(['{', '[', '&', '*', '|', '>', '#']);
        let end = start + value_length(&line[start..]);
        (is_plain && end > start).then_some(start..end)
    })
}

/// Whether the text before a colon ends in a key that names a credential.
fn names_a_secret(before: &str) -> bool {
    let key = before.rsplit(['{', ',', ' ']).next().unwrap_or_default();
    let bare: String =
        key.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    // `allowLiteral` is a switch.
    !bare.starts_with("allow") && SECRET_KEYS.iter().any(|secret| bare.ends_with(secret))
}

/// How far a scalar reaches: to its closing quote, else to the end of the line or of the flow mapping.
fn value_length(value: &str) -> usize {
    let quoted = |quote: char| value[1..].find(quote).map_or(value.len(), |end| end + 2);
    match value.chars().next() {
        Some(quote @ ('"' | '\'')) => quoted(quote),
        Some(_) => value.find([',', '}']).unwrap_or(value.trim_end().len()),
        None => 0,
    }
}

/// Long runs of base64-like characters of every class: keys, tokens, certificates. Digests, which are lower case, stay.
fn blobs(line: &str) -> impl Iterator<Item = Range<usize>> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=' | '_' | '-' | '.');
    let start_of = |word: &str| word.as_ptr() as usize - line.as_ptr() as usize;
    line.split(move |c| !is_part(c)).filter(|word| is_blob(word)).map(move |word| {
        let start = start_of(word);
        start..start + word.len()
    })
}

fn is_blob(word: &str) -> bool {
    let has = |class: fn(&char) -> bool| word.chars().any(|c| class(&c));
    word.len() >= 32
        && has(char::is_ascii_uppercase)
        && has(char::is_ascii_lowercase)
        && has(char::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::mask_line;

    #[test]
    fn plain_values_of_secret_keys_are_masked() {
        for (line, shown) in [
            ("    password: hunter2", "    password: (sensitive)"),
            ("    bearerToken: \"abc # d\" # x", "    bearerToken: (sensitive) # x"),
            (
                "  credentials: { username: bob, password: hunter2 }",
                "  credentials: { username: bob, password: (sensitive)}",
            ),
            (
                "  password: { literal: 'a, b', allowLiteral: true }",
                "  password: { literal: (sensitive), allowLiteral: true }",
            ),
            ("  ssh_private_key: abc", "  ssh_private_key: (sensitive)"),
        ] {
            assert_eq!(mask_line(line), (shown.to_owned(), true));
        }
    }

    #[test]
    fn references_and_digests_stay() {
        for line in [
            "    password: { env: GIT_TOKEN }",
            "    password:",
            "  sha256: 3fdf4f5e1d1b0b9a7c3a6a1f0e9d8c7b6a5f4e3d2c1b0a9f8e7d6c5b4a392817",
            "  url: https://git.example.com/acme/addons.git",
        ] {
            assert_eq!(mask_line(line), (line.to_owned(), false));
        }
    }

    #[test]
    fn a_line_of_a_key_is_masked_wherever_it_stands() {
        let line = "      MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7";
        assert_eq!(mask_line(line), ("      (sensitive)".to_owned(), true));
    }
}
