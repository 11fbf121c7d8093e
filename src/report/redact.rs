//! The last line of defence: takes every known secret out of every text that leaves the process.
//!
//! In text and in the log by its bytes; in documents for machines inside of strings only, so that they stay valid.

use std::borrow::Cow;
use std::sync::{Arc, PoisonError, RwLock};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use serde_json::Value;

use crate::profile::sensitive::Sensitive;
use crate::report::style::plain;

/// What stands in the place of a secret.
const MASK: &str = "(sensitive)";
/// A shorter secret is in too many words to be taken out of them: `true`, `admin`. It is masked where it is the value of a
/// Secret's key, and nowhere else.
const SHORTEST_VALUE: usize = 6;
/// A shorter line of a longer secret says too little to be searched for.
const SHORTEST_LINE: usize = 12;
/// A base64 form inside of a longer one is searched for when so many of its characters depend on the secret alone.
const SHORTEST_ENCLOSED: usize = 6;
/// The keys of bridge's documents whose values are bridge's own words, whatever somebody chose as a secret.
const OWN_WORDS: [&str; 13] = [
    "$schema",
    "action",
    "bridgeVersion",
    "code",
    "format",
    "group",
    "id",
    "kind",
    "level",
    "ruleId",
    "severity",
    "time",
    "type",
];

/// Text that the redactor has seen, and the only one that may be cut: of half a secret nothing would be found.
#[derive(Debug)]
pub struct Clean(String);

impl Clean {
    /// The whole text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }

    /// At most so many characters of it.
    #[must_use]
    pub fn cut(&self, longest: usize) -> &str {
        self.0.char_indices().nth(longest).map_or(&self.0, |(end, _)| &self.0[..end])
    }
}

/// Knows the secrets of this run, and takes them out of text. Clones share what they know.
#[derive(Clone, Default)]
pub struct Redactor {
    forms: Arc<RwLock<Vec<String>>>,
}

impl std::fmt::Debug for Redactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Redactor")
    }
}

impl Redactor {
    /// From now on, the value is in no output, in whatever form it would be written.
    pub fn register(&self, secret: &Sensitive) {
        let mut forms = self.forms.write().unwrap_or_else(PoisonError::into_inner);
        forms.extend(forms_of(secret.expose()));
        // The longest first, so that no part of a longer form is left over.
        forms.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        forms.dedup();
    }

    /// The text without secrets, to be cut.
    #[must_use]
    pub fn clean(&self, text: &str) -> Clean {
        Clean(self.scrub(text).into_owned())
    }

    /// The text without secrets.
    #[must_use]
    pub fn scrub<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let forms = self.forms.read().unwrap_or_else(PoisonError::into_inner);
        forms.iter().fold(Cow::Borrowed(text), |text, form| {
            if text.contains(form.as_str()) { Cow::Owned(text.replace(form.as_str(), MASK)) } else { text }
        })
    }
}

