//! The last line of defence: takes every known secret out of every text that leaves the process.

use std::borrow::Cow;
use std::sync::{Arc, PoisonError, RwLock};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use crate::profile::sensitive::Sensitive;

/// What stands in the place of a secret.
const MASK: &str = "(sensitive)";
/// A shorter secret is in too many words to be taken out of them.
const SHORTEST_VALUE: usize = 4;
/// A shorter line of a longer secret says too little to be searched for.
const SHORTEST_LINE: usize = 12;
/// A base64 form inside of a longer one is searched for from this many bytes on.
const SHORTEST_ENCLOSED: usize = 9;

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

    /// The text without secrets.
    #[must_use]
    pub fn scrub<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let forms = self.forms.read().unwrap_or_else(PoisonError::into_inner);
        forms.iter().fold(Cow::Borrowed(text), |text, form| {
            if text.contains(form.as_str()) { Cow::Owned(text.replace(form.as_str(), MASK)) } else { text }
        })
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
    let encoded: Vec<String> = forms.iter().flat_map(|form| encodings(form)).collect();
    forms.extend(encoded);
    forms
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
    if text.len() >= SHORTEST_ENCLOSED {
        forms.extend((0..3).map(|offset| enclosed(text.as_bytes(), offset)));
    }
    forms
}

/// The characters that depend on the secret alone when it starts `offset` bytes into a group of three.
fn enclosed(secret: &[u8], offset: usize) -> String {
    let start = (3 - offset) % 3;
    let whole_groups = (secret.len() - start) / 3 * 3;
    STANDARD_NO_PAD.encode(&secret[start..start + whole_groups])
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
    fn values_of_three_characters_stay() {
        assert_eq!(redactor("abc").scrub("abcdef"), "abcdef");
        assert_eq!(redactor("abc\n\n\n").scrub("abcdef"), "abcdef");
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
