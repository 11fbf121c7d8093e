//! The `data` of a Secret: base64, never `stringData`.
//!
//! `stringData` is no good with server-side apply: a key that disappears from it stays in `data` for ever.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

/// The data of a Secret, and which of its keys may be shown.
#[derive(Default)]
pub struct SecretData {
    encoded: BTreeMap<&'static str, String>,
    public: Vec<&'static str>,
}

impl std::fmt::Debug for SecretData {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("SecretData").field(&self.encoded.keys()).finish()
    }
}

impl SecretData {
    /// Adds a value that may be shown.
    pub fn public(&mut self, key: &'static str, value: &str) {
        self.secret(key, value);
        self.public.push(key);
    }

    /// Adds a value that may not be shown.
    pub fn secret(&mut self, key: &'static str, value: &str) {
        self.encoded.insert(key, encode(value.as_bytes()));
    }

    /// The keys that may be shown.
    #[must_use]
    pub fn public_keys(&self) -> &[&'static str] {
        &self.public
    }

    /// The `data` field.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let entries =
            self.encoded.iter().map(|(key, value)| ((*key).to_owned(), Value::from(value.as_str())));
        Value::Object(entries.collect::<Map<_, _>>())
    }
}

/// Base64 as the API server writes it: standard alphabet, padded.
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// What a Secret that was read has under a key; `None` where there is no such key, or no text in it.
#[must_use]
pub fn text(secret: &Value, key: &str) -> Option<String> {
    String::from_utf8(STANDARD.decode(secret.get("data")?.get(key)?.as_str()?).ok()?).ok()
}

/// The same base64 as the API server would write it: users paste it with line breaks or without padding.
///
/// What is no base64 stays as it is; the profile has refused it already.
#[must_use]
pub fn canonical(base64: &str) -> String {
    let compact: String = base64.chars().filter(|c| !c.is_whitespace() && *c != '=').collect();
    match base64::engine::general_purpose::STANDARD_NO_PAD.decode(&compact) {
        Ok(bytes) => encode(&bytes),
        Err(_) => base64.to_owned(),
    }
}