impl Redactor {
    /// The document without secrets: texts in it change, its form does not.
    #[must_use]
    pub fn scrub_document(&self, document: Value) -> Value {
        match document {
            Value::String(text) => Value::String(self.scrub(&text).into_owned()),
            Value::Array(items) => items.into_iter().map(|item| self.scrub_document(item)).collect(),
            Value::Object(fields) => {
                let scrubbed = |(key, value): (String, Value)| {
                    let is_own = value.is_string() && OWN_WORDS.contains(&key.as_str());
                    let value = if is_own { value } else { self.scrub_document(value) };
                    (key, value)
                };
                Value::Object(fields.into_iter().map(scrubbed).collect())
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => document,
        }
    }
}

/// Every form in which the secret could be written.
fn forms_of(secret: &str) -> Vec<String> {
    let trimmed = secret.trim_end_matches(['\n', '\r']);
    if trimmed.trim().chars().count() < SHORTEST_VALUE {
        return Vec::new();
    }
    let mut forms: Vec<String> = [trimmed, trimmed.trim()].map(str::to_owned).to_vec();
    forms.extend(lines_of(trimmed));
    let escaped: Vec<String> = forms.iter().map(|form| escaped(form)).collect();
    let twice: Vec<String> = escaped.iter().map(|form| self::escaped(form)).collect();
    forms.extend(escaped);
    forms.extend(twice);
    forms.push(trimmed.replace('\'', "''"));
    forms.push(plain(trimmed));
    let encoded: Vec<String> = forms.iter().flat_map(|form| encodings(form)).collect();
    forms.extend(encoded);
    forms.extend(spellings(trimmed));
    forms
}

/// As a server may repeat it: in an address, as bytes, or in JSON of ASCII letters only.
fn spellings(text: &str) -> Vec<String> {
    let bytes =
        |form: fn(u8) -> String, between: &str| text.bytes().map(form).collect::<Vec<_>>().join(between);
    vec![
        bytes(percent, ""),
        bytes(percent, "").replace("%20", "+"),
        bytes(|byte| percent(byte).to_ascii_lowercase(), "").replace("%20", "+"),
        form_urlencoded::byte_serialize(text.as_bytes()).collect(),
        bytes(|byte| format!("{byte:02x}"), ""),
        bytes(|byte| format!("{byte:02X}"), ""),
        bytes(|byte| byte.to_string(), " "),
        ascii(text, ""),
        // As Go writes JSON.
        ascii(text, "<>&"),
        escaped(text).chars().map(|c| unicode_if(c, "<>&".contains(c))).collect(),
    ]
}

fn percent(byte: u8) -> String {
    if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
        char::from(byte).to_string()
    } else {
        format!("%{byte:02X}")
    }
}

/// As JSON writes it, with `\u` for what is not ASCII, and for `more`.
fn ascii(text: &str, more: &str) -> String {
    escaped(text).chars().map(|c| unicode_if(c, !c.is_ascii() || more.contains(c))).collect()
}

fn unicode_if(c: char, is_escaped: bool) -> String {
    if !is_escaped {
        return c.to_string();
    }
    c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect()
}

/// The lines of a secret of several lines, such as a key, which are indented one by one in YAML.
fn lines_of(secret: &str) -> impl Iterator<Item = String> {
    let is_telling = |line: &&str| line.len() >= SHORTEST_LINE && !line.starts_with("-----");
    secret.lines().map(str::trim).filter(is_telling).map(str::to_owned)
}

/// As JSON and double-quoted YAML write it, without the quotes.
fn escaped(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

/// The base64 forms: of the text alone, and as it stands inside of a longer encoded text at each of three offsets.
fn encodings(text: &str) -> Vec<String> {
    let with_newline = format!("{text}\n");
    let mut forms = vec![STANDARD.encode(text), STANDARD_NO_PAD.encode(text), URL_SAFE_NO_PAD.encode(text)];
    forms.push(STANDARD.encode(with_newline));
    let enclosed = (0..3).map(|offset| enclosed(text.as_bytes(), offset));
    let telling: Vec<String> = enclosed.filter(|form| form.len() >= SHORTEST_ENCLOSED).collect();
    forms.extend(telling.iter().map(|form| form.replace('+', "-").replace('/', "_")));
    forms.extend(telling);
    forms
}

/// The characters that depend on the secret alone when it starts `offset` bytes into a group of three.
fn enclosed(secret: &[u8], offset: usize) -> String {
    let bytes: Vec<u8> = std::iter::repeat_n(0, offset).chain(secret.iter().copied()).collect();
    let mut text = STANDARD_NO_PAD.encode(&bytes);
    // Each character is six bits.
    text.truncate(bytes.len() * 8 / 6);
    text.split_off((offset * 8).div_ceil(6))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn redactor(secret: &str) -> Redactor {
        let redactor = Redactor::default();
        redactor.register(&Sensitive::new(secret));
        redactor
    }

    #[test]
    fn every_form_is_taken_out() {
        let secret = "s3cr\"t-tök'n";
        let redactor = redactor(secret);
        let json = serde_json::json!({ "config": serde_json::json!({ "token": secret }).to_string() });
        for text in [
            format!("token {secret}."),
            json.to_string(),
            STANDARD.encode(secret),
            STANDARD.encode(format!("{secret}\n")),
            format!("'{}'", secret.replace('\'', "''")),
        ] {
            let scrubbed = redactor.scrub(&text);
            assert!(scrubbed.contains(MASK), "{scrubbed}");
            assert!(!scrubbed.contains("s3cr"), "{scrubbed}");
        }
    }

    #[test]
    fn a_key_is_taken_out_line_by_line() {
        let key = "-----BEGIN KEY-----\nMIIEvQIBADANBgkqhki\nG9w0BAQEFAASCBKcwgg\n-----END KEY-----\n";
        let shown = redactor(key).scrub("  MIIEvQIBADANBgkqhki\n  G9w0BAQEFAASCBKcwgg").into_owned();
        assert_eq!(shown, "  (sensitive)\n  (sensitive)");
    }

    #[test]
    fn values_of_five_characters_stay() {
        assert_eq!(redactor("abcde").scrub("abcdef"), "abcdef");
        assert_eq!(redactor("abcde\n\n\n").scrub("abcdef"), "abcdef");
    }

    #[test]
    fn what_a_server_may_make_of_it_is_taken_out() {
        let secret = "t0k<é>/ +\"n";
        let go = "t0k\\u003cé\\u003e/ +\\\"n";
        for text in [
            "t0k%3C%C3%A9%3E%2F%20%2B%22n",
            "t0k%3c%c3%a9%3e%2f+%2b%22n",
            "74306b3cc3a93e2f202b226e",
            "116 48 107 60 195 169 62 47 32 43 34 110",
            "t0k<\\u00e9>/ +\\\"n",
            go,
        ] {
            assert_eq!(redactor(secret).scrub(text), MASK, "{text}");
        }
    }

    #[test]
    fn a_short_secret_is_found_inside_of_base64() {
        for before in ["", "a", "ab", "abc"] {
            let text = STANDARD.encode(format!("{before}s3cret, and more"));
            assert!(redactor("s3cret").scrub(&text).contains(MASK), "{text}");
        }
    }

    #[test]
    fn a_document_keeps_its_form() {
        let redactor = redactor("create");
        redactor.register(&Sensitive::new("reason"));
        let document = serde_json::json!({ "action": "create", "reason": ["to create", true, 1] });
        let scrubbed = serde_json::json!({ "action": "create", "reason": ["to (sensitive)", true, 1] });
        assert_eq!(redactor.scrub_document(document), scrubbed);
    }

    #[test]
    fn control_characters_do_not_hide_a_secret() {
        let secret = "s3cret\u{1b}[2Jt0ken";
        assert_eq!(redactor(secret).scrub(&plain(secret)), MASK);
    }

    #[test]
    fn only_clean_text_is_cut() {
        let clean = redactor("hunter22").clean("é: hunter22");
        assert_eq!((clean.cut(1), clean.cut(6), clean.text()), ("é", "é: (se", "é: (sensitive)"));
    }

    #[test]
    fn the_longest_form_goes_first() {
        let redactor = redactor("hunter22");
        redactor.register(&Sensitive::new("hunter22-and-more"));
        assert_eq!(redactor.scrub("x hunter22-and-more y"), "x (sensitive) y");
    }

    proptest! {
        #[test]
        fn a_secret_inside_of_an_encoded_document_is_found(before in ".{0,20}", after in ".{0,20}") {
            let secret = "correct-horse-battery-staple";
            let encoded = STANDARD.encode(format!("{before}{secret}{after}"));
            let scrubbed = redactor(secret).scrub(&encoded).into_owned();
            prop_assert!(scrubbed.contains(MASK), "{}", scrubbed);
        }
    }
}
